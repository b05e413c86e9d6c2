//! Fuzz target: the fonts of a pack.
#![no_main]

#[path = "../bodies/font.rs"]
mod font;

// A panic counts where nobody catches it: libfuzzer-sys would end the process at any.
libfuzzer_sys::fuzz_target!(
    init: std::panic::set_hook(Box::new(|panic| eprintln!("{panic}"))),
    |data: &[u8]| font::run(data)
);

//! Fuzz target: SVGs.
#![no_main]

#[path = "../bodies/picture.rs"]
mod picture;
#[path = "../bodies/svg.rs"]
mod svg;

// A panic counts where nobody catches it: libfuzzer-sys would end the process at any.
libfuzzer_sys::fuzz_target!(
    init: std::panic::set_hook(Box::new(|panic| eprintln!("{panic}"))),
    |data: &[u8]| svg::run(data)
);

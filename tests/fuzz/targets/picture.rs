//! Fuzz target: pictures of every kind.
#![no_main]

#[path = "../bodies/picture.rs"]
mod picture;

// A panic counts where nobody catches it: libfuzzer-sys would end the process at any.
libfuzzer_sys::fuzz_target!(
    init: std::panic::set_hook(Box::new(|panic| eprintln!("{panic}"))),
    |data: &[u8]| picture::run(data)
);

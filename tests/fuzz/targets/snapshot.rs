//! Fuzz target: snapshots.
#![no_main]

#[path = "../bodies/composing.rs"]
mod composing;
#[path = "../bodies/snapshot.rs"]
mod snapshot;

// A panic counts where nobody catches it: libfuzzer-sys would end the process at any.
libfuzzer_sys::fuzz_target!(
    init: std::panic::set_hook(Box::new(|panic| eprintln!("{panic}"))),
    |data: &[u8]| snapshot::run(data)
);

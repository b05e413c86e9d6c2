//! What the tests of several crates share: a proxy that misbehaves, and a source of frames that troubles encoders.

pub mod proxy;
pub mod synthetic;

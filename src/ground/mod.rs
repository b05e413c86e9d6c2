//! The ground: types that know nothing of quotes or videos, and that every other room builds on.

pub mod bidi;
pub mod color;
pub mod executor;
pub mod frame;
pub mod geometry;
pub mod hex;
pub mod json;
pub mod lock;
pub mod problem;
pub mod time;
pub mod timeline;

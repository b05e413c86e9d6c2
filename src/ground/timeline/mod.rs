//! Values over time: keyframes, easing, springs. Closed form, so any frame can be asked for at random.

mod easing;
mod track;

pub use easing::{Easing, Spring, UnknownEasing};
pub use track::{Keyframe, Track};

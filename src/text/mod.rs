//! Text: from strings to positioned glyphs and their coverage.

mod block;

pub use block::{FaceId, Glyph, Line, TextBlock};

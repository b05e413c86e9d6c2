//! Text: from strings to positioned glyphs and their coverage.

mod block;
mod bundle;
mod coverage;
mod emoji;
mod fit;
mod glyph;
mod library;
mod prepare;
mod shape;
mod style;

pub use block::{FaceId, Glyph, Line, TextBlock};
pub use fit::{content_widths, layout};
pub use glyph::{GlyphBitmap, GlyphCache, GlyphPixels, MAX_GLYPH_SIZE_PX};
pub use library::{FaceInfo, FaceRole, FaceSource, FontError, FontLibrary};
pub use style::{Align, Direction, Fit, TextStyle};

#[cfg(test)]
mod glyph_tests;
#[cfg(test)]
mod tests;

//! Text: from strings to positioned glyphs and their coverage. The only module that names parley, skrifa and fontdue.
//!
//! The way of a text, one file a step:
//!
//! 1. [`FontLibrary`] (`library`, `bundle`) knows the faces and the order in which they stand in for each other.
//!    Nothing outside `fonts/` and what a caller adds (`pack`) is ever used, so every machine draws the same.
//! 2. [`layout`] cleans the string (`prepare`), has it shaped and broken into lines (`shape`), and makes it fit its box
//!    (`fit`): wrap (phrases stay whole, `phrases`), shrink, balance, cut; lines that touch move apart (`leading`). The
//!    result is a [`TextBlock`]: glyphs with positions, no strings.
//! 3. [`GlyphCache`] (`glyph`) draws each glyph once per size and quarter-pixel phase: letters as coverage
//!    (`coverage`), emoji as coloured pictures (`emoji`). Painting them is the raster's work.
//!
//! Weight and slant are never imitated: a script without the weight asked for is set in the nearest one it has.
//!
//! ```
//! use quotereel::compose::text::{Fit, FontLibrary, TextStyle, layout};
//!
//! let style = TextStyle { weight: 700, size_px: 120.0, tabular: true, ..TextStyle::default() };
//! let fit = Fit { width: Some(950.0), max_lines: Some(1), min_size_px: Some(60.0), ..Fit::default() };
//! let total = layout(FontLibrary::bundled(), "$1.234.568", &style, &fit);
//! assert_eq!(total.lines.len(), 1);
//! assert!(total.missing.is_empty() && !total.truncated);
//! ```

mod bitmap;
mod block;
mod bundle;
mod coverage;
mod emoji;
mod fit;
mod glyph;
mod guard;
mod leading;
mod library;
pub mod pack;
mod phrases;
mod prepare;
mod recent;
mod shape;
mod style;
mod words;

pub use bitmap::{GlyphBitmap, GlyphPixels};
pub use block::{FaceId, Glyph, Line, TextBlock};
pub use bundle::FaceRole;
pub use fit::{content_widths, layout};
pub use glyph::{GlyphCache, MAX_GLYPH_SIZE_PX};
pub use library::{FaceInfo, FaceSource, FontError, FontLibrary};
pub(crate) use phrases::is_address;
pub use style::{Align, Direction, Fit, TextStyle};

#[cfg(test)]
mod tests;
#[cfg(test)]
mod typography_tests;

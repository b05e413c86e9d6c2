//! What text layout hands to drawing: positioned glyphs, no strings to shape any more.

use std::ops::Range;

/// A face of the bundled font library: an index into it, cheap to copy, stable within a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FaceId(pub u16);

/// One glyph at its place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Glyph {
    /// The face it is taken from.
    pub face: FaceId,
    /// Its index in that face.
    pub id: u16,
    /// Pen position from the left edge of the block, in px.
    pub x: f32,
    /// Baseline position from the top edge of the block, in px, downwards.
    pub y: f32,
    /// Font size in px per em.
    pub size_px: f32,
}

/// One line of a laid-out text.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Left edge from the left edge of the block, in px: of the ink, or of the advance of a figure of equal width.
    pub x: f32,
    /// Baseline from the top edge of the block, in px.
    pub baseline: f32,
    /// Width to the right edge, likewise, without trailing spaces, in px.
    pub width: f32,
    /// Range of this line's glyphs in [`TextBlock::glyphs`].
    pub glyphs: Range<usize>,
}

/// A text, shaped, broken into lines and placed.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct TextBlock {
    /// Width of the box the lines were aligned in, in px.
    pub width: f32,
    /// Sum of the line heights, in px.
    pub height: f32,
    /// Font size after fitting, in px; at most the size asked for.
    pub size_px: f32,
    /// Lines from top to bottom.
    pub lines: Vec<Line>,
    /// All glyphs in drawing order.
    pub glyphs: Vec<Glyph>,
    /// Whether the end was cut and replaced by an ellipsis.
    pub truncated: bool,
    /// Characters that no bundled font has, each once; empty for a good text.
    pub missing: Vec<char>,
}

//! The picture of a glyph. Plain data.

/// A glyph drawn at one size and horizontal phase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GlyphBitmap {
    /// From the pen position, rounded down to a whole px, to the first column.
    pub left: i32,
    /// From the baseline to the first row; negative is above the baseline.
    pub top: i32,
    pub width: u32,
    pub height: u32,
    /// Row-major pixels, without padding.
    pub pixels: GlyphPixels,
}

/// What the pixels of a glyph say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GlyphPixels {
    /// One byte a pixel: how much of it the glyph covers, 0 to 255. To be filled with the colour of the text.
    Coverage(Vec<u8>),
    /// Four bytes a pixel: premultiplied red, green, blue, alpha. Carries its own colour.
    Color(Vec<u8>),
}

impl GlyphPixels {
    /// Bytes they take.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Coverage(bytes) | Self::Color(bytes) => bytes.len(),
        }
    }
}

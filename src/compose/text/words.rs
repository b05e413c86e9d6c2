//! Words of a laid-out text, found by the spaces among its glyphs.

use std::ops::Range;

use super::{FontLibrary, Line, TextBlock};

impl TextBlock {
    /// The words of a line as ranges of [`TextBlock::glyphs`], from left to right: what stands between spaces. `fonts`
    /// is the library the text was laid out with.
    #[must_use]
    pub fn words(&self, line: &Line, fonts: &FontLibrary) -> Vec<Range<usize>> {
        let parts = |at: usize| {
            let glyph = &self.glyphs[at];
            let end = self.glyphs[..line.glyphs.end].get(at + 1).map_or(line.x + line.width, |next| next.x);
            // Marks without width take the glyph of a space too.
            fonts.space_of(glyph.face) == Some(glyph.id) && end - glyph.x > glyph.size_px * 0.05
        };
        let mut words = Vec::new();
        let mut first = line.glyphs.start;
        for at in line.glyphs.clone().filter(|at| parts(*at)).chain([line.glyphs.end]) {
            if at > first {
                words.push(first..at);
            }
            first = at + 1;
        }
        words
    }
}

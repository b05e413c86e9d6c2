//! A text in pieces, lines or words, that come in one after another.

use std::sync::Arc;

use crate::compose::text::{FontLibrary, TextBlock};
use crate::ground::geometry::Rect;
use crate::template::{BoundPassage, Piecewise};

/// More words than this come in several at a time: each piece is a layer of its own.
const MAX_PIECES: usize = 60;
/// The last piece begins at most this many seconds after the first, however many there are.
const MAX_SPREAD_S: f64 = 1.5;

/// A part of a text with the box that its ink rises into.
pub(super) struct Piece {
    /// Its glyphs, placed as in the whole text.
    pub(super) block: Arc<TextBlock>,
    /// Its box in canvas px: the height of its line and a little more, for accents and tails.
    pub(super) rect: Rect,
}

/// The pieces of a text at `origin`, in reading order.
pub(super) fn cut(
    block: &TextBlock,
    origin: (f32, f32),
    by: Piecewise,
    fonts: &FontLibrary,
    right_to_left: bool,
) -> Vec<Piece> {
    let mut ranges = Vec::new();
    for (at, line) in block.lines.iter().enumerate() {
        let mut words = match by {
            Piecewise::Lines => vec![line.glyphs.clone()],
            Piecewise::Words => block.words(line, fonts),
        };
        if right_to_left {
            words.reverse();
        }
        ranges.extend(words.into_iter().filter(|glyphs| !glyphs.is_empty()).map(|glyphs| (at, glyphs)));
    }
    // The box of a line reaches from where the one before ends, all of them as high as the first baseline says.
    let top_of = |at: usize| block.lines[at].baseline - block.lines[0].baseline;
    let end_of = |at: usize| if at + 1 < block.lines.len() { top_of(at + 1) } else { block.height };
    let margin = block.size_px * 0.2;
    let together = ranges.len().div_ceil(MAX_PIECES).max(1);
    let pieces = ranges.chunks(together).map(|ranges| {
        let glyphs = ranges.iter().flat_map(|(_, glyphs)| block.glyphs[glyphs.clone()].iter().copied()).collect();
        let (first, last) = (ranges[0].0, ranges[ranges.len() - 1].0);
        let (top, end) = (top_of(first), end_of(last));
        let rect = Rect::new(origin.0, origin.1 + top, block.width, end - top).grown(margin);
        let block = TextBlock { glyphs, lines: Vec::new(), missing: Vec::new(), ..*block };
        Piece { block: Arc::new(block), rect }
    });
    pieces.collect()
}

/// Maximum number of pieces of a text, known before it is laid out.
pub(super) fn most(words: &str, lines: usize, by: Piecewise) -> usize {
    match by {
        Piecewise::Lines => lines,
        // A long word may be broken at the end of a line.
        Piecewise::Words => (words.split_whitespace().count() + lines).min(MAX_PIECES),
    }
}

/// Seconds from one of `pieces` pieces to the next.
pub(super) fn stagger_s(passage: &BoundPassage, pieces: usize) -> f64 {
    let gaps = f64::from(u32::try_from(pieces.saturating_sub(1)).unwrap_or(u32::MAX)).max(1.0);
    passage.stagger_s.min(MAX_SPREAD_S / gaps)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::text::{Fit, TextStyle, layout};

    fn block(words: &str, width: f32) -> TextBlock {
        let style = TextStyle { size_px: 40.0, ..TextStyle::default() };
        layout(FontLibrary::bundled(), words, &style, &Fit { width: Some(width), ..Fit::default() })
    }

    fn cut_all(block: &TextBlock, by: Piecewise, right_to_left: bool) -> Vec<Piece> {
        cut(block, (100.0, 50.0), by, FontLibrary::bundled(), right_to_left)
    }

    fn ink(pieces: &[Piece]) -> usize {
        pieces.iter().map(|piece| piece.block.glyphs.len()).sum()
    }

    #[test]
    fn lines_and_words_come_in_reading_order_and_none_is_lost() {
        let block = block("Roof and walls for the long house", 300.0);
        assert!(block.lines.len() > 1);
        let lines = cut_all(&block, Piecewise::Lines, false);
        assert_eq!((lines.len(), ink(&lines)), (block.lines.len(), block.glyphs.len()));
        let words = cut_all(&block, Piecewise::Words, false);
        assert_eq!(words.len(), 7);
        let places: Vec<(f32, f32)> = words.iter().map(|word| (word.rect.y, word.block.glyphs[0].x)).collect();
        assert!(places.is_sorted_by(|a, b| a.0 < b.0 || a.0 == b.0 && a.1 < b.1), "{places:?}");
        let mirrored = cut_all(&block, Piecewise::Words, true);
        assert!(mirrored[0].block.glyphs[0].x > mirrored[1].block.glyphs[0].x);
    }

    #[test]
    fn a_novel_stays_within_its_limits() {
        let words = "word ".repeat(20_000);
        let block = block(&words, 900.0);
        let pieces = cut_all(&block, Piecewise::Words, false);
        assert!(pieces.len() <= MAX_PIECES, "{}", pieces.len());
        assert!(most(&words, block.lines.len(), Piecewise::Words) <= MAX_PIECES);
    }

    /// Marks that isolate a value have no width and part no word.
    #[test]
    fn isolated_values_stay_in_their_word() {
        let pieces = cut_all(&block("(\u{2068}12\u{2069}) m\u{2068}2\u{2069}", 900.0), Piecewise::Words, false);
        assert_eq!(pieces.len(), 2);
    }
}

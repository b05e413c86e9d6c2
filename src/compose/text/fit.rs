//! Fitting a text into its box: wrap, shrink, balance, and at last cut with an ellipsis. Shaping happens elsewhere.

use unicode_segmentation::UnicodeSegmentation as _;

use super::leading::lead;
use super::library::Shaper;
use super::phrases::{is_address, is_code, keep_whole};
use super::prepare::{omit_after, prepare};
use super::recent::{BlockKey, ShapeKey};
use super::shape::{Shaped, shape};
use super::style::Wrap;
use super::{Align, Direction, Fit, FontLibrary, Line, MAX_GLYPH_SIZE_PX, TextBlock, TextStyle};
use crate::quote::locale::is_ignorable;

/// Sizes tried while shrinking are this far apart, in px.
const SHRINK_STEP_PX: f32 = 1.0;

/// How far a line may pass the edge and still count as inside, in px: rounding, not ink.
const OVERFLOW_SLACK_PX: f32 = 0.05;

/// Greatest line height, as a multiple of the size.
const MAX_LINE_HEIGHT: f32 = 10.0;

/// Greatest width, in px: what lies beyond has no limit that matters.
const MAX_WIDTH_PX: f32 = 1e6;

/// A text may shrink to this share of its size so that its phrases stay whole.
const WHOLE_PHRASES_SHRINK: f32 = 0.9;

/// A cut falls back to the last space if it is at most this many characters away.
const WORD_REACH: usize = 8;

/// Halvings of the interval in which the balanced width lies: 1080 px / 2^12 is a quarter of a px.
const BALANCE_STEPS: u32 = 12;
/// Minimum of characters on a line after a break inside a word or an address.
const MIN_CHARS_ALONE: usize = 4;
/// Step, in em, and number of steps by which the box is narrowed to avoid them.
const ORPHAN_STEP_EM: f32 = 0.5;
const ORPHAN_STEPS: u8 = 8;

/// Sets a text in a box.
///
/// The text wraps at its size. Where that needs more lines or height than allowed, or a word is wider than the box, it
/// shrinks in steps of one px down to the least size. There, a text of several lines may have as many as the allowed
/// ones would have taken at full size: it gets no higher for it. Then words break anywhere, and what is still too much
/// is cut before a character (at the end of a word, if one is near) and ends in an ellipsis. Lines are as high as the
/// style says and the text stands in the middle of its line as CSS places it, whatever faces it falls back to. At least
/// one line is returned, for an empty text too; a box too narrow for even the ellipsis shows nothing.
///
/// Same input, same output, on any thread.
pub fn layout(fonts: &FontLibrary, text: &str, style: &TextStyle, fit: &Fit) -> TextBlock {
    fonts.or_bundled(|fonts| {
        let key = BlockKey::new(text, style, fit);
        fonts.recent().set.get_or_insert_with(key, text.len(), || {
            let prepared = prepare(text, style.direction);
            let size_px = finite_or(style.size_px, 1.0).clamp(1.0, MAX_GLYPH_SIZE_PX);
            let run =
                |shaper: &mut Shaper| Setting { fonts, shaper, style, fit }.run(&prepared.text, size_px, prepared.cut);
            fonts.with_shaper(run)
        })
    })
}

/// Widths a text can have, in px: `(min, max)`, where `min` is its longest word and `max` its longest line when only
/// newline characters break lines.
pub fn content_widths(fonts: &FontLibrary, text: &str, style: &TextStyle) -> (f32, f32) {
    fonts.or_bundled(|fonts| {
        let key = ShapeKey::new(text, style, style.size_px, Wrap::Words);
        fonts.recent().widths.get_or_insert_with(key, text.len(), || measure_widths(fonts, text, style))
    })
}

fn measure_widths(fonts: &FontLibrary, text: &str, style: &TextStyle) -> (f32, f32) {
    let mut text = prepare(text, style.direction).text;
    let size_px = finite_or(style.size_px, 1.0).clamp(1.0, MAX_GLYPH_SIZE_PX);
    let on_one_line = |text: &str| {
        let mut shaped = fonts.with_shaper(|shaper| shape(fonts, shaper, text, style, size_px, Wrap::Words));
        shaped.break_at(None);
        shaped
    };
    let mut shaped = on_one_line(&text);
    let missing = shaped.missing(fonts, &text);
    if !missing.is_empty() {
        text = without(&text, &missing);
        shaped = on_one_line(&text);
    }
    let max = shaped.longest();
    shaped.break_at(Some(0.0));
    (shaped.longest().min(max), max)
}

/// A text without characters that no font has, and without the spaces they stood between: what is left out leaves no
/// hole.
fn without(text: &str, missing: &[char]) -> String {
    let mut rest = String::with_capacity(text.len());
    for character in text.chars().filter(|c| !missing.contains(c)) {
        if character != ' ' || !(rest.is_empty() || rest.ends_with([' ', '\n'])) {
            rest.push(character);
        }
    }
    rest
}

/// Whether a line begins inside a word or an address of which it has but a few characters.
fn leaves_orphan(shaped: &Shaped) -> bool {
    shaped.lines().skip(1).any(|line| {
        let (before, after) = shaped.text().split_at(line.text.start);
        let is_inside = before.chars().next_back().is_some_and(|c| !c.is_whitespace());
        let rest = after.graphemes(true).filter(|cluster| !cluster.chars().all(is_ignorable));
        is_inside && rest.take_while(|cluster| *cluster != " ").take(MIN_CHARS_ALONE).count() < MIN_CHARS_ALONE
    })
}

/// Lines that `most` lines of a size have room for at one `times` smaller. A text that belongs on one line stays there.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "few lines")]
fn more_lines(most: Option<u32>, times: f32) -> Option<u32> {
    most.map(|most| if most > 1 { most.max((most as f32 * times + 0.01) as u32) } else { most })
}

fn finite_or(value: f32, fallback: f32) -> f32 {
    if value.is_finite() { value } else { fallback }
}

struct Setting<'a> {
    fonts: &'a FontLibrary,
    shaper: &'a mut Shaper,
    style: &'a TextStyle,
    fit: &'a Fit,
}

impl Setting<'_> {
    fn run(&mut self, text: &str, size_px: f32, cut: bool) -> TextBlock {
        if let Some(block) = self.whole_address(text, size_px, cut) {
            return block;
        }
        let min_px = finite_or(self.fit.min_size_px.unwrap_or(size_px), size_px).clamp(1.0, size_px);
        if text.is_empty() {
            let room_px = self.fit.max_height.map_or(size_px, |height| finite_or(height, 0.0) / self.line_height(1.0));
            let nothing = self.nothing(room_px.max(min_px).min(size_px));
            return self.place(&nothing);
        }
        let mut shaped = self.shape(text, size_px, Wrap::Words);
        shaped.break_at(self.width());
        let missing = shaped.missing(self.fonts, text);
        if !missing.is_empty() {
            let rest = without(text, &missing);
            let mut block = self.run(&rest, size_px, cut);
            block.missing = missing;
            return block;
        }
        let (shaped, truncated) = match self.shrink(text, shaped, min_px) {
            Some(shaped) => {
                let mut shaped = self.with_whole_phrases(text, shaped, size_px, min_px);
                // Only whole words: where words may break anywhere, a narrower box would break more of them.
                if self.fit.balance {
                    self.balance(&mut shaped);
                }
                if is_address(text) {
                    self.without_orphan(&mut shaped);
                }
                (shaped, false)
            }
            None => {
                let fit = Fit { max_lines: more_lines(self.fit.max_lines, size_px / min_px), ..*self.fit };
                Setting { fonts: self.fonts, shaper: self.shaper, style: self.style, fit: &fit }
                    .at_least_size(text, min_px)
            }
        };
        let mut block = self.place(&shaped);
        block.truncated = truncated || cut;
        block
    }

    /// The text at its least size, and whether it had to be cut.
    fn at_least_size(&mut self, text: &str, min_px: f32) -> (Shaped, bool) {
        let mut shaped = self.shape(text, min_px, Wrap::Words);
        shaped.break_at(self.width());
        if self.fits(&shaped, 1.0) {
            if self.fit.balance {
                self.balance(&mut shaped);
            }
            if is_address(text) {
                self.without_orphan(&mut shaped);
            }
            return (shaped, false);
        }
        let mut shaped = self.shape(text, min_px, Wrap::Anywhere);
        self.break_inside(&mut shaped);
        let fits = self.fits(&shaped, 1.0);
        self.without_orphan(&mut shaped);
        if fits { (shaped, false) } else { (self.cut(text, &shaped), true) }
    }

    fn shape(&mut self, text: &str, size_px: f32, wrap: Wrap) -> Shaped {
        shape(self.fonts, self.shaper, text, self.style, size_px, wrap)
    }

    /// An address on one line, if it fits at a smaller size: an address in two parts is hard to read.
    fn whole_address(&mut self, text: &str, size_px: f32, cut: bool) -> Option<TextBlock> {
        let fit = self.fit;
        if cut || fit.max_lines == Some(1) || fit.min_size_px.is_none() || !is_address(text) {
            return None;
        }
        let one_line = Fit { max_lines: Some(1), ..*fit };
        let block = Setting { fonts: self.fonts, shaper: self.shaper, style: self.style, fit: &one_line }
            .run(text, size_px, cut);
        (!block.truncated).then_some(block)
    }

    /// The same text with its phrases whole, where that takes no more lines and hardly a smaller size.
    fn with_whole_phrases(&mut self, text: &str, plain: Shaped, size_px: f32, min_px: f32) -> Shaped {
        let lines = plain.line_count();
        let Some(kept) = keep_whole(text, &self.style.language, self.fit.balance).filter(|_| lines > 1) else {
            return plain;
        };
        let mut shaped = self.shape(&kept, size_px, Wrap::Words);
        shaped.break_at(self.width());
        let least_px = min_px.max(plain.size_px() * WHOLE_PHRASES_SHRINK);
        self.shrink(&kept, shaped, least_px).filter(|shaped| shaped.line_count() <= lines).unwrap_or(plain)
    }

    /// Breaks lines of a text whose words may break, so that they stay inside where that is possible. parley lets a
    /// line run over by up to the width of the space after it (seen: 876.4 px in 874); a slightly narrower box moves
    /// its last word down, before anything is cut.
    fn break_inside(&self, shaped: &mut Shaped) {
        shaped.break_at(self.width());
        let Some(width) = self.width() else { return };
        for less_em in [0.1, 0.2, 0.35] {
            if shaped.longest() <= width + OVERFLOW_SLACK_PX {
                return;
            }
            shaped.break_at(Some((width - less_em * shaped.size_px()).max(0.0)));
        }
    }

    /// Breaks a text that breaks inside words so that no line gets a few letters alone, where that takes no more lines.
    fn without_orphan(&self, shaped: &mut Shaped) {
        let Some(width) = self.width().filter(|_| leaves_orphan(shaped)) else { return };
        let count = shaped.line_count();
        for step in 1..=ORPHAN_STEPS {
            let less_em = f32::from(step) * ORPHAN_STEP_EM;
            shaped.break_at(Some((width - less_em * shaped.size_px()).max(0.0)));
            let fits = shaped.line_count() == count && shaped.longest() <= width + OVERFLOW_SLACK_PX;
            if fits && !leaves_orphan(shaped) {
                return;
            }
        }
        self.break_inside(shaped);
    }

    /// One line without glyphs.
    fn nothing(&mut self, size_px: f32) -> Shaped {
        let mut nothing = self.shape("", size_px, Wrap::Anywhere);
        nothing.break_at(None);
        nothing
    }

    fn width(&self) -> Option<f32> {
        self.fit.width.map(|width| finite_or(width, 0.0).clamp(0.0, MAX_WIDTH_PX))
    }

    fn line_height(&self, size_px: f32) -> f32 {
        finite_or(self.style.line_height, 1.0).clamp(0.0, MAX_LINE_HEIGHT) * size_px
    }

    /// Lines the box has room for at a size; 0 if not even one line is low enough.
    #[expect(clippy::cast_possible_truncation, reason = "a float cast saturates, and no box holds 2^32 lines")]
    fn room(&self, size_px: f32) -> usize {
        let by_height = match self.fit.max_height {
            Some(height) if self.line_height(size_px) > 0.0 => {
                ((finite_or(height, 0.0) + OVERFLOW_SLACK_PX) / self.line_height(size_px)) as u32
            }
            _ => u32::MAX,
        };
        by_height.min(self.fit.max_lines.unwrap_or(u32::MAX).max(1)) as usize
    }

    /// Whether the lines, scaled, stay within the box.
    fn fits(&self, shaped: &Shaped, scale: f32) -> bool {
        let room = self.room(shaped.size_px() * scale);
        let width = self.width().unwrap_or(f32::INFINITY) + OVERFLOW_SLACK_PX;
        let mut count = 0;
        shaped.lines().all(|line| {
            count += 1;
            count <= room && line.width * scale <= width
        })
    }

    /// The text at the greatest size that fits with whole words, or `None`. Advances are proportional to the size, so
    /// one shaping serves every size: it is broken at a wider box instead.
    #[expect(clippy::cast_possible_truncation, reason = "at most 1024 steps")]
    fn shrink(&mut self, text: &str, mut shaped: Shaped, min_px: f32) -> Option<Shaped> {
        if self.fits(&shaped, 1.0) {
            return Some(shaped);
        }
        let full_px = shaped.size_px();
        let last = ((full_px - min_px) / SHRINK_STEP_PX).ceil() as u32;
        let size_at = |step: u32| (full_px - step as f32 * SHRINK_STEP_PX).max(min_px);
        let (mut low, mut high) = (1, last + 1);
        while low < high {
            let step = low.midpoint(high);
            let scale = size_at(step) / full_px;
            shaped.break_at(self.width().map(|width| width / scale));
            if self.fits(&shaped, scale) { high = step } else { low = step + 1 }
        }
        (low..=last).find_map(|step| {
            // Rounding may undo what scaling promised; the next smaller size then has it.
            let mut shaped = self.shape(text, size_at(step), Wrap::Words);
            shaped.break_at(self.width());
            self.fits(&shaped, 1.0).then_some(shaped)
        })
    }

    /// Breaks at the narrowest width that needs no more lines. A line may stick out of the width that is tried, but not
    /// out of the box: parley lets a line run over by up to a space, at some widths and not at narrower ones.
    fn balance(&self, shaped: &mut Shaped) {
        let Some(width) = self.width() else { return };
        let count = shaped.line_count();
        let (mut narrow, mut wide) = (0.0, width);
        for _ in 0..BALANCE_STEPS {
            let middle = f32::midpoint(narrow, wide);
            shaped.break_at(Some(middle));
            let good = shaped.line_count() <= count && shaped.longest() <= width + OVERFLOW_SLACK_PX;
            if good { wide = middle } else { narrow = middle }
        }
        shaped.break_at(Some(wide));
    }

    /// Keeps as much of the text as fits with an ellipsis behind it.
    fn cut(&mut self, text: &str, shaped: &Shaped) -> Shaped {
        let size_px = shaped.size_px();
        let room = self.room(size_px).max(1);
        let width = self.width().unwrap_or(f32::INFINITY) + OVERFLOW_SLACK_PX;
        let lines: Vec<_> = shaped.lines().collect();
        let inside = lines.iter().take_while(|line| line.width <= width).count();
        let last = room.min(inside + 1).min(lines.len()) - 1;
        // A word that is too wide for a line begins on the next one, and may have a part of it here once it is cut.
        let (start, end) = (lines[last].text.start, lines[(last + 1).min(lines.len() - 1)].text.end);
        let cuts: Vec<usize> = text[start..end].grapheme_indices(true).map(|(at, _)| start + at).collect();
        let mut best = None;
        let (mut low, mut high) = (0, cuts.len());
        while low < high {
            let middle = low.midpoint(high);
            match self.try_cut(text, cuts[middle], size_px, room) {
                Some(shaped) => (best, low) = (Some((middle, shaped)), middle + 1),
                None => high = middle,
            }
        }
        let Some((index, cut)) = best else {
            return self.try_cut(text, 0, size_px, room).unwrap_or_else(|| self.nothing(size_px));
        };
        let back = back_to_boundary(text, &cuts[..=index]);
        if back > 0
            && let Some(shaped) = self.try_cut(text, cuts[index - back], size_px, room)
        {
            return shaped;
        }
        cut
    }

    fn try_cut(&mut self, text: &str, at: usize, size_px: f32, room: usize) -> Option<Shaped> {
        let mut shaped = self.shape(&omit_after(&text[..at]), size_px, Wrap::Anywhere);
        self.break_inside(&mut shaped);
        let width = self.width().unwrap_or(f32::INFINITY) + OVERFLOW_SLACK_PX;
        let fits = shaped.line_count() <= room && shaped.lines().all(|line| line.width <= width);
        fits.then_some(shaped)
    }

    /// Puts the lines into the box.
    fn place(&self, shaped: &Shaped) -> TextBlock {
        let size_px = shaped.size_px();
        let line_height = self.line_height(size_px);
        let (ascent, descent) = shaped.ascent_descent();
        let first_baseline = (line_height - (ascent + descent)) * 0.5 + ascent;
        let width = self.width().unwrap_or_else(|| shaped.longest());
        let mut block = TextBlock { width, size_px, ..TextBlock::default() };
        for (index, line) in shaped.lines().enumerate() {
            let free = width - line.width;
            // Letters and signs stand at the edge with their ink: `$` and `€` of a large total below a small word.
            let [left, right] = shaped.side_bearings(self.fonts, index, self.style.tabular);
            let x = match (self.style.align, self.style.direction) {
                (Align::Start, Direction::Ltr) | (Align::End, Direction::Rtl) => -left,
                (Align::Center, _) => (free + right - left) * 0.5,
                (Align::End, Direction::Ltr) | (Align::Start, Direction::Rtl) => free + right,
            };
            let first = block.glyphs.len();
            shaped.line_glyphs(self.fonts, index, |mut glyph| {
                glyph.x += x;
                block.glyphs.push(glyph);
            });
            let (x, width) = (x + left, line.width - left - right);
            block.lines.push(Line { x, baseline: 0.0, width, glyphs: first..block.glyphs.len() });
        }
        let most = self.fit.max_height.map(|most| finite_or(most, 0.0));
        lead(&mut block, self.fonts, line_height, first_baseline, most);
        block
    }
}

/// How many of the possible cuts to go back from the last one: out of a number, since half an amount is a wrong amount,
/// and to the end of the word before if it is near.
fn back_to_boundary(text: &str, cuts: &[usize]) -> usize {
    let last = cuts.len() - 1;
    let neighbours = |at: usize| (text[..at].chars().next_back(), text[at..].chars().next());
    let in_number = |c: Option<char>| {
        c.is_some_and(|c| c.is_numeric() || matches!(c, '.' | ',' | '\'' | '’' | '٫' | '٬' | '\u{a0}' | '\u{202f}'))
    };
    let splits_number = |at: usize| {
        let (before, after) = neighbours(at);
        in_number(before) && in_number(after)
    };
    let splits_word = |at: usize| {
        let (before, after) = neighbours(at);
        before.is_some_and(char::is_alphanumeric) && after.is_some_and(char::is_alphanumeric)
    };
    let (before, after) = text.split_at(cuts[last]);
    let begin = before.len() - before.rsplit(char::is_whitespace).next().map_or(0, str::len);
    let end = before.len() + after.split(char::is_whitespace).next().map_or(0, str::len);
    let word = &text[begin..end];
    if is_code(word) && word.contains(|c: char| c.is_ascii_alphabetic()) {
        return 0;
    }
    if splits_number(cuts[last]) || text[cuts[last]..].starts_with(['\u{a0}', '\u{202f}']) {
        let out = (0..=last).find(|back| !splits_number(cuts[last - back])).unwrap_or(last);
        // Its currency goes with it.
        let reach = (out + WORD_REACH).min(last);
        return (out..=reach).find(|back| text[cuts[last - back]..].starts_with(' ')).unwrap_or(out);
    }
    if splits_word(cuts[last]) {
        return (1..=WORD_REACH.min(last)).find(|back| text[cuts[last - back]..].starts_with(' ')).unwrap_or(0);
    }
    0
}

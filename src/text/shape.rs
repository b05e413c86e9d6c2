//! The shaping library's door: a prepared text and a style become a shaped text that can be broken at any width.
//!
//! Everything that reads positions out of parley is here; fitting and cutting are not.

use parley::{
    Alignment, BaseDirection, FontFamily, FontFeatures, FontWeight, Language, Layout, OverflowWrap,
    PositionedLayoutItem, StyleProperty,
};
use skrifa::MetadataProvider as _;
use unicode_segmentation::UnicodeSegmentation as _;

use super::library::Shaper;
use super::prepare::is_ignorable;
use super::{Direction, FontLibrary, Glyph, TextStyle};

/// Added to the width lines are broken at, in px: sums of advances differ by rounding, and a text laid out at its own
/// content width must stay on one line.
const BREAK_SLACK_PX: f32 = 0.01;

/// Greatest letter spacing either way, as a multiple of the size.
const MAX_LETTER_SPACING_EM: f32 = 2.0;

/// Where a line may end when no word boundary helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrap {
    /// Nowhere: a long word sticks out.
    Words,
    /// Between any two characters.
    Anywhere,
}

/// A shaped text. Breaking it again at another width is cheap.
pub(super) struct Shaped {
    layout: Layout<()>,
    /// Base direction of the paragraph.
    rtl: bool,
    size_px: f32,
}

/// One line after breaking.
pub(super) struct ShapedLine {
    /// Advance without trailing spaces, in px.
    pub(super) width: f32,
    /// Bytes of the text on this line.
    pub(super) text: std::ops::Range<usize>,
}

pub(super) fn shape(
    fonts: &FontLibrary,
    shaper: &mut Shaper,
    text: &str,
    style: &TextStyle,
    size_px: f32,
    wrap: Wrap,
) -> Shaped {
    let Shaper { fonts: context, layout } = shaper;
    let mut builder = layout.ranged_builder(context, text, 1.0, false);
    let stack = fonts.stack(&style.family);
    builder.push_default(StyleProperty::FontFamily(FontFamily::Source(stack.as_str().into())));
    builder.push_default(StyleProperty::FontSize(size_px));
    builder.push_default(StyleProperty::FontWeight(FontWeight::new(f32::from(style.weight.clamp(1, 1000)))));
    let spacing_em = if style.letter_spacing_em.is_finite() { style.letter_spacing_em } else { 0.0 };
    let spacing_em = spacing_em.clamp(-MAX_LETTER_SPACING_EM, MAX_LETTER_SPACING_EM);
    builder.push_default(StyleProperty::LetterSpacing(spacing_em * size_px));
    builder.push_default(StyleProperty::Locale(Language::parse(&style.language).ok()));
    if style.tabular {
        builder.push_default(StyleProperty::FontFeatures(FontFeatures::Source("\"tnum\" 1, \"lnum\" 1".into())));
    }
    builder.push_default(StyleProperty::OverflowWrap(match wrap {
        Wrap::Words => OverflowWrap::Normal,
        Wrap::Anywhere => OverflowWrap::Anywhere,
    }));
    let rtl = style.direction == Direction::Rtl;
    builder.set_base_direction(if rtl { BaseDirection::Rtl } else { BaseDirection::Ltr });
    if spacing_em != 0.0 {
        // Spacing goes between characters that show; otherwise every isolated value would stand apart.
        for (start, character) in text.char_indices().filter(|(_, character)| is_ignorable(*character)) {
            builder.push(StyleProperty::LetterSpacing(0.0), start..start + character.len_utf8());
        }
    }
    // A letter face that happens to have ❤ must not win over the emoji where the text asks for one, nor the reverse.
    if text.contains(['\u{fe0e}', '\u{fe0f}']) {
        for (start, grapheme) in text.grapheme_indices(true) {
            if let Some(selector) = grapheme.chars().find(|c| matches!(c, '\u{fe0e}' | '\u{fe0f}')) {
                let stack = fonts.emoji_stack(&style.family, selector == '\u{fe0f}');
                let family = FontFamily::Source(stack.as_str().into());
                builder.push(StyleProperty::FontFamily(family), start..start + grapheme.len());
            }
        }
    }
    Shaped { layout: builder.build(text), rtl, size_px }
}

impl Shaped {
    /// Breaks lines at a width; without one only at newline characters.
    pub(super) fn break_at(&mut self, width: Option<f32>) {
        self.layout.break_all_lines(width.map(|width| width + BREAK_SLACK_PX));
        self.layout.align(Alignment::Left, parley::AlignmentOptions::default());
    }

    pub(super) fn lines(&self) -> impl Iterator<Item = ShapedLine> {
        self.layout.lines().map(|line| {
            let metrics = line.metrics();
            // parley measures an empty text as a space.
            let ink = if self.layout.text_len() == 0 { 0.0 } else { metrics.advance - metrics.hanging_advance };
            ShapedLine { width: ink.max(0.0), text: line.text_range() }
        })
    }

    /// Width of the longest line, in px.
    pub(super) fn longest(&self) -> f32 {
        self.lines().map(|line| line.width).fold(0.0, f32::max)
    }

    /// Ascent and descent of the requested family in px, both positive; they do not depend on what the text falls back to.
    pub(super) fn ascent_descent(&self) -> (f32, f32) {
        self.layout.root_span_metrics().map_or((0.0, 0.0), |metrics| (metrics.ascent, metrics.descent))
    }

    /// Glyphs of a line with x from the left edge of its ink box and y from its baseline, in visual order.
    pub(super) fn line_glyphs(&self, fonts: &FontLibrary, index: usize, mut each: impl FnMut(Glyph)) {
        let Some(line) = self.layout.get(index) else { return };
        let metrics = line.metrics();
        // In a right-to-left paragraph trailing spaces hang to the left of the ink.
        let hanging = if self.rtl { metrics.hanging_advance } else { 0.0 };
        let origin = metrics.offset + metrics.inline_min_coord + hanging;
        for item in line.items() {
            let PositionedLayoutItem::GlyphRun(run) = item else { continue };
            let Some(face) = fonts.face_of(run.run().font().data.id()) else { continue };
            let (baseline, size_px) = (run.baseline(), run.run().font_size());
            for glyph in run.positioned_glyphs() {
                // Glyph 0 is the empty box for a character the face lacks; `missing` names that character instead.
                let Some(id) = u16::try_from(glyph.id).ok().filter(|id| *id != 0) else { continue };
                each(Glyph { face, id, x: glyph.x - origin, y: glyph.y - baseline, size_px });
            }
        }
    }

    /// Characters that came out as glyph 0, each once, in order of appearance.
    pub(super) fn missing(&self, fonts: &FontLibrary, text: &str) -> Vec<char> {
        let mut missing = Vec::new();
        for run in self.layout.lines().flat_map(|line| line.runs().collect::<Vec<_>>()) {
            let Some(face) = fonts.face_of(run.font().data.id()) else { continue };
            for cluster in run.clusters().filter(|cluster| cluster.glyphs().any(|glyph| glyph.id == 0)) {
                let charmap = fonts.entry(face).font().charmap();
                let lost = text[cluster.text_range()].chars().filter(|character| {
                    let drawn = charmap.map(*character).is_some_and(|glyph| glyph.to_u32() != 0);
                    !drawn && !is_ignorable(*character) && !character.is_whitespace() && !character.is_control()
                });
                for character in lost {
                    if !missing.contains(&character) {
                        missing.push(character);
                    }
                }
            }
        }
        missing
    }

    pub(super) fn size_px(&self) -> f32 {
        self.size_px
    }
}

//! The shaping library's door: a prepared text and a style become a shaped text that can be broken at any width.
//!
//! Everything that reads positions out of parley is here; fitting and cutting are not.

use icu_properties::props::{Emoji, EmojiPresentation};
use icu_properties::{CodePointSetData, CodePointSetDataBorrowed};
use parley::{
    Alignment, BaseDirection, BreakReason, Cluster, FontFamily, FontFeatures, FontWeight, Language, Layout, Line,
    OverflowWrap, PositionedLayoutItem, WordBreak,
};
use skrifa::instance::{LocationRef, Size};
use skrifa::{GlyphId, MetadataProvider as _};
use unicode_segmentation::UnicodeSegmentation as _;

use super::library::Shaper;
use super::recent::ShapeKey;
use super::style::Wrap;
use super::{Direction, FontLibrary, Glyph, TextStyle};
use crate::quote::locale::is_ignorable;

#[cfg(test)]
mod harfbuzz_tests;

/// Added to the width lines are broken at, in px: sums of advances differ by rounding, and a text laid out at its own
/// content width must stay on one line.
const BREAK_SLACK_PX: f32 = 0.01;

/// Greatest letter spacing either way, as a multiple of the size.
const MAX_LETTER_SPACING_EM: f32 = 2.0;

/// A shaped text. Breaking it again at another width is cheap.
pub(super) struct Shaped {
    layout: Layout<()>,
    text: String,
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
    let key = ShapeKey::new(text, style, size_px, wrap);
    let shape = || shape_now(fonts, shaper, text, style, size_px, wrap);
    let layout = fonts.recent().shaped.get_or_insert_with(key, text.len(), shape);
    Shaped { layout, text: text.to_owned(), rtl: style.direction == Direction::Rtl, size_px }
}

fn shape_now(
    fonts: &FontLibrary,
    shaper: &mut Shaper,
    text: &str,
    style: &TextStyle,
    size_px: f32,
    wrap: Wrap,
) -> Layout<()> {
    let spacing_em = if style.letter_spacing_em.is_finite() { style.letter_spacing_em } else { 0.0 };
    let spacing_em = spacing_em.clamp(-MAX_LETTER_SPACING_EM, MAX_LETTER_SPACING_EM);
    let Shaper { fonts: context, layout } = shaper;
    let mut builder = layout.style_run_builder(context, text, 1.0, false);
    let rtl = style.direction == Direction::Rtl;
    builder.set_base_direction(if rtl { BaseDirection::Rtl } else { BaseDirection::Ltr });
    let mut known: Vec<(Run, u16)> = Vec::new();
    let mut push_style = |run: Run, builder: &mut parley::StyleRunBuilder<'_, ()>| {
        if let Some((_, index)) = known.iter().find(|(other, _)| *other == run) {
            return *index;
        }
        let index = {
            let stack = match run.stack {
                Stack::Letters => fonts.stack(&style.family),
                Stack::Plain => fonts.plain_stack(&style.family),
                Stack::Emoji => fonts.emoji_stack(&style.family, true),
                Stack::Symbols => fonts.emoji_stack(&style.family, false),
            };
            let mut look = parley::TextStyle {
                font_family: FontFamily::Source(stack.into()),
                font_size: size_px,
                font_weight: FontWeight::new(f32::from(style.weight.clamp(1, 1000))),
                letter_spacing: if run.unspaced { 0.0 } else { spacing_em * size_px },
                locale: Language::parse(&style.language).ok(),
                overflow_wrap: match wrap {
                    Wrap::Words => OverflowWrap::Normal,
                    Wrap::Anywhere => OverflowWrap::Anywhere,
                },
                // Korean has spaces between its words, and lines end there.
                word_break: if is_korean(&style.language) { WordBreak::KeepAll } else { WordBreak::Normal },
                ..parley::TextStyle::default()
            };
            if run.tabular {
                look.font_features = FontFeatures::Source("\"tnum\" 1, \"lnum\" 1".into());
            }
            builder.push_style(look)
        };
        known.push((run, index));
        index
    };
    // Line metrics come from the first style, so it must be that of plain letters.
    push_style(PLAIN, &mut builder);
    for (run, range) in runs(text, spacing_em != 0.0, style.tabular) {
        let index = push_style(run, &mut builder);
        builder.push_style_run(index, range);
    }
    builder.build(text)
}

fn is_korean(language: &str) -> bool {
    language.split('-').next().is_some_and(|primary| primary.eq_ignore_ascii_case("ko"))
}

/// Which families come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stack {
    /// Letters, then emoji.
    Letters,
    /// Emoji before all else: a variation selector asks for them.
    Emoji,
    /// Symbols before all else: a variation selector asks for text.
    Symbols,
    /// Letters, then symbols: what is an emoji only where a variation selector says so.
    Plain,
}

/// What distinguishes the stretches of one text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    stack: Stack,
    unspaced: bool,
    /// Figures, of equal width by the face's own `tnum`, which Inter has and faces of other scripts do not. Only
    /// figures take it: it would widen the hyphen of an address and the point of an amount as well.
    tabular: bool,
}

const PLAIN: Run = Run { stack: Stack::Letters, unspaced: false, tabular: false };

/// Whether a character is written joined to the next: Arabic and its relatives, and the scripts under one headline,
/// Devanagari and Bengali (block ranges of Unicode 16). Spacing would tear their words apart.
fn joins(character: char) -> bool {
    matches!(character, '\u{600}'..='\u{7ff}' | '\u{840}'..='\u{9ff}' | '\u{1800}'..='\u{18af}'
        | '\u{fb50}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}')
}

const EMOJI: CodePointSetDataBorrowed<'static> = CodePointSetData::new::<Emoji>();
const EMOJI_PRESENTATION: CodePointSetDataBorrowed<'static> = CodePointSetData::new::<EmojiPresentation>();

/// Which families a grapheme wants. A symbol that may be an emoji is text by itself (Unicode TS 51, section 4), and an
/// emoji with a variation selector or as a part of a sequence.
fn stack_of(grapheme: &str) -> Stack {
    let mut chars = grapheme.chars();
    match grapheme.chars().find(|c| matches!(c, '\u{fe0e}' | '\u{fe0f}')) {
        Some('\u{fe0f}') => Stack::Emoji,
        Some(_) => Stack::Symbols,
        None => match (chars.next(), chars.next()) {
            (Some(c), None) if is_text_by_itself(c) => Stack::Plain,
            _ => Stack::Letters,
        },
    }
}

fn is_text_by_itself(c: char) -> bool {
    !c.is_ascii() && EMOJI.contains(c) && !EMOJI_PRESENTATION.contains(c)
}

/// Splits a text where the family stack changes (a letter face that happens to have ❤ must not win over the emoji where
/// a variation selector asks for it, nor the reverse) and around characters that take no letter spacing: those that
/// show nothing, or every isolated value would stand apart, and those that join; in `tabular` texts also around
/// figures.
fn runs(text: &str, spaced: bool, tabular: bool) -> Vec<(Run, std::ops::Range<usize>)> {
    let mut runs: Vec<(Run, std::ops::Range<usize>)> = Vec::new();
    let mut push = |run: Run, range: std::ops::Range<usize>| match runs.last_mut() {
        Some((last, so_far)) if *last == run => so_far.end = range.end,
        _ => runs.push((run, range)),
    };
    if !spaced && !tabular && !text.contains(|c| matches!(c, '\u{fe0e}' | '\u{fe0f}') || is_text_by_itself(c)) {
        push(PLAIN, 0..text.len());
        return runs;
    }
    for (start, grapheme) in text.grapheme_indices(true) {
        let stack = stack_of(grapheme);
        let unspaced = spaced && grapheme.chars().all(|character| is_ignorable(character) || joins(character));
        let tabular = tabular && grapheme.starts_with(|c: char| c.is_ascii_digit());
        push(Run { stack, unspaced, tabular }, start..start + grapheme.len());
    }
    runs
}

/// White space left and right of a cluster's ink within its advance, in px, below 0 where ink reaches past it; `None`
/// if its glyphs have no outlines.
fn bearings(fonts: &FontLibrary, cluster: &Cluster<'_, ()>) -> Option<[f32; 2]> {
    let run = cluster.run();
    let font = fonts.entry(fonts.face_of(run.font().data.id())?).font();
    let metrics = font.glyph_metrics(Size::new(run.font_size()), LocationRef::default());
    let (mut pen, mut left, mut right) = (0.0, f32::INFINITY, f32::NEG_INFINITY);
    for glyph in cluster.glyphs() {
        if let Some(ink) = metrics.bounds(GlyphId::new(glyph.id)).filter(|ink| ink.x_max > ink.x_min) {
            left = left.min(pen + glyph.x + ink.x_min);
            right = right.max(pen + glyph.x + ink.x_max);
        }
        pen += glyph.advance;
    }
    (left < right).then(|| [left, cluster.advance() - right])
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
            let ink = ink - self.kept_space(&line).map_or(0.0, |(_, advance)| advance);
            ShapedLine { width: ink.max(0.0), text: line.text_range() }
        })
    }

    /// The text that was shaped.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn line_count(&self) -> usize {
        self.layout.len()
    }

    /// Where the space at which a line was broken begins, from the left edge, and how wide it is, in px, where the
    /// shaping library left it among the words: within an isolated value it takes the level of the value, not that of
    /// the paragraph, as rule L1 of the Unicode bidirectional algorithm has it. It is closed up here.
    fn kept_space(&self, line: &Line<'_, ()>) -> Option<(f32, f32)> {
        let is_wrapped = matches!(line.break_reason(), BreakReason::Regular | BreakReason::Emergency);
        let range = line.text_range();
        let words = self.text.get(range.clone())?.trim_end_matches(' ');
        if !is_wrapped || words.is_empty() || words.len() == range.len() || line.metrics().hanging_advance > 0.0 {
            return None;
        }
        let end = range.start + words.len();
        let (mut x, mut space) = (0.0, None);
        for run in line.runs() {
            for cluster in run.visual_clusters() {
                if cluster.text_range().start >= end {
                    let (from, advance) = space.unwrap_or((x, 0.0));
                    space = Some((from, advance + cluster.advance()));
                }
                x += cluster.advance();
            }
        }
        space
    }

    /// Width of the longest line, in px.
    pub(super) fn longest(&self) -> f32 {
        self.lines().map(|line| line.width).fold(0.0, f32::max)
    }

    /// Ascent and descent of the requested family in px, both positive; they do not depend on what the text falls back
    /// to.
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
        let kept = self.kept_space(&line);
        for item in line.items() {
            let PositionedLayoutItem::GlyphRun(run) = item else { continue };
            let Some(face) = fonts.face_of(run.run().font().data.id()) else { continue };
            let (baseline, size_px) = (run.baseline(), run.run().font_size());
            for glyph in run.positioned_glyphs() {
                // Glyph 0 is the empty box for a character the face lacks; `missing` names that character instead.
                let Some(id) = u16::try_from(glyph.id).ok().filter(|id| *id != 0) else { continue };
                let x = glyph.x - origin;
                let x = kept.filter(|(from, _)| x >= *from).map_or(x, |(_, advance)| x - advance);
                each(Glyph { face, id, x, y: glyph.y - baseline, size_px });
            }
        }
    }

    /// White space between the edges of a line's advance box and its ink, in px: left and right. 0 at a figure of
    /// equal width, so that amounts below each other line up and a counted number does not sway, and where ink reaches
    /// past the edge.
    pub(super) fn side_bearings(&self, fonts: &FontLibrary, index: usize, tabular: bool) -> [f32; 2] {
        let Some(line) = self.layout.get(index) else { return [0.0; 2] };
        let shown = |cluster: &Cluster<'_, ()>| {
            self.text[cluster.text_range()].chars().any(|c| !c.is_whitespace() && !is_ignorable(c))
        };
        let clusters: Vec<_> =
            line.runs().flat_map(|run| run.visual_clusters().collect::<Vec<_>>()).filter(shown).collect();
        let bearing = |cluster: Option<&Cluster<'_, ()>>, side: usize| {
            let cluster =
                cluster.filter(|cluster| !(tabular && self.text[cluster.text_range()].contains(char::is_numeric)));
            cluster.and_then(|cluster| bearings(fonts, cluster)).map_or(0.0, |both| both[side].max(0.0))
        };
        [bearing(clusters.first(), 0), bearing(clusters.last(), 1)]
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

//! Leading: baselines of the lines of a block. Lines stand as far apart as the style says, and further where the marks
//! of one would touch another: `Ễ` below `g` in a heading set tight for plain letters.

use std::collections::HashMap;

use skrifa::instance::{LocationRef, Size};
use skrifa::{GlyphId, MetadataProvider as _};

use super::{FontLibrary, Line, TextBlock};

/// Least distance between the ink of two lines, as a share of the size.
const CLEARANCE_EM: f32 = 0.03;
/// Ink may leave its line by this share of the size before the block makes room for it: the tail of a `g` does.
const OVERHANG_EM: f32 = 0.1;
/// Lines are moved apart up to this line height, and the block makes room for as much: what is more than any language
/// writes does not tear a text apart.
const MAX_LEADING_EM: f32 = 1.5;
const MAX_ROOM_EM: f32 = 0.4;
/// Width of the columns in which ink is compared, as a share of the size.
const COLUMN_EM: f32 = 0.1;

/// How far ink reaches from the baseline, up and down, by column.
type Skyline = HashMap<i32, (f32, f32)>;

/// Puts lines and glyphs, whose y is that within their line, to their places and gives the block its height, at most
/// `most` where there is a limit that the plain lines keep. All in px.
pub(super) fn lead(
    block: &mut TextBlock,
    fonts: &FontLibrary,
    line_height: f32,
    first_baseline: f32,
    most: Option<f32>,
) {
    let size_px = block.size_px;
    let inks: Vec<Skyline> = block.lines.iter().map(|line| skyline(block, line, fonts)).collect();
    let needed = inks.windows(2).map(|pair| touching(&pair[0], &pair[1]) + CLEARANCE_EM * size_px);
    let pitch = needed.fold(line_height, f32::max).min(line_height.max(MAX_LEADING_EM * size_px));
    let up = inks.first().map_or(0.0, |ink| ink.values().fold(0.0, |most: f32, (up, _)| most.max(*up)));
    let down = inks.last().map_or(0.0, |ink| ink.values().fold(0.0, |most: f32, (_, down)| most.max(*down)));
    let room = |beyond: f32| (beyond - OVERHANG_EM * size_px).clamp(0.0, MAX_ROOM_EM * size_px);
    let below = line_height - first_baseline;
    let gaps = block.lines.len().saturating_sub(1) as f32;
    let (above, between, beneath) = (room(up - first_baseline), pitch - line_height, room(down - below));
    // Where there is less room than that, all of it gives way alike.
    let (plain, more) = ((gaps + 1.0) * line_height, above + between * gaps + beneath);
    let share = most.map_or(1.0, |most| ((most - plain).max(0.0) / more.max(f32::MIN_POSITIVE)).min(1.0));
    let mut baseline = above * share + first_baseline;
    for line in &mut block.lines {
        line.baseline = baseline;
        for glyph in &mut block.glyphs[line.glyphs.clone()] {
            glyph.y += baseline;
        }
        baseline += line_height + between * share;
    }
    block.height = plain + more * share;
}

/// The distance between two baselines at which the ink of the lines touches.
fn touching(upper: &Skyline, lower: &Skyline) -> f32 {
    let both = upper.iter().filter_map(|(column, (_, down))| lower.get(column).map(|(up, _)| down + up));
    both.fold(0.0, f32::max)
}

/// The ink of a line, from the outlines of its glyphs.
fn skyline(block: &TextBlock, line: &Line, fonts: &FontLibrary) -> Skyline {
    let column_px = COLUMN_EM * block.size_px;
    let mut skyline = Skyline::new();
    let mut face = None;
    for glyph in &block.glyphs[line.glyphs.clone()] {
        let (_, metrics) = match &face {
            Some((id, metrics)) if *id == (glyph.face, glyph.size_px.to_bits()) => (id, metrics),
            _ => {
                let metrics =
                    fonts.entry(glyph.face).font().glyph_metrics(Size::new(glyph.size_px), LocationRef::default());
                let (id, metrics) = face.insert(((glyph.face, glyph.size_px.to_bits()), metrics));
                (&*id, &*metrics)
            }
        };
        let Some(ink) = metrics.bounds(GlyphId::new(u32::from(glyph.id))).filter(|ink| ink.x_max > ink.x_min) else {
            continue;
        };
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a float cast saturates, and canvases are a few thousand px wide"
        )]
        let column = |x: f32| ((glyph.x + x) / column_px).floor() as i32;
        let (up, down) = (ink.y_max - glyph.y, glyph.y - ink.y_min);
        for column in column(ink.x_min)..=column(ink.x_max).min(column(ink.x_min) + 64) {
            let (most_up, most_down) = skyline.entry(column).or_insert((f32::NEG_INFINITY, f32::NEG_INFINITY));
            *most_up = most_up.max(up);
            *most_down = most_down.max(down);
        }
    }
    skyline
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::text::{Fit, TextStyle, layout};

    fn block(text: &str, line_height: f32) -> TextBlock {
        let style = TextStyle { size_px: 100.0, line_height, weight: 700, ..TextStyle::default() };
        layout(FontLibrary::bundled(), text, &style, &Fit::default())
    }

    fn pitch(text: &str, line_height: f32) -> f32 {
        let block = block(text, line_height);
        block.lines[1].baseline - block.lines[0].baseline
    }

    #[test]
    fn plain_lines_keep_the_line_height_of_the_style() {
        for text in ["Viña Los\nAlgarrobos", "Panel solar\nde 550 W", "HHH\nHHH"] {
            assert!((pitch(text, 1.04) - 104.0).abs() < 0.01, "{text}");
            assert!((block(text, 1.04).height - 208.0).abs() < 0.01, "{text}");
        }
        let lone = block("Álgebra", 1.04);
        assert!((lone.height - 104.0).abs() < 0.01, "{}", lone.height);
    }

    #[test]
    fn lines_whose_marks_would_touch_move_apart_and_no_further() {
        let tight = pitch("NGUYỄN THỊ\nHỒNG PHƯỢNG", 1.02);
        assert!(tight > 110.0 && tight <= 150.0, "{tight}");
        // Where the marks stand beside each other nothing has to move.
        assert!((pitch("Ị aaaaaa\naaaaaa É", 1.02) - 102.0).abs() < 0.01);
        assert!((pitch("NGUYỄN THỊ\nHỒNG PHƯỢNG", 1.6) - 160.0).abs() < 0.01);
        let tower = format!("A\nA{}", "\u{301}".repeat(12));
        assert!(pitch(&tower, 1.0) <= 150.01);
    }

    #[test]
    fn a_limit_of_height_is_kept() {
        let style = TextStyle { size_px: 100.0, line_height: 1.0, ..TextStyle::default() };
        for most in [200.0, 205.0] {
            let fit = Fit { max_height: Some(most), ..Fit::default() };
            let height = layout(FontLibrary::bundled(), "ỄỄ ج\nỒỒ ج", &style, &fit).height;
            assert!((height - most).abs() < 0.01, "{most}: {height}");
        }
    }

    #[test]
    fn a_block_has_room_for_ink_that_leaves_its_lines() {
        assert!(block("ج", 1.06).height > 112.0, "the bowl of an Arabic letter");
        let raised = block("Ễ", 1.02);
        assert!(raised.lines[0].baseline > block("E", 1.02).lines[0].baseline + 5.0);
    }
}

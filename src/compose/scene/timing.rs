//! Timing: how long each scene shows, from what there is to read in it, within the length the template allows.

use icu_properties::props::{EnumeratedProperty as _, GeneralCategory, GeneralCategoryGroup};

use super::pieces;
use crate::compose::layout::Placed;
use crate::compose::text::TextBlock;
use crate::ground::time::FrameRate;
use crate::template::{BoundKind, BoundNode, BoundScene, DurationRange};

/// Reading time of a word in seconds: 240 words a minute, an unhurried reader of short lines.
const WORD_S: f64 = 0.25;
/// Time for a figure in seconds: it is looked at, not read out.
const FIGURE_S: f64 = 0.12;
/// Share of the reading time below which a text cannot even be skimmed.
pub(super) const MIN_READ_SHARE: f64 = 0.5;
/// Time to find one's way in a new scene before reading begins.
const ORIENTATION_S: f64 = 0.6;
/// Shortest time anything stands still before its scene is replaced.
const SETTLED_S: f64 = 1.2;
/// Shortest time a counted number stands on its exact amount.
const COUNTED_S: f64 = 2.0;

/// What a scene needs, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Need {
    /// Below this something could not be read.
    pub(super) least: f64,
    /// What its text asks for.
    pub(super) wanted: f64,
    /// Beyond this it drags.
    pub(super) most: f64,
    /// What reading every word that shows takes, whatever the template allows.
    pub(super) reading: f64,
}

/// What `scene` needs, once laid out, when its entrances begin at `begin_s`.
pub(super) fn need(scene: &BoundScene, placed: &Placed<'_>, begin_s: f64, first: bool, rate: FrameRate) -> Need {
    let mut found = Reading { rate, reading_s: 0.0, entered_s: begin_s, counted_s: 0.0, exit_s: 0.0 };
    found.visit(placed, begin_s, true);
    let settled =
        (found.entered_s + SETTLED_S).max(found.counted_s + if found.counted_s > 0.0 { COUNTED_S } else { 0.0 });
    let reading = begin_s + ORIENTATION_S + found.reading_s;
    let shortest = if first { scene.duration.min.max(1.6) } else { scene.duration.min };
    let least = shortest.max(settled + found.exit_s);
    // The template's longest gives way where the text could not even be skimmed.
    let most = scene.duration.max.max(least).max(reading * MIN_READ_SHARE);
    Need { least, wanted: (reading.max(settled) + found.exit_s).clamp(least, most), most, reading }
}

struct Reading {
    rate: FrameRate,
    reading_s: f64,
    entered_s: f64,
    counted_s: f64,
    exit_s: f64,
}

impl Reading {
    fn visit(&mut self, placed: &Placed<'_>, turn_s: f64, is_root: bool) {
        let node = placed.node;
        let turn_s = turn_s + if is_root { 0.0 } else { node.motion.delay_s };
        if let Some(enter) = &node.motion.enter {
            let spread_s = match (&placed.text, &node.kind, enter.preset.piecewise()) {
                (Some(block), BoundKind::Text(text), Some(by)) => {
                    let pieces = pieces::most(&text.text, block.lines.len(), by);
                    pieces::stagger_s(enter, pieces) * pieces as f64
                }
                _ => 0.0,
            };
            self.entered_s = self.entered_s.max(turn_s + spread_s + enter.duration_s);
        }
        if let Some(exit) = &node.motion.exit {
            self.exit_s = self.exit_s.max(exit.duration_s);
        }
        if let (BoundKind::Text(text), Some(block)) = (&node.kind, &placed.text) {
            self.reading_s += reading_s(&text.text) * share_shown(&text.text, block);
            if let Some(count) = &text.count {
                let frames = u32::try_from(count.index.len()).unwrap_or(u32::MAX);
                let seconds = self.rate.seconds_at(frames);
                self.counted_s = self.counted_s.max(turn_s + seconds);
            }
        }
        for (child, turn) in placed.children.iter().zip(turns(node, turn_s)) {
            self.visit(child, turn, false);
        }
    }
}

/// How much of a text can be seen: all of it unless it was cut.
fn share_shown(text: &str, block: &TextBlock) -> f64 {
    if !block.truncated {
        return 1.0;
    }
    (block.glyphs.len() as f64 / text.chars().count().max(1) as f64).min(1.0)
}

/// Time to take in a text. Where words are not set apart, letters are counted, marks are not: two ideographs or kana to
/// a word, and three letters in the alphabets of South-East Asia.
fn reading_s(text: &str) -> f64 {
    text.split_whitespace()
        .map(|word| {
            let count = |is: fn(char) -> bool| {
                let shown = word
                    .chars()
                    .filter(|c| is(*c) && !GeneralCategoryGroup::Mark.contains(GeneralCategory::for_char(*c)));
                f64::from(u32::try_from(shown.count()).unwrap_or(u32::MAX))
            };
            let packed = count(is_ideograph_or_kana) / 2.0 + count(is_south_east_asian) / 3.0;
            if count(char::is_alphabetic) == 0.0 {
                FIGURE_S
            } else if packed > 0.0 {
                WORD_S * packed
            } else {
                WORD_S
            }
        })
        .sum()
}

/// Kana, and the ideographs of the basic plane (blocks of Unicode 16, Hiragana to CJK Unified Ideographs).
const fn is_ideograph_or_kana(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{9fff}')
}

/// Thai, Lao, Myanmar and Khmer, which are written without spaces between words.
const fn is_south_east_asian(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}')
}

/// When the turn of each child of `node` comes, in seconds, before the child's own delay: children that have an
/// entrance, or hold one, follow each other at the group's stagger.
pub(super) fn turns(node: &BoundNode, turn_s: f64) -> Vec<f64> {
    let BoundKind::Group(group) = &node.kind else { return Vec::new() };
    let mut turns = Vec::with_capacity(group.children.len());
    let mut entered = 0u32;
    for child in &group.children {
        turns.push(turn_s + f64::from(entered) * node.motion.stagger_s);
        if enters(child) {
            entered += 1;
        }
    }
    turns
}

fn enters(node: &BoundNode) -> bool {
    node.motion.enter.is_some()
        || matches!(&node.kind, BoundKind::Group(group) if group.children.iter().any(enters))
        || matches!(&node.kind, BoundKind::Text(text) if text.count.is_some())
}

/// Lengths of all scenes in seconds, so that their sum lies within `range`; `None` where even the least is too long.
pub(super) fn fit(needs: &[Need], range: DurationRange) -> Option<Vec<f64>> {
    let sum = |pick: fn(&Need) -> f64| needs.iter().map(pick).sum::<f64>();
    let (least, wanted, most) = (sum(|need| need.least), sum(|need| need.wanted), sum(|need| need.most));
    if least > range.max {
        return None;
    }
    let between = |from: f64, to: f64, target: f64| if to > from { (target - from) / (to - from) } else { 0.0 };
    Some(if wanted > range.max {
        at_one_pace(needs, range.max)
    } else if wanted >= range.min {
        needs.iter().map(|need| need.wanted).collect()
    } else if most >= range.min {
        let share = between(wanted, most, range.min);
        needs.iter().map(|need| need.wanted + (need.most - need.wanted) * share).collect()
    } else {
        let factor = range.min / most;
        needs.iter().map(|need| need.most * factor).collect()
    })
}

/// Halvings of the share of the reading time that everything gets: as far as a float goes.
const PACE_STEPS: u32 = 52;

/// Lengths that add up to `length_s`, which is less than wanted and at least the least: every scene is shown for the
/// same share of the time that reading it takes, but none shorter than it can be.
fn at_one_pace(needs: &[Need], length_s: f64) -> Vec<f64> {
    let at = |share: f64| needs.iter().map(move |need| (need.reading * share).min(need.wanted).max(need.least));
    // Twice the reading time is more than any scene wants.
    let (mut slow, mut fast) = (2.0, 0.0);
    for _ in 0..PACE_STEPS {
        let middle = f64::midpoint(slow, fast);
        if at(middle).sum::<f64>() > length_s { slow = middle } else { fast = middle }
    }
    at(fast).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RANGE: DurationRange = DurationRange { min: 20.0, max: 30.0 };

    #[test]
    fn words_are_counted_where_they_are_set_apart_and_letters_where_not() {
        for (text, words) in [
            ("Instalación de 12 paneles", 3.0 + FIGURE_S / WORD_S),
            ("$ 1.234", 2.0 * FIGURE_S / WORD_S),
            ("見積書", 1.5),
            // Eight code points, four of which are marks.
            ("ที่พักดี", 4.0 / 3.0),
        ] {
            let (found, wanted) = (reading_s(text), words * WORD_S);
            assert!((found - wanted).abs() < 1e-9, "{text}: {found} s for {wanted} s");
        }
    }

    fn total(needs: &[Need]) -> Option<f64> {
        fit(needs, RANGE).map(|lengths| lengths.iter().sum())
    }

    #[test]
    fn the_sum_lies_in_the_range_and_nobody_falls_below_the_least() {
        let need = |least, wanted, most| Need { least, wanted, most, reading: wanted };
        let short = [need(1.0, 2.0, 4.0), need(1.0, 2.0, 4.0)];
        assert!((total(&short).expect("fits") - 20.0).abs() < 1e-9);
        let middling = [need(3.0, 8.0, 9.0), need(3.0, 15.0, 20.0)];
        assert!((total(&middling).expect("fits") - 23.0).abs() < 1e-9);
        let long = [need(9.0, 20.0, 30.0), need(9.0, 30.0, 30.0)];
        let lengths = fit(&long, RANGE).expect("fits");
        assert!((lengths.iter().sum::<f64>() - 30.0).abs() < 1e-9);
        assert!(lengths.iter().zip(&long).all(|(length, need)| *length >= need.least));
        // Both are read at the same pace.
        let paces: Vec<f64> = lengths.iter().zip(&long).map(|(length, need)| length / need.wanted).collect();
        assert!((paces[0] - paces[1]).abs() < 1e-4, "{paces:?}");
        assert_eq!(total(&[need(31.0, 31.0, 31.0)]), None);
    }
}

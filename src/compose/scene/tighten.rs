//! Tightening: what gives way, and in which order, where a scene has more to say than its canvas has room for.

use crate::compose::text::is_address;
use crate::template::{BoundKind, BoundNode, Direction, Length};

/// How far a scene can be tightened; at level 0 it is as the template asks.
pub(super) const TIGHTEST: u8 = 10;
/// The first level at which texts may fall below their smallest size.
pub(super) const BELOW_SMALLEST: u8 = 9;
/// The first level at which addresses lose lines as well. A truncated address is useless, but so is an illegible one.
const CUTS_ADDRESSES: u8 = 8;
/// How far it is tightened without anybody noticing: distances shrink and texts a little, every word stays.
pub(super) const UNNOTICED: u8 = 4;

/// What each level does: distances above and below, distances beside, sizes, most lines. It is height that runs out,
/// since texts wrap: what stands beside a text stays well away from it until nothing else is left to give.
const LEVELS: [(f32, f32, f32, Option<u32>); TIGHTEST as usize + 1] = [
    (1.0, 1.0, 1.0, None),
    (0.85, 1.0, 1.0, None),
    (0.7, 0.9, 1.0, None),
    (0.6, 0.9, 0.95, None),
    (0.5, 0.85, 0.9, None),
    (0.45, 0.8, 0.87, Some(3)),
    (0.4, 0.75, 0.8, Some(2)),
    (0.35, 0.7, 0.8, Some(1)),
    (0.35, 0.7, 0.8, Some(1)),
    (0.25, 0.5, 0.65, Some(1)),
    (0.2, 0.2, 0.5, Some(1)),
];

/// Tightens a scene's content to `level`: first the distances, then the sizes, then the number of lines.
pub(super) fn tighten(root: &mut BoundNode, level: u8) {
    let (above, beside, sizes, lines) = LEVELS[usize::from(level.min(TIGHTEST))];
    Step {
        above,
        beside,
        sizes,
        lines,
        cuts_addresses: level >= CUTS_ADDRESSES,
        below_smallest: level >= BELOW_SMALLEST,
    }
    .apply(root, true);
}

/// Gives lines back, text by text in reading order, and then distances, as long as the scene `has_room`: a level takes
/// them from every text at once. `asked` is the scene as the template has it, `tight` the same at `level`, `is_cut`
/// says for each text of `tight`, in reading order, whether it ends in an ellipsis.
pub(super) fn loosen<E>(
    asked: &BoundNode,
    tight: &mut BoundNode,
    level: u8,
    is_cut: &[bool],
    has_room: impl Fn(&BoundNode) -> Result<bool, E>,
) -> Result<(), E> {
    let (tight_above, beside, sizes, lines) = LEVELS[usize::from(level.min(TIGHTEST))];
    if lines.is_none() {
        return Ok(());
    }
    let mut most_lines = Vec::new();
    texts(&mut asked.clone(), &mut |lines| most_lines.push(*lines));
    let mut tries = 0;
    let cut = is_cut.iter().enumerate().filter(|(_, is_cut)| **is_cut).map(|(at, _)| at);
    for (at, most) in cut.filter_map(|at| Some((at, most_lines.get(at)?))) {
        let set = |root: &mut BoundNode, to: Option<u32>| {
            let (mut index, mut before) = (0, None);
            texts(root, &mut |lines| {
                if index == at {
                    before = std::mem::replace(lines, to);
                }
                index += 1;
            });
            before
        };
        let before = set(tight, *most);
        // All the lines it asks for, or else as many of them as there is room for.
        let tight_lines = before.unwrap_or(u32::MAX - 1);
        let fewer = (tight_lines + 1..most.unwrap_or(LINES_TRIED)).rev().map(Some);
        let mut kept = before;
        for lines in [*most].into_iter().chain(fewer).filter(|lines| *lines != before) {
            if tries == MAX_TRIES {
                break;
            }
            tries += 1;
            set(tight, lines);
            if has_room(tight)? {
                kept = lines;
                break;
            }
        }
        set(tight, kept);
    }
    let above = LEVELS.iter().map(|level| level.0).take_while(|above| *above > tight_above);
    for above in above {
        let mut wider = asked.clone();
        Step { above, beside, sizes, lines: None, cuts_addresses: false, below_smallest: level >= BELOW_SMALLEST }
            .apply(&mut wider, true);
        let mut loosened = Vec::new();
        texts(tight, &mut |lines| loosened.push(*lines));
        let mut loosened = loosened.into_iter();
        texts(&mut wider, &mut |lines| *lines = loosened.next().flatten());
        if has_room(&wider)? {
            *tight = wider;
            break;
        }
    }
    Ok(())
}

/// Most tries of texts with more lines.
const MAX_TRIES: usize = 24;
/// Lines below which all numbers are tried of a text that asks for as many as it needs.
const LINES_TRIED: u32 = 6;

/// Visits the most lines of every text, in reading order.
fn texts(node: &mut BoundNode, visit: &mut impl FnMut(&mut Option<u32>)) {
    match &mut node.kind {
        BoundKind::Group(group) => group.children.iter_mut().for_each(|child| texts(child, visit)),
        BoundKind::Text(text) => visit(&mut text.max_lines),
        _ => {}
    }
}

struct Step {
    above: f32,
    beside: f32,
    lines: Option<u32>,
    cuts_addresses: bool,
    sizes: f32,
    below_smallest: bool,
}

impl Step {
    fn apply(&self, node: &mut BoundNode, is_root: bool) {
        if !is_root {
            self.scale_sides(&mut node.placement.margin);
            scale_all(&mut node.placement.size, self.sizes);
            scale_all(&mut node.placement.max, self.sizes);
            scale_all(&mut node.placement.min, self.sizes);
        }
        match &mut node.kind {
            BoundKind::Group(group) => {
                scale(&mut group.gap, if group.direction == Direction::Row { self.beside } else { self.above });
                // The root's padding is the safe area, which does not give way.
                if !is_root {
                    self.scale_sides(&mut group.padding);
                }
                for child in &mut group.children {
                    self.apply(child, false);
                }
            }
            BoundKind::Text(text) => {
                if let Some(most) = self.lines.filter(|_| self.cuts_addresses || !is_address(&text.text)) {
                    text.max_lines = Some(text.max_lines.map_or(most, |lines| lines.min(most)));
                }
                if self.below_smallest {
                    text.min_size_px *= self.sizes;
                }
                text.size_px = (text.size_px * self.sizes).max(text.min_size_px);
            }
            _ => {}
        }
    }

    /// Scales top, end, bottom, start.
    fn scale_sides(&self, sides: &mut [Length; 4]) {
        for (side, factor) in sides.iter_mut().zip([self.above, self.beside, self.above, self.beside]) {
            scale(side, factor);
        }
    }
}

fn scale(length: &mut Length, factor: f32) {
    if let Length::Px(px) = length {
        *px *= factor;
    }
}

fn scale_all<const N: usize>(lengths: &mut [Length; N], factor: f32) {
    for length in lengths {
        scale(length, factor);
    }
}

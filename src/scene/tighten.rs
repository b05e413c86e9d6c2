//! Tightening: what gives way, and in which order, where a scene has more to say than its canvas has room for.

use crate::template::{BoundKind, BoundNode, Length};

/// How far a scene can be tightened; at level 0 it is as the template asks.
pub(super) const TIGHTEST: u8 = 7;

/// Tightens a scene's content to `level`: first the distances, then the number of lines, at last the size of texts
/// that are above their smallest, and of everything.
pub(super) fn tighten(root: &mut BoundNode, level: u8) {
    if level == 0 {
        return;
    }
    let step = Step {
        distances: [1.0, 0.7, 0.55, 0.45, 0.35, 0.3, 0.25, 0.2][usize::from(level.min(TIGHTEST))],
        lines: [None, None, Some(3), Some(2), Some(2), Some(1), Some(1), Some(1)][usize::from(level.min(TIGHTEST))],
        sizes: [1.0, 1.0, 1.0, 0.9, 0.8, 0.8, 0.65, 0.5][usize::from(level.min(TIGHTEST))],
        below_smallest: level >= 6,
    };
    step.apply(root, true);
}

struct Step {
    distances: f32,
    lines: Option<u32>,
    sizes: f32,
    below_smallest: bool,
}

impl Step {
    fn apply(&self, node: &mut BoundNode, is_root: bool) {
        if !is_root {
            scale_all(&mut node.placement.margin, self.distances);
            scale_all(&mut node.placement.size, self.sizes);
            scale_all(&mut node.placement.max, self.sizes);
            scale_all(&mut node.placement.min, self.sizes);
        }
        match &mut node.kind {
            BoundKind::Group(group) => {
                scale(&mut group.gap, self.distances);
                // The root's padding is the safe area, which does not give way.
                if !is_root {
                    scale_all(&mut group.padding, self.distances);
                }
                for child in &mut group.children {
                    self.apply(child, false);
                }
            }
            BoundKind::Text(text) => {
                if let Some(most) = self.lines {
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

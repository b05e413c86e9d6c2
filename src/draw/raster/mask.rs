//! Coverage of an area: one byte a pixel, and how shapes, strokes and texts fill it.

use tiny_skia::{FillRule, Path, Transform};

use super::blend::mul255;
use super::rounded::RoundedBox;
use crate::ground::geometry::IntRect;

/// Coverage of the pixels of a rectangle, 0 to 255, rows packed.
#[derive(Clone, Debug)]
pub(super) struct Mask {
    /// The pixels it covers, in canvas coordinates.
    pub(super) bounds: IntRect,
    coverage: Vec<u8>,
}

impl Mask {
    /// Nothing covered.
    pub(super) fn new(bounds: IntRect) -> Self {
        Self { bounds, coverage: vec![0; bounds.width() as usize * bounds.height() as usize] }
    }

    /// The coverage of a rounded rectangle.
    pub(super) fn of_box(shape: &RoundedBox, bounds: IntRect) -> Self {
        let mut mask = Self::new(bounds);
        for y in bounds.top..bounds.bottom {
            shape.cover_row(y, bounds.left, mask.row_mut(y));
        }
        mask
    }

    /// The coverage of a path, non-zero rule, anti-aliased with 4x4 samples.
    pub(super) fn of_path(path: &Path, bounds: IntRect) -> Self {
        let mut mask = Self::new(bounds);
        let drawn = tiny_skia::Mask::new(bounds.width(), bounds.height());
        if let Some(mut drawn) = drawn {
            let to_origin = Transform::from_translate(-(bounds.left as f32), -(bounds.top as f32));
            drawn.fill_path(path, FillRule::Winding, true, to_origin);
            mask.coverage = drawn.take();
        }
        mask
    }

    /// Coverage of row `y`.
    pub(super) fn row(&self, y: i32) -> &[u8] {
        let width = self.bounds.width() as usize;
        let at = row_index(self.bounds, y) * width;
        &self.coverage[at..at + width]
    }

    /// Coverage of row `y`, to be written.
    pub(super) fn row_mut(&mut self, y: i32) -> &mut [u8] {
        let width = self.bounds.width() as usize;
        let at = row_index(self.bounds, y) * width;
        &mut self.coverage[at..at + width]
    }

    /// Adds the coverage of a glyph: the result is what two independent layers of paint would cover together.
    pub(super) fn add_bitmap(&mut self, bounds: IntRect, coverage: &[u8]) {
        self.combine(bounds, coverage, |own, other| own + mul255(255 - own, other));
    }

    /// Takes the other's coverage away; meant for a smaller shape inside a larger one.
    pub(super) fn subtract(&mut self, other: &Self) {
        self.combine(other.bounds, &other.coverage, u8::saturating_sub);
    }

    fn combine(&mut self, bounds: IntRect, coverage: &[u8], with: impl Fn(u8, u8) -> u8) {
        let shared = self.bounds.intersect(bounds);
        if shared.is_empty() {
            return;
        }
        let own_from = (shared.left - self.bounds.left).unsigned_abs() as usize;
        let other_from = (shared.left - bounds.left).unsigned_abs() as usize;
        let (stride, width) = (bounds.width() as usize, shared.width() as usize);
        for y in shared.top..shared.bottom {
            let other = &coverage[row_index(bounds, y) * stride + other_from..][..width];
            for (a, b) in self.row_mut(y)[own_from..].iter_mut().zip(other) {
                *a = with(*a, *b);
            }
        }
    }

    /// Keeps only what lies inside `clip`.
    pub(super) fn clip(&mut self, clip: &RoundedBox) {
        let mut inside = vec![0; self.bounds.width() as usize];
        for y in self.bounds.top..self.bounds.bottom {
            clip.cover_row(y, self.bounds.left, &mut inside);
            for (own, share) in self.row_mut(y).iter_mut().zip(&inside) {
                *own = mul255(*own, *share);
            }
        }
    }
}

/// Row `y` counted from the top of `bounds`.
pub(super) fn row_index(bounds: IntRect, y: i32) -> usize {
    debug_assert!((bounds.top..bounds.bottom).contains(&y), "row {y} outside {bounds:?}");
    (y - bounds.top).unsigned_abs() as usize
}

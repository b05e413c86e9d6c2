//! The part of a frame that has to be painted again: a few rectangles with even edges.

use crate::ground::geometry::{IntRect, Size};

/// More rectangles than this are merged: each costs a walk over all layers.
const MAX_RECTS: usize = 12;

/// Damage being collected.
#[derive(Debug)]
pub(super) struct Region {
    canvas: IntRect,
    rects: Vec<IntRect>,
}

impl Region {
    /// Nothing damaged on a canvas of this size.
    pub(super) fn new(size: Size) -> Self {
        Self { canvas: size.bounds(), rects: Vec::with_capacity(MAX_RECTS + 1) }
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.rects.clear();
    }

    /// What is damaged.
    pub(super) fn rects(&self) -> &[IntRect] {
        &self.rects
    }

    /// Damages everything.
    pub(super) fn add_all(&mut self) {
        self.rects.clear();
        self.rects.push(self.canvas);
    }

    /// Damages `rect`. Rectangles are merged where that adds little or nothing to the area painted.
    pub(super) fn add(&mut self, rect: IntRect) {
        let clipped = rect.intersect(self.canvas);
        if clipped.is_empty() {
            return;
        }
        let mut rect = clipped.aligned_to_chroma().intersect(self.canvas);
        while let Some(near) = self.rects.iter().position(|other| worth_merging(*other, rect)) {
            rect = self.rects.swap_remove(near).union(rect);
        }
        self.rects.push(rect);
        if self.rects.len() > MAX_RECTS {
            self.merge_cheapest(rect);
        }
    }

    /// Merges the rectangle added last with the one that costs least.
    fn merge_cheapest(&mut self, last: IntRect) {
        self.rects.pop();
        let cost = |other: &IntRect| area(other.union(last)).saturating_sub(area(*other));
        if let Some(cheapest) = (0..self.rects.len()).min_by_key(|i| cost(&self.rects[*i])) {
            let merged = self.rects.swap_remove(cheapest).union(last);
            self.add(merged);
        }
    }
}

fn area(rect: IntRect) -> u64 {
    u64::from(rect.width()) * u64::from(rect.height())
}

/// Whether one rectangle around both is at most an eighth larger than both apart.
fn worth_merging(a: IntRect, b: IntRect) -> bool {
    let apart = area(a) + area(b);
    area(a.union(b)) <= apart + apart / 8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rect(left: i32, top: i32, right: i32, bottom: i32) -> IntRect {
        IntRect { left, top, right, bottom }
    }

    fn region(rects: &[IntRect]) -> Vec<IntRect> {
        let mut region = Region::new(Size::new(100, 60));
        rects.iter().for_each(|rect| region.add(*rect));
        region.rects().to_vec()
    }

    #[test]
    fn edges_are_even_and_on_the_canvas() {
        assert_eq!(region(&[rect(-9, 3, 7, 200)]), [rect(0, 2, 8, 60)]);
        assert_eq!(region(&[rect(100, 0, 120, 10), rect(5, 5, 5, 9)]), []);
    }

    #[test]
    fn what_overlaps_much_is_merged_and_what_lies_apart_is_not() {
        assert_eq!(region(&[rect(0, 0, 40, 20), rect(4, 0, 44, 20)]), [rect(0, 0, 44, 20)]);
        assert_eq!(region(&[rect(0, 0, 10, 10), rect(80, 50, 90, 60)]).len(), 2);
        // The third bridges the first two.
        assert_eq!(region(&[rect(0, 0, 20, 10), rect(40, 0, 60, 10), rect(20, 0, 40, 10)]), [rect(0, 0, 60, 10)]);
    }

    #[test]
    fn many_rectangles_become_few_that_cover_them_all() {
        let many: Vec<IntRect> =
            (0..40).map(|i| rect((i * 37) % 96, (i * 23) % 56, (i * 37) % 96 + 2, (i * 23) % 56 + 2)).collect();
        let few = region(&many);
        assert!(few.len() <= MAX_RECTS, "{}", few.len());
        for small in many {
            assert!(few.iter().any(|large| large.intersect(small) == small), "{small:?}");
        }
    }
}

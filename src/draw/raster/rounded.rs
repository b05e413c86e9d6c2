//! How much of each pixel a rectangle with rounded corners covers, computed from its equation.
//!
//! Straight edges are exact areas, corners use the distance to the arc (error below 1/20 of a pixel's coverage for
//! radii from 1 px on). A path rasteriser with 4x4 samples would show steps on the large radii that cards have.

use std::ops::Range;

use crate::compose::scene::RoundedRect;
use crate::ground::geometry::{IntRect, Rect};

/// A rounded rectangle by its edges, in px, its radii already fitted into it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct RoundedBox {
    left: f32,
    top: f32,
    right: f32,
    bottom: f32,
    /// Top left, top right, bottom right, bottom left.
    radii: [f32; 4],
}

impl RoundedBox {
    /// A box from its edges; radii that do not fit are reduced together, as CSS Backgrounds 3, section 5.5 does.
    pub(super) fn new(left: f32, top: f32, right: f32, bottom: f32, radii: [f32; 4]) -> Self {
        let radii = radii.map(|radius| if radius.is_finite() { radius.max(0.0) } else { 0.0 });
        let (width, height) = ((right - left).max(0.0), (bottom - top).max(0.0));
        let [tl, tr, br, bl] = radii;
        let fit = [(width, tl + tr), (height, tr + br), (width, br + bl), (height, bl + tl)]
            .into_iter()
            .filter(|(side, sum)| sum > side)
            .fold(1.0f32, |least, (side, sum)| least.min(side / sum));
        Self { left, top, right, bottom, radii: radii.map(|radius| radius * fit) }
    }

    /// The box of a rectangle of the composition.
    pub(super) fn of(shape: &RoundedRect) -> Self {
        let r = shape.rect;
        Self::new(r.x, r.y, r.right(), r.bottom(), shape.radii)
    }

    /// A box with square corners.
    pub(super) fn plain(rect: Rect) -> Self {
        Self::new(rect.x, rect.y, rect.right(), rect.bottom(), [0.0; 4])
    }

    /// Grown by `margin` px on every side (shrunk when negative). Round corners keep their centre; square corners
    /// stay square.
    pub(super) fn grown(self, margin: f32) -> Self {
        let radii = self.radii.map(|radius| if radius > 0.0 { (radius + margin).max(0.0) } else { 0.0 });
        let (left, right) = (self.left - margin, self.right + margin);
        let (top, bottom) = (self.top - margin, self.bottom + margin);
        Self::new(left, top, right.max(left), bottom.max(top), radii)
    }

    /// Grown with corners rounded by the margin where they were square, as a round line join does.
    pub(super) fn grown_round(self, margin: f32) -> Self {
        let radii = self.radii.map(|radius| (radius + margin).max(0.0));
        let grown = self.grown(margin);
        Self::new(grown.left, grown.top, grown.right, grown.bottom, radii)
    }

    /// Moved by (`dx`, `dy`) px.
    pub(super) fn moved(self, dx: f32, dy: f32) -> Self {
        Self {
            left: self.left + dx,
            top: self.top + dy,
            right: self.right + dx,
            bottom: self.bottom + dy,
            radii: self.radii,
        }
    }

    /// Radii in px: top left, top right, bottom right, bottom left.
    pub(super) fn radii(&self) -> [f32; 4] {
        self.radii
    }

    /// How far the widest corner reaches into the box, in px.
    pub(super) fn widest_corner(&self) -> f32 {
        self.radii.iter().copied().fold(0.0, f32::max)
    }

    /// The pixels it touches.
    pub(super) fn bounds(&self) -> IntRect {
        Rect::new(self.left, self.top, self.right - self.left, self.bottom - self.top).rounded_out()
    }

    /// Left, top, right and bottom edge.
    pub(super) fn edges(&self) -> [f32; 4] {
        [self.left, self.top, self.right, self.bottom]
    }

    /// Whether it covers all of the pixels `x0..x1` of row `y`. May say no where it just does.
    pub(super) fn holds_row(&self, y: i32, x0: i32, x1: i32) -> bool {
        let [tl, tr, br, bl] = self.radii;
        let (top, bottom, left, right) = (y as f32, y as f32 + 1.0, x0 as f32, x1 as f32);
        let inside = left >= self.left && right <= self.right && top >= self.top && bottom <= self.bottom;
        let below_upper = |radius: f32| top >= self.top + radius;
        let above_lower = |radius: f32| bottom <= self.bottom - radius;
        let clear_left = (below_upper(tl) && above_lower(bl)) || left >= self.left + tl.max(bl);
        let clear_right = (below_upper(tr) && above_lower(br)) || right <= self.right - tr.max(br);
        inside && clear_left && clear_right
    }

    /// Whether it has neither inside nor edge.
    pub(super) fn is_empty(&self) -> bool {
        // Written so that a NaN edge counts as empty.
        !(self.right > self.left && self.bottom > self.top)
    }

    /// Coverage of the pixels `x0..x0 + out.len()` of row `y`, 0 to 255.
    pub(super) fn cover_row(&self, y: i32, x0: i32, out: &mut [u8]) {
        out.fill(0);
        let share_y = overlap(y as f32, self.top, self.bottom);
        if self.is_empty() || share_y <= 0.0 {
            return;
        }
        let center_y = y as f32 + 0.5;
        let [tl, tr, br, bl] = self.radii;
        // The corner arc this row crosses on each side: its radius and the height of its centre.
        let arc = |upper: f32, lower: f32| {
            if center_y < self.top + upper {
                Some((upper, self.top + upper - center_y))
            } else if center_y > self.bottom - lower {
                Some((lower, center_y - (self.bottom - lower)))
            } else {
                None
            }
        };
        let (at_left, at_right) = (arc(tl, bl), arc(tr, br));
        let first = clamp_column(self.left.floor(), x0, out.len());
        let last = clamp_column(self.right.ceil(), x0, out.len());
        let inner_left = self.left + at_left.map_or(0.0, |(radius, _)| radius);
        let inner_right = self.right - at_right.map_or(0.0, |(radius, _)| radius);
        let flat_from = clamp_column(inner_left.ceil(), x0, out.len()).clamp(first, last);
        let flat_to = clamp_column(inner_right.floor(), x0, out.len()).clamp(flat_from, last);
        let coverage = |index: usize| {
            let x = column(x0, index);
            let center_x = x + 0.5;
            let straight = overlap(x, self.left, self.right) * share_y;
            let rounded = |radius: f32, dx: f32, dy: f32| (0.5 + radius - (dx * dx + dy * dy).sqrt()).clamp(0.0, 1.0);
            match (at_left, at_right) {
                (Some((radius, dy)), _) if center_x < inner_left => rounded(radius, inner_left - center_x, dy),
                (_, Some((radius, dy))) if center_x > inner_right => rounded(radius, center_x - inner_right, dy),
                _ => straight,
            }
        };
        out[flat_from..flat_to].fill(to_byte(share_y));
        // Of a wide corner only the pixels at its arc are computed: those further out are clear, those further in
        // covered.
        let (mut left, mut right) = (first..flat_from, flat_to..last);
        let (mut whole_left, mut whole_right) = (flat_from..flat_from, last..last);
        let at = |x: f32, part: &Range<usize>| clamp_column(x, x0, out.len()).clamp(part.start, part.end);
        if let Some((outer, inner)) = at_left.map(arc_on_row) {
            left.start = at((inner_left - outer).floor(), &left);
            whole_left = at((inner_left - inner).ceil(), &left)..at((inner_left - 1.0).floor(), &left);
        }
        if let Some((outer, inner)) = at_right.map(arc_on_row) {
            right.end = at((inner_right + outer).ceil(), &right);
            whole_right = at(inner_right.ceil(), &right)..at((inner_right + inner).floor(), &right);
        }
        for (part, whole) in [(left, whole_left), (right, whole_right)] {
            let whole = whole.start..whole.end.max(whole.start);
            out[whole.clone()].fill(255);
            for index in (part.start..whole.start).chain(whole.end..part.end) {
                out[index] = to_byte(coverage(index));
            }
        }
    }

    /// Signed distance in px from (`x`, `y`) to the edge, negative inside (the usual rounded-box distance function:
    /// <https://iquilezles.org/articles/distfunctions2d/>).
    pub(super) fn distance(&self, x: f32, y: f32) -> f32 {
        let (center_x, center_y) = ((self.left + self.right) / 2.0, (self.top + self.bottom) / 2.0);
        let (dx, dy) = (x - center_x, y - center_y);
        let radius = match (dx < 0.0, dy < 0.0) {
            (true, true) => self.radii[0],
            (false, true) => self.radii[1],
            (false, false) => self.radii[2],
            (true, false) => self.radii[3],
        };
        let qx = dx.abs() - (self.right - self.left) / 2.0 + radius;
        let qy = dy.abs() - (self.bottom - self.top) / 2.0 + radius;
        let outside = (qx.max(0.0) * qx.max(0.0) + qy.max(0.0) * qy.max(0.0)).sqrt();
        qx.max(qy).min(0.0) + outside - radius
    }
}

/// How far from its centre a corner's arc of some radius may lie on a row `dy` px from the centre, as columns from
/// which on pixels are clear, and up to which they are covered whole. One pixel is for the pixel's own width and
/// rounding.
fn arc_on_row((radius, dy): (f32, f32)) -> (f32, f32) {
    let reach = |radius: f32| (radius * radius - dy * dy).max(0.0).sqrt();
    (reach(radius + 0.5) + 1.0, reach((radius - 0.5).max(0.0)) - 1.0)
}

/// Share of the pixel from `at` to `at + 1` that lies between `from` and `to`.
fn overlap(at: f32, from: f32, to: f32) -> f32 {
    ((at + 1.0).min(to) - at.max(from)).clamp(0.0, 1.0)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "columns of one row, far below 2^24")]
fn column(x0: i32, index: usize) -> f32 {
    (x0 + index as i32) as f32
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the row first")]
fn clamp_column(x: f32, x0: i32, len: usize) -> usize {
    (f64::from(x) - f64::from(x0)).clamp(0.0, len as f64) as usize
}

/// A share from 0.0 to 1.0 as a byte, rounded to the nearest.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0-255 first")]
pub(super) fn to_byte(share: f32) -> u8 {
    (share.clamp(0.0, 1.0) * 255.0 + 0.5) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(shape: &RoundedBox, y: i32, len: usize) -> Vec<u8> {
        let mut out = vec![7; len];
        shape.cover_row(y, 0, &mut out);
        out
    }

    #[test]
    fn whole_pixels_are_crisp_and_fractions_are_areas() {
        let crisp = RoundedBox::plain(Rect::new(2.0, 1.0, 3.0, 2.0));
        assert_eq!(row(&crisp, 1, 7), [0, 0, 255, 255, 255, 0, 0]);
        assert_eq!(row(&crisp, 3, 7), [0; 7]);
        let soft = RoundedBox::plain(Rect::new(0.5, 0.5, 2.0, 1.0));
        assert_eq!(row(&soft, 0, 4), [64, 128, 64, 0]);
        let sliver = RoundedBox::plain(Rect::new(1.25, 0.0, 0.5, 1.0));
        assert_eq!(row(&sliver, 0, 3), [0, 128, 0]);
    }

    #[test]
    fn a_circle_has_the_area_of_a_circle() {
        for radius in [2.0f32, 5.5, 20.0] {
            let side = 2.0 * radius;
            let circle = RoundedBox::new(1.0, 1.0, 1.0 + side, 1.0 + side, [radius; 4]);
            let area: f64 = (0..60).flat_map(|y| row(&circle, y, 60)).map(|c| f64::from(c) / 255.0).sum();
            let exact = std::f64::consts::PI * f64::from(radius) * f64::from(radius);
            // The one-pixel ramp lies a little outside of a curved edge: about 1/40 px.
            let slack = std::f64::consts::TAU * f64::from(radius) / 40.0;
            assert!((area - exact).abs() < slack, "radius {radius}: {area} instead of {exact}");
        }
    }

    #[test]
    fn what_is_not_computed_of_wide_corners_is_clear_or_covered() {
        for radius in [0.5f32, 1.0, 7.3, 40.0, 333.3] {
            let (left, top, right, bottom) = (4.3f32, 2.7, 4.3 + 2.2 * radius, 2.7 + 2.0 * radius);
            let shape = RoundedBox::new(left, top, right, bottom, [radius; 4]);
            for y in 0..700 {
                for (x, share) in row(&shape, y, 760).into_iter().enumerate() {
                    let outside = shape.distance(column(0, x) + 0.5, y as f32 + 0.5);
                    let wanted = if outside >= 0.8 {
                        0..=0
                    } else if outside <= -0.8 {
                        255..=255
                    } else {
                        0..=255
                    };
                    assert!(wanted.contains(&share), "radius {radius}: {share} at {x}, {y}, {outside} px outside");
                }
            }
        }
    }

    #[test]
    fn too_large_radii_shrink_in_proportion() {
        let pill = RoundedBox::new(0.0, 0.0, 100.0, 20.0, [50.0; 4]);
        assert_eq!(pill.radii, [10.0; 4]);
        let mixed = RoundedBox::new(0.0, 0.0, 100.0, 20.0, [30.0, 0.0, 0.0, 10.0]);
        assert_eq!(mixed.radii, [15.0, 0.0, 0.0, 5.0]);
    }

    #[test]
    fn a_row_does_not_depend_on_where_it_is_begun() {
        let shape = RoundedBox::new(3.3, 2.2, 40.7, 30.1, [3.0, 12.0, 7.5, 0.0]);
        for y in 0..33 {
            let whole = row(&shape, y, 50);
            for start in [0usize, 3, 17, 39, 45] {
                let mut part = vec![0; 5];
                shape.cover_row(y, i32::try_from(start).expect("small"), &mut part);
                assert_eq!(part, whole[start..start + 5], "row {y} from {start}");
            }
        }
    }

    #[test]
    fn broken_numbers_cover_nothing() {
        let broken = RoundedBox::new(f32::NAN, 0.0, 5.0, 5.0, [f32::NAN; 4]);
        assert_eq!(row(&broken, 1, 5), [0; 5]);
        let inverted = RoundedBox::new(4.0, 0.0, 1.0, 5.0, [1.0; 4]);
        assert_eq!(row(&inverted, 1, 5), [0; 5]);
    }
}

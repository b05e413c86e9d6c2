//! Soft shadows: a mask blurred by three box filters, which look like a Gaussian.
//!
//! Box sizes after the W3C Filter Effects Module, section 9.10 (feGaussianBlur): `d = floor(s * 3 * sqrt(2 * pi) / 4 +
//! 0.5)`; three boxes of `d` when it is odd, otherwise two of `d`, displaced half a pixel to either side, and one of `d
//! + 1`.

use super::mask::Mask;
use super::rounded::RoundedBox;
use crate::ground::geometry::IntRect;

/// Largest standard deviation that is blurred, in px; beyond it a shadow is a flat haze anyway.
const MAX_SIGMA_PX: f32 = 500.0;

/// A blurred mask in 16 bits a pixel, so that a faint, wide shadow can be dithered instead of banding.
pub(super) struct SoftMask {
    /// The pixels that are stored, in canvas coordinates; what the gaps leave out is not counted.
    stored: IntRect,
    across: Gap,
    down: Gap,
    coverage: Vec<u16>,
}

/// Columns or rows that are left out because they equal the one at `at`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Gap {
    at: i32,
    length: i32,
}

/// The value of a fully covered pixel in a [`SoftMask`].
pub(super) const FULL: u16 = 255 << 8;

impl Gap {
    /// Where what belongs at `place` is stored.
    fn stored(self, place: i32) -> i32 {
        if place <= self.at { place } else { (place - self.length).max(self.at) }
    }
}

impl SoftMask {
    /// Writes the coverage of row `y` from column `x` on, 0 to [`FULL`].
    pub(super) fn copy_row(&self, y: i32, x: i32, out: &mut [u16]) {
        let width = self.stored.width() as usize;
        let row = &self.coverage[super::mask::row_index(self.stored, self.down.stored(y)) * width..][..width];
        let index = |x: i32| (self.across.stored(x) - self.stored.left).unsigned_abs() as usize;
        let end = x.saturating_add(i32::try_from(out.len()).unwrap_or(i32::MAX));
        // Before, within and after the gap.
        let until = |edge: i32| (edge.clamp(x, end) - x).unsigned_abs() as usize;
        let (from, to) = (until(self.across.at), until(self.across.at + self.across.length));
        if from > 0 {
            out[..from].copy_from_slice(&row[index(x)..][..from]);
        }
        if to > from {
            out[from..to].fill(row[index(self.across.at)]);
        }
        let rest = out.len() - to;
        if rest > 0 {
            out[to..].copy_from_slice(&row[index(end - 1) + 1 - rest..][..rest]);
        }
    }
}

/// The shadow of a rounded box within `area`. Along its straight edges and inside, a blurred box has columns and rows
/// that are all alike: they are blurred once.
pub(super) fn blur_box(shape: &RoundedBox, area: IntRect, sigma: f32) -> SoftMask {
    let reach = reach_px(sigma);
    let [left, top, right, bottom] = shape.edges();
    let (across, right) = gap(left, right, shape.widest_corner(), reach);
    let (down, bottom) = gap(top, bottom, shape.widest_corner(), reach);
    let small = RoundedBox::new(left, top, right, bottom, shape.radii());
    let stored = IntRect {
        left: across.stored(area.left),
        top: down.stored(area.top),
        right: across.stored(area.right - 1) + 1,
        bottom: down.stored(area.bottom - 1) + 1,
    };
    let soft = blur(&Mask::of_box(&small, widened(stored, reach)), sigma);
    SoftMask { across, down, ..soft }
}

/// What can be left out between two edges, and where the far edge then is.
fn gap(near: f32, far: f32, corner: f32, reach: i32) -> (Gap, f32) {
    #[expect(clippy::cast_possible_truncation, reason = "a place on or near the canvas, and `as` saturates")]
    let (from, to) = ((near + corner).ceil() as i32 + reach + 1, (far - corner).floor() as i32 - reach - 1);
    let length = to.saturating_sub(from);
    if length > 0 {
        (Gap { at: from, length }, far - length as f32)
    } else {
        (Gap { at: i32::MAX / 2, length: 0 }, far)
    }
}

/// Grown by `by` px on every side; nothing stays nothing.
pub(super) fn widened(rect: IntRect, by: i32) -> IntRect {
    if rect.is_empty() {
        return rect;
    }
    IntRect {
        left: rect.left.saturating_sub(by),
        top: rect.top.saturating_sub(by),
        right: rect.right.saturating_add(by),
        bottom: rect.bottom.saturating_add(by),
    }
}

/// How far a blur with standard deviation `sigma` reaches, in px.
pub(super) fn reach_px(sigma: f32) -> i32 {
    boxes(sigma).iter().map(|(before, after)| before.max(after)).sum()
}

/// Blurs `mask`. Its bounds must already leave [`reach_px`] around the shape wherever the blur is to be seen.
pub(super) fn blur(mask: &Mask, sigma: f32) -> SoftMask {
    let bounds = mask.bounds;
    let (width, height) = (bounds.width() as usize, bounds.height() as usize);
    let mut coverage = Vec::with_capacity(width * height);
    for y in bounds.top..bounds.bottom {
        coverage.extend(mask.row(y).iter().map(|share| u16::from(*share) << 8));
    }
    let mut line = vec![0u16; width.max(height)];
    for (before, after) in boxes(sigma) {
        if before + after == 0 {
            continue;
        }
        for row in coverage.chunks_exact_mut(width.max(1)) {
            line[..width].copy_from_slice(row);
            box_filter(&line[..width], row, before, after);
        }
        box_filter_columns(&mut coverage, width, before, after);
    }
    let none = Gap { at: i32::MAX / 2, length: 0 };
    SoftMask { stored: bounds, across: none, down: none, coverage }
}

/// The three boxes as pixels taken (before, after) the centre.
fn boxes(sigma: f32) -> [(i32, i32); 3] {
    let sigma = if sigma.is_finite() { sigma.clamp(0.0, MAX_SIGMA_PX) } else { 0.0 };
    #[expect(clippy::cast_possible_truncation, reason = "sigma is at most 500, so d is at most 940")]
    let d = (sigma * 3.0 * (2.0 * std::f32::consts::PI).sqrt() / 4.0 + 0.5).floor() as i32;
    match (d, d % 2) {
        (0, _) => [(0, 0); 3],
        (_, 1) => [(d / 2, d / 2); 3],
        _ => [(d / 2, d / 2 - 1), (d / 2 - 1, d / 2), (d / 2, d / 2)],
    }
}

fn box_filter(from: &[u16], to: &mut [u16], before: i32, after: i32) {
    let (before, after) = (before.unsigned_abs() as usize, after.unsigned_abs() as usize);
    let divide = Reciprocal::of(before + after + 1);
    let mut sum: u32 = from.iter().take(after).map(|v| u32::from(*v)).sum();
    for (i, out) in to.iter_mut().enumerate() {
        sum += from.get(i + after).map_or(0, |v| u32::from(*v));
        *out = divide.apply(sum);
        if let Some(leaving) = i.checked_sub(before) {
            sum -= u32::from(from[leaving]);
        }
    }
}

/// The same down the columns, all columns of a row at once.
fn box_filter_columns(pixels: &mut [u16], width: usize, before: i32, after: i32) {
    if width == 0 {
        return;
    }
    let (before, after) = (before.unsigned_abs() as usize, after.unsigned_abs() as usize);
    let divide = Reciprocal::of(before + after + 1);
    let source = pixels.to_vec();
    let height = source.len() / width;
    let row = |y: usize| &source[y * width..(y + 1) * width];
    let mut sums = vec![0u32; width];
    for y in 0..after.min(height) {
        for (sum, v) in sums.iter_mut().zip(row(y)) {
            *sum += u32::from(*v);
        }
    }
    for y in 0..height {
        if y + after < height {
            for (sum, v) in sums.iter_mut().zip(row(y + after)) {
                *sum += u32::from(*v);
            }
        }
        for (out, sum) in pixels[y * width..(y + 1) * width].iter_mut().zip(&sums) {
            *out = divide.apply(*sum);
        }
        if y >= before {
            for (sum, v) in sums.iter_mut().zip(row(y - before)) {
                *sum -= u32::from(*v);
            }
        }
    }
}

/// Division by a box size as a multiplication, rounded to the nearest within 1/65536 of a full pixel.
struct Reciprocal(u64);

impl Reciprocal {
    fn of(size: usize) -> Self {
        let size = size as u64;
        Self(((1 << 32) + size / 2) / size)
    }

    #[inline(always)]
    fn apply(&self, sum: u32) -> u16 {
        u16::try_from((u64::from(sum) * self.0 + (1 << 31)) >> 32).unwrap_or(FULL)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ground::geometry::Rect;

    fn row(soft: &SoftMask, y: i32) -> Vec<u16> {
        let mut row = vec![0; soft.stored.width() as usize];
        soft.copy_row(y, soft.stored.left, &mut row);
        row
    }

    fn blurred_square(sigma: f32) -> SoftMask {
        let bounds = IntRect { left: -60, top: -60, right: 100, bottom: 100 };
        blur(&Mask::of_box(&RoundedBox::plain(Rect::new(0.0, 0.0, 40.0, 40.0)), bounds), sigma)
    }

    #[test]
    fn a_shadow_keeps_its_energy_and_its_symmetry() {
        for sigma in [0.0, 0.4, 1.0, 2.0, 5.0, 7.3, 12.0, 18.0] {
            let soft = blurred_square(sigma);
            let energy: f64 = soft.coverage.iter().map(|v| f64::from(*v)).sum::<f64>() / f64::from(FULL);
            assert!((energy / 1600.0 - 1.0).abs() < 0.002, "sigma {sigma}: {energy} instead of 1600");
            let rows: Vec<Vec<u16>> = (-60..100).map(|y| row(&soft, y)).collect();
            let at = |x: i32, y: i32| rows[(y + 60) as usize][(x + 60) as usize];
            for y in -60..100 {
                for x in -60..100 {
                    let (value, across, down) = (at(x, y), at(39 - x, y), at(x, 39 - y));
                    assert!(value.abs_diff(across) <= 3 && value.abs_diff(down) <= 3, "sigma {sigma} at {x},{y}");
                }
            }
        }
    }

    #[test]
    fn its_spread_is_that_of_a_gaussian() {
        let sigma = 9.0;
        let soft = blurred_square(sigma);
        // Variance along x of a blurred box: that of the box plus sigma squared.
        let rows: Vec<Vec<u16>> = (-60..100).map(|y| row(&soft, y)).collect();
        let profile: Vec<f64> = (0..160).map(|i| rows.iter().map(|row| f64::from(row[i])).sum::<f64>()).collect();
        let total: f64 = profile.iter().sum();
        let mean = profile.iter().enumerate().map(|(i, v)| i as f64 * v).sum::<f64>() / total;
        let variance = profile.iter().enumerate().map(|(i, v)| (i as f64 - mean).powi(2) * v).sum::<f64>() / total;
        let expected = (40.0f64 * 40.0 - 1.0) / 12.0 + f64::from(sigma * sigma);
        // The box sizes of the specification come out up to 6 % narrow.
        assert!((variance / expected - 1.0).abs() < 0.05, "{variance} instead of {expected}");
    }

    #[test]
    fn nothing_is_seen_beyond_its_reach() {
        let soft = blurred_square(8.0);
        let reach = reach_px(8.0);
        assert_eq!(row(&soft, -reach - 1).iter().max(), Some(&0));
        assert!(row(&soft, -reach + 2).iter().max() > Some(&0));
    }

    #[test]
    fn a_box_is_blurred_alike_with_and_without_its_gaps() {
        for (radius, sigma) in [(0.0, 3.0), (12.0, 5.0), (7.5, 0.6), (40.0, 9.0)] {
            let shape = RoundedBox::new(10.3, 20.8, 310.6, 190.1, [radius, 0.0, radius / 2.0, radius]);
            let reach = reach_px(sigma);
            for area in [widened(shape.bounds(), reach), IntRect { left: 60, top: -9, right: 250, bottom: 120 }] {
                let whole = blur(&Mask::of_box(&shape, widened(area, reach)), sigma);
                let gapped = blur_box(&shape, area, sigma);
                let mut rows = [vec![0; area.width() as usize], vec![0; area.width() as usize]];
                for y in area.top..area.bottom {
                    whole.copy_row(y, area.left, &mut rows[0]);
                    gapped.copy_row(y, area.left, &mut rows[1]);
                    assert_eq!(rows[0], rows[1], "row {y}, radius {radius}, sigma {sigma}");
                }
            }
        }
    }
}

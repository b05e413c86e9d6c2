//! Laying a tile in its pose onto the frame, within a rectangle. This runs on every frame: integers and rows only.
//!
//! A pixel's value depends on nothing but its own place, so that any rectangle can be composed again alone.

use std::iter;
use std::ops::Range;

use super::blend;
use super::pose::{Cut, Map, Pose, STEPS, Similarity};
use super::tile::Tile;
use crate::ground::frame::RgbaFrame;
use crate::ground::geometry::IntRect;

/// Buffers of one row, kept between frames.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    pixels: Vec<u8>,
    coverage: Vec<u8>,
}

impl Scratch {
    /// Buffers for rows of up to `width` pixels.
    pub(super) fn new(width: u32) -> Self {
        Self { pixels: vec![0; width as usize * 4], coverage: vec![0; width as usize] }
    }
}

/// Fills a rectangle of the frame with one colour.
pub(super) fn fill(frame: &mut RgbaFrame, area: IntRect, pixel: [u8; 4]) {
    for y in area.top..area.bottom {
        frame_row(frame, y, area.left, area.right).as_chunks_mut::<4>().0.fill(pixel);
    }
}

/// Lays `tile` onto `frame` within `area`, which lies on the frame.
pub(super) fn lay(frame: &mut RgbaFrame, tile: &Tile, pose: &Pose, area: IntRect, scratch: &mut Scratch) {
    let area = area.intersect(pose.bounds(tile.bounds()));
    if area.is_empty() {
        return;
    }
    if let Some((dx, dy)) = pose.plain_shift() {
        return lay_plain(frame, tile, (dx, dy), pose.opacity, area);
    }
    match pose.map {
        Map::Shift { x, y } => {
            let shift = Shift::new(x, y);
            for y in area.top..area.bottom {
                for (left, right) in shift.inked(tile, y) {
                    let (left, right) = (left.max(area.left), right.min(area.right));
                    if left < right {
                        shift.row(tile, y, left, &mut scratch.pixels[..columns(left, right) * 4]);
                        lay_row(frame, pose, y, left..right, scratch);
                    }
                }
            }
        }
        Map::Similarity(map) => {
            let sampler = Sampler::new(tile, map);
            for y in area.top..area.bottom {
                let (left, right) = sampler.inked(y, area.left, area.right);
                if left < right {
                    sampler.row(y, left, &mut scratch.pixels[..columns(left, right) * 4]);
                    lay_row(frame, pose, y, left..right, scratch);
                }
            }
        }
    }
}

fn frame_row(frame: &mut RgbaFrame, y: i32, left: i32, right: i32) -> &mut [u8] {
    let row = y.unsigned_abs() as usize * frame.stride_bytes();
    &mut frame.pixels_mut()[row + left.unsigned_abs() as usize * 4..row + right.unsigned_abs() as usize * 4]
}

/// Whole pixels, uncut: clear runs are skipped, solid ones copied.
fn lay_plain(frame: &mut RgbaFrame, tile: &Tile, (dx, dy): (i32, i32), opacity: u16, area: IntRect) {
    for y in area.top..area.bottom {
        for span in tile.spans(y - dy) {
            let (left, right) = ((span.left + dx).max(area.left), (span.right + dx).min(area.right));
            if left >= right {
                continue;
            }
            let src = tile.row(y - dy, left - dx, right - dx);
            let dst = frame_row(frame, y, left, right);
            match (opacity, span.opaque) {
                (256, true) => dst.copy_from_slice(src),
                (256, false) => blend::over(dst, src),
                _ => blend::over_faded(dst, src, opacity),
            }
        }
    }
}

/// Cuts the pixels computed for a piece of row `y` and lays them over it.
fn lay_row(frame: &mut RgbaFrame, pose: &Pose, y: i32, piece: Range<i32>, scratch: &mut Scratch) {
    let width = columns(piece.start, piece.end);
    let (pixels, coverage) = (&mut scratch.pixels[..width * 4], &mut scratch.coverage[..width]);
    for clip in &pose.clips {
        match clip.cut_row(y, piece.start, coverage) {
            Cut::Nothing => {}
            Cut::All => return,
            Cut::Some => blend::cover(pixels, coverage),
        }
    }
    blend::over_faded(frame_row(frame, y, piece.start, piece.end), pixels, pose.opacity);
}

fn offset(columns: usize) -> i32 {
    i32::try_from(columns).unwrap_or(i32::MAX)
}

/// How many columns lie from `left` up to `right`, which is not left of it.
fn columns(left: i32, right: i32) -> usize {
    (right - left).unsigned_abs() as usize
}

/// A move by a fraction of a pixel.
struct Shift {
    dx: i32,
    dy: i32,
    right: u16,
    down: u16,
}

impl Shift {
    fn new(x: i32, y: i32) -> Self {
        let part = |v: i32| u16::try_from(v.rem_euclid(STEPS)).unwrap_or(0);
        Self { dx: x.div_euclid(STEPS), dy: y.div_euclid(STEPS), right: part(x), down: part(y) }
    }

    /// Where row `y` of the canvas gets ink, from left to right and not touching each other.
    fn inked(&self, tile: &Tile, y: i32) -> impl Iterator<Item = (i32, i32)> {
        let bounds = tile.bounds();
        let spans = |y: i32| if (bounds.top..bounds.bottom).contains(&y) { tile.spans(y) } else { &[] };
        let y = y - self.dy;
        let mut here = spans(y).iter().peekable();
        let mut above = if self.down > 0 { spans(y - 1) } else { &[] }.iter().peekable();
        let mut next = move || match (here.peek(), above.peek()) {
            (Some(a), Some(b)) if a.left <= b.left => here.next(),
            (Some(_), None) => here.next(),
            _ => above.next(),
        };
        let (dx, wider) = (self.dx, i32::from(self.right > 0));
        let mut ahead = next().map(|span| (span.left, span.right));
        iter::from_fn(move || {
            let (left, mut right) = ahead.take()?;
            while let Some(span) = next() {
                // One column more is moved into on the right.
                if span.left > right + wider {
                    ahead = Some((span.left, span.right));
                    break;
                }
                right = right.max(span.right);
            }
            Some((left + dx, right + dx + wider))
        })
    }

    /// The pixels of row `y` of the canvas from column `left` on.
    fn row(&self, tile: &Tile, y: i32, left: i32, out: &mut [u8]) {
        let (y, left) = (y - self.dy, left - self.dx);
        let right = left + offset(out.len() / 4);
        // Above the first row and below the last lies the clear border; further out nothing is asked for.
        let here = tile.row(y, left - 1, right);
        let above = if self.down > 0 { tile.row(y - 1, left - 1, right) } else { here };
        blend::moved_row(out, above, here, self.right, self.down);
    }
}

/// Bilinear samples of a tile through a similarity, at sixteenths of a pixel.
struct Sampler<'a> {
    pixels: &'a [u8],
    stride: usize,
    /// Size with the clear border, less the pixel that a sample needs to its right and below; 24 fractional bits.
    width: i64,
    height: i64,
    origin: (i64, i64),
    inverse: super::pose::Inverse,
}

impl<'a> Sampler<'a> {
    fn new(tile: &'a Tile, map: Similarity) -> Self {
        let (pixels, stride) = tile.padded();
        let bounds = tile.bounds();
        // Samples are taken between pixel centres: half a pixel back, and one forward for the border. Half a sixteenth
        // more makes rounding down find the nearest one.
        let back = (1i64 << 23) + (1 << 19);
        let origin = ((i64::from(bounds.left) << 24) - back, (i64::from(bounds.top) << 24) - back);
        let inner = |length: u32| (i64::from(length) + 1) << 24;
        let (width, height) = (inner(bounds.width()), inner(bounds.height()));
        Self { pixels, stride, width, height, origin, inverse: map.inverse() }
    }

    /// From which to before which column of `left..right` row `y` of the canvas has a sample.
    fn inked(&self, y: i32, left: i32, right: i32) -> (i32, i32) {
        let ((u, v), (step_u, step_v)) = (self.place(left, y), self.inverse.step());
        let count = i64::from(right - left);
        let (from_u, to_u) = steps_within(u, step_u, self.width, count);
        let (from_v, to_v) = steps_within(v, step_v, self.height, count);
        (left + offset(index(from_u.max(from_v))), left + offset(index(to_u.min(to_v).max(0))))
    }

    /// The pixels of row `y` of the canvas from column `left` on, all of which have a sample.
    fn row(&self, y: i32, left: i32, out: &mut [u8]) {
        let ((mut u, mut v), (step_u, step_v)) = (self.place(left, y), self.inverse.step());
        for pixel in out.as_chunks_mut::<4>().0 {
            *pixel = self.sample(u, v);
            u = u.wrapping_add(step_u);
            v = v.wrapping_add(step_v);
        }
    }

    /// Where in the tile the middle of a pixel of the canvas lies.
    fn place(&self, x: i32, y: i32) -> (i64, i64) {
        let (u, v) = self.inverse.of_center(x, y);
        (u - self.origin.0, v - self.origin.1)
    }

    /// Two pixels beside each other.
    #[inline(always)]
    fn pair(&self, at: usize) -> &[u8; 8] {
        self.pixels[at..].first_chunk().expect("the border leaves a pixel to the right of every sample")
    }

    /// Weights add up to 256, so four 16-bit lanes of one word hold the four channels without overflow.
    #[inline(always)]
    fn sample(&self, u: i64, v: i64) -> [u8; 4] {
        let at = index(v >> 24).wrapping_mul(self.stride).wrapping_add(index(u >> 24).wrapping_mul(4));
        let (right, down) = (((u >> 20) & 15).unsigned_abs(), ((v >> 20) & 15).unsigned_abs());
        let (upper, lower) = (self.pair(at), self.pair(at.wrapping_add(self.stride)));
        let (left_keep, upper_keep) = (16 - right, 16 - down);
        let sum = [
            lanes(upper, 0).wrapping_mul(left_keep.wrapping_mul(upper_keep)),
            lanes(upper, 4).wrapping_mul(right.wrapping_mul(upper_keep)),
            lanes(lower, 0).wrapping_mul(left_keep.wrapping_mul(down)),
            lanes(lower, 4).wrapping_mul(right.wrapping_mul(down)),
        ]
        .into_iter()
        .fold(0x0080_0080_0080_0080, u64::wrapping_add);
        let rounded = (sum >> 8) & 0x00FF_00FF_00FF_00FF;
        let [r, g, b, a, ..] = (rounded | (rounded >> 24)).to_le_bytes();
        [r, g, b, a]
    }
}

/// A place in a row or picture as an index.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "only asked for places inside of a tile")]
fn index(place: i64) -> usize {
    place as usize
}

/// The channels of the pixel at `at`, each in 16 bits: red, blue, green, alpha from the lowest up.
#[inline(always)]
fn lanes(row: &[u8; 8], at: usize) -> u64 {
    let pixel = u64::from(u32::from_le_bytes([row[at], row[at + 1], row[at + 2], row[at + 3]]));
    (pixel & 0x00FF_00FF) | ((pixel & 0xFF00_FF00) << 24)
}

/// From which to before which step, of `count`, the value `start + i * step` lies in `0..limit`.
fn steps_within(start: i64, step: i64, limit: i64, count: i64) -> (i64, i64) {
    let (from, to) = match step {
        0 if (0..limit).contains(&start) => (0, count),
        0 => (0, 0),
        1.. => (-start.div_euclid(step), -(start - limit).div_euclid(step)),
        _ => ((start - limit).div_euclid(-step) + 1, start.div_euclid(-step) + 1),
    };
    (from.max(0), to.min(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_steps_within_are_those_and_no_others() {
        for (start, limit) in [(0, 10), (-7, 10), (13, 10), (9, 10), (10, 10), (-1, 1)] {
            for step in -4..=4i64 {
                let (from, to) = steps_within(start, step, limit, 20);
                for i in 0..20 {
                    let within = (0..limit).contains(&(start + i * step));
                    assert_eq!(within, (from..to).contains(&i), "{start} + {i} x {step} of {limit}");
                }
            }
        }
    }

    #[test]
    fn lanes_come_back_in_order() {
        let spread = lanes(&[1, 2, 3, 4, 5, 6, 7, 8], 0);
        assert_eq!((spread | (spread >> 24)).to_le_bytes()[..4], [1, 2, 3, 4]);
    }
}

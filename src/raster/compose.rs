//! Laying a tile in its pose onto the frame, within a rectangle. This runs on every frame: integers and rows only.
//!
//! A pixel's value depends on nothing but its own place, so that any rectangle can be composed again alone.

use super::blend;
use super::pose::{Cut, Map, Pose, STEPS, Similarity};
use super::tile::Tile;
use crate::frame::RgbaFrame;
use crate::geometry::IntRect;

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
            lay_sampled(frame, pose, area, scratch, |y, left, out| shift.row(tile, y, left, out));
        }
        Map::Similarity(map) => {
            let sampler = Sampler::new(tile, map);
            lay_sampled(frame, pose, area, scratch, |y, left, out| sampler.row(y, left, out));
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

/// Rows that have to be computed first, then cut, then laid over. `sample` fills a row from column `left` on and says
/// whether there is anything in it.
fn lay_sampled(
    frame: &mut RgbaFrame,
    pose: &Pose,
    area: IntRect,
    scratch: &mut Scratch,
    sample: impl Fn(i32, i32, &mut [u8]) -> bool,
) {
    let width = area.width() as usize;
    let (pixels, coverage) = (&mut scratch.pixels[..width * 4], &mut scratch.coverage[..width]);
    'rows: for y in area.top..area.bottom {
        if !sample(y, area.left, pixels) {
            continue;
        }
        for clip in &pose.clips {
            match clip.cut_row(y, area.left, coverage) {
                Cut::Nothing => {}
                Cut::All => continue 'rows,
                Cut::Some => blend::cover(pixels, coverage),
            }
        }
        blend::over_faded(frame_row(frame, y, area.left, area.right), pixels, pose.opacity);
    }
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

    fn row(&self, tile: &Tile, y: i32, left: i32, out: &mut [u8]) -> bool {
        let bounds = tile.bounds();
        let (y, left) = (y - self.dy, left - self.dx);
        let right = left + i32::try_from(out.len() / 4).unwrap_or(0);
        let inked = |y: i32| (bounds.top..bounds.bottom).contains(&y) && !tile.spans(y).is_empty();
        if !inked(y) && !(self.down > 0 && inked(y - 1)) {
            return false;
        }
        // Above the first row and below the last lies the clear border; further out nothing is asked for.
        let here = tile.row(y, left - 1, right);
        let above = if self.down > 0 { tile.row(y - 1, left - 1, right) } else { here };
        blend::moved_row(out, above, here, self.right, self.down);
        true
    }
}

/// Bilinear samples of a tile through a similarity.
struct Sampler<'a> {
    pixels: &'a [u8],
    stride: usize,
    /// Size with the clear border.
    width: i64,
    height: i64,
    origin: (i64, i64),
    inverse: super::pose::Inverse,
}

impl<'a> Sampler<'a> {
    fn new(tile: &'a Tile, map: Similarity) -> Self {
        let (pixels, stride) = tile.padded();
        let bounds = tile.bounds();
        // Samples are taken between pixel centres: half a pixel back, and one forward for the border.
        let half = 1i64 << 23;
        let origin = ((i64::from(bounds.left) << 24) - half, (i64::from(bounds.top) << 24) - half);
        let (width, height) = (i64::from(bounds.width()) + 2, i64::from(bounds.height()) + 2);
        Self { pixels, stride, width, height, origin, inverse: map.inverse() }
    }

    fn row(&self, y: i32, left: i32, out: &mut [u8]) -> bool {
        let (u, v) = self.inverse.of_center(left, y);
        let (mut u, mut v) = (u - self.origin.0, v - self.origin.1);
        let (step_u, step_v) = self.inverse.step();
        let mut any = false;
        for pixel in out.as_chunks_mut::<4>().0 {
            let (column, row) = (u >> 24, v >> 24);
            if column >= 0 && row >= 0 && column < self.width - 1 && row < self.height - 1 {
                *pixel = self.sample(column, row, weight(u), weight(v));
                any = true;
            } else {
                *pixel = [0; 4];
            }
            u += step_u;
            v += step_v;
        }
        any
    }

    #[inline(always)]
    fn sample(&self, column: i64, row: i64, right: u32, down: u32) -> [u8; 4] {
        let at = row.unsigned_abs() as usize * self.stride + column.unsigned_abs() as usize * 4;
        let upper = &self.pixels[at..at + 8];
        let lower = &self.pixels[at + self.stride..at + self.stride + 8];
        std::array::from_fn(|channel| {
            let mix = |row: &[u8]| u32::from(row[channel]) * (256 - right) + u32::from(row[channel + 4]) * right;
            let sum = mix(upper) * (256 - down) + mix(lower) * down;
            ((sum + (1 << 15)) >> 16).min(255) as u8
        })
    }
}

/// The fraction of a 24-bit fixed-point number, in 1/256.
#[inline(always)]
fn weight(fixed: i64) -> u32 {
    ((fixed >> 16) & 0xFF) as u32
}

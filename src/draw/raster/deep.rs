//! Rows of pixels with eight more bits a channel: what gradients are laid over each other in, and how the result
//! becomes bytes.
//!
//! A dark gradient of a dozen levels shows bands unless its pixels are dithered, and what is seen in a video is not the
//! bytes drawn here but luma, of which limited range has only 219 levels, after an encoder that drops most of what is
//! fine and faint. So an opaque pixel is dithered in luma, by a pattern that survives the encoder; see [`COLUMNS`].

use super::buffer::blank;
use super::mask::row_index;
use super::paint::{self, Shader};
use crate::ground::color::{LUMA_BITS, LUMA_WEIGHTS};
use crate::ground::geometry::IntRect;

/// Solid, in 8.8 fixed point.
const SOLID: u16 = 255 << 8;

/// Pixels worked on at once.
const BLOCK: usize = 16;

/// By how many 32nds of a level luma is raised in each column before it is rounded down; after sixteen columns it
/// repeats.
///
/// H.264 codes blocks of 4x4 pixels. Halfway between two levels every block is `1 0 0 1` in every row: all of its
/// energy lies in one coefficient, which makes it the faintest pattern that outlives the quantiser, and every row
/// equals the one above, from which the encoder predicts it for nothing. Elsewhere some of each four blocks have the
/// pattern. An 8x8 ordered dither would need a quantiser half as coarse; measured in `docs/performance.md`.
const COLUMNS: [i32; BLOCK] = [18, 2, 2, 18, 26, 10, 10, 26, 22, 6, 6, 22, 30, 14, 14, 30];

/// What is added to red and blue, then to green, in 128ths of a level before they are rounded down, by row; after four
/// it repeats. Luma stays what it was to be: green makes up for the other two, and its own rounding moves luma by less
/// than half a level.
const ROWS: [(i32, i32); 4] = [(16, 100), (80, 52), (48, 76), (112, 28)];

/// Fraction bits of a channel while luma is weighed: with one less than drawn, it fits 16 bits signed.
const CHANNEL_BITS: u32 = 7;
/// Fraction bits of a weighed sum.
const LUMA_FRACTION: u32 = LUMA_BITS + CHANNEL_BITS;
/// Levels of grey for a level of luma, 255/219, in 1/256.
const GREY: i32 = 298;
/// Levels of green for a level of luma, 255/219/0.7152, in 1/16384.
const GREEN: i32 = 26_674;

/// A picture being drawn: a plane for each of red, green, blue and alpha, premultiplied, in 8.8 fixed point.
pub(super) struct Deep {
    bounds: IntRect,
    planes: [Vec<u16>; 4],
    /// One row of what is laid down.
    row: [Vec<u16>; 4],
}

impl Deep {
    /// All clear.
    pub(super) fn new(bounds: IntRect) -> Self {
        let (width, height) = (bounds.width() as usize, bounds.height() as usize);
        let planes = |length| [(); 4].map(|()| blank(length));
        Self { bounds, planes: planes(width * height), row: planes(width) }
    }

    /// Lays one row of premultiplied bytes over it, from (`x`, `y`) on; it must lie within the bounds.
    pub(super) fn lay_bytes(&mut self, x: i32, y: i32, bytes: &[u8]) {
        let pixels = bytes.as_chunks::<4>().0;
        for (channel, plane) in self.row.iter_mut().enumerate() {
            for (out, pixel) in plane.iter_mut().zip(pixels) {
                *out = u16::from(pixel[channel]) << 8;
            }
        }
        self.lay(x, y, pixels.len());
    }

    /// Paints the pixels of row `y` from column `x` on, as far as `coverage`, 255 being all, covers them.
    pub(super) fn paint_row(&mut self, x: i32, y: i32, coverage: &[u8], shader: &Shader) {
        let [red, green, blue, alpha] = self.row.each_mut().map(|plane| &mut plane[..coverage.len()]);
        shader.shade_deep_row(y, x, [red, green, blue, alpha]);
        if coverage.iter().any(|share| *share != 255) {
            for plane in &mut self.row {
                for (channel, share) in plane.iter_mut().zip(coverage) {
                    *channel = share_of(*channel, u16::from(*share) << 8);
                }
            }
        }
        self.lay(x, y, coverage.len());
    }

    /// Lays the first `count` pixels of the row over those from (`x`, `y`) on. What is flat stays so: whole levels over
    /// whole levels give whole ones.
    fn lay(&mut self, x: i32, y: i32, count: usize) {
        let start =
            row_index(self.bounds, y) * self.bounds.width() as usize + (x - self.bounds.left).unsigned_abs() as usize;
        let [.., alpha] = &self.row;
        let [.., solidity] = &mut self.planes;
        for (below, above) in solidity[start..start + count].iter_mut().zip(alpha) {
            // What is solid stays so to the last bit.
            *below = if *below == SOLID { SOLID } else { laid(*above, *below, *above) };
        }
        for (plane, row) in self.planes.iter_mut().zip(&self.row).take(3) {
            let below = plane[start..start + count].iter_mut();
            for ((below, above), alpha) in below.zip(row).zip(alpha) {
                *below = laid(*above, *below, *alpha);
            }
        }
    }

    /// The bytes of row `y`.
    pub(super) fn settle_row(&self, y: i32, out: &mut [u8]) {
        let width = self.bounds.width() as usize;
        let start = row_index(self.bounds, y) * width;
        let planes = self.planes.each_ref().map(|plane| &plane[start..start + width]);
        let first = self.bounds.left.rem_euclid(16).unsigned_abs() as usize;
        let columns = std::array::from_fn(|i| COLUMNS[(first + i) % BLOCK] << (LUMA_FRACTION - 5));
        let thresholds = paint::thresholds(self.bounds.left, y);
        let rounding = ROWS[y.rem_euclid(4).unsigned_abs() as usize];
        for (block, out) in out.as_chunks_mut::<4>().0.chunks_mut(BLOCK).enumerate() {
            let at = block * BLOCK;
            // The last block may be short; what is added to it is clear.
            let [r, g, b, a] = planes.map(|plane| {
                let mut pixels = [0; BLOCK];
                let part = &plane[at..at + out.len()];
                pixels[..part.len()].copy_from_slice(part);
                pixels
            });
            let mut settled = solid([&r, &g, &b], &columns, rounding);
            if a != [SOLID; BLOCK] {
                let soft = translucent([&r, &g, &b, &a], &thresholds);
                for ((pixel, soft), alpha) in settled.iter_mut().zip(soft).zip(a) {
                    *pixel = if alpha == SOLID { *pixel } else { soft };
                }
            }
            out.copy_from_slice(&settled[..out.len()]);
        }
    }
}

/// The channel `above` with opacity `alpha` over the channel `below`; whole levels where all three are.
fn laid(above: u16, below: u16, alpha: u16) -> u16 {
    let whole = (below | above | alpha) & 0xFF == 0;
    let (half, mask) = if whole { (128, 0xFF00) } else { (0, 0xFFFF) };
    ((above + share_of(below, SOLID - alpha)).saturating_add(half) & mask).min(SOLID)
}

/// `channel` times `share`, of which [`SOLID`] is all.
fn share_of(channel: u16, share: u16) -> u16 {
    // All of it would be one 65,536th less than one.
    let product = (u32::from(channel) * (u32::from(share) + u32::from(share >> 8) + 1)) >> 16;
    (product & 0xFFFF) as u16
}

/// Rounded down with one threshold for all channels; none exceeds alpha.
fn translucent(planes: [&[u16; BLOCK]; 4], thresholds: &[u16; 8]) -> [[u8; 4]; BLOCK] {
    std::array::from_fn(|i| {
        let pixel = planes.map(|plane| ((plane[i] + thresholds[i % 8]) >> 8) as u8);
        pixel.map(|channel| channel.min(pixel[3]))
    })
}

/// The colours nearest to those of solid pixels whose luma becomes a whole level: that above or below their own, as
/// `columns` says. Colours of whole levels are left as they are.
fn solid(planes: [&[u16; BLOCK]; 3], columns: &[i32; BLOCK], (red_blue, green): (i32, i32)) -> [[u8; 4]; BLOCK] {
    const ONE: i32 = 1 << CHANNEL_BITS;
    let [red, green_plane, blue] = planes;
    let mut words = [0u32; BLOCK];
    for i in 0..BLOCK {
        // At most 15 bits, so that 16-bit multiplications are enough.
        let [r, g, b] = [red[i], green_plane[i], blue[i]].map(|channel| i32::from(channel >> 1));
        let luma = r * LUMA_WEIGHTS[0] + g * LUMA_WEIGHTS[1] + b * LUMA_WEIGHTS[2];
        let target = ((luma + columns[i]) >> LUMA_FRACTION) << LUMA_FRACTION;
        let shift = (narrow((target - luma) >> LUMA_BITS) * GREY) >> 8;
        let r = byte((r + shift + red_blue) >> CHANNEL_BITS);
        let b = byte((b + shift + red_blue) >> CHANNEL_BITS);
        let rest = target - r * (LUMA_WEIGHTS[0] * ONE) - b * (LUMA_WEIGHTS[2] * ONE);
        let g = byte((((narrow(rest >> LUMA_BITS) * GREEN) >> 14) + green) >> CHANNEL_BITS);
        words[i] = (r | g << 8 | b << 16).cast_unsigned() | 0xFF00_0000;
    }
    for i in 0..BLOCK {
        let [r, g, b] = [red[i], green_plane[i], blue[i]].map(u32::from);
        let whole = r >> 8 | (g & 0xFF00) | (b & 0xFF00) << 8 | 0xFF00_0000;
        words[i] = if (r | g | b) & 0xFF == 0 { whole } else { words[i] };
    }
    words.map(u32::to_le_bytes)
}

/// The nearest value that a byte holds.
fn byte(value: i32) -> i32 {
    value.clamp(0, 255)
}

/// A value that 16 bits hold; saying so makes multiplications cheap.
#[expect(clippy::cast_possible_truncation, reason = "at most a level, or 235 of them, in 1/128")]
fn narrow(value: i32) -> i32 {
    i32::from(value as i16)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Luma of what is settled, as `convert` rounds it, above black.
    fn converted(pixel: [u8; 4]) -> i32 {
        let sum: i32 = pixel.into_iter().zip(LUMA_WEIGHTS).map(|(channel, weight)| i32::from(channel) * weight).sum();
        (sum + (1 << (LUMA_BITS - 1))) >> LUMA_BITS
    }

    const BOUNDS: IntRect = IntRect { left: 0, top: 0, right: 16, bottom: 4 };

    /// Sixteen columns of four rows of one colour.
    fn of(pixel: [u16; 4]) -> Deep {
        Deep { planes: pixel.map(|channel| vec![channel; 64]), ..Deep::new(BOUNDS) }
    }

    /// What becomes of them.
    fn settled(deep: &Deep) -> Vec<[u8; 4]> {
        let row = |y| {
            let mut out = [0; 64];
            deep.settle_row(y, &mut out);
            out.as_chunks::<4>().0.to_vec()
        };
        (0..4).flat_map(row).collect()
    }

    /// Lays one colour over all of it.
    fn lay(deep: &mut Deep, pixel: [u16; 4]) {
        deep.row = pixel.map(|channel| vec![channel; 16]);
        for y in 0..4 {
            deep.lay(0, y, 16);
        }
    }

    #[test]
    fn the_mean_of_luma_is_that_of_the_colour() {
        let channels = [0x0180u16, 0x0a01, 0x1b5f, 0x40c0, 0x81ff, 0xf3a7];
        for r in channels {
            for g in channels {
                for b in channels {
                    // What is so blue or red that a level less of luma takes many of them keeps its own instead.
                    if g < 0x0a00 {
                        continue;
                    }
                    let weighted =
                        [r, g, b].into_iter().zip(LUMA_WEIGHTS).map(|(c, weight)| f64::from(c) * f64::from(weight));
                    let exact = weighted.sum::<f64>() / f64::from(1 << (LUMA_BITS + 8));
                    let all: Vec<i32> = settled(&of([r, g, b, SOLID])).into_iter().map(converted).collect();
                    let mean = f64::from(all.iter().sum::<i32>()) / 64.0;
                    assert!((mean - exact).abs() < 0.07, "{r:x} {g:x} {b:x}: {mean}, exactly {exact}");
                    let near = |luma: &i32| (f64::from(*luma) - exact).abs() < 1.0;
                    assert!(all.iter().all(near), "{r:x} {g:x} {b:x}: {all:?}, exactly {exact}");
                }
            }
        }
    }

    #[test]
    fn the_mean_of_every_channel_is_near() {
        for v in (0x0c00..0x2000u16).step_by(37) {
            let all = settled(&of([v, v + 0x333, v + 0x1234, SOLID]));
            for (channel, exact) in [v, v + 0x333, v + 0x1234].into_iter().enumerate() {
                let sum: u32 = all.iter().map(|pixel| u32::from(pixel[channel])).sum();
                let (mean, exact) = (f64::from(sum) / 64.0, f64::from(exact) / 256.0);
                assert!((mean - exact).abs() < 0.4, "{v:x}, channel {channel}: {mean}, exactly {exact}");
            }
        }
    }

    #[test]
    fn flat_colours_stay_flat() {
        let below = [0x1100, 0x2200, 0x3300, SOLID];
        assert!(settled(&of(below)).iter().all(|pixel| *pixel == [0x11, 0x22, 0x33, 255]));
        for alpha in 0..=255u16 {
            let mut deep = of(below);
            let above = (alpha / 2) << 8;
            lay(&mut deep, [above, above, above, alpha << 8]);
            let settled = settled(&deep);
            assert!(settled.iter().all(|pixel| *pixel == settled[0] && pixel[3] == 255), "{alpha}: {settled:?}");
        }
    }

    #[test]
    fn solid_stays_solid() {
        for alpha in (0..=SOLID).step_by(7) {
            let mut deep = of([0x1234, 0x2345, 0x3456, SOLID]);
            lay(&mut deep, [0, alpha / 2, alpha, alpha]);
            assert_eq!(deep.planes[3], [SOLID; 64], "{alpha:x}");
        }
    }

    #[test]
    fn what_is_clear_changes_nothing() {
        let below = [0x1234, 0x2345, 0x3456, SOLID];
        let mut deep = of(below);
        lay(&mut deep, [0; 4]);
        assert_eq!(deep.planes, of(below).planes);
    }

    #[test]
    fn no_channel_exceeds_alpha() {
        for step in 0..=255u16 {
            let alpha = step * 255 + 77;
            let mut deep = of([alpha, alpha / 2, 0, alpha]);
            lay(&mut deep, [alpha / 3, alpha, alpha / 7, alpha]);
            for pixel in settled(&deep) {
                assert!(pixel.iter().all(|channel| *channel <= pixel[3]), "{step}: {pixel:?}");
            }
        }
    }

    #[test]
    fn a_row_does_not_depend_on_where_it_is_begun() {
        let wide = IntRect { left: -21, top: 0, right: 40, bottom: 1 };
        let row = |bounds: IntRect| {
            let mut deep = Deep::new(bounds);
            let length = bounds.width() as usize;
            let at = |x: i32| u16::try_from((x + 21) * 9).expect("small");
            let ramp = |start: u16| (bounds.left..bounds.right).map(|x| start + at(x)).collect();
            deep.planes = [ramp(2000), ramp(3000), ramp(9000), vec![SOLID; length]];
            let mut out = vec![0; length * 4];
            deep.settle_row(0, &mut out);
            out
        };
        for left in [-20, -5, 0, 3, 16] {
            let skipped = usize::try_from(left + 21).expect("within") * 4;
            assert_eq!(row(IntRect { left, ..wide }), row(wide)[skipped..], "from {left}");
        }
    }
}

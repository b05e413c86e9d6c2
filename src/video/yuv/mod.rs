//! RGBA to Y'CbCr 4:2:0: BT.709, limited range, chroma sited left. No scaling and no other format.
//!
//! Siting: H.264 takes chroma to lie on the even luma columns, half way between two rows (type 0, "left"), unless the
//! VUI says otherwise, and most players do not read what it says. A plain 2x2 average would lie half a luma column
//! further right, a coloured fringe on every vertical edge. So the colours are filtered with `[1 2 1] / 4` around each
//! even column, averaged over the two rows: right for the players that look at the tag and for those that do not.
//!
//! The arithmetic is our own, in integers: the same bytes on every machine and for every way of cutting a picture into
//! rectangles. The `yuv` crate (0.8.20, balanced mode) was tried and gave neither: a sample's value depended on how
//! wide the converted area was, it has no left siting, and it was up to 1.13 codes off the standard.

use crate::ground::color::{LUMA_BITS, LUMA_WEIGHTS};
use crate::ground::frame::{RgbaFrame, YuvFrame};
use crate::ground::geometry::{IntRect, Size};

/// Fraction bits of the weights.
const SHIFT: u32 = LUMA_BITS;
/// Blue difference: (B - Y) / 1.8556 times 224/255. The weights add up to 0, so that greys are neutral.
const BLUE: [i32; 3] = [-3298, -11094, 14392];
/// Red difference: (R - Y) / 1.5748 times 224/255.
const RED: [i32; 3] = [14392, -13072, -1320];
/// Weights of the chroma filter add up to 8, or three more bits.
const FILTER_BITS: u32 = 3;

/// Converts pictures of one size; keeps the scratch row between calls.
#[derive(Debug)]
pub struct Converter {
    size: Size,
    /// Red (low half) and blue (high half) of each column, added over two rows: two sums of at most 510 in one word.
    red_blue: Vec<u32>,
    /// Green of each column, likewise.
    green: Vec<u32>,
}

impl Converter {
    /// A converter for pictures of `size`.
    ///
    /// # Panics
    /// When width or height is odd or 0.
    #[must_use]
    pub fn new(size: Size) -> Self {
        assert!(
            size.width > 0 && size.height > 0 && size.width.is_multiple_of(2) && size.height.is_multiple_of(2),
            "4:2:0 needs even dimensions, got {size}"
        );
        let row = vec![0; size.width as usize];
        Self { size, red_blue: row.clone(), green: row }
    }

    /// Converts the whole picture.
    ///
    /// # Panics
    /// When a picture is not of the converter's size.
    pub fn convert(&mut self, picture: &RgbaFrame, planes: &mut YuvFrame) {
        self.convert_rect(picture, planes, self.size.bounds());
    }

    /// Converts what lies inside `rect`, grown to even edges and cut to the picture, and the one chroma column right of
    /// it whose filter reaches in. Where nothing outside has changed, the planes are then those that
    /// [`Converter::convert`] gives.
    ///
    /// # Panics
    /// When a picture is not of the converter's size.
    pub fn convert_rect(&mut self, picture: &RgbaFrame, planes: &mut YuvFrame, rect: IntRect) {
        assert_eq!(picture.size(), self.size, "picture of another size");
        assert_eq!(planes.size(), self.size, "planes of another size");
        // A chroma sample at column c reads pixels c-1 to c+1: the sample just right of the rectangle reads its last
        // column, so the area grows by one sample there.
        let grown = IntRect { right: rect.right.saturating_add(1), ..rect };
        let area = grown.intersect(self.size.bounds()).aligned_to_chroma();
        if area.is_empty() || rect.is_empty() {
            return;
        }
        let left = usize::try_from(area.left).unwrap_or(0);
        let top = usize::try_from(area.top).unwrap_or(0);
        for row in (top..top + area.height() as usize).step_by(2) {
            self.convert_rows(picture, planes, row, left, area.width() as usize);
        }
    }

    /// Converts the two rows from `row`, the `width` columns from the even column `left`.
    fn convert_rows(&mut self, picture: &RgbaFrame, planes: &mut YuvFrame, row: usize, left: usize, width: usize) {
        // One pixel more on the left for the filter, where there is one.
        let lead = usize::from(left > 0);
        let pixels_of = |row: usize| {
            let start = row * picture.stride_bytes() + (left - lead) * 4;
            picture.pixels()[start..start + (width + lead) * 4].as_chunks::<4>().0
        };
        let (upper, lower) = (pixels_of(row), pixels_of(row + 1));
        let luma_stride = planes.luma_stride();
        for (line, pixels) in [upper, lower].into_iter().enumerate() {
            let at = (row + line) * luma_stride + left;
            write_luma(&pixels[lead..], &mut planes.y[at..at + width]);
        }
        let sums = self.red_blue.iter_mut().zip(&mut self.green);
        for (((red_blue, green), a), b) in sums.zip(upper).zip(lower) {
            let (a, b) = (u32::from_le_bytes(*a), u32::from_le_bytes(*b));
            *red_blue = (a & 0x00ff_00ff) + (b & 0x00ff_00ff);
            *green = ((a >> 8) & 0xff) + ((b >> 8) & 0xff);
        }
        let at = row / 2 * planes.chroma_stride() + left / 2;
        let end = at + width / 2;
        let sums = [&self.red_blue[..width + lead], &self.green[..width + lead]];
        write_chroma(sums, lead, &mut planes.u[at..end], &mut planes.v[at..end]);
    }
}

fn write_luma(pixels: &[[u8; 4]], luma: &mut [u8]) {
    const BIAS: i32 = (16 << SHIFT) + (1 << (SHIFT - 1));
    for (out, pixel) in luma.iter_mut().zip(pixels) {
        // Taken out of a word instead of four bytes, the channels are loaded by vector.
        let pixel = u32::from_le_bytes(*pixel);
        let (r, g, b) = (pixel & 0xff, (pixel >> 8) & 0xff, (pixel >> 16) & 0xff);
        let [r, g, b] = [r, g, b].map(u32::cast_signed);
        *out = low_byte((r * LUMA_WEIGHTS[0] + g * LUMA_WEIGHTS[1] + b * LUMA_WEIGHTS[2] + BIAS) >> SHIFT);
    }
}

/// Filters sums of two rows around every even column. `lead` is 1 when they begin one column left of the first even
/// one; else that column is repeated.
fn write_chroma(sums: [&[u32]; 2], lead: usize, blue: &mut [u8], red: &mut [u8]) {
    let mut rest = sums;
    let mut first = 0;
    if lead == 0 {
        let [red_blue, green] = sums.map(|sums| weigh(sums[0], sums[0], sums[1]));
        (blue[0], red[0]) = (difference(red_blue, green, BLUE), difference(red_blue, green, RED));
        rest = sums.map(|sums| &sums[1..]);
        first = 1;
    }
    let count = blue.len() - first;
    if count == 0 {
        return;
    }
    // Pairs of the column before and the even column, and the same two columns later for the one after.
    let [rb, g] = rest.map(|sums| sums[..count * 2].as_chunks::<2>().0);
    let [rb_after, g_after] = rest.map(|sums| &sums[2..=count * 2]);
    let after = rb_after.iter().step_by(2).zip(g_after.iter().step_by(2));
    let out = blue[first..].iter_mut().zip(&mut red[first..]);
    for (((rb, g), (rb_next, g_next)), (blue, red)) in rb.iter().zip(g).zip(after).zip(out) {
        let (red_blue, green) = (weigh(rb[0], rb[1], *rb_next), weigh(g[0], g[1], *g_next));
        *blue = difference(red_blue, green, BLUE);
        *red = difference(red_blue, green, RED);
    }
}

/// At most 8 x 255 in each half, so that halves never spill over.
fn weigh(before: u32, at: u32, after: u32) -> u32 {
    before + 2 * at + after
}

fn difference(red_blue: u32, green: u32, weights: [i32; 3]) -> u8 {
    const SCALE: u32 = SHIFT + FILTER_BITS;
    const BIAS: i32 = (128 << SCALE) + (1 << (SCALE - 1));
    // The masks take nothing away; they tell the compiler that 16-bit multiplications are enough.
    let [r, g, b] = [red_blue & 0x7ff, green & 0x7ff, (red_blue >> 16) & 0x7ff].map(u32::cast_signed);
    low_byte((r * weights[0] + g * weights[1] + b * weights[2] + BIAS) >> SCALE)
}

/// A value that the weights keep between 16 and 240.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "16 to 240 by the weights")]
fn low_byte(value: i32) -> u8 {
    value as u8
}

#[cfg(test)]
mod tests;

//! RGBA to Y'CbCr 4:2:0: BT.709, limited range, chroma sited left. No scaling and no other format.
//!
//! Siting: H.264 takes chroma to lie on the even luma columns, half way between two rows (type 0, "left"), unless the
//! VUI says otherwise, and most players do not read what it says. A plain 2x2 average would lie half a luma column
//! further right, a coloured fringe on every vertical edge. So the colours are filtered with `[1 2 1] / 4` around each
//! even column, averaged over the two rows: right for the players that look at the tag and for those that do not.
//!
//! The arithmetic is our own, in integers: the same bytes on every machine and for every way of cutting a picture into
//! rectangles. The `yuv` crate has neither property (its vector code and its scalar code round differently, so a
//! sample depends on how wide the converted area is), has no left siting, and was up to 1.13 codes off the standard.

use crate::frame::{RgbaFrame, YuvFrame};
use crate::geometry::{IntRect, Size};

/// Fraction bits of the weights. With 15, every weight fits 16 bits signed, which is what vector units multiply best.
const SHIFT: u32 = 15;
/// Luma weights: 0.2126, 0.7152, 0.0722 (ITU-R BT.709-6, item 3.2) times 219/255; they add up to 219/255 exactly
/// rounded, so that white is 235.
const LUMA: [i32; 3] = [5983, 20127, 2032];
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
    /// Red, green and blue of each column, added over two rows.
    columns: [Vec<u16>; 3],
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
        Self { size, columns: std::array::from_fn(|_| vec![0; size.width as usize]) }
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
        for (channel, sums) in self.columns.iter_mut().enumerate() {
            for ((sum, a), b) in sums.iter_mut().zip(upper).zip(lower) {
                *sum = u16::from(a[channel]) + u16::from(b[channel]);
            }
        }
        let at = row / 2 * planes.chroma_stride() + left / 2;
        let end = at + width / 2;
        let columns = self.columns.each_ref().map(|sums| &sums[..width + lead]);
        write_chroma(columns, lead, &mut planes.u[at..end], &mut planes.v[at..end]);
    }
}

fn write_luma(pixels: &[[u8; 4]], luma: &mut [u8]) {
    const BIAS: i32 = (16 << SHIFT) + (1 << (SHIFT - 1));
    for (out, [r, g, b, _]) in luma.iter_mut().zip(pixels) {
        let sum = i32::from(*r) * LUMA[0] + i32::from(*g) * LUMA[1] + i32::from(*b) * LUMA[2] + BIAS;
        *out = low_byte(sum >> SHIFT);
    }
}

/// Filters sums of two rows around every even column. `lead` is 1 when they begin one column left of the first even
/// one; else that column is repeated.
fn write_chroma(columns: [&[u16]; 3], lead: usize, blue: &mut [u8], red: &mut [u8]) {
    let mut rest = columns;
    let mut first = 0;
    if lead == 0 {
        let weighed = columns.map(|sums| weigh(sums[0], sums[0], sums[1]));
        blue[0] = difference(weighed, BLUE);
        red[0] = difference(weighed, RED);
        rest = columns.map(|sums| &sums[1..]);
        first = 1;
    }
    // Each step takes the column before, the even column, and looks at the one after.
    let count = blue.len() - first;
    if count == 0 {
        return;
    }
    let [r, g, b] = rest.map(|sums| sums[..count * 2].as_chunks::<2>().0);
    let [r_after, g_after, b_after] = rest.map(|sums| sums[2..count * 2 + 1].iter().step_by(2));
    let before = r.iter().zip(g).zip(b);
    let after = r_after.zip(g_after).zip(b_after);
    let out = blue[first..].iter_mut().zip(&mut red[first..]);
    for ((((r, g), b), ((r_next, g_next), b_next)), (blue, red)) in before.zip(after).zip(out) {
        let weighed = [weigh(r[0], r[1], *r_next), weigh(g[0], g[1], *g_next), weigh(b[0], b[1], *b_next)];
        *blue = difference(weighed, BLUE);
        *red = difference(weighed, RED);
    }
}

fn weigh(before: u16, at: u16, after: u16) -> i32 {
    i32::from(before) + 2 * i32::from(at) + i32::from(after)
}

fn difference([r, g, b]: [i32; 3], weights: [i32; 3]) -> u8 {
    const SCALE: u32 = SHIFT + FILTER_BITS;
    const BIAS: i32 = (128 << SCALE) + (1 << (SCALE - 1));
    low_byte((r * weights[0] + g * weights[1] + b * weights[2] + BIAS) >> SCALE)
}

/// A value that the weights keep between 16 and 240.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "16 to 240 by the weights")]
fn low_byte(value: i32) -> u8 {
    value as u8
}

#[cfg(test)]
mod tests;

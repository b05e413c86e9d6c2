//! RGBA to Y'CbCr 4:2:0: BT.709, limited range, chroma sited left. No scaling and no other format.
//!
//! Siting: H.264 takes chroma to lie on the even luma columns, half way between two rows (type 0, "left"), unless the
//! VUI says otherwise, and most players do not read what it says. A plain 2x2 average would lie half a luma column
//! further right, a coloured fringe on every vertical edge. So the chroma of all pixels is computed and filtered with
//! `[1 2 1] / 4` around each even column, averaged over the two rows: right for the players that look at the tag and
//! for those that do not.

use crate::frame::{RgbaFrame, YuvFrame};
use crate::geometry::{IntRect, Size};
use yuv::{BufferStoreMut, YuvConversionMode, YuvPlanarImageMut, YuvRange, YuvStandardMatrix};

/// Converts pictures of one size; keeps the scratch rows between calls.
#[derive(Debug)]
pub struct Converter {
    size: Size,
    luma: Vec<u8>,
    blue: Vec<u8>,
    red: Vec<u8>,
    summed: Vec<u16>,
}

/// Rows converted at a time: few enough that the scratch stays in the cache.
const BAND_ROWS: usize = 2;

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
        let band = size.width as usize * BAND_ROWS;
        Self {
            size,
            luma: vec![0; band],
            blue: vec![0; band],
            red: vec![0; band],
            summed: vec![0; size.width as usize],
        }
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
        // A chroma sample at column c reads pixels 2c-1 to 2c+1: the sample just right of the rectangle reads its
        // last column, so the area grows by one sample there.
        let grown = IntRect { right: rect.right.saturating_add(1), ..rect };
        let area = grown.intersect(self.size.bounds()).aligned_to_chroma();
        if area.is_empty() || rect.is_empty() {
            return;
        }
        let left = usize::try_from(area.left).unwrap_or(0);
        let top = usize::try_from(area.top).unwrap_or(0);
        for row in (top..top + area.height() as usize).step_by(BAND_ROWS) {
            self.convert_band(picture, planes, row, left, area.width() as usize);
        }
    }

    /// Converts two rows from `row`, the `width` columns from the even column `left`.
    fn convert_band(&mut self, picture: &RgbaFrame, planes: &mut YuvFrame, row: usize, left: usize, width: usize) {
        // One pixel more on the left for the filter, where there is one.
        let lead = usize::from(left > 0);
        let columns = width + lead;
        let stride = picture.stride_bytes();
        let start = row * stride + (left - lead) * 4;
        let end = (row + 1) * stride + (left + width) * 4;
        self.convert_without_subsampling(&picture.pixels()[start..end], stride, columns);

        let luma_stride = planes.luma_stride();
        for (line, from) in self.luma.chunks_exact(columns).take(BAND_ROWS).enumerate() {
            let at = (row + line) * luma_stride + left;
            planes.y[at..at + width].copy_from_slice(&from[lead..]);
        }
        let at = row / 2 * planes.chroma_stride() + left / 2;
        for (scratch, plane) in [(&self.blue, &mut planes.u), (&self.red, &mut planes.v)] {
            let (upper, lower) = scratch[..columns * 2].split_at(columns);
            for ((sum, a), b) in self.summed.iter_mut().zip(upper).zip(lower) {
                *sum = u16::from(*a) + u16::from(*b);
            }
            halve_left_sited(&self.summed[..columns], lead, &mut plane[at..at + width / 2]);
        }
    }

    /// Y'CbCr 4:4:4 of two rows into the scratch, `columns` wide without padding.
    fn convert_without_subsampling(&mut self, rgba: &[u8], stride: usize, columns: usize) {
        let to_u32 = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
        let mut image = YuvPlanarImageMut {
            y_plane: BufferStoreMut::Borrowed(&mut self.luma[..columns * BAND_ROWS]),
            y_stride: to_u32(columns),
            u_plane: BufferStoreMut::Borrowed(&mut self.blue[..columns * BAND_ROWS]),
            u_stride: to_u32(columns),
            v_plane: BufferStoreMut::Borrowed(&mut self.red[..columns * BAND_ROWS]),
            v_stride: to_u32(columns),
            width: to_u32(columns),
            height: to_u32(BAND_ROWS),
        };
        yuv::rgba_to_yuv444(
            &mut image,
            rgba,
            to_u32(stride),
            YuvRange::Limited,
            YuvStandardMatrix::Bt709,
            YuvConversionMode::Balanced,
        )
        .expect("buffers are cut to the sizes given in this very call");
    }
}

/// Filters sums of two rows with `[1 2 1]` around every even column and divides by the 8 that make the weights one.
/// `lead` is 1 when `summed` begins one column left of the first even column; else that column is repeated.
fn halve_left_sited(summed: &[u16], lead: usize, chroma: &mut [u8]) {
    let weigh = |before: u16, at: u16, after: u16| ((before + 2 * at + after + 4) >> 3).to_be_bytes()[1];
    let rest = if lead == 1 {
        &summed[..]
    } else {
        chroma[0] = weigh(summed[0], summed[0], summed[1]);
        &summed[1..]
    };
    let first = 1 - lead;
    for (out, three) in chroma[first..].iter_mut().zip(rest.windows(3).step_by(2)) {
        *out = weigh(three[0], three[1], three[2]);
    }
}

#[cfg(test)]
mod tests;

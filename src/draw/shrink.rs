//! Making a picture smaller: every pixel is the mean light of the area it covers. Never larger.

use std::sync::LazyLock;

use crate::ground::frame::RgbaFrame;
use crate::ground::geometry::Size;

/// Light of each sRGB code, 0 to 65535 (IEC 61966-2-1). Rounded to integers, so that sums are exact everywhere.
static LIGHT: LazyLock<[u16; 256]> = LazyLock::new(|| {
    std::array::from_fn(|code| {
        let encoded = code as f64 / 255.0;
        let light = if encoded <= 0.04045 { encoded / 12.92 } else { ((encoded + 0.055) / 1.055).powf(2.4) };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 65535 by construction")]
        let rounded = (light * 65535.0).round() as u16;
        rounded
    })
});

/// The sRGB code whose light is nearest, for each light; of two equally near ones the higher.
static NEAREST_CODE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut code = 0u8;
    let nearer = |light: u16, code: u8| {
        let off = |code: u8| light.abs_diff(LIGHT[usize::from(code)]);
        code.checked_add(1).filter(|next| off(*next) <= off(code))
    };
    (0..=u16::MAX)
        .map(|light| {
            while let Some(next) = nearer(light, code) {
                code = next;
            }
            code
        })
        .collect()
});

/// Pixels whose light `u32` can sum up.
const MAX_SUMMED: u32 = 1 << 16;

/// The opaque picture made to fit `side_px` by `side_px` with its proportions kept; a smaller one stays as it is.
#[must_use]
pub fn shrink_to_fit(picture: &RgbaFrame, side_px: u32) -> RgbaFrame {
    let Size { width, height } = picture.size();
    let longest = width.max(height);
    if longest <= side_px || side_px == 0 {
        return picture.clone();
    }
    let scaled = |side: u32| {
        let exact = (u64::from(side) * u64::from(side_px) * 2 + u64::from(longest)) / (u64::from(longest) * 2);
        u32::try_from(exact).unwrap_or(side_px).max(1)
    };
    let size = Size::new(scaled(width), scaled(height));
    let (across, down) = (width / size.width, height / size.height);
    if Size::new(across * size.width, down * size.height) == picture.size() && across * down <= MAX_SUMMED {
        return mean_of_blocks(picture, size);
    }
    let columns = coverage(width, size.width);
    let rows = coverage(height, size.height);
    let (codes, area) = (NEAREST_CODE.as_slice(), u64::from(width) * u64::from(height));
    let mut pixels = Vec::with_capacity(size.width as usize * size.height as usize * 4);
    // A row of the picture belongs to one row of the result, or to two; it is added up along itself once.
    let (mut along, mut added) = (vec![[0u32; 3]; columns.len()], None);
    let mut sums = vec![[0u64; 3]; columns.len()];
    for row in &rows {
        sums.fill([0; 3]);
        for (y, weight) in row {
            if added != Some(*y) {
                let from = y * picture.stride_bytes();
                add_along(&picture.pixels()[from..from + width as usize * 4], &columns, &mut along);
                added = Some(*y);
            }
            for (sum, part) in sums.as_flattened_mut().iter_mut().zip(along.as_flattened()) {
                *sum += u64::from(*part) * u64::from(*weight);
            }
        }
        for sum in &sums {
            let [r, g, b] = sum.map(|sum| codes[usize::try_from((sum + area / 2) / area).unwrap_or(0)]);
            pixels.extend_from_slice(&[r, g, b, 255]);
        }
    }
    RgbaFrame::from_pixels(size, pixels).expect("the loops above push four bytes for each pixel")
}

/// The same where each pixel of the result covers whole pixels, as many as any other and at most [`MAX_SUMMED`].
fn mean_of_blocks(picture: &RgbaFrame, size: Size) -> RgbaFrame {
    let (across, down) = (picture.size().width / size.width, picture.size().height / size.height);
    let (light, codes) = (&*LIGHT, NEAREST_CODE.as_slice());
    let count = across * down;
    let mut pixels = Vec::with_capacity(size.width as usize * size.height as usize * 4);
    let mut sums = vec![[0u32; 3]; size.width as usize];
    for rows in picture.pixels().chunks_exact(picture.stride_bytes() * down as usize) {
        sums.fill([0; 3]);
        for row in rows.chunks_exact(picture.stride_bytes()) {
            for (sum, block) in sums.iter_mut().zip(row.as_chunks::<4>().0.chunks_exact(across as usize)) {
                for [r, g, b, _] in block {
                    for (sum, code) in sum.iter_mut().zip([r, g, b]) {
                        *sum += u32::from(light[usize::from(*code)]);
                    }
                }
            }
        }
        for sum in &sums {
            let [r, g, b] = sum.map(|sum| codes[((sum + count / 2) / count) as usize]);
            pixels.extend_from_slice(&[r, g, b, 255]);
        }
    }
    RgbaFrame::from_pixels(size, pixels).expect("as many rows and columns as blocks")
}

/// The light of a row of pixels, added up for each column of the result.
fn add_along(row: &[u8], columns: &[Vec<(usize, u32)>], sums: &mut [[u32; 3]]) {
    let (light, row) = (&*LIGHT, row.as_chunks::<4>().0);
    for (sum, column) in sums.iter_mut().zip(columns) {
        *sum = [0; 3];
        for (x, weight) in column {
            let [r, g, b, _] = row[*x];
            // At most 65535 times the width, which is at most 65535 too.
            for (sum, code) in sum.iter_mut().zip([r, g, b]) {
                *sum += u32::from(light[usize::from(code)]) * weight;
            }
        }
    }
}

/// For each of `to` places: the source places it covers and how much of each, in parts that add up to `from`.
fn coverage(from: u32, to: u32) -> Vec<Vec<(usize, u32)>> {
    let (from, to) = (u64::from(from), u64::from(to));
    (0..to)
        .map(|place| {
            let (start, end) = (place * from, (place + 1) * from);
            (start / to..end.div_ceil(to))
                .map(|source| {
                    let part = end.min((source + 1) * to) - start.max(source * to);
                    (usize::try_from(source).unwrap_or(usize::MAX), u32::try_from(part).unwrap_or(u32::MAX))
                })
                .collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(size: Size, mut grey: impl FnMut(u32, u32) -> u8) -> RgbaFrame {
        let mut pixels = Vec::new();
        for y in 0..size.height {
            for x in 0..size.width {
                let value = grey(x, y);
                pixels.extend_from_slice(&[value, value, value, 255]);
            }
        }
        RgbaFrame::from_pixels(size, pixels).expect("as many as the size has")
    }

    #[test]
    fn every_code_survives() {
        for grey in 0..=255 {
            let small = shrink_to_fit(&picture(Size::new(7, 5), |_, _| grey), 3);
            assert!(small.pixels().chunks_exact(4).all(|pixel| pixel == [grey, grey, grey, 255]), "grey {grey}");
        }
    }

    #[test]
    fn a_fine_chequerboard_keeps_its_light() {
        // Half the light of white is the sRGB code 188, not 128.
        let board = picture(Size::new(640, 640), |x, y| if (x + y) % 2 == 0 { 255 } else { 0 });
        assert_eq!(shrink_to_fit(&board, 320).pixel(100, 100), [188, 188, 188, 255]);
    }

    #[test]
    fn whole_blocks_are_the_mean_of_their_light() {
        let picture = picture(Size::new(640, 960), |x, y| (x * 7 + y * 13 + x * y % 11).to_le_bytes()[0]);
        let small = shrink_to_fit(&picture, 320);
        assert_eq!(small.size(), Size::new(213, 320));
        let small = shrink_to_fit(&picture, 480);
        assert_eq!(small.size(), Size::new(320, 480));
        for (x, y) in (0..320).flat_map(|x| (0..480).map(move |y| (x, y))) {
            let block = [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(dx, dy)| picture.pixel(2 * x + dx, 2 * y + dy)[0]);
            let mean = block.iter().map(|code| f64::from(LIGHT[usize::from(*code)])).sum::<f64>() / 4.0;
            let off = |code: u8| (f64::from(LIGHT[usize::from(code)]) - mean).abs();
            let code = small.pixel(x, y)[0];
            let nearest = (0..=255).map(off).fold(f64::MAX, f64::min);
            assert!(off(code) <= nearest + 1.0, "{block:?} became {code}");
        }
    }

    #[test]
    fn proportions_stay_and_nothing_grows() {
        let size = |w, h| shrink_to_fit(&RgbaFrame::new(Size::new(w, h)), 320).size();
        assert_eq!(size(1080, 1920), Size::new(180, 320));
        assert_eq!(size(1080, 1350), Size::new(256, 320));
        assert_eq!(size(1920, 1080), Size::new(320, 180));
        assert_eq!(size(100, 20), Size::new(100, 20));
        assert_eq!(size(4000, 1), Size::new(320, 1));
    }
}

//! Straight pixels to premultiplied ones, and large pictures to a smaller size.
//!
//! The filter is the exact mean over the area that a new pixel covers, in linear light and weighted by opacity. For
//! making a picture smaller it loses nothing that a longer filter would keep at these ratios, it never overshoots (no
//! rings around a logo, no channel above its alpha), thin lines keep their brightness, and colour hidden under full
//! transparency does not bleed. Only additions, multiplications and table look-ups touch a pixel, so results are equal
//! on every machine.

use crate::ground::frame::RgbaFrame;
use crate::ground::geometry::Size;

/// sRGB bytes as linear light, 0 to 65535, IEC 61966-2-1; and the linear values half-way between neighbours, to go
/// back.
struct Transfer {
    linear: [f32; 256],
    midpoints: [f32; 255],
}

impl Transfer {
    fn new() -> Self {
        // Rounded to integers, so that a last bit of `powf` that differs between machines cannot matter.
        let linear = |encoded: f32| {
            let light = if encoded <= 0.040_45 { encoded / 12.92 } else { ((encoded + 0.055) / 1.055).powf(2.4) };
            (light * 65_535.0).round()
        };
        let level = |step: usize| u16::try_from(step).map_or(0.0, f32::from);
        Self {
            linear: std::array::from_fn(|step| linear(level(step) / 255.0)),
            midpoints: std::array::from_fn(|step| linear((level(step) + 0.5) / 255.0)),
        }
    }

    /// The nearest sRGB byte.
    fn encoded(&self, light: f32) -> u8 {
        u8::try_from(self.midpoints.partition_point(|midpoint| *midpoint <= light)).unwrap_or(u8::MAX)
    }
}

/// Which source samples a new one covers: the first of them, and the share of each.
struct Coverage {
    first: usize,
    shares: Vec<f32>,
}

/// Makes straight RGBA `pixels` premultiplied, and no longer than `longest_side_px` on a side; proportions are kept to
/// the pixel, and no side falls below 1.
///
/// # Panics
/// When there are not exactly width x height x 4 bytes.
pub(super) fn premultiply_and_reduce(mut pixels: Vec<u8>, size: Size, longest_side_px: u32) -> RgbaFrame {
    let reduced = reduced_size(size, longest_side_px);
    if reduced != size {
        pixels = reduce(&pixels, size, reduced);
    } else {
        for pixel in pixels.as_chunks_mut::<4>().0 {
            *pixel = premultiplied(*pixel);
        }
    }
    RgbaFrame::from_pixels(reduced, pixels).expect("a decoder returns as many bytes as its size says")
}

/// `size` shrunk until its longer side is at most `longest_side_px`.
fn reduced_size(size: Size, longest_side_px: u32) -> Size {
    let longest = u64::from(size.width.max(size.height));
    let target = u64::from(longest_side_px.max(1));
    if longest <= target {
        return size;
    }
    let side = |px: u32| u32::try_from((u64::from(px) * target + longest / 2) / longest).unwrap_or(px).max(1);
    Size::new(side(size.width), side(size.height))
}

fn premultiplied([r, g, b, a]: [u8; 4]) -> [u8; 4] {
    let times_alpha = |channel: u8| u8::try_from((u32::from(channel) * u32::from(a) + 127) / 255).unwrap_or(u8::MAX);
    [times_alpha(r), times_alpha(g), times_alpha(b), a]
}

/// Row by row: each source row is reduced horizontally and added to the one or two new rows it touches.
fn reduce(pixels: &[u8], from: Size, to: Size) -> Vec<u8> {
    let transfer = Transfer::new();
    let columns = coverages(from.width, to.width);
    let rows = coverages(from.height, to.height);
    let stride = from.width as usize * 4;
    let mut reduced = Vec::with_capacity(to.width as usize * to.height as usize * 4);
    let mut light = vec![[0f32; 4]; from.width as usize];
    let mut sums = vec![[0f32; 4]; to.width as usize];
    for row in &rows {
        sums.fill([0.0; 4]);
        for (offset, row_share) in row.shares.iter().enumerate() {
            let start = (row.first + offset) * stride;
            for (light, [r, g, b, a]) in light.iter_mut().zip(pixels[start..start + stride].as_chunks::<4>().0) {
                let opacity = f32::from(*a) / 255.0;
                let channel = |value: u8| transfer.linear[usize::from(value)] * opacity;
                *light = [channel(*r), channel(*g), channel(*b), opacity];
            }
            for (sum, column) in sums.iter_mut().zip(&columns) {
                let covered = &light[column.first..column.first + column.shares.len()];
                let mut mean = [0f32; 4];
                for (sample, share) in covered.iter().zip(&column.shares) {
                    for (mean, value) in mean.iter_mut().zip(sample) {
                        *mean += value * share;
                    }
                }
                for (sum, value) in sum.iter_mut().zip(mean) {
                    *sum += value * row_share;
                }
            }
        }
        for [r, g, b, opacity] in &sums {
            let straight = |sum: f32| if *opacity > 0.0 { transfer.encoded(sum / opacity) } else { 0 };
            reduced.extend_from_slice(&premultiplied([straight(*r), straight(*g), straight(*b), to_byte(*opacity)]));
        }
    }
    reduced
}

/// How `to` new samples cover `from` old ones; shares of one new sample add up to 1. Needs `to` <= `from`.
#[expect(clippy::cast_precision_loss, reason = "shares are ratios of numbers below 2^28, and only ratios matter")]
fn coverages(from: u32, to: u32) -> Vec<Coverage> {
    // In units of 1/to of an old sample all edges are whole numbers: new sample k covers from*k .. from*(k+1).
    let (from, to) = (u64::from(from), u64::from(to));
    (0..to)
        .map(|k| {
            let (start, end) = (from * k, from * (k + 1));
            let (first, last) = (start / to, end.div_ceil(to));
            let shares =
                (first..last).map(|old| (end.min((old + 1) * to) - start.max(old * to)) as f32 / from as f32).collect();
            Coverage { first: usize::try_from(first).unwrap_or(usize::MAX), shares }
        })
        .collect()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0-255 first")]
fn to_byte(value: f32) -> u8 {
    (value * 255.0).round().clamp(0.0, 255.0) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_survives_the_way_through_light() {
        let transfer = Transfer::new();
        for level in 0..=255u8 {
            assert_eq!(transfer.encoded(transfer.linear[usize::from(level)]), level);
        }
    }

    #[test]
    fn shares_cover_every_sample_once() {
        for (from, to) in [(1, 1), (2, 1), (3, 2), (7, 3), (3000, 1600), (8192, 1600), (1601, 1600)] {
            let covered = coverages(from, to);
            let mut totals = vec![0f32; from as usize];
            for coverage in &covered {
                assert!((coverage.shares.iter().sum::<f32>() - 1.0).abs() < 1e-4);
                for (offset, share) in coverage.shares.iter().enumerate() {
                    totals[coverage.first + offset] += share;
                }
            }
            let expected = covered.len() as f32 / from as f32;
            assert!(totals.iter().all(|total| (total - expected).abs() < 1e-4), "{from} to {to}");
        }
    }

    #[test]
    fn black_and_white_mix_in_light() {
        let checks = [0, 0, 0, 255, 255, 255, 255, 255];
        let frame = premultiply_and_reduce(checks.to_vec(), Size::new(2, 1), 1);
        // Half the light is sRGB 188, not 128.
        assert_eq!((frame.size(), frame.pixel(0, 0)), (Size::new(1, 1), [188, 188, 188, 255]));
    }

    #[test]
    fn hidden_colour_does_not_bleed() {
        let pixels = [255, 0, 0, 255, 0, 255, 0, 0];
        let frame = premultiply_and_reduce(pixels.to_vec(), Size::new(2, 1), 1);
        assert_eq!(frame.pixel(0, 0), [128, 0, 0, 128]);
    }

    #[test]
    fn small_pictures_are_only_premultiplied() {
        let frame = premultiply_and_reduce(vec![200, 100, 50, 128], Size::new(1, 1), 1600);
        assert_eq!(frame.pixel(0, 0), [100, 50, 25, 128]);
    }

    #[test]
    fn proportions_are_kept_and_no_side_vanishes() {
        assert_eq!(reduced_size(Size::new(3000, 3000), 1600), Size::new(1600, 1600));
        assert_eq!(reduced_size(Size::new(3200, 1000), 1600), Size::new(1600, 500));
        assert_eq!(reduced_size(Size::new(8192, 1), 1600), Size::new(1600, 1));
        assert_eq!(reduced_size(Size::new(1600, 1600), 1600), Size::new(1600, 1600));
    }
}

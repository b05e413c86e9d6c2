//! Pictures brought to the size of their box: a separable Catmull-Rom filter, widened when it shrinks.
//!
//! Keys, *Cubic convolution interpolation for digital image processing*, 1981, with a = -0.5. It works on premultiplied
//! bytes, so that clear pixels lend no colour to their neighbours, and in integers.

use std::ops::Range;

use super::blend;
use super::rounded::RoundedBox;
use super::tile::Sheet;
use crate::compose::scene::Picture;
use crate::ground::frame::RgbaFrame;
use crate::ground::geometry::{IntRect, Rect};

/// Fractional bits of a weight.
const WEIGHT_BITS: u32 = 14;
/// Fractional bits kept between the two passes.
const BETWEEN_BITS: u32 = 5;
/// Fractional bits of what the second pass adds up.
const LAST_BITS: u32 = WEIGHT_BITS + BETWEEN_BITS;

/// The source pixels that make up one target pixel, along one axis.
struct Taps {
    first: usize,
    weights: Vec<i16>,
}

/// The same for a row of bytes, whose sums stay far below 2^24: so they are exact in `f32` too, of which four are
/// multiplied at once where four `i32` are not.
struct RowTaps {
    first: usize,
    weights: Vec<f32>,
}

/// The pixels of the canvas a picture may touch.
pub(super) fn bounds(picture: &Picture) -> IntRect {
    let clip = RoundedBox::of(&picture.clip);
    let whole = RoundedBox::plain(picture.rect);
    let source = picture.pixels.size();
    if clip.is_empty() || whole.is_empty() || source.width == 0 || source.height == 0 {
        return IntRect::default();
    }
    clip.bounds().intersect(whole.bounds())
}

/// Draws the part of a picture that lies on the sheet.
pub(super) fn draw(sheet: &mut Sheet, picture: &Picture) {
    let area = bounds(picture).intersect(sheet.bounds());
    if area.is_empty() {
        return;
    }
    let (clip, whole) = (RoundedBox::of(&picture.clip), RoundedBox::plain(picture.rect));
    let resized = resize(&picture.pixels, picture.rect, area);
    let row_bytes = area.width() as usize * 4;
    let mut coverage = vec![0; area.width() as usize];
    for (y, mut row) in (area.top..).zip(resized.chunks_exact(row_bytes).map(<[u8]>::to_vec)) {
        for shape in [&clip, &whole] {
            shape.cover_row(y, area.left, &mut coverage);
            blend::cover(&mut row, &coverage);
        }
        sheet.lay_row(area.left, y, &row);
    }
}

/// The pixels of `area`, which lies within `rect`, when `source` is stretched over `rect`.
fn resize(source: &RgbaFrame, rect: Rect, area: IntRect) -> Vec<u8> {
    if let Some(copied) = copy(source, rect, area) {
        return copied;
    }
    let size = source.size();
    let columns = taps(size.width, rect.x, rect.width, area.left, area.right);
    let rows = taps(size.height, rect.y, rect.height, area.top, area.bottom);
    let first_row = rows.iter().map(|taps| taps.first).min().unwrap_or(0);
    let end_row = rows.iter().map(|taps| taps.first + taps.weights.len()).max().unwrap_or(0);
    let width = columns.len();
    let narrowed = narrow(source, first_row..end_row, columns);

    let mut out = Vec::with_capacity(width * rows.len() * 4);
    let mut sums = vec![[0i32; 4]; width];
    for taps in &rows {
        sums.fill([0; 4]);
        for (k, weight) in taps.weights.iter().enumerate() {
            let from = &narrowed[(taps.first - first_row + k) * width..][..width];
            for (sum, from) in sums.as_flattened_mut().iter_mut().zip(from.as_flattened()) {
                *sum += i32::from(*from) * i32::from(*weight);
            }
        }
        for sum in &sums {
            let [r, g, b, alpha] = sum.map(|s| ((s + (1 << (LAST_BITS - 1))) >> LAST_BITS).clamp(0, 255));
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a byte")]
            out.extend([r.min(alpha), g.min(alpha), b.min(alpha), alpha].map(|channel| channel as u8));
        }
    }
    out
}

/// The pixels themselves, where each of them falls on one of the target.
fn copy(source: &RgbaFrame, rect: Rect, area: IntRect) -> Option<Vec<u8>> {
    let at_rest = rect.rounded_out();
    let rests = Rect::new(at_rest.left as f32, at_rest.top as f32, at_rest.width() as f32, at_rest.height() as f32);
    let size = source.size();
    if (rests, at_rest.width(), at_rest.height()) != (rect, size.width, size.height) || area.intersect(at_rest) != area
    {
        return None;
    }
    let left = (area.left - at_rest.left).unsigned_abs() as usize * 4;
    let rows = (area.top - at_rest.top).unsigned_abs() as usize..(area.bottom - at_rest.top).unsigned_abs() as usize;
    let row = |y: usize| &source.pixels()[y * source.stride_bytes() + left..][..area.width() as usize * 4];
    Some(rows.map(row).collect::<Vec<&[u8]>>().concat())
}

/// Some rows of `source`, brought to the width of `columns`.
fn narrow(source: &RgbaFrame, rows: Range<usize>, columns: Vec<Taps>) -> Vec<[i16; 4]> {
    let width = columns.len();
    let exact = |taps: Taps| RowTaps { first: taps.first, weights: taps.weights.into_iter().map(f32::from).collect() };
    let columns: Vec<RowTaps> = columns.into_iter().map(exact).collect();
    let mut narrowed = vec![[0i16; 4]; width * rows.len()];
    let mut row = vec![[0f32; 4]; source.size().width as usize];
    for (y, out) in rows.zip(narrowed.chunks_exact_mut(width)) {
        let bytes = &source.pixels()[y * source.stride_bytes()..][..source.stride_bytes()];
        for (channel, byte) in row.as_flattened_mut().iter_mut().zip(bytes) {
            *channel = f32::from(*byte);
        }
        for (pixel, taps) in out.iter_mut().zip(&columns) {
            let mut sum = [0f32; 4];
            for (from, weight) in row[taps.first..].iter().zip(&taps.weights) {
                for channel in 0..4 {
                    sum[channel] += from[channel] * weight;
                }
            }
            #[expect(clippy::cast_possible_truncation, reason = "whole numbers below 2^24")]
            let whole = sum.map(|sum| sum as i32);
            *pixel = whole.map(|sum| rounded(sum, WEIGHT_BITS - BETWEEN_BITS));
        }
    }
    narrowed
}

fn rounded(sum: i32, bits: u32) -> i16 {
    let nearest = (sum + (1 << (bits - 1))) >> bits;
    i16::try_from(nearest).unwrap_or(if nearest < 0 { i16::MIN } else { i16::MAX })
}

/// Weights for the target pixels `from..to` when `source` pixels are stretched over `length` px beginning at `start`.
fn taps(source: u32, start: f32, length: f32, from: i32, to: i32) -> Vec<Taps> {
    let per_px = f64::from(source) / f64::from(length);
    let widen = per_px.max(1.0);
    let last = f64::from(source) - 1.0;
    (from..to)
        .map(|target| {
            // Centre of the target pixel, in source pixels whose centres are whole numbers.
            let center = (f64::from(target) + 0.5 - f64::from(start)) * per_px - 0.5;
            let low = (center - 2.0 * widen).ceil().clamp(0.0, last);
            let high = (center + 2.0 * widen).floor().clamp(low, last);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the source")]
            let (first, end) = (low as usize, high as usize + 1);
            let exact: Vec<f64> = (first..end).map(|at| catmull_rom((at as f64 - center) / widen)).collect();
            Taps { first, weights: normalised(&exact) }
        })
        .collect()
}

/// Weights as integers that add up to exactly one.
fn normalised(exact: &[f64]) -> Vec<i16> {
    let one = 1i16 << WEIGHT_BITS;
    let sum: f64 = exact.iter().sum();
    if exact.len() == 1 || sum.abs() < 1e-6 {
        let mut nearest = vec![0; exact.len()];
        nearest[exact.len() / 2] = one;
        return nearest;
    }
    #[expect(clippy::cast_possible_truncation, reason = "shares of 2^14, at most a fifth more than all")]
    let mut weights: Vec<i16> = exact.iter().map(|w| (w / sum * f64::from(one)).round() as i16).collect();
    let missing = one - weights.iter().sum::<i16>();
    if let Some(largest) = weights.iter_mut().max() {
        *largest += missing;
    }
    weights
}

fn catmull_rom(x: f64) -> f64 {
    let x = x.abs();
    if x < 1.0 {
        1.5 * x * x * x - 2.5 * x * x + 1.0
    } else if x < 2.0 {
        -0.5 * x * x * x + 2.5 * x * x - 4.0 * x + 2.0
    } else {
        0.0
    }
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "test patterns wrap around")]
mod tests {
    use super::*;
    use crate::ground::geometry::Size;

    fn gradient(width: u32, height: u32) -> RgbaFrame {
        let pixels = (0..height)
            .flat_map(|y| (0..width).flat_map(move |x| [(x * 3) as u8, (y * 5) as u8, ((x ^ y) * 7) as u8, 255]))
            .collect();
        RgbaFrame::from_pixels(Size::new(width, height), pixels).expect("of this size")
    }

    #[test]
    fn at_its_own_size_a_picture_is_copied() {
        let source = gradient(23, 17);
        let area = IntRect { left: 4, top: -2, right: 27, bottom: 15 };
        assert_eq!(resize(&source, Rect::new(4.0, -2.0, 23.0, 17.0), area), source.pixels());
    }

    #[test]
    fn flat_colours_stay_flat_at_any_size() {
        let source = RgbaFrame::from_pixels(Size::new(31, 9), [40, 80, 120, 160].repeat(31 * 9)).expect("of this size");
        for (width, height) in [(5.0, 3.0), (31.5, 8.7), (100.0, 90.0), (0.4, 0.4)] {
            let rect = Rect::new(1.3, 2.6, width, height);
            for pixel in resize(&source, rect, rect.rounded_out()).as_chunks::<4>().0 {
                assert_eq!(pixel, &[40, 80, 120, 160], "{width}x{height}");
            }
        }
    }

    #[test]
    fn shrinking_averages_instead_of_skipping() {
        let checks: Vec<u8> = (0..64 * 64)
            .flat_map(|i: u32| if (i % 64 + i / 64).is_multiple_of(2) { [255; 4] } else { [0, 0, 0, 255] })
            .collect();
        let source = RgbaFrame::from_pixels(Size::new(64, 64), checks).expect("of this size");
        let small = resize(&source, Rect::new(0.0, 0.0, 13.0, 13.0), Size::new(13, 13).bounds());
        for pixel in small.as_chunks::<4>().0 {
            assert!(pixel[0].abs_diff(128) <= 6, "{pixel:?}");
        }
    }
}

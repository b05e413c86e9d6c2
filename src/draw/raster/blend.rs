//! Arithmetic on rows of premultiplied RGBA bytes: laying over, fading, moving by a fraction of a pixel.
//!
//! Integers only, every result rounded to the nearest. The loops run over fixed blocks of 16-bit lanes, which the
//! compiler turns into vector code without any help. It knows nothing of pictures, tiles or clips.

/// Bytes worked on at once: 8 pixels.
const BLOCK: usize = 32;

/// `x / 255`, rounded to the nearest; exact for every product of two bytes.
#[inline(always)]
pub(super) fn div255(x: u16) -> u16 {
    let biased = x.wrapping_add(128);
    biased.wrapping_add(biased >> 8) >> 8
}

/// The product of two bytes taken as shares of 255, rounded to the nearest.
#[inline(always)]
pub(super) fn mul255(a: u8, b: u8) -> u8 {
    (div255(u16::from(a) * u16::from(b)) & 0xFF) as u8
}

#[inline(always)]
fn over_bytes<const N: usize>(dst: &mut [u8; N], src: &[u8; N]) {
    let mut keep = [0u16; N];
    for i in 0..N {
        keep[i] = u16::from(!src[i | 3]);
    }
    for i in 0..N {
        let below = div255(u16::from(dst[i]).wrapping_mul(keep[i]));
        dst[i] = u16::from(src[i]).wrapping_add(below).min(255) as u8;
    }
}

/// Lays `src` over `dst`; both are rows of the same number of pixels.
pub(super) fn over(dst: &mut [u8], src: &[u8]) {
    let (dst_blocks, dst_rest) = dst.as_chunks_mut::<BLOCK>();
    let (src_blocks, src_rest) = src.as_chunks::<BLOCK>();
    for (d, s) in dst_blocks.iter_mut().zip(src_blocks) {
        over_bytes(d, s);
    }
    for (d, s) in dst_rest.as_chunks_mut::<4>().0.iter_mut().zip(src_rest.as_chunks::<4>().0) {
        over_bytes(d, s);
    }
}

#[inline(always)]
fn over_faded_bytes<const N: usize>(dst: &mut [u8; N], src: &[u8; N], opacity: u16) {
    let mut faded = [0u8; N];
    for i in 0..N {
        faded[i] = (u16::from(src[i]).wrapping_mul(opacity).wrapping_add(128) >> 8).min(255) as u8;
    }
    over_bytes(dst, &faded);
}

/// Lays `src` over `dst`, faded to `opacity` / 256; `opacity` is at most 256.
pub(super) fn over_faded(dst: &mut [u8], src: &[u8], opacity: u16) {
    if opacity >= 256 {
        return over(dst, src);
    }
    let (dst_blocks, dst_rest) = dst.as_chunks_mut::<BLOCK>();
    let (src_blocks, src_rest) = src.as_chunks::<BLOCK>();
    for (d, s) in dst_blocks.iter_mut().zip(src_blocks) {
        over_faded_bytes(d, s, opacity);
    }
    for (d, s) in dst_rest.as_chunks_mut::<4>().0.iter_mut().zip(src_rest.as_chunks::<4>().0) {
        over_faded_bytes(d, s, opacity);
    }
}

/// Multiplies every pixel of `row` by its coverage, 255 being all of it.
pub(super) fn cover(row: &mut [u8], coverage: &[u8]) {
    for (pixel, share) in row.as_chunks_mut::<4>().0.iter_mut().zip(coverage) {
        for channel in pixel {
            *channel = mul255(*channel, *share);
        }
    }
}

/// One row of a picture moved right by `right`/16 and down by `down`/16 of a pixel: each result is the mean of a
/// pixel, its left neighbour, the one above and the one above left, weighted by the area they keep in common.
///
/// `row` and `above` begin one pixel to the left of the first result and hold one pixel more than `out`. Weights add
/// up to 256, so 16 bits hold every sum and nothing is rounded but the result.
pub(super) fn moved_row(out: &mut [u8], above: &[u8], row: &[u8], right: u16, down: u16) {
    let n = out.len();
    let (left_above, here_above) = (&above[..n], &above[4..n + 4]);
    let (left, here) = (&row[..n], &row[4..n + 4]);
    let mix = |kept: u8, other: u8, share: u16| {
        u16::from(kept).wrapping_mul(16 - share).wrapping_add(u16::from(other).wrapping_mul(share))
    };
    // Along one axis a sixteenth of the sum is all there is to round.
    if down == 0 {
        for ((out, here), left) in out.iter_mut().zip(here).zip(left) {
            *out = ((mix(*here, *left, right).wrapping_add(8) >> 4) & 0xFF) as u8;
        }
    } else if right == 0 {
        for ((out, here), above) in out.iter_mut().zip(here).zip(here_above) {
            *out = ((mix(*here, *above, down).wrapping_add(8) >> 4) & 0xFF) as u8;
        }
    } else {
        for i in 0..n {
            let (upper, lower) = (mix(here_above[i], left_above[i], right), mix(here[i], left[i], right));
            let sum = lower.wrapping_mul(16 - down).wrapping_add(upper.wrapping_mul(down));
            out[i] = (sum.wrapping_add(128) >> 8) as u8;
        }
    }
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "reference values are rounded bytes")]
mod tests {
    use super::*;

    /// Source-over on one channel, in f64.
    fn reference(dst: u8, src: u8, alpha: u8) -> u8 {
        let exact = f64::from(src) + f64::from(dst) * (255.0 - f64::from(alpha)) / 255.0;
        exact.round() as u8
    }

    #[test]
    fn division_by_255_is_exact_for_all_products() {
        for a in 0..=255u8 {
            for b in 0..=255u8 {
                let exact = (f64::from(a) * f64::from(b) / 255.0).round() as u8;
                assert_eq!(mul255(a, b), exact, "{a} x {b}");
            }
        }
    }

    #[test]
    fn source_over_matches_the_formula_for_every_alpha_and_backdrop() {
        for alpha in 0..=255u8 {
            let src: Vec<u8> = (0..=255).flat_map(|_| [alpha, alpha / 2, 0, alpha]).collect();
            let mut dst: Vec<u8> = (0..=255u8).flat_map(|d| [d, 255 - d, d, 255]).collect();
            let before = dst.clone();
            over(&mut dst, &src);
            for (i, (after, was)) in dst.iter().zip(&before).enumerate() {
                assert_eq!(*after, reference(*was, src[i], alpha), "byte {i}, alpha {alpha}");
            }
        }
    }

    #[test]
    fn fading_ends_exactly_at_nothing_and_all() {
        let src: Vec<u8> = (0..37u8).flat_map(|i| [i, i, i, i.saturating_mul(7).max(i)]).collect();
        let back: Vec<u8> = (0..37u8).flat_map(|i| [200 - i, i, 90, 255]).collect();
        let (mut gone, mut full, mut plain) = (back.clone(), back.clone(), back.clone());
        over_faded(&mut gone, &src, 0);
        over_faded(&mut full, &src, 256);
        over(&mut plain, &src);
        assert_eq!(gone, back);
        assert_eq!(full, plain);
    }

    #[test]
    fn whole_steps_of_a_moved_row_are_copies() {
        let above: Vec<u8> = (0..44).collect();
        let row: Vec<u8> = (100..144).collect();
        let mut out = vec![0; 40];
        moved_row(&mut out, &above, &row, 0, 0);
        assert_eq!(out, row[4..]);
        moved_row(&mut out, &above, &row, 16, 0);
        assert_eq!(out, row[..40]);
        moved_row(&mut out, &above, &row, 0, 16);
        assert_eq!(out, above[4..]);
    }
}

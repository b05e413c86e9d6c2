//! The margins of a logo: what is clear around it, or white, is no part of it, or it would show as a speck in a large
//! tile.

use crate::ground::frame::RgbaFrame;
use crate::ground::geometry::Size;

/// Opacity below which a pixel is clear, 0-255.
const CLEAR: u8 = 16;
/// Least channel of what is white, 0-255: paper as JPEG gives it back.
const WHITE: u8 = 244;

/// What is left of a picture without its margins.
#[derive(Clone, Debug, PartialEq)]
pub enum Trimmed {
    /// All of it: it has none.
    Whole,
    /// What lay within them.
    Cropped(RgbaFrame),
    /// Nothing: all of it is clear, or white.
    Blank,
}

/// The picture without clear or white margins.
#[must_use]
pub fn without_margins(picture: &RgbaFrame) -> Trimmed {
    let Some([left, top, right, bottom]) = ink(picture) else { return Trimmed::Blank };
    let row = |y: usize| &picture.pixels()[y * picture.stride_bytes()..][..picture.stride_bytes()];
    let side = |from: usize, to: usize| u32::try_from(to - from).unwrap_or(u32::MAX);
    let kept = Size::new(side(left, right), side(top, bottom));
    if kept == picture.size() {
        return Trimmed::Whole;
    }
    let pixels = (top..bottom).flat_map(|y| row(y)[left * 4..right * 4].iter().copied()).collect();
    RgbaFrame::from_pixels(kept, pixels).map_or(Trimmed::Whole, Trimmed::Cropped)
}

/// Whether nothing of a picture can be seen, on any ground.
#[must_use]
pub fn is_clear(picture: &RgbaFrame) -> bool {
    picture.pixels().as_chunks::<4>().0.iter().all(|[.., a]| *a < CLEAR)
}

/// The least box around all that is neither clear nor, in a picture without clear places, white: left, top, right,
/// bottom.
fn ink(picture: &RgbaFrame) -> Option<[usize; 4]> {
    let size = picture.size();
    let row = |y: usize| &picture.pixels()[y * picture.stride_bytes()..][..picture.stride_bytes()];
    let is_opaque = picture.pixels().as_chunks::<4>().0.iter().all(|[.., a]| *a == 255);
    let is_ink = |[r, g, b, a]: &[u8; 4]| if is_opaque { [r, g, b].iter().any(|c| **c < WHITE) } else { *a >= CLEAR };
    let mut ink: Option<[usize; 4]> = None;
    for y in 0..size.height as usize {
        let pixels = row(y).as_chunks::<4>().0;
        let Some(left) = pixels.iter().position(is_ink) else { continue };
        let right = pixels.iter().rposition(is_ink).map_or(left, |last| last + 1);
        let [l, t, r, _] = ink.unwrap_or([left, y, right, y]);
        ink = Some([l.min(left), t, r.max(right), y + 1]);
    }
    ink
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture of 9 by 7 px, in which a field of 3 by 2 px at (4, 3) differs.
    fn field(around: [u8; 4], within: [u8; 4]) -> RgbaFrame {
        let is_within = |x: u32, y: u32| (4..7).contains(&x) && (3..5).contains(&y);
        let pixels = (0..7).flat_map(|y| (0..9).flat_map(move |x| if is_within(x, y) { within } else { around }));
        RgbaFrame::from_pixels(Size::new(9, 7), pixels.collect()).expect("9 by 7")
    }

    #[test]
    fn clear_and_white_margins_go_and_coloured_ones_stay() {
        let navy = [11, 31, 58, 255];
        for (around, within) in [([0; 4], navy), ([255; 4], navy), ([248, 250, 249, 255], navy), ([0; 4], [255; 4])] {
            let Trimmed::Cropped(kept) = without_margins(&field(around, within)) else {
                panic!("{around:?} {within:?}")
            };
            assert_eq!(kept.size(), Size::new(3, 2), "{around:?} around {within:?}");
            assert!(kept.pixels().as_chunks::<4>().0.iter().all(|pixel| *pixel == within));
        }
        for (around, within) in [(navy, [255; 4]), ([245, 236, 215, 255], navy)] {
            assert_eq!(without_margins(&field(around, within)), Trimmed::Whole, "{around:?} around {within:?}");
        }
        for (around, within) in
            [([255; 4], [255; 4]), ([250, 252, 249, 255], [255; 4]), ([0; 4], [0; 4]), ([9; 4], [0; 4])]
        {
            assert_eq!(without_margins(&field(around, within)), Trimmed::Blank, "{around:?} around {within:?}");
        }
        assert!(is_clear(&field([9; 4], [0; 4])) && !is_clear(&field([0; 4], [255; 4])));
    }
}

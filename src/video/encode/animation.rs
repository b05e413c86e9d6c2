//! A few pictures that follow each other and begin again: what is common to GIF and WebP. Each picture lasts as long as
//! it is shown, and only the part that changed is written.

use crate::ground::frame::RgbaFrame;
use crate::ground::geometry::IntRect;

/// A picture and how long it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnimationFrame {
    /// The whole picture, opaque; all of an animation are of one size.
    pub picture: RgbaFrame,
    /// How long, in milliseconds; whole hundredths of a second, which is what a GIF can say.
    pub duration_ms: u32,
}

/// Pixels row by row, each of `pixel_bytes` bytes.
#[derive(Clone, Copy)]
pub(super) struct Pixels<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) width: u32,
    pub(super) pixel_bytes: usize,
}

impl<'a> Pixels<'a> {
    /// Those of a picture.
    pub(super) fn of(picture: &'a RgbaFrame) -> Self {
        Self { bytes: picture.pixels(), width: picture.size().width, pixel_bytes: 4 }
    }

    fn stride_bytes(self) -> usize {
        self.width as usize * self.pixel_bytes
    }

    /// The smallest rectangle outside of which these pixels equal those `before`, which are as many; `None` where they
    /// are equal everywhere.
    pub(super) fn changed_since(self, before: Self) -> Option<IntRect> {
        let stride = self.stride_bytes();
        let mut changed: Option<IntRect> = None;
        for (y, (old, new)) in before.bytes.chunks_exact(stride).zip(self.bytes.chunks_exact(stride)).enumerate() {
            let mut columns = old.chunks_exact(self.pixel_bytes).zip(new.chunks_exact(self.pixel_bytes));
            if let Some(left) = columns.clone().position(|(old, new)| old != new) {
                let last = columns.rposition(|(old, new)| old != new).unwrap_or(left);
                let row =
                    IntRect { left: to_i32(left), top: to_i32(y), right: to_i32(last + 1), bottom: to_i32(y + 1) };
                changed = Some(changed.map_or(row, |rect| rect.union(row)));
            }
        }
        changed
    }

    /// The rows of `rect`, which lies within these pixels, top to bottom.
    pub(super) fn rows(self, rect: IntRect) -> impl Iterator<Item = &'a [u8]> {
        let [left, top, right, bottom] =
            [rect.left, rect.top, rect.right, rect.bottom].map(|edge| usize::try_from(edge).unwrap_or(0));
        let columns = left * self.pixel_bytes..right * self.pixel_bytes;
        self.bytes.chunks_exact(self.stride_bytes()).take(bottom).skip(top).map(move |row| &row[columns.clone()])
    }
}

fn to_i32(place: usize) -> i32 {
    i32::try_from(place).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rectangle_holds_every_pixel_that_differs_and_no_more() {
        let before = [0; 9 * 7];
        let pixels = |bytes| Pixels { bytes, width: 9, pixel_bytes: 1 };
        assert_eq!(pixels(&before).changed_since(pixels(&before)), None);
        let mut after = before;
        for (x, y) in [(3, 2), (6, 4), (4, 5)] {
            after[y * 9 + x] = 1;
        }
        let rect = IntRect { left: 3, top: 2, right: 7, bottom: 6 };
        assert_eq!(pixels(&after).changed_since(pixels(&before)), Some(rect));
        let part: Vec<u8> = pixels(&after).rows(rect).flatten().copied().collect();
        assert_eq!(part, [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0]);
    }
}

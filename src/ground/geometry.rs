//! Sizes and rectangles in pixels. The origin is the top left corner, x grows right, y grows down.

/// Width and height of a canvas in whole pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Size {
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
}

impl Size {
    /// 1080x1920, 9:16: phones held upright, stories.
    pub const PORTRAIT: Self = Self::new(1080, 1920);
    /// 1080x1350, 4:5: feeds.
    pub const FEED: Self = Self::new(1080, 1350);
    /// 1080x1080, 1:1.
    pub const SQUARE: Self = Self::new(1080, 1080);
    /// 1920x1080, 16:9: screens.
    pub const LANDSCAPE: Self = Self::new(1920, 1080);

    /// A size of `width` by `height` pixels.
    #[must_use]
    pub const fn new(width: u32, height: u32) -> Self {
        Self { width, height }
    }

    /// Width and height as fractional pixels.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "whole numbers below 2^24 are exact, and no side is that long")]
    pub const fn as_f32(self) -> [f32; 2] {
        [self.width as f32, self.height as f32]
    }

    /// The rectangle from the origin that covers the whole size.
    #[must_use]
    pub const fn bounds(self) -> IntRect {
        IntRect { left: 0, top: 0, right: self.width as i32, bottom: self.height as i32 }
    }
}

impl std::fmt::Display for Size {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

/// A rectangle with fractional corners, in pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rect {
    /// Left edge.
    pub x: f32,
    /// Top edge.
    pub y: f32,
    /// Distance from the left to the right edge, never negative.
    pub width: f32,
    /// Distance from the top to the bottom edge, never negative.
    pub height: f32,
}

impl Rect {
    /// A rectangle from its top left corner and its extent.
    #[must_use]
    pub const fn new(x: f32, y: f32, width: f32, height: f32) -> Self {
        Self { x, y, width, height }
    }

    /// Right edge.
    #[must_use]
    pub fn right(self) -> f32 {
        self.x + self.width
    }

    /// Bottom edge.
    #[must_use]
    pub fn bottom(self) -> f32 {
        self.y + self.height
    }

    /// Centre point as (x, y).
    #[must_use]
    pub fn center(self) -> (f32, f32) {
        (self.x + self.width / 2.0, self.y + self.height / 2.0)
    }

    /// The same rectangle moved by (dx, dy).
    #[must_use]
    pub fn translated(self, dx: f32, dy: f32) -> Self {
        Self { x: self.x + dx, y: self.y + dy, ..self }
    }

    /// The rectangle grown by `margin` on every side; a negative margin shrinks it, down to nothing.
    #[must_use]
    pub fn grown(self, margin: f32) -> Self {
        Self {
            x: self.x - margin,
            y: self.y - margin,
            width: (self.width + 2.0 * margin).max(0.0),
            height: (self.height + 2.0 * margin).max(0.0),
        }
    }

    /// The smallest rectangle around both.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        let x = self.x.min(other.x);
        let y = self.y.min(other.y);
        Self { x, y, width: self.right().max(other.right()) - x, height: self.bottom().max(other.bottom()) - y }
    }

    /// Whether `other` lies inside, with `slack` pixels allowed on each side.
    #[must_use]
    pub fn contains(self, other: Self, slack: f32) -> bool {
        other.x >= self.x - slack
            && other.y >= self.y - slack
            && other.right() <= self.right() + slack
            && other.bottom() <= self.bottom() + slack
    }

    /// The smallest rectangle of whole pixels that covers this one.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "canvas coordinates are far below i32::MAX; `as` saturates")]
    pub fn rounded_out(self) -> IntRect {
        IntRect {
            left: self.x.floor() as i32,
            top: self.y.floor() as i32,
            right: self.right().ceil() as i32,
            bottom: self.bottom().ceil() as i32,
        }
    }
}

/// The direction of (`dx`, `dy`) as a share of a full turn, 0.0 upwards, 0.25 to the right; below 1.0.
///
/// The arc tangent is a polynomial (error below 2e-6 of a turn) of plain sums and products, which every machine
/// computes alike; the library's may differ in its last bit.
#[must_use]
pub fn turn(dx: f32, dy: f32) -> f32 {
    let (across, up) = (dx.abs(), dy.abs());
    let (small, large) = (across.min(up), across.max(up));
    // No direction, or one that is not a number, counts as upwards.
    if dx.is_nan() || dy.is_nan() || large <= 0.0 {
        return 0.0;
    }
    let z = small / large;
    let z2 = z * z;
    let odd = [-0.011_721_2, 0.052_653_32, -0.116_432_87, 0.193_543_46, -0.332_623_47, 0.999_977_26];
    let radians = odd.iter().fold(0.0, |sum, factor| sum * z2 + factor) * z;
    let eighth = radians / std::f32::consts::TAU;
    // From the vertical, within the quarter.
    let quarter = if across > up { 0.25 - eighth } else { eighth };
    let turn = match (dx < 0.0, dy > 0.0) {
        (false, false) => quarter,
        (false, true) => 0.5 - quarter,
        (true, true) => 0.5 + quarter,
        (true, false) => 1.0 - quarter,
    };
    if turn < 1.0 { turn } else { 0.0 }
}

/// A rectangle of whole pixels; `right` and `bottom` are exclusive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IntRect {
    /// First column.
    pub left: i32,
    /// First row.
    pub top: i32,
    /// One past the last column.
    pub right: i32,
    /// One past the last row.
    pub bottom: i32,
}

impl IntRect {
    /// Whether it covers no pixel.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.right <= self.left || self.bottom <= self.top
    }

    /// Columns covered, 0 when empty.
    #[must_use]
    pub fn width(self) -> u32 {
        u32::try_from(self.right - self.left).unwrap_or(0)
    }

    /// Rows covered, 0 when empty.
    #[must_use]
    pub fn height(self) -> u32 {
        u32::try_from(self.bottom - self.top).unwrap_or(0)
    }

    /// What both cover; may be empty.
    #[must_use]
    pub fn intersect(self, other: Self) -> Self {
        Self {
            left: self.left.max(other.left),
            top: self.top.max(other.top),
            right: self.right.min(other.right),
            bottom: self.bottom.min(other.bottom),
        }
    }

    /// The smallest rectangle around both; an empty one adds nothing.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        if self.is_empty() {
            return other;
        }
        if other.is_empty() {
            return self;
        }
        Self {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }

    /// Grown to even edges, as 4:2:0 chroma needs; the caller clips to the canvas.
    #[must_use]
    pub fn aligned_to_chroma(self) -> Self {
        Self {
            left: self.left.div_euclid(2) * 2,
            top: self.top.div_euclid(2) * 2,
            right: (self.right + 1).div_euclid(2) * 2,
            bottom: (self.bottom + 1).div_euclid(2) * 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_run_clockwise_from_the_top() {
        for degrees in 0..360u16 {
            let radians = f64::from(degrees).to_radians();
            #[expect(clippy::cast_possible_truncation, reason = "a direction")]
            let found = turn(radians.sin() as f32 * 70.0, -radians.cos() as f32 * 70.0);
            let apart = (found - f32::from(degrees) / 360.0).abs();
            assert!(apart.min(1.0 - apart) < 4e-6, "{degrees} degrees: {found}");
            assert!((0.0..1.0).contains(&found));
        }
        assert_eq!([turn(0.0, 0.0), turn(f32::NAN, 1.0), turn(-0.0, -1.0)], [0.0; 3]);
    }

    #[test]
    fn rounding_out_covers_every_touched_pixel() {
        assert_eq!(Rect::new(-0.5, 1.0, 2.0, 0.1).rounded_out(), IntRect { left: -1, top: 1, right: 2, bottom: 2 });
    }

    #[test]
    fn chroma_alignment_goes_outwards_also_below_zero() {
        let rect = IntRect { left: -1, top: 3, right: 5, bottom: 6 };
        assert_eq!(rect.aligned_to_chroma(), IntRect { left: -2, top: 2, right: 6, bottom: 6 });
    }

    #[test]
    fn an_empty_rectangle_adds_nothing_to_a_union() {
        let some = IntRect { left: 1, top: 1, right: 3, bottom: 3 };
        assert_eq!(IntRect::default().union(some), some);
        assert_eq!(some.union(IntRect::default()), some);
    }
}

//! Where a layer stands on one frame: its links of motion folded into one transform, one opacity and a few clips.
//!
//! Everything is rounded to fixed steps here, before it can reach a pixel: two poses are equal exactly when they draw
//! the same, and machines that differ in the last bit of a sine still agree.

use super::rounded::{RoundedBox, to_byte};
use crate::compose::scene::{Edge, MotionLink, Reveal};
use crate::ground::geometry::{IntRect, Rect};

/// Steps a pixel is divided into by pure moves and by clip edges.
pub(super) const STEPS: i32 = 16;

/// Largest distance anything moves, in px; keeps every sum within 32 bits.
const MAX_SHIFT_PX: f64 = 1_000_000.0;

/// Smallest scale that is drawn; below it a layer is gone.
const MIN_SCALE: f64 = 1.0 / 1024.0;

/// Largest scale that is drawn.
const MAX_SCALE: f64 = 1024.0;

/// A layer's state on a frame.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pose {
    /// From the layer at rest to the canvas.
    pub(super) map: Map,
    /// 1 to 256, where 256 is solid.
    pub(super) opacity: u16,
    /// Every one of them cuts.
    pub(super) clips: Vec<Clip>,
}

/// How a layer at rest lands on the canvas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Map {
    /// Moved by this many [`STEPS`]ths of a pixel.
    Shift { x: i32, y: i32 },
    /// Moved, scaled and rotated.
    Similarity(Similarity),
}

/// `(x, y)` goes to `(a x - b y + e, b x + a y + f)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Similarity {
    /// Scale times cosine, in 1/65536.
    a: i32,
    /// Scale times sine, in 1/65536.
    b: i32,
    /// Offset to the right, in 1/256 px.
    e: i32,
    /// Offset downwards, in 1/256 px.
    f: i32,
}

/// A cutting rounded rectangle; what lies outside is not drawn.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Clip {
    /// From the clip's own space to the canvas; `None` when its numbers are canvas px already.
    map: Option<Similarity>,
    /// Edges and radii, multiples of 1/16 px.
    shape: RoundedBox,
}

/// What a clip does to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// Every pixel stays.
    Nothing,
    /// No pixel stays.
    All,
    /// The coverage written says what stays.
    Some,
}

/// A similarity before rounding.
#[derive(Clone, Copy)]
struct Exact {
    a: f64,
    b: f64,
    e: f64,
    f: f64,
}

impl Pose {
    /// The pose at rest.
    #[cfg(test)]
    pub(super) fn at_rest() -> Self {
        Self { map: Map::Shift { x: 0, y: 0 }, opacity: 256, clips: Vec::new() }
    }

    /// The pose on `frame` of the scene; `None` when nothing of the layer can be seen.
    pub(super) fn at(motion: &[MotionLink], frame: u32) -> Option<Self> {
        let mut opacity = 1.0;
        let mut exact = Exact { a: 1.0, b: 0.0, e: 0.0, f: 0.0 };
        let mut clips = Vec::new();
        for link in motion {
            opacity *= finite(link.opacity.at(frame), 1.0).clamp(0.0, 1.0);
            exact = exact.then_inner(Exact::of(link, frame));
            if let Some(clip) = &link.clip {
                clips.push(Clip::new(exact, clip.rect, clip.radii)?);
            }
            if let Some(reveal) = &link.reveal {
                let amount = finite(reveal.amount.at(frame), 1.0).clamp(0.0, 1.0);
                if amount < 1.0 {
                    clips.push(Clip::new(exact, revealed(reveal, amount), [0.0; 4])?);
                }
            }
        }
        let opacity = u16::try_from(rounded(opacity * 256.0)).unwrap_or(0);
        (opacity > 0).then_some(Self { map: exact.to_map()?, opacity, clips })
    }

    /// Whether the layer lies on whole pixels, solid and uncut: its pixels can be copied. Gives the move in px.
    pub(super) fn plain_shift(&self) -> Option<(i32, i32)> {
        match self.map {
            Map::Shift { x, y } if x % STEPS == 0 && y % STEPS == 0 && self.clips.is_empty() => {
                Some((x / STEPS, y / STEPS))
            }
            _ => None,
        }
    }

    /// The pixels that something at `rest` may touch.
    pub(super) fn bounds(&self, rest: IntRect) -> IntRect {
        if rest.is_empty() {
            return rest;
        }
        let moved = match self.map {
            Map::Shift { x, y } => IntRect {
                left: rest.left + x.div_euclid(STEPS),
                top: rest.top + y.div_euclid(STEPS),
                right: rest.right + x.div_euclid(STEPS) + i32::from(x.rem_euclid(STEPS) != 0),
                bottom: rest.bottom + y.div_euclid(STEPS) + i32::from(y.rem_euclid(STEPS) != 0),
            },
            Map::Similarity(map) => {
                map.bounds(f64::from(rest.left), f64::from(rest.top), f64::from(rest.right), f64::from(rest.bottom))
            }
        };
        self.clips.iter().fold(moved, |bounds, clip| bounds.intersect(clip.bounds()))
    }
}

impl Exact {
    fn of(link: &MotionLink, frame: u32) -> Self {
        let scale = finite(link.scale.at(frame), 1.0).clamp(-MAX_SCALE, MAX_SCALE);
        let degrees = finite(link.rotation.at(frame), 0.0).rem_euclid(360.0);
        let (x, y) = (finite(link.x.at(frame), 0.0), finite(link.y.at(frame), 0.0));
        if degrees == 0.0 && scale == 1.0 {
            return Self { a: 1.0, b: 0.0, e: x, f: y };
        }
        // Sine and cosine may differ in their last bit between machines: 2^-24 is coarser.
        let steady = |v: f64| (v * 16_777_216.0).round() / 16_777_216.0;
        let (sin, cos) = degrees.to_radians().sin_cos();
        let (a, b) = (scale * steady(cos), scale * steady(sin));
        let (px, py) = (finite(link.pivot.0, 0.0), finite(link.pivot.1, 0.0));
        Self { a, b, e: px + x - (a * px - b * py), f: py + y - (b * px + a * py) }
    }

    /// This map after `inner`.
    fn then_inner(self, inner: Self) -> Self {
        Self {
            a: self.a * inner.a - self.b * inner.b,
            b: self.b * inner.a + self.a * inner.b,
            e: self.a * inner.e - self.b * inner.f + self.e,
            f: self.b * inner.e + self.a * inner.f + self.f,
        }
    }

    fn is_shift(self) -> bool {
        self.a == 1.0 && self.b == 0.0
    }

    fn shift_limited(self) -> (f64, f64) {
        (self.e.clamp(-MAX_SHIFT_PX, MAX_SHIFT_PX), self.f.clamp(-MAX_SHIFT_PX, MAX_SHIFT_PX))
    }

    /// Rounded; `None` when it makes things too small to see or too large to draw.
    fn to_map(self) -> Option<Map> {
        if self.is_shift() {
            let (e, f) = self.shift_limited();
            let step = f64::from(STEPS);
            return Some(Map::Shift { x: rounded(e * step), y: rounded(f * step) });
        }
        self.to_similarity().map(Map::Similarity)
    }

    fn to_similarity(self) -> Option<Similarity> {
        let scale = (self.a * self.a + self.b * self.b).sqrt();
        let (e, f) = self.shift_limited();
        (MIN_SCALE..=MAX_SCALE).contains(&scale).then(|| Similarity {
            a: rounded(self.a * 65_536.0),
            b: rounded(self.b * 65_536.0),
            e: rounded(e * 256.0),
            f: rounded(f * 256.0),
        })
    }
}

impl Similarity {
    fn exact(self) -> Exact {
        Exact {
            a: f64::from(self.a) / 65_536.0,
            b: f64::from(self.b) / 65_536.0,
            e: f64::from(self.e) / 256.0,
            f: f64::from(self.f) / 256.0,
        }
    }

    /// The scale factor, always positive.
    fn scale(self) -> f64 {
        let Exact { a, b, .. } = self.exact();
        (a * a + b * b).sqrt()
    }

    /// From the canvas back: `(x, y)` goes to `(a x + b y + c, -b x + a y + d)`, all in 1/2^24.
    pub(super) fn inverse(self) -> Inverse {
        let Exact { a, b, e, f } = self.exact();
        let square = a * a + b * b;
        let (ia, ib) = (a / square, b / square);
        Inverse { a: fixed24(ia), b: fixed24(ib), c: fixed24(-(ia * e + ib * f)), d: fixed24(ib * e - ia * f) }
    }

    /// The pixels a rectangle may touch, the soft rim of its edges included.
    fn bounds(self, left: f64, top: f64, right: f64, bottom: f64) -> IntRect {
        let Exact { a, b, e, f } = self.exact();
        let corners = [(left, top), (right, top), (right, bottom), (left, bottom)];
        let mapped = corners.map(|(x, y)| (a * x - b * y + e, b * x + a * y + f));
        // A bilinear edge reaches half a source pixel outwards; one more pixel for rounding.
        let margin = 1.0 + self.scale().max(1.0) / 2.0;
        let least = |of: fn(&(f64, f64)) -> f64| mapped.iter().map(of).fold(f64::INFINITY, f64::min) - margin;
        let most = |of: fn(&(f64, f64)) -> f64| mapped.iter().map(of).fold(f64::NEG_INFINITY, f64::max) + margin;
        IntRect {
            left: rounded(least(|p| p.0).floor()),
            top: rounded(least(|p| p.1).floor()),
            right: rounded(most(|p| p.0).ceil()),
            bottom: rounded(most(|p| p.1).ceil()),
        }
    }
}

/// The way back from the canvas in fixed point, 24 fractional bits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Inverse {
    a: i64,
    b: i64,
    c: i64,
    d: i64,
}

impl Inverse {
    /// The point that lands on the centre of the canvas pixel (`x`, `y`), with 24 fractional bits.
    #[inline(always)]
    pub(super) fn of_center(&self, x: i32, y: i32) -> (i64, i64) {
        let (x2, y2) = (2 * i64::from(x) + 1, 2 * i64::from(y) + 1);
        // Shifted, not divided: rounding down keeps the steps between columns equal across zero.
        (((self.a * x2 + self.b * y2) >> 1) + self.c, ((self.a * y2 - self.b * x2) >> 1) + self.d)
    }

    /// What [`Inverse::of_center`] grows by from one column to the next.
    pub(super) fn step(&self) -> (i64, i64) {
        (self.a, -self.b)
    }
}

impl Clip {
    /// `None` when it leaves nothing.
    fn new(map: Exact, rect: Rect, radii: [f32; 4]) -> Option<Self> {
        let (shift, map) =
            if map.is_shift() { (map.shift_limited(), None) } else { ((0.0, 0.0), Some(map.to_similarity()?)) };
        let step = |v: f64| {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a few million at most, exact in sixteenths below 2^20"
            )]
            let stepped = (v.clamp(-MAX_SHIFT_PX, MAX_SHIFT_PX) * 16.0).round() as f32 / 16.0;
            stepped
        };
        let (left, right) = (f64::from(rect.x), f64::from(rect.x) + f64::from(rect.width));
        let (top, bottom) = (f64::from(rect.y), f64::from(rect.y) + f64::from(rect.height));
        let radii = radii.map(|radius| step(f64::from(radius)));
        let shape = RoundedBox::new(
            step(left + shift.0),
            step(top + shift.1),
            step(right + shift.0),
            step(bottom + shift.1),
            radii,
        );
        (!shape.is_empty()).then_some(Self { map, shape })
    }

    fn bounds(&self) -> IntRect {
        match self.map {
            None => self.shape.bounds(),
            Some(map) => {
                let [left, top, right, bottom] = self.shape.edges().map(f64::from);
                map.bounds(left, top, right, bottom)
            }
        }
    }

    /// Writes how much of each pixel of row `y` stays, from column `x0` on, unless all or none of them do.
    pub(super) fn cut_row(&self, y: i32, x0: i32, coverage: &mut [u8]) -> Cut {
        let Some(map) = self.map else {
            let x1 = x0.saturating_add(i32::try_from(coverage.len()).unwrap_or(i32::MAX));
            if self.shape.holds_row(y, x0, x1) {
                return Cut::Nothing;
            }
            self.shape.cover_row(y, x0, coverage);
            return if coverage.iter().all(|share| *share == 0) { Cut::All } else { Cut::Some };
        };
        let (inverse, scale) = (map.inverse(), map.scale());
        #[expect(clippy::cast_possible_truncation, reason = "a few thousand px at most; single precision is enough")]
        let px = |fixed: i64| (fixed as f64 / 16_777_216.0) as f32;
        #[expect(clippy::cast_possible_truncation, reason = "between 1/1024 and 1024")]
        let scale = scale as f32;
        for (x, share) in (x0..).zip(coverage.iter_mut()) {
            let (u, v) = inverse.of_center(x, y);
            *share = to_byte(0.5 - self.shape.distance(px(u), px(v)) * scale);
        }
        Cut::Some
    }
}

fn revealed(reveal: &Reveal, amount: f64) -> Rect {
    let Rect { x, y, width, height } = reveal.rect;
    #[expect(clippy::cast_possible_truncation, reason = "a share from 0 to 1")]
    let amount = amount as f32;
    match reveal.from {
        Edge::Left => Rect::new(x, y, width * amount, height),
        Edge::Right => Rect::new(x + width * (1.0 - amount), y, width * amount, height),
        Edge::Top => Rect::new(x, y, width, height * amount),
        Edge::Bottom => Rect::new(x, y + height * (1.0 - amount), width, height * amount),
    }
}

fn finite(value: f32, otherwise: f64) -> f64 {
    if value.is_finite() { f64::from(value) } else { otherwise }
}

#[expect(clippy::cast_possible_truncation, reason = "`as` saturates, which is the wanted limit")]
fn rounded(value: f64) -> i32 {
    value.round().clamp(-1e9, 1e9) as i32
}

#[expect(clippy::cast_possible_truncation, reason = "at most 2^10 x 2^24 x 2^24 px, within 63 bits")]
fn fixed24(value: f64) -> i64 {
    (value * 16_777_216.0).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::scene::RoundedRect;
    use crate::ground::timeline::Track;

    fn link(x: f32, y: f32, scale: f32, rotation: f32, opacity: f32) -> MotionLink {
        MotionLink {
            pivot: (100.0, 50.0),
            x: Track::constant(x),
            y: Track::constant(y),
            scale: Track::constant(scale),
            rotation: Track::constant(rotation),
            opacity: Track::constant(opacity),
            clip: None,
            reveal: None,
        }
    }

    #[test]
    fn rest_is_exactly_rest() {
        let pose = Pose::at(&[link(0.0, 0.0, 1.0, 0.0, 1.0), link(0.0, 0.0, 1.0, 360.0, 1.0)], 0);
        assert_eq!(pose, Some(Pose::at_rest()));
    }

    #[test]
    fn links_compose_from_the_outside_in() {
        // Outer: scaled by two about (100, 50). Inner: moved 10 px right. Seen from outside the move is 20 px.
        let pose = Pose::at(&[link(0.0, 0.0, 2.0, 0.0, 0.5), link(10.0, 0.0, 1.0, 0.0, 0.5)], 0).expect("visible");
        assert_eq!(pose.opacity, 64);
        let Map::Similarity(map) = pose.map else { panic!("{:?}", pose.map) };
        assert_eq!(map, Similarity { a: 131_072, b: 0, e: (-100 + 20) * 256, f: -50 * 256 });
    }

    #[test]
    fn a_quarter_turn_is_clockwise_about_the_pivot() {
        let pose = Pose::at(&[link(0.0, 0.0, 1.0, 90.0, 1.0)], 0).expect("visible");
        let Map::Similarity(map) = pose.map else { panic!("{:?}", pose.map) };
        // 10 px right of the pivot becomes 10 px below it; (109, 49) is the pixel whose centre is (109.5, 49.5).
        let (u, v) = map.inverse().of_center(100, 60);
        assert_eq!((u >> 23, v >> 23), (2 * 110 + 1, 2 * 50 - 1));
    }

    #[test]
    fn what_cannot_be_seen_has_no_pose() {
        assert_eq!(Pose::at(&[link(0.0, 0.0, 1.0, 0.0, 0.0)], 0), None);
        assert_eq!(Pose::at(&[link(0.0, 0.0, 0.0, 0.0, 1.0)], 0), None);
        let reveal = Reveal { rect: Rect::new(0.0, 0.0, 9.0, 9.0), from: Edge::Left, amount: Track::constant(0.0) };
        assert_eq!(Pose::at(&[MotionLink { reveal: Some(reveal), ..link(0.0, 0.0, 1.0, 0.0, 1.0) }], 0), None);
    }

    #[test]
    fn broken_numbers_count_as_rest() {
        let nan = f32::NAN;
        assert_eq!(Pose::at(&[link(nan, nan, nan, nan, nan)], 0), Some(Pose::at_rest()));
        assert!(Pose::at(&[link(1e30, -1e30, 1.0, 0.0, 1.0)], 0).is_some());
    }

    #[test]
    fn clips_move_with_their_link_and_not_with_inner_ones() {
        let clip = RoundedRect { rect: Rect::new(10.0, 10.0, 20.0, 20.0), radii: [0.0; 4] };
        let outer = MotionLink { clip: Some(clip), ..link(5.0, 0.0, 1.0, 0.0, 1.0) };
        let pose = Pose::at(&[outer, link(100.0, 0.0, 1.0, 0.0, 1.0)], 0).expect("visible");
        assert_eq!(pose.clips[0].bounds(), IntRect { left: 15, top: 10, right: 35, bottom: 30 });
        assert_eq!(pose.map, Map::Shift { x: 105 * STEPS, y: 0 });
    }
}

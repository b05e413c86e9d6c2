//! Outlines of shapes, ready to become coverage: boxes by equation, everything else as paths.

use tiny_skia::{LineCap, LineJoin, Path, PathBuilder, Transform};

use super::mask::Mask;
use super::rounded::RoundedBox;
use crate::compose::scene::{Geometry, PathSegment, Stroke};
use crate::ground::geometry::{IntRect, Rect};

/// Coordinates beyond this are pulled in: far outside any canvas, and all that the path rasteriser computes well.
const MAX_COORDINATE_PX: f32 = 30_000.0;

/// Ratio of mitre length to stroke width above which a corner is cut, the default of SVG 2.
const MITER_LIMIT: f32 = 4.0;

/// An area to be covered.
#[derive(Clone, Debug)]
pub(super) enum Outline {
    /// A rounded rectangle or a circle.
    Box(RoundedBox),
    /// A rounded rectangle with a rounded hole.
    Ring { outer: RoundedBox, inner: RoundedBox },
    /// Anything else, filled by the non-zero rule.
    Path(Path),
}

impl Outline {
    /// The inside of a geometry; `None` for lines and for what has no area.
    pub(super) fn filled(geometry: &Geometry) -> Option<Self> {
        match geometry {
            Geometry::Line { .. } | Geometry::Stretch { .. } => None,
            Geometry::RoundedRect(shape) => Self::of_box(RoundedBox::of(shape)),
            Geometry::Ellipse(rect) => circle(*rect).map_or_else(|| path_of(geometry).map(Self::Path), Self::of_box),
            Geometry::Path(_) => path_of(geometry).map(Self::Path),
        }
    }

    /// The area a stroke covers.
    pub(super) fn stroked(geometry: &Geometry, stroke: &Stroke) -> Option<Self> {
        if !(stroke.width > 0.0 && stroke.width < MAX_COORDINATE_PX) {
            return None;
        }
        let half = stroke.width / 2.0;
        let outlined = |shape: RoundedBox| {
            let outer = if stroke.round { shape.grown_round(half) } else { shape.grown(half) };
            (!outer.is_empty()).then(|| Self::Ring { outer, inner: shape.grown(-half) })
        };
        match geometry {
            Geometry::RoundedRect(shape) => outlined(RoundedBox::of(shape)),
            Geometry::Ellipse(rect) if circle(*rect).is_some() => circle(*rect).and_then(outlined),
            Geometry::Line { from, to } if from.0 == to.0 || from.1 == to.1 => Self::of_box(bar(*from, *to, stroke)),
            _ => stroke_path(&path_of(geometry)?, stroke.width, stroke.round).map(Self::Path),
        }
    }

    fn of_box(shape: RoundedBox) -> Option<Self> {
        (!shape.is_empty()).then_some(Self::Box(shape))
    }

    /// Grown by `margin` px on every side; paths only grow, they are not shrunk.
    pub(super) fn grown(self, margin: f32) -> Self {
        match self {
            _ if margin == 0.0 || !margin.is_finite() => self,
            Self::Box(shape) => Self::Box(shape.grown(margin)),
            Self::Ring { outer, inner } => Self::Ring { outer: outer.grown(margin), inner: inner.grown(-margin) },
            Self::Path(path) if margin > 0.0 => match stroke_path(&path, 2.0 * margin, true) {
                Some(rim) => {
                    let mut both = PathBuilder::new();
                    both.push_path(&path);
                    both.push_path(&rim);
                    Self::Path(both.finish().unwrap_or(path))
                }
                None => Self::Path(path),
            },
            Self::Path(_) => self,
        }
    }

    /// Moved by (`dx`, `dy`) px.
    pub(super) fn moved(self, dx: f32, dy: f32) -> Self {
        match self {
            Self::Box(shape) => Self::Box(shape.moved(dx, dy)),
            Self::Ring { outer, inner } => Self::Ring { outer: outer.moved(dx, dy), inner: inner.moved(dx, dy) },
            Self::Path(path) => {
                let moved = path.clone().transform(Transform::from_translate(dx, dy));
                Self::Path(moved.unwrap_or(path))
            }
        }
    }

    /// The pixels it may touch.
    pub(super) fn bounds(&self) -> IntRect {
        match self {
            Self::Box(shape) | Self::Ring { outer: shape, .. } => shape.bounds(),
            Self::Path(path) => {
                let b = path.bounds();
                Rect::new(b.x(), b.y(), b.width(), b.height()).rounded_out()
            }
        }
    }

    /// Its coverage of the pixels in `area`.
    pub(super) fn mask(&self, area: IntRect) -> Mask {
        match self {
            Self::Box(shape) => Mask::of_box(shape, area),
            Self::Ring { outer, inner } => {
                let mut mask = Mask::of_box(outer, area);
                if !inner.is_empty() {
                    mask.subtract(&Mask::of_box(inner, area.intersect(inner.bounds())));
                }
                mask
            }
            Self::Path(path) => Mask::of_path(path, area),
        }
    }
}

/// An ellipse that is a circle, as a box with the largest radii.
fn circle(rect: Rect) -> Option<RoundedBox> {
    let same = (rect.width - rect.height).abs() < 1e-3;
    same.then(|| RoundedBox::new(rect.x, rect.y, rect.right(), rect.bottom(), [rect.width / 2.0; 4]))
}

/// An upright or level line with its ends.
fn bar(from: (f32, f32), to: (f32, f32), stroke: &Stroke) -> RoundedBox {
    let half = stroke.width / 2.0;
    let (left, right) = (from.0.min(to.0), from.0.max(to.0));
    let (top, bottom) = (from.1.min(to.1), from.1.max(to.1));
    let (level, upright) = (from.1 == to.1, from.0 == to.0);
    let x_end = if stroke.round || !level { half } else { 0.0 };
    let y_end = if stroke.round || !upright { half } else { 0.0 };
    let radii = if stroke.round { [half; 4] } else { [0.0; 4] };
    RoundedBox::new(left - x_end, top - y_end, right + x_end, bottom + y_end, radii)
}

fn stroke_path(path: &Path, width: f32, round: bool) -> Option<Path> {
    let (line_cap, line_join) =
        if round { (LineCap::Round, LineJoin::Round) } else { (LineCap::Butt, LineJoin::Miter) };
    let stroke = tiny_skia::Stroke { width, miter_limit: MITER_LIMIT, line_cap, line_join, dash: None };
    path.stroke(&stroke, 1.0)
}

/// A geometry as a path; `None` when a coordinate is no number or nothing is left.
fn path_of(geometry: &Geometry) -> Option<Path> {
    let mut path = PathBuilder::new();
    let finite = |values: &[f32]| values.iter().all(|v| v.is_finite());
    let c = |v: f32| v.clamp(-MAX_COORDINATE_PX, MAX_COORDINATE_PX);
    match geometry {
        Geometry::RoundedRect(_) => return None,
        Geometry::Ellipse(rect) => {
            let rect = tiny_skia::Rect::from_ltrb(c(rect.x), c(rect.y), c(rect.right()), c(rect.bottom()))?;
            path.push_oval(rect);
        }
        Geometry::Line { from, to } => {
            if !finite(&[from.0, from.1, to.0, to.1]) {
                return None;
            }
            path.move_to(c(from.0), c(from.1));
            path.line_to(c(to.0), c(to.1));
        }
        Geometry::Path(segments) => push_segments(&mut path, segments)?,
        Geometry::Stretch { line, from, to } => push_segments(&mut path, &line.stretch(*from, *to))?,
    }
    path.finish()
}

/// Adds the segments; `None` where a coordinate is no number.
fn push_segments(path: &mut PathBuilder, segments: &[PathSegment]) -> Option<()> {
    let finite = |values: &[f32]| values.iter().all(|v| v.is_finite());
    let c = |v: f32| v.clamp(-MAX_COORDINATE_PX, MAX_COORDINATE_PX);
    for segment in segments {
        match *segment {
            PathSegment::MoveTo(x, y) if finite(&[x, y]) => path.move_to(c(x), c(y)),
            PathSegment::LineTo(x, y) if finite(&[x, y]) => path.line_to(c(x), c(y)),
            PathSegment::QuadTo(x1, y1, x, y) if finite(&[x1, y1, x, y]) => {
                path.quad_to(c(x1), c(y1), c(x), c(y));
            }
            PathSegment::CubicTo(x1, y1, x2, y2, x, y) if finite(&[x1, y1, x2, y2, x, y]) => {
                path.cubic_to(c(x1), c(y1), c(x2), c(y2), c(x), c(y));
            }
            PathSegment::Close => path.close(),
            _ => return None,
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::scene::{Paint, RoundedRect};
    use crate::ground::color::Color;

    fn stroke(width: f32, round: bool) -> Stroke {
        Stroke { paint: Paint::Solid(Color::BLACK), width, round }
    }

    fn area_of(outline: &Outline) -> f64 {
        let mask = outline.mask(outline.bounds());
        let rows = mask.bounds.top..mask.bounds.bottom;
        rows.map(|y| mask.row(y).iter().map(|c| f64::from(*c) / 255.0).sum::<f64>()).sum()
    }

    #[test]
    fn strokes_cover_their_width_times_their_length() {
        let rect = RoundedRect { rect: Rect::new(10.0, 10.0, 40.0, 30.0), radii: [0.0; 4] };
        let framed = Outline::stroked(&Geometry::RoundedRect(rect), &stroke(2.0, false)).expect("has ink");
        assert!((area_of(&framed) - (42.0 * 32.0 - 38.0 * 28.0)).abs() < 0.1);
        let line = Geometry::Line { from: (5.0, 8.0), to: (25.0, 8.0) };
        assert!((area_of(&Outline::stroked(&line, &stroke(3.0, false)).expect("has ink")) - 60.0).abs() < 0.3);
        let slanted = Geometry::Line { from: (0.0, 0.0), to: (30.0, 40.0) };
        assert!((area_of(&Outline::stroked(&slanted, &stroke(4.0, false)).expect("has ink")) - 200.0).abs() < 4.0);
    }

    #[test]
    fn nothing_and_nonsense_have_no_outline() {
        let line = Geometry::Line { from: (0.0, 0.0), to: (9.0, 9.0) };
        assert!(Outline::filled(&line).is_none());
        assert!(Outline::stroked(&line, &stroke(0.0, true)).is_none());
        assert!(Outline::stroked(&line, &stroke(f32::NAN, true)).is_none());
        let broken = vec![PathSegment::MoveTo(0.0, 0.0), PathSegment::LineTo(f32::INFINITY, 3.0)];
        assert!(Outline::filled(&Geometry::Path(broken)).is_none());
        assert!(Outline::filled(&Geometry::Ellipse(Rect::new(f32::NAN, 0.0, 4.0, 5.0))).is_none());
        assert!(
            Outline::filled(&Geometry::RoundedRect(RoundedRect { rect: Rect::default(), radii: [4.0; 4] })).is_none()
        );
    }
}

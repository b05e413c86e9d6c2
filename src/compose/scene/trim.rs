//! Outlines that are drawn along their length: curves become short lines, of which a stretch is shown.

use std::sync::Arc;

use super::composition::{Geometry, PathSegment, Polyline, RoundedRect};
use crate::ground::geometry::Rect;

/// An outline with more points than this is not drawn along its length: it is there at once.
const MAX_POINTS: usize = 20_000;
/// Control points of a cubic curve that is nearly a quarter of a circle lie this far along its radius.
const QUARTER: f32 = 0.552_284_8;

/// `geometry` as short lines; `None` where it has no length or too many points.
pub(super) fn polyline(geometry: &Geometry) -> Option<Arc<Polyline>> {
    let segments = match geometry {
        Geometry::Path(segments) => segments.clone(),
        Geometry::Line { from, to } => vec![PathSegment::MoveTo(from.0, from.1), PathSegment::LineTo(to.0, to.1)],
        Geometry::Ellipse(rect) => corners(*rect, [(rect.width / 2.0, rect.height / 2.0); 4]),
        Geometry::RoundedRect(RoundedRect { rect, radii }) => corners(*rect, radii.map(|radius| (radius, radius))),
        Geometry::Stretch { .. } => return None,
    };
    let mut contours: Vec<Vec<(f32, f32)>> = Vec::new();
    let mut start = (0.0, 0.0);
    let mut points = 0;
    for segment in segments {
        let here = contours.last().and_then(|contour| contour.last().copied()).unwrap_or(start);
        let mut add = |point: (f32, f32)| {
            points += 1;
            match contours.last_mut() {
                Some(contour) => contour.push(point),
                None => contours.push(vec![point]),
            }
        };
        match segment {
            PathSegment::MoveTo(x, y) => {
                start = (x, y);
                contours.push(vec![start]);
            }
            PathSegment::LineTo(x, y) => add((x, y)),
            PathSegment::Close => add(start),
            PathSegment::QuadTo(x1, y1, x, y) => {
                for t in shares(&[here, (x1, y1), (x, y)]) {
                    let rest = 1.0 - t;
                    let at = |a: f32, b: f32, c: f32| rest * rest * a + 2.0 * rest * t * b + t * t * c;
                    add((at(here.0, x1, x), at(here.1, y1, y)));
                }
            }
            PathSegment::CubicTo(x1, y1, x2, y2, x, y) => {
                for t in shares(&[here, (x1, y1), (x2, y2), (x, y)]) {
                    let rest = 1.0 - t;
                    let (a, b, c, d) = (rest * rest * rest, 3.0 * rest * rest * t, 3.0 * rest * t * t, t * t * t);
                    add((a * here.0 + b * x1 + c * x2 + d * x, a * here.1 + b * y1 + c * y2 + d * y));
                }
            }
        }
        if points > MAX_POINTS {
            return None;
        }
    }
    let length = contours.iter().flat_map(|contour| contour.windows(2)).map(|pair| distance(pair[0], pair[1])).sum();
    (length > 0.0).then(|| Arc::new(Polyline { contours, length }))
}

/// A rectangle with elliptical corners, clockwise from the end of its top left corner.
fn corners(rect: Rect, radii: [(f32, f32); 4]) -> Vec<PathSegment> {
    let Rect { x, y, .. } = rect;
    let (right, bottom) = (rect.right(), rect.bottom());
    let [tl, tr, br, bl] = radii;
    let keep = 1.0 - QUARTER;
    vec![
        PathSegment::MoveTo(x + tl.0, y),
        PathSegment::LineTo(right - tr.0, y),
        PathSegment::CubicTo(right - tr.0 * keep, y, right, y + tr.1 * keep, right, y + tr.1),
        PathSegment::LineTo(right, bottom - br.1),
        PathSegment::CubicTo(right, bottom - br.1 * keep, right - br.0 * keep, bottom, right - br.0, bottom),
        PathSegment::LineTo(x + bl.0, bottom),
        PathSegment::CubicTo(x + bl.0 * keep, bottom, x, bottom - bl.1 * keep, x, bottom - bl.1),
        PathSegment::LineTo(x, y + tl.1),
        PathSegment::CubicTo(x, y + tl.1 * keep, x + tl.0 * keep, y, x + tl.0, y),
        PathSegment::Close,
    ]
}

/// Parameters at which a curve is cut into lines of a few px.
fn shares(control: &[(f32, f32)]) -> impl Iterator<Item = f32> + use<> {
    let length: f32 = control.windows(2).map(|pair| distance(pair[0], pair[1])).sum();
    let lines = if length.is_finite() { (length / 6.0).clamp(6.0, 96.0).floor() } else { 1.0 };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 96")]
    let count = lines as u8;
    (1..=count).map(move |at| f32::from(at) / lines)
}

fn distance(a: (f32, f32), b: (f32, f32)) -> f32 {
    ((b.0 - a.0) * (b.0 - a.0) + (b.1 - a.1) * (b.1 - a.1)).sqrt()
}

impl Polyline {
    /// The stretch from `from` to `to`, shares of the whole length, as a path.
    #[must_use]
    pub fn stretch(&self, from: f32, to: f32) -> Vec<PathSegment> {
        let (begin, end) = (from.clamp(0.0, 1.0) * self.length, to.clamp(0.0, 1.0) * self.length);
        let mut path = Vec::new();
        if end <= begin {
            return path;
        }
        let mut gone = 0.0;
        for contour in &self.contours {
            let mut drawing = false;
            for pair in contour.windows(2) {
                let (a, b) = (pair[0], pair[1]);
                let step = distance(a, b);
                let (near, far) = (gone, gone + step);
                gone = far;
                if far <= begin || near >= end || step <= 0.0 {
                    continue;
                }
                let at = |place: f32| {
                    let share = ((place - near) / step).clamp(0.0, 1.0);
                    (a.0 + (b.0 - a.0) * share, a.1 + (b.1 - a.1) * share)
                };
                let (first, last) = (at(begin.max(near)), at(end.min(far)));
                if !drawing {
                    path.push(PathSegment::MoveTo(first.0, first.1));
                    drawing = true;
                }
                path.push(PathSegment::LineTo(last.0, last.1));
            }
        }
        path
    }

    /// The rectangle around all of it.
    #[must_use]
    pub fn bounds(&self) -> Rect {
        let mut points = self.contours.iter().flatten().map(|(x, y)| Rect::new(*x, *y, 0.0, 0.0));
        let first = points.next().unwrap_or_default();
        points.fold(first, Rect::union)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn length(path: &[PathSegment]) -> f32 {
        let mut here = (0.0, 0.0);
        let mut sum = 0.0;
        for segment in path {
            match *segment {
                PathSegment::MoveTo(x, y) => here = (x, y),
                PathSegment::LineTo(x, y) => {
                    sum += distance(here, (x, y));
                    here = (x, y);
                }
                _ => panic!("lines only"),
            }
        }
        sum
    }

    #[test]
    fn a_stretch_is_as_long_as_its_share() {
        let circle = polyline(&Geometry::Ellipse(Rect::new(0.0, 0.0, 200.0, 200.0))).expect("has a length");
        assert!((circle.length - 200.0 * std::f32::consts::PI).abs() < 0.5, "{}", circle.length);
        for (from, to) in [(0.0, 0.25), (0.4, 0.9), (0.0, 1.0), (0.7, 0.7), (0.9, 0.2)] {
            let expected = f32::max(to - from, 0.0) * circle.length;
            assert!((length(&circle.stretch(from, to)) - expected).abs() < 0.5, "{from} to {to}");
        }
        assert!(circle.stretch(0.7, 0.7).is_empty(), "not even the round end of a line");
    }

    #[test]
    fn contours_are_drawn_one_after_another_and_not_joined() {
        let two = [
            PathSegment::MoveTo(0.0, 0.0),
            PathSegment::LineTo(10.0, 0.0),
            PathSegment::MoveTo(0.0, 50.0),
            PathSegment::LineTo(10.0, 50.0),
        ];
        let line = polyline(&Geometry::Path(two.to_vec())).expect("has a length");
        assert_eq!(line.stretch(0.0, 0.5), two[..2]);
        assert_eq!(line.stretch(0.0, 1.0), two);
        assert_eq!(line.stretch(0.25, 0.75).len(), 4);
    }

    #[test]
    fn what_has_no_length_or_far_too_many_points_is_left_alone() {
        assert!(polyline(&Geometry::Path(vec![PathSegment::MoveTo(1.0, 1.0)])).is_none());
        assert!(polyline(&Geometry::Line { from: (1.0, 1.0), to: (1.0, 1.0) }).is_none());
        let wave = (0..3_000).map(|i| PathSegment::CubicTo(1e3, i as f32, -1e3, 0.0, 0.0, i as f32));
        let endless: Vec<PathSegment> = [PathSegment::MoveTo(0.0, 0.0)].into_iter().chain(wave).collect();
        assert!(polyline(&Geometry::Path(endless)).is_none());
    }
}

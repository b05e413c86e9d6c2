//! Surfaces: paints, outlines and shadows of a box whose place is known, and the colours that lie behind a text.

use super::composition::{Geometry, Paint, Primitive, RoundedRect, Shadow, Shape, Stop, Stroke};
use std::sync::Arc;

use crate::ground::color::Color;
use crate::ground::frame::RgbaFrame;
use crate::ground::geometry::{Rect, turn};
use crate::template::{BoundPaint, BoundSurface};

/// The rectangle with its edges on whole pixels, so that they are sharp.
pub(super) fn crisp(rect: Rect) -> Rect {
    let (left, top) = (rect.x.round(), rect.y.round());
    Rect::new(left, top, (rect.right().round() - left).max(0.0), (rect.bottom().round() - top).max(0.0))
}

/// `rect` with all corners rounded by `radius`, at most to a pill.
pub(super) fn rounded(rect: Rect, radius: f32) -> RoundedRect {
    let radius = radius.min(rect.width / 2.0).min(rect.height / 2.0).max(0.0);
    RoundedRect { rect, radii: [radius; 4] }
}

/// A bound paint for the box it fills.
pub(super) fn paint(paint: &BoundPaint, rect: Rect) -> Paint {
    let stops = |stops: &[(f32, Color)]| stops.iter().map(|(at, color)| Stop { at: *at, color: *color }).collect();
    match paint {
        BoundPaint::Solid(color) => Paint::Solid(*color),
        BoundPaint::Linear(angle, colors) => {
            let ((x0, y0), (x1, y1)) = gradient_line(*angle, rect);
            Paint::Linear { from: (x0, y0), to: (x1, y1), stops: stops(colors) }
        }
        BoundPaint::Radial([cx, cy], radius, colors) => Paint::Radial {
            center: (rect.x + cx * rect.width, rect.y + cy * rect.height),
            radius: radius * rect.width.max(rect.height),
            stops: stops(colors),
        },
        BoundPaint::Conic([cx, cy], degrees, colors) => Paint::Conic {
            center: (rect.x + cx * rect.width, rect.y + cy * rect.height),
            start: (degrees / 360.0).rem_euclid(1.0),
            stops: stops(colors),
        },
    }
}

/// Ends of a gradient's line through the middle of a box: CSS Images Level 3, section 3.1.
fn gradient_line(angle_degrees: f32, rect: Rect) -> ((f32, f32), (f32, f32)) {
    // In double precision and rounded, so that every machine places the same line.
    let radians = f64::from(angle_degrees).to_radians();
    let (sin, cos) = (radians.sin(), radians.cos());
    let half = (f64::from(rect.width) * sin.abs() + f64::from(rect.height) * cos.abs()) / 2.0;
    #[expect(clippy::cast_possible_truncation, reason = "canvas coordinates")]
    let round = |value: f64| ((value * 64.0).round() / 64.0) as f32;
    let (dx, dy) = (round(sin * half), round(-cos * half));
    let (cx, cy) = rect.center();
    ((cx - dx, cy - dy), (cx + dx, cy + dy))
}

/// What a surface draws for its box; nothing where it is empty.
pub(super) fn surface(surface: &BoundSurface, geometry: Geometry, rect: Rect) -> Option<Primitive> {
    let nothing = surface.fill.is_none() && surface.stroke.is_none() && surface.shadow.is_none();
    if nothing || rect.width <= 0.0 || rect.height <= 0.0 {
        return None;
    }
    Some(Primitive::Shape(Shape {
        geometry,
        fill: surface.fill.as_ref().map(|fill| paint(fill, rect)),
        stroke: surface.stroke.map(|(color, width, round)| Stroke { paint: Paint::Solid(color), width, round }),
        shadow: surface.shadow.map(|shadow| Shadow {
            dx: shadow.dx,
            dy: shadow.dy,
            blur: shadow.blur,
            spread: shadow.spread,
            color: shadow.color,
        }),
        clip: None,
    }))
}

/// Everything painted so far, to know what lies behind a text.
#[derive(Clone, Debug, Default)]
pub(super) struct Behind {
    surfaces: Vec<(Rect, Cover)>,
}

/// What covers a rectangle.
#[derive(Clone, Debug)]
enum Cover {
    Paint(BoundPaint),
    /// A picture and the place of all of it.
    Picture(Arc<RgbaFrame>, Rect),
}

impl Behind {
    /// Notes that `rect` is painted.
    pub(super) fn add(&mut self, rect: Rect, fill: &BoundPaint) {
        self.surfaces.push((rect, Cover::Paint(fill.clone())));
    }

    /// Notes that `visible` shows a part of a picture, all of which would lie at `place`.
    pub(super) fn add_picture(&mut self, visible: Rect, pixels: &Arc<RgbaFrame>, place: Rect) {
        self.surfaces.push((visible, Cover::Picture(Arc::clone(pixels), place)));
    }

    /// The colours behind `rect`, at its corners and its middle, and all over it where that is a picture; each once.
    pub(super) fn colors(&self, rect: Rect, base: Color) -> Vec<Color> {
        let covers: Vec<&(Rect, Cover)> = self.surfaces.iter().filter(|(area, _)| area.contains(rect, 2.0)).collect();
        let steps: &[f32] = match covers.iter().any(|(_, cover)| matches!(cover, Cover::Picture(..))) {
            true => &[0.0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1.0],
            false => &[0.0, 1.0],
        };
        let point = |across: f32, down: f32| (rect.x + across * rect.width, rect.y + down * rect.height);
        let mut points: Vec<(f32, f32)> = steps
            .iter()
            .flat_map(|down| steps.iter().map(move |across| (*across, *down)))
            .map(|(x, y)| point(x, y))
            .collect();
        points.push(rect.center());
        let mut colors: Vec<Color> = Vec::new();
        for point in points {
            let mut color = base;
            for (area, cover) in &covers {
                color = match cover {
                    Cover::Paint(fill) => at(fill, *area, point),
                    Cover::Picture(pixels, place) => pixel(pixels, *place, point),
                }
                .over(color);
            }
            if !colors.contains(&color) {
                colors.push(color);
            }
        }
        colors
    }
}

/// The colour of a picture around a point: the mean of nine pixels, as far apart as a stroke of a letter is wide.
fn pixel(picture: &RgbaFrame, place: Rect, (x, y): (f32, f32)) -> Color {
    const STROKE_PX: f32 = 4.0;
    let size = picture.size();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "clamped to a side of the picture"
    )]
    let index = |at: f32, from: f32, length: f32, count: u32| {
        (((at - from) / length.max(1.0) * count as f32).max(0.0) as usize).min(count.saturating_sub(1) as usize)
    };
    let mut sum = [0u32; 4];
    for (dx, dy) in
        [-STROKE_PX, 0.0, STROKE_PX].into_iter().flat_map(|dx| [-STROKE_PX, 0.0, STROKE_PX].map(|dy| (dx, dy)))
    {
        let column = index(x + dx, place.x, place.width, size.width);
        let row = index(y + dy, place.y, place.height, size.height);
        let start = (row * size.width as usize + column) * 4;
        for (sum, channel) in sum.iter_mut().zip(picture.pixels().get(start..start + 4).unwrap_or(&[0; 4])) {
            *sum += u32::from(*channel);
        }
    }
    let [r, g, b, a] = sum;
    let straight = |channel: u32| u8::try_from((channel * 255).checked_div(a).unwrap_or(0)).unwrap_or(255);
    Color { a: u8::try_from(a / 9).unwrap_or(255), ..Color::rgb(straight(r), straight(g), straight(b)) }
}

/// The colour of a paint at a point.
fn at(fill: &BoundPaint, area: Rect, (x, y): (f32, f32)) -> Color {
    match fill {
        BoundPaint::Solid(color) => *color,
        BoundPaint::Linear(angle, stops) => {
            let ((x0, y0), (x1, y1)) = gradient_line(*angle, area);
            let (dx, dy) = (x1 - x0, y1 - y0);
            let length = (dx * dx + dy * dy).max(f32::EPSILON);
            along(stops, ((x - x0) * dx + (y - y0) * dy) / length)
        }
        BoundPaint::Radial([cx, cy], radius, stops) => {
            let (dx, dy) = (x - area.x - cx * area.width, y - area.y - cy * area.height);
            let reach = (radius * area.width.max(area.height)).max(f32::EPSILON);
            along(stops, (dx * dx + dy * dy).sqrt() / reach)
        }
        BoundPaint::Conic([cx, cy], degrees, stops) => {
            let direction = turn(x - area.x - cx * area.width, y - area.y - cy * area.height);
            along(stops, (direction - degrees / 360.0).rem_euclid(1.0))
        }
    }
}

fn along(stops: &[(f32, Color)], place: f32) -> Color {
    let Some(after) = stops.iter().position(|(at, _)| *at >= place) else {
        return stops.last().map_or(Color::TRANSPARENT, |(_, color)| *color);
    };
    let Some(before) = after.checked_sub(1) else { return stops[after].1 };
    let ((from, a), (to, b)) = (stops[before], stops[after]);
    let share = ((place - from) / (to - from).max(f32::EPSILON)).clamp(0.0, 1.0);
    let channel = |a: u8, b: u8| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between two bytes")]
        let mixed = (f32::from(a) + (f32::from(b) - f32::from(a)) * share).round() as u8;
        mixed
    };
    Color { r: channel(a.r, b.r), g: channel(a.g, b.g), b: channel(a.b, b.b), a: channel(a.a, b.a) }
}

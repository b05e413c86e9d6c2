//! The play mark: a translucent round button with a triangle, in the middle of a picture or beside what stands there.

use std::sync::Arc;

use crate::compose::scene::{
    Composition, Content, Geometry, Layer, Paint, PathSegment, Picture, Primitive, RoundedRect, Scene, Shape, Stroke,
};
use crate::compose::text::FontLibrary;
use crate::draw::raster::still;
use crate::engine::GLYPHS;
use crate::ground::color::Color;
use crate::ground::executor::Sequential;
use crate::ground::frame::RgbaFrame;
use crate::ground::geometry::{Rect, Size};
use crate::ground::time::FrameRate;

/// Diameter of the button, in parts of the picture's shorter side.
const DIAMETER: f32 = 0.24;
/// Half the height of the triangle, in parts of the button's radius.
const TRIANGLE: f32 = 0.42;
/// Width of the ring, in parts of the button's radius.
const RING: f32 = 0.055;

/// Free space around the button, in parts of its radius.
const FREE: f32 = 0.2;
/// Steps from the middle to an edge at which a place is looked for.
const STEPS: i16 = 40;

fn whole(size: Size) -> Rect {
    let [width, height] = size.as_f32();
    Rect::new(0.0, 0.0, width, height)
}

fn radius(whole: Rect) -> f32 {
    whole.width.min(whole.height) * DIAMETER / 2.0
}

/// The middle of the button on a picture of that size: where it covers none of `contents`, as near to the middle as can
/// be. A step aside counts as two up or down, since people look for it in the middle column. The middle itself where no
/// place is free.
pub(super) fn place(size: Size, contents: &[Rect]) -> (f32, f32) {
    let whole = whole(size);
    let (x, y) = whole.center();
    let reach = radius(whole) * (1.0 + FREE);
    let is_free = |(x, y): (f32, f32)| {
        contents.iter().all(|rect| {
            let (aside, along) = (x - x.clamp(rect.x, rect.right()), y - y.clamp(rect.y, rect.bottom()));
            aside * aside + along * along >= reach * reach
        })
    };
    let step = |far: f32, at: i16| (far - reach) * f32::from(at) / f32::from(STEPS);
    let mut nearest: Option<(f32, (f32, f32))> = None;
    for (across, down) in (-STEPS..=STEPS).flat_map(|down| (-STEPS..=STEPS).map(move |across| (across, down))) {
        let (aside, along) = (step(whole.width / 2.0, across), step(whole.height / 2.0, down));
        let distance = aside * aside * 4.0 + along * along;
        let place = (x + aside, y + along);
        if nearest.is_none_or(|(least, _)| distance < least) && is_free(place) {
            nearest = Some((distance, place));
        }
    }
    nearest.map_or((x, y), |(_, place)| place)
}

/// The picture with the mark on it, its middle at `place`; both sides even.
pub(super) fn marked(picture: &RgbaFrame, (x, y): (f32, f32)) -> RgbaFrame {
    let size = picture.size();
    let whole = whole(size);
    let radius = radius(whole);
    let button = Rect::new(x - radius, y - radius, radius * 2.0, radius * 2.0);
    // Equal sides; the centre of its mass lies in the middle of the button.
    let half = radius * TRIANGLE;
    let depth = half * 3.0_f32.sqrt();
    let triangle = vec![
        PathSegment::MoveTo(x - depth / 3.0, y - half),
        PathSegment::LineTo(x + depth * 2.0 / 3.0, y),
        PathSegment::LineTo(x - depth / 3.0, y + half),
        PathSegment::Close,
    ];
    let white = Paint::Solid(Color::WHITE.with_alpha(0.94));
    let shape = |geometry, fill, stroke| Primitive::Shape(Shape { geometry, fill, stroke, shadow: None, clip: None });
    let ring = Stroke { paint: white.clone(), width: radius * RING, round: true };
    let primitives = vec![
        Primitive::Picture(Picture {
            pixels: Arc::new(picture.clone()),
            rect: whole,
            clip: RoundedRect { rect: whole, radii: [0.0; 4] },
        }),
        shape(Geometry::Ellipse(button), Some(Paint::Solid(Color::BLACK.with_alpha(0.5))), Some(ring)),
        shape(Geometry::Path(triangle), Some(white), None),
    ];
    let layer = Layer { node: "play".to_owned(), content: Content::Still(primitives), motion: Vec::new() };
    let scene = Scene { id: "play".to_owned(), first_frame: 0, frame_count: 1, layers: vec![layer] };
    let composition = Composition {
        size,
        frame_rate: FrameRate::DEFAULT,
        frame_count: 1,
        background: Color::BLACK,
        scenes: vec![scene],
        title: String::new(),
    };
    still(&composition, FontLibrary::bundled(), Arc::clone(&GLYPHS), 0, &Sequential)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_button_lies_in_the_middle_and_the_rest_is_untouched() {
        let size = Size::new(200, 300);
        let plain = RgbaFrame::from_pixels(size, [200, 100, 50, 255].repeat(200 * 300)).expect("as many");
        let marked = marked(&plain, place(size, &[]));
        let [r, g, b, _] = marked.pixel(100, 150);
        assert!(r > 240 && g > 230 && b > 230, "the triangle is white: {r} {g} {b}");
        let [r, _, b, _] = marked.pixel(88, 150);
        assert!((90..115).contains(&r) && (20..35).contains(&b), "half of the picture shows through: {r} {b}");
        for (x, y) in [(0, 0), (199, 299), (100, 120), (74, 150), (126, 176)] {
            assert_eq!(marked.pixel(x, y), [200, 100, 50, 255], "{x}, {y}");
        }
    }

    #[test]
    fn the_mark_makes_way_for_what_stands_in_the_middle() {
        let size = Size::new(1080, 1920);
        let reach = radius(whole(size)) * (1.0 + FREE);
        assert_eq!(place(size, &[]), (540.0, 960.0));
        let headline = Rect::new(65.0, 900.0, 800.0, 300.0);
        let (x, y) = place(size, &[headline]);
        assert!(x == 540.0 && (headline.y - y - reach).abs() < 20.0 && y < headline.y - reach, "above it: {x}, {y}");
        let column = Rect::new(65.0, 200.0, 560.0, 1500.0);
        let (x, y) = place(size, &[column]);
        assert!(y == 960.0 && (x - column.right() - reach).abs() < 12.0, "beside it: {x}, {y}");
        assert_eq!(place(size, &[whole(size)]), (540.0, 960.0), "nowhere is free");
    }
}

//! The play mark: a translucent round button with a triangle, in the middle of a picture.

use std::sync::Arc;

use crate::color::Color;
use crate::crew::Alone;
use crate::frame::RgbaFrame;
use crate::geometry::Rect;
use crate::raster::still;
use crate::scene::{
    Composition, Content, Geometry, Layer, Paint, PathSegment, Picture, Primitive, RoundedRect, Scene, Shape, Stroke,
};
use crate::studio::GLYPHS;
use crate::text::FontLibrary;
use crate::time::FrameRate;

/// Diameter of the button, in parts of the picture's shorter side.
const DIAMETER: f32 = 0.24;
/// Half the height of the triangle, in parts of the button's radius.
const TRIANGLE: f32 = 0.42;
/// Width of the ring, in parts of the button's radius.
const RING: f32 = 0.055;

/// The picture with the mark on it; both sides even.
pub(super) fn marked(picture: &RgbaFrame) -> RgbaFrame {
    let size = picture.size();
    #[expect(clippy::cast_precision_loss, reason = "canvas sides are a few thousand px")]
    let (width, height) = (size.width as f32, size.height as f32);
    let whole = Rect::new(0.0, 0.0, width, height);
    let (x, y) = whole.center();
    let radius = width.min(height) * DIAMETER / 2.0;
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
    still(&composition, FontLibrary::bundled(), Arc::clone(&GLYPHS), 0, &Alone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Size;

    #[test]
    fn the_button_lies_in_the_middle_and_the_rest_is_untouched() {
        let size = Size::new(200, 300);
        let plain = RgbaFrame::from_pixels(size, [200, 100, 50, 255].repeat(200 * 300)).expect("as many");
        let marked = marked(&plain);
        let [r, g, b, _] = marked.pixel(100, 150);
        assert!(r > 240 && g > 230 && b > 230, "the triangle is white: {r} {g} {b}");
        let [r, _, b, _] = marked.pixel(88, 150);
        assert!((90..115).contains(&r) && (20..35).contains(&b), "half of the picture shows through: {r} {b}");
        for (x, y) in [(0, 0), (199, 299), (100, 120), (74, 150), (126, 176)] {
            assert_eq!(marked.pixel(x, y), [200, 100, 50, 255], "{x}, {y}");
        }
    }
}

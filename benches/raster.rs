//! Milliseconds a frame of the compositor at 1080x1920 on one thread: `cargo bench --bench raster`.

use std::sync::Arc;
use std::time::Instant;

use quotereel::compose::scene::{
    Composition, Content, Geometry, Layer, MotionLink, Paint, Primitive, RoundedRect, Scene, Shape, Stop,
};
use quotereel::compose::text::FontLibrary;
use quotereel::draw::raster::Film;
use quotereel::ground::color::Color;
use quotereel::ground::frame::FrameSource;
use quotereel::ground::geometry::{Rect, Size};
use quotereel::ground::time::FrameRate;
use quotereel::ground::timeline::{Easing, Keyframe, Track};

const FRAMES: u32 = 120;

fn ramp(from: f32, to: f32) -> Track {
    let key = |frame, value| Keyframe { frame, value, easing: Easing::Linear };
    Track::new(vec![key(0, from), key(FRAMES, to)], FrameRate::DEFAULT)
}

fn rest() -> MotionLink {
    let still = Track::constant;
    let (x, y, scale, rotation, opacity) = (still(0.0), still(0.0), still(1.0), still(0.0), still(1.0));
    MotionLink { pivot: (540.0, 960.0), x, y, scale, rotation, opacity, clip: None, reveal: None }
}

fn area(x: f32, y: f32, width: f32, height: f32, radius: f32) -> RoundedRect {
    RoundedRect { rect: Rect::new(x, y, width, height), radii: [radius; 4] }
}

fn layer(shape: RoundedRect, fill: Paint, motion: MotionLink) -> Layer {
    let geometry = Geometry::RoundedRect(shape);
    let shape = Shape { geometry, fill: Some(fill), stroke: None, shadow: None, clip: None };
    Layer { node: String::new(), content: Content::Still(vec![Primitive::Shape(shape)]), motion: vec![motion] }
}

/// Prints the median and the first frame, which draws the tiles.
fn measure(name: &str, layers: Vec<Layer>) {
    let background = layer(
        area(0.0, 0.0, 1080.0, 1920.0, 0.0),
        Paint::Linear {
            from: (0.0, 0.0),
            to: (1080.0, 1920.0),
            stops: vec![Stop { at: 0.0, color: Color::rgb(11, 31, 58) }, Stop { at: 1.0, color: Color::rgb(4, 9, 18) }],
        },
        rest(),
    );
    let layers = std::iter::once(background).chain(layers).collect();
    let scene = Scene { id: String::new(), first_frame: 0, frame_count: FRAMES, layers };
    let composition = Composition {
        size: Size::new(1080, 1920),
        frame_rate: FrameRate::DEFAULT,
        frame_count: FRAMES,
        background: Color::BLACK,
        scenes: vec![scene],
        title: String::new(),
    };
    let film = Film::new(&composition, FontLibrary::bundled(), Arc::default());
    let mut painter = film.painter();
    let mut ms: Vec<f64> = (0..FRAMES)
        .map(|frame| {
            let begun = Instant::now();
            painter.paint(frame);
            begun.elapsed().as_secs_f64() * 1000.0
        })
        .collect();
    let first = ms.remove(0);
    ms.sort_by(f64::total_cmp);
    let (median, least) = (ms[ms.len() / 2], ms[0]);
    eprintln!(
        "{name:42} median {median:7.3} ms   least {least:7.3} ms   first {first:6.1} ms   {} kB",
        film.tile_bytes() / 1024
    );
}

fn main() {
    let full = || area(0.0, 0.0, 1080.0, 1920.0, 0.0);
    let card = || area(90.0, 800.0, 900.0, 200.0, 24.0);
    let solid = || Paint::Solid(Color::WHITE);
    let half = || Paint::Solid(Color::WHITE.with_alpha(0.5));
    measure("nothing moves", vec![]);
    measure("opaque sheet, whole pixels", vec![layer(full(), solid(), MotionLink { y: ramp(0.0, 120.0), ..rest() })]);
    measure(
        "translucent sheet, whole pixels",
        vec![layer(full(), half(), MotionLink { y: ramp(0.0, 120.0), ..rest() })],
    );
    measure("opaque sheet, sub-pixel", vec![layer(full(), solid(), MotionLink { y: ramp(0.0, 13.1), ..rest() })]);
    measure("opaque sheet fading", vec![layer(full(), solid(), MotionLink { opacity: ramp(0.1, 0.9), ..rest() })]);
    measure("opaque sheet zooming", vec![layer(full(), solid(), MotionLink { scale: ramp(1.01, 1.1), ..rest() })]);
    measure(
        "card 900x200 sliding, sub-pixel",
        vec![layer(card(), solid(), MotionLink { y: ramp(0.0, 313.7), ..rest() })],
    );
    measure("card 900x200 zooming", vec![layer(card(), solid(), MotionLink { scale: ramp(0.8, 0.99), ..rest() })]);
    let clipped = MotionLink { clip: Some(area(100.0, 700.0, 880.0, 500.0, 30.0)), y: ramp(0.0, 113.7), ..rest() };
    measure("card 900x200 sliding in a rounded clip", vec![layer(card(), solid(), clipped)]);
}

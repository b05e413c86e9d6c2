//! Shapes, pictures and what is done to them.

use std::sync::Arc;

use quotereel::compose::scene::{
    Composition, Edge, Geometry, Isolated, Layer, MotionLink, Paint, PathSegment, Picture, Polyline, Primitive, Reveal,
    RoundedRect, Scene, Shadow, Shape, Stencil, Stroke,
};
use quotereel::compose::text::{FontLibrary, GlyphCache};
use quotereel::draw::raster;
use quotereel::ground::color::Color;
use quotereel::ground::executor::Sequential;
use quotereel::ground::frame::RgbaFrame;
use quotereel::ground::geometry::{Rect, Size};
use quotereel::ground::time::FrameRate;
use quotereel::ground::timeline::Track;

use super::{AMBER, NAVY, PAPER, card, check, layer, rest, rounded, shape, stops, style, text};

#[test]
fn rounded_rect_radii() {
    let solid = |area, color| Primitive::Shape(card(area, Paint::Solid(color)));
    let all = vec![
        solid(rounded(6.0, 6.0, 60.0, 40.0, [0.0; 4]), AMBER),
        solid(rounded(74.0, 6.0, 60.0, 40.0, [4.0, 12.0, 20.0, 0.0]), AMBER),
        solid(rounded(6.5, 54.25, 60.0, 40.0, [10.0; 4]), NAVY),
        solid(rounded(74.0, 54.0, 60.0, 40.0, [99.0; 4]), NAVY),
        solid(rounded(142.0, 6.0, 12.0, 88.0, [6.0; 4]), NAVY),
        Primitive::Shape(shape(Geometry::Ellipse(Rect::new(6.0, 100.0, 60.0, 16.0)), Paint::Solid(AMBER))),
        Primitive::Shape(shape(Geometry::Ellipse(Rect::new(74.0, 98.0, 20.0, 20.0)), Paint::Solid(NAVY))),
    ];
    check("rounded_rect_radii", Size::new(160, 124), PAPER, vec![layer(all)]);
}

#[test]
fn gradient() {
    let dark = Paint::Linear { from: (0.0, 0.0), to: (160.0, 60.0), stops: stops(&[NAVY, Color::rgb(4, 9, 18)]) };
    let three = Paint::Linear {
        from: (10.0, 0.0),
        to: (70.0, 0.0),
        stops: stops(&[AMBER, Color::rgb(0xC2, 0x2E, 0x5A), NAVY]),
    };
    let glow = Paint::Radial { center: (118.0, 80.0), radius: 34.0, stops: stops(&[AMBER, AMBER.with_alpha(0.0)]) };
    let all = vec![
        Primitive::Shape(card(rounded(0.0, 0.0, 160.0, 120.0, [0.0; 4]), dark)),
        Primitive::Shape(card(rounded(10.0, 54.0, 60.0, 50.0, [10.0; 4]), three)),
        Primitive::Shape(shape(Geometry::Ellipse(Rect::new(84.0, 46.0, 68.0, 68.0)), glow)),
    ];
    check("gradient", Size::new(160, 120), Color::BLACK, vec![layer(all)]);
}

#[test]
fn conic() {
    let wheel = Paint::Conic { center: (60.0, 60.0), start: 0.0, stops: stops(&[NAVY, AMBER, PAPER, NAVY]) };
    let half = Paint::Conic { center: (110.0, 90.0), start: 0.25, stops: stops(&[AMBER, AMBER.with_alpha(0.0)]) };
    let all = vec![
        Primitive::Shape(shape(Geometry::Ellipse(Rect::new(10.0, 10.0, 100.0, 100.0)), wheel)),
        Primitive::Shape(card(rounded(70.0, 60.0, 80.0, 60.0, [8.0; 4]), half)),
    ];
    check("conic", Size::new(160, 130), PAPER, vec![layer(all)]);
}

#[test]
fn shadow() {
    let below = |dx, dy, blur, spread| Shadow { dx, dy, blur, spread, color: NAVY.with_alpha(0.5) };
    let with =
        |area, shadow| Primitive::Shape(Shape { shadow: Some(shadow), ..card(area, Paint::Solid(Color::WHITE)) });
    let star = [
        PathSegment::MoveTo(130.0, 66.0),
        PathSegment::LineTo(150.0, 104.0),
        PathSegment::LineTo(110.0, 104.0),
        PathSegment::Close,
    ];
    let all = vec![
        with(rounded(20.0, 16.0, 44.0, 30.0, [6.0; 4]), below(0.0, 6.0, 16.0, 0.0)),
        with(rounded(94.0, 16.0, 44.0, 30.0, [0.0; 4]), below(5.0, 5.0, 0.0, 0.0)),
        with(rounded(20.0, 70.0, 44.0, 30.0, [15.0; 4]), below(0.0, 0.0, 10.0, 4.0)),
        Primitive::Shape(Shape {
            shadow: Some(below(0.0, 3.0, 8.0, 0.0)),
            ..shape(Geometry::Path(star.to_vec()), Paint::Solid(AMBER))
        }),
    ];
    check("shadow", Size::new(160, 120), PAPER, vec![layer(all)]);
}

#[test]
fn clip() {
    let full = || rounded(0.0, 0.0, 160.0, 120.0, [0.0; 4]);
    let own = Shape { clip: Some(rounded(8.0, 8.0, 64.0, 48.0, [16.0; 4])), ..card(full(), Paint::Solid(AMBER)) };
    let link = MotionLink { clip: Some(rounded(80.0, 8.0, 64.0, 48.0, [4.0, 24.0, 4.0, 24.0])), ..rest() };
    let turned = MotionLink {
        clip: Some(rounded(48.0, 72.0, 64.0, 36.0, [10.0; 4])),
        pivot: (80.0, 90.0),
        rotation: Track::constant(-12.0),
        ..rest()
    };
    let navy = || vec![Primitive::Shape(card(full(), Paint::Solid(NAVY)))];
    let layers = vec![
        layer(vec![Primitive::Shape(own)]),
        Layer { motion: vec![link], ..layer(navy()) },
        Layer { motion: vec![turned], ..layer(navy()) },
    ];
    check("clip", Size::new(160, 120), PAPER, layers);
}

#[test]
fn reveal() {
    let edges = [Edge::Left, Edge::Top, Edge::Right, Edge::Bottom];
    let places = [(8.0, 8.0), (84.0, 8.0), (8.0, 64.0), (84.0, 64.0)];
    let layers = edges.into_iter().zip(places).map(|(from, (x, y))| {
        let area = rounded(x, y, 68.0, 48.0, [12.0; 4]);
        let reveal = Reveal { rect: area.rect, from, amount: Track::constant(0.6) };
        let motion = vec![MotionLink { reveal: Some(reveal), ..rest() }];
        Layer { motion, ..layer(vec![Primitive::Shape(card(area, Paint::Solid(NAVY)))]) }
    });
    check("reveal", Size::new(160, 120), PAPER, layers.collect());
}

#[test]
fn rotation() {
    let content = |x: f32| {
        vec![
            Primitive::Shape(card(rounded(x, 40.0, 50.0, 30.0, [6.0; 4]), Paint::Solid(NAVY))),
            text("Ag", x + 6.0, 40.0, &style(24.0, 600, "en"), AMBER),
        ]
    };
    let turned = |x: f32, degrees, scale| {
        let (rotation, scale) = (Track::constant(degrees), Track::constant(scale));
        Layer { motion: vec![MotionLink { pivot: (x + 25.0, 55.0), rotation, scale, ..rest() }], ..layer(content(x)) }
    };
    let layers =
        vec![turned(8.0, 15.0, 1.0), turned(78.0, 90.0, 1.0), turned(148.0, -30.0, 1.4), turned(218.0, 0.0, 0.6)];
    check("rotation", Size::new(280, 110), PAPER, layers);
}

#[test]
fn subpixel_move() {
    let layers = (0u8..4).map(|quarter| {
        let y = 6.0 + f32::from(quarter) * 28.0;
        let content = vec![
            Primitive::Shape(card(rounded(8.0, y, 20.0, 20.0, [0.0; 4]), Paint::Solid(NAVY))),
            text("Illuminación", 36.0, y - 2.0, &style(18.0, 500, "es"), NAVY),
        ];
        let part = f32::from(quarter) / 4.0;
        let motion = vec![MotionLink { x: Track::constant(part), y: Track::constant(part), ..rest() }];
        Layer { motion, ..layer(content) }
    });
    check("subpixel_move", Size::new(160, 116), PAPER, layers.collect());
}

/// A test card: a circle on diagonal stripes with a one-pixel frame.
fn test_card(width: u32, height: u32) -> Arc<RgbaFrame> {
    let pixel = |x: u32, y: u32| {
        let (dx, dy) = (f64::from(x) - f64::from(width) / 2.0, f64::from(y) - f64::from(height) / 2.0);
        if x == 0 || y == 0 || x == width - 1 || y == height - 1 {
            [200, 30, 60, 255]
        } else if dx.hypot(dy) < f64::from(height) * 0.4 {
            [245, 166, 35, 255]
        } else if ((x + y) / 12).is_multiple_of(2) {
            [11, 31, 58, 255]
        } else {
            [0, 0, 0, 0]
        }
    };
    let pixels = (0..height).flat_map(|y| (0..width).flat_map(move |x| pixel(x, y))).collect();
    Arc::new(RgbaFrame::from_pixels(Size::new(width, height), pixels).expect("of this size"))
}

#[test]
fn picture_fit() {
    let pixels = test_card(180, 120);
    let place = |rect: Rect, clip: RoundedRect| Primitive::Picture(Picture { pixels: Arc::clone(&pixels), rect, clip });
    let all = vec![
        // Contained: the whole picture, smaller.
        place(Rect::new(8.0, 8.0, 60.0, 40.0), rounded(8.0, 8.0, 60.0, 40.0, [0.0; 4])),
        // Covering: cut to a square with round corners.
        place(Rect::new(65.0, 8.0, 96.0, 64.0), rounded(81.0, 8.0, 64.0, 64.0, [16.0; 4])),
        // A round portrait.
        place(Rect::new(2.0, 60.0, 72.0, 48.0), rounded(14.0, 60.0, 48.0, 48.0, [24.0; 4])),
        // Larger than it is, off the pixel grid.
        place(Rect::new(60.5, 20.25, 270.0, 180.0), rounded(84.0, 80.0, 66.0, 34.0, [4.0; 4])),
    ];
    check("picture_fit", Size::new(160, 120), PAPER, vec![layer(all)]);
}

fn isolated(primitives: Vec<Primitive>, blur: f32, stencils: Vec<Stencil>) -> Primitive {
    Primitive::Isolated(Box::new(Isolated { primitives, blur, stencils }))
}

#[test]
fn mask() {
    let content = |x: f32, y: f32| {
        let stripes = (0u8..6).map(move |i| {
            let left = x + f32::from(i) * 12.0;
            Primitive::Shape(card(
                rounded(left, y, 8.0, 48.0, [0.0; 4]),
                Paint::Solid(if i % 2 == 0 { NAVY } else { AMBER }),
            ))
        });
        stripes.collect::<Vec<_>>()
    };
    let place = |x: f32, y: f32| Rect::new(x, y, 68.0, 48.0);
    let cut = |geometry: Geometry, rect: Rect, fade: [f32; 4]| Stencil { geometry, rect, fade, opacity: None };
    let whole = |rect: Rect| Geometry::RoundedRect(RoundedRect { rect, radii: [10.0; 4] });
    let (a, b, c, d) = (place(8.0, 8.0), place(84.0, 8.0), place(8.0, 64.0), place(84.0, 64.0));
    let drop = vec![
        PathSegment::MoveTo(42.0, 64.0),
        PathSegment::LineTo(76.0, 112.0),
        PathSegment::LineTo(8.0, 112.0),
        PathSegment::Close,
    ];
    let towards = Paint::Linear { from: (84.0, 0.0), to: (152.0, 0.0), stops: stops(&[NAVY, NAVY.with_alpha(0.0)]) };
    let all = vec![
        isolated(content(8.0, 8.0), 0.0, vec![cut(whole(a), a, [0.0, 24.0, 0.0, 24.0])]),
        isolated(content(84.0, 8.0), 0.0, vec![cut(Geometry::Ellipse(b), b, [0.0; 4])]),
        isolated(content(8.0, 64.0), 0.0, vec![cut(Geometry::Path(drop), c, [0.0; 4])]),
        isolated(content(84.0, 64.0), 0.0, vec![Stencil { opacity: Some(towards), ..cut(whole(d), d, [0.0; 4]) }]),
    ];
    check("mask", Size::new(160, 120), PAPER, vec![layer(all)]);
}

#[test]
fn blur() {
    let content = |x: f32| {
        vec![
            Primitive::Shape(card(rounded(x, 24.0, 50.0, 60.0, [8.0; 4]), Paint::Solid(NAVY))),
            text("Ag", x + 6.0, 30.0, &style(30.0, 600, "en"), AMBER),
        ]
    };
    let all = vec![
        isolated(content(20.0), 0.0, Vec::new()),
        isolated(content(100.0), 6.0, Vec::new()),
        isolated(content(184.0), 24.0, Vec::new()),
    ];
    check("blur", Size::new(256, 110), PAPER, vec![layer(all)]);
}

/// A group that is neither blurred nor cut is what its primitives are; a blur keeps flat colours as they are.
#[test]
fn apart_and_not_apart_are_equal() {
    let content = || {
        vec![
            Primitive::Shape(card(rounded(-60.0, -60.0, 320.0, 260.0, [0.0; 4]), Paint::Solid(AMBER))),
            text("Ag", 20.0, 20.0, &style(40.0, 600, "en"), NAVY),
        ]
    };
    let frame = |primitives: Vec<Primitive>| {
        let scene = Scene { id: "s".into(), first_frame: 0, frame_count: 1, layers: vec![layer(primitives)] };
        let (size, frame_rate) = (Size::new(120, 90), FrameRate::DEFAULT);
        let background = Color::BLACK;
        let composition =
            Composition { size, frame_rate, frame_count: 1, background, scenes: vec![scene], title: String::new() };
        raster::still(&composition, FontLibrary::bundled(), Arc::new(GlyphCache::new()), 0, &Sequential)
            .pixels()
            .to_vec()
    };
    let rect = Rect::new(-60.0, -60.0, 320.0, 260.0);
    let geometry = Geometry::RoundedRect(RoundedRect { rect, radii: [0.0; 4] });
    let everything = Stencil { geometry, rect, fade: [0.0; 4], opacity: None };
    assert_eq!(frame(content()), frame(vec![isolated(content(), 0.0, vec![everything])]));
    let flat = || vec![content().remove(0)];
    assert_eq!(frame(flat()), frame(vec![isolated(flat(), 16.0, Vec::new())]));
}

#[test]
fn stretch() {
    let zigzag = vec![(10.0, 60.0), (40.0, 10.0), (70.0, 60.0), (100.0, 10.0)];
    let bar = vec![(112.0, 10.0), (112.0, 60.0)];
    let length = 3.0 * 3_400.0f32.sqrt() + 50.0;
    let line = Arc::new(Polyline { contours: vec![zigzag, bar], length });
    let part = |y: f32, from, to, color, width| {
        let moved = line.contours.iter().map(|contour| contour.iter().map(|(a, b)| (*a, b + y)).collect()).collect();
        let line = Arc::new(Polyline { contours: moved, length });
        let stroke = Some(Stroke { paint: Paint::Solid(color), width, round: true });
        let geometry = Geometry::Stretch { line, from, to };
        Primitive::Shape(Shape { geometry, fill: None, stroke, shadow: None, clip: None })
    };
    let all = vec![
        part(0.0, 0.0, 1.0, AMBER, 8.0),
        part(0.0, 0.2, 0.9, NAVY, 3.0),
        part(64.0, 0.0, 0.5, NAVY, 6.0),
        part(64.0, 0.5, 0.5, AMBER, 6.0),
    ];
    check("stretch", Size::new(122, 132), PAPER, vec![layer(all)]);
}

#[test]
fn strokes() {
    let line = |from, to, width, round| {
        let stroke = Some(Stroke { paint: Paint::Solid(NAVY), width, round });
        Primitive::Shape(Shape { geometry: Geometry::Line { from, to }, fill: None, stroke, shadow: None, clip: None })
    };
    let outlined = |geometry, width, round| {
        let stroke = Some(Stroke { paint: Paint::Solid(NAVY), width, round });
        Primitive::Shape(Shape { stroke, ..shape(geometry, Paint::Solid(AMBER)) })
    };
    let zigzag = |y: f32| {
        vec![
            PathSegment::MoveTo(84.0, y),
            PathSegment::LineTo(104.0, y + 26.0),
            PathSegment::LineTo(124.0, y),
            PathSegment::CubicTo(130.0, y + 40.0, 146.0, y + 40.0, 150.0, y),
        ]
    };
    let open = |y: f32, round| {
        let stroke = Some(Stroke { paint: Paint::Solid(NAVY), width: 6.0, round });
        let geometry = Geometry::Path(zigzag(y));
        Primitive::Shape(Shape { geometry, fill: None, stroke, shadow: None, clip: None })
    };
    let all = vec![
        line((8.0, 8.0), (72.0, 8.0), 2.0, false),
        line((8.0, 20.0), (72.0, 20.0), 8.0, true),
        line((10.0, 34.0), (70.0, 52.0), 1.0, false),
        line((10.0, 44.0), (70.0, 62.0), 7.0, true),
        outlined(Geometry::RoundedRect(rounded(8.0, 72.0, 30.0, 24.0, [0.0; 4])), 3.0, false),
        outlined(Geometry::RoundedRect(rounded(46.0, 72.0, 30.0, 24.0, [8.0; 4])), 3.0, false),
        outlined(Geometry::Ellipse(Rect::new(8.0, 104.0, 30.0, 16.0)), 2.0, false),
        outlined(Geometry::Ellipse(Rect::new(50.0, 102.0, 20.0, 20.0)), 2.0, false),
        open(14.0, false),
        open(70.0, true),
    ];
    check("strokes", Size::new(160, 128), PAPER, vec![layer(all)]);
}

//! The painter as a whole: motion to a sixteenth of a pixel, clips, reveals, and damage that is never too small.

use proptest::prelude::*;

use super::*;
use crate::compose::scene::{Content, Edge, Geometry, MotionLink, Paint, Reveal, RoundedRect, Shape, Stop};
use crate::ground::executor::Sequential;
use crate::ground::geometry::Rect;
use crate::ground::timeline::{Easing, Keyframe, Track};

const SIDE: u32 = 48;

fn rest() -> MotionLink {
    MotionLink {
        pivot: (24.0, 24.0),
        x: Track::constant(0.0),
        y: Track::constant(0.0),
        scale: Track::constant(1.0),
        rotation: Track::constant(0.0),
        opacity: Track::constant(1.0),
        clip: None,
        reveal: None,
    }
}

fn rounded(x: f32, y: f32, width: f32, height: f32, radius: f32) -> RoundedRect {
    RoundedRect { rect: Rect::new(x, y, width, height), radii: [radius; 4] }
}

fn card(shape: RoundedRect, paint: Paint) -> Primitive {
    let geometry = Geometry::RoundedRect(shape);
    Primitive::Shape(Shape { geometry, fill: Some(paint), stroke: None, shadow: None, clip: None })
}

fn white(shape: RoundedRect) -> Primitive {
    card(shape, Paint::Solid(Color::WHITE))
}

fn layer(content: Vec<Primitive>, motion: Vec<MotionLink>) -> Layer {
    Layer { node: "n".into(), content: Content::Still(content), motion }
}

fn film_of(frame_count: u32, scenes: Vec<Scene>) -> Composition {
    let size = Size::new(SIDE, SIDE);
    let background = Color::BLACK;
    Composition { size, frame_rate: FrameRate::DEFAULT, frame_count, background, scenes, title: String::new() }
}

fn one_layer(content: Vec<Primitive>, motion: Vec<MotionLink>) -> Composition {
    let scene = Scene { id: "s".into(), first_frame: 0, frame_count: 100, layers: vec![layer(content, motion)] };
    film_of(100, vec![scene])
}

fn frame(composition: &Composition, index: u32) -> RgbaFrame {
    still(composition, FontLibrary::bundled(), Arc::default(), index, &Sequential)
}

fn ramp(from: f32, to: f32, frames: u32) -> Track {
    let key = |frame, value| Keyframe { frame, value, easing: Easing::Linear };
    Track::new(vec![key(0, from), key(frames, to)], FrameRate::DEFAULT)
}

/// Mean position of the light of a frame, in px.
fn centroid(frame: &RgbaFrame) -> (f64, f64) {
    let (mut sum, mut x_sum, mut y_sum) = (0.0, 0.0, 0.0);
    for y in 0..SIDE {
        for x in 0..SIDE {
            let light = f64::from(frame.pixel(x, y)[0]);
            sum += light;
            x_sum += light * f64::from(x);
            y_sum += light * f64::from(y);
        }
    }
    (x_sum / sum, y_sum / sum)
}

#[test]
fn frames_show_the_same_where_nothing_seen_differs() {
    let moving = |x: f32, paint: Paint| {
        let link = MotionLink { x: ramp(0.0, 10.0, 20), ..rest() };
        one_layer(vec![card(rounded(x, 4.0, 8.0, 8.0, 2.0), paint)], vec![link])
    };
    let one = moving(4.0, Paint::Solid(Color::WHITE));
    for (other, at, same) in [
        (one.clone(), 10, true),
        (one.clone(), 11, false),
        (moving(5.0, Paint::Solid(Color::WHITE)), 10, false),
        (moving(4.0, Paint::Solid(Color::rgb(255, 255, 254))), 10, false),
        (Composition { background: Color::WHITE, ..one.clone() }, 10, false),
        (Composition { scenes: Vec::new(), ..one.clone() }, 10, false),
        (Composition { size: Size::new(SIDE, SIDE + 2), ..one.clone() }, 10, false),
        (Composition { title: "other".into(), ..one.clone() }, 10, true),
    ] {
        assert_eq!(shows_the_same((&one, 10), (&other, at)), same, "{other:?} at {at}");
    }
    assert!(shows_the_same((&one, 30), (&one, 90)), "it stands still");
    assert!(!shows_the_same((&one, 30), (&one, 100)), "it is gone");
}

#[test]
fn a_slow_move_does_not_stair_step() {
    let motion = MotionLink { x: ramp(0.0, 5.0, 20), y: ramp(0.0, -2.5, 20), ..rest() };
    let composition = one_layer(vec![white(rounded(15.0, 15.0, 14.0, 11.0, 4.0))], vec![motion]);
    let places: Vec<(f64, f64)> = (0..=20).map(|index| centroid(&frame(&composition, index))).collect();
    for pair in places.windows(2) {
        let (dx, dy) = (pair[1].0 - pair[0].0, pair[1].1 - pair[0].1);
        assert!((dx - 0.25).abs() < 0.02 && (dy + 0.125).abs() < 0.02, "moved by {dx}, {dy}");
    }
}

#[test]
fn a_slow_zoom_keeps_its_center_and_grows_evenly() {
    let motion = MotionLink { scale: ramp(1.0, 1.2, 20), rotation: ramp(0.0, 90.0, 20), ..rest() };
    let composition = one_layer(vec![white(rounded(14.0, 14.0, 20.0, 20.0, 0.0))], vec![motion]);
    for index in 0..=20 {
        let picture = frame(&composition, index);
        let (x, y) = centroid(&picture);
        assert!((x - 23.5).abs() < 0.02 && (y - 23.5).abs() < 0.02, "frame {index}: {x}, {y}");
        let area: f64 = picture.pixels().chunks_exact(4).map(|pixel| f64::from(pixel[0]) / 255.0).sum();
        let side = 20.0 * (1.0 + 0.01 * f64::from(index));
        assert!((area - side * side).abs() < 2.5, "frame {index}: area {area} instead of {}", side * side);
    }
}

#[test]
fn at_rest_after_a_move_it_is_as_sharp_as_before() {
    let card = vec![white(rounded(15.0, 15.0, 14.0, 11.0, 4.0))];
    let moving =
        one_layer(card.clone(), vec![MotionLink { x: ramp(-7.3, 0.0, 9), scale: ramp(0.7, 1.0, 9), ..rest() }]);
    let resting = one_layer(card, Vec::new());
    assert_eq!(frame(&moving, 9), frame(&resting, 0));
    assert_ne!(frame(&moving, 8), frame(&resting, 0));
}

#[test]
fn clips_cut_inside_their_link_and_let_the_rest_pass() {
    let clip = MotionLink { clip: Some(rounded(10.0, 10.0, 10.0, 30.0, 0.0)), ..rest() };
    let picture = frame(&one_layer(vec![white(rounded(0.0, 0.0, 48.0, 48.0, 0.0))], vec![clip]), 0);
    let lit: Vec<bool> = (0..SIDE).map(|x| picture.pixel(x, 20)[0] == 255).collect();
    assert_eq!(lit, (0..SIDE).map(|x| (10..20).contains(&x)).collect::<Vec<_>>());
    assert_eq!(
        [picture.pixel(15, 9)[0], picture.pixel(15, 10)[0], picture.pixel(15, 39)[0], picture.pixel(15, 40)[0]],
        [0, 255, 255, 0]
    );
}

#[test]
fn a_reveal_opens_evenly_and_cuts_nothing_at_its_end() {
    let content = vec![white(rounded(4.0, 4.0, 40.0, 40.0, 0.0))];
    for from in [Edge::Left, Edge::Top, Edge::Right, Edge::Bottom] {
        // The revealed rectangle is smaller than the drawing: at the end all of it shows all the same.
        let reveal = Reveal { rect: Rect::new(8.0, 8.0, 32.0, 32.0), from, amount: ramp(0.0, 1.0, 10) };
        let composition = one_layer(content.clone(), vec![MotionLink { reveal: Some(reveal), ..rest() }]);
        let light = |index| {
            let picture = frame(&composition, index);
            picture.pixels().chunks_exact(4).map(|pixel| f64::from(pixel[0]) / 255.0).sum::<f64>()
        };
        for index in 0..10 {
            let expected = 32.0 * 3.2 * f64::from(index);
            // The edge is rounded to a sixteenth of a pixel.
            assert!((light(index) - expected).abs() <= 32.0 / 32.0 + 0.1, "{from:?} {index}: {}", light(index));
        }
        assert!((light(10) - 1600.0).abs() < 0.01);
    }
}

#[test]
fn still_frames_damage_nothing_and_cost_no_copy() {
    let composition = one_layer(vec![white(rounded(4.0, 4.0, 20.0, 20.0, 3.0))], vec![rest()]);
    let film = Film::new(&composition, FontLibrary::bundled(), Arc::default());
    let mut painter = film.painter();
    assert_eq!(painter.paint(0), Damage::Rects(vec![composition.size.bounds()]));
    for index in [1, 2, 50, 3] {
        assert_eq!(painter.paint(index), Damage::Nothing);
    }
    assert_eq!(painter.paint(100), Damage::Rects(vec![IntRect { left: 4, top: 4, right: 24, bottom: 24 }]));
    assert_eq!(film.tile_bytes(), 22 * 22 * 4);
}

#[test]
fn tiles_that_nobody_shows_are_forgotten_when_all_are_too_many() {
    let large = |y: f32| layer(vec![white(rounded(0.0, y, 2000.0, 2000.0, 0.0))], vec![rest()]);
    let scene = |number: u32| {
        let layers = vec![large(number as f32)];
        Scene { id: String::new(), first_frame: number, frame_count: 1, layers }
    };
    let composition = Composition { size: Size::new(2000, 2000), ..film_of(9, (0..9).map(scene).collect()) };
    let film = Film::new(&composition, FontLibrary::bundled(), Arc::default());
    let mut painter = film.painter();
    let held: Vec<usize> = (0..9)
        .map(|frame| {
            painter.paint(frame);
            film.tile_bytes()
        })
        .collect();
    let tile = 2002 * 2002 * 4;
    assert!(held.iter().all(|bytes| *bytes <= KEPT_BYTES.max(tile) + tile), "{held:?}");
    assert!(held[8] > tile + tile / 2, "{held:?}");
}

#[test]
fn painters_share_the_tiles_of_a_film() {
    let composition = one_layer(vec![white(rounded(4.0, 4.0, 20.0, 20.0, 3.0))], vec![rest()]);
    let film = Film::new(&composition, FontLibrary::bundled(), Arc::default());
    let mut painters = [film.painter(), film.painter(), film.painter()];
    for painter in &mut painters {
        painter.paint(0);
    }
    assert_eq!(film.tile_bytes(), 22 * 22 * 4);
    drop(painters);
    assert_eq!(film.tile_bytes(), 22 * 22 * 4, "kept for a painter to come");
    film.painter().paint(0);
    assert_eq!(film.tile_bytes(), 22 * 22 * 4);
}

#[test]
fn steps_tell_scenes_from_stillness() {
    let scene = |first_frame| Scene { id: String::new(), first_frame, frame_count: 30, layers: Vec::new() };
    let composition = film_of(90, vec![scene(0), scene(60), scene(25), scene(25), scene(90)]);
    let steps = Film::new(&composition, FontLibrary::bundled(), Arc::default()).steps();
    assert_eq!(steps.len(), 90);
    let starts: Vec<usize> = (0..90).filter(|frame| steps[*frame].scene_start).collect();
    assert_eq!(starts, [0, 25, 60]);
    assert!(steps[0].changed_px > 0 && steps[1..].iter().all(|step| step.changed_px == 0));
}

#[test]
fn a_sequence_stays_on_its_last_variant() {
    let variants = [0.0, 10.0, 20.0].map(|x| vec![white(rounded(x, 0.0, 8.0, 8.0, 0.0))]).to_vec();
    let content = Content::Sequence { variants, index: vec![0, 2, 1, 9] };
    let layers = vec![Layer { node: String::new(), content, motion: Vec::new() }];
    let composition = film_of(10, vec![Scene { id: String::new(), first_frame: 2, frame_count: 8, layers }]);
    let lit = |index: u32| {
        let picture = frame(&composition, index);
        (0..SIDE).find(|x| picture.pixel(*x, 3)[0] > 0)
    };
    assert_eq!(
        [lit(1), lit(2), lit(3), lit(4), lit(5), lit(9)],
        [None, Some(0), Some(20), Some(10), Some(20), Some(20)]
    );
}

fn any_track(low: f32, high: f32, rest: f32) -> impl Strategy<Value = Track> {
    let key = (0u32..12, low..high).prop_map(|(frame, value)| Keyframe { frame, value, easing: Easing::Linear });
    prop_oneof![
        3 => Just(Track::constant(rest)),
        1 => (low..high).prop_map(Track::constant),
        1 => prop::collection::vec(key, 1..4).prop_map(|keys| Track::new(keys, FrameRate::DEFAULT)),
        1 => (low..high, 1u32..10).prop_map(move |(from, frames)| ramp(from, rest, frames)),
    ]
}

fn any_rounded() -> impl Strategy<Value = RoundedRect> {
    (-20.0f32..50.0, -20.0f32..50.0, 0.0f32..60.0, 0.0f32..60.0, 0.0f32..20.0, any::<bool>()).prop_map(
        |(x, y, width, height, radius, whole)| {
            let step = |v: f32| if whole { v.round() } else { v };
            rounded(step(x), step(y), step(width), step(height), if whole { 0.0 } else { radius })
        },
    )
}

fn any_color() -> impl Strategy<Value = Color> {
    (any::<[u8; 3]>(), prop_oneof![Just(255u8), any::<u8>()]).prop_map(|([r, g, b], a)| Color { r, g, b, a })
}

fn any_paint() -> impl Strategy<Value = Paint> {
    prop_oneof![
        any_color().prop_map(Paint::Solid),
        (any_color(), any_color()).prop_map(|(first, last)| Paint::Linear {
            from: (3.0, 1.0),
            to: (40.0, 30.0),
            stops: vec![Stop { at: 0.0, color: first }, Stop { at: 1.0, color: last }],
        }),
    ]
}

fn any_link() -> impl Strategy<Value = MotionLink> {
    let tracks = (
        any_track(-40.0, 40.0, 0.0),
        any_track(-40.0, 40.0, 0.0),
        any_track(0.0, 2.5, 1.0),
        any_track(-200.0, 200.0, 0.0),
        any_track(-0.2, 1.2, 1.0),
    );
    let edge = prop_oneof![Just(Edge::Left), Just(Edge::Top), Just(Edge::Right), Just(Edge::Bottom)];
    let reveal = (any_rounded(), edge, any_track(0.0, 1.0, 1.0));
    let reveal = reveal.prop_map(|(shape, from, amount)| Reveal { rect: shape.rect, from, amount });
    let cuts = (prop::option::weighted(0.2, any_rounded()), prop::option::weighted(0.2, reveal));
    (tracks, cuts, (0.0f32..48.0, 0.0f32..48.0)).prop_map(
        |((x, y, scale, rotation, opacity), (clip, reveal), pivot)| MotionLink {
            pivot,
            x,
            y,
            scale,
            rotation,
            opacity,
            clip,
            reveal,
        },
    )
}

fn any_content() -> impl Strategy<Value = Content> {
    let primitives = || prop::collection::vec((any_rounded(), any_paint()).prop_map(|(s, p)| card(s, p)), 0..3);
    prop_oneof![
        3 => primitives().prop_map(Content::Still),
        1 => (prop::collection::vec(primitives(), 1..4), prop::collection::vec(0u16..4, 1..10))
            .prop_map(|(variants, index)| Content::Sequence { variants, index }),
    ]
}

fn any_composition() -> impl Strategy<Value = Composition> {
    let any_layer = (any_content(), prop::collection::vec(any_link(), 0..3)).prop_map(|(content, motion)| Layer {
        node: String::new(),
        content,
        motion,
    });
    let any_scene = (0u32..12, 1u32..14, prop::collection::vec(any_layer, 0..4))
        .prop_map(|(first_frame, frame_count, layers)| Scene { id: String::new(), first_frame, frame_count, layers });
    (prop::collection::vec(any_scene, 1..4), any_color()).prop_map(|(mut scenes, background)| {
        scenes.sort_by_key(|scene| scene.first_frame);
        Composition { background, ..film_of(16, scenes) }
    })
}

proptest! {
    #[test]
    fn a_step_that_says_nothing_changes_is_right(composition in any_composition()) {
        let film = Film::new(&composition, FontLibrary::bundled(), Arc::default());
        let mut painter = film.painter();
        painter.paint(0);
        for (index, step) in (0..).zip(film.steps()).skip(1) {
            let before = painter.picture().clone();
            let damage = painter.paint(index);
            prop_assert!(step.changed_px > 0 || damage == Damage::Nothing, "frame {}: {:?}", index, damage);
            prop_assert!(step.changed_px > 0 || before == *painter.picture(), "frame {}", index);
        }
    }

    #[test]
    fn painting_only_the_damage_equals_painting_anew(
        composition in any_composition(),
        order in prop::collection::vec(0u32..16, 1..14),
    ) {
        let film = Film::new(&composition, FontLibrary::bundled(), Arc::default());
        let mut painter = film.painter();
        let mut before = painter.picture().clone();
        for (step, index) in order.into_iter().enumerate() {
            let damage = painter.paint(index);
            let after = painter.picture();
            prop_assert!(after == &frame(&composition, index), "frame {} differs from a fresh one", index);
            prop_assert!(after.pixels().iter().skip(3).step_by(4).all(|alpha| *alpha == 255));
            let rects = match damage {
                Damage::Nothing => Vec::new(),
                Damage::Rects(rects) => rects,
            };
            let even = |rect: &IntRect| [rect.left, rect.top, rect.right, rect.bottom].iter().all(|edge| edge % 2 == 0);
            prop_assert!(rects.iter().all(|rect| even(rect) && rect.intersect(composition.size.bounds()) == *rect));
            if step > 0 {
                for y in 0..SIDE {
                    for x in 0..SIDE {
                        let (column, row) = (x as i32, y as i32);
                        let inside = rects.iter().any(|r| (r.left..r.right).contains(&column) && (r.top..r.bottom).contains(&row));
                        prop_assert!(inside || before.pixel(x, y) == after.pixel(x, y), "{},{} changed undamaged", x, y);
                    }
                }
            }
            before = after.clone();
        }
    }
}

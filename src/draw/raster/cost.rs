//! The cost of a composition: what drawing it would take, estimated before anything is drawn. A composition out of all
//! proportion is refused. A template may ask for anything; a machine has so much memory and a seller so much time.

use super::steps::{ink, moves_at, redraws};
use crate::compose::scene::{Composition, Geometry, Isolated, Layer, Primitive, Scene, Shape};
use crate::ground::geometry::{IntRect, Size};

/// Most bytes that the drawn layers on view at one time may take.
const MAX_BYTES: u64 = 512 << 20;
/// Most work of a whole video, in pixels that are drawn or laid down once, some 4 ns each: about 20 s of one processor.
/// An estimate: 100 shadows as large as the canvas and its reach, 5,000 million by this count, took 21.7 s.
const MAX_WORK_PX: u64 = 5_000_000_000;

/// What a pixel costs, against one that is filled with a colour. Estimates, by how often each is read and written.
const GRADIENT: u64 = 2;
const SHADOW: u64 = 6;
const SAMPLED: u64 = 3;
const APART: u64 = 2;
const BLURRED: u64 = 12;
const TURNED: u64 = 4;
/// What a segment of a path and a point of a stretched line cost, in such pixels.
const SEGMENT_PX: u64 = 500;
const POINT_PX: u64 = 20;
/// A blur reaches this many times its length beyond what it blurs.
const BLUR_REACH: f32 = 1.5;

/// A composition that would take too much.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TooCostly {
    /// Its layers take too much memory at once.
    #[error(
        "scene `{scene}` has layers of {megabytes} MB on view at one time; at most {} are allowed: fewer or smaller nodes that \
         move, cast shadows or are blurred", MAX_BYTES >> 20
    )]
    Memory {
        scene: String,
        /// What they take, in MB of 2^20 bytes.
        megabytes: u64,
    },
    /// Drawing and moving them takes too long.
    #[error(
        "drawing takes {megapixels} million pixels, most of them in scene `{scene}`; at most {} are allowed: fewer, smaller or \
         shorter motions, shadows, blurs and masks", MAX_WORK_PX / 1_000_000
    )]
    Work {
        /// The scene that takes most.
        scene: String,
        /// What all scenes take, in millions of pixels drawn once.
        megapixels: u64,
    },
}

/// Refuses a composition whose cost is out of all proportion.
///
/// # Errors
/// [`TooCostly`], with the scene that costs most.
pub fn check_cost(composition: &Composition) -> Result<(), TooCostly> {
    let area = reach_of(composition.size);
    let bytes: Vec<u64> = composition.scenes.iter().map(|scene| bytes_of(scene, area)).collect();
    for (at, scene) in composition.scenes.iter().enumerate() {
        let together = (0..bytes.len()).filter(|other| meets(scene, &composition.scenes[*other]) && *other >= at);
        let total: u64 = together.map(|other| bytes[other]).sum();
        if total > MAX_BYTES {
            let heaviest = (0..bytes.len()).max_by_key(|at| bytes[*at]).unwrap_or(at);
            let scene = composition.scenes[heaviest].id.clone();
            return Err(TooCostly::Memory { scene, megabytes: total >> 20 });
        }
    }
    let work: Vec<u64> = composition.scenes.iter().map(|scene| work_of(scene, area, composition.size)).collect();
    let total = work.iter().fold(0, |sum: u64, work| sum.saturating_add(*work));
    if total > MAX_WORK_PX {
        let heaviest = (0..work.len()).max_by_key(|at| work[*at]).unwrap_or(0);
        let scene = composition.scenes[heaviest].id.clone();
        return Err(TooCostly::Work { scene, megapixels: total / 1_000_000 });
    }
    Ok(())
}

/// Whether two scenes share a frame.
fn meets(one: &Scene, other: &Scene) -> bool {
    one.first_frame < other.first_frame + other.frame_count && other.first_frame < one.first_frame + one.frame_count
}

/// What drawn layers may cover: the canvas and half of it beyond each edge.
fn reach_of(size: Size) -> IntRect {
    let canvas = size.bounds();
    let (across, down) = (canvas.right / 2, canvas.bottom / 2);
    IntRect { left: -across, top: -down, right: canvas.right + across, bottom: canvas.bottom + down }
}

fn px(area: IntRect) -> u64 {
    u64::from(area.width()) * u64::from(area.height())
}

fn bytes_of(scene: &Scene, within: IntRect) -> u64 {
    let largest = |layer: &Layer| {
        variants(layer).map(|primitives| px(grown(primitives).intersect(within))).max().unwrap_or(0) * 4
    };
    scene.layers.iter().map(largest).sum()
}

fn work_of(scene: &Scene, within: IntRect, size: Size) -> u64 {
    let layer_work = |layer: &Layer| {
        let drawn = variants(layer).fold(0, |sum: u64, one| sum.saturating_add(draw_px(one, within)));
        let turns = layer.motion.iter().any(|link| !link.scale.is_constant() || !link.rotation.is_constant());
        let moved = (0..scene.frame_count)
            .filter(|frame| layer.motion.iter().any(|link| moves_at(link, *frame)) || redraws(layer, *frame))
            .count() as u64;
        let laid = px(grown(layer.content.primitives(0)).intersect(size.bounds())) * (1 + moved);
        drawn.saturating_add(laid * if turns { TURNED } else { 1 })
    };
    scene.layers.iter().map(layer_work).fold(0, u64::saturating_add)
}

/// What a layer shows, one after the other.
fn variants(layer: &Layer) -> impl Iterator<Item = &[Primitive]> {
    (0..layer.content.variant_count()).map(|variant| layer.content.primitives(variant))
}

/// Where primitives leave ink, shadows and blurs with it.
fn grown(primitives: &[Primitive]) -> IntRect {
    let area = ink(primitives);
    if area.is_empty() {
        return area;
    }
    let beyond = primitives.iter().map(beyond).fold(0.0, f32::max);
    #[expect(clippy::cast_possible_truncation, reason = "`as` saturates, and the canvas cuts it")]
    let by = beyond.ceil().min(20_000.0) as i32;
    IntRect { left: area.left - by, top: area.top - by, right: area.right + by, bottom: area.bottom + by }
}

/// How far a shadow or blur reaches beyond what casts it, in px.
fn beyond(primitive: &Primitive) -> f32 {
    match primitive {
        Primitive::Shape(Shape { shadow: Some(shadow), .. }) => {
            shadow.dx.abs().max(shadow.dy.abs()) + shadow.spread.max(0.0) + shadow.blur * BLUR_REACH
        }
        Primitive::Isolated(group) => group.blur * BLUR_REACH + group.primitives.iter().map(beyond).fold(0.0, f32::max),
        Primitive::Shape(_) | Primitive::Text(_) | Primitive::Picture(_) => 0.0,
    }
}

/// What drawing it once costs.
fn draw_px(primitives: &[Primitive], within: IntRect) -> u64 {
    let area = |primitive: &Primitive| px(grown(std::slice::from_ref(primitive)).intersect(within));
    let one = |primitive: &Primitive| match primitive {
        Primitive::Shape(shape) => {
            let gradient = if primitive.has_gradient() { GRADIENT } else { 1 };
            let shadow = if shape.shadow.is_some() { SHADOW } else { 0 };
            area(primitive) * (gradient + shadow) + outline_px(&shape.geometry)
        }
        Primitive::Text(text) => text.block.glyphs.len() as u64 * SEGMENT_PX,
        Primitive::Picture(_) => area(primitive) * SAMPLED,
        Primitive::Isolated(group) => isolated_px(group, area(primitive), within),
    };
    primitives.iter().map(one).fold(0, u64::saturating_add)
}

fn isolated_px(group: &Isolated, area: u64, within: IntRect) -> u64 {
    let blur = if group.blur > 0.0 { BLURRED } else { 0 };
    let outlines: u64 = group.stencils.iter().map(|stencil| outline_px(&stencil.geometry)).sum();
    let apart = area.saturating_mul(APART * (1 + group.stencils.len() as u64) + blur);
    draw_px(&group.primitives, within).saturating_add(apart).saturating_add(outlines)
}

fn outline_px(geometry: &Geometry) -> u64 {
    match geometry {
        Geometry::Path(segments) => segments.len() as u64 * SEGMENT_PX,
        Geometry::Stretch { line, .. } => line.contours.iter().map(Vec::len).sum::<usize>() as u64 * POINT_PX,
        Geometry::RoundedRect(_) | Geometry::Ellipse(_) | Geometry::Line { .. } => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::scene::{Content, MotionLink, Paint, RoundedRect, Shadow};
    use crate::ground::color::Color;
    use crate::ground::geometry::Rect;
    use crate::ground::time::FrameRate;
    use crate::ground::timeline::{Easing, Keyframe, Track};

    /// So many layers as large as the canvas that fade in for `frames`.
    fn fading(layers: usize, frames: u32, shadow: Option<Shadow>) -> Composition {
        let size = Size::new(1080, 1920);
        let rect = Rect::new(0.0, 0.0, 1080.0, 1920.0);
        let geometry = Geometry::RoundedRect(RoundedRect { rect, radii: [0.0; 4] });
        let shape = Shape { geometry, fill: Some(Paint::Solid(Color::WHITE)), stroke: None, shadow, clip: None };
        let keyframe = |frame, value| Keyframe { frame, value, easing: Easing::Linear };
        let opacity = Track::new(vec![keyframe(0, 0.0), keyframe(frames, 1.0)], FrameRate::DEFAULT);
        let layer = Layer {
            node: "n".to_owned(),
            content: Content::Still(vec![Primitive::Shape(shape)]),
            motion: vec![MotionLink {
                pivot: (0.0, 0.0),
                x: Track::constant(0.0),
                y: Track::constant(0.0),
                scale: Track::constant(1.0),
                rotation: Track::constant(0.0),
                opacity,
                clip: None,
                reveal: None,
            }],
        };
        let scene = Scene { id: "s".to_owned(), first_frame: 0, frame_count: 900, layers: vec![layer; layers] };
        Composition {
            size,
            frame_rate: FrameRate::DEFAULT,
            frame_count: 900,
            background: Color::BLACK,
            scenes: vec![scene],
            title: String::new(),
        }
    }

    #[test]
    fn what_no_machine_should_draw_is_refused_with_its_scene() {
        assert_eq!(check_cost(&fading(20, 15, None)), Ok(()));
        let error = check_cost(&fading(100, 15, None)).expect_err("a gigabyte");
        assert!(error.to_string().starts_with("scene `s` has layers of 791 MB"), "{error}");
        assert!(matches!(check_cost(&fading(20, 800, None)), Err(TooCostly::Work { .. })));
        let shadow = Shadow { dx: 0.0, dy: 0.0, blur: 200.0, spread: 200.0, color: Color::BLACK };
        assert!(check_cost(&fading(40, 15, Some(shadow))).is_err());
    }

    #[test]
    fn scenes_that_meet_are_on_view_together() {
        let mut video = fading(40, 15, None);
        let mut next = video.scenes[0].clone();
        (next.id, next.first_frame) = ("next".to_owned(), 900);
        video.scenes.push(next);
        assert_eq!(check_cost(&video), Ok(()));
        video.scenes[1].first_frame = 890;
        assert!(matches!(check_cost(&video), Err(TooCostly::Memory { .. })));
    }
}

//! What happens on every frame, from the motion alone: nothing is drawn.

use super::pose::Pose;
use crate::compose::scene::{Composition, Geometry, Layer, MotionLink, Primitive, Scene};
use crate::ground::frame::Step;
use crate::ground::geometry::{IntRect, Rect, Size};

/// The steps of a composition, one for each frame.
pub(super) fn of(composition: &Composition) -> Vec<Step> {
    let Size { width, height } = composition.size;
    let canvas_px = width.saturating_mul(height);
    let mut steps = vec![Step::default(); composition.frame_count as usize];
    for scene in &composition.scenes {
        if let Some(step) = steps.get_mut(scene.first_frame as usize) {
            step.scene_start = true;
        }
        for layer in &scene.layers {
            add_layer(&mut steps, scene, layer, composition.size.bounds());
        }
    }
    for step in &mut steps {
        step.changed_px = step.changed_px.min(canvas_px);
    }
    if let Some(first) = steps.first_mut() {
        first.changed_px = canvas_px;
    }
    steps
}

/// Adds the frames on which a layer changes: its arrival, its motion, its new drawings, its end.
fn add_layer(steps: &mut [Step], scene: &Scene, layer: &Layer, canvas: IntRect) {
    let mut shown: Option<(Pose, usize)> = None;
    for frame in 0..=scene.frame_count {
        let Some(step) = steps.get_mut((scene.first_frame + frame) as usize) else { break };
        let over = frame == scene.frame_count;
        if frame > 0 && !over && !layer.motion.iter().any(|link| moves_at(link, frame)) && !redraws(layer, frame) {
            continue;
        }
        let now = if over { None } else { Pose::at(&layer.motion, frame) };
        let now = now.map(|pose| (pose, layer.content.variant_at(frame)));
        if now != shown {
            for (pose, variant) in [&shown, &now].into_iter().flatten() {
                let area = pose.bounds(ink(layer.content.primitives(*variant))).intersect(canvas);
                // Something changes, even if all of it lies outside of what was reckoned.
                let changed = area.width().saturating_mul(area.height()).max(1);
                step.changed_px = step.changed_px.saturating_add(changed / 2).max(1);
            }
            shown = now;
        }
    }
}

pub(super) fn moves_at(link: &MotionLink, frame: u32) -> bool {
    let tracks = [&link.x, &link.y, &link.scale, &link.rotation, &link.opacity];
    let reveal = link.reveal.as_ref().map(|reveal| &reveal.amount);
    tracks.into_iter().chain(reveal).any(|track| track.moves_at(frame))
}

/// Whether another drawing shows on `frame` than on the one before.
pub(super) fn redraws(layer: &Layer, frame: u32) -> bool {
    frame > 0 && layer.content.variant_at(frame) != layer.content.variant_at(frame - 1)
}

/// About where primitives at rest leave ink.
pub(super) fn ink(primitives: &[Primitive]) -> IntRect {
    primitives.iter().map(|primitive| outer(reach(primitive))).fold(IntRect::default(), IntRect::union)
}

fn reach(primitive: &Primitive) -> Rect {
    match primitive {
        Primitive::Text(text) => Rect::new(text.origin.0, text.origin.1, text.block.width, text.block.height),
        Primitive::Picture(picture) => picture.clip.rect,
        Primitive::Isolated(group) => group.primitives.iter().map(reach).reduce(Rect::union).unwrap_or_default(),
        Primitive::Shape(shape) => match &shape.geometry {
            Geometry::RoundedRect(area) => area.rect,
            Geometry::Ellipse(area) => *area,
            Geometry::Line { from, to } => Rect::new(
                from.0.min(to.0),
                from.1.min(to.1),
                (to.0 - from.0).abs().max(1.0),
                (to.1 - from.1).abs().max(1.0),
            ),
            Geometry::Stretch { line, .. } => line.bounds(),
            Geometry::Path(_) => shape.clip.map_or(Rect::default(), |clip| clip.rect),
        },
    }
}

#[expect(clippy::cast_possible_truncation, reason = "`as` saturates, and the canvas cuts it")]
fn outer(rect: Rect) -> IntRect {
    IntRect {
        left: rect.x.floor() as i32,
        top: rect.y.floor() as i32,
        right: (rect.x + rect.width).ceil() as i32,
        bottom: (rect.y + rect.height).ceil() as i32,
    }
}

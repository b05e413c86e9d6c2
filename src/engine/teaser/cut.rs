//! What a teaser shows: the composition cut down to three scenes at most, and in each the moment at which it stands
//! still.

use std::ops::RangeInclusive;

use crate::compose::scene::{Composition, Content, Primitive, Scene, Text};
use crate::ground::frame::Step;
use crate::ground::geometry::{Rect, Size};

/// The scene that the template's backdrop becomes; it lies under all others.
const BACKDROP: &str = "backdrop";
/// Share of the canvas from which on a picture is what its scene is about, rather than a logo.
const LARGE: f32 = 0.25;

/// A shorter composition made of scenes of a longer one: who sends the quote, what is in it, how much it is. They
/// follow each other as any two scenes do, with the template's own transition.
pub(super) fn cut(whole: &Composition) -> Composition {
    let (backdrop, scenes) = match whole.scenes.split_first() {
        Some((first, rest)) if first.id == BACKDROP && !rest.is_empty() => (Some(first), rest),
        _ => (None, whole.scenes.as_slice()),
    };
    let mut kept = Vec::new();
    let mut frame_count = 0;
    for at in key_scenes(scenes, whole.size) {
        let end = scenes.get(at + 1).map_or(whole.frame_count, |next| next.first_frame);
        let scene = &scenes[at];
        kept.push(Scene { first_frame: frame_count, ..scene.clone() });
        frame_count += end - scene.first_frame;
    }
    let mut all: Vec<Scene> = backdrop.cloned().into_iter().chain(kept).collect();
    for scene in &mut all {
        scene.frame_count = scene.frame_count.min(frame_count - scene.first_frame);
    }
    Composition { frame_count, scenes: all, title: whole.title.clone(), ..*whole }
}

/// The first scene; the one that counts up to an amount, or the last where none does; and between them the first that
/// shows a large picture, or else the one before the amount, of a list its first page. Where there is none between, the
/// one after the amount. Ascending, each once.
fn key_scenes(scenes: &[Scene], canvas: Size) -> Vec<usize> {
    let counts = |scene: &Scene| scene.layers.iter().any(|layer| matches!(layer.content, Content::Sequence { .. }));
    let amount = scenes.iter().rposition(counts).unwrap_or(scenes.len().saturating_sub(1));
    let before = amount.saturating_sub(1);
    let list = scenes.iter().position(|scene| page_of(&scene.id) == page_of(&scenes[before].id)).unwrap_or(before);
    let pictured = (1..amount).find(|at| pictures(&scenes[*at]).any(|rect| is_large(rect, canvas)));
    let mut key = vec![0, pictured.unwrap_or(list), amount];
    key.dedup();
    key.extend((key.len() < 3 && amount + 1 < scenes.len()).then_some(amount + 1));
    key
}

fn is_large(rect: Rect, canvas: Size) -> bool {
    let [width, height] = canvas.as_f32();
    rect.width * rect.height >= width * height * LARGE
}

/// Everything that a scene shows at rest, also what is drawn apart.
fn shown(scene: &Scene) -> impl Iterator<Item = &Primitive> {
    let drawings = scene.layers.iter().filter_map(|layer| match &layer.content {
        Content::Still(primitives) => Some(primitives),
        Content::Sequence { variants, .. } => variants.last(),
    });
    drawings.flatten().flat_map(flat)
}

fn flat(primitive: &Primitive) -> Vec<&Primitive> {
    match primitive {
        Primitive::Isolated(isolated) => isolated.primitives.iter().flat_map(flat).collect(),
        Primitive::Shape(_) | Primitive::Picture(_) | Primitive::Text(_) => vec![primitive],
    }
}

fn pictures(scene: &Scene) -> impl Iterator<Item = Rect> {
    shown(scene).filter_map(|primitive| match primitive {
        Primitive::Picture(picture) => Some(picture.clip.rect),
        Primitive::Shape(_) | Primitive::Text(_) | Primitive::Isolated(_) => None,
    })
}

/// What must stay visible of the first scene and of what lies behind all: the lines of its texts, and its small
/// pictures.
pub(super) fn first_contents(cut: &Composition) -> Vec<Rect> {
    let first = cut.scenes.iter().position(|scene| scene.id != BACKDROP).unwrap_or(0);
    let mut contents = Vec::new();
    for scene in &cut.scenes[..=first] {
        contents.extend(pictures(scene).filter(|rect| !is_large(*rect, cut.size)));
        for primitive in shown(scene) {
            let Primitive::Text(Text { block, origin, .. }) = primitive else { continue };
            contents.extend(block.lines.iter().map(|line| {
                let top = origin.1 + line.baseline - block.size_px;
                Rect::new(origin.0 + line.x, top, line.width, block.size_px * 1.25)
            }));
        }
    }
    contents
}

/// The template's identifier of a scene, without the number of the page.
fn page_of(id: &str) -> &str {
    id.split_once('/').map_or(id, |(id, _)| id)
}

/// For each scene but the backdrop, the longest stretch of frames that are equal, in order of time: everything has
/// entered, nothing has left. Where nothing ever stands still, one frame of its second half.
pub(super) fn moments(cut: &Composition, steps: &[Step]) -> Vec<RangeInclusive<u32>> {
    let shown: Vec<&Scene> = cut.scenes.iter().filter(|scene| scene.id != BACKDROP || cut.scenes.len() == 1).collect();
    let ends = shown.iter().skip(1).map(|next| next.first_frame).chain([cut.frame_count]);
    shown.iter().zip(ends).map(|(scene, end)| stillness(scene.first_frame, end, steps)).collect()
}

fn stillness(first: u32, end: u32, steps: &[Step]) -> RangeInclusive<u32> {
    let changes = |frame: u32| steps.get(frame as usize).is_none_or(|step| step.changed_px > 0);
    let middle = first + (end - first) * 3 / 4;
    let mut longest = middle..=middle;
    let mut start = first;
    for frame in first..end {
        if frame > first && changes(frame) {
            start = frame;
        }
        if frame - start > longest.end() - longest.start() {
            longest = start..=frame;
        }
    }
    longest
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::compose::scene::{Layer, Picture, RoundedRect};
    use crate::ground::color::Color;
    use crate::ground::frame::RgbaFrame;
    use crate::ground::time::FrameRate;

    fn scene(id: &str, first_frame: u32, frame_count: u32, counts: bool) -> Scene {
        let content = if counts {
            Content::Sequence { variants: vec![Vec::new()], index: vec![0] }
        } else {
            Content::Still(Vec::new())
        };
        let layer = Layer { node: String::new(), content, motion: Vec::new() };
        Scene { id: id.to_owned(), first_frame, frame_count, layers: vec![layer] }
    }

    fn composition(scenes: Vec<Scene>, frame_count: u32) -> Composition {
        let frame_rate = FrameRate::DEFAULT;
        let background = Color::BLACK;
        Composition { size: Size::new(4, 4), frame_rate, frame_count, background, scenes, title: "t".to_owned() }
    }

    fn places(cut: &Composition) -> Vec<(&str, u32, u32)> {
        cut.scenes.iter().map(|scene| (scene.id.as_str(), scene.first_frame, scene.frame_count)).collect()
    }

    #[test]
    fn opening_first_page_and_amount_close_up_and_keep_their_overlap() {
        let scenes = vec![
            scene("backdrop", 0, 600, false),
            scene("opening", 0, 115, false),
            scene("customer", 100, 115, false),
            scene("items", 200, 135, false),
            scene("items/2", 320, 115, false),
            scene("totals", 420, 115, true),
            scene("next-step", 520, 80, false),
        ];
        let cut = cut(&composition(scenes, 600));
        let expected = [("backdrop", 0, 320), ("opening", 0, 115), ("items", 100, 135), ("totals", 220, 100)];
        assert_eq!((places(&cut).as_slice(), cut.frame_count), (&expected[..], 320));
    }

    #[test]
    fn few_scenes_are_each_shown_once() {
        let one = cut(&composition(vec![scene("only", 0, 90, true)], 90));
        assert_eq!(places(&one), [("only", 0, 90)]);
        let two = cut(&composition(
            vec![scene("backdrop", 0, 90, false), scene("a", 0, 50, false), scene("b", 40, 50, false)],
            90,
        ));
        assert_eq!(places(&two), [("backdrop", 0, 90), ("a", 0, 50), ("b", 40, 50)]);
        assert_eq!(places(&cut(&composition(vec![scene("backdrop", 0, 9, false)], 9))), [("backdrop", 0, 9)]);
    }

    fn pictured(id: &str, first_frame: u32, side: f32) -> Scene {
        let rect = Rect::new(0.0, 0.0, side, side);
        let clip = RoundedRect { rect, radii: [0.0; 4] };
        let pixels = Arc::new(RgbaFrame::new(Size::new(1, 1)));
        let mut scene = scene(id, first_frame, 30, false);
        scene.layers[0].content = Content::Still(vec![Primitive::Picture(Picture { pixels, rect, clip })]);
        scene
    }

    #[test]
    fn a_photograph_comes_before_a_list_and_what_follows_the_amount_before_nothing() {
        let scenes = vec![
            scene("opening", 0, 30, false),
            pictured("customer", 30, 1.0),
            pictured("items", 60, 3.0),
            scene("list", 90, 30, false),
            scene("totals", 120, 30, true),
        ];
        let ids = |cut: &Composition| cut.scenes.iter().map(|scene| scene.id.clone()).collect::<Vec<_>>();
        assert_eq!(ids(&cut(&composition(scenes, 150))), ["opening", "items", "totals"]);
        let short = vec![scene("hook", 0, 30, false), scene("offer", 30, 30, true), scene("act", 60, 30, false)];
        assert_eq!(ids(&cut(&composition(short, 90))), ["hook", "offer", "act"]);
    }

    #[test]
    fn a_moment_is_the_longest_stillness_of_its_scene() {
        let cut =
            composition(vec![scene("backdrop", 0, 20, false), scene("a", 0, 12, false), scene("b", 10, 10, false)], 20);
        let moving = [0, 1, 2, 5, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19];
        let step = |frame| Step { changed_px: u32::from(moving.contains(&frame)), scene_start: false };
        let steps: Vec<Step> = (0..20).map(step).collect();
        assert_eq!(moments(&cut, &steps), [5..=9, 17..=17]);
    }
}

//! A composition as a source of frames, and the painter that draws them one after another.

use std::collections::{BTreeSet, VecDeque};
use std::ops::Deref;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};

use super::compose::{self, Scratch};
use super::damage::Region;
use super::drawing::{self, Glyphs};
use super::pose::{Map, Pose};
use super::steps;
use super::tile::Tile;
use crate::compose::scene::{Composition, Layer, MotionLink, Primitive, Scene};
use crate::compose::text::{FontLibrary, GlyphCache};
use crate::ground::color::Color;
use crate::ground::executor::{self, Executor};
use crate::ground::frame::{Damage, FramePainter, FrameSource, RgbaFrame, Step};
use crate::ground::geometry::{IntRect, Size};
use crate::ground::lock::lock;
use crate::ground::time::FrameRate;
use crate::ground::timeline::Track;

/// A composition ready to be painted, by any number of painters at once.
///
/// Every layer is drawn once for all painters that show it. When the last of them has left its scene it is kept for
/// those that come later, while all take less than 32 MiB; so memory is bounded by the scenes on view and that: see
/// [`Film::tile_bytes`].
#[derive(Debug)]
pub struct Film<'a> {
    composition: &'a Composition,
    fonts: &'a FontLibrary,
    glyphs: Arc<GlyphCache>,
    /// By scene, by layer, by variant. The lock is held while a tile is drawn, so that nobody draws it twice.
    tiles: Vec<Vec<Vec<Mutex<Weak<Tile>>>>>,
    /// Drawn tiles reach half a canvas beyond each edge and no further.
    limit: IntRect,
    held_bytes: Arc<AtomicUsize>,
    /// The tiles drawn last, in the order in which they were drawn.
    kept: Mutex<VecDeque<Arc<Tile>>>,
}

/// Where a tile belongs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Slot {
    scene: usize,
    layer: usize,
    variant: usize,
}

/// Tiles that nobody shows at the moment are kept while all that are held take no more than this.
const KEPT_BYTES: usize = 32 << 20;

/// Paints the frame at `frame_index` of `composition` on its own; `executor` draws its layers.
///
/// # Panics
/// As [`Film::new`].
#[must_use]
pub fn still(
    composition: &Composition,
    fonts: &FontLibrary,
    glyphs: Arc<GlyphCache>,
    frame_index: u32,
    executor: &dyn Executor,
) -> RgbaFrame {
    let film = Film::new(composition, fonts, glyphs);
    let drawn = film.draw_ahead(&[frame_index], executor);
    let mut painter = Painter::new(&film);
    painter.paint(frame_index);
    drop(drawn);
    painter.picture
}

/// Layers that are drawn; they are kept at least as long as this.
#[derive(Debug)]
#[must_use]
pub struct Drawn {
    _tiles: Vec<Arc<Tile>>,
}

/// Whether a frame of one composition looks like a frame of another, without drawing either; `false` if that is not
/// certain. Both are of one font library.
#[must_use]
pub fn shows_the_same(one: (&Composition, u32), other: (&Composition, u32)) -> bool {
    fn shown((composition, frame_index): (&Composition, u32)) -> impl Iterator<Item = (Pose, &[Primitive])> {
        let scenes = composition.scenes.iter();
        let shown = scenes.filter_map(move |scene| Some((scene, frame_in(scene, frame_index)?)));
        shown.flat_map(|(scene, frame)| {
            scene.layers.iter().filter_map(move |layer| {
                Some((Pose::at(&layer.motion, frame)?, layer.content.primitives(layer.content.variant_at(frame))))
            })
        })
    }
    let ground = |composition: &Composition| (composition.size, composition.background);
    ground(one.0) == ground(other.0) && shown(one).eq(shown(other))
}

impl<'a> Film<'a> {
    /// Prepares to paint `composition`; nothing is drawn yet. `fonts` is the library its texts were laid out with.
    ///
    /// # Panics
    /// When painting, if a text holds a face of another library.
    #[must_use]
    pub fn new(composition: &'a Composition, fonts: &'a FontLibrary, glyphs: Arc<GlyphCache>) -> Self {
        let slots = |layer: &Layer| (0..layer.content.variant_count()).map(|_| Mutex::new(Weak::new())).collect();
        let tiles = composition.scenes.iter().map(|scene| scene.layers.iter().map(slots).collect()).collect();
        let Size { width, height } = composition.size;
        let half = |side: u32| i32::try_from(side / 2).unwrap_or(0);
        let canvas = composition.size.bounds();
        let limit = IntRect {
            left: -half(width),
            top: -half(height),
            right: canvas.right + half(width),
            bottom: canvas.bottom + half(height),
        };
        Self { composition, fonts, glyphs, tiles, limit, held_bytes: Arc::default(), kept: Mutex::default() }
    }

    /// A painter that owns the film.
    #[must_use]
    pub fn into_painter(self) -> Box<dyn FramePainter + 'a> {
        Box::new(Painter::new(Box::new(self)))
    }

    /// Bytes of drawn layers held at this moment by all painters together.
    #[must_use]
    pub fn tile_bytes(&self) -> usize {
        self.held_bytes.load(Ordering::Relaxed)
    }

    /// Draws the layers that some frames show, side by side, for painters to find them.
    pub fn draw_ahead(&self, frames: &[u32], executor: &dyn Executor) -> Drawn {
        let slots: BTreeSet<Slot> = frames.iter().flat_map(|frame_index| self.shown(*frame_index)).collect();
        let slots: Vec<Slot> = slots.into_iter().collect();
        Drawn { _tiles: executor::map(executor, &slots, |slot| self.tile(slot.scene, slot.layer, slot.variant)) }
    }

    /// The picture of a layer, drawn now unless another painter holds it.
    fn tile(&self, scene: usize, layer: usize, variant: usize) -> Arc<Tile> {
        let mut slot = lock(&self.tiles[scene][layer][variant]);
        if let Some(tile) = slot.upgrade() {
            return tile;
        }
        let layer = &self.composition.scenes[scene].layers[layer];
        let limit = if never_moves(layer) { self.composition.size.bounds() } else { self.limit };
        let glyphs = Glyphs { fonts: self.fonts, cache: &self.glyphs };
        let sheet = drawing::draw(layer.content.primitives(variant), limit, glyphs);
        let tile = Arc::new(sheet.finish(Arc::clone(&self.held_bytes)));
        *slot = Arc::downgrade(&tile);
        self.keep(Arc::clone(&tile));
        tile
    }

    /// The tiles that the frame at `frame_index` may show.
    fn shown(&self, frame_index: u32) -> impl Iterator<Item = Slot> {
        self.composition
            .scenes
            .iter()
            .enumerate()
            .filter_map(move |(at, scene)| Some((at, scene, frame_in(scene, frame_index)?)))
            .flat_map(|(at, scene, frame)| {
                let layers = scene.layers.iter().enumerate();
                let seen = layers.filter(move |(_, layer)| Pose::at(&layer.motion, frame).is_some());
                seen.map(move |(index, layer)| Slot {
                    scene: at,
                    layer: index,
                    variant: layer.content.variant_at(frame),
                })
            })
    }

    /// Keeps a tile beyond its painters, and lets go of the oldest ones where all together are too many.
    fn keep(&self, tile: Arc<Tile>) {
        let mut kept = lock(&self.kept);
        kept.push_back(tile);
        while self.tile_bytes() > KEPT_BYTES && kept.pop_front().is_some() {}
    }
}

impl FrameSource for Film<'_> {
    fn size(&self) -> Size {
        self.composition.size
    }

    fn frame_rate(&self) -> FrameRate {
        self.composition.frame_rate
    }

    fn frame_count(&self) -> u32 {
        self.composition.frame_count
    }

    fn steps(&self) -> Vec<Step> {
        steps::of(self.composition)
    }

    fn has_gradients(&self) -> bool {
        let mut layers = self.composition.scenes.iter().flat_map(|scene| &scene.layers);
        layers.any(|layer| {
            let variants = 0..layer.content.variant_count();
            variants.flat_map(|variant| layer.content.primitives(variant)).any(Primitive::has_gradient)
        })
    }

    fn painter(&self) -> Box<dyn FramePainter + '_> {
        Box::new(Painter::new(self))
    }
}

/// Whether a layer lies at rest on every frame on which it is seen.
fn never_moves(layer: &Layer) -> bool {
    let still = |track: &Track| track.is_constant();
    let tracks = |link: &MotionLink| [&link.x, &link.y, &link.scale, &link.rotation].into_iter().all(still);
    layer.motion.iter().all(tracks)
        && Pose::at(&layer.motion, 0).is_none_or(|pose| pose.map == Map::Shift { x: 0, y: 0 })
}

/// The frame of the scene that shows on `frame_index`, if it does.
fn frame_in(scene: &Scene, frame_index: u32) -> Option<u32> {
    frame_index.checked_sub(scene.first_frame).filter(|frame| *frame < scene.frame_count)
}

/// A layer as it is on a frame.
#[derive(Debug)]
struct Placed {
    scene: usize,
    layer: usize,
    pose: Pose,
    /// What it may touch on the canvas; never empty.
    bounds: IntRect,
    tile: Arc<Tile>,
}

impl Placed {
    fn key(&self) -> (usize, usize) {
        (self.scene, self.layer)
    }

    fn looks_like(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.tile, &other.tile) && self.pose == other.pose
    }

    /// Whether it hides everything below it within `area`.
    fn hides(&self, area: IntRect) -> bool {
        let Some((dx, dy)) = self.pose.plain_shift().filter(|_| self.pose.opacity == 256) else {
            return false;
        };
        let solid = self.tile.opaque();
        !solid.is_empty()
            && solid.left + dx <= area.left
            && solid.top + dy <= area.top
            && solid.right + dx >= area.right
            && solid.bottom + dy >= area.bottom
    }
}

/// Tiles a painter keeps alive while their scene is on view.
#[derive(Debug)]
struct Held {
    scene: usize,
    by_layer: Vec<Option<(usize, Arc<Tile>)>>,
}

/// Paints the frames of a film, borrowed or its own, into one picture.
#[derive(Debug)]
struct Painter<F> {
    film: F,
    picture: RgbaFrame,
    held: Vec<Held>,
    /// Layers in the picture, back to front.
    placed: Vec<Placed>,
    /// Layers of the frame before; kept for its memory.
    previous: Vec<Placed>,
    damage: Region,
    scratch: Scratch,
    painted: bool,
}

impl<'a, F: Deref<Target = Film<'a>>> Painter<F> {
    fn new(film: F) -> Self {
        let size = film.composition.size;
        let mut picture = RgbaFrame::new(size);
        compose::fill(&mut picture, size.bounds(), background(film.composition));
        Self {
            film,
            picture,
            held: Vec::new(),
            placed: Vec::new(),
            previous: Vec::new(),
            damage: Region::new(size),
            scratch: Scratch::new(size.width),
            painted: false,
        }
    }

    /// Puts every visible layer of the frame into `placed`.
    fn place(&mut self, frame_index: u32) {
        std::mem::swap(&mut self.placed, &mut self.previous);
        self.placed.clear();
        let film: &Film<'_> = &self.film;
        let canvas = film.composition.size.bounds();
        let scenes = &film.composition.scenes;
        self.held.retain(|held| frame_in(&scenes[held.scene], frame_index).is_some());
        for (scene_index, scene) in scenes.iter().enumerate() {
            let Some(frame) = frame_in(scene, frame_index) else { continue };
            let held = held_of(&mut self.held, scene_index, scene.layers.len());
            for (layer_index, layer) in scene.layers.iter().enumerate() {
                let Some(pose) = Pose::at(&layer.motion, frame) else { continue };
                let variant = layer.content.variant_at(frame);
                let tile = match &held.by_layer[layer_index] {
                    Some((shown, tile)) if *shown == variant => Arc::clone(tile),
                    _ => {
                        let tile = film.tile(scene_index, layer_index, variant);
                        held.by_layer[layer_index] = Some((variant, Arc::clone(&tile)));
                        tile
                    }
                };
                let bounds = pose.bounds(tile.bounds()).intersect(canvas);
                if !bounds.is_empty() {
                    self.placed.push(Placed { scene: scene_index, layer: layer_index, pose, bounds, tile });
                }
            }
        }
    }

    /// Collects what differs between `previous` and `placed`, both in order of their keys.
    fn compare(&mut self) {
        self.damage.clear();
        if !self.painted {
            self.painted = true;
            self.damage.add_all();
            return;
        }
        let (mut old, mut new) = (self.previous.iter().peekable(), self.placed.iter().peekable());
        loop {
            let (left, entered) = match (old.peek(), new.peek()) {
                (None, None) => break,
                (Some(a), Some(b)) if a.key() == b.key() => {
                    let same = a.looks_like(b);
                    let pair = (old.next(), new.next());
                    if same {
                        continue;
                    }
                    pair
                }
                (Some(a), Some(b)) if a.key() < b.key() => (old.next(), None),
                (Some(_), None) => (old.next(), None),
                _ => (None, new.next()),
            };
            for changed in [left, entered].into_iter().flatten() {
                self.damage.add(changed.bounds);
            }
        }
    }

    /// Paints one damaged rectangle from the topmost layer that hides all below it.
    fn repaint(&mut self, area: IntRect) {
        let first = self.placed.iter().rposition(|placed| placed.hides(area));
        if first.is_none() {
            compose::fill(&mut self.picture, area, background(self.film.composition));
        }
        for placed in &self.placed[first.unwrap_or(0)..] {
            let area = area.intersect(placed.bounds);
            if !area.is_empty() {
                compose::lay(&mut self.picture, &placed.tile, &placed.pose, area, &mut self.scratch);
            }
        }
    }
}

impl<'a, F: Deref<Target = Film<'a>> + Send> FramePainter for Painter<F> {
    fn paint(&mut self, frame_index: u32) -> Damage {
        self.place(frame_index);
        self.compare();
        self.previous.clear();
        if self.damage.rects().is_empty() {
            return Damage::Nothing;
        }
        let rects = self.damage.rects().to_vec();
        for rect in &rects {
            self.repaint(*rect);
        }
        Damage::Rects(rects)
    }

    fn picture(&self) -> &RgbaFrame {
        &self.picture
    }
}

fn background(composition: &Composition) -> [u8; 4] {
    let Color { r, g, b, .. } = composition.background;
    [r, g, b, 255]
}

fn held_of(held: &mut Vec<Held>, scene: usize, layers: usize) -> &mut Held {
    let at = held.iter().position(|held| held.scene == scene).unwrap_or_else(|| {
        held.push(Held { scene, by_layer: vec![None; layers] });
        held.len() - 1
    });
    &mut held[at]
}

#[cfg(test)]
mod tests;

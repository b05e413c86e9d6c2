//! Flattening: a laid-out tree becomes layers. Neighbours that move alike share one layer, so that it is drawn once.

use std::sync::Arc;

use super::composition::{Content, Geometry, Layer, MotionLink, Picture, Primitive, Shape, Text};
use super::findings::Findings;
use super::motion::Clock;
use super::outline;
use super::paint::{Behind, crisp, paint, rounded, surface};
use super::timing::turns;
use crate::color::Color;
use crate::frame::RgbaFrame;
use crate::geometry::Rect;
use crate::layout::{Placed, Surroundings, setting};
use crate::template::{
    BoundImage, BoundKind, BoundMonogram, BoundPaint, BoundSurface, BoundText, ImageAlign, ImageFit, ShapeKind,
};
use crate::text::{Align, Fit, TextStyle};

/// Turns one laid-out scene into layers.
pub(super) struct Flattener<'a> {
    pub(super) around: Surroundings<'a>,
    pub(super) pictures: &'a [Arc<RgbaFrame>],
    pub(super) clock: Clock,
    pub(super) base: Color,
    pub(super) scene: &'a str,
    pub(super) findings: &'a mut Findings,
}

/// Where in the tree the walk stands.
#[derive(Clone)]
struct Walk {
    links: Vec<(u32, MotionLink)>,
    turn_s: f64,
}

struct Output {
    layers: Vec<Layer>,
    /// Numbers of the links of the last layer; a layer that changes by itself is never added to.
    last: Option<Vec<u32>>,
    next_link: u32,
}

impl Flattener<'_> {
    /// The layers of `root`, moved by `outer` as a whole, its entrances beginning at `begin_s`; `behind` holds what is
    /// painted before.
    pub(super) fn layers(
        &mut self,
        root: &Placed<'_>,
        outer: Vec<MotionLink>,
        begin_s: f64,
        behind: &mut Behind,
    ) -> Vec<Layer> {
        let mut out = Output { layers: Vec::new(), last: None, next_link: 0 };
        let links = outer.into_iter().map(|link| (out.number(), link)).collect();
        self.visit(root, &Walk { links, turn_s: begin_s }, behind, &mut out);
        out.layers
    }

    fn visit(&mut self, placed: &Placed<'_>, walk: &Walk, behind: &mut Behind, out: &mut Output) {
        let node = placed.node;
        let mut own = walk.clone();
        own.turn_s += node.motion.delay_s;
        let rect = crisp(placed.rect);
        let links = [
            node.motion.enter.as_ref().and_then(|enter| self.clock.entrance(enter, rect, own.turn_s)),
            node.motion.exit.as_ref().and_then(|exit| self.clock.exit(exit, rect)),
            self.clock.keyframes(&node.motion.keyframes, rect, own.turn_s),
        ];
        for link in links.into_iter().flatten() {
            own.links.push((out.number(), link));
        }
        match &node.kind {
            BoundKind::Group(group) => {
                let shape = Geometry::RoundedRect(rounded(rect, group.surface.radius_px));
                self.paint_surface(&group.surface, shape, rect, &own, &node.label, behind, out);
                let mut inner = own.clone();
                if group.clip {
                    let clip = Some(rounded(rect, group.surface.radius_px));
                    inner.links.push((out.number(), MotionLink { clip, ..MotionLink::at_rest(rect.center()) }));
                }
                for (child, turn_s) in placed.children.iter().zip(turns(node, own.turn_s)) {
                    self.visit(child, &Walk { turn_s, ..inner.clone() }, behind, out);
                }
            }
            BoundKind::Text(text) => self.text(text, placed, &own, behind, out),
            BoundKind::Image(image) => self.image(image, rect, &own, &node.label, behind, out),
            BoundKind::Monogram(monogram) => self.monogram(monogram, rect, &own, &node.label, out),
            BoundKind::Shape(kind, look) => self.shape(*kind, look, rect, &own, &node.label, behind, out),
            BoundKind::Icon { path, color } => {
                let color = color.readable_on(&behind.colors(rect, self.base), 3.0);
                let geometry = Geometry::Path(outline::icon(path, rect));
                out.add(&own, &node.label, filled(geometry, BoundPaint::Solid(color), rect));
            }
            BoundKind::Qr { data, color, surface } => self.code(data, *color, surface, rect, &own, &node.label, out),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "a surface, its place, and the state of the walk")]
    fn paint_surface(
        &mut self,
        look: &BoundSurface,
        geometry: Geometry,
        rect: Rect,
        walk: &Walk,
        label: &str,
        behind: &mut Behind,
        out: &mut Output,
    ) {
        if let Some(primitive) = surface(look, geometry, rect) {
            out.add(walk, label, primitive);
        }
        if let Some(fill) = &look.fill {
            behind.add(rect, fill);
        }
    }

    #[expect(clippy::too_many_arguments, reason = "a shape, its place, and the state of the walk")]
    fn shape(
        &mut self,
        kind: ShapeKind,
        look: &BoundSurface,
        rect: Rect,
        walk: &Walk,
        label: &str,
        behind: &mut Behind,
        out: &mut Output,
    ) {
        let (cx, cy) = rect.center();
        let geometry = match kind {
            ShapeKind::Rect => Geometry::RoundedRect(rounded(rect, look.radius_px)),
            ShapeKind::Ellipse => Geometry::Ellipse(rect),
            ShapeKind::Line if rect.width >= rect.height => {
                Geometry::Line { from: (rect.x, cy), to: (rect.right(), cy) }
            }
            ShapeKind::Line => Geometry::Line { from: (cx, rect.y), to: (cx, rect.bottom()) },
        };
        // A line has no inside: give its box one pixel so that it is not taken for empty.
        let room = if kind == ShapeKind::Line { rect.grown(0.5) } else { rect };
        if let Some(primitive) = surface(look, geometry, room) {
            out.add(walk, label, primitive);
        }
        if let (ShapeKind::Rect, Some(fill)) = (kind, &look.fill) {
            behind.add(rect, fill);
        }
    }

    fn text(&mut self, text: &BoundText, placed: &Placed<'_>, walk: &Walk, behind: &Behind, out: &mut Output) {
        let Some(block) = &placed.text else { return };
        let label = &placed.node.label;
        let origin = (placed.rect.x, placed.rect.y.round());
        let ink = Rect::new(placed.rect.x, placed.rect.y, placed.rect.width, block.height);
        let color = text.color.readable_on(&behind.colors(ink, self.base), text.contrast);
        self.findings.text(self.scene, label, text, block);
        let Some(count) = &text.count else {
            return out.add(walk, label, Primitive::Text(Text { block: Arc::clone(block), origin, color }));
        };
        // Every form is set at the size of the last one, in the same box, so that only the figures change.
        let (style, fit) = setting(text, self.around);
        let style = TextStyle { size_px: block.size_px, ..style };
        let fit = Fit { width: Some(placed.rect.width), min_size_px: None, ..fit };
        let mut variants = Vec::with_capacity(count.texts.len());
        for (at, form) in count.texts.iter().enumerate() {
            let last = at + 1 == count.texts.len();
            let block = if last {
                Arc::clone(block)
            } else {
                Arc::new(crate::text::layout(self.around.fonts, form, &style, &fit))
            };
            variants.push(vec![Primitive::Text(Text { block, origin, color })]);
        }
        let wait = self.clock.rate.frames_in_seconds(walk.turn_s) as usize;
        let mut index = vec![0; wait];
        index.extend(&count.index);
        out.changing(walk, label, Content::Sequence { variants, index });
    }

    fn image(
        &mut self,
        image: &BoundImage,
        rect: Rect,
        walk: &Walk,
        label: &str,
        behind: &mut Behind,
        out: &mut Output,
    ) {
        let Some(pixels) = self.pictures.get(image.asset) else { return };
        let shape = Geometry::RoundedRect(rounded(rect, image.surface.radius_px));
        self.paint_surface(&image.surface, shape, rect, walk, label, behind, out);
        let size = pixels.size();
        #[expect(clippy::cast_precision_loss, reason = "pictures have at most a few thousand px a side")]
        let (width, height) = (size.width as f32, size.height as f32);
        let (across, down) = (rect.width / width, rect.height / height);
        let scale = match image.fit {
            ImageFit::Contain => across.min(down),
            ImageFit::Cover => across.max(down),
        };
        let (w, h) = (width * scale, height * scale);
        let share = match (image.fit, image.align, self.around.right_to_left) {
            (ImageFit::Cover, ..) => image.focus[0].clamp(0.0, 1.0),
            (_, ImageAlign::Center, _) => 0.5,
            (_, ImageAlign::Start, false) | (_, ImageAlign::End, true) => 0.0,
            (_, ImageAlign::Start, true) | (_, ImageAlign::End, false) => 1.0,
        };
        let drop = if image.fit == ImageFit::Cover { image.focus[1].clamp(0.0, 1.0) } else { 0.5 };
        let place = Rect::new(rect.x + (rect.width - w) * share, rect.y + (rect.height - h) * drop, w, h);
        let visible = if image.fit == ImageFit::Cover { rect } else { crisp(place) };
        out.add(
            walk,
            label,
            Primitive::Picture(Picture {
                pixels: Arc::clone(pixels),
                rect: if image.fit == ImageFit::Cover { place } else { crisp(place) },
                clip: rounded(visible, image.surface.radius_px),
            }),
        );
    }

    fn monogram(&mut self, monogram: &BoundMonogram, rect: Rect, walk: &Walk, label: &str, out: &mut Output) {
        let side = rect.width.min(rect.height);
        if side < 1.0 {
            return;
        }
        let share = match (monogram.align, self.around.right_to_left) {
            (ImageAlign::Center, _) => 0.5,
            (ImageAlign::Start, false) | (ImageAlign::End, true) => 0.0,
            (ImageAlign::Start, true) | (ImageAlign::End, false) => 1.0,
        };
        let x = rect.x + (rect.width - side) * share;
        let field = crisp(Rect::new(x, rect.y + (rect.height - side) / 2.0, side, side));
        let lighter = monogram.fill.with_lightness((monogram.fill.lightness() + 0.06).min(0.94));
        let fill = BoundPaint::Linear(135.0, vec![(0.0, lighter), (1.0, monogram.fill)]);
        out.add(walk, label, filled(Geometry::RoundedRect(rounded(field, monogram.radius_px)), fill, field));
        let style = TextStyle {
            family: monogram.family.clone(),
            weight: monogram.weight,
            size_px: side * 0.42,
            line_height: 1.0,
            letter_spacing_em: 0.0,
            tabular: false,
            align: Align::Center,
            language: self.around.language.to_owned(),
            ..TextStyle::default()
        };
        let fit = Fit { width: Some(side * 0.86), max_lines: Some(1), min_size_px: Some(side * 0.1), ..Fit::default() };
        let block = crate::text::layout(self.around.fonts, &monogram.letters, &style, &fit);
        self.findings.missing_glyphs(self.scene, label, &monogram.letters, &block);
        let origin = (field.x + side * 0.07, (field.y + (side - block.height) / 2.0).round());
        // White where that can be read, otherwise a dark shade of the field itself.
        let worst = Color::WHITE.contrast(monogram.fill).min(Color::WHITE.contrast(lighter));
        let ink = if worst >= 4.5 { Color::WHITE } else { monogram.fill.with_lightness(0.25) };
        let color = ink.readable_on(&[monogram.fill, lighter], 4.5);
        out.add(walk, label, Primitive::Text(Text { block: Arc::new(block), origin, color }));
    }

    #[expect(clippy::too_many_arguments, reason = "a code, its place, and the state of the walk")]
    fn code(
        &mut self,
        data: &str,
        color: Color,
        look: &BoundSurface,
        rect: Rect,
        walk: &Walk,
        label: &str,
        out: &mut Output,
    ) {
        let Some(code) = outline::code(data, rect) else {
            return self.findings.code_too_long(self.scene, label, data);
        };
        self.findings.code(self.scene, label, code.module_px, self.clock.unit);
        let ground = Geometry::RoundedRect(rounded(code.field, look.radius_px.min(code.module_px * 3.0)));
        if let Some(primitive) = surface(look, ground, code.field) {
            out.add(walk, label, primitive);
        }
        // Readers expect dark on light; half the lightness range keeps a wide margin.
        let dark = color.with_lightness(color.lightness().min(0.4));
        out.add(walk, label, filled(Geometry::Path(code.modules), BoundPaint::Solid(dark), code.field));
    }
}

fn filled(geometry: Geometry, fill: BoundPaint, rect: Rect) -> Primitive {
    Primitive::Shape(Shape { geometry, fill: Some(paint(&fill, rect)), stroke: None, shadow: None, clip: None })
}

impl Output {
    fn number(&mut self) -> u32 {
        self.next_link += 1;
        self.next_link
    }

    /// Adds a primitive to the last layer where that moves alike, otherwise to a new one.
    fn add(&mut self, walk: &Walk, label: &str, primitive: Primitive) {
        let numbers: Vec<u32> = walk.links.iter().map(|(number, _)| *number).collect();
        let alike = self.last.as_ref() == Some(&numbers);
        if let Some(Layer { content: Content::Still(primitives), .. }) = self.layers.last_mut().filter(|_| alike) {
            primitives.push(primitive);
            return;
        }
        self.layers.push(Layer {
            node: label.to_owned(),
            content: Content::Still(vec![primitive]),
            motion: walk.links.iter().map(|(_, link)| link.clone()).collect(),
        });
        self.last = Some(numbers);
    }

    /// Adds a layer whose content changes by itself.
    fn changing(&mut self, walk: &Walk, label: &str, content: Content) {
        let motion = walk.links.iter().map(|(_, link)| link.clone()).collect();
        self.layers.push(Layer { node: label.to_owned(), content, motion });
        self.last = None;
    }
}

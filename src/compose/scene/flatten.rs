//! Flattening: a laid-out tree becomes layers. Neighbours that move alike share one layer, so that it is drawn once.

use std::sync::Arc;

use super::composition::{
    Content, Geometry, Isolated, Layer, MotionLink, Paint, Picture, Primitive, Shape, Stencil, Stroke, Text,
};
use super::findings::{Findings, READABLE_CONTRAST, Spot};
use super::motion::Clock;
use super::outline;
use super::paint::{Behind, crisp, paint, rounded, surface};
use super::timing::turns;
use super::{pieces, trim};
use crate::compose::layout::{Placed, Surroundings, setting};
use crate::compose::text::{Align, Fit, TextStyle};
use crate::ground::color::Color;
use crate::ground::frame::RgbaFrame;
use crate::ground::geometry::Rect;
use crate::template::{
    BoundGroup, BoundImage, BoundKind, BoundMask, BoundMonogram, BoundNode, BoundPaint, BoundPassage, BoundShape,
    BoundSurface, BoundText, ImageAlign, ImageFit, Length, MaskShape, Piecewise, ShapeKind, safe_area,
};

/// Least contrast of a code's field to its modules; a lower one becomes white.
const READABLE_CODE: f32 = 4.5;

/// Contrast to white from which a monogram's field is a strong colour: it darkens until white letters can be read on
/// it. Dark letters on red look like a mistake.
const STRONG: f32 = 2.9;

/// A scene to be turned into layers, and what all its nodes share.
#[derive(Clone, Copy)]
pub(super) struct Flattening<'a> {
    pub(super) around: Surroundings<'a>,
    pub(super) pictures: &'a [Arc<RgbaFrame>],
    pub(super) clock: Clock,
    /// What is painted before anything else.
    pub(super) base: Color,
    /// The scene, and a moment at which it stands still, for findings.
    pub(super) spot: Spot<'a>,
}

/// What a scene becomes.
pub(super) struct Flat {
    pub(super) layers: Vec<Layer>,
    pub(super) findings: Findings,
    /// What was painted before, and what the scene paints.
    pub(super) behind: Behind,
}

impl Flattening<'_> {
    /// The layers of `root`, moved by `outer` as a whole, its entrances beginning at `begin_s`; `behind` holds what is
    /// painted before.
    pub(super) fn of(self, root: &Placed<'_>, outer: Vec<MotionLink>, begin_s: f64, behind: Behind) -> Flat {
        let mut flattener = Flattener { from: self, behind, out: Output::default(), findings: Findings::default() };
        let links = outer.into_iter().map(|link| (flattener.out.number(), link)).collect();
        flattener.visit(root, &Walk { links, turn_s: begin_s, label: &root.node.label });
        let Flattener { out, findings, behind, .. } = flattener;
        Flat { layers: out.layers, findings, behind }
    }
}

/// Turns one laid-out scene into layers.
struct Flattener<'a> {
    from: Flattening<'a>,
    behind: Behind,
    out: Output,
    findings: Findings,
}

/// Where in the tree the walk stands.
#[derive(Clone)]
struct Walk<'n> {
    links: Vec<(u32, MotionLink)>,
    turn_s: f64,
    /// Label of the node.
    label: &'n str,
}

#[derive(Default)]
struct Output {
    layers: Vec<Layer>,
    /// Numbers of the links of the last layer; a layer that changes by itself is never added to.
    last: Option<Vec<u32>>,
    next_link: u32,
}

impl Flattener<'_> {
    fn spot<'b>(&self, node: &'b str) -> Spot<'b>
    where
        Self: 'b,
    {
        Spot { node, ..self.from.spot }
    }

    fn visit<'n>(&mut self, placed: &Placed<'n>, walk: &Walk<'n>) {
        let node = placed.node;
        let mut own = Walk { turn_s: walk.turn_s + node.motion.delay_s, label: &node.label, ..walk.clone() };
        let rect = crisp(placed.rect);
        let links = [
            node.motion.enter.as_ref().and_then(|enter| self.from.clock.entrance(enter, rect, own.turn_s)),
            node.motion.exit.as_ref().and_then(|exit| self.from.clock.exit(exit, rect)),
            self.from.clock.keyframes(&node.motion.keyframes, rect, own.turn_s),
        ];
        for mut link in links.into_iter().flatten() {
            if let Some([across, down]) = node.motion.origin {
                let across = if self.from.around.right_to_left { 1.0 - across } else { across };
                link.pivot = (rect.x + rect.width * across, rect.y + rect.height * down);
            }
            own.links.push((self.out.number(), link));
        }
        match &node.kind {
            BoundKind::Group(group) if group.mask.is_some() || group.blur_px > 0.0 => {
                let isolated = self.isolated(group, placed, rect, own.turn_s);
                self.out.add(&own, Primitive::Isolated(Box::new(isolated)));
            }
            BoundKind::Group(group) => {
                let shape = Geometry::RoundedRect(rounded(rect, group.surface.radius_px));
                self.paint_surface(&group.surface, shape, rect, &own);
                let mut inner = own.clone();
                if group.clip {
                    let clip = Some(rounded(rect, group.surface.radius_px));
                    inner.links.push((self.out.number(), MotionLink { clip, ..MotionLink::at_rest(rect.center()) }));
                }
                for (child, turn_s) in placed.children.iter().zip(turns(node, own.turn_s)) {
                    self.visit(child, &Walk { turn_s, ..inner.clone() });
                }
            }
            BoundKind::Text(text) => self.text(text, placed, &own),
            BoundKind::Image(image) => self.image(image, rect, &own),
            BoundKind::Monogram(monogram) => self.monogram(monogram, rect, &own),
            BoundKind::Shape(shape) => self.shape(shape, rect, node, &own),
            BoundKind::Icon { path, color, stroke } => {
                let color = color.readable_on(&self.behind.colors(rect, self.from.base), 3.0);
                let geometry = Geometry::Path(outline::icon(path, rect));
                match stroke {
                    None => self.out.add(&own, filled(geometry, BoundPaint::Solid(color), rect)),
                    Some(width) => {
                        let width = width * rect.width.min(rect.height) / outline::ICON_GRID;
                        let stroke = Some(Stroke { paint: Paint::Solid(color), width, round: true });
                        self.line(Shape { geometry, fill: None, stroke, shadow: None, clip: None }, node, &own);
                    }
                }
            }
            BoundKind::Qr { data, color, surface } => self.code(data, *color, surface, rect, &own),
        }
    }

    /// A group that is blurred or masked: all of it becomes one picture, which holds nothing that moves.
    fn isolated<'n>(&mut self, group: &BoundGroup, placed: &Placed<'n>, rect: Rect, turn_s: f64) -> Isolated {
        let outside = std::mem::take(&mut self.out);
        let mut walk = Walk { links: Vec::new(), turn_s, label: &placed.node.label };
        let edge = rounded(rect, group.surface.radius_px);
        self.paint_surface(&group.surface, Geometry::RoundedRect(edge), rect, &walk);
        if group.clip {
            let link = MotionLink { clip: Some(edge), ..MotionLink::at_rest(rect.center()) };
            walk.links.push((self.out.number(), link));
        }
        for child in &placed.children {
            self.visit(child, &walk);
        }
        let inside = std::mem::replace(&mut self.out, outside);
        let stencil = group.mask.as_ref().map(|mask| self.stencil(mask, rect));
        let primitives = inside.layers.into_iter().flat_map(at_rest).collect();
        Isolated { primitives, blur: group.blur_px, stencils: stencil.into_iter().collect() }
    }

    fn stencil(&self, mask: &BoundMask, rect: Rect) -> Stencil {
        let length = |length: Length, whole: f32| match length {
            Length::Px(px) => px,
            Length::Share(share) => share * whole,
            Length::Auto => 0.0,
        };
        let [top, end, bottom, start] = mask.fade;
        let (end, start) = (length(end, rect.width), length(start, rect.width));
        let (right, left) = if self.from.around.right_to_left { (start, end) } else { (end, start) };
        Stencil {
            geometry: match mask.shape {
                MaskShape::Rect => Geometry::RoundedRect(rounded(rect, mask.radius_px)),
                MaskShape::Ellipse => Geometry::Ellipse(rect),
                MaskShape::Path => Geometry::Path(outline::path(mask.path.as_deref().unwrap_or_default(), rect)),
            },
            rect,
            fade: [length(top, rect.height), right, length(bottom, rect.height), left],
            opacity: mask.opacity.as_ref().map(|opacity| paint(opacity, rect)),
        }
    }

    fn paint_surface(&mut self, look: &BoundSurface, geometry: Geometry, rect: Rect, walk: &Walk<'_>) {
        if let Some(primitive) = surface(look, geometry, rect) {
            self.out.add(walk, primitive);
        }
        if let Some(fill) = &look.fill {
            self.behind.add(rect, fill);
        }
    }

    fn shape(&mut self, shape: &BoundShape, rect: Rect, node: &BoundNode, walk: &Walk<'_>) {
        let BoundShape { kind, path, surface: look } = shape;
        let (cx, cy) = rect.center();
        let geometry = match kind {
            ShapeKind::Path => Geometry::Path(outline::path(path.as_deref().unwrap_or_default(), rect)),
            ShapeKind::Rect => Geometry::RoundedRect(rounded(rect, look.radius_px)),
            ShapeKind::Ellipse => Geometry::Ellipse(rect),
            ShapeKind::Line if rect.width >= rect.height => {
                Geometry::Line { from: (rect.x, cy), to: (rect.right(), cy) }
            }
            ShapeKind::Line => Geometry::Line { from: (cx, rect.y), to: (cx, rect.bottom()) },
        };
        // A line has no inside: give its box one pixel so that it is not taken for empty.
        let room = if *kind == ShapeKind::Line { rect.grown(0.5) } else { rect };
        if let Some(Primitive::Shape(shape)) = surface(look, geometry, room) {
            self.line(shape, node, walk);
        }
        if let (ShapeKind::Rect, Some(fill)) = (kind, &look.fill) {
            self.behind.add(rect, fill);
        }
    }

    /// A shape whose outline may be drawn along its length: its inside stands there already, its line comes over it.
    fn line(&mut self, shape: Shape, node: &BoundNode, walk: &Walk<'_>) {
        let parts = self.from.clock.trim(&node.motion, walk.turn_s).filter(|_| shape.stroke.is_some());
        let Some((parts, line)) = parts.zip(trim::polyline(&shape.geometry)) else {
            return self.out.add(walk, Primitive::Shape(shape));
        };
        let stroke = shape.stroke.clone();
        let whole = Shape { fill: None, shadow: None, ..shape.clone() };
        if shape.fill.is_some() {
            self.out.add(walk, Primitive::Shape(Shape { stroke: None, ..shape }));
        }
        let drawn = |(from, to): (f32, f32)| {
            if (from, to) == (0.0, 1.0) {
                return vec![Primitive::Shape(whole.clone())];
            }
            if from >= to {
                return Vec::new();
            }
            let geometry = Geometry::Stretch { line: Arc::clone(&line), from, to };
            let stroke = stroke.clone();
            vec![Primitive::Shape(Shape { geometry, fill: None, stroke, shadow: None, clip: None })]
        };
        let (mut variants, mut index) = (Vec::new(), Vec::with_capacity(parts.len()));
        let mut last = None;
        for part in parts {
            if last != Some(part) {
                variants.push(drawn(part));
                last = Some(part);
            }
            index.push(u16::try_from(variants.len() - 1).unwrap_or(u16::MAX));
        }
        self.out.changing(walk, Content::Sequence { variants, index });
    }

    /// A text whose lines or words come in one after another.
    fn pieces(&mut self, text: Text, enter: &BoundPassage, by: Piecewise, walk: &Walk<'_>) {
        let Text { block, origin, color } = text;
        let pieces = pieces::cut(&block, origin, by, self.from.around.fonts, self.from.around.right_to_left);
        let stagger_s = pieces::stagger_s(enter, pieces.len());
        let mut turn_s = walk.turn_s;
        for piece in pieces {
            let mut own = walk.clone();
            for link in self.from.clock.piece(enter, piece.rect, turn_s) {
                own.links.push((self.out.number(), link));
            }
            self.out.add(&own, Primitive::Text(Text { block: piece.block, origin, color }));
            turn_s += stagger_s;
        }
    }

    fn text(&mut self, text: &BoundText, placed: &Placed<'_>, walk: &Walk<'_>) {
        let Some(block) = &placed.text else { return };
        let origin = (placed.rect.x, placed.rect.y.round());
        let ink = Rect::new(placed.rect.x, placed.rect.y, placed.rect.width, block.height);
        let grounds = self.behind.colors(ink, self.from.base);
        let color = text.color.readable_on(&grounds, text.contrast);
        let spot = self.spot(walk.label);
        self.findings.text(spot, text, block);
        self.findings.contrast(spot, text, color, &grounds);
        self.findings.place(spot, text, block, origin, safe_area(self.from.around.canvas));
        let Some(count) = &text.count else {
            let whole = Text { block: Arc::clone(block), origin, color };
            let enter = &placed.node.motion.enter;
            return match enter.and_then(|enter| Some((enter, enter.preset.piecewise()?))) {
                Some((enter, by)) => self.pieces(whole, &enter, by, walk),
                None => self.out.add(walk, Primitive::Text(whole)),
            };
        };
        // Every form is set at the size of the last one, in the same box, so that only the figures change. One that is
        // wider gets smaller rather than lose its end.
        let (style, fit) = setting(text, self.from.around);
        let style = TextStyle { size_px: block.size_px, ..style };
        let fit = Fit { width: Some(placed.rect.width), min_size_px: Some(block.size_px / 2.0), ..fit };
        let mut variants = Vec::with_capacity(count.texts.len());
        for (at, form) in count.texts.iter().enumerate() {
            let last = at + 1 == count.texts.len();
            let block = if last {
                Arc::clone(block)
            } else {
                Arc::new(crate::compose::text::layout(self.from.around.fonts, form, &style, &fit))
            };
            variants.push(vec![Primitive::Text(Text { block, origin, color })]);
        }
        let wait = self.from.clock.rate.frames_in_seconds(walk.turn_s) as usize;
        let mut index = vec![0; wait];
        index.extend(&count.index);
        self.out.changing(walk, Content::Sequence { variants, index });
    }

    fn image(&mut self, image: &BoundImage, rect: Rect, walk: &Walk<'_>) {
        let Some(pixels) = self.from.pictures.get(image.asset) else { return };
        let shape = Geometry::RoundedRect(rounded(rect, image.surface.radius_px));
        self.paint_surface(&image.surface, shape, rect, walk);
        let size = pixels.size();
        let [width, height] = size.as_f32();
        let (across, down) = (rect.width / width, rect.height / height);
        let scale = match image.fit {
            ImageFit::Contain => across.min(down),
            ImageFit::Cover => across.max(down),
        };
        self.findings.picture(self.spot(walk.label), image.asset, size, scale);
        let (w, h) = (width * scale, height * scale);
        let share = match (image.fit, image.align, self.from.around.right_to_left) {
            (ImageFit::Cover, ..) => image.focus[0].clamp(0.0, 1.0),
            (_, ImageAlign::Center, _) => 0.5,
            (_, ImageAlign::Start, false) | (_, ImageAlign::End, true) => 0.0,
            (_, ImageAlign::Start, true) | (_, ImageAlign::End, false) => 1.0,
        };
        let drop = if image.fit == ImageFit::Cover { image.focus[1].clamp(0.0, 1.0) } else { 0.5 };
        let place = Rect::new(rect.x + (rect.width - w) * share, rect.y + (rect.height - h) * drop, w, h);
        let visible = if image.fit == ImageFit::Cover { rect } else { crisp(place) };
        self.behind.add_picture(visible, pixels, place);
        self.out.add(
            walk,
            Primitive::Picture(Picture {
                pixels: Arc::clone(pixels),
                rect: if image.fit == ImageFit::Cover { place } else { crisp(place) },
                clip: rounded(visible, image.surface.radius_px),
            }),
        );
    }

    fn monogram(&mut self, monogram: &BoundMonogram, rect: Rect, walk: &Walk<'_>) {
        let side = rect.width.min(rect.height);
        if side < 1.0 {
            return;
        }
        let share = match (monogram.align, self.from.around.right_to_left) {
            (ImageAlign::Center, _) => 0.5,
            (ImageAlign::Start, false) | (ImageAlign::End, true) => 0.0,
            (ImageAlign::Start, true) | (ImageAlign::End, false) => 1.0,
        };
        let x = rect.x + (rect.width - side) * share;
        let field = crisp(Rect::new(x, rect.y + (rect.height - side) / 2.0, side, side));
        let [lighter, darker] = monogram_field(monogram.fill);
        let fill = BoundPaint::Linear(135.0, vec![(0.0, lighter), (1.0, darker)]);
        self.out.add(walk, filled(Geometry::RoundedRect(rounded(field, monogram.radius_px)), fill, field));
        let style = TextStyle {
            family: monogram.family.clone(),
            weight: monogram.weight,
            size_px: side * 0.42,
            line_height: 1.0,
            letter_spacing_em: 0.0,
            tabular: false,
            align: Align::Center,
            language: self.from.around.language.to_owned(),
            ..TextStyle::default()
        };
        let fit = Fit { width: Some(side * 0.86), max_lines: Some(1), min_size_px: Some(side * 0.1), ..Fit::default() };
        let block = crate::compose::text::layout(self.from.around.fonts, &monogram.letters, &style, &fit);
        self.findings.missing_glyphs(self.spot(walk.label), &monogram.letters, &monogram.fields, &block);
        let origin = (field.x + side * 0.07, (field.y + (side - block.height) / 2.0).round());
        // White where that can be read, otherwise a dark shade of the field itself.
        let ink = if Color::WHITE.contrast(lighter) >= READABLE_CONTRAST {
            Color::WHITE
        } else {
            darker.with_lightness(0.25)
        };
        let color = ink.readable_on(&[lighter, darker], READABLE_CONTRAST);
        self.out.add(walk, Primitive::Text(Text { block: Arc::new(block), origin, color }));
    }

    fn code(&mut self, data: &str, color: Color, look: &BoundSurface, rect: Rect, walk: &Walk<'_>) {
        let Some(code) = outline::code(data, rect) else {
            return self.findings.code_too_long(self.spot(walk.label), data);
        };
        self.findings.code(self.spot(walk.label), code.module_px, self.from.clock.unit);
        // Readers expect dark on light; half the lightness range keeps a wide margin.
        let dark = color.with_lightness(color.lightness().min(0.4));
        let mut look = look.clone();
        if let Some(BoundPaint::Solid(field)) = &mut look.fill
            && field.over(Color::WHITE).contrast(dark) < READABLE_CODE
        {
            *field = Color::WHITE;
        }
        let ground = Geometry::RoundedRect(rounded(code.field, look.radius_px.min(code.module_px * 3.0)));
        if let Some(primitive) = surface(&look, ground, code.field) {
            self.out.add(walk, primitive);
        }
        self.out.add(walk, filled(Geometry::Path(code.modules), BoundPaint::Solid(dark), code.field));
    }
}

/// What a layer without motion draws: its primitives, apart where they are cut.
fn at_rest(layer: Layer) -> Vec<Primitive> {
    let Content::Still(primitives) = layer.content else { return Vec::new() };
    let clips = layer.motion.into_iter().filter_map(|link| link.clip);
    let stencils: Vec<Stencil> = clips
        .map(|clip| Stencil { geometry: Geometry::RoundedRect(clip), rect: clip.rect, fade: [0.0; 4], opacity: None })
        .collect();
    if stencils.is_empty() {
        return primitives;
    }
    vec![Primitive::Isolated(Box::new(Isolated { primitives, blur: 0.0, stencils }))]
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
    fn add(&mut self, walk: &Walk<'_>, primitive: Primitive) {
        let numbers: Vec<u32> = walk.links.iter().map(|(number, _)| *number).collect();
        let alike = self.last.as_ref() == Some(&numbers);
        if let Some(Layer { content: Content::Still(primitives), .. }) = self.layers.last_mut().filter(|_| alike) {
            primitives.push(primitive);
            return;
        }
        self.layers.push(Layer {
            node: walk.label.to_owned(),
            content: Content::Still(vec![primitive]),
            motion: walk.links.iter().map(|(_, link)| link.clone()).collect(),
        });
        self.last = Some(numbers);
    }

    /// Adds a layer whose content changes by itself.
    fn changing(&mut self, walk: &Walk<'_>, content: Content) {
        let motion = walk.links.iter().map(|(_, link)| link.clone()).collect();
        self.layers.push(Layer { node: walk.label.to_owned(), content, motion });
        self.last = None;
    }
}

/// The colours of a monogram's field, from its lighter corner to its darker one.
fn monogram_field(fill: Color) -> [Color; 2] {
    let step = |color: Color, by: f32| color.with_lightness((color.lightness() + by).clamp(0.0, 0.94));
    let lighter = step(fill, 0.06);
    if fill.contrast(Color::WHITE) < STRONG || lighter.contrast(Color::WHITE) >= READABLE_CONTRAST {
        return [lighter, fill];
    }
    let readable = lighter.readable_on(&[Color::WHITE], READABLE_CONTRAST);
    [readable, step(readable, -0.06)]
}

//! A composition at another size: the same video with every length multiplied. For previews, which need not draw what
//! is then made smaller; what is delivered is laid out for its own canvas.

use std::sync::Arc;

use super::composition::{
    Composition, Content, Geometry, Isolated, Layer, MotionLink, Paint, PathSegment, Picture, Polyline, Primitive,
    Reveal, RoundedRect, Scene, Shadow, Shape, Stencil, Stroke, Text,
};
use crate::compose::text::{Glyph, Line, TextBlock};
use crate::ground::geometry::{Rect, Size};

impl Composition {
    /// The same video with every length multiplied by `factor`, which is above 0 and finite. Sides are rounded to even
    /// px.
    #[must_use]
    pub fn scaled(&self, factor: f32) -> Self {
        let scale = Scale(factor);
        let scene = |scene: &Scene| Scene {
            id: scene.id.clone(),
            first_frame: scene.first_frame,
            frame_count: scene.frame_count,
            layers: scene.layers.iter().map(|layer| scale.layer(layer)).collect(),
        };
        Self {
            size: Size::new(scale.even(self.size.width), scale.even(self.size.height)),
            frame_rate: self.frame_rate,
            frame_count: self.frame_count,
            background: self.background,
            scenes: self.scenes.iter().map(scene).collect(),
            title: self.title.clone(),
        }
    }
}

/// What lengths are multiplied by.
#[derive(Clone, Copy)]
struct Scale(f32);

impl Scale {
    fn even(self, px: u32) -> u32 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rounded, and above 0")]
        let half = (f64::from(px) * f64::from(self.0) / 2.0).round().max(1.0) as u32;
        half.saturating_mul(2)
    }

    fn point(self, (x, y): (f32, f32)) -> (f32, f32) {
        (x * self.0, y * self.0)
    }

    fn each<const N: usize>(self, lengths: [f32; N]) -> [f32; N] {
        lengths.map(|length| length * self.0)
    }

    fn rect(self, rect: Rect) -> Rect {
        let [x, y, width, height] = self.each([rect.x, rect.y, rect.width, rect.height]);
        Rect { x, y, width, height }
    }

    fn rounded(self, shape: RoundedRect) -> RoundedRect {
        RoundedRect { rect: self.rect(shape.rect), radii: self.each(shape.radii) }
    }

    fn layer(self, layer: &Layer) -> Layer {
        let content = match &layer.content {
            Content::Still(primitives) => Content::Still(self.primitives(primitives)),
            Content::Sequence { variants, index } => Content::Sequence {
                variants: variants.iter().map(|primitives| self.primitives(primitives)).collect(),
                index: index.clone(),
            },
        };
        Layer { node: layer.node.clone(), content, motion: layer.motion.iter().map(|link| self.link(link)).collect() }
    }

    fn link(self, link: &MotionLink) -> MotionLink {
        let reveal =
            |reveal: &Reveal| Reveal { rect: self.rect(reveal.rect), from: reveal.from, amount: reveal.amount.clone() };
        MotionLink {
            pivot: self.point(link.pivot),
            x: link.x.times(self.0),
            y: link.y.times(self.0),
            scale: link.scale.clone(),
            rotation: link.rotation.clone(),
            opacity: link.opacity.clone(),
            clip: link.clip.map(|clip| self.rounded(clip)),
            reveal: link.reveal.as_ref().map(reveal),
        }
    }

    fn primitives(self, primitives: &[Primitive]) -> Vec<Primitive> {
        primitives.iter().map(|primitive| self.primitive(primitive)).collect()
    }

    fn primitive(self, primitive: &Primitive) -> Primitive {
        match primitive {
            Primitive::Shape(shape) => Primitive::Shape(Shape {
                geometry: self.geometry(&shape.geometry),
                fill: shape.fill.as_ref().map(|fill| self.paint(fill)),
                stroke: shape.stroke.as_ref().map(|stroke| Stroke {
                    paint: self.paint(&stroke.paint),
                    width: stroke.width * self.0,
                    round: stroke.round,
                }),
                shadow: shape.shadow.map(|shadow| self.shadow(shadow)),
                clip: shape.clip.map(|clip| self.rounded(clip)),
            }),
            Primitive::Text(text) => Primitive::Text(Text {
                block: Arc::new(self.block(&text.block)),
                origin: self.point(text.origin),
                color: text.color,
            }),
            Primitive::Picture(picture) => Primitive::Picture(Picture {
                pixels: Arc::clone(&picture.pixels),
                rect: self.rect(picture.rect),
                clip: self.rounded(picture.clip),
            }),
            Primitive::Isolated(isolated) => Primitive::Isolated(Box::new(Isolated {
                primitives: self.primitives(&isolated.primitives),
                blur: isolated.blur * self.0,
                stencils: isolated.stencils.iter().map(|stencil| self.stencil(stencil)).collect(),
            })),
        }
    }

    fn stencil(self, stencil: &Stencil) -> Stencil {
        Stencil {
            geometry: self.geometry(&stencil.geometry),
            rect: self.rect(stencil.rect),
            fade: self.each(stencil.fade),
            opacity: stencil.opacity.as_ref().map(|opacity| self.paint(opacity)),
        }
    }

    fn geometry(self, geometry: &Geometry) -> Geometry {
        match geometry {
            Geometry::RoundedRect(shape) => Geometry::RoundedRect(self.rounded(*shape)),
            Geometry::Ellipse(rect) => Geometry::Ellipse(self.rect(*rect)),
            Geometry::Line { from, to } => Geometry::Line { from: self.point(*from), to: self.point(*to) },
            Geometry::Path(path) => Geometry::Path(path.iter().map(|segment| self.segment(*segment)).collect()),
            Geometry::Stretch { line, from, to } => {
                Geometry::Stretch { line: Arc::new(self.polyline(line)), from: *from, to: *to }
            }
        }
    }

    fn segment(self, segment: PathSegment) -> PathSegment {
        match segment {
            PathSegment::MoveTo(x, y) => PathSegment::MoveTo(x * self.0, y * self.0),
            PathSegment::LineTo(x, y) => PathSegment::LineTo(x * self.0, y * self.0),
            PathSegment::QuadTo(cx, cy, x, y) => {
                let [cx, cy, x, y] = self.each([cx, cy, x, y]);
                PathSegment::QuadTo(cx, cy, x, y)
            }
            PathSegment::CubicTo(ax, ay, bx, by, x, y) => {
                let [ax, ay, bx, by, x, y] = self.each([ax, ay, bx, by, x, y]);
                PathSegment::CubicTo(ax, ay, bx, by, x, y)
            }
            PathSegment::Close => PathSegment::Close,
        }
    }

    fn polyline(self, line: &Polyline) -> Polyline {
        let contour = |contour: &Vec<(f32, f32)>| contour.iter().map(|point| self.point(*point)).collect();
        Polyline { contours: line.contours.iter().map(contour).collect(), length: line.length * self.0 }
    }

    fn paint(self, paint: &Paint) -> Paint {
        match paint {
            Paint::Solid(color) => Paint::Solid(*color),
            Paint::Linear { from, to, stops } => {
                Paint::Linear { from: self.point(*from), to: self.point(*to), stops: stops.clone() }
            }
            Paint::Radial { center, radius, stops } => {
                Paint::Radial { center: self.point(*center), radius: radius * self.0, stops: stops.clone() }
            }
            Paint::Conic { center, start, stops } => {
                Paint::Conic { center: self.point(*center), start: *start, stops: stops.clone() }
            }
        }
    }

    fn shadow(self, shadow: Shadow) -> Shadow {
        let [dx, dy, blur, spread] = self.each([shadow.dx, shadow.dy, shadow.blur, shadow.spread]);
        Shadow { dx, dy, blur, spread, color: shadow.color }
    }

    fn block(self, block: &TextBlock) -> TextBlock {
        let line = |line: &Line| {
            let [x, baseline, width] = self.each([line.x, line.baseline, line.width]);
            Line { x, baseline, width, glyphs: line.glyphs.clone() }
        };
        let glyph = |glyph: &Glyph| {
            let [x, y, size_px] = self.each([glyph.x, glyph.y, glyph.size_px]);
            Glyph { x, y, size_px, ..*glyph }
        };
        let [width, height, size_px] = self.each([block.width, block.height, block.size_px]);
        TextBlock {
            width,
            height,
            size_px,
            lines: block.lines.iter().map(line).collect(),
            glyphs: block.glyphs.iter().map(glyph).collect(),
            truncated: block.truncated,
            missing: block.missing.clone(),
        }
    }
}

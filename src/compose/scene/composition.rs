//! The composition: everything resolved, nothing left to decide. Layers with primitives in canvas pixels, and motion by
//! frame.
//!
//! Drawing it is one match and cannot fail. Fonts and pictures it refers to are already loaded.

use std::sync::Arc;

use crate::compose::text::TextBlock;
use crate::ground::color::Color;
use crate::ground::frame::RgbaFrame;
use crate::ground::geometry::{Rect, Size};
use crate::ground::time::FrameRate;
use crate::ground::timeline::Track;

/// A whole video, resolved.
#[derive(Clone, Debug)]
pub struct Composition {
    /// Canvas size in px; both sides even.
    pub size: Size,
    /// Frames a second.
    pub frame_rate: FrameRate,
    /// Exact number of frames.
    pub frame_count: u32,
    /// What is painted before any scene; opaque.
    pub background: Color,
    /// Scenes by start; a scene is painted over the ones before it where they overlap during a transition.
    pub scenes: Vec<Scene>,
    /// Title for the file's metadata.
    pub title: String,
}

/// A scene: layers that are visible together from one frame to another.
#[derive(Clone, Debug)]
pub struct Scene {
    /// Identifier from the template, with `/2`, `/3`… appended on later pages.
    pub id: String,
    /// First frame it shows on, the transition into it included.
    pub first_frame: u32,
    /// Number of frames it shows, the transition out of it included.
    pub frame_count: u32,
    /// Layers from back to front.
    pub layers: Vec<Layer>,
}

/// The unit of motion: primitives that are drawn once and then move as one picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// Where it comes from: the id or position of the template node, for messages.
    pub node: String,
    /// What is drawn, at rest, in canvas px.
    pub content: Content,
    /// How it moves: links from the outermost group inwards. A point of the layer goes through the last link first.
    pub motion: Vec<MotionLink>,
}

/// What a layer shows.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// The same primitives on every frame.
    Still(Vec<Primitive>),
    /// Changing primitives (a counted number): `variants[index[frame]]`, where `frame` counts from the start of the
    /// scene and stays on the last entry after the end of `index`.
    Sequence {
        variants: Vec<Vec<Primitive>>,
        /// Which of them to show on which frame; never empty.
        index: Vec<u16>,
    },
}

impl Content {
    /// Number of distinct drawings, at least 1.
    #[must_use]
    pub fn variant_count(&self) -> usize {
        match self {
            Self::Still(_) => 1,
            Self::Sequence { variants, .. } => variants.len().max(1),
        }
    }

    /// What one of the drawings holds; nothing beyond the last.
    #[must_use]
    pub fn primitives(&self, variant: usize) -> &[Primitive] {
        match self {
            Self::Still(primitives) => primitives,
            Self::Sequence { variants, .. } => variants.get(variant).map_or(&[], Vec::as_slice),
        }
    }

    /// Which of the drawings shows on `frame` of the scene.
    #[must_use]
    pub fn variant_at(&self, frame: u32) -> usize {
        match self {
            Self::Still(_) => 0,
            Self::Sequence { variants, index } => {
                let entry = index.get(frame as usize).or(index.last()).copied().unwrap_or(0);
                usize::from(entry).min(variants.len().saturating_sub(1))
            }
        }
    }
}

/// Motion of one node on the way from the canvas to a layer. All tracks count frames from the start of the scene.
#[derive(Clone, Debug, PartialEq)]
pub struct MotionLink {
    /// Fixed point of scale and rotation, in canvas px at rest.
    pub pivot: (f32, f32),
    /// Horizontal offset in px.
    pub x: Track,
    /// Vertical offset in px, downwards.
    pub y: Track,
    /// Scale factor, 1.0 at rest.
    pub scale: Track,
    /// Clockwise rotation in degrees, 0.0 at rest.
    pub rotation: Track,
    /// Opacity factor, 1.0 at rest, clamped to 0.0-1.0.
    pub opacity: Track,
    /// Cuts what lies inside this link; given at rest, moves with the link.
    pub clip: Option<RoundedRect>,
    /// Shows only a growing part of a rectangle; given at rest, moves with the link.
    pub reveal: Option<Reveal>,
}

/// A clip that opens from one edge.
#[derive(Clone, Debug, PartialEq)]
pub struct Reveal {
    /// The whole area, in canvas px at rest.
    pub rect: Rect,
    /// The edge at which the visible part begins.
    pub from: Edge,
    /// Visible share: 0.0 nothing, 1.0 all (then nothing outside `rect` is cut either).
    pub amount: Track,
}

/// A side of a rectangle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// x = 0.
    Left,
    /// y = 0.
    Top,
    /// x = width.
    Right,
    /// y = height.
    Bottom,
}

/// One thing to draw, in canvas px.
#[derive(Clone, Debug, PartialEq)]
pub enum Primitive {
    /// A filled and/or outlined shape.
    Shape(Shape),
    /// A laid-out text.
    Text(Text),
    /// A raster picture.
    Picture(Picture),
    /// Several things, blurred or cut as one.
    Isolated(Box<Isolated>),
}

impl Primitive {
    /// Whether it is a shape that a gradient fills or outlines.
    #[must_use]
    pub fn has_gradient(&self) -> bool {
        match self {
            Self::Shape(Shape { fill, stroke, .. }) => {
                fill.iter().chain(stroke.iter().map(|stroke| &stroke.paint)).any(Paint::is_gradient)
            }
            Self::Text(_) | Self::Picture(_) | Self::Isolated(_) => false,
        }
    }
}

/// Primitives that are drawn apart and changed as one picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Isolated {
    /// What is drawn, back to front.
    pub primitives: Vec<Primitive>,
    /// Blur radius in px as CSS shadows have it: twice the standard deviation of the Gaussian; 0 leaves it sharp.
    pub blur: f32,
    /// Each of them cuts, after the blur.
    pub stencils: Vec<Stencil>,
}

/// Leaves a part of a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Stencil {
    /// What lies outside is cut away.
    pub geometry: Geometry,
    /// The box whose edges fade, in canvas px.
    pub rect: Rect,
    /// Lengths over which it fades towards the box's edges, in px: top, right, bottom, left.
    pub fade: [f32; 4],
    /// Its opacity says how much is left; its colours say nothing.
    pub opacity: Option<Paint>,
}

/// A filled and/or outlined shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    pub geometry: Geometry,
    /// How the inside is painted.
    pub fill: Option<Paint>,
    /// How the outline is painted.
    pub stroke: Option<Stroke>,
    /// A soft shadow below it.
    pub shadow: Option<Shadow>,
    /// Cuts the shape, its shadow included.
    pub clip: Option<RoundedRect>,
}

/// The outline of a shape.
#[derive(Clone, Debug, PartialEq)]
pub enum Geometry {
    /// A rectangle, corners rounded or not.
    RoundedRect(RoundedRect),
    /// The ellipse inside a rectangle.
    Ellipse(Rect),
    /// A straight line; only its stroke shows.
    Line { from: (f32, f32), to: (f32, f32) },
    /// Any outline, filled by the non-zero rule.
    Path(Vec<PathSegment>),
    /// A part of an outline, along its length; only its stroke shows.
    Stretch {
        /// The whole outline.
        line: Arc<Polyline>,
        /// Where the part begins, as a share of the length.
        from: f32,
        /// Where it ends; nothing shows where that is not after `from`.
        to: f32,
    },
}

/// An outline as short straight lines, in canvas px.
#[derive(Clone, Debug, PartialEq)]
pub struct Polyline {
    /// Points of each contour; a closed one ends where it begins.
    pub contours: Vec<Vec<(f32, f32)>>,
    /// Length of all contours together, in px; above 0.
    pub length: f32,
}

/// One step of a path; coordinates are absolute canvas px.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PathSegment {
    /// Starts a new contour.
    MoveTo(f32, f32),
    /// A straight line.
    LineTo(f32, f32),
    /// A quadratic Bézier curve: control point, end point.
    QuadTo(f32, f32, f32, f32),
    /// A cubic Bézier curve: two control points, end point.
    CubicTo(f32, f32, f32, f32, f32, f32),
    /// Back to the start of the contour.
    Close,
}

/// A rectangle with a radius for each corner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RoundedRect {
    pub rect: Rect,
    /// Radii in px: top left, top right, bottom right, bottom left. Too large ones are reduced to fit.
    pub radii: [f32; 4],
}

/// What an area is painted with.
#[derive(Clone, Debug, PartialEq)]
pub enum Paint {
    Solid(Color),
    /// A gradient along a line, in canvas px, dithered; the end colours continue beyond it.
    Linear {
        /// Where the first stop lies.
        from: (f32, f32),
        /// Where the last stop lies.
        to: (f32, f32),
        /// At least two, ascending.
        stops: Vec<Stop>,
    },
    /// A gradient around a point, in canvas px, dithered.
    Radial {
        /// Where the first stop lies.
        center: (f32, f32),
        /// Distance of the last stop.
        radius: f32,
        /// At least two, ascending.
        stops: Vec<Stop>,
    },
    /// A gradient that runs around a point, clockwise, dithered.
    Conic {
        /// The point, in canvas px.
        center: (f32, f32),
        /// The direction in which it begins and ends, as a share of a turn: 0.0 upwards, 0.25 to the right.
        start: f32,
        /// At least two, ascending; positions are shares of a turn.
        stops: Vec<Stop>,
    },
}

impl Paint {
    /// Whether it is not the same everywhere.
    #[must_use]
    pub fn is_gradient(&self) -> bool {
        match self {
            Self::Solid(_) => false,
            Self::Linear { stops, .. } | Self::Radial { stops, .. } | Self::Conic { stops, .. } => {
                stops.iter().any(|stop| stop.color != stops[0].color)
            }
        }
    }
}

/// A colour on a gradient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stop {
    /// Position, 0.0-1.0.
    pub at: f32,
    /// The colour there.
    pub color: Color,
}

/// The outline of a shape, centred on its edge.
#[derive(Clone, Debug, PartialEq)]
pub struct Stroke {
    /// What it is painted with.
    pub paint: Paint,
    /// Width in px.
    pub width: f32,
    /// Whether line ends and joins are round (otherwise butt ends and mitred joins).
    pub round: bool,
}

/// A soft shadow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shadow {
    /// Offset to the right in px.
    pub dx: f32,
    /// Offset downwards in px.
    pub dy: f32,
    /// Blur radius in px as CSS has it: twice the standard deviation of the Gaussian.
    pub blur: f32,
    /// How much the shadow is grown before the blur, in px; may be negative.
    pub spread: f32,
    /// Its colour and opacity.
    pub color: Color,
}

/// A laid-out text.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    /// Glyphs, placed within the block.
    pub block: Arc<TextBlock>,
    /// Top left corner of the block in canvas px.
    pub origin: (f32, f32),
    /// Colour of every glyph that has none of its own (emoji have).
    pub color: Color,
}

/// A raster picture in a box.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    pub pixels: Arc<RgbaFrame>,
    /// Where the whole picture lands, in canvas px; may reach beyond `clip`.
    pub rect: Rect,
    /// The visible part, in canvas px.
    pub clip: RoundedRect,
}

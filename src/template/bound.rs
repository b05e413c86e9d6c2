//! A scene bound to a snapshot: expressions evaluated, lists unrolled, names resolved. Lengths are canvas px, times are seconds.
//!
//! What is still open is where things land; layout decides that.

use crate::ground::color::Color;
use crate::ground::timeline::Easing;

pub use super::document::{
    Align, Direction, DurationRange, ImageAlign, ImageFit, Justify, MaskShape, Piecewise, Preset, ShapeKind, TextAlign,
    TransitionKind,
};

/// A length against a group's length.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Length {
    /// Canvas px.
    Px(f32),
    /// Share of the group's length.
    Share(f32),
    /// What the content needs.
    Auto,
}

/// A scene, or one page of it.
#[derive(Clone, Debug)]
pub struct BoundScene {
    /// Identifier, with the page number appended from the second page on.
    pub id: String,
    /// Its whole content; the root covers the canvas.
    pub root: BoundNode,
    /// Shortest and longest time on screen.
    pub duration: DurationRange,
    /// Transition into it.
    pub transition: BoundTransition,
}

/// How a scene takes over from the one before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BoundTransition {
    /// What happens.
    pub kind: TransitionKind,
    /// Length in seconds.
    pub duration_s: f64,
    /// How it runs.
    pub easing: Easing,
}

/// A node with its place, motion and kind.
#[derive(Clone, Debug)]
pub struct BoundNode {
    /// Its id, or its JSON pointer in the template.
    pub label: String,
    /// Size and place wishes.
    pub placement: BoundPlacement,
    /// How it comes in, moves and leaves.
    pub motion: BoundMotion,
    /// What it is.
    pub kind: BoundKind,
}

/// Size and place wishes.
#[derive(Clone, Debug)]
pub struct BoundPlacement {
    /// Width and height.
    pub size: [Length; 2],
    /// Smallest width and height.
    pub min: [Length; 2],
    /// Largest width and height.
    pub max: [Length; 2],
    /// Share of free space.
    pub grow: f32,
    /// Share of missing space.
    pub shrink: f32,
    /// Placement across the group's main axis.
    pub align: Option<Align>,
    /// Outer distances: top, end, bottom, start.
    pub margin: [Length; 4],
    /// Out of the flow: distances to the group's edges (top, end, bottom, start); `None` in the flow.
    pub at: Option<[Length; 4]>,
}

/// Motion of a node, in seconds.
#[derive(Clone, Debug, Default)]
pub struct BoundMotion {
    /// Entrance.
    pub enter: Option<BoundPassage>,
    /// Exit.
    pub exit: Option<BoundPassage>,
    /// Delay of the node and all inside it.
    pub delay_s: f64,
    /// Delay from one entering child to the next.
    pub stagger_s: f64,
    /// Fixed point of scale and rotation, as shares of width and height from the start side; `None` is the middle.
    pub origin: Option<[f32; 2]>,
    /// Keyframes by property.
    pub keyframes: BoundKeyframes,
}

/// An entrance or exit.
#[derive(Clone, Copy, Debug)]
pub struct BoundPassage {
    /// What happens.
    pub preset: Preset,
    /// Length in seconds.
    pub duration_s: f64,
    /// How it runs.
    pub easing: Easing,
    /// Travel in canvas px; `None` for the preset's own.
    pub distance_px: Option<f32>,
    /// Seconds from one line or word to the next.
    pub stagger_s: f64,
}

/// Keyframes by property; times in seconds after the node's turn, negative ones from the end of the scene.
#[derive(Clone, Debug, Default)]
pub struct BoundKeyframes {
    /// Offset towards the end side in canvas px.
    pub x: Vec<BoundKeyframe>,
    /// Offset downwards in canvas px.
    pub y: Vec<BoundKeyframe>,
    /// Scale factor.
    pub scale: Vec<BoundKeyframe>,
    /// Clockwise rotation in degrees.
    pub rotation: Vec<BoundKeyframe>,
    /// Opacity factor.
    pub opacity: Vec<BoundKeyframe>,
    /// Share of the outline's length at which what is drawn begins.
    pub trim_start: Vec<BoundKeyframe>,
    /// Share at which it ends.
    pub trim_end: Vec<BoundKeyframe>,
}

/// A value at a time.
#[derive(Clone, Copy, Debug)]
pub struct BoundKeyframe {
    /// Seconds.
    pub time_s: f64,
    /// The value there.
    pub value: f32,
    /// How it is reached.
    pub easing: Easing,
}

/// What a node is.
#[derive(Clone, Debug)]
pub enum BoundKind {
    /// Words or a number.
    Text(Box<BoundText>),
    /// A picture that is loaded.
    Image(Box<BoundImage>),
    /// The placeholder of a picture.
    Monogram(Box<BoundMonogram>),
    /// A drawn shape.
    Shape(Box<BoundShape>),
    /// An outline on a 24 x 24 grid, as SVG path data.
    Icon {
        /// Path data.
        path: String,
        /// Colour of its inside, or of its line.
        color: Color,
        /// Width of its line on that grid; `None` fills it.
        stroke: Option<f32>,
    },
    /// A QR code.
    Qr {
        /// What it says.
        data: String,
        /// Module colour.
        color: Color,
        /// Field behind, quiet zone included.
        surface: Box<BoundSurface>,
    },
    /// Children in a box.
    Group(Box<BoundGroup>),
}

/// A drawn shape.
#[derive(Clone, Debug)]
pub struct BoundShape {
    /// Which shape.
    pub kind: ShapeKind,
    /// SVG path data on a 100 x 100 grid, where it is a path.
    pub path: Option<String>,
    /// Its paint.
    pub surface: BoundSurface,
}

/// Children in a box.
#[derive(Clone, Debug)]
pub struct BoundGroup {
    /// Row, column or stack; never `Auto`.
    pub direction: Direction,
    /// Distance between children.
    pub gap: Length,
    /// Inner distances: top, end, bottom, start.
    pub padding: [Length; 4],
    /// Across the main axis.
    pub align: Align,
    /// Along the main axis.
    pub justify: Justify,
    /// Whether lines wrap.
    pub wrap: bool,
    /// Paint of the box.
    pub surface: BoundSurface,
    /// Whether children are cut at its edges.
    pub clip: bool,
    /// Blur in px as shadows have it; 0 leaves it sharp.
    pub blur_px: f32,
    /// What of it stays in sight.
    pub mask: Option<BoundMask>,
    /// Children in order.
    pub children: Vec<BoundNode>,
}

/// What of a group stays in sight.
#[derive(Clone, Debug)]
pub struct BoundMask {
    /// Which shape.
    pub shape: MaskShape,
    /// SVG path data on a 100 x 100 grid, where it is a path.
    pub path: Option<String>,
    /// Corner radius in px, where it is a rectangle.
    pub radius_px: f32,
    /// Lengths over which it fades at the top, end, bottom and start.
    pub fade: [Length; 4],
    /// What its opacity is taken from.
    pub opacity: Option<BoundPaint>,
}

impl BoundNode {
    /// The first node inside, itself not counted, that moves or changes on its own.
    #[must_use]
    pub fn first_moving_inside(&self) -> Option<&Self> {
        let BoundKind::Group(group) = &self.kind else { return None };
        group.children.iter().find_map(|child| if child.moves() { Some(child) } else { child.first_moving_inside() })
    }

    /// How many masked or blurred groups lie one within the other, this one included.
    pub(super) fn depth_of_effects(&self) -> usize {
        let BoundKind::Group(group) = &self.kind else { return 0 };
        let inside = group.children.iter().map(Self::depth_of_effects).max().unwrap_or(0);
        inside + usize::from(self.has_effect())
    }

    /// Whether it is a masked or blurred group, which is drawn apart.
    pub(super) fn has_effect(&self) -> bool {
        matches!(&self.kind, BoundKind::Group(group) if group.mask.is_some() || group.blur_px > 0.0)
    }

    fn moves(&self) -> bool {
        let BoundMotion { enter, exit, keyframes, .. } = &self.motion;
        let BoundKeyframes { x, y, scale, rotation, opacity, trim_start, trim_end } = keyframes;
        let keyed = [x, y, scale, rotation, opacity, trim_start, trim_end].iter().any(|list| !list.is_empty());
        let passes = [enter, exit].into_iter().flatten().any(|passage| passage.preset != Preset::None);
        keyed || passes || matches!(&self.kind, BoundKind::Text(text) if text.count.is_some())
    }
}

/// How a box is painted.
#[derive(Clone, Debug, Default)]
pub struct BoundSurface {
    /// Inside.
    pub fill: Option<BoundPaint>,
    /// Outline: colour, width in px, round.
    pub stroke: Option<(Color, f32, bool)>,
    /// Corner radius in px.
    pub radius_px: f32,
    /// Shadow, in px.
    pub shadow: Option<BoundShadow>,
}

/// A shadow in canvas px.
#[derive(Clone, Copy, Debug)]
pub struct BoundShadow {
    /// Offset to the right.
    pub dx: f32,
    /// Offset downwards.
    pub dy: f32,
    /// CSS blur radius.
    pub blur: f32,
    /// Growth before the blur.
    pub spread: f32,
    /// Colour.
    pub color: Color,
}

/// A paint against a box that is not known yet.
#[derive(Clone, Debug)]
pub enum BoundPaint {
    /// One colour.
    Solid(Color),
    /// Angle in CSS degrees, and stops.
    Linear(f32, Vec<(f32, Color)>),
    /// Centre as shares of the box, radius as a share of its longer side, and stops.
    Radial([f32; 2], f32, Vec<(f32, Color)>),
    /// Centre as shares of the box, CSS degrees in which it begins, and stops.
    Conic([f32; 2], f32, Vec<(f32, Color)>),
}

/// A text with everything that shapes it.
#[derive(Clone, Debug)]
pub struct BoundText {
    /// The words; for a counted number its last, exact form.
    pub text: String,
    /// Font family.
    pub family: String,
    /// Weight.
    pub weight: u16,
    /// Size in canvas px.
    pub size_px: f32,
    /// Smallest size in canvas px.
    pub min_size_px: f32,
    /// Colour before the contrast correction.
    pub color: Color,
    /// Line height as a multiple of the size.
    pub line_height: f32,
    /// Letter spacing in em.
    pub letter_spacing_em: f32,
    /// Alignment.
    pub align: TextAlign,
    /// Most lines.
    pub max_lines: Option<u32>,
    /// Even out line lengths.
    pub balance: bool,
    /// Figures of equal width.
    pub tabular: bool,
    /// Lowest contrast.
    pub contrast: f32,
    /// The texts it counts through.
    pub count: Option<BoundCount>,
    /// JSON pointers of the fields of the quote that it was read from, nearest first.
    pub fields: Vec<String>,
}

/// A number that counts up: one text a frame.
#[derive(Clone, Debug)]
pub struct BoundCount {
    /// Distinct texts in the order of their first showing.
    pub texts: Vec<String>,
    /// Which of them shows on which frame after the node's turn; the last entry holds.
    pub index: Vec<u16>,
}

/// A picture in a box.
#[derive(Clone, Debug)]
pub struct BoundImage {
    /// Index of the picture among the loaded assets.
    pub asset: usize,
    /// How it fills the box.
    pub fit: ImageFit,
    /// Centre of attention, as shares.
    pub focus: [f32; 2],
    /// Side it keeps to.
    pub align: ImageAlign,
    /// Paint behind it, and its corner radius.
    pub surface: BoundSurface,
}

/// Initials on a field, square in the box of the picture they stand for.
#[derive(Clone, Debug)]
pub struct BoundMonogram {
    /// One or two letters; may be empty.
    pub letters: String,
    /// Colour of the field.
    pub fill: Color,
    /// Corner radius of the field.
    pub radius_px: f32,
    /// Side of the box it keeps to.
    pub align: ImageAlign,
    /// Font family of the letters.
    pub family: String,
    /// Their weight.
    pub weight: u16,
    /// JSON pointers of the fields of the quote that its letters were read from, nearest first.
    pub fields: Vec<String>,
}

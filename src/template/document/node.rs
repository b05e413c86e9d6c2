//! Nodes as written: what stands on a scene.

use schemars::JsonSchema;
use serde::Deserialize;

use super::look::{Mask, Surface, TextStyle, middle};
use super::motion::{EasingSpec, Motion};
use super::part::UseNode;
use super::place::{Flex, Placement};
use crate::template::value::{ColorSpec, Measure};

/// One thing on a scene; `type` says which.
#[derive(Clone, Debug, JsonSchema)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Node {
    /// Words or a number.
    Text(Box<TextNode>),
    /// A picture.
    Image(Box<ImageNode>),
    /// A drawn shape.
    Shape(Box<ShapeNode>),
    /// An outline of `icons` or of the bundled set.
    Icon(Box<IconNode>),
    /// A QR code.
    Qr(Box<QrNode>),
    /// Children placed by flexbox.
    Group(Box<GroupNode>),
    /// A group that shows its children once for each entry of a list.
    Repeat(Box<RepeatNode>),
    /// The first case that holds.
    Choose(Box<ChooseNode>),
    /// The children of a part.
    Use(Box<UseNode>),
}

/// Words or a number.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TextNode {
    /// Name for messages.
    #[serde(default)]
    pub id: Option<String>,
    /// Expression; left out where it is false.
    #[serde(default)]
    pub when: Option<String>,
    /// Size and place.
    #[serde(default)]
    pub layout: Placement,
    /// Motion.
    #[serde(default)]
    pub motion: Motion,
    /// The words, with `{{ expressions }}`. A text that comes out empty takes no room.
    pub text: String,
    /// Name of a text style.
    #[serde(default)]
    pub style: Option<String>,
    /// Differences from that style.
    #[serde(default, rename = "set")]
    pub overrides: TextStyle,
    /// Counts up to an amount; `text` may then use `count` for the running amount.
    #[serde(default)]
    pub count: Option<Count>,
}

/// A number that counts up.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Count {
    /// Expression that gives the amount it ends on.
    pub to: String,
    /// Share of the amount it starts from, 0-1; default 0.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub from: f64,
    /// Length in seconds; default 1.2.
    #[serde(default = "default_count_s")]
    #[schemars(range(min = 0.1, max = 10.0))]
    pub duration: f64,
    /// How it runs; default `quint-out`.
    #[serde(default)]
    pub easing: Option<EasingSpec>,
}

fn default_count_s() -> f64 {
    1.2
}

/// A picture.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ImageNode {
    /// Name for messages.
    #[serde(default)]
    pub id: Option<String>,
    /// Expression; left out where it is false.
    #[serde(default)]
    pub when: Option<String>,
    /// Size and place.
    #[serde(default)]
    pub layout: Placement,
    /// Motion.
    #[serde(default)]
    pub motion: Motion,
    /// Expression that gives an asset of the snapshot, for example `company.logo`.
    pub source: String,
    /// How it fills its box; default `contain`.
    #[serde(default)]
    pub fit: ImageFit,
    /// Which part stays in sight under `cover`, as shares of its width and height; default the middle.
    #[serde(default = "middle")]
    pub focus: [f32; 2],
    /// Which side of its box it keeps to under `contain`; default `center`.
    #[serde(default)]
    pub align: ImageAlign,
    /// Corner radius, and paint behind the picture.
    #[serde(default)]
    pub surface: Surface,
    /// Words whose initials make the placeholder where the picture is absent or broken; without it the node is left out.
    #[serde(default)]
    pub monogram: Option<String>,
    /// Paint of the placeholder.
    #[serde(default)]
    pub monogram_fill: Option<ColorSpec>,
}

/// How a picture fills its box.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub enum ImageFit {
    /// All of it in sight.
    #[default]
    Contain,
    /// All of the box covered.
    Cover,
}

/// Which side of its box a contained picture keeps to.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub enum ImageAlign {
    /// The start side.
    Start,
    /// The middle.
    #[default]
    Center,
    /// The end side.
    End,
}

/// A drawn shape.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ShapeNode {
    /// Name for messages.
    #[serde(default)]
    pub id: Option<String>,
    /// Expression; left out where it is false.
    #[serde(default)]
    pub when: Option<String>,
    /// Size and place.
    #[serde(default)]
    pub layout: Placement,
    /// Motion.
    #[serde(default)]
    pub motion: Motion,
    /// Which shape; default `rect`.
    #[serde(default)]
    pub shape: ShapeKind,
    /// The outline of a `path`: SVG path data on a grid of 100 x 100 that is stretched over the box.
    #[serde(default)]
    pub path: Option<String>,
    /// Its paint.
    #[serde(default)]
    pub surface: Surface,
}

/// Kinds of shape.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub enum ShapeKind {
    /// A rectangle, its corners rounded by `surface.radius`.
    #[default]
    Rect,
    /// The ellipse in the box.
    Ellipse,
    /// A line through the middle of the box along its longer side, drawn by `surface.stroke`.
    Line,
    /// The outline in `path`.
    Path,
}

/// An outline of `icons` or of the bundled set, in one colour.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IconNode {
    /// Name for messages.
    #[serde(default)]
    pub id: Option<String>,
    /// Expression; left out where it is false.
    #[serde(default)]
    pub when: Option<String>,
    /// Size and place.
    #[serde(default)]
    pub layout: Placement,
    /// Motion.
    #[serde(default)]
    pub motion: Motion,
    /// Name of the icon: one of `icons`, or a bundled one.
    pub icon: String,
    /// Its colour.
    pub color: ColorSpec,
    /// Side of its box in design px.
    pub size: Measure,
    /// Draws it as a line of this width, on the grid of 24, instead of filling it; bundled icons are lines of 2.
    #[serde(default)]
    #[schemars(range(min = 0.1, max = 12.0))]
    pub stroke: Option<f32>,
}

/// A QR code on a light field with the quiet zone the standard asks for.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct QrNode {
    /// Name for messages.
    #[serde(default)]
    pub id: Option<String>,
    /// Expression; left out where it is false.
    #[serde(default)]
    pub when: Option<String>,
    /// Size and place; the code keeps to whole pixels a module inside it.
    #[serde(default)]
    pub layout: Placement,
    /// Motion.
    #[serde(default)]
    pub motion: Motion,
    /// What it says, with `{{ expressions }}`.
    pub data: String,
    /// Colour of the modules; dark.
    #[serde(default)]
    pub color: Option<ColorSpec>,
    /// Paint behind, light; default white.
    #[serde(default)]
    pub surface: Surface,
}

/// Children placed by flexbox.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GroupNode {
    /// Name for messages.
    #[serde(default)]
    pub id: Option<String>,
    /// Expression; left out where it is false.
    #[serde(default)]
    pub when: Option<String>,
    /// Size and place.
    #[serde(default)]
    pub layout: Placement,
    /// Motion.
    #[serde(default)]
    pub motion: Motion,
    /// How the children are placed.
    #[serde(default)]
    pub flex: Flex,
    /// Paint of its box.
    #[serde(default)]
    pub surface: Surface,
    /// Cuts children at its (rounded) edges.
    #[serde(default)]
    pub clip: bool,
    /// What of it stays in sight: a shape, faded edges. Drawn once; nothing inside may have a motion of its own.
    #[serde(default)]
    pub mask: Option<Mask>,
    /// Blurs all of it, in design px as shadows have it. Drawn once; nothing inside may have a motion of its own.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 200.0))]
    pub blur: Option<f32>,
    /// What is in it.
    pub children: Vec<Node>,
}

/// A group that shows its children once for each entry of a list.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RepeatNode {
    /// Name for messages.
    #[serde(default)]
    pub id: Option<String>,
    /// Expression; left out where it is false.
    #[serde(default)]
    pub when: Option<String>,
    /// Size and place.
    #[serde(default)]
    pub layout: Placement,
    /// Motion.
    #[serde(default)]
    pub motion: Motion,
    /// How the repeated children are placed.
    #[serde(default)]
    pub flex: Flex,
    /// Paint of its box.
    #[serde(default)]
    pub surface: Surface,
    /// Cuts children at its (rounded) edges.
    #[serde(default)]
    pub clip: bool,
    /// What of it stays in sight: a shape, faded edges. Drawn once; nothing inside may have a motion of its own.
    #[serde(default)]
    pub mask: Option<Mask>,
    /// Blurs all of it, in design px as shadows have it. Drawn once; nothing inside may have a motion of its own.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 200.0))]
    pub blur: Option<f32>,
    /// Expression that gives the list.
    pub of: String,
    /// Name of the entry in the children's expressions; beside it `loop.index`, `loop.index0`, `loop.first`, `loop.last`.
    /// A letter, then letters, digits and `_`; no name that expressions know already.
    #[serde(rename = "as")]
    #[schemars(regex(pattern = r"^[A-Za-z][A-Za-z0-9_]{0,39}$"))]
    pub name: String,
    /// Most entries shown.
    #[serde(default = "default_repeat_limit")]
    #[schemars(range(min = 1, max = 100))]
    pub limit: u32,
    /// What is shown for each entry.
    pub children: Vec<Node>,
}

fn default_repeat_limit() -> u32 {
    50
}

/// The first case that holds; its children stand in the place of this node.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChooseNode {
    /// Name for messages.
    #[serde(default)]
    pub id: Option<String>,
    /// Cases in order.
    pub cases: Vec<Case>,
    /// Shown where no case holds.
    #[serde(default)]
    pub otherwise: Vec<Node>,
}

/// A case of a `choose` node.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Case {
    /// Expression.
    pub when: String,
    /// Shown where it is true.
    pub then: Vec<Node>,
}

//! The template document as written: `template.json`, field by field. Nothing here is checked beyond its type.
//!
//! The same types parse the file and emit the JSON Schema that editors complete from. Lengths are in *design pixels*:
//! pixels on a canvas whose shorter side is 1080; on other canvases they scale with the shorter side.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::value::{ColorSpec, Edges, Measure};

/// A template: theme, named styles and scenes.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Document {
    /// Link to the JSON Schema, for editors; ignored.
    #[serde(rename = "$schema", default)]
    pub schema: Option<String>,
    /// Version of this format; 1.
    #[schemars(range(min = 1, max = 1))]
    pub format_version: u32,
    /// Name: lower case letters, digits and hyphens; equal to the folder's name.
    #[schemars(regex(pattern = r"^[a-z0-9][a-z0-9-]{0,62}$"))]
    pub name: String,
    /// Version of the template itself; a new one makes new videos of old quotes.
    pub version: String,
    /// One sentence that tells an author when to choose it.
    pub description: String,
    /// Shortest and longest video in seconds.
    #[serde(default)]
    pub duration: DurationRange,
    /// A sound file beside this document, for videos that are given no other: WAV, MP3, AAC (bare or in MP4), FLAC or Ogg.
    #[serde(default)]
    #[schemars(regex(pattern = r"^[^/\\.][^/\\]{0,99}$"))]
    pub audio: Option<String>,
    /// Language whose strings are used where the snapshot's language has none.
    #[serde(default = "default_language")]
    pub default_language: String,
    /// Named colours, fonts, sizes, spaces and radii.
    #[serde(default)]
    pub theme: Theme,
    /// Changes of the theme's sizes, spaces and radii for some canvases; later ones win.
    #[serde(default)]
    pub canvases: Vec<CanvasVariant>,
    /// Named text styles.
    #[serde(default)]
    pub styles: BTreeMap<String, TextStyle>,
    /// Named outlines for `icon` nodes: SVG path data on a 24 x 24 grid.
    #[serde(default)]
    pub icons: BTreeMap<String, String>,
    /// What lies behind all scenes and never moves with them.
    #[serde(default)]
    pub backdrop: Vec<Node>,
    /// How one scene hands over to the next.
    #[serde(default)]
    pub transition: Transition,
    /// Scenes in order.
    #[schemars(length(min = 1, max = 40))]
    pub scenes: Vec<Scene>,
}

fn default_language() -> String {
    "en".to_owned()
}

/// Shortest and longest length in seconds.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DurationRange {
    /// At least this long.
    #[schemars(range(min = 0.5, max = 120.0))]
    pub min: f64,
    /// At most this long.
    #[schemars(range(min = 0.5, max = 120.0))]
    pub max: f64,
}

impl Default for DurationRange {
    fn default() -> Self {
        Self { min: 20.0, max: 30.0 }
    }
}

/// Named values, so that no number or colour is sprinkled about.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Theme {
    /// Colours in order: each is an expression that may use `brand` and the colours above it, or a literal `#RRGGBB`.
    #[serde(default)]
    pub colors: Vec<NamedColor>,
    /// Fonts by role.
    #[serde(default)]
    pub fonts: BTreeMap<String, Font>,
    /// Text sizes in design px.
    #[serde(default)]
    pub sizes: BTreeMap<String, f32>,
    /// Lengths in design px. `safeTop`, `safeRight`, `safeBottom`, `safeLeft` are always there.
    #[serde(default)]
    pub spaces: BTreeMap<String, f32>,
    /// Corner radii in design px.
    #[serde(default)]
    pub radii: BTreeMap<String, f32>,
}

/// A colour with a name.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NamedColor {
    /// The name nodes use.
    pub name: String,
    /// `#RRGGBB`, or an expression such as `mix(primary, '#FFFFFF', 0.9)`.
    pub value: String,
}

/// A font family with its usual weight.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Font {
    /// Family name of a bundled font.
    pub family: String,
    /// Weight, 100-900.
    #[schemars(range(min = 100, max = 900))]
    pub weight: u16,
}

/// Theme values for some canvases.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CanvasVariant {
    /// Expression over `canvas`: `width`, `height`, `portrait`, `square`, `landscape`, `aspect`.
    pub when: String,
    /// Sizes to replace.
    #[serde(default)]
    pub sizes: BTreeMap<String, f32>,
    /// Spaces to replace.
    #[serde(default)]
    pub spaces: BTreeMap<String, f32>,
    /// Radii to replace.
    #[serde(default)]
    pub radii: BTreeMap<String, f32>,
}

/// How a text is set. Unset fields come from the style it is based on.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TextStyle {
    /// Font role of the theme.
    pub font: Option<String>,
    /// Weight other than the font's own, 100-900.
    #[schemars(range(min = 100, max = 900))]
    pub weight: Option<u16>,
    /// Size: design px or a name of `theme.sizes`.
    pub size: Option<Measure>,
    /// Smallest size the text may shrink to before it wraps further or ends in an ellipsis.
    pub min_size: Option<Measure>,
    /// Colour; corrected where its contrast to what lies behind is too low.
    pub color: Option<ColorSpec>,
    /// Line height as a multiple of the size; default 1.2.
    #[schemars(range(min = 0.5, max = 4.0))]
    pub line_height: Option<f32>,
    /// Letter spacing in em; default 0.
    #[schemars(range(min = -0.2, max = 1.0))]
    pub letter_spacing: Option<f32>,
    /// Where lines stand; `start` is right in right-to-left scripts.
    pub align: Option<TextAlign>,
    /// Most lines before the ellipsis.
    #[schemars(range(min = 1, max = 40))]
    pub max_lines: Option<u32>,
    /// Even out line lengths, for headings.
    pub balance: Option<bool>,
    /// Figures of equal width, for amounts.
    pub tabular: Option<bool>,
    /// Lowest contrast to what lies behind, 1-21; default 4.5.
    #[schemars(range(min = 1.0, max = 21.0))]
    pub contrast: Option<f32>,
}

/// Horizontal alignment of lines.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub enum TextAlign {
    /// Left, or right in right-to-left scripts.
    Start,
    /// In the middle.
    Center,
    /// Right, or left in right-to-left scripts.
    End,
}

/// A scene: a full-canvas group that shows for a while.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Scene {
    /// Identifier, unique in the template.
    pub id: String,
    /// Expression; the scene is left out where it is false.
    #[serde(default)]
    pub when: Option<String>,
    /// Shows a list over several scenes of this kind.
    #[serde(default)]
    pub pages: Option<Pages>,
    /// Shortest and longest time this scene may show, in seconds; its own text decides in between.
    #[serde(default)]
    pub duration: Option<DurationRange>,
    /// Transition into this scene, other than the template's.
    #[serde(default)]
    pub transition: Option<Transition>,
    /// Paint behind the scene.
    #[serde(default)]
    pub fill: Option<Paint>,
    /// How the children are placed.
    #[serde(default)]
    pub flex: Flex,
    /// Delay from one entering child to the next, in seconds.
    #[serde(default)]
    pub stagger: Option<f64>,
    /// What it shows; at least one node.
    #[schemars(length(min = 1))]
    pub children: Vec<Node>,
}

/// Paging of a list over scenes. In such a scene `page` has `rows`, `index` (from 0), `number` (from 1), `count`,
/// `first`, `last` and `more` (rows left out after the last page).
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Pages {
    /// Expression that gives the list.
    pub of: String,
    /// Most rows a page; fewer where they do not fit.
    #[schemars(range(min = 1, max = 50))]
    pub max_rows: u32,
    /// Most pages; the last one says how many rows are left out.
    #[schemars(range(min = 1, max = 20))]
    pub max_pages: u32,
}

/// How one scene hands over to the next.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Transition {
    /// What happens.
    #[serde(default)]
    pub kind: TransitionKind,
    /// Length in seconds.
    #[serde(default = "default_transition_s")]
    #[schemars(range(min = 0.0, max = 2.0))]
    pub duration: f64,
    /// How it runs.
    #[serde(default)]
    pub easing: Option<EasingSpec>,
}

fn default_transition_s() -> f64 {
    0.45
}

impl Default for Transition {
    fn default() -> Self {
        Self { kind: TransitionKind::default(), duration: default_transition_s(), easing: None }
    }
}

/// What happens between two scenes.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub enum TransitionKind {
    /// A cut.
    None,
    /// The old scene fades while the new one appears.
    #[default]
    Fade,
    /// The old scene leaves towards the start side, the new one follows it in.
    Slide,
    /// The new scene is uncovered from the end side.
    Wipe,
}

/// How children are placed, as CSS flexbox does.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Flex {
    /// Direction of the main axis; default `column`.
    #[serde(default)]
    pub direction: Direction,
    /// Distance between children: design px or a space.
    #[serde(default)]
    pub gap: Option<Measure>,
    /// Inner distance to the edges: one value, `[vertical, horizontal]` or `[top, end, bottom, start]`.
    #[serde(default)]
    pub padding: Option<Edges>,
    /// Placement across the main axis; default `stretch`.
    #[serde(default)]
    pub align: Align,
    /// Placement along the main axis; default `start`.
    #[serde(default)]
    pub justify: Justify,
    /// Whether children go to a new line where they do not fit.
    #[serde(default)]
    pub wrap: bool,
}

/// Direction of a group.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub enum Direction {
    /// Side by side, in reading direction.
    Row,
    /// One below the other.
    #[default]
    Column,
    /// `row` on canvases that are wider than high, `column` on the others.
    Auto,
    /// On top of each other, each as large as the group.
    Stack,
}

/// Placement across the main axis.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub enum Align {
    /// At the start.
    Start,
    /// In the middle.
    Center,
    /// At the end.
    End,
    /// As large as the group.
    #[default]
    Stretch,
    /// First text lines on one level.
    Baseline,
}

/// Placement along the main axis.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub enum Justify {
    /// At the start.
    #[default]
    Start,
    /// In the middle.
    Center,
    /// At the end.
    End,
    /// Free space between children.
    Between,
    /// Free space around children.
    Around,
    /// Equal free space everywhere.
    Evenly,
}

/// Size and place of a node within its group.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Placement {
    /// Width: design px, `"50%"`, `"auto"` or a space.
    pub width: Option<Measure>,
    /// Height, likewise.
    pub height: Option<Measure>,
    /// Smallest width.
    pub min_width: Option<Measure>,
    /// Smallest height.
    pub min_height: Option<Measure>,
    /// Largest width.
    pub max_width: Option<Measure>,
    /// Largest height.
    pub max_height: Option<Measure>,
    /// Share of free space it takes, 0 or more; default 0.
    #[schemars(range(min = 0.0, max = 100.0))]
    pub grow: Option<f32>,
    /// Share of missing space it gives up; default 1, 0 keeps its size.
    #[schemars(range(min = 0.0, max = 100.0))]
    pub shrink: Option<f32>,
    /// Placement across the group's main axis, other than the group says.
    pub align: Option<Align>,
    /// Outer distance: one value, `[vertical, horizontal]` or `[top, end, bottom, start]`.
    pub margin: Option<Edges>,
    /// Takes it out of the flow: distances to the group's edges.
    pub at: Option<Inset>,
}

/// Distances to the edges of the group; an unset side is free.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Inset {
    /// From the top.
    pub top: Option<Measure>,
    /// From the end side (right, in left-to-right scripts).
    pub end: Option<Measure>,
    /// From the bottom.
    pub bottom: Option<Measure>,
    /// From the start side.
    pub start: Option<Measure>,
}

/// Motion of a node.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Motion {
    /// How it comes in: a preset's name or its settings.
    pub enter: Option<Passage>,
    /// How it leaves at the end of the scene.
    pub exit: Option<Passage>,
    /// Extra delay of this node and all inside it, in seconds.
    #[schemars(range(min = 0.0, max = 30.0))]
    pub delay: Option<f64>,
    /// Delay from one entering child to the next, in seconds.
    #[schemars(range(min = 0.0, max = 5.0))]
    pub stagger: Option<f64>,
    /// Own keyframes; they come on top of `enter` and `exit`.
    pub keyframes: Option<Keyframes>,
}

/// An entrance or exit.
#[derive(Clone, Debug, Default)]
pub struct Passage {
    /// What happens.
    pub preset: Preset,
    /// Length in seconds; default 0.45 in and 0.25 out.
    pub duration: Option<f64>,
    /// How it runs; default `quint-out` in and `cubic-in` out.
    pub easing: Option<EasingSpec>,
    /// How far it travels in design px; each preset has its own default.
    pub distance: Option<f32>,
}

/// A kind of entrance or exit.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// Opacity only.
    #[default]
    Fade,
    /// Comes from below and fades in.
    Rise,
    /// Comes from above and fades in.
    Drop,
    /// Comes from the start side and fades in.
    FromStart,
    /// Comes from the end side and fades in.
    FromEnd,
    /// Grows a little and fades in.
    Grow,
    /// Springs up from small.
    Pop,
    /// Is uncovered from the start side.
    WipeStart,
    /// Is uncovered from below.
    WipeUp,
    /// Nothing: there at once.
    None,
}

/// Keyframes by property.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Keyframes {
    /// Offset towards the end side, design px.
    #[serde(default)]
    pub x: Vec<Keyframe>,
    /// Offset downwards, design px.
    #[serde(default)]
    pub y: Vec<Keyframe>,
    /// Scale factor.
    #[serde(default)]
    pub scale: Vec<Keyframe>,
    /// Clockwise rotation in degrees.
    #[serde(default)]
    pub rotation: Vec<Keyframe>,
    /// Opacity factor, 0-1.
    #[serde(default)]
    pub opacity: Vec<Keyframe>,
}

/// A value at a time.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Keyframe {
    /// Seconds after the node's turn to enter; negative counts back from the end of the scene.
    #[schemars(range(min = -120.0, max = 120.0))]
    pub t: f64,
    /// The value there.
    pub v: f32,
    /// How it is reached from the keyframe before; default `ease-in-out`.
    #[serde(default)]
    pub easing: Option<EasingSpec>,
}

/// A named easing, a cubic Bézier curve or a spring.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "an easing's name, {\"bezier\": [x1, y1, x2, y2]} or {\"spring\": {\"stiffness\": …, \"damping\": …}}"
)]
pub enum EasingSpec {
    /// By name.
    Named(String),
    /// CSS `cubic-bezier` control points.
    Bezier {
        /// x1, y1, x2, y2; x within 0-1.
        bezier: [f32; 4],
    },
    /// A spring.
    Spring {
        /// Its constants.
        spring: SpringSpec,
    },
}

/// Constants of a spring.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SpringSpec {
    /// Stiffness, N/m.
    #[schemars(range(min = 1.0, max = 10000.0))]
    pub stiffness: f32,
    /// Damping, N s/m.
    #[schemars(range(min = 1.0, max = 1000.0))]
    pub damping: f32,
    /// Mass, kg; default 1.
    #[serde(default = "unit_mass")]
    #[schemars(range(min = 0.01, max = 100.0))]
    pub mass: f32,
}

fn unit_mass() -> f32 {
    1.0
}

/// A paint: a colour or a gradient.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a colour, {\"linear\": …} or {\"radial\": …}")]
pub enum Paint {
    /// One colour.
    Color(ColorSpec),
    /// A gradient along a line.
    Linear {
        /// Its direction and colours.
        linear: LinearGradient,
    },
    /// A gradient around a point.
    Radial {
        /// Its centre and colours.
        radial: RadialGradient,
    },
}

/// A gradient along a line through the middle of the box.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LinearGradient {
    /// Direction in degrees as CSS has it: 0 upwards, 90 to the right.
    #[schemars(range(min = -360.0, max = 360.0))]
    pub angle: f32,
    /// Colours, evenly spread unless they say where.
    #[schemars(length(min = 2, max = 16))]
    pub stops: Vec<GradientStop>,
}

/// A gradient around a point.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RadialGradient {
    /// Centre as shares of the box's width and height; default the middle.
    #[serde(default = "middle")]
    pub center: [f32; 2],
    /// Radius as a share of the box's longer side; default 0.5.
    #[serde(default = "half")]
    #[schemars(range(min = 0.01, max = 10.0))]
    pub radius: f32,
    /// Colours, evenly spread unless they say where.
    #[schemars(length(min = 2, max = 16))]
    pub stops: Vec<GradientStop>,
}

fn middle() -> [f32; 2] {
    [0.5, 0.5]
}

fn half() -> f32 {
    0.5
}

/// A colour of a gradient.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a colour or {\"at\": 0-1, \"color\": …}")]
pub enum GradientStop {
    /// Evenly spread.
    Even(ColorSpec),
    /// At a given place.
    At {
        /// Place, 0-1.
        at: f32,
        /// Its colour.
        color: ColorSpec,
    },
}

/// An outline.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Stroke {
    /// Colour.
    pub color: ColorSpec,
    /// Width in design px.
    #[schemars(range(min = 0.1, max = 200.0))]
    pub width: f32,
    /// Round ends and joins; default true.
    #[serde(default = "yes")]
    pub round: bool,
}

fn yes() -> bool {
    true
}

/// A soft shadow.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Shadow {
    /// Offset to the right in design px; default 0.
    #[serde(default)]
    pub x: f32,
    /// Offset downwards in design px; default 0.
    #[serde(default)]
    pub y: f32,
    /// Blur in design px, as CSS has it; at most 200.
    #[schemars(range(min = 0.0, max = 200.0))]
    pub blur: f32,
    /// Growth before the blur in design px; default 0.
    #[serde(default)]
    pub spread: f32,
    /// Colour and opacity.
    pub color: ColorSpec,
}

/// How the box of a group or shape is painted.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Surface {
    /// Inside.
    pub fill: Option<Paint>,
    /// Outline.
    pub stroke: Option<Stroke>,
    /// Corner radius: design px, or a name of `theme.radii`; `"full"` makes a pill.
    pub radius: Option<Measure>,
    /// Shadow.
    pub shadow: Option<Shadow>,
}

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
    /// An outline of `icons`.
    Icon(Box<IconNode>),
    /// A QR code.
    Qr(Box<QrNode>),
    /// Children placed by flexbox.
    Group(Box<GroupNode>),
    /// A group that shows its children once for each entry of a list.
    Repeat(Box<RepeatNode>),
    /// The first case that holds.
    Choose(Box<ChooseNode>),
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
}

/// An outline of `icons`, filled with one colour.
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
    /// Name of the icon.
    pub icon: String,
    /// Its colour.
    pub color: ColorSpec,
    /// Side of its box in design px.
    pub size: Measure,
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
    /// Expression that gives the list.
    pub of: String,
    /// Name of the entry in the children's expressions; beside it `loop.index`, `loop.index0`, `loop.first`, `loop.last`.
    #[serde(rename = "as")]
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

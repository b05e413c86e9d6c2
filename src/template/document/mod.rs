//! The template document as written: `template.json`, field by field. Nothing here is checked beyond its type.
//!
//! The same types parse the file and emit the JSON Schema that editors complete from. Lengths are in *design pixels*:
//! pixels on a canvas whose shorter side is 1080; on other canvases they scale with the shorter side. Here is the
//! document with its theme and scenes; nodes, their places, looks and motion have files of their own.

mod look;
mod motion;
mod node;
mod param;
mod part;
mod place;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

pub(super) use look::{GradientStop, Mask, Paint, Surface, TextStyle};
pub use look::{MaskShape, TextAlign};
pub(super) use motion::{EasingSpec, Keyframe, Motion, Passage};
pub use motion::{Piecewise, Preset};
pub(super) use node::{
    ChooseNode, Common, Count, IconNode, ImageNode, Node, NodeKind, QrNode, RepeatNode, ShapeNode, TextNode, UseNode,
};
pub use node::{ImageAlign, ImageFit, ShapeKind};
pub use param::{Param, ParamKind, ParamValue};
pub(super) use part::Part;
pub use place::{Align, Direction, Justify};
pub(super) use place::{Flex, Placement};

/// A template: theme, named styles and scenes.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Document {
    /// Link to the JSON Schema, for editors; ignored.
    #[serde(rename = "$schema", default)]
    pub schema: Option<String>,
    /// Remark for people; ignored.
    #[serde(default)]
    pub note: Option<String>,
    /// Version of this format; 1.
    #[schemars(range(min = 1, max = 1))]
    pub format_version: u32,
    /// Name: lower case letters, digits and hyphens; usually that of the folder.
    #[schemars(regex(pattern = r"^[a-z0-9][a-z0-9-]{0,62}$"))]
    pub name: String,
    /// Version of the template itself; a new one makes new videos of old quotes.
    pub version: String,
    /// When to choose it, in one sentence.
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
    /// What whoever renders it may choose; names begin with a letter and hold letters, digits and `_`.
    #[serde(default)]
    pub params: BTreeMap<String, Param>,
    /// Names for conditions and values, each an expression: `"hasPhone": "seller.phone or company.phone"`. Evaluated once;
    /// all expressions of the template may use them, those of its own parts included. They may use each other.
    #[serde(default, rename = "let")]
    pub lets: BTreeMap<String, String>,
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
    /// Pieces that `use` nodes stand for, besides those in the files `parts/NAME.json`.
    #[serde(default)]
    pub parts: BTreeMap<String, Part>,
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
    /// Remark for people; ignored.
    #[serde(default)]
    pub note: Option<String>,
    /// Colours in order: each is an expression that may use `brand` and the colours above it, or a literal `#RRGGBB`.
    #[serde(default)]
    pub colors: Vec<NamedColor>,
    /// Fonts by role.
    #[serde(default)]
    pub fonts: BTreeMap<String, Font>,
    /// Text sizes in design px.
    #[serde(default)]
    pub sizes: BTreeMap<String, f32>,
    /// Lengths in design px. `safeTop`, `safeEnd`, `safeBottom`, `safeStart` are always there.
    #[serde(default)]
    pub spaces: BTreeMap<String, f32>,
    /// Corner radii in design px.
    #[serde(default)]
    pub radii: BTreeMap<String, f32>,
    /// Any other numbers: seconds, weights, factors, design px. `{"$number": "slow"}` stands for one of them wherever a
    /// number is wanted.
    #[serde(default)]
    pub numbers: BTreeMap<String, f64>,
}

/// A colour with a name.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NamedColor {
    /// Remark for people; ignored.
    #[serde(default)]
    pub note: Option<String>,
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
    /// Remark for people; ignored.
    #[serde(default)]
    pub note: Option<String>,
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

/// A scene: a full-canvas group that shows for a while.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Scene {
    /// Remark for people; ignored.
    #[serde(default)]
    pub note: Option<String>,
    /// Identifier, unique in the template.
    pub id: String,
    /// Expression; the scene is left out where it is false.
    #[serde(default)]
    pub when: Option<String>,
    /// Shows a list over several scenes of this kind.
    #[serde(default)]
    pub pages: Option<Pages>,
    /// Names for conditions and values that the nodes of this scene may use, as in the document's `let`. They may use the
    /// document's names and `page`, and are evaluated once for each page.
    #[serde(default, rename = "let")]
    pub lets: BTreeMap<String, String>,
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
    #[schemars(range(min = 0.0, max = 5.0))]
    pub stagger: Option<f64>,
    /// What it shows; at least one node.
    #[schemars(length(min = 1))]
    pub children: Vec<Node>,
}

/// Paging of a list over scenes. In such a scene `page` has `rows`, `index` (from 0), `number` (from 1), `count`,
/// `first`, `last`, `more` (rows left out after the last page) and `subtotal` (of all rows up to the end of this page;
/// `none` where a row has no `total`).
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Pages {
    /// Expression that gives the list.
    pub of: String,
    /// Most rows a page; fewer where they do not fit.
    #[schemars(range(min = 1, max = 50))]
    pub max_rows: u32,
    /// Most pages; the last one says how many rows are left out. Where that is one, of pages of three rows or more, it shows the
    /// row instead, if there is room.
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

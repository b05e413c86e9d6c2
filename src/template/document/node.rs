//! Nodes as written: what stands on a scene.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde::de::{self, DeserializeOwned, Deserializer};
use serde_json::{Map, Value, json};

use super::look::{Mask, Surface, TextStyle, middle};
use super::motion::{EasingSpec, Motion};
use super::place::{Flex, Placement};
use crate::template::overrides::{FIXED, OVERRIDES};
use crate::template::strict::{Strict, at_field, at_pointer, field_names, kind_of};
use crate::template::value::{ColorSpec, Measure};

/// One thing on a scene.
#[derive(Clone, Debug)]
pub struct Node {
    /// What all kinds of node have.
    pub common: Common,
    /// What it is.
    pub kind: NodeKind,
}

/// What all kinds of node have, except that a `use` has no place and no motion of its own, and a `choose` no condition
/// either.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Common {
    /// Name for messages.
    pub id: Option<String>,
    /// Remark for people; ignored.
    pub note: Option<String>,
    /// Expression; left out where it is false.
    pub when: Option<String>,
    /// Size and place.
    pub layout: Placement,
    /// How it comes in, moves and leaves.
    pub motion: Motion,
}

/// One thing on a scene; `type` says which. `portrait`, `tall`, `square` and `landscape` hold fields that differ on some
/// canvases: those of `layout`, `motion`, `flex`, `surface` and `set` are replaced one by one, all others as a whole.
#[derive(Clone, Debug, JsonSchema)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum NodeKind {
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

/// Kinds of node, as `type` names them.
const TYPES: &str = "text, image, shape, icon, qr, group, repeat, choose, use";

/// The fields of [`Common`] that a kind of node has.
fn common_fields(kind: &str) -> &'static [&'static str] {
    match kind {
        "choose" => &["id", "note"],
        "use" => &["id", "note", "when"],
        _ => &["id", "note", "when", "layout", "motion"],
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut value = Value::deserialize(deserializer)?;
        let found = kind_of(&value);
        let Some(fields) = value.as_object_mut() else {
            return Err(de::Error::custom(format!("found {found}; expected a node: an object with a `type`")));
        };
        let Some(kind) = fields.remove("type") else {
            return Err(de::Error::custom(format!("a node needs a `type`: one of {TYPES}")));
        };
        let fields = std::mem::take(fields);
        let read = Fields { common: common_fields(kind.as_str().unwrap_or_default()), all: fields };
        let (common, kind) = match kind.as_str() {
            Some("text") => read.into(NodeKind::Text),
            Some("image") => read.into(NodeKind::Image),
            Some("shape") => read.into(NodeKind::Shape),
            Some("icon") => read.into(NodeKind::Icon),
            Some("qr") => read.into(NodeKind::Qr),
            Some("group") => read.into(NodeKind::Group),
            Some("repeat") => read.into(NodeKind::Repeat),
            Some("choose") => read.into(NodeKind::Choose),
            Some("use") => read.into(NodeKind::Use),
            _ => Err(de::Error::custom(format!("node type {kind} is unknown: one of {TYPES}"))),
        }?;
        Ok(Self { common, kind })
    }
}

/// The schema of an override: any of the fields of a node, except those that say which node it is.
fn changes_schema(fields: &Value) -> Value {
    let mut fields = fields.clone();
    if let Some(fields) = fields.as_object_mut() {
        fields.retain(|name, _| !FIXED.contains(&name.as_str()));
    }
    json!({ "type": "object", "properties": fields, "additionalProperties": false })
}

/// The fields of a node that is not read by type yet.
struct Fields {
    common: &'static [&'static str],
    all: Map<String, Value>,
}

impl Fields {
    /// Reads those that all kinds have and those of one kind.
    fn into<T: DeserializeOwned, E: de::Error>(
        mut self,
        kind: impl FnOnce(Box<T>) -> NodeKind,
    ) -> Result<(Common, NodeKind), E> {
        let own = field_names::<T>();
        let known = || self.common.iter().chain(own);
        if let Some(unknown) = self.all.keys().find(|key| !known().any(|name| name == key)) {
            let overrides = OVERRIDES.iter().map(|(name, _)| name);
            let names: Vec<String> = known().chain(overrides).map(|name| format!("`{name}`")).collect();
            let error = format!("unknown field `{unknown}`, expected one of {}", names.join(", "));
            return Err(at_field(unknown, error));
        }
        let common = self.common.iter().filter_map(|name| self.all.remove_entry(*name)).collect();
        let common = at_pointer(serde_path_to_error::deserialize(Strict(Value::Object(common))))?;
        let own = at_pointer(serde_path_to_error::deserialize(Strict(Value::Object(self.all))))?;
        Ok((common, kind(Box::new(own))))
    }
}

impl JsonSchema for Node {
    fn schema_name() -> Cow<'static, str> {
        "Node".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let common = Common::json_schema(generator);
        let mut schema = NodeKind::json_schema(generator);
        let kinds = schema.get_mut("oneOf").and_then(Value::as_array_mut);
        for kind in kinds.into_iter().flatten() {
            let Some(name) = kind["properties"]["type"]["const"].as_str().map(str::to_owned) else { continue };
            for field in common_fields(&name) {
                let of = common.get("properties").map(|fields| fields[field].clone());
                kind["properties"][field] = of.unwrap_or_default();
            }
            let changes = changes_schema(&kind["properties"]);
            let definition = format!("{name}Changes");
            for (field, canvases) in OVERRIDES {
                kind["properties"][field] = json!({
                    "description": format!("Fields that differ on {canvases}."),
                    "$ref": format!("#/$defs/{definition}"),
                });
            }
            generator.definitions_mut().insert(definition, changes);
        }
        schema
    }
}

/// Words or a number.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TextNode {
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

/// A QR code on a light field with the quiet zone the standard asks for. The code keeps to whole pixels a module inside
/// its box.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct QrNode {
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
    /// Remark for people; ignored.
    #[serde(default)]
    pub note: Option<String>,
    /// Expression that decides whether this case is shown.
    pub when: String,
    /// Shown where it is true.
    pub then: Vec<Node>,
}

/// Stands for the children of a part.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UseNode {
    /// Name of the part.
    pub part: String,
    /// An expression for each of the part's `args`.
    #[serde(default)]
    pub with: BTreeMap<String, String>,
}

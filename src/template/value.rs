//! Small values of a template document that may be written in more than one way: lengths, edges, colours, passages, nodes.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{self, DeserializeOwned, Deserializer};
use serde_json::Value;

use super::document::{
    ChooseNode, EasingSpec, GroupNode, IconNode, ImageNode, Node, Passage, Preset, QrNode, RepeatNode, ShapeNode,
    TextNode, UseNode,
};
use super::read::{Strict, kind_of};

/// A length: design px, a share of the group's length, what the content needs, or a name of the theme.
#[derive(Clone, Debug, PartialEq)]
pub enum Measure {
    /// Design pixels.
    Px(f32),
    /// Share of the group's length, 0.0-1.0 and beyond.
    Share(f32),
    /// What the content needs.
    Auto,
    /// A name of the theme.
    Token(String),
}

/// Largest length a template may ask for, in design px: ten canvases.
pub(super) const LONGEST_PX: f32 = 20_000.0;

impl<'de> Deserialize<'de> for Measure {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expected = "a number of design px, a share such as \"50%\", \"auto\" or a name of the theme";
        match Value::deserialize(deserializer)? {
            Value::Number(number) => match number.as_f64() {
                #[expect(clippy::cast_possible_truncation, reason = "bounded by LONGEST_PX")]
                Some(px) if px.abs() <= f64::from(LONGEST_PX) => Ok(Self::Px(px as f32)),
                _ => Err(de::Error::custom(format!("length {number} is out of range: at most {LONGEST_PX} design px"))),
            },
            Value::String(text) if text == "auto" => Ok(Self::Auto),
            Value::String(text) => match text.strip_suffix('%') {
                Some(share) => match share.trim().parse::<f32>() {
                    Ok(share) if share.abs() <= 1000.0 => Ok(Self::Share(share / 100.0)),
                    _ => Err(de::Error::custom(format!("`{text}` is no share; expected {expected}"))),
                },
                None => match text.strip_suffix("px").unwrap_or(&text).trim().parse::<f32>() {
                    Ok(px) if px.is_finite() => Err(de::Error::custom(format!(
                        "`{text}` is no length: px are plain numbers, {px} without quotes; expected {expected}"
                    ))),
                    _ => Ok(Self::Token(text)),
                },
            },
            other => Err(de::Error::custom(format!("found {}; expected {expected}", kind_of(&other)))),
        }
    }
}

impl JsonSchema for Measure {
    fn schema_name() -> Cow<'static, str> {
        "Measure".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Design px, a share such as \"50%\", \"auto\", or a name of the theme.",
            "anyOf": [
                { "type": "number", "minimum": -LONGEST_PX, "maximum": LONGEST_PX },
                { "type": "string", "minLength": 1, "maxLength": 64 }
            ]
        })
    }
}

/// Distances for four sides.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "one length, [vertical, horizontal] or [top, end, bottom, start]")]
pub enum Edges {
    /// The same on all sides.
    All(Measure),
    /// Top and bottom, start and end.
    Axes([Measure; 2]),
    /// Top, end, bottom, start.
    Sides([Measure; 4]),
}

impl Edges {
    /// Top, end, bottom, start.
    #[must_use]
    pub fn sides(&self) -> [&Measure; 4] {
        match self {
            Self::All(all) => [all; 4],
            Self::Axes([vertical, horizontal]) => [vertical, horizontal, vertical, horizontal],
            Self::Sides([top, end, bottom, start]) => [top, end, bottom, start],
        }
    }
}

/// A colour: `#RRGGBB`, `#RRGGBBAA`, a name of the theme, or a name with an opacity in percent, as in `ink/60`.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(transparent)]
pub struct ColorSpec(#[schemars(length(min = 1, max = 64))] pub String);

impl<'de> Deserialize<'de> for Passage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        struct Full {
            preset: Preset,
            duration: Option<f64>,
            easing: Option<EasingSpec>,
            distance: Option<f32>,
            stagger: Option<f64>,
        }
        match Value::deserialize(deserializer)? {
            name @ Value::String(_) => {
                Ok(Self { preset: at_pointer(serde_path_to_error::deserialize(Strict(name)))?, ..Self::default() })
            }
            full => {
                let Full { preset, duration, easing, distance, stagger } =
                    at_pointer(serde_path_to_error::deserialize(Strict(full)))?;
                Ok(Self { preset, duration, easing, distance, stagger })
            }
        }
    }
}

impl JsonSchema for Passage {
    fn schema_name() -> Cow<'static, str> {
        "Passage".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let preset = generator.subschema_for::<Preset>();
        let easing = generator.subschema_for::<Option<EasingSpec>>();
        json_schema!({
            "description": "An entrance or exit: a preset's name, or a preset with settings.",
            "anyOf": [
                preset,
                {
                    "type": "object",
                    "properties": {
                        "preset": preset,
                        "duration": {
                            "description": "Length in seconds; default 0.45 in and 0.25 out.",
                            "type": ["number", "null"], "minimum": 0.0, "maximum": 10.0
                        },
                        "easing": easing,
                        "distance": {
                            "description": "How far it travels in design px; each preset has its own default.",
                            "type": ["number", "null"], "minimum": -LONGEST_PX, "maximum": LONGEST_PX
                        },
                        "stagger": {
                            "description": "Seconds from one line or word to the next; default 0.09 for lines and 0.05 for words.",
                            "type": ["number", "null"], "minimum": 0.0, "maximum": 5.0
                        }
                    },
                    "required": ["preset"],
                    "additionalProperties": false
                }
            ]
        })
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const TYPES: &str = "text, image, shape, icon, qr, group, repeat, choose, use";
        let mut value = Value::deserialize(deserializer)?;
        let found = kind_of(&value);
        let Some(fields) = value.as_object_mut() else {
            return Err(de::Error::custom(format!("found {found}; expected a node: an object with a `type`")));
        };
        let Some(kind) = fields.remove("type") else {
            return Err(de::Error::custom(format!("a node needs a `type`: one of {TYPES}")));
        };
        Ok(match kind.as_str() {
            Some("text") => Self::Text(variant::<TextNode, _>(value)?),
            Some("image") => Self::Image(variant::<ImageNode, _>(value)?),
            Some("shape") => Self::Shape(variant::<ShapeNode, _>(value)?),
            Some("icon") => Self::Icon(variant::<IconNode, _>(value)?),
            Some("qr") => Self::Qr(variant::<QrNode, _>(value)?),
            Some("group") => Self::Group(variant::<GroupNode, _>(value)?),
            Some("repeat") => Self::Repeat(variant::<RepeatNode, _>(value)?),
            Some("choose") => Self::Choose(variant::<ChooseNode, _>(value)?),
            Some("use") => Self::Use(variant::<UseNode, _>(value)?),
            _ => return Err(de::Error::custom(format!("node type {kind} is unknown: one of {TYPES}"))),
        })
    }
}

fn variant<T: DeserializeOwned, E: de::Error>(value: Value) -> Result<Box<T>, E> {
    at_pointer(serde_path_to_error::deserialize(Strict(value))).map(Box::new)
}

/// Marks where a pointer begins and ends inside an error text. serde carries only a text out of a nested value; the
/// pointer within that value travels in front of the message and [`split_pointer`] takes it off again.
const MARK: char = '\u{1}';

fn at_pointer<T, E: de::Error>(result: Result<T, serde_path_to_error::Error<serde_json::Error>>) -> Result<T, E> {
    result.map_err(|error| {
        let (inner, message) = split_pointer(&error.inner().to_string());
        E::custom(format!("{MARK}{}{inner}{MARK}{message}", pointer(error.path())))
    })
}

/// Splits the text of an error into the JSON pointer it carries (empty when none) and its message.
#[must_use]
pub(super) fn split_pointer(text: &str) -> (String, String) {
    let mut parts = text.splitn(3, MARK);
    match (parts.next(), parts.next(), parts.next()) {
        (Some(before), Some(pointer), Some(message)) => (pointer.to_owned(), format!("{before}{message}")),
        _ => (String::new(), text.to_owned()),
    }
}

/// A serde path as a JSON pointer (RFC 6901).
#[must_use]
pub(super) fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } | Segment::Enum { variant: key } => {
                pointer.push('/');
                pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
            }
            Segment::Unknown => {}
        }
    }
    pointer
}

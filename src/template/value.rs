//! Small values of a template document that may be written in more than one way: lengths, edges, colours.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{self, Deserializer};
use serde_json::Value;

use super::strict::kind_of;

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
pub(super) const MAX_LENGTH_PX: f32 = 20_000.0;

impl<'de> Deserialize<'de> for Measure {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expected = "a number of design px, a share such as \"50%\", \"auto\" or a name of the theme";
        match Value::deserialize(deserializer)? {
            Value::Number(number) => match number.as_f64() {
                #[expect(clippy::cast_possible_truncation, reason = "bounded by MAX_LENGTH_PX")]
                Some(px) if px.abs() <= f64::from(MAX_LENGTH_PX) => Ok(Self::Px(px as f32)),
                _ => Err(de::Error::custom(format!(
                    "length {number} is out of range: at most {MAX_LENGTH_PX} design px"
                ))),
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
                { "type": "number", "minimum": -MAX_LENGTH_PX, "maximum": MAX_LENGTH_PX },
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

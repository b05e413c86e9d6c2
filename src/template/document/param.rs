//! Parameters as written: what a template lets whoever renders it choose.

use schemars::JsonSchema;
use serde::Deserialize;

/// A value that can be given with `--param NAME=VALUE`; expressions see it as `params.NAME`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Param {
    /// Remark for people; ignored.
    #[serde(default)]
    pub note: Option<String>,
    /// What kind of value it takes.
    #[serde(rename = "type")]
    pub kind: ParamKind,
    /// One sentence that says what it changes.
    #[schemars(length(min = 1, max = 300))]
    pub description: String,
    /// Its value where none is given; without one it is `none`, so that `params.x or brand.primary` falls back.
    #[serde(default)]
    pub default: Option<ParamValue>,
    /// What a `choice` chooses from.
    #[serde(default)]
    #[schemars(length(max = 40))]
    pub choices: Vec<String>,
    /// Smallest `number`.
    #[serde(default)]
    pub min: Option<f64>,
    /// Largest `number`.
    #[serde(default)]
    pub max: Option<f64>,
}

/// Kinds of parameter.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub enum ParamKind {
    /// Words; they are shown as they are, never evaluated.
    Text,
    /// A number, within `min` and `max` where those are given.
    Number,
    /// `true` or `false`.
    Boolean,
    /// `#RRGGBB` or `#RRGGBBAA`.
    Color,
    /// One of `choices`.
    Choice,
}

/// A value of a parameter.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(untagged, expecting = "a text, a number, true or false")]
pub enum ParamValue {
    /// Yes or no.
    Boolean(bool),
    /// A number.
    Number(f64),
    /// A text, a colour or a choice.
    Text(String),
}

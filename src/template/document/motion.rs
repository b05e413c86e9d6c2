//! Motion as written: entrances, exits, keyframes, easing.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::Deserializer;
use serde_json::Value;

use crate::template::strict::{Strict, at_pointer, object};
use crate::template::value::MAX_LENGTH_PX;

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
    /// Fixed point of scale and rotation, as shares of the node's width (from the start side) and height; default the
    /// middle.
    pub origin: Option<[f32; 2]>,
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
    /// Seconds from one line or word to the next; default 0.09 for lines and 0.05 for words.
    pub stagger: Option<f64>,
}

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
                            "type": ["number", "null"], "minimum": -MAX_LENGTH_PX, "maximum": MAX_LENGTH_PX
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
    /// For texts: line after line rises out of its own lower edge.
    LinesRise,
    /// For texts: line after line comes from a little below and fades in.
    LinesFade,
    /// For texts: word after word rises out of the lower edge of its line.
    WordsRise,
    /// For texts: word after word comes from a little below and fades in.
    WordsFade,
    /// For shapes and icons with an outline: it is drawn along its length.
    Draw,
}

/// What a text comes in by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piecewise {
    /// One line after another.
    Lines,
    /// One word after another.
    Words,
}

impl Preset {
    /// What a text comes in by, where it does not come in as a whole.
    #[must_use]
    pub fn piecewise(self) -> Option<Piecewise> {
        match self {
            Self::LinesRise | Self::LinesFade => Some(Piecewise::Lines),
            Self::WordsRise | Self::WordsFade => Some(Piecewise::Words),
            _ => None,
        }
    }
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
    /// For shapes and icons with an outline: the share of its length at which what is drawn begins, 0-1.
    #[serde(default)]
    pub trim_start: Vec<Keyframe>,
    /// The share at which it ends, 0-1; 1 unless given.
    #[serde(default)]
    pub trim_end: Vec<Keyframe>,
}

/// A value at a time.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Keyframe {
    /// Seconds after the node's turn to enter; negative counts back from the end of the scene.
    #[schemars(range(min = -120.0, max = 120.0))]
    pub t: f64,
    /// The value there.
    #[schemars(range(min = -20000.0, max = 20000.0))]
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
        #[serde(deserialize_with = "object")]
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

//! Places as written: how a group places its children, and what a child asks for.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::template::value::{Edges, Measure};

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

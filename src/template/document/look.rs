//! Looks as written: text styles, paints, outlines, shadows.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::template::strict::object;
use crate::template::value::{ColorSpec, Edges, Measure};

/// How a text is set. Unset fields come from the style it is based on.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TextStyle {
    /// Remark for people; ignored.
    #[serde(default)]
    pub note: Option<String>,
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

/// A paint: a colour or a gradient.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a colour, {\"linear\": …}, {\"radial\": …} or {\"conic\": …}")]
pub enum Paint {
    /// One colour.
    Color(ColorSpec),
    /// A gradient along a line.
    Linear {
        /// Its direction and colours.
        #[serde(deserialize_with = "object")]
        linear: LinearGradient,
    },
    /// A gradient around a point.
    Radial {
        /// Its centre and colours.
        #[serde(deserialize_with = "object")]
        radial: RadialGradient,
    },
    /// A gradient that runs around a point.
    Conic {
        /// Its centre and colours.
        #[serde(deserialize_with = "object")]
        conic: ConicGradient,
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

pub(super) fn middle() -> [f32; 2] {
    [0.5, 0.5]
}

fn half() -> f32 {
    0.5
}

/// A gradient that runs around a point, clockwise.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConicGradient {
    /// Centre as shares of the box's width and height; default the middle.
    #[serde(default = "middle")]
    pub center: [f32; 2],
    /// Direction in degrees in which it begins and ends: 0 upwards, 90 to the right; default 0.
    #[serde(default)]
    #[schemars(range(min = -360.0, max = 360.0))]
    pub angle: f32,
    /// Colours, evenly spread unless they say where; equal ones at both ends leave no seam.
    #[schemars(length(min = 2, max = 16))]
    pub stops: Vec<GradientStop>,
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
    #[schemars(range(min = -20000.0, max = 20000.0))]
    pub x: f32,
    /// Offset downwards in design px; default 0.
    #[serde(default)]
    #[schemars(range(min = -20000.0, max = 20000.0))]
    pub y: f32,
    /// Blur in design px, as CSS has it; at most 200.
    #[schemars(range(min = 0.0, max = 200.0))]
    pub blur: f32,
    /// Growth before the blur in design px; default 0.
    #[serde(default)]
    #[schemars(range(min = -20000.0, max = 20000.0))]
    pub spread: f32,
    /// Colour and opacity.
    pub color: ColorSpec,
}

/// What of a group stays in sight. What is inside of it moves with it as one.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Mask {
    /// Which shape is left of the box; default `rect`.
    #[serde(default)]
    pub shape: MaskShape,
    /// The outline of a `path`: SVG path data on a grid of 100 x 100 that is stretched over the box.
    #[serde(default)]
    pub path: Option<String>,
    /// Corner radius of a `rect`: design px, a name of `theme.radii` or `"full"`.
    #[serde(default)]
    pub radius: Option<Measure>,
    /// Lengths over which it fades out towards its edges: one value, `[vertical, horizontal]` or `[top, end, bottom, start]`.
    #[serde(default)]
    pub fade: Option<Edges>,
    /// A gradient over the box whose opacity says how much is left; its colours say nothing.
    #[serde(default)]
    pub opacity: Option<Paint>,
}

/// Shapes of a mask.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub enum MaskShape {
    /// The box, its corners rounded by `radius`.
    #[default]
    Rect,
    /// The ellipse in the box.
    Ellipse,
    /// The outline in `path`.
    Path,
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

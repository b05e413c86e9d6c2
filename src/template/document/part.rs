//! Parts as written: pieces of a template that are used in several places.

use schemars::JsonSchema;
use serde::Deserialize;

use super::node::Node;

/// A piece of a template: in `parts` of the document, or in a file `parts/NAME.json` of its folder.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Part {
    /// Remark for people; ignored.
    #[serde(default)]
    pub note: Option<String>,
    /// Link to a JSON Schema, for editors; ignored.
    #[serde(rename = "$schema", default)]
    pub schema: Option<String>,
    /// Names its expressions may use besides those of the snapshot; each `use` gives a value for every one of them.
    #[serde(default)]
    #[schemars(length(max = 20))]
    pub args: Vec<String>,
    /// What stands in the place of a `use`; at least one node.
    #[schemars(length(min = 1))]
    pub children: Vec<Node>,
}

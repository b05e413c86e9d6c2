//! Parts as written: pieces of a template that are used in several places.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::node::Node;

/// A piece of a template: in `parts` of the document, or in a file `parts/NAME.json` of its folder.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Part {
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

/// Stands for the children of a part.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UseNode {
    /// Name for messages.
    #[serde(default)]
    pub id: Option<String>,
    /// Expression; left out where it is false.
    #[serde(default)]
    pub when: Option<String>,
    /// Name of the part.
    pub part: String,
    /// An expression for each of the part's `args`.
    #[serde(default)]
    pub with: BTreeMap<String, String>,
}

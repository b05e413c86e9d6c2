//! What can be wrong with a template: always a file, a place in it and a reason.

use serde::Serialize;

use super::params::ParamError;
use crate::ground::problem::{nearest, quoted};

/// One thing wrong with a template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{template}/{file}{}{pointer}: {reason}", if pointer.is_empty() { "" } else { "#" })]
pub struct TemplateProblem {
    /// Name or folder of the template.
    pub template: String,
    /// File inside it, such as `template.json`.
    pub file: String,
    /// JSON pointer into that file; empty for the file as a whole.
    pub pointer: String,
    /// What is wrong and what would be right.
    pub reason: String,
}

/// A template that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// No built-in template has that name.
    #[error("template `{name}` does not exist; there are: {}{}", known.join(", "), hint.as_deref().unwrap_or(""))]
    NotFound {
        /// What was asked for.
        name: String,
        /// The built-in ones.
        known: Vec<String>,
        /// What may have been meant.
        hint: Option<String>,
    },
    /// It is there, but not right.
    #[error("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Invalid {
        /// Everything wrong with it, as far as it could be read.
        problems: Vec<TemplateProblem>,
    },
    /// It is right, but was given a parameter that it does not take.
    #[error(transparent)]
    Param(#[from] ParamError),
}

impl From<TemplateProblem> for TemplateError {
    fn from(problem: TemplateProblem) -> Self {
        Self::Invalid { problems: vec![problem] }
    }
}

impl From<Box<TemplateProblem>> for TemplateError {
    fn from(problem: Box<TemplateProblem>) -> Self {
        (*problem).into()
    }
}

/// Message for a name that the template does not have.
pub(super) fn unknown<'a>(kind: &str, name: &str, known: impl Iterator<Item = &'a String>) -> String {
    let known: Vec<&str> = known.map(String::as_str).collect();
    let shown = quoted(name, 60);
    match nearest(name, known.iter().copied()) {
        _ if known.is_empty() => format!("{kind} {shown} is not in the template; it has none"),
        Some(near) => format!("{kind} {shown} is not in the template; did you mean `{near}`?"),
        None => format!("{kind} {shown} is not in the template; there are: {}", known.join(", ")),
    }
}

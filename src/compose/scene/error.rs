//! Why a quote and a template do not make a video.

use crate::compose::layout::LayoutError;
use crate::template::TemplateError;

/// A quote and a template that do not make a video.
#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    /// The template fails on this quote.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A scene could not be laid out.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// No scene is left for this quote.
    #[error("template `{template}` has no scene for this quote: every `when` is false")]
    NoScenes { template: String },
    /// The scenes cannot be made short enough.
    #[error("template `{template}` needs at least {least_s:.1} s for this quote; it allows {most_s:.1} s")]
    TooLong {
        template: String,
        /// Least length in seconds.
        least_s: f64,
        /// Longest length the template allows, in seconds.
        most_s: f64,
    },
}

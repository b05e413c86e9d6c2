//! `render validate`: every problem of a quote with its template, and no picture.

use serde_json::json;

use super::failure::Failure;
use super::options::{Input, Source};
use super::prepare::prepare;
use super::reporter::Reporter;
use quotereel::{Sound, default_threads};

/// Resolves everything a render would, so that whatever could be refused or warned about there is told here.
///
/// # Errors
/// [`Failure::Invalid`] with every problem, [`Failure::System`] when something cannot be read.
pub(super) fn run(source: &Source, reporter: Reporter) -> Result<(), Failure> {
    let video = prepare(source, &Sound::Template, default_threads())?;
    reporter.warn(video.warnings());
    let name = match &source.snapshot {
        Input::Stdin => "stdin".to_owned(),
        Input::File(path) => path.display().to_string(),
    };
    reporter.result(true, &format!("{name} is valid\n"), json!({ "warnings": video.warnings() }))
}

//! `render video` where its output is a teaser for e-mail: an animated WebP or GIF.

use std::path::Path;

use anyhow::Context as _;
use serde_json::json;

use super::failure::Failure;
use super::options::{Output, VideoTask};
use super::reporter::Reporter;
use super::signals::Signals;
use super::usage::Usage;
use quotereel::files::write_together;
use quotereel::{Problem, Teaser, TeaserError, TeaserFormat, Video};

/// Makes the teaser, writes it with the requested thumbnails, and reports.
///
/// # Errors
/// [`Failure::Invalid`] if even the smallest is too large, [`Failure::System`], [`Failure::Interrupted`]; no file is
/// left behind by any of them.
pub(super) fn run(
    task: &VideoTask,
    format: TeaserFormat,
    video: &Video,
    reporter: Reporter,
    signals: &Signals,
) -> Result<(), Failure> {
    tracing::info!("drawing frames");
    let teaser = video.teaser(format).map_err(failure)?;
    tracing::info!(step = ?teaser.step, frames = teaser.frames, bytes = teaser.bytes.len(), "made the teaser");
    let large = task.thumbnail.as_ref().map(|_| video.thumbnail()).transpose();
    let small = task.small_thumbnail.as_ref().map(|_| video.small_thumbnail()).transpose();
    let large = large.context("cannot encode the thumbnail")?.unwrap_or_default();
    let small = small.context("cannot encode the thumbnail")?.unwrap_or_default();

    let path = match &task.output {
        Output::File(path) => Some(path.as_path()),
        Output::Stdout => None,
    };
    // The teaser is written last: once it exists, so do the others.
    let files: Vec<(&Path, &[u8])> = [
        (task.thumbnail.as_deref(), large.as_slice()),
        (task.small_thumbnail.as_deref(), &small),
        (path, &teaser.bytes),
    ]
    .into_iter()
    .filter_map(|(path, bytes)| Some((path?, bytes)))
    .collect();
    // A signal must not end the process between creating and naming a file.
    let deferred = signals.defer();
    write_together(&files).map_err(anyhow::Error::from)?;
    drop(deferred);
    match path {
        None => super::destination::write_to_stdout(&teaser.bytes),
        Some(path) => report(path, task, &teaser, video, reporter),
    }
}

fn failure(error: TeaserError) -> Failure {
    match error {
        TeaserError::TooLarge { bytes, max_bytes } => {
            let found = format!("a teaser of {bytes} bytes, the smallest possible");
            let expected = format!("at most {max_bytes} bytes, the limit for e-mail");
            let problem = Problem::error("teaser_too_large", "", found, expected);
            Failure::Invalid(problem.with_hint("use smaller or fewer pictures, or write a .webp").into())
        }
        error @ TeaserError::Encode(_) => Failure::System(error.into()),
    }
}

fn report(path: &Path, task: &VideoTask, teaser: &Teaser, video: &Video, reporter: Reporter) -> Result<(), Failure> {
    let mut lines = String::new();
    let files = [Some(path), task.thumbnail.as_deref(), task.small_thumbnail.as_deref()];
    for file in files.into_iter().flatten() {
        lines.push_str(&file.to_string_lossy());
        lines.push('\n');
    }
    let report = json!({
        "video": path,
        "thumbnail": task.thumbnail,
        "smallThumbnail": task.small_thumbnail,
        "bytes": teaser.bytes.len(),
        "width": teaser.size.width,
        "height": teaser.size.height,
        "frames": teaser.frames,
        "durationMs": teaser.duration_ms,
        "step": teaser.step,
        "prepare": video.times(),
        "process": Usage::now(),
        "warnings": video.warnings(),
    });
    reporter.result(true, &lines, report)
}

//! `render watch`: one picture of a quote, made again whenever the quote, its local pictures or the template change.
//! Errors are printed, and the last good picture stays. `sources` explains what is watched.

mod sources;

use std::time::Instant;

use anyhow::Context as _;
use serde_json::json;

use self::sources::Sources;
use super::destination;
use super::failure::Failure;
use super::options::{View, WatchTask};
use super::picture::still_of;
use super::prepare::{TEMPLATE_NOT_FOUND, prepare_again};
use super::reporter::Reporter;
use super::signals::Signals;
use quotereel::files::write_whole;
use quotereel::{KnownFrames, KnownPictures, Video, png};

/// Makes the picture after every change, until a signal comes or the reader of stdout has gone.
///
/// # Errors
/// [`Failure::Usage`], [`Failure::NotFound`] and [`Failure::System`] if the files cannot be watched or written,
/// [`Failure::Interrupted`].
pub(super) fn run(task: &WatchTask, reporter: Reporter, signals: &Signals) -> Result<(), Failure> {
    destination::check([task.output.as_path()], task.source.snapshot.path())?;
    let mut sources = Sources::watch(&task.snapshot, &task.source.template)?;
    let mut known = Known::default();
    let mut changed_at = None;
    loop {
        match make(task, &mut known, &mut sources, changed_at, reporter, signals) {
            Ok(()) => {}
            Err(failure @ (Failure::Interrupted(_) | Failure::ReaderGone)) => return Err(failure),
            Err(failure) if changed_at.is_none() && no_template(&failure) => return Err(failure),
            // The author will fix it and save again.
            Err(failure) => reporter.failure(&failure),
        }
        changed_at = Some(sources.next_change()?);
    }
}

/// Whether the template does not exist: no change of a file will bring it.
fn no_template(failure: &Failure) -> bool {
    matches!(failure, Failure::Invalid(problems) if problems.iter().any(|problem| problem.code == TEMPLATE_NOT_FOUND))
}

/// Pictures and frames to reuse.
#[derive(Default)]
struct Known {
    pictures: KnownPictures,
    frames: KnownFrames,
}

/// Makes the picture once. `changed_at` is the time of the change that asks for it.
fn make(
    task: &WatchTask,
    known: &mut Known,
    sources: &mut Sources,
    changed_at: Option<Instant>,
    reporter: Reporter,
    signals: &Signals,
) -> Result<(), Failure> {
    let video = prepare_again(&task.source, &mut known.pictures)?;
    sources.follow_pictures(video.snapshot())?;
    let picture = match task.view {
        View::Still { at_ms } => still_of(&video, at_ms)?,
        View::Sheet => video.sheet_again(&mut known.frames),
    };
    let bytes = png(&picture).context("cannot encode the picture")?;
    // A signal must not end the process between creating and naming the file.
    let deferred = signals.defer();
    write_whole(&task.output, &bytes).map_err(anyhow::Error::from)?;
    let took_ms = changed_at.map(|changed_at| changed_at.elapsed().as_secs_f64() * 1000.0);
    drop(deferred);
    signals.received().map_or(Ok(()), |signal| Err(Failure::Interrupted(signal)))?;
    if let Some(ms) = took_ms {
        tracing::info!(ms, prepare = ?video.times(), "from the change to the picture");
    }
    report(task, &video, bytes.len(), took_ms, reporter)
}

fn report(
    task: &WatchTask,
    video: &Video,
    bytes: usize,
    took_ms: Option<f64>,
    reporter: Reporter,
) -> Result<(), Failure> {
    reporter.warn(video.warnings());
    let report = json!({
        "picture": task.output,
        "bytes": bytes,
        "changeToPictureMs": took_ms,
        "prepare": video.times(),
        "warnings": video.warnings(),
    });
    reporter.result(true, &format!("{}\n", task.output.display()), report)
}

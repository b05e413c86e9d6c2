//! `render still` and `render sheet`: one frame, or the key moments of every scene, as a PNG.

use anyhow::Context as _;
use serde_json::json;

use super::destination;
use super::failure::Failure;
use super::options::{Output, SheetTask, Source, StillTask};
use super::prepare::prepare;
use super::reporter::Reporter;
use super::signals::Signals;
use quotereel::files::write_whole;
use quotereel::{Problems, RgbaFrame, Sound, Video, default_threads, png};

/// Draws one frame.
///
/// # Errors
/// [`Failure::Usage`] for a time past the end or clashing file names, [`Failure::Invalid`],
/// [`Failure::System`].
pub(super) fn still(task: &StillTask, reporter: Reporter, signals: &Signals) -> Result<(), Failure> {
    check(&task.source, &task.output)?;
    let video = prepare(&task.source, &Sound::Template, default_threads())?;
    let picture = still_of(&video, task.at_ms)?;
    deliver(&picture, video.warnings(), &task.output, reporter, signals)
}

/// The frame at `at_ms`.
///
/// # Errors
/// [`Failure::Usage`] for a time past the end.
pub(super) fn still_of(video: &Video, at_ms: u64) -> Result<RgbaFrame, Failure> {
    let frame_index = video.frame_rate().frames_in_ms(at_ms);
    if frame_index >= video.frame_count() {
        let last_ms = video.frame_rate().ms_of_frames(video.frame_count() - 1);
        return Err(Failure::Usage(format!(
            "--at {at_ms} ms is past the end: the last frame is at {}.{:03} s",
            last_ms / 1000,
            last_ms % 1000
        )));
    }
    Ok(video.frame(frame_index))
}

/// Draws the contact sheet.
///
/// # Errors
/// As [`still`].
pub(super) fn sheet(task: &SheetTask, reporter: Reporter, signals: &Signals) -> Result<(), Failure> {
    check(&task.source, &task.output)?;
    let video = prepare(&task.source, &Sound::Template, default_threads())?;
    deliver(&video.sheet(), video.warnings(), &task.output, reporter, signals)
}

fn check(source: &Source, output: &Output) -> Result<(), Failure> {
    match output {
        Output::Stdout => destination::refuse_terminal(),
        Output::File(path) => destination::check([path.as_path()], source.snapshot.path()),
    }
}

fn deliver(
    picture: &RgbaFrame,
    warnings: &Problems,
    output: &Output,
    reporter: Reporter,
    signals: &Signals,
) -> Result<(), Failure> {
    let bytes = png(picture).context("cannot encode the picture")?;
    reporter.warn(warnings);
    match output {
        Output::Stdout => super::destination::write_to_stdout(&bytes),
        Output::File(path) => {
            // A signal must not end the process between creating and naming the file.
            let deferred = signals.defer();
            write_whole(path, &bytes).map_err(anyhow::Error::from)?;
            drop(deferred);
            let report = json!({
                "picture": path,
                "width": picture.size().width,
                "height": picture.size().height,
                "bytes": bytes.len(),
                "warnings": warnings,
            });
            reporter.result(true, &format!("{}\n", path.display()), report)
        }
    }
}

//! `render still` and `render sheet`: one frame, or the key moments of every scene, as a PNG.

use anyhow::Context as _;
use serde_json::json;

use super::destination;
use super::failure::Failure;
use super::options::{Output, SheetTask, Source, StillTask};
use super::production::produce;
use super::reporter::Reporter;
use super::signals::Signals;
use crate::encode;
use crate::frame::RgbaFrame;
use crate::pipeline;
use crate::problem::Problems;
use crate::studio::Production;

/// Draws one frame.
///
/// # Errors
/// As everything here: [`Failure::Usage`] for a moment past the end or a clash of names, [`Failure::Invalid`],
/// [`Failure::System`].
pub(super) fn still(task: &StillTask, reporter: Reporter, signals: &Signals) -> Result<(), Failure> {
    check(&task.source, &task.output)?;
    let production = produce(&task.source, pipeline::default_threads())?;
    let picture = still_of(&production, task.at_ms)?;
    deliver(&picture, production.warnings(), &task.output, reporter, signals)
}

/// The frame at `at_ms`.
///
/// # Errors
/// [`Failure::Usage`] for a moment past the end.
pub(super) fn still_of(production: &Production, at_ms: u64) -> Result<RgbaFrame, Failure> {
    let composition = production.composition();
    let frame_index = composition.frame_rate.frames_in_ms(at_ms);
    if frame_index >= composition.frame_count {
        let last_ms = composition.frame_rate.ms_of_frames(composition.frame_count - 1);
        return Err(Failure::Usage(format!(
            "--at {at_ms} ms is past the end: the last frame is at {}.{:03} s",
            last_ms / 1000,
            last_ms % 1000
        )));
    }
    Ok(production.still(frame_index))
}

/// Draws the contact sheet.
///
/// # Errors
/// As [`still`].
pub(super) fn sheet(task: &SheetTask, reporter: Reporter, signals: &Signals) -> Result<(), Failure> {
    check(&task.source, &task.output)?;
    let production = produce(&task.source, pipeline::default_threads())?;
    deliver(&production.sheet(), production.warnings(), &task.output, reporter, signals)
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
    let png = encode::png(picture).context("cannot encode the picture")?;
    reporter.warn(warnings);
    match output {
        Output::Stdout => super::destination::write_to_stdout(&png),
        Output::File(path) => {
            // A signal must not end the process between the file's making and its naming.
            let deferred = signals.defer();
            pipeline::write_whole(path, &png).map_err(anyhow::Error::from)?;
            drop(deferred);
            let report = json!({
                "picture": path,
                "width": picture.size().width,
                "height": picture.size().height,
                "bytes": png.len(),
                "warnings": warnings,
            });
            reporter.result(true, &format!("{}\n", path.display()), report)
        }
    }
}

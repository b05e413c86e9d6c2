//! `render reconcile`: one round of maintenance now, by hand. Workers do the same by themselves.

use std::fmt::Write as _;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::json;
use tempfile::TempDir;

use super::args::ReconcileTask;
use super::{open, work};
use crate::cli::failure::{Failure, status};
use crate::cli::reporter::Reporter;
use crate::config::WorkerArgs;
use quotereel_jobs::worker::{self, Until};

/// Runs the maintenance tasks, and reports what they corrected.
///
/// # Errors
/// [`Failure::Reported`] when a duty met an error, [`Failure::System`] when it cannot begin.
pub(super) fn run(task: &ReconcileTask, reporter: Reporter) -> Result<(), Failure> {
    task.settings.worker.check()?;
    // The spool may belong to a running worker; this round does not need it.
    let spool = TempDir::with_prefix("quotereel-").context("cannot make a temporary folder")?;
    let worker = WorkerArgs { spool: Some(spool.path().to_owned()), ..task.settings.worker.clone() };
    let settings = crate::config::Settings { worker, ..task.settings.clone() };
    let reports = open::runtime()?.block_on(async {
        let resources = work::resources(&settings, Duration::ZERO).await?;
        let reports = worker::reconcile(resources, work::worker_settings(&settings, Until::Once)).await;
        Ok::<_, Failure>(reports.context("cannot reconcile")?)
    })?;
    let mut lines = String::new();
    for report in &reports {
        writeln!(lines, "{:<12}{} corrected", report.task, report.corrected).expect("a String takes everything");
        for error in &report.errors {
            writeln!(lines, "{:<12}error: {error}", "").expect("a String takes everything");
        }
    }
    let ok = reports.iter().all(|report| report.errors.is_empty());
    reporter.result(ok, &lines, json!({ "duties": reports }))?;
    if ok { Ok(()) } else { Err(Failure::Reported(status::SYSTEM)) }
}

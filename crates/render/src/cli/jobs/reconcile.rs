//! `render reconcile`: one round of the maintenance that every worker does by itself, now, by hand.

use std::fmt::Write as _;

use anyhow::Context as _;
use serde_json::json;
use tempfile::TempDir;

use super::args::ReconcileTask;
use super::{open, work};
use crate::cli::failure::{Failure, status};
use crate::cli::reporter::Reporter;
use crate::config::WorkerArgs;
use quotereel_jobs::worker::{self, Until};

/// Corrects what can be corrected, and says what.
///
/// # Errors
/// [`Failure::Told`] when a duty met an error, [`Failure::System`] when it cannot begin.
pub(super) fn run(task: &ReconcileTask, reporter: Reporter) -> Result<(), Failure> {
    task.settings.worker.check()?;
    // A living worker has the spool; this round has nothing to do with it.
    let spool = TempDir::with_prefix("quotereel-").context("cannot make a temporary folder")?;
    let worker = WorkerArgs { spool: Some(spool.path().to_owned()), ..task.settings.worker.clone() };
    let settings = crate::config::Settings { worker, ..task.settings.clone() };
    let rounds = open::runtime()?.block_on(async {
        let means = work::means(&settings).await?;
        let rounds = worker::reconcile(means, work::worker_settings(&settings, Until::Once)).await;
        Ok::<_, Failure>(rounds.context("cannot reconcile")?)
    })?;
    let mut lines = String::new();
    for round in &rounds {
        writeln!(lines, "{:<12}{} corrected", round.duty, round.corrected).expect("a String takes everything");
        for error in &round.errors {
            writeln!(lines, "{:<12}error: {error}", "").expect("a String takes everything");
        }
    }
    let ok = rounds.iter().all(|round| round.errors.is_empty());
    reporter.result(ok, &lines, json!({ "duties": rounds }))?;
    if ok { Ok(()) } else { Err(Failure::Told(status::SYSTEM)) }
}

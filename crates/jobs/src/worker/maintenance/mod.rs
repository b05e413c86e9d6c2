//! Maintenance tasks: which runs when. They run in every worker, and two at once do no harm. Each task has a file of its
//! own; here it is timed, counted and recorded.

mod expiry;
mod orphans;
mod outcome;
mod outputs;
mod retention;
mod spool;
mod webhooks;

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;

use self::outcome::TaskOutcome;
use super::context::{Context, Stopping};
use crate::observe::journal;
use crate::queue::MaintenanceRun;

/// Time between two searches for passed leases: a killed worker's job runs again within its lease and 10 s, if another
/// worker lives.
const EXPIRY_EVERY: Duration = Duration::from_secs(4);
/// Time between two rounds of webhooks.
const WEBHOOKS_EVERY: Duration = Duration::from_secs(2);
/// Time between two removals of videos and rows past their retention.
const RETENTION_EVERY: Duration = Duration::from_secs(3600);

/// Rounds of reconciling between two counts: triggers keep the counts right, only a change past them makes one wrong.
const COUNTS_EVERY_ROUNDS: u32 = 5;

/// A maintenance task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Task {
    /// Leases and deadlines that have passed.
    Expiry,
    /// Finished files in this worker's own spool.
    Spool,
    /// Rows whose video is gone.
    Outputs,
    /// Objects that no row needs.
    Orphans,
    /// The queue's counts, which the database keeps beside its rows.
    Counts,
    /// Videos and rows past their retention.
    Retention,
    /// Deliveries of webhooks.
    Webhooks,
}

impl Task {
    pub(super) const ALL: [Self; 7] =
        [Self::Expiry, Self::Spool, Self::Outputs, Self::Orphans, Self::Counts, Self::Retention, Self::Webhooks];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Expiry => "expiry",
            Self::Spool => "spool",
            Self::Outputs => "outputs",
            Self::Orphans => "orphans",
            Self::Counts => "counts",
            Self::Retention => "retention",
            Self::Webhooks => "webhooks",
        }
    }

    fn every(self, context: &Context) -> Duration {
        let reconcile = context.settings.reconcile;
        match self {
            Self::Expiry => EXPIRY_EVERY.min(reconcile),
            Self::Webhooks => WEBHOOKS_EVERY.min(reconcile),
            Self::Spool | Self::Outputs | Self::Orphans => reconcile,
            Self::Counts => reconcile * COUNTS_EVERY_ROUNDS,
            Self::Retention => RETENTION_EVERY.max(reconcile),
        }
    }

    /// Whether one worker does it for all: the others need not look at the same rows and objects in the same minutes.
    /// The expiry of leases, which must not wait for anybody, and what concerns a worker's own spool are everybody's.
    const fn is_shared(self) -> bool {
        matches!(self, Self::Outputs | Self::Orphans | Self::Counts | Self::Retention)
    }
}

/// Runs a task again and again until the worker stops.
pub(super) async fn keep(context: &Context, task: Task) {
    let mut stopping = context.stopping.clone();
    // Workers that were started together do not all come at once.
    let mut pause = task.every(context).mul_f64(rand::random::<f64>() * 0.5);
    loop {
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stopping.wait_for(|stopping| *stopping != Stopping::No) => return,
        }
        let every = task.every(context);
        // A little less than the pause, or every second round would come a moment too early.
        match if task.is_shared() {
            context.database.take_task(task.name(), every.mul_f64(0.8)).await
        } else {
            Ok(true)
        } {
            Ok(true) => drop(run(context, task).await),
            Ok(false) => {}
            Err(error) => {
                context.metrics.store_error();
                tracing::warn!(event = "ERROR", duty = task.name(), error = %error, "a duty could not be taken");
            }
        }
        pause = every.mul_f64(0.9 + 0.2 * rand::random::<f64>());
    }
}

/// Runs a task once, and records the run if it changed something or is rare.
pub(super) async fn run(context: &Context, task: Task) -> TaskOutcome {
    let began = Instant::now();
    let work = async {
        match task {
            Task::Expiry => expiry::take_back(context).await,
            Task::Spool => spool::adopt_or_remove(context).await,
            Task::Outputs => outputs::verify(context).await,
            Task::Orphans => orphans::remove(context).await,
            Task::Counts => recount(context).await,
            Task::Retention => retention::remove(context).await,
            Task::Webhooks => webhooks::deliver(context).await,
        }
    };
    // A bug in one round must not end the task for the life of the process.
    let done = AssertUnwindSafe(work)
        .catch_unwind()
        .await
        .unwrap_or_else(|_| TaskOutcome::failed("a bug: its message is in the log"));
    context.metrics.maintenance(task.name(), done.corrected, done.errors.is_empty());
    if done.corrected > 0 || !done.errors.is_empty() || task.is_shared() {
        let run = MaintenanceRun {
            task: task.name().to_owned(),
            worker_id: context.worker_id.clone(),
            took: began.elapsed(),
            corrected: done.corrected,
            errors: done.errors.clone(),
        };
        if let Err(error) = context.database.record_run(&run).await {
            context.metrics.store_error();
            tracing::warn!(event = "ERROR", duty = task.name(), error = %error, "a run was not written down");
        }
    }
    journal::maintenance_done(task.name(), done.corrected, &done.errors, began.elapsed());
    done
}

/// Counts the queue again. A wrong count comes from a bug in the schema or from a change by hand, so it is logged.
async fn recount(context: &Context) -> TaskOutcome {
    match context.database.recount().await {
        Ok(0) => TaskOutcome::default(),
        Ok(corrected) => {
            tracing::warn!(event = "RECONCILE", corrected, "counts of the queue were wrong");
            TaskOutcome { corrected, errors: Vec::new() }
        }
        Err(error) => {
            context.metrics.store_error();
            TaskOutcome::failed(error)
        }
    }
}

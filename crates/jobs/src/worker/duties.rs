//! The round of maintenance: which duty runs when, in every worker, safe to run twice at once. What a duty does stands in
//! a file of its own; here it is timed, counted and written down.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;

use super::shop::{Shop, Stopping};
use super::{orphans, outputs, reconciler, retention, spool_round, webhooks};
use crate::observe::journal;
use crate::queue::MaintenanceRun;

/// Time between two looks for leases that have passed: with it a killed worker's job runs again within its lease and
/// 10 s while another worker lives.
const EXPIRY_EVERY: Duration = Duration::from_secs(4);
/// Time between two rounds of webhooks.
const WEBHOOKS_EVERY: Duration = Duration::from_secs(2);
/// Time between two removals of what has outlived its retention.
const RETENTION_EVERY: Duration = Duration::from_secs(3600);

/// Rounds of reconciling between two counts: triggers keep the counts right, only a change past them makes one wrong.
const COUNTS_EVERY_ROUNDS: u32 = 5;

/// What a duty did.
#[derive(Debug, Default)]
pub(super) struct Done {
    /// Rows or objects it corrected.
    pub(super) corrected: u64,
    /// What went wrong.
    pub(super) errors: Vec<String>,
}

impl Done {
    pub(super) fn failed(error: impl std::fmt::Display) -> Self {
        Self { corrected: 0, errors: vec![error.to_string()] }
    }

    pub(super) fn note(&mut self, error: impl std::fmt::Display) {
        // One broken store would fill the row with the same sentence.
        if self.errors.len() < 10 {
            self.errors.push(error.to_string());
        }
    }
}

/// A duty of maintenance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Duty {
    /// Leases and deadlines that have passed.
    Expiry,
    /// Finished files in this worker's own spool.
    Spool,
    /// Rows whose video is gone.
    Outputs,
    /// Objects that no row needs.
    Orphans,
    /// What the store counts beside its rows.
    Counts,
    /// Videos and rows past their retention.
    Retention,
    /// Deliveries of webhooks.
    Webhooks,
}

impl Duty {
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

    fn every(self, shop: &Shop) -> Duration {
        let reconcile = shop.settings.reconcile;
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

/// Runs a duty again and again until the worker stops.
pub(super) async fn keep(shop: &Shop, duty: Duty) {
    let mut stopping = shop.stopping.clone();
    // Workers that were started together do not all come at once.
    let mut pause = duty.every(shop).mul_f64(rand::random::<f64>() * 0.5);
    loop {
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stopping.wait_for(|stopping| *stopping != Stopping::No) => return,
        }
        let every = duty.every(shop);
        // A little less than the pause, or every second round would come a moment too early.
        match if duty.is_shared() { shop.store.take_duty(duty.name(), every.mul_f64(0.8)).await } else { Ok(true) } {
            Ok(true) => drop(run(shop, duty).await),
            Ok(false) => {}
            Err(error) => {
                shop.metrics.store_error();
                tracing::warn!(event = "ERROR", duty = duty.name(), error = %error, "a duty could not be taken");
            }
        }
        pause = every.mul_f64(0.9 + 0.2 * rand::random::<f64>());
    }
}

/// Runs a duty once, and writes down how it went where it changed something or is rare.
pub(super) async fn run(shop: &Shop, duty: Duty) -> Done {
    let began = Instant::now();
    let work = async {
        match duty {
            Duty::Expiry => reconciler::expire(shop).await,
            Duty::Spool => spool_round::adopt_or_remove(shop).await,
            Duty::Outputs => outputs::verify(shop).await,
            Duty::Orphans => orphans::remove(shop).await,
            Duty::Counts => recount(shop).await,
            Duty::Retention => retention::remove(shop).await,
            Duty::Webhooks => webhooks::deliver(shop).await,
        }
    };
    // A bug in one round must not end the duty for the life of the process.
    let done = AssertUnwindSafe(work)
        .catch_unwind()
        .await
        .unwrap_or_else(|_| Done::failed("a bug: its message is in the log"));
    shop.metrics.maintenance(duty.name(), done.corrected, done.errors.is_empty());
    if done.corrected > 0 || !done.errors.is_empty() || duty.is_shared() {
        let run = MaintenanceRun {
            duty: duty.name().to_owned(),
            worker_id: shop.worker_id.clone(),
            took: began.elapsed(),
            corrected: done.corrected,
            errors: done.errors.clone(),
        };
        if let Err(error) = shop.store.record_run(&run).await {
            shop.metrics.store_error();
            tracing::warn!(event = "ERROR", duty = duty.name(), error = %error, "a run was not written down");
        }
    }
    journal::duty_done(duty.name(), done.corrected, &done.errors, began.elapsed());
    done
}

/// Counts the queue anew. A count that was wrong is a fault of the schema or of somebody's hand, so it is told.
async fn recount(shop: &Shop) -> Done {
    match shop.store.recount().await {
        Ok(0) => Done::default(),
        Ok(corrected) => {
            tracing::warn!(event = "RECONCILE", corrected, "counts of the queue were wrong");
            Done { corrected, errors: Vec::new() }
        }
        Err(error) => {
            shop.metrics.store_error();
            Done::failed(error)
        }
    }
}

//! The state that all jobs and maintenance tasks of one worker share.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};

use super::circuit_breaker::CircuitBreaker;
use super::heartbeat::Heartbeat;
use super::outage::Outage;
use super::render::Program;
use super::settings::WorkerSettings;
use super::spool::Spool;
use super::templates::Templates;
use crate::job::{JobId, WorkerId};
use crate::lock::lock;
use crate::objects::ObjectStore;
use crate::observe::health::Health;
use crate::observe::metrics::Metrics;
use crate::queue::{Claimed, Database, StoredOutput};

/// How far a worker has stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stopping {
    /// It works.
    No,
    /// It claims nothing more; running jobs may end.
    Draining,
    /// Running jobs are given back to the queue.
    GivingBack,
}

/// What all jobs and maintenance tasks of one worker share.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) worker_id: WorkerId,
    pub(super) database: Arc<dyn Database>,
    pub(super) storage: Arc<dyn ObjectStore>,
    pub(super) spool: Spool,
    pub(super) metrics: Arc<Metrics>,
    pub(super) health: Health,
    pub(super) settings: WorkerSettings,
    pub(super) templates: Templates,
    pub(super) heartbeat: Heartbeat,
    pub(super) breaker: CircuitBreaker,
    pub(super) program: Program,
    pub(super) stopping: watch::Receiver<Stopping>,
    /// Sends jobs adopted from the spool to the loop, each with the time of the request.
    pub(super) adopted: mpsc::UnboundedSender<(Claimed, Instant)>,
    pub(super) cursors: Cursors,
    pub(super) refusals: Refusals,
    pub(super) outage: Outage,
}

/// Per job, how often storage refused its files while it accepted others. At the limit the job fails.
#[derive(Debug, Default)]
pub(super) struct Refusals(Mutex<HashMap<JobId, u32>>);

impl Refusals {
    /// Refusals at which the job fails.
    const MAX: u32 = 3;

    /// Counts one more; `true` while the job may come back.
    pub(super) fn count(&self, id: JobId) -> bool {
        let mut refusals = lock(&self.0);
        let count = refusals.entry(id).or_insert(0);
        *count += 1;
        *count < Self::MAX
    }

    /// The job has ended.
    pub(super) fn forget(&self, id: JobId) {
        lock(&self.0).remove(&id);
    }
}

/// Where the tasks that look at a part each time continue. Kept in memory only.
#[derive(Debug, Default)]
pub(super) struct Cursors {
    outputs: Mutex<Option<JobId>>,
    orphans: Mutex<Option<String>>,
    suspects: Mutex<Vec<(Instant, StoredOutput)>>,
    found: AtomicBool,
}

impl Cursors {
    pub(super) fn outputs(&self) -> Option<JobId> {
        *lock(&self.outputs)
    }

    pub(super) fn set_outputs(&self, next: Option<JobId>) {
        *lock(&self.outputs) = next;
    }

    /// Videos that were missing once, to be looked for again.
    pub(super) fn suspect(&self, outputs: Vec<StoredOutput>) {
        let now = Instant::now();
        let mut suspects = lock(&self.suspects);
        suspects.extend(outputs.into_iter().map(|output| (now, output)));
    }

    /// Those that were missing at least that long ago.
    pub(super) fn take_suspects(&self, ago: Duration) -> Vec<StoredOutput> {
        let mut suspects = lock(&self.suspects);
        let due = suspects.extract_if(.., |(since, _)| since.elapsed() >= ago);
        due.map(|(_, output)| output).collect()
    }

    /// A video was found where its row says: this storage is the rows'.
    pub(super) fn note_found(&self) {
        self.found.store(true, Ordering::Relaxed);
    }

    /// Whether one ever was.
    pub(super) fn has_found(&self) -> bool {
        self.found.load(Ordering::Relaxed)
    }

    pub(super) fn orphans(&self) -> Option<String> {
        lock(&self.orphans).clone()
    }

    pub(super) fn set_orphans(&self, next: Option<String>) {
        *lock(&self.orphans) = next;
    }
}

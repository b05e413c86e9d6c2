//! The heartbeat extends the leases of running jobs. It has its own thread, runtime and database connection, so that
//! neither a busy thread pool nor an exhausted connection pool makes a living worker look dead.
//!
//! It also writes progress to the rows and sees cancel requests, both within [`LOOK_EVERY`]: a render takes a few seconds,
//! far less than the time between two heartbeats. A poll and no notification, so that it works behind a pooler that lends
//! a connection for one transaction, and on SQLite. When no heartbeat has succeeded for the length of a lease, the
//! jobs are given up here, before another worker may claim them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use crate::job::{JobId, Lease};
use crate::lock::lock;
use crate::observe::health::Health;
use crate::observe::metrics::Metrics;
use crate::queue::{Database, HeartbeatAnswer, HeartbeatConnection, HeldLease, QueueError};

/// Time between two looks at the rows of running jobs, and the least between two writes of their progress.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Whether a job may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LeaseState {
    /// The lease is held.
    Held,
    /// A tenant wants it stopped; the lease is held.
    CancelRequested,
    /// The lease is lost: write nothing any more.
    Lost,
}

/// Intervals of the heartbeat.
#[derive(Clone, Copy, Debug)]
pub(super) struct Intervals {
    /// Time between two heartbeats.
    pub(super) interval: Duration,
    /// How long a lease lasts without a heartbeat.
    pub(super) lease: Duration,
}

/// Extends the lease of every job that is held.
#[derive(Debug)]
pub(super) struct Heartbeat {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// A job whose lease is extended until this is dropped.
#[derive(Debug)]
pub(super) struct HeldJob {
    id: JobId,
    entry: Arc<Entry>,
    shared: Arc<Shared>,
    state: watch::Receiver<LeaseState>,
}

#[derive(Debug)]
struct Entry {
    lease: Lease,
    progress: AtomicU8,
    /// What the row has of it.
    written_progress: AtomicU8,
    state: watch::Sender<LeaseState>,
    /// Start of the last statement known to have extended the lease; it was claimed no earlier.
    extended_at: Mutex<Instant>,
}

#[derive(Debug)]
struct Shared {
    entries: Mutex<HashMap<JobId, Arc<Entry>>>,
    wake: mpsc::UnboundedSender<()>,
    stop: AtomicBool,
    metrics: Arc<Metrics>,
    health: Health,
}

impl Heartbeat {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub(super) fn start(
        database: Arc<dyn Database>,
        intervals: Intervals,
        metrics: Arc<Metrics>,
        health: Health,
    ) -> std::io::Result<Self> {
        let (wake, woken) = mpsc::unbounded_channel();
        let shared =
            Arc::new(Shared { entries: Mutex::default(), wake, stop: AtomicBool::new(false), metrics, health });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = thread::Builder::new().name("heartbeat".to_owned()).spawn({
            let shared = Arc::clone(&shared);
            move || runtime.block_on(run_until_stopped(&shared, &*database, intervals, woken))
        })?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Extends this lease from now on. `claimed_at` is when the claiming statement was sent, at the latest.
    pub(super) fn hold(&self, lease: Lease, claimed_at: Instant) -> HeldJob {
        let (sender, state) = watch::channel(LeaseState::Held);
        let id = lease.job_id;
        let entry = Arc::new(Entry {
            lease,
            progress: AtomicU8::new(0),
            written_progress: AtomicU8::new(0),
            state: sender,
            extended_at: Mutex::new(claimed_at),
        });
        if let Some(replaced) = lock(&self.shared.entries).insert(id, Arc::clone(&entry)) {
            // The same job was claimed again: whatever still works for the old claim must stop.
            replaced.state.send_replace(LeaseState::Lost);
        }
        HeldJob { id, entry, shared: Arc::clone(&self.shared), state }
    }

    /// Number of jobs whose leases it extends.
    pub(super) fn held(&self) -> usize {
        lock(&self.shared.entries).len()
    }

    /// Whether its thread still runs.
    pub(super) fn is_running(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }

    /// Whether it extends that job's lease.
    pub(super) fn holds(&self, id: JobId) -> bool {
        lock(&self.shared.entries).contains_key(&id)
    }
}

impl Drop for Heartbeat {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        // The thread is gone only if it has ended already.
        let _ = self.shared.wake.send(());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

impl HeldJob {
    /// Reports the progress, 0 to 100; it is written to the row within [`LOOK_EVERY`].
    pub(super) fn progress(&self, percent: u8) {
        self.entry.progress.fetch_max(percent.min(100), Ordering::Relaxed);
    }

    /// A function that reports the progress, for other threads.
    pub(super) fn reporter(&self) -> impl Fn(u8) + Send + Sync + 'static {
        let entry = Arc::clone(&self.entry);
        move |percent| {
            entry.progress.fetch_max(percent.min(100), Ordering::Relaxed);
        }
    }

    /// The present state of the lease.
    pub(super) fn state(&self) -> LeaseState {
        *self.state.borrow()
    }

    /// Waits until the job may no longer go on.
    pub(super) async fn interrupted(&self) -> LeaseState {
        let mut state = self.state.clone();
        match state.wait_for(|state| *state != LeaseState::Held).await {
            Ok(state) => *state,
            // The sender lives in the entry, which this struct holds.
            Err(_) => LeaseState::Lost,
        }
    }

    /// Waits until the lease is lost; a cancel request does not count.
    pub(super) async fn lost(&self) {
        let mut state = self.state.clone();
        drop(state.wait_for(|state| *state == LeaseState::Lost).await);
    }

    pub(super) fn lease(&self) -> &Lease {
        &self.entry.lease
    }
}

impl Drop for HeldJob {
    fn drop(&mut self) {
        let mut entries = lock(&self.shared.entries);
        // This worker may have claimed the same job again in the meantime.
        if entries.get(&self.id).is_some_and(|entry| Arc::ptr_eq(entry, &self.entry)) {
            entries.remove(&self.id);
        }
    }
}

async fn run_until_stopped(
    shared: &Shared,
    database: &dyn Database,
    intervals: Intervals,
    mut woken: mpsc::UnboundedReceiver<()>,
) {
    /// Pause after a heartbeat that failed or left a lease in doubt.
    const AGAIN_AFTER: Duration = Duration::from_secs(1);
    let mut connection: Option<Box<dyn HeartbeatConnection>> = None;
    let mut due_at = Instant::now();
    while !shared.stop.load(Ordering::SeqCst) {
        let entries: Vec<Arc<Entry>> = lock(&shared.entries).values().cloned().collect();
        let mut pause = intervals.interval.min(LOOK_EVERY);
        if !entries.is_empty() {
            let began_at = Instant::now();
            let mut answered = false;
            let extends = began_at >= due_at || entries.iter().any(|entry| entry.has_progress());
            match ask(&mut connection, database, &entries, intervals.lease, extends).await {
                Ok(all_known) if extends => {
                    shared.metrics.heartbeat(true);
                    shared.health.heartbeat_missed(None);
                    due_at =
                        began_at + if all_known { intervals.interval } else { intervals.interval.min(AGAIN_AFTER) };
                }
                Ok(_) => {}
                Err(missed) => {
                    tracing::warn!(event = "HEARTBEAT", error = missed.reason, "no heartbeat");
                    shared.metrics.heartbeat(false);
                    shared.health.heartbeat_missed(Some(&missed.told));
                    connection = None;
                    due_at = began_at;
                    pause = intervals.interval.min(AGAIN_AFTER);
                    answered = missed.answered;
                }
            }
            // A database that answers that it cannot work lets nobody else claim either: the jobs wait it out.
            if !answered {
                for entry in &entries {
                    entry.give_up_after(intervals.lease);
                }
            }
        } else {
            shared.health.heartbeat_missed(None);
        }
        shared.health.heartbeat();
        drop(timeout(pause, woken.recv()).await);
    }
}

/// A heartbeat that did not come through.
struct Missed {
    /// For the log.
    reason: String,
    /// For everybody.
    told: String,
    /// Whether the database answered, with an error.
    answered: bool,
}

/// Extends the leases and writes the progress, or only looks at the rows, and passes the answers on. `false` where a lease
/// is in doubt.
async fn ask(
    connection: &mut Option<Box<dyn HeartbeatConnection>>,
    database: &dyn Database,
    entries: &[Arc<Entry>],
    lease: Duration,
    extends: bool,
) -> Result<bool, Missed> {
    // An answer that takes this long is of no use any more: the connection hangs and is replaced.
    let patience = (lease / 3).max(Duration::from_millis(200));
    let sent_at = Instant::now();
    let leases: Vec<HeldLease> = entries
        .iter()
        .map(|entry| HeldLease { lease: entry.lease.clone(), progress: entry.progress.load(Ordering::Relaxed) })
        .collect();
    let answered = timeout(patience, async {
        let connection = match connection {
            Some(connection) => connection,
            None => connection.insert(database.heartbeat().await?),
        };
        if extends { connection.extend(&leases, lease).await } else { connection.look(&leases).await }
    });
    let answers = match answered.await {
        Ok(answers) => answers.map_err(|error: QueueError| Missed {
            reason: error.to_string(),
            told: error.without_values(),
            answered: error.is_answer(),
        })?,
        Err(_) => {
            let reason = format!("no answer within {} ms", patience.as_millis());
            return Err(Missed { told: reason.clone(), reason, answered: false });
        }
    };
    for (entry, (held, answer)) in entries.iter().zip(leases.iter().zip(&answers)) {
        entry.answered(*answer, extends.then_some((sent_at, held.progress)));
    }
    Ok(!answers.contains(&HeartbeatAnswer::Unknown))
}

impl Entry {
    /// Whether the row does not have its progress yet.
    fn has_progress(&self) -> bool {
        self.progress.load(Ordering::Relaxed) != self.written_progress.load(Ordering::Relaxed)
    }

    /// `extended`: when the statement was sent and which progress it wrote, unless it was a look.
    fn answered(&self, answer: HeartbeatAnswer, extended: Option<(Instant, u8)>) {
        let state = match answer {
            HeartbeatAnswer::Held => LeaseState::Held,
            HeartbeatAnswer::CancelRequested => LeaseState::CancelRequested,
            HeartbeatAnswer::Lost => LeaseState::Lost,
            // Nothing is known: the lease ends when it would have ended without this heartbeat.
            HeartbeatAnswer::Unknown => return,
        };
        if let Some((sent_at, progress)) = extended.filter(|_| state != LeaseState::Lost) {
            *lock(&self.extended_at) = sent_at;
            self.written_progress.store(progress, Ordering::Relaxed);
        }
        self.state.send_if_modified(|known| {
            // Neither a loss nor a cancel request is ever taken back.
            let changed = *known != state && *known != LeaseState::Lost && state != LeaseState::Held;
            if changed {
                *known = state;
            }
            changed
        });
    }

    fn give_up_after(&self, lease: Duration) {
        if lock(&self.extended_at).elapsed() >= lease {
            self.state.send_if_modified(|known| std::mem::replace(known, LeaseState::Lost) != LeaseState::Lost);
        }
    }
}

//! The heartbeat: one thread of its own with a runtime and a database connection of its own, so that neither a busy
//! processor pool nor a used-up connection pool can make a living worker look dead.
//!
//! It carries progress up and cancel requests down, and it fences: where no beat got through for as long as a lease
//! lasts, the jobs are given up here before anybody else may take them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use crate::job::{JobId, Lease};
use crate::observe::health::Health;
use crate::observe::metrics::Metrics;
use crate::queue::{Beat, BeatAnswer, Heartbeat, Store, StoreError};

/// Whether a job may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pulse {
    /// The lease is held.
    Beating,
    /// A tenant wants it stopped; the lease is held.
    CancelRequested,
    /// The lease is lost: write nothing any more.
    Lost,
}

/// How often and how long.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rhythm {
    /// Time between two beats.
    pub(super) interval: Duration,
    /// How long a lease lasts without one.
    pub(super) lease: Duration,
}

/// Beats for every job that is held.
#[derive(Debug)]
pub(super) struct Heart {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// A job for which the heart beats, until this is dropped.
#[derive(Debug)]
pub(super) struct HeldJob {
    id: JobId,
    entry: Arc<Entry>,
    shared: Arc<Shared>,
    pulse: watch::Receiver<Pulse>,
}

#[derive(Debug)]
struct Entry {
    lease: Lease,
    progress: AtomicU8,
    pulse: watch::Sender<Pulse>,
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

impl Heart {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub(super) fn start(
        store: Arc<dyn Store>,
        rhythm: Rhythm,
        metrics: Arc<Metrics>,
        health: Health,
    ) -> std::io::Result<Self> {
        let (wake, woken) = mpsc::unbounded_channel();
        let shared =
            Arc::new(Shared { entries: Mutex::default(), wake, stop: AtomicBool::new(false), metrics, health });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = thread::Builder::new().name("heartbeat".to_owned()).spawn({
            let shared = Arc::clone(&shared);
            move || runtime.block_on(beat_until_stopped(&shared, &*store, rhythm, woken))
        })?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Beats for this lease from now on. `claimed_at` is when the claiming statement was sent, at the latest.
    pub(super) fn hold(&self, lease: Lease, claimed_at: Instant) -> HeldJob {
        let (sender, pulse) = watch::channel(Pulse::Beating);
        let id = lease.job_id;
        let entry =
            Arc::new(Entry { lease, progress: AtomicU8::new(0), pulse: sender, extended_at: Mutex::new(claimed_at) });
        if let Some(replaced) = lock(&self.shared.entries).insert(id, Arc::clone(&entry)) {
            // The same job, claimed anew: whatever still works on the old claim must stop.
            replaced.pulse.send_replace(Pulse::Lost);
        }
        HeldJob { id, entry, shared: Arc::clone(&self.shared), pulse }
    }

    /// How many jobs it beats for.
    pub(super) fn held(&self) -> usize {
        lock(&self.shared.entries).len()
    }

    /// Whether its thread is there.
    pub(super) fn is_beating(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }

    /// Whether it beats for that job.
    pub(super) fn holds(&self, id: JobId) -> bool {
        lock(&self.shared.entries).contains_key(&id)
    }
}

impl Drop for Heart {
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
    /// Tells how far it is, 0 to 100; the next beat carries it up.
    pub(super) fn progress(&self, percent: u8) {
        self.entry.progress.fetch_max(percent.min(100), Ordering::Relaxed);
    }

    /// Where the progress can be told from elsewhere.
    pub(super) fn reporter(&self) -> impl Fn(u8) + Send + Sync + 'static {
        let entry = Arc::clone(&self.entry);
        move |percent| {
            entry.progress.fetch_max(percent.min(100), Ordering::Relaxed);
        }
    }

    /// The pulse now.
    pub(super) fn pulse(&self) -> Pulse {
        *self.pulse.borrow()
    }

    /// Waits until the job may no longer go on.
    pub(super) async fn interrupted(&self) -> Pulse {
        let mut pulse = self.pulse.clone();
        match pulse.wait_for(|pulse| *pulse != Pulse::Beating).await {
            Ok(pulse) => *pulse,
            // The sender lives in the entry, which this struct holds.
            Err(_) => Pulse::Lost,
        }
    }

    /// Waits until the lease is lost; a cancel request does not count.
    pub(super) async fn lost(&self) {
        let mut pulse = self.pulse.clone();
        drop(pulse.wait_for(|pulse| *pulse == Pulse::Lost).await);
    }

    /// The lease.
    pub(super) fn lease(&self) -> &Lease {
        &self.entry.lease
    }
}

impl Drop for HeldJob {
    fn drop(&mut self) {
        let mut entries = lock(&self.shared.entries);
        // The same job may have been claimed anew by this worker in the meantime.
        if entries.get(&self.id).is_some_and(|entry| Arc::ptr_eq(entry, &self.entry)) {
            entries.remove(&self.id);
        }
    }
}

async fn beat_until_stopped(
    shared: &Shared,
    store: &dyn Store,
    rhythm: Rhythm,
    mut woken: mpsc::UnboundedReceiver<()>,
) {
    let mut connection: Option<Box<dyn Heartbeat>> = None;
    let mut again_soon = false;
    while !shared.stop.load(Ordering::SeqCst) {
        let entries: Vec<Arc<Entry>> = lock(&shared.entries).values().cloned().collect();
        if !entries.is_empty() {
            // A beat that takes longer than it would take to lose the lease is of no use; a hung connection is replaced.
            let patience = (rhythm.lease / 3).max(Duration::from_millis(200));
            let sent_at = Instant::now();
            match timeout(patience, beat(&mut connection, store, &entries, rhythm.lease)).await {
                Ok(Ok(answers)) => {
                    again_soon = answers.contains(&BeatAnswer::Unknown);
                    shared.metrics.heartbeat(true);
                    for (entry, answer) in entries.iter().zip(answers) {
                        entry.answered(answer, sent_at);
                    }
                }
                Ok(Err(error)) => {
                    tracing::warn!(event = "HEARTBEAT", error = %error, "no heartbeat");
                    shared.metrics.heartbeat(false);
                    (connection, again_soon) = (None, true);
                }
                Err(_) => {
                    tracing::warn!(event = "HEARTBEAT", patience_ms = patience.as_millis(), "no answer to a heartbeat");
                    shared.metrics.heartbeat(false);
                    (connection, again_soon) = (None, true);
                }
            }
            for entry in &entries {
                entry.give_up_after(rhythm.lease);
            }
        }
        shared.health.beat();
        let pause = if again_soon { rhythm.interval.min(Duration::from_secs(1)) } else { rhythm.interval };
        drop(timeout(pause, woken.recv()).await);
    }
}

async fn beat(
    connection: &mut Option<Box<dyn Heartbeat>>,
    store: &dyn Store,
    entries: &[Arc<Entry>],
    lease: Duration,
) -> Result<Vec<BeatAnswer>, StoreError> {
    let connection = match connection {
        Some(connection) => connection,
        None => connection.insert(store.heartbeat().await?),
    };
    let beats: Vec<Beat> = entries
        .iter()
        .map(|entry| Beat { lease: entry.lease.clone(), progress: entry.progress.load(Ordering::Relaxed) })
        .collect();
    connection.beat(&beats, lease).await
}

impl Entry {
    fn answered(&self, answer: BeatAnswer, sent_at: Instant) {
        let pulse = match answer {
            BeatAnswer::Held => Pulse::Beating,
            BeatAnswer::CancelRequested => Pulse::CancelRequested,
            BeatAnswer::Lost => Pulse::Lost,
            // Nothing is known: the lease ends when it would have ended without this beat.
            BeatAnswer::Unknown => return,
        };
        if pulse != Pulse::Lost {
            *lock(&self.extended_at) = sent_at;
        }
        self.pulse.send_if_modified(|known| {
            // Neither a loss nor a cancel request is ever taken back.
            let changed = *known != pulse && *known != Pulse::Lost && pulse != Pulse::Beating;
            if changed {
                *known = pulse;
            }
            changed
        });
    }

    fn give_up_after(&self, lease: Duration) {
        if lock(&self.extended_at).elapsed() >= lease {
            self.pulse.send_if_modified(|known| std::mem::replace(known, Pulse::Lost) != Pulse::Lost);
        }
    }
}

/// A poisoned lock guards plain data that is whole at every moment.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! The worker's loop: claim while there is room, carry jobs to their ends side by side, keep the duties going, and leave
//! in order when asked to.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use serde::Serialize;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tracing::Instrument as _;

use super::duties::{self, Duty};
use super::gate::Gate;
use super::heart::{Heart, Rhythm};
use super::process::{Ending, GIVEN_BACK, OTHERS_WAIT, process};
use super::render::Program;
use super::settings::{Until, WorkerSettings};
use super::shop::{Cursors, Refusals, Shop, Stopping};
use super::spool::{Spool, SpoolError};
use crate::job::{Job, JobId, Status, TenantScope, WorkerId};
use crate::objects::ObjectStore;
use crate::observe::health::Health;
use crate::observe::journal;
use crate::observe::metrics::{Metrics, QueueFigures};
use crate::queue::{ClaimRequest, Claimed, SpoolHold, Store, StoreError};
use quotereel::PackError;

/// Fruitless questions after which a worker that is to end by itself gives up.
const OBSTACLES_IN_A_ROW: u32 = 5;
/// How long jobs that are given back may take to stop.
const GIVE_BACK: Duration = Duration::from_secs(10);
/// Time between two readings of the queue's figures.
const FIGURES_EVERY: Duration = Duration::from_secs(10);

/// A worker that cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The spool.
    #[error(transparent)]
    Spool(#[from] SpoolError),
    /// A template of the worker's folder.
    #[error("template `{name}`: {reason}")]
    Template {
        /// Which.
        name: String,
        /// Why not.
        reason: String,
    },
    /// The folder of fonts.
    #[error(transparent)]
    Fonts(#[from] PackError),
    /// A worker that is to end by itself cannot take jobs.
    #[error("no job can be taken: {0}")]
    Blocked(String),
    /// The heartbeat's thread is gone, by a bug.
    #[error("the heartbeat has ended: its jobs are left to other workers")]
    Heart,
    /// The operating system.
    #[error("{what}: {source}")]
    System {
        /// What was tried.
        what: &'static str,
        /// The cause.
        source: std::io::Error,
    },
}

/// What a worker works with.
#[derive(Debug)]
pub struct Means {
    /// The rows.
    pub store: Arc<dyn Store>,
    /// The objects.
    pub storage: Arc<dyn ObjectStore>,
    /// The folder of finished files.
    pub spool: Spool,
    /// The figures.
    pub metrics: Arc<Metrics>,
    /// What the health pages show.
    pub health: Health,
    /// The program whose child renders: this one.
    pub program: Program,
}

/// What a worker did, for the one who started it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The job.
    pub job_id: JobId,
    /// Whose.
    pub scope: TenantScope,
    /// How it left this worker; `None` when it is somebody else's now.
    pub status: Option<Status>,
    /// Key of the video, of a succeeded job.
    pub output_key: Option<String>,
    /// Key of the thumbnail, of a succeeded job.
    pub thumbnail_key: Option<String>,
    /// Why, of a job that did not succeed.
    pub reason: Option<String>,
}

/// How one duty went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Round {
    /// Which.
    pub duty: &'static str,
    /// Rows or objects it corrected.
    pub corrected: u64,
    /// What went wrong; empty when nothing did.
    pub errors: Vec<String>,
}

type Adoptions = mpsc::UnboundedReceiver<(Claimed, Instant)>;

/// Works until `asked_to_stop` turns true, or as [`Until`] says. Every job that leaves it is told to `on_end`.
///
/// # Errors
/// [`WorkerError`] when it cannot begin, or, with an end of its own, cannot go on.
pub async fn run(
    means: Means,
    settings: WorkerSettings,
    mut asked_to_stop: watch::Receiver<bool>,
    on_end: impl Fn(&Ended) + Send + Sync + 'static,
) -> Result<(), WorkerError> {
    let removed = means.spool.sweep()?;
    let (shop, stop, mut adoptions) = open(means, settings)?;
    shop.store.register_templates(&shop.templates.versions()).await?;
    tracing::info!(
        event = "START", worker = %shop.worker_id, spool = shop.spool.id(), slots = shop.settings.concurrency,
        unfinished_removed = removed, "the worker begins"
    );
    // What a dead process left finished is taken up before anything new.
    duties::run(&shop, Duty::Spool).await;

    let mut background = JoinSet::new();
    for duty in Duty::ALL {
        let shop = Arc::clone(&shop);
        background.spawn(async move { duties::keep(&shop, duty).await });
    }
    background.spawn(lasting("watch_over", Arc::clone(&shop), watch_over));
    background.spawn(lasting("knock", Arc::clone(&shop), knock));

    let on_end = Arc::new(on_end);
    let mut jobs = JoinSet::new();
    let (mut broken, mut refused_in_a_row) = (None, 0);
    loop {
        while jobs.try_join_next().is_some() {}
        while let Ok((claimed, claimed_at)) = adoptions.try_recv() {
            start(&mut jobs, &shop, claimed, claimed_at, &on_end);
        }
        if *asked_to_stop.borrow() {
            break;
        }
        if !shop.heart.is_beating() {
            // Whatever it claimed now would be lost again.
            broken = Some(WorkerError::Heart);
            break;
        }
        let slots = shop.settings.concurrency.get();
        shop.metrics.worker_slots(jobs.len(), slots);
        let claimed = match slots.saturating_sub(jobs.len()) {
            0 => None,
            free => claim(&shop, free).await,
        };
        let got = claimed.as_ref().map(|(claimed, _)| claimed.len());
        for (claimed, claimed_at) in claimed.into_iter().flat_map(|(all, at)| all.into_iter().map(move |one| (one, at)))
        {
            start(&mut jobs, &shop, claimed, claimed_at, &on_end);
        }
        match (shop.settings.until, got) {
            (Until::Once, Some(_)) => break,
            (Until::Drained, Some(0)) if jobs.is_empty() && adoptions.is_empty() => break,
            // Nobody waits beside a worker that is to end by itself: what stands in its way is told at once.
            (Until::Once | Until::Drained, None) if jobs.is_empty() => {
                refused_in_a_row += 1;
                if refused_in_a_row >= OBSTACLES_IN_A_ROW {
                    broken = Some(WorkerError::Blocked(obstacle(&shop)));
                    break;
                }
            }
            (_, Some(_)) => refused_in_a_row = 0,
            _ => {}
        }
        if got.is_some_and(|got| got > 0) && jobs.len() < slots {
            continue;
        }
        let pause = shop.settings.poll.mul_f64(0.8 + 0.4 * rand::random::<f64>());
        tokio::select! {
            // A slot that becomes free is filled at once.
            Some(_) = jobs.join_next() => {}
            Some((claimed, claimed_at)) = adoptions.recv() => start(&mut jobs, &shop, claimed, claimed_at, &on_end),
            _ = asked_to_stop.wait_for(|asked| *asked) => {}
            () = sleep(pause), if jobs.len() < slots => {}
        }
    }

    drain(&shop, &stop, &mut jobs, &asked_to_stop).await;
    background.shutdown().await;
    give_back_adopted(&shop, adoptions).await;
    tracing::info!(event = "STOP", worker = %shop.worker_id, "the worker has ended");
    broken.map_or(Ok(()), Err)
}

/// Everything a worker's jobs and duties share, the sender that stops them, and the jobs that its spool brings.
fn open(
    means: Means,
    settings: WorkerSettings,
) -> Result<(Arc<Shop>, watch::Sender<Stopping>, Adoptions), WorkerError> {
    let templates = super::templates::load(settings.templates.as_deref(), settings.fonts.as_deref())?;
    let rhythm = Rhythm { interval: settings.heartbeat, lease: settings.lease };
    let heart = Heart::start(Arc::clone(&means.store), rhythm, Arc::clone(&means.metrics), means.health.clone())
        .map_err(|source| WorkerError::System { what: "the heartbeat's thread cannot start", source })?;
    let (stop, stopping) = watch::channel(Stopping::No);
    let (adopted, adoptions) = mpsc::unbounded_channel();
    means.metrics.duties(&Duty::ALL.map(Duty::name));
    let shop = Shop {
        worker_id: worker_id(),
        store: means.store,
        storage: means.storage,
        spool: means.spool,
        metrics: means.metrics,
        health: means.health,
        program: means.program,
        settings,
        templates,
        heart,
        gate: Gate::open(),
        stopping,
        adopted,
        cursors: Cursors::default(),
        refusals: Refusals::default(),
    };
    Ok((Arc::new(shop), stop, adoptions))
}

/// One round of the duties that are not bound to a worker's own spool: what each corrected, and what went wrong.
///
/// # Errors
/// [`WorkerError`].
pub async fn reconcile(means: Means, settings: WorkerSettings) -> Result<Vec<Round>, WorkerError> {
    let (shop, _stop, _adoptions) = open(means, settings)?;
    let mut rounds = Vec::new();
    // Not the retention: how long things are kept is for the workers' settings to say, not for those of a shell.
    for duty in [Duty::Expiry, Duty::Outputs, Duty::Orphans, Duty::Counts] {
        let done = duties::run(&shop, duty).await;
        rounds.push(Round { duty: duty.name(), corrected: done.corrected, errors: done.errors });
    }
    Ok(rounds)
}

/// What keeps a worker from claiming.
fn obstacle(shop: &Shop) -> String {
    if let Some(reason) = shop.gate.reason() {
        return reason;
    }
    if disk_is_short(shop) {
        return format!("less than {} MiB are free for the spool", shop.settings.min_free_bytes >> 20);
    }
    "the database does not answer".to_owned()
}

/// Waits for running jobs; after the grace period they are given back.
async fn drain(
    shop: &Shop,
    stop: &watch::Sender<Stopping>,
    jobs: &mut JoinSet<()>,
    asked_to_stop: &watch::Receiver<bool>,
) {
    stop.send_replace(Stopping::Draining);
    shop.health.draining();
    let all = async |jobs: &mut JoinSet<()>| while jobs.join_next().await.is_some() {};
    let mut asked_to_stop = asked_to_stop.clone();
    tokio::select! {
        () = all(jobs) => return,
        // A worker that ends by itself after one job is not in a hurry, until somebody asks.
        () = async {
            drop(asked_to_stop.wait_for(|asked| *asked).await);
            sleep(shop.settings.grace).await;
        } => {}
    }
    tracing::warn!(event = "STOP", worker = %shop.worker_id, jobs = jobs.len(), "what still runs is given back");
    stop.send_replace(Stopping::GivingBack);
    if timeout(GIVE_BACK, all(jobs)).await.is_err() {
        tracing::error!(event = "ERROR", worker = %shop.worker_id, jobs = jobs.len(), "jobs that do not stop are left to the reconciler");
        jobs.shutdown().await;
    }
}

/// What the spool brought too late goes back to the queue.
async fn give_back_adopted(shop: &Shop, mut adoptions: Adoptions) {
    adoptions.close();
    let hold = SpoolHold { spool_id: shop.spool.id().to_owned(), others_in: OTHERS_WAIT };
    while let Ok((claimed, _)) = adoptions.try_recv() {
        if let Err(error) = shop.store.release(&claimed.lease, GIVEN_BACK, Duration::ZERO, Some(&hold)).await {
            tracing::warn!(event = "ERROR", jobId = %claimed.job.id, error = %error, "a job is left to its lease");
        }
    }
}

/// Asks for jobs; `None` when this worker should not take any now.
async fn claim(shop: &Shop, free: usize) -> Option<(Vec<Claimed>, Instant)> {
    if shop.gate.reason().is_some() || disk_is_short(shop) {
        return None;
    }
    let max_jobs = if shop.settings.until == Until::Once { 1 } else { u32::try_from(free).unwrap_or(u32::MAX) };
    let request = ClaimRequest {
        worker_id: shop.worker_id.clone(),
        spool_id: shop.spool.id().to_owned(),
        max_jobs,
        lease: shop.settings.lease,
        deadline: shop.settings.deadline,
        tenant_cap: shop.settings.tenant_cap,
    };
    let asked_at = Instant::now();
    match shop.store.claim(&request).await {
        Ok(claimed) => {
            shop.metrics.claim(Some(claimed.len()), asked_at.elapsed());
            if claimed.is_empty() {
                journal::polled_empty(asked_at.elapsed());
            }
            Some((claimed, asked_at))
        }
        Err(error) => {
            shop.metrics.claim(None, asked_at.elapsed());
            shop.metrics.store_error();
            tracing::warn!(event = "ERROR", worker = %shop.worker_id, error = %error, "the queue does not answer");
            None
        }
    }
}

fn disk_is_short(shop: &Shop) -> bool {
    shop.spool.free_bytes().is_ok_and(|free| {
        shop.metrics.spool_free(free);
        free < shop.settings.min_free_bytes
    })
}

fn start(
    jobs: &mut JoinSet<()>,
    shop: &Arc<Shop>,
    claimed: Claimed,
    claimed_at: Instant,
    on_end: &Arc<impl Fn(&Ended) + Send + Sync + 'static>,
) {
    let (shop, on_end) = (Arc::clone(shop), Arc::clone(on_end));
    let span = journal::job_span(&claimed.job, &shop.worker_id);
    let carried = async move {
        let job = claimed.job.clone();
        let lease = claimed.lease.clone();
        shop.metrics.queue_wait(claimed.waited);
        journal::claimed(&job, &shop.worker_id, claimed.waited);
        let ending = process(&shop, claimed, claimed_at).await;
        let took = claimed_at.elapsed();
        match &ending {
            Ending::Succeeded(_) => journal::succeeded(&job, took),
            Ending::Failed(failure) => journal::failed(&job, failure, took, None),
            Ending::RetriedLater(failure, pause) => journal::failed(&job, failure, took, Some(*pause)),
            Ending::Cancelled => journal::cancelled(&job, took),
            Ending::Released(reason) => journal::released(&job, reason),
            Ending::Lost => {
                shop.metrics.lease_lost();
                journal::lost(&lease, "process");
            }
        }
        let ended = told(&ending, &job);
        if let Some(status) = ended.status.filter(|status| status.is_final()) {
            shop.metrics.job_finished(status, &job.template, took);
        }
        on_end(&ended);
    };
    jobs.spawn(carried.instrument(span));
}

fn told(ending: &Ending, job: &Job) -> Ended {
    let (status, output, reason) = match ending {
        Ending::Succeeded(output) => (Some(Status::Succeeded), Some(output), None),
        Ending::Failed(failure) => (Some(Status::Failed), None, Some(failure.to_string())),
        Ending::Cancelled => (Some(Status::Cancelled), None, Some("cancelled".to_owned())),
        Ending::RetriedLater(failure, _) => (Some(Status::Queued), None, Some(failure.to_string())),
        Ending::Released(reason) => (Some(Status::Queued), None, Some(reason.clone())),
        Ending::Lost => (None, None, Some("the lease was lost".to_owned())),
    };
    Ended {
        job_id: job.id,
        scope: job.scope.clone(),
        status,
        output_key: output.map(|output| output.output_key.clone()),
        thumbnail_key: output.map(|output| output.thumbnail_key.clone()),
        reason,
    }
}

/// Begins a task anew that a panic has ended: a bug in it must not leave the worker without it.
async fn lasting<F: Future<Output = ()> + Send>(name: &'static str, shop: Arc<Shop>, task: fn(Arc<Shop>) -> F) {
    while AssertUnwindSafe(task(Arc::clone(&shop))).catch_unwind().await.is_err() {
        tracing::error!(event = "ERROR", task = name, "a bug: the task begins anew");
        sleep(Duration::from_secs(1)).await;
    }
}

/// Knocks at storage while the gate is shut.
async fn knock(shop: Arc<Shop>) {
    let mut tries = 0;
    loop {
        if shop.gate.reason().is_none() {
            tries = 0;
            shop.gate.until_shut().await;
        }
        tries += 1;
        sleep(Gate::pause_before_knock(tries)).await;
        let check = shop.storage.check().await;
        // What counts is that it takes files; the rest of the check is for `render doctor`.
        let failed = check.steps.iter().find(|step| step.name == "write").and_then(|step| step.outcome.as_ref().err());
        match failed {
            None => {
                if shop.gate.reopen() {
                    shop.metrics.paused(false);
                    tracing::info!(event = "RESUME", worker = %shop.worker_id, "storage takes files again");
                }
            }
            Some(error) => {
                shop.gate.shut(&error.to_string());
                tracing::warn!(event = "ERROR", worker = %shop.worker_id, error = %error, "storage still refuses this worker");
            }
        }
    }
}

/// Reads the queue's figures, and tells the health pages how this worker is.
async fn watch_over(shop: Arc<Shop>) {
    let mut figures_at: Option<Instant> = None;
    loop {
        if figures_at.is_none_or(|at| at.elapsed() >= FIGURES_EVERY) {
            figures_at = Some(Instant::now());
            match shop.store.stats().await {
                Ok(stats) => {
                    shop.health.store_answered();
                    shop.metrics.set_queue(&QueueFigures {
                        queued: stats.queued,
                        delayed: stats.delayed,
                        running: stats.running,
                        expired: stats.expired,
                        oldest: stats.oldest_queued,
                        webhooks_pending: stats.webhooks_pending,
                    });
                }
                Err(error) => {
                    shop.metrics.store_error();
                    shop.health.store_failed(&error.to_string());
                }
            }
        }
        shop.health.storage_paused(shop.gate.reason().as_deref());
        let short = disk_is_short(&shop)
            .then(|| format!("less than {} MiB are free for the spool", shop.settings.min_free_bytes >> 20));
        shop.health.disk_short(short.as_deref());
        sleep(Duration::from_secs(1)).await;
    }
}

/// Host and process, and a random part, so that a restarted process is another worker.
fn worker_id() -> WorkerId {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_else(|_| "host".to_owned());
    let host: String = host.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.')).take(40).collect();
    WorkerId(format!("{host}-{}-{:08x}", std::process::id(), rand::random::<u32>()))
}

//! The worker's loop: claim jobs while there is room, process them side by side, run the maintenance tasks, and end in
//! order when asked to.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use serde::Serialize;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tracing::Instrument as _;

use super::circuit_breaker::CircuitBreaker;
use super::context::{Context, Cursors, Refusals, Stopping};
use super::error::WorkerError;
use super::heartbeat::{Heartbeat, Intervals};
use super::maintenance::{self, Task};
use super::outage::Outage;
use super::outcome::{JobOutcome, JobReport};
use super::process::{GIVEN_BACK, OTHERS_WAIT, process};
use super::render::Program;
use super::settings::{Until, WorkerSettings};
use super::slots::Slots;
use super::spool::Spool;
use super::storage_watch;
use crate::job::WorkerId;
use crate::objects::ObjectStore;
use crate::observe::health::Health;
use crate::observe::journal;
use crate::observe::metrics::{Metrics, QueueFigures};
use crate::queue::{ClaimRequest, Claimed, Database, SpoolHold};

/// Failed claims in a row after which a worker that is to end by itself gives up.
const OBSTACLES_IN_A_ROW: u32 = 5;
/// How long jobs that are given back may take to stop.
const GIVE_BACK: Duration = Duration::from_secs(10);
/// Time between two readings of the queue's figures.
const FIGURES_EVERY: Duration = Duration::from_secs(10);

/// The services and folders that a worker uses.
#[derive(Debug)]
pub struct Resources {
    /// The database of jobs.
    pub database: Arc<dyn Database>,
    /// Where finished videos go.
    pub storage: Arc<dyn ObjectStore>,
    /// The folder of finished files that storage does not have yet.
    pub spool: Spool,
    /// Figures for Prometheus.
    pub metrics: Arc<Metrics>,
    /// State for the health pages.
    pub health: Health,
    /// The program that is started for each render.
    pub program: Program,
}

/// What one run of a maintenance task did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TaskReport {
    /// Name of the task; `duty` in JSON, as in the table `maintenance_runs`.
    #[serde(rename = "duty")]
    pub task: &'static str,
    /// Rows or objects it corrected.
    pub corrected: u64,
    /// What went wrong; empty when nothing did.
    pub errors: Vec<String>,
}

type Adoptions = mpsc::UnboundedReceiver<(Claimed, Instant)>;

/// Works until `asked_to_stop` turns true, or as [`Until`] says. `on_end` is called for every job that leaves it.
///
/// # Errors
/// [`WorkerError`] when it cannot start, or when a worker that ends by itself cannot go on.
pub async fn run(
    resources: Resources,
    settings: WorkerSettings,
    mut asked_to_stop: watch::Receiver<bool>,
    on_end: impl Fn(&JobReport) + Send + Sync + 'static,
) -> Result<(), WorkerError> {
    let removed = resources.spool.remove_unfinished()?;
    let (context, stop, mut adoptions) = open(resources, settings)?;
    context.database.register_templates(&context.templates.versions()).await?;
    tracing::info!(
        event = "START", worker = %context.worker_id, spool = context.spool.id(), slots = context.settings.concurrency,
        unfinished_removed = removed, "the worker begins"
    );
    // What a dead process left finished is taken up before anything new.
    maintenance::run(&context, Task::Spool).await;

    let mut background = JoinSet::new();
    for task in Task::ALL {
        let context = Arc::clone(&context);
        background.spawn(async move { maintenance::keep(&context, task).await });
    }
    background.spawn(lasting("watch_over", Arc::clone(&context), watch_over));
    background.spawn(lasting("watch_storage", Arc::clone(&context), storage_watch::watch));

    let on_end = Arc::new(on_end);
    let mut jobs = JoinSet::new();
    let slots = Slots::new(context.settings.concurrency.get());
    let (mut broken, mut refused_in_a_row) = (None, 0);
    loop {
        while jobs.try_join_next().is_some() {}
        while let Ok((claimed, claimed_at)) = adoptions.try_recv() {
            start(&mut jobs, &context, &slots, claimed, claimed_at, &on_end);
        }
        if *asked_to_stop.borrow() {
            break;
        }
        if !context.heartbeat.is_running() {
            // Whatever it claimed now would be lost again.
            broken = Some(WorkerError::HeartbeatEnded);
            break;
        }
        context.metrics.worker_slots(slots.busy(), context.settings.concurrency.get());
        context.metrics.finalizing(jobs.len().saturating_sub(slots.busy()));
        let claimed = match slots.free(jobs.len()) {
            0 => None,
            free => claim(&context, free).await,
        };
        let got = claimed.as_ref().map(|(claimed, _)| claimed.len());
        for (claimed, claimed_at) in claimed.into_iter().flat_map(|(all, at)| all.into_iter().map(move |one| (one, at)))
        {
            start(&mut jobs, &context, &slots, claimed, claimed_at, &on_end);
        }
        match (context.settings.until, got) {
            (Until::Once, Some(_)) => break,
            (Until::Drained, Some(0)) if jobs.is_empty() && adoptions.is_empty() => break,
            // Nobody waits beside a worker that is to end by itself: what stands in its way is reported at once.
            (Until::Once | Until::Drained, None) if jobs.is_empty() => {
                refused_in_a_row += 1;
                if refused_in_a_row >= OBSTACLES_IN_A_ROW {
                    broken = Some(WorkerError::Blocked(obstacle(&context)));
                    break;
                }
            }
            (_, Some(_)) => refused_in_a_row = 0,
            _ => {}
        }
        if got.is_some_and(|got| got > 0) && slots.free(jobs.len()) > 0 {
            continue;
        }
        let pause = context.settings.poll.mul_f64(0.8 + 0.4 * rand::random::<f64>());
        tokio::select! {
            // A slot that becomes free is filled at once.
            Some(_) = jobs.join_next() => {}
            () = slots.freed() => {}
            Some((claimed, claimed_at)) = adoptions.recv() => {
                start(&mut jobs, &context, &slots, claimed, claimed_at, &on_end);
            }
            _ = asked_to_stop.wait_for(|asked| *asked) => {}
            () = sleep(pause), if slots.free(jobs.len()) > 0 => {}
        }
    }

    drain(&context, &stop, &mut jobs, &asked_to_stop).await;
    background.shutdown().await;
    give_back_adopted(&context, adoptions).await;
    tracing::info!(event = "STOP", worker = %context.worker_id, "the worker has ended");
    broken.map_or(Ok(()), Err)
}

/// The shared context, the sender that stops jobs and tasks, and the receiver of adopted jobs.
fn open(
    resources: Resources,
    settings: WorkerSettings,
) -> Result<(Arc<Context>, watch::Sender<Stopping>, Adoptions), WorkerError> {
    let templates = super::templates::load(settings.templates.as_deref(), settings.fonts.as_deref())?;
    let intervals = Intervals { interval: settings.heartbeat, lease: settings.lease };
    let heartbeat = Heartbeat::start(
        Arc::clone(&resources.database),
        intervals,
        Arc::clone(&resources.metrics),
        resources.health.clone(),
    )
    .map_err(|source| WorkerError::System { what: "the heartbeat's thread cannot start", source })?;
    let (stop, stopping) = watch::channel(Stopping::No);
    let (adopted, adoptions) = mpsc::unbounded_channel();
    resources.metrics.maintenance_tasks(&Task::ALL.map(Task::name));
    let context = Context {
        worker_id: worker_id(),
        database: resources.database,
        storage: resources.storage,
        spool: resources.spool,
        metrics: resources.metrics,
        health: resources.health,
        program: resources.program,
        settings,
        templates,
        heartbeat,
        breaker: CircuitBreaker::closed(),
        stopping,
        adopted,
        cursors: Cursors::default(),
        refusals: Refusals::default(),
        outage: Outage::default(),
    };
    Ok((Arc::new(context), stop, adoptions))
}

/// Runs once the maintenance tasks that need no spool and no retention settings; reports what each corrected.
///
/// # Errors
/// [`WorkerError`].
pub async fn reconcile(resources: Resources, settings: WorkerSettings) -> Result<Vec<TaskReport>, WorkerError> {
    let (context, _stop, _adoptions) = open(resources, settings)?;
    let mut reports = Vec::new();
    // Not the retention: its periods are those of the workers' settings, not of a shell's.
    for task in [Task::Expiry, Task::Outputs, Task::Orphans, Task::Counts] {
        let done = maintenance::run(&context, task).await;
        reports.push(TaskReport { task: task.name(), corrected: done.corrected, errors: done.errors });
    }
    Ok(reports)
}

/// Why this worker does not claim.
fn obstacle(context: &Context) -> String {
    if let Some(reason) = context.breaker.reason() {
        return reason;
    }
    if let Some(shortage) = shortage(context) {
        return shortage;
    }
    "the database does not answer".to_owned()
}

/// Waits for running jobs; after the grace period they are given back.
async fn drain(
    context: &Context,
    stop: &watch::Sender<Stopping>,
    jobs: &mut JoinSet<()>,
    asked_to_stop: &watch::Receiver<bool>,
) {
    stop.send_replace(Stopping::Draining);
    context.health.draining();
    let all = async |jobs: &mut JoinSet<()>| while jobs.join_next().await.is_some() {};
    let mut asked_to_stop = asked_to_stop.clone();
    tokio::select! {
        () = all(jobs) => return,
        // A worker that ends by itself after one job is not in a hurry, until somebody asks.
        () = async {
            drop(asked_to_stop.wait_for(|asked| *asked).await);
            sleep(context.settings.grace).await;
        } => {}
    }
    tracing::warn!(event = "STOP", worker = %context.worker_id, jobs = jobs.len(), "what still runs is given back");
    stop.send_replace(Stopping::GivingBack);
    if timeout(GIVE_BACK, all(jobs)).await.is_err() {
        tracing::error!(event = "ERROR", worker = %context.worker_id, jobs = jobs.len(), "jobs that do not stop are left to the reconciler");
        jobs.shutdown().await;
    }
}

/// Returns to the queue what was adopted too late to start.
async fn give_back_adopted(context: &Context, mut adoptions: Adoptions) {
    adoptions.close();
    let hold = SpoolHold { spool_id: context.spool.id().to_owned(), others_in: OTHERS_WAIT };
    while let Ok((claimed, _)) = adoptions.try_recv() {
        if let Err(error) = context.database.release(&claimed.lease, GIVEN_BACK, Duration::ZERO, Some(&hold)).await {
            tracing::warn!(event = "ERROR", jobId = %claimed.job.id, error = %error, "a job is left to its lease");
        }
    }
}

/// Asks for jobs; `None` when this worker should not take any now.
async fn claim(context: &Context, free: usize) -> Option<(Vec<Claimed>, Instant)> {
    if context.breaker.reason().is_some() || shortage(context).is_some() {
        return None;
    }
    let max_jobs = if context.settings.until == Until::Once { 1 } else { u32::try_from(free).unwrap_or(u32::MAX) };
    let request = ClaimRequest {
        worker_id: context.worker_id.clone(),
        spool_id: context.spool.id().to_owned(),
        max_jobs,
        lease: context.settings.lease,
        deadline: context.settings.deadline,
        tenant_cap: context.settings.tenant_cap,
    };
    let asked_at = Instant::now();
    match context.database.claim(&request).await {
        Ok(claimed) => {
            context.health.claims_refused(None);
            context.metrics.claim(Some(claimed.len()), asked_at.elapsed());
            if claimed.is_empty() {
                journal::polled_empty(asked_at.elapsed());
            }
            Some((claimed, asked_at))
        }
        Err(error) => {
            context.metrics.claim(None, asked_at.elapsed());
            context.metrics.store_error();
            context.outage.note(&error);
            context.health.claims_refused(Some(&error.without_values()));
            tracing::warn!(event = "ERROR", worker = %context.worker_id, error = %error, "no job could be claimed");
            None
        }
    }
}

/// Whether anything but the database keeps this worker from claiming.
fn may_claim(context: &Context) -> bool {
    context.breaker.reason().is_none()
        && context.heartbeat.held() < context.settings.concurrency.get()
        && shortage(context).is_none()
}

/// Why the spool's disk takes no more jobs.
fn shortage(context: &Context) -> Option<String> {
    match context.spool.free_bytes() {
        Ok(free) => {
            context.metrics.spool_free(free);
            let short = free < context.settings.min_free_bytes;
            short.then(|| format!("less than {} MiB are free for the spool", context.settings.min_free_bytes >> 20))
        }
        Err(error) => Some(error.to_string()),
    }
}

fn start(
    jobs: &mut JoinSet<()>,
    context: &Arc<Context>,
    slots: &Slots,
    claimed: Claimed,
    claimed_at: Instant,
    on_end: &Arc<impl Fn(&JobReport) + Send + Sync + 'static>,
) {
    let slot = slots.take();
    let (context, on_end) = (Arc::clone(context), Arc::clone(on_end));
    let span = journal::job_span(&claimed.job, &context.worker_id);
    let carried = async move {
        let job = claimed.job.clone();
        let lease = claimed.lease.clone();
        context.metrics.queue_wait(claimed.waited);
        journal::claimed(&job, &context.worker_id, claimed.waited);
        let outcome = process(&context, slot, claimed, claimed_at).await;
        let took = claimed_at.elapsed();
        match &outcome {
            JobOutcome::Succeeded(_) => journal::succeeded(&job, took),
            JobOutcome::Failed(failure) => journal::failed(&job, failure, took, None),
            JobOutcome::RetriedLater(failure, pause) => journal::failed(&job, failure, took, Some(*pause)),
            JobOutcome::Cancelled => journal::cancelled(&job, took),
            JobOutcome::Released(reason) => journal::released(&job, reason),
            JobOutcome::Lost => {
                context.metrics.lease_lost();
                journal::lost(&lease, "process");
            }
        }
        let report = JobReport { job_id: job.id, scope: job.scope.clone(), outcome };
        if let Some(status) = report.status().filter(|status| status.is_final()) {
            context.metrics.job_finished(status, &job.template, took);
        }
        on_end(&report);
    };
    jobs.spawn(carried.instrument(span));
}

/// Restarts a task that a panic has ended: a bug must not leave the worker without it.
async fn lasting<F: Future<Output = ()> + Send>(
    name: &'static str,
    context: Arc<Context>,
    task: fn(Arc<Context>) -> F,
) {
    while AssertUnwindSafe(task(Arc::clone(&context))).catch_unwind().await.is_err() {
        tracing::error!(event = "ERROR", task = name, "a bug: the task starts again");
        sleep(Duration::from_secs(1)).await;
    }
}

/// Reads the queue's figures, and reports this worker's state to the health pages, at least every second.
async fn watch_over(context: Arc<Context>) {
    let every = context.settings.poll.min(Duration::from_secs(1));
    let (mut figures_at, mut asked_at): (Option<Instant>, Option<Instant>) = (None, None);
    loop {
        if figures_at.is_none_or(|at| at.elapsed() >= FIGURES_EVERY) {
            figures_at = Some(Instant::now());
            match context.database.stats().await {
                Ok(stats) => {
                    context.health.store_answered();
                    context.metrics.set_queue(&QueueFigures {
                        queued: stats.queued,
                        delayed: stats.delayed,
                        running: stats.running,
                        expired: stats.expired,
                        oldest: stats.oldest_queued,
                        webhooks_pending: stats.webhooks_pending,
                    });
                }
                Err(error) => {
                    // Asked again at once when it may be over: a page says so as soon as it is.
                    figures_at = None;
                    context.metrics.store_error();
                    context.outage.note(&error);
                    context.health.store_failed(&error.without_values());
                }
            }
        }
        // A claim says the same and more; but while all slots are busy, or uploads are paused, there is none.
        if asked_at.is_none_or(|at| at.elapsed() >= context.settings.poll) {
            asked_at = Some(Instant::now());
            if let Err(error) = context.database.can_work().await {
                context.outage.note(&error);
                context.health.claims_refused(Some(&error.without_values()));
            } else if !may_claim(&context) {
                context.health.claims_refused(None);
            }
        }
        context.health.storage_paused(context.breaker.reason().as_deref());
        context.health.disk_short(shortage(&context).as_deref());
        sleep(every).await;
    }
}

/// Host and process, and a random part, so that a restarted process is another worker.
fn worker_id() -> WorkerId {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_else(|_| "host".to_owned());
    let host: String = host.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.')).take(40).collect();
    WorkerId(format!("{host}-{}-{:08x}", std::process::id(), rand::random::<u32>()))
}

//! `render worker`: opens database, storage and spool, and works until stopped.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::json;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use super::args::WorkerTask;
use super::open;
use crate::cli::failure::Failure;
use crate::cli::reporter::{self, Reporter};
use crate::cli::signals::Signals;
use crate::config::{EnqueueArgs, Settings, WorkerArgs};
use quotereel::template;
use quotereel_jobs::job::{RetryPolicy, Status};
use quotereel_jobs::objects::{ObjectKey, ObjectStore};
use quotereel_jobs::observe::health::{Address, Health, Listening};
use quotereel_jobs::observe::metrics::Metrics;
use quotereel_jobs::queue::Retention;
use quotereel_jobs::worker::{self, Admission, JobReport, Program, Resources, Spool, Until, WorkerSettings};

/// The worker counts as not ready after this time without an answer of the database.
const PATIENCE_OF_STORE: Duration = Duration::from_secs(60);

/// How long a worker that starts before its database waits for it.
const PATIENCE_AT_START: Duration = Duration::from_secs(60);

/// Maximum time that the end of the program waits for blocking calls.
const LAST_CALLS: Duration = Duration::from_secs(5);

/// Runs the worker.
///
/// # Errors
/// [`Failure::Usage`] for settings that contradict each other, [`Failure::System`] when it cannot start;
/// [`Failure::Reported`] when `--once` or `--drain` ended with jobs that did not succeed.
pub(super) fn run(task: &WorkerTask, reporter: Reporter, signals: &Signals) -> Result<(), Failure> {
    task.settings.worker.check()?;
    let until = match (task.once, task.drain) {
        (true, _) => Until::Once,
        (_, true) => Until::Drained,
        _ => Until::Stopped,
    };
    // No other process of this user may read this one's memory or environment, a render that was taken over included.
    if let Err(error) = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable) {
        tracing::warn!(error = %error, "other processes of this user may read this one's environment");
    }
    // From here on the worker handles signals: the first asks it to stop in order, the second ends it at once.
    let _deferred = signals.defer();
    let runtime = open::runtime()?;
    let worked = runtime.block_on(work(&task.settings, until, reporter, signals));
    // A hanging disk or name lookup must not delay the end.
    runtime.shutdown_timeout(LAST_CALLS);
    let failed = worked?;
    if failed && until != Until::Stopped { Err(Failure::Reported(crate::cli::failure::status::SYSTEM)) } else { Ok(()) }
}

/// Runs the worker; returns whether any job failed.
async fn work(settings: &Settings, until: Until, reporter: Reporter, signals: &Signals) -> Result<bool, Failure> {
    let asked_to_stop = stop_on_signals(signals.received().is_some())?;
    // Beside a worker that ends by itself nobody waits: what stands in its way is reported at once.
    let patience = if until == Until::Stopped { PATIENCE_AT_START } else { Duration::ZERO };
    let opened = resources(settings, patience);
    let mut stopped = asked_to_stop.clone();
    let resources = tokio::select! {
        resources = opened => resources?,
        _ = stopped.wait_for(|asked| *asked) => return Ok(false),
    };
    let (metrics, health) = (Arc::clone(&resources.metrics), resources.health.clone());
    let (done, ended) = watch::channel(false);
    let pages = match settings.worker.metrics {
        Address::At(address) => {
            let mut ended = ended.clone();
            let stop = async move { drop(ended.wait_for(|ended| *ended).await) };
            match Listening::bind(address).await {
                Ok(listening) => Some(tokio::spawn(listening.serve(metrics, health, stop))),
                // A worker that ends by itself can do without pages if another has the address.
                Err(error) if until != Until::Stopped => {
                    tracing::warn!(error = %error, "this worker serves no health pages");
                    None
                }
                Err(error) => Err(error).context("cannot serve the health pages (see --metrics)")?,
            }
        }
        Address::Off => None,
    };
    let (failures, storage) = (Arc::new(std::sync::atomic::AtomicBool::new(false)), Arc::clone(&resources.storage));
    let on_end = {
        let failures = Arc::clone(&failures);
        move |report: &JobReport| {
            if report.status() != Some(Status::Succeeded) {
                failures.store(true, std::sync::atomic::Ordering::SeqCst);
            }
            print_report(report, &*storage, reporter);
        }
    };
    let worked = worker::run(resources, worker_settings(settings, until), asked_to_stop, on_end).await;
    done.send_replace(true);
    if let Some(pages) = pages {
        drop(pages.await);
    }
    worked.context("the worker cannot go on")?;
    Ok(failures.load(std::sync::atomic::Ordering::SeqCst))
}

/// Opens everything; a database that does not answer is waited for up to `patience`.
pub(super) async fn resources(settings: &Settings, patience: Duration) -> Result<Resources, Failure> {
    let database = open::store_within(&settings.database, patience).await?;
    let storage = open::storage(&settings.storage, &settings.database).await?;
    let spool_root = settings.worker.spool_folder(&settings.database)?;
    let spool = Spool::open(&spool_root).with_context(|| format!("cannot open the spool {}", spool_root.display()))?;
    Ok(Resources {
        database,
        storage,
        spool,
        metrics: Arc::new(Metrics::new(template::builtin_names())),
        health: Health::new(settings.worker.lease, PATIENCE_OF_STORE),
        program: Program::this().context("cannot find this program's own file")?,
    })
}

/// Prints where a video is, or why there is none. A reader of stdout that has gone stops no worker.
fn print_report(report: &JobReport, storage: &dyn ObjectStore, reporter: Reporter) {
    let place = |key: &str| ObjectKey::parse(key).map(|key| storage.place(&key));
    let video = report.output().and_then(|output| place(&output.output_key));
    let thumbnail = report.output().and_then(|output| place(&output.thumbnail_key));
    let status = report.status().map_or("lost", Status::as_str);
    let result = match (&video, reporter.json) {
        (Some(video), false) => reporter::print(format!("{video}\n").as_bytes()),
        (None, false) => {
            let reason = report.reason();
            let reason = reporter::legible(reason.as_deref().unwrap_or("no reason given"));
            reporter.say(&format!("{} {status}: {reason}\n", report.job_id));
            Ok(())
        }
        (_, true) => reporter.result(
            report.status() == Some(Status::Succeeded),
            "",
            json!({
                "jobId": report.job_id,
                "companyId": report.scope.company_id(),
                "status": status,
                "video": video,
                "thumbnail": thumbnail,
                "reason": report.reason(),
            }),
        ),
    };
    drop(result);
}

/// Becomes true with the first SIGTERM, SIGINT or SIGHUP; the second ends the process at once. Its jobs are taken over by
/// another worker, or by this one when it starts again.
///
/// `already` says whether one came before.
fn stop_on_signals(already: bool) -> Result<watch::Receiver<bool>, Failure> {
    let watched = |kind| signal(kind).context("cannot watch for signals");
    let terminate = watched(SignalKind::terminate())?;
    let (interrupt, hang_up) = (watched(SignalKind::interrupt())?, watched(SignalKind::hangup())?);
    let (asked, asked_to_stop) = watch::channel(false);
    tokio::spawn(async move {
        let mut signals = [(terminate, 15), (interrupt, 2), (hang_up, 1)];
        if !already {
            next(&mut signals).await;
        }
        asked.send_replace(true);
        let number = next(&mut signals).await;
        std::process::exit(128 + number);
    });
    Ok(asked_to_stop)
}

async fn next([a, b, c]: &mut [(Signal, i32); 3]) -> i32 {
    tokio::select! {
        _ = a.0.recv() => a.1,
        _ = b.0.recv() => b.1,
        _ = c.0.recv() => c.1,
    }
}

/// Jobs at the same time: one for every two processors, since a render keeps two busy.
pub(super) fn concurrency(args: &WorkerArgs) -> NonZeroUsize {
    let given = args.concurrency.and_then(|given| NonZeroUsize::new(given.into()));
    given.unwrap_or_else(|| NonZeroUsize::new(processors() / 2).unwrap_or(NonZeroUsize::MIN))
}

/// Threads per render: the processors, divided by the jobs at the same time.
pub(super) fn render_threads(args: &WorkerArgs) -> NonZeroUsize {
    let given = args.render_threads.and_then(|given| NonZeroUsize::new(given.into()));
    given.unwrap_or_else(|| NonZeroUsize::new(processors() / concurrency(args)).unwrap_or(NonZeroUsize::MIN))
}

fn processors() -> usize {
    available_parallelism().map_or(1, NonZeroUsize::get)
}

/// The settings of the worker.
pub(super) fn worker_settings(settings: &Settings, until: Until) -> WorkerSettings {
    let args = &settings.worker;
    let EnqueueArgs { allow_unissued, allow_expired, .. } = settings.enqueue;
    WorkerSettings {
        concurrency: concurrency(args),
        render_threads: render_threads(args),
        render_memory_bytes: args.render_memory_mib << 20,
        render_timeout: args.render_timeout,
        min_free_bytes: args.min_free_mib << 20,
        templates: args.templates.clone(),
        fonts: args.fonts.fonts.clone(),
        lease: args.lease,
        heartbeat: args.heartbeat,
        deadline: args.deadline,
        poll: args.poll,
        reconcile: args.reconcile,
        grace: args.grace,
        tenant_cap: args.tenant_cap,
        retry: RetryPolicy { max_attempts: args.max_attempts, max_rescues: args.max_rescues, ..RetryPolicy::default() },
        admission: Admission { allow_not_issued: allow_unissued, allow_expired },
        allow_private_network: args.allow_private_network,
        retention: Retention {
            videos: args.keep_videos.0,
            succeeded: args.keep_succeeded.0,
            failed: args.keep_failed.0,
            cancelled: args.keep_cancelled.0,
        },
        until,
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use quotereel_jobs::queue::EnqueueRules;

    use super::*;

    #[test]
    fn settings_default_to_the_values_of_the_queue_and_the_worker() {
        let settings = Settings::parse_from(["render"]);
        let worker = worker_settings(&settings, Until::Stopped);
        assert_eq!((worker.retry, worker.retention), (RetryPolicy::default(), Retention::default()));
        let rules = EnqueueRules { correlation_id: String::new(), ..open::rules(&settings.enqueue, false) };
        assert_eq!(rules, EnqueueRules::default());
    }
}

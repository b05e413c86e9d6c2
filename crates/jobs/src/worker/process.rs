//! One job from its claim to its end: render, upload, finalize. The row is changed by guarded writes only, and whatever
//! happens, the row says how the job left: succeeded, failed, cancelled, queued again, or held by another worker.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use tokio::time::timeout;

use super::acquire::{self, Files, RENDERED_PERCENT};
use super::admission;
use super::circuit_breaker::CircuitBreaker;
use super::context::Context;
use super::heartbeat::{HeldJob, LeaseState};
use super::interrupt::{Interrupt, unless_interrupted};
use super::outcome::JobOutcome;
use super::persist::{NotWritten, persist};
use super::slots::Slot;
use super::spool::FinishedRender;
use super::upload;
use crate::job::{ErrorClass, Failure, FailureCode, Job, JobOutput, Language, Stage, Status};
use crate::queue::{Claimed, SpoolHold};

/// How long other workers leave a job to the worker that has its finished files, before they render it again.
pub(super) const OTHERS_WAIT: Duration = Duration::from_secs(5 * 60);
/// How long removing a job's objects may hold its slot.
const CLEAN_UP_PATIENCE: Duration = Duration::from_secs(10);
/// Reason in the history of a job that a worker gives back because it ends.
pub(super) const GIVEN_BACK: &str = "the worker ends";

/// Processes one claimed job to its end. The slot is given back when nothing is left but to write the row.
pub(super) async fn process(context: &Context, slot: Slot, claimed: Claimed, claimed_at: Instant) -> JobOutcome {
    let job = &claimed.job;
    let held = context.heartbeat.hold(claimed.lease.clone(), claimed_at);
    let mut finished = None;
    let mut slot = Some(slot);
    // A panic is a bug of ours: it costs this job one attempt and no other job anything.
    let outcome = AssertUnwindSafe(run_stages(context, &claimed, &held, &mut finished, &mut slot)).catch_unwind().await;
    drop(slot);
    let bug = || Err(Interrupt::Failure(Failure::new(FailureCode::Internal, "a bug: its message is in the log")));
    let outcome = outcome.unwrap_or_else(|_| bug());
    let ending = match outcome {
        Ok(output) => JobOutcome::Succeeded(output),
        Err(interrupt) => settle(context, job, &held, interrupt, finished.as_ref()).await,
    };
    clean_up(context, job, &ending).await;
    ending
}

async fn run_stages(
    context: &Context,
    claimed: &Claimed,
    held: &HeldJob,
    kept: &mut Option<FinishedRender>,
    slot: &mut Option<Slot>,
) -> Result<JobOutput, Interrupt> {
    let job = &claimed.job;
    let snapshot = admission::read_snapshot(job.input.as_deref().unwrap_or("null").as_bytes())?.snapshot;
    admission::admit(&snapshot, &job.scope, context.settings.admission, claimed.today_last)?;
    let template = context.templates.get(&job.template).ok_or_else(|| {
        let known: Vec<&str> = context.templates.names().collect();
        Failure::new(FailureCode::TemplateUnknown, format!("`{}`; known are {}", job.template, known.join(", ")))
    })?;

    let found = unless_interrupted(context, held, acquire::find_files(context, job, &template.render_version)).await?;
    let finished = match found {
        Files::InStorage(output) => {
            tracing::info!(event = "ADOPT", jobId = %job.id, key = output.output_key, "the video is in storage already");
            drop(slot.take());
            return finalize(context, held, output).await;
        }
        Files::InSpool(finished) => finished,
        Files::Missing(rerender) => {
            if job.render_attempts > 0 {
                context.metrics.rerender(rerender);
            }
            enter(context, held, Stage::Render).await?;
            let began = Instant::now();
            let rendered = acquire::render_job(context, job, held, template, &snapshot).await;
            context.metrics.stage(Stage::Render, began.elapsed());
            rendered?
        }
    };
    held.progress(RENDERED_PERCENT);
    let finished = kept.insert(finished);

    enter(context, held, Stage::Upload).await?;
    let began = Instant::now();
    let uploaded = upload::upload(context, held, finished).await;
    context.metrics.stage(Stage::Upload, began.elapsed());
    let output = uploaded?;
    drop(slot.take());
    finalize(context, held, output).await
}

async fn finalize(context: &Context, held: &HeldJob, output: JobOutput) -> Result<JobOutput, Interrupt> {
    let began = Instant::now();
    enter(context, held, Stage::Finalize).await?;
    let lease = held.lease();
    let landed = |job: &Job| {
        job.status == Status::Succeeded
            && job.output.as_ref().is_some_and(|stored| stored.output_key == output.output_key)
    };
    persist(&*context.database, held, "succeed", || context.database.succeed(lease, &output), landed).await?;
    context.metrics.stage(Stage::Finalize, began.elapsed());
    Ok(output)
}

async fn enter(context: &Context, held: &HeldJob, stage: Stage) -> Result<(), Interrupt> {
    let lease = held.lease();
    // A repeated entry counts one attempt too many at worst, in a database that had just lost an answer.
    let landed = |job: &Job| job.status == Status::Running && job.stage == stage;
    persist(&*context.database, held, stage.as_str(), || context.database.begin_stage(lease, stage), landed).await?;
    Ok(())
}

/// Writes to the row how the job ended.
async fn settle(
    context: &Context,
    job: &Job,
    held: &HeldJob,
    interrupt: Interrupt,
    finished: Option<&FinishedRender>,
) -> JobOutcome {
    // A cancel request that came in the meantime goes before any other outcome but a loss.
    let interrupt = match (interrupt, held.state()) {
        (Interrupt::Lost, _) | (_, LeaseState::Lost) => return JobOutcome::Lost,
        (_, LeaseState::CancelRequested) => Interrupt::Cancel,
        (interrupt, LeaseState::Held) => interrupt,
    };
    let hold = finished.map(|_| SpoolHold { spool_id: context.spool.id().to_owned(), others_in: OTHERS_WAIT });
    let (written, ending) = match interrupt {
        Interrupt::Lost => return JobOutcome::Lost,
        Interrupt::Cancel => (stop(context, held).await, JobOutcome::Cancelled),
        Interrupt::GiveBack => {
            let reason = GIVEN_BACK.to_owned();
            (release(context, held, &reason, Duration::ZERO, hold.as_ref()).await, JobOutcome::Released(reason))
        }
        Interrupt::Paused(reason) => {
            let pause = CircuitBreaker::pause_before_probe(1);
            // The row's history is the tenant's to read: it does not name our storage.
            (release(context, held, "uploads are paused", pause, hold.as_ref()).await, JobOutcome::Released(reason))
        }
        Interrupt::Failure(failure) => verdict(context, job, held, failure, hold.as_ref()).await,
    };
    match written {
        Ok(()) => ending,
        Err(NotWritten::Lost) => JobOutcome::Lost,
        Err(NotWritten::Refused(error)) => {
            // The row cannot be written at all: the reconciler takes it when the lease is over.
            context.metrics.store_error();
            tracing::error!(event = "ERROR", jobId = %job.id, companyId = job.scope.company_id(), error = %error, "the row refuses its verdict");
            JobOutcome::Lost
        }
    }
}

async fn verdict(
    context: &Context,
    job: &Job,
    held: &HeldJob,
    failure: Failure,
    hold: Option<&SpoolHold>,
) -> (Result<(), NotWritten>, JobOutcome) {
    let lease = held.lease();
    let retry = &context.settings.retry;
    context.metrics.failure(failure.code);
    if failure.code.class() == ErrorClass::System && job.attempts < retry.max_attempts {
        let pause = retry.render.pause(job.attempts, rand::random());
        let write = || context.database.retry_later(lease, &failure, pause, hold);
        let landed = |row: &Job| row.status == Status::Queued;
        return (
            persist(&*context.database, held, "retry_later", write, landed).await,
            JobOutcome::RetriedLater(failure, pause),
        );
    }
    let message = failure.code.message(language_of(job));
    let write = || context.database.fail(lease, &failure, message);
    let landed = |row: &Job| row.status == Status::Failed;
    (persist(&*context.database, held, "fail", write, landed).await, JobOutcome::Failed(failure))
}

async fn stop(context: &Context, held: &HeldJob) -> Result<(), NotWritten> {
    let lease = held.lease();
    let landed = |row: &Job| row.status == Status::Cancelled;
    persist(&*context.database, held, "stopped", || context.database.stopped(lease), landed).await
}

async fn release(
    context: &Context,
    held: &HeldJob,
    reason: &str,
    pause: Duration,
    hold: Option<&SpoolHold>,
) -> Result<(), NotWritten> {
    let lease = held.lease();
    let landed = |row: &Job| matches!(row.status, Status::Queued | Status::Cancelled);
    persist(&*context.database, held, "release", || context.database.release(lease, reason, pause, hold), landed).await
}

/// Removes what nobody needs any more.
///
/// After a lost lease the finished file stays where it is: if the row is queued again, this worker's round through its
/// spool takes it up. Its objects go only when the row has ended without them, since whoever claimed the job next may be
/// adopting them at this moment; otherwise the `orphans` task removes them later.
async fn clean_up(context: &Context, job: &Job, ending: &JobOutcome) {
    let (file, objects) = match ending {
        JobOutcome::Succeeded(_) => (true, false),
        JobOutcome::Failed(_) | JobOutcome::Cancelled => (true, true),
        JobOutcome::RetriedLater(..) | JobOutcome::Released(_) => (false, false),
        JobOutcome::Lost => {
            let row = context.database.job(&job.scope, job.id).await;
            let ended = row.is_ok_and(|row| row.is_none_or(|row| row.status.is_final() && row.output.is_none()));
            (ended, ended)
        }
    };
    if file && let Err(error) = context.spool.remove_up_to(job.id, job.lease_epoch) {
        tracing::warn!(event = "ERROR", jobId = %job.id, error = %error, "the spool was not cleaned");
    }
    if !matches!(ending, JobOutcome::Released(_)) {
        context.refusals.forget(job.id);
    }
    if objects {
        // The `orphans` task removes what takes longer.
        let removed = upload::remove_objects_of(context, &job.scope, job.id, job.lease_epoch);
        drop(timeout(CLEAN_UP_PATIENCE, removed).await);
    }
}

/// The customer's language: the snapshot's `locale`, if it can be read.
fn language_of(job: &Job) -> Language {
    #[derive(Default, serde::Deserialize)]
    struct Locale {
        #[serde(default)]
        locale: serde_json::Value,
    }
    let read = |input| serde_json::from_str::<Locale>(input).ok();
    Language::of_locale(job.input.as_deref().and_then(read).unwrap_or_default().locale.as_str().unwrap_or_default())
}

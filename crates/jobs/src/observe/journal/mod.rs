//! The log lines of a job's life, in one place so that they are worded and named alike: what a person searches for when a
//! customer asks where a video is. It does not decide where lines go (`telemetry` does) nor keep history (the table of
//! events does).
//!
//! Every line has the field `event`, one word in capitals: CREATE, POLL, CLAIM, DONE, RELEASE, CANCEL, LOST, RECONCILE,
//! ERROR. A line about a job has `jobId`, `quoteId`, `companyId`, `organizationId` (where there is one), `attempt` and
//! `epoch`; `duration` is in milliseconds; `error` holds the operator's details, at most [`MAX_ERROR_CHARS`] characters.
//! Text from outside is always a quoted value, so that it can forge no line.
//!
//! [`job_span`] and [`stage_span`] give the same fields to lines in between and make the spans of a trace.

use std::time::Duration;

use tracing::field::Empty;
use tracing::{Span, debug, error, info, info_span, warn};

use crate::job::{ErrorClass, Failure, Job, Lease, Stage, WorkerId};

/// The longest `error` of a line, in characters.
pub const MAX_ERROR_CHARS: usize = 500;

/// Writes an event about a job: its identity first, then what is special to the event.
macro_rules! line {
    ($level:ident, $job:expr, $event:literal, { $($fields:tt)* }, $message:literal) => {{
        let job: &Job = $job;
        $level!(
            parent: None,
            event = $event,
            jobId = %job.id,
            quoteId = job.entity_id.as_str(),
            companyId = job.scope.company_id(),
            organizationId = job.scope.organization_id(),
            attempt = job.attempts,
            epoch = job.lease_epoch.0,
            $($fields)*
            $message
        );
    }};
}

/// A row was made for a new job.
pub fn created(job: &Job) {
    line!(info, job, "CREATE", { template = job.template.as_str(), }, "job created");
}

/// The queue was asked and had nothing.
pub fn polled_empty(took: Duration) {
    debug!(parent: None, event = "POLL", duration = ms(took), "nothing to claim");
}

/// A worker has a job, `waited` after it could have been claimed.
pub fn claimed(job: &Job, worker: &WorkerId, waited: Duration) {
    line!(
        info,
        job,
        "CLAIM",
        { workerId = worker.0.as_str(), stage = job.stage.as_str(), waited = ms(waited), },
        "job claimed"
    );
}

/// The video is in storage and the row says so.
pub fn succeeded(job: &Job, took: Duration) {
    line!(info, job, "DONE", { duration = ms(took), }, "job succeeded");
}

/// A job returns to the queue; the attempt does not count.
pub fn released(job: &Job, reason: &str) {
    line!(info, job, "RELEASE", { reason = reason, }, "job given back");
}

/// A worker stopped a job at its tenant's wish.
pub fn cancelled(job: &Job, took: Duration) {
    line!(info, job, "CANCEL", { duration = ms(took), }, "job cancelled");
}

/// A worker found that a job is no longer its own. Only the lease is known then, not the row.
pub fn lost(lease: &Lease, at: &'static str) {
    warn!(
        parent: None,
        event = "LOST",
        jobId = %lease.job_id,
        companyId = lease.scope.company_id(),
        organizationId = lease.scope.organization_id(),
        epoch = lease.epoch.0,
        at,
        "the lease is somebody else's; nothing was changed"
    );
}

/// Maintenance moved a job; the state it was put into is that of `job`.
pub fn reconciled(job: &Job, cause: &str) {
    line!(
        warn,
        job,
        "RECONCILE",
        { reconciled_to = job.status.as_str(), cause = cause, rescues = job.rescue_count, },
        "job reconciled"
    );
}

/// A duty of maintenance ended. Silent below debug when it had nothing to do.
pub fn maintenance_done(duty: &'static str, corrected: u64, errors: &[String], took: Duration) {
    if !errors.is_empty() {
        let error = shortened(&errors.join("; "));
        warn!(parent: None, event = "RECONCILE", duty, corrected, duration = ms(took), error = error.as_str(), "duty ended with errors");
    } else if corrected > 0 {
        info!(parent: None, event = "RECONCILE", duty, corrected, duration = ms(took), "duty done");
    } else {
        debug!(parent: None, event = "RECONCILE", duty, corrected, duration = ms(took), "duty done, nothing to correct");
    }
}

/// A try failed `took` after its claim; `again_in` is the pause until the next one, `None` when the job ends here. A
/// customer's mistake is a warning: nobody has to get up for it.
pub fn failed(job: &Job, failure: &Failure, took: Duration, again_in: Option<Duration>) {
    let detail = shortened(&failure.detail);
    let (code, class) = (failure.code.as_str(), failure.code.class().as_str());
    Span::current().record("otel.status_code", "ERROR").record("error", detail.as_str());
    if failure.code.class() == ErrorClass::User || again_in.is_some() {
        line!(
            warn, job, "ERROR",
            { code, class, duration = ms(took), again_in = again_in.map(ms), error = detail.as_str(), },
            "job failed"
        );
    } else {
        line!(error, job, "ERROR", { code, class, duration = ms(took), error = detail.as_str(), }, "job failed");
    }
}

/// The span of one claim of a job, from claim to end.
#[must_use]
pub fn job_span(job: &Job, worker: &WorkerId) -> Span {
    info_span!(
        parent: None,
        "job",
        jobId = %job.id,
        quoteId = job.entity_id.as_str(),
        companyId = job.scope.company_id(),
        organizationId = job.scope.organization_id(),
        attempt = job.attempts,
        epoch = job.lease_epoch.0,
        template = job.template.as_str(),
        workerId = worker.0.as_str(),
        otel.status_code = Empty,
        error = Empty,
    )
}

/// The span of one run of a stage, inside the job's.
#[must_use]
pub fn stage_span(stage: Stage) -> Span {
    info_span!("stage", otel.name = stage.as_str(), stage = stage.as_str(), otel.status_code = Empty, error = Empty)
}

fn ms(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

fn shortened(text: &str) -> String {
    text.chars().take(MAX_ERROR_CHARS).collect()
}

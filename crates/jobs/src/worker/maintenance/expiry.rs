//! Takes jobs from workers that are dead or hang: they return to the queue, or fail after too many rescues.

use super::super::context::Context;
use super::outcome::TaskOutcome;
use crate::job::{FailureCode, Status};
use crate::observe::journal;
use crate::observe::metrics::Rescue;
use crate::queue::ExpiredHow;

/// Jobs corrected in one statement.
const BATCH: u32 = 100;

/// Corrects every running job whose lease or deadline has passed.
pub(super) async fn take_back(context: &Context) -> TaskOutcome {
    let mut done = TaskOutcome::default();
    // After an outage the living come back within a moment: first their heartbeats, then the search for the dead.
    if context.outage.is_recent() {
        return done;
    }
    loop {
        let expiry = match context.database.expire(BATCH, context.settings.retry.max_rescues).await {
            Ok(expiry) => expiry,
            Err(error) => {
                context.metrics.store_error();
                context.outage.note(&error);
                done.add_error(error);
                return done;
            }
        };
        for stuck in &expiry.stuck {
            context.metrics.store_error();
            tracing::error!(event = "ERROR", jobId = %stuck.job_id, error = stuck.problem, "a job cannot be taken from its worker");
            done.add_error(stuck);
        }
        for expired in &expiry.taken {
            let job = &expired.job;
            let (how, rescue) = match expired.how {
                ExpiredHow::Lease => ("lease passed", Rescue::Lease),
                ExpiredHow::Deadline => ("deadline passed", Rescue::Deadline),
            };
            match job.status {
                Status::Queued => context.metrics.rescued(rescue),
                status => {
                    context.metrics.job_finished(status, &job.template, context.settings.deadline);
                    if status == Status::Failed {
                        let code = job.error_code.as_deref().and_then(FailureCode::from_name);
                        context.metrics.failure(code.unwrap_or(FailureCode::WorkerLost));
                    }
                }
            }
            journal::reconciled(job, how);
        }
        done.corrected += expiry.taken.len() as u64;
        if expiry.taken.len() < BATCH as usize {
            return done;
        }
    }
}

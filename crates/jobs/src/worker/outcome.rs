//! How a job leaves a worker.

use std::time::Duration;

use crate::job::{Failure, JobId, JobOutput, Status, TenantScope};

/// How a job left a worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobOutcome {
    /// The video is in storage.
    Succeeded(JobOutput),
    /// It failed for good.
    Failed(Failure),
    /// A tenant cancelled it.
    Cancelled,
    /// Back in the queue after a failure that may pass; not claimed again for that long.
    RetriedLater(Failure, Duration),
    /// Back in the queue without having been tried, for that reason.
    Released(String),
    /// The lease was lost: another worker has it, or it has ended elsewhere.
    Lost,
}

/// A job that has left a worker, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobReport {
    /// Id of the job.
    pub job_id: JobId,
    /// The tenant that owns it.
    pub scope: TenantScope,
    /// How it left.
    pub outcome: JobOutcome,
}

impl JobReport {
    /// The row's status afterwards; `None` when the lease was lost.
    #[must_use]
    pub const fn status(&self) -> Option<Status> {
        match self.outcome {
            JobOutcome::Succeeded(_) => Some(Status::Succeeded),
            JobOutcome::Failed(_) => Some(Status::Failed),
            JobOutcome::Cancelled => Some(Status::Cancelled),
            JobOutcome::RetriedLater(..) | JobOutcome::Released(_) => Some(Status::Queued),
            JobOutcome::Lost => None,
        }
    }

    /// Where the video is, of a succeeded job.
    #[must_use]
    pub const fn output(&self) -> Option<&JobOutput> {
        match &self.outcome {
            JobOutcome::Succeeded(output) => Some(output),
            _ => None,
        }
    }

    /// Why it did not succeed; `None` for a succeeded job.
    #[must_use]
    pub fn reason(&self) -> Option<String> {
        match &self.outcome {
            JobOutcome::Succeeded(_) => None,
            JobOutcome::Failed(failure) | JobOutcome::RetriedLater(failure, _) => Some(failure.to_string()),
            JobOutcome::Cancelled => Some("cancelled".to_owned()),
            JobOutcome::Released(reason) => Some(reason.clone()),
            JobOutcome::Lost => Some("the lease was lost".to_owned()),
        }
    }
}

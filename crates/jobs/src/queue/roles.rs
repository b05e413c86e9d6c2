//! What the database of jobs offers, by user: [`Tenant`] for companies, [`Queue`] for workers, [`Maintenance`] for the
//! periodic tasks. [`Database`] is the handle that gives all three.
//!
//! # Errors
//!
//! Every function fails with [`QueueError`](super::QueueError), and whatever it began is rolled back. A call whose answer
//! was lost with its connection may have changed the row. Repeating such a call never changes anything twice, but its
//! answer can mislead: where the first call ended the lease, the second says [`Held::Lost`]. Callers that need to know
//! read the row with [`Tenant::job`] and compare epoch and contents.

use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

use super::error::{EnqueueError, Result};
use super::types::{
    AdoptRequest, CancelOutcome, ClaimRequest, Claimed, Credits, Deleted, EnqueueRules, Enqueued, Expiry,
    HeartbeatAnswer, Held, HeldLease, JobFilter, MaintenanceRun, ObjectUse, Page, Pooling, QueueStats, Retention,
    SpoolHold, StoredOutput, TemplateVersion, WebhookAttempt, WebhookDelivery, WebhookEndpoint,
};
use crate::job::{Failure, Job, JobEvent, JobId, JobOutput, Lease, NewJob, Stage, TenantScope};

/// One database of jobs, for all its users.
#[async_trait]
pub trait Database: Tenant + Queue + Maintenance + std::fmt::Debug {
    /// Brings the schema up to date; names the migrations that were applied now. Safe to run twice at once.
    async fn migrate(&self) -> Result<Vec<String>>;

    /// Whether the database answers and its schema is the present one.
    async fn ping(&self) -> Result<()>;

    /// Whether jobs can be claimed and written now, as far as that shows without writing; cheap, for often.
    async fn can_work(&self) -> Result<()> {
        self.ping().await
    }

    /// Logins of backends whose forgotten transactions stay open for ever: members of the tenants' role for which no
    /// `idle_in_transaction_session_timeout` is set.
    async fn logins_without_idle_limit(&self) -> Result<Vec<String>> {
        Ok(Vec::new())
    }

    /// What stands between this program and the database; takes 20 transactions to find out.
    async fn pooling(&self) -> Result<Pooling> {
        Ok(Pooling::Direct)
    }
}

/// What a company may do. Another tenant's job and a job that does not exist get the same answer.
#[async_trait]
pub trait Tenant: Send + Sync {
    /// Enqueues a job, or finds the one that does the same work. In this order: the same idempotency key; an active job
    /// for the same company, entity, template and snapshot (refused for 2 s while that one is being cancelled:
    /// [`EnqueueError::Cooldown`]); a succeeded one of the present version whose video is still there; the cooldown of
    /// this entity and template, which refuses the job or, with [`EnqueueRules::when_allowed`], sets when it begins;
    /// credits. Credits are frozen in the same transaction.
    async fn enqueue(&self, scope: &TenantScope, job: &NewJob, rules: &EnqueueRules) -> Result<Enqueued, EnqueueError>;

    /// One job.
    async fn job(&self, scope: &TenantScope, id: JobId) -> Result<Option<Job>>;

    /// Jobs, newest first, without their snapshots: [`Job::input`] is null.
    async fn jobs(&self, scope: &TenantScope, filter: &JobFilter) -> Result<Vec<Job>>;

    /// A job's history, oldest first; `None` for a job that the tenant does not have.
    async fn events(&self, scope: &TenantScope, id: JobId) -> Result<Option<Vec<JobEvent>>>;

    /// Names of the templates that workers have registered in this database, in order.
    async fn known_templates(&self, scope: &TenantScope) -> Result<Vec<String>>;

    /// Cancels a queued job, or asks the worker of a running one to stop.
    async fn request_cancel(&self, scope: &TenantScope, id: JobId) -> Result<CancelOutcome>;

    /// Enqueues a failed or cancelled job once more, as a new row that points to it. The same call again finds that row.
    async fn retry(&self, scope: &TenantScope, id: JobId, rules: &EnqueueRules) -> Result<Enqueued, EnqueueError>;

    /// The tenant's credits; `None` means unlimited.
    async fn credits(&self, scope: &TenantScope) -> Result<Option<Credits>>;

    /// Adds to the tenant's balance, or takes from what is available of it (an `amount` below 0). The first grant makes
    /// credits count for this company. `reference` makes the call idempotent.
    async fn grant_credits(&self, scope: &TenantScope, amount: i64, reference: &str) -> Result<Credits>;

    /// Sets, or with an empty `url` removes, where a company's webhooks go.
    async fn set_webhook(&self, scope: &TenantScope, endpoint: &WebhookEndpoint) -> Result<()>;
}

/// What workers do. Functions that take a [`Lease`] match id, company, status `running` and epoch, and answer
/// [`Held::Lost`] where no row matches.
#[async_trait]
pub trait Queue: Send + Sync {
    /// Records the render version of each template. Succeeded jobs of the same version are reused.
    async fn register_templates(&self, versions: &[TemplateVersion]) -> Result<()>;

    /// Takes up to `max_jobs` jobs: those whose finished files wait in the worker's own spool first, then each next one
    /// from the tenant with the fewest running jobs, oldest first.
    async fn claim(&self, request: &ClaimRequest) -> Result<Vec<Claimed>>;

    /// Takes one job up again for which the worker found a finished file in its spool, whether the row is queued or still
    /// running under a dead process's lease, its first or, where that one adopted the file too, a later one. Where it runs
    /// it counts as a rescue. `None` when the row has moved on or was rescued too often: the file is then worthless.
    async fn adopt(&self, request: &AdoptRequest) -> Result<Option<Claimed>>;

    /// Opens a separate connection for heartbeats, so that an exhausted pool cannot delay them.
    async fn heartbeat(&self) -> Result<Box<dyn HeartbeatConnection>>;

    /// Enters a stage and counts the attempt at it.
    async fn begin_stage(&self, lease: &Lease, stage: Stage) -> Result<Held>;

    /// Counts one more upload.
    async fn count_upload(&self, lease: &Lease) -> Result<Held>;

    /// The video is in storage: output, credit, event and webhooks in one transaction.
    async fn succeed(&self, lease: &Lease, output: &JobOutput) -> Result<Held>;

    /// The job has failed for good: failure, credit, event and webhooks in one transaction. `message` is for the customer. Of the
    /// failure only class and code are kept: its detail may name what tenants must not read.
    async fn fail(&self, lease: &Lease, failure: &Failure, message: &str) -> Result<Held>;

    /// Returns the job to the queue for another try after `pause`; the attempt counts. The row keeps class and code of the failure,
    /// also through the next claim, until the job succeeds or is cancelled. A job with a cancel request ends instead.
    async fn retry_later(
        &self,
        lease: &Lease,
        failure: &Failure,
        pause: Duration,
        hold: Option<&SpoolHold>,
    ) -> Result<Held>;

    /// Returns the job to the queue without counting the attempt. A job with a cancel request ends instead. `reason` is for
    /// the log alone; the event, which tenants read, says `released`.
    async fn release(&self, lease: &Lease, reason: &str, pause: Duration, hold: Option<&SpoolHold>) -> Result<Held>;

    /// The worker has stopped because of a cancel request.
    async fn stopped(&self, lease: &Lease) -> Result<Held>;
}

/// What the maintenance tasks do. Safe to run in several workers at once.
#[async_trait]
pub trait Maintenance: Send + Sync {
    /// Takes up to `limit` running jobs whose lease or deadline has passed from their workers: back to the queue while
    /// fewer than `max_rescues`, then failed, with the customer's message in the language of the snapshot's `locale`.
    /// Either way the row has the code of what happened. A row that cannot be changed is reported, and does not stop
    /// the others.
    async fn expire(&self, limit: u32, max_rescues: u32) -> Result<Expiry>;

    /// Succeeded jobs whose video should be in storage, by id, after `after`; only those finished for `min_age` at least.
    async fn outputs(&self, after: Option<JobId>, min_age: Duration, limit: u32) -> Result<Page<StoredOutput>>;

    /// The video of that succeeded job is gone: the job fails and what was paid is given back. `false` when the row no
    /// longer names that key.
    async fn output_lost(&self, scope: &TenantScope, id: JobId, output_key: &str) -> Result<bool>;

    /// What the rows say of the objects of these jobs; jobs without a row are missing from the answer.
    async fn objects_in_use(&self, ids: &[JobId]) -> Result<Vec<ObjectUse>>;

    /// Succeeded jobs whose videos have outlived their retention.
    async fn outputs_past_retention(&self, retention: &Retention, limit: u32) -> Result<Vec<StoredOutput>>;

    /// The objects of that job have been removed by retention.
    async fn output_expired(&self, scope: &TenantScope, id: JobId) -> Result<bool>;

    /// Deletes up to `limit` rows that have outlived their retention, events and deliveries with them. A succeeded row is
    /// deleted only when its objects are gone; credit entries stay. A row that cannot be deleted is reported, and
    /// does not stop the others.
    async fn delete_past_retention(&self, retention: &Retention, limit: u32) -> Result<Deleted>;

    /// Recounts the queue of each company, which the database keeps beside the rows; returns how many counts were wrong.
    async fn recount(&self) -> Result<u64> {
        Ok(0)
    }

    /// Takes that task for `every`: `true` if no worker has taken it for that long.
    async fn take_task(&self, task: &str, every: Duration) -> Result<bool>;

    /// Records one run of a task.
    async fn record_run(&self, run: &MaintenanceRun) -> Result<()>;

    /// Figures for the metrics.
    async fn stats(&self) -> Result<QueueStats>;

    /// Takes deliveries that are due, for `lease`; at most 2 of one company.
    async fn claim_webhooks(&self, limit: u32, lease: Duration) -> Result<Vec<WebhookDelivery>>;

    /// Records the outcome of a delivery.
    async fn webhook_attempted(&self, id: Uuid, epoch: i64, attempt: &WebhookAttempt) -> Result<Held>;
}

/// Heartbeats on a connection of their own.
#[async_trait]
pub trait HeartbeatConnection: Send {
    /// Extends the leases and writes the progress to the rows; the answers are in the order of `leases`.
    async fn extend(&mut self, leases: &[HeldLease], lease: Duration) -> Result<Vec<HeartbeatAnswer>>;

    /// Reads what became of the leases and changes nothing; cheap, for often. The answers are in the order of `leases`,
    /// and never [`HeartbeatAnswer::Unknown`].
    async fn look(&mut self, leases: &[HeldLease]) -> Result<Vec<HeartbeatAnswer>>;
}

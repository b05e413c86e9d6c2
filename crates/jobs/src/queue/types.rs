//! Requests to the queue and its answers: plain data.

use std::time::Duration;

use serde::Serialize;
use uuid::Uuid;

use crate::job::{Job, JobId, Lease, LeaseEpoch, Stage, Status, TenantScope, WorkerId};

/// What stands between the program and a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pooling {
    /// Nothing that shows: a connection is the same one at every transaction.
    Direct,
    /// A pooler that lends a connection for one transaction.
    Transactions {
        /// Whether a statement that was prepared once is there in later transactions.
        keeps_prepared: bool,
    },
}

/// The largest snapshot that a row takes, in bytes of the database's text of it; the schemas say the same. More than
/// `quotereel::snapshot` reads has no use.
pub(super) const MAX_SNAPSHOT_BYTES: usize = 8 * 1024 * 1024;

/// How long to wait, in seconds, before asking again for the same work while its job is being cancelled: the worker sees
/// the request within a second and stops within a frame. As in PostgreSQL's function.
pub(super) const DYING_SECONDS: u64 = 2;

/// Deliveries of one company in one batch, so that a slow receiver does not hold up the others.
pub(super) const DELIVERIES_OF_ONE: u32 = 2;

/// Limits that an enqueue must respect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnqueueRules {
    /// Shortest time between two different renders of the same entity with the same template by the same company; failed
    /// and cancelled ones do not count. Zero allows any. Default: 3 min.
    pub cooldown: Duration,
    /// Whether a job that the cooldown would refuse is enqueued and begins when the cooldown ends. Default: no.
    pub when_allowed: bool,
    /// Retries of one job, counted over the whole chain. Default: 3.
    pub max_retries: u32,
    /// Queued jobs of one company. Default: 20,000.
    pub max_queued: u32,
    /// Ties the events of one request together.
    pub correlation_id: String,
}

impl Default for EnqueueRules {
    fn default() -> Self {
        Self {
            cooldown: Duration::from_secs(180),
            when_allowed: false,
            max_retries: 3,
            max_queued: 20_000,
            correlation_id: String::new(),
        }
    }
}

/// The outcome of an enqueue.
#[derive(Clone, Debug, PartialEq)]
pub enum Enqueued {
    /// A new row.
    New(Job),
    /// A row that does the same work: the same key, or active with the same snapshot.
    Existing(Job),
    /// A succeeded job of the same company with an equal video.
    Reused(Job),
}

impl Enqueued {
    /// The job, new or not.
    #[must_use]
    pub fn job(&self) -> &Job {
        match self {
            Self::New(job) | Self::Existing(job) | Self::Reused(job) => job,
        }
    }
}

/// Which jobs to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobFilter {
    /// Only jobs of this status.
    pub status: Option<Status>,
    /// Only jobs of this entity.
    pub entity_id: Option<String>,
    /// Only jobs older than this one (for the next page).
    pub before: Option<JobId>,
    /// Page size, 1 to 500. Default: 50.
    pub limit: u32,
}

impl Default for JobFilter {
    fn default() -> Self {
        Self { status: None, entity_id: None, before: None, limit: 50 }
    }
}

/// The outcome of a cancellation.
#[derive(Clone, Debug, PartialEq)]
pub enum CancelOutcome {
    /// It was queued and is cancelled.
    Cancelled(Job),
    /// It runs; its worker stops within about a second.
    Requested(Job),
    /// It had ended already.
    AlreadyFinal(Job),
    /// The tenant has no such job.
    NotFound,
}

/// A company's credits. Available is balance minus frozen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Credits {
    /// Granted and not yet paid.
    pub balance: i64,
    /// Of these, held for jobs that have not ended.
    pub frozen: i64,
}

impl Credits {
    /// What new jobs may use.
    #[must_use]
    pub const fn available(self) -> i64 {
        self.balance - self.frozen
    }
}

/// A template and its present render version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateVersion {
    /// Name of the template.
    pub template: String,
    /// Changes whenever the picture may: engine version and a hash of the template.
    pub render_version: String,
}

/// A worker's request for jobs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimRequest {
    /// The worker that makes the request.
    pub worker_id: WorkerId,
    /// The spool it can read.
    pub spool_id: String,
    /// Maximum number of jobs in the answer.
    pub max_jobs: u32,
    /// How long a lease lasts without a heartbeat.
    pub lease: Duration,
    /// How long a claim may last, heartbeats or not.
    pub deadline: Duration,
    /// Running jobs that one company may have.
    pub tenant_cap: u32,
}

/// A worker's request for the job whose finished files it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdoptRequest {
    /// Id of the job.
    pub job_id: JobId,
    /// The tenant that owns it.
    pub scope: TenantScope,
    /// The epoch in which the file was made: a running row must have this or a later one.
    pub epoch: LeaseEpoch,
    /// Hash of the snapshot that it shows.
    pub snapshot_hash: String,
    /// The worker that makes the request. A running row must be another worker's.
    pub worker_id: WorkerId,
    /// The spool that the file lies in: a running row must name it. The requesting worker holds the spool,
    /// which proves that the row's worker is dead.
    pub spool_id: String,
    /// Adopting a running job counts as a rescue. After this many rescues the job is left for
    /// [`Maintenance::expire`](super::Maintenance::expire).
    pub max_rescues: u32,
    /// As in [`ClaimRequest`].
    pub lease: Duration,
    /// As in [`ClaimRequest`].
    pub deadline: Duration,
}

/// A job that the requesting worker now holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Claimed {
    /// The row, as claimed.
    pub job: Job,
    /// The right to write to it.
    pub lease: Lease,
    /// How long it waited since it could first have been claimed, by the database's clock.
    pub waited: Duration,
    /// Today in the time zone of the Earth that is last to leave the day (UTC-12): a quote that is valid until yesterday
    /// by this date is over everywhere.
    pub today_last: ::time::Date,
}

/// Whether a write found its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a lost lease means: stop, and remove what was made"]
pub enum Held {
    /// The row changed.
    Yes,
    /// The lease is somebody else's, or the job has ended; nothing changed.
    Lost,
}

/// A finished file waits in a spool: its own worker may take the job again after `retry_in`, others only after
/// `others_in`, since they would have to render.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpoolHold {
    /// Id of the spool.
    pub spool_id: String,
    /// How long other workers leave the job alone.
    pub others_in: Duration,
}

/// A lease to extend, and the progress of its job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldLease {
    /// The lease.
    pub lease: Lease,
    /// Progress in percent, 0 to 100.
    pub progress: u8,
}

/// The answer to a heartbeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeartbeatAnswer {
    /// The lease is extended.
    Held,
    /// A tenant wants it stopped; the lease is still held.
    CancelRequested,
    /// The row is locked by another transaction; the lease is unchanged. Retry.
    Unknown,
    /// The lease is lost: another worker has the job, or it has ended.
    Lost,
}

/// A job that was taken from its worker.
#[derive(Clone, Debug, PartialEq)]
pub struct Expired {
    /// The row, corrected; without its snapshot.
    pub job: Job,
    /// The worker that held it.
    pub worker_id: Option<WorkerId>,
    /// Whether the lease or the deadline had passed.
    pub how: ExpiredHow,
}

/// Why a job was taken from its worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ExpiredHow {
    /// No heartbeat in time.
    Lease,
    /// Heartbeats, but no end.
    Deadline,
}

/// What one round of [`super::Maintenance::expire`] did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expiry {
    /// Jobs that were taken from their workers.
    pub taken: Vec<Expired>,
    /// Jobs that the database does not let move.
    pub stuck: Vec<StuckRow>,
}

/// What one round of [`super::Maintenance::delete_past_retention`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deleted {
    /// Rows that are gone.
    pub rows: u64,
    /// Rows that the database does not let go.
    pub stuck: Vec<StuckRow>,
}

/// A row that maintenance could not change, most likely because it was edited by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StuckRow {
    /// Id of the job.
    pub job_id: JobId,
    /// The database's message.
    pub problem: String,
}

impl StuckRow {
    /// Number of such rows after which one run ends.
    pub(crate) const MAX: usize = 500;
}

impl std::fmt::Display for StuckRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "job {}: {}", self.job_id, self.problem)
    }
}

/// A page of a longer answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// The items of this page.
    pub items: Vec<T>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<JobId>,
}

/// A video that should be in storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredOutput {
    /// Id of the job.
    pub job_id: JobId,
    /// The tenant that owns it.
    pub scope: TenantScope,
    /// Key of the video.
    pub output_key: String,
    /// Its SHA-256, hexadecimal.
    pub output_sha256: String,
    /// Its size in bytes.
    pub output_bytes: u64,
    /// Key of the thumbnail.
    pub thumbnail_key: String,
}

/// The objects that a row refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectUse {
    /// Id of the job.
    pub job_id: JobId,
    /// The tenant that owns it.
    pub scope: TenantScope,
    /// Status of the job.
    pub status: Status,
    /// Objects of this epoch may still be being written, while it runs.
    pub lease_epoch: LeaseEpoch,
    /// Key of the video, where there is one and it has not expired.
    pub output_key: Option<String>,
    /// Key of the thumbnail, likewise.
    pub thumbnail_key: Option<String>,
    /// How long ago the job ended, by the database's clock.
    pub finished_ago: Option<Duration>,
}

/// How long finished jobs and their files are kept; `None` means for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Videos. Default: 90 days.
    pub videos: Option<Duration>,
    /// Rows of succeeded jobs, not shorter than `videos`. Default: 400 days.
    pub succeeded: Option<Duration>,
    /// Rows of failed jobs. Default: 30 days.
    pub failed: Option<Duration>,
    /// Rows of cancelled jobs. Default: 7 days.
    pub cancelled: Option<Duration>,
}

impl Default for Retention {
    fn default() -> Self {
        let days = |days: u64| Some(Duration::from_secs(days * 86_400));
        Self { videos: days(90), succeeded: days(400), failed: days(30), cancelled: days(7) }
    }
}

/// One run of a maintenance task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaintenanceRun {
    /// Name of the task.
    pub task: String,
    /// The worker that ran it.
    pub worker_id: WorkerId,
    /// How long it took.
    pub took: Duration,
    /// Rows or objects it corrected.
    pub corrected: u64,
    /// What went wrong; empty when nothing did.
    pub errors: Vec<String>,
}

/// Figures of the queue.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct QueueStats {
    /// Jobs that wait and may be claimed now.
    pub queued: u64,
    /// Jobs that wait for a time in the future.
    pub delayed: u64,
    /// Jobs that run.
    pub running: u64,
    /// How long the oldest job that may be claimed has waited.
    pub oldest_queued: Option<Duration>,
    /// Running jobs whose lease has passed: work for the reconciler.
    pub expired: u64,
    /// Webhook deliveries that wait.
    pub webhooks_pending: u64,
}

/// Where a company's webhooks go.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookEndpoint {
    /// Address; empty removes the endpoint.
    pub url: String,
    /// Key for signing, 24 to 64 bytes.
    pub secret: Vec<u8>,
}

impl std::fmt::Debug for WebhookEndpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebhookEndpoint").field("url", &self.url).finish_non_exhaustive()
    }
}

/// A delivery that is due.
#[derive(Clone, Debug, PartialEq)]
pub struct WebhookDelivery {
    /// Id, the same over all tries: the receiver's idempotency key.
    pub id: Uuid,
    /// Number of the claim of this delivery; guards the write of its result.
    pub epoch: i64,
    /// The tenant that it is for.
    pub scope: TenantScope,
    /// Where it goes.
    pub endpoint: WebhookEndpoint,
    /// The body, as it will be signed.
    pub payload: String,
    /// Number of tries so far.
    pub attempts: u32,
}

/// The outcome of one try to deliver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WebhookAttempt {
    /// The receiver has taken it.
    Delivered,
    /// Not taken: try again after that time. With the reason.
    Again(Duration, String),
    /// Not taken, and given up. With the reason.
    GivenUp(String),
    /// The receiver wants no more deliveries: the endpoint is disabled.
    Gone,
}

impl Claimed {
    /// The stage to begin with.
    #[must_use]
    pub fn stage(&self) -> Stage {
        self.job.stage
    }
}

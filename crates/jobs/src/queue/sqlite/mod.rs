//! Jobs in one SQLite file: the store for one host, with as many processes on it as there are.
//!
//! WAL, so that readers never wait. One connection of a process writes, and every write begins with BEGIN IMMEDIATE:
//! a transaction that reads first and writes later would fail at once where another process wrote in between, however
//! long the busy timeout is. `synchronous=FULL`: with NORMAL a power cut takes back the last commits, and with them
//! epochs whose objects are in storage already, payments, and jobs that a caller was promised; a job takes seconds, so
//! one fsync a commit is nothing.

mod claim;
mod enqueue;
mod fault;
mod heartbeat;
mod maintenance;
mod outcome;
mod row;
mod schema;
mod tenant;
mod webhook;

use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Sqlite, SqlitePool};
use uuid::Uuid;

use self::fault::failed;
use super::{
    AdoptRequest, CancelOutcome, ClaimRequest, Claimed, Credits, Deleted, EnqueueError, EnqueueRules, Enqueued, Expiry,
    Heartbeat, Held, JobFilter, MaintenanceRun, ObjectUse, Page, QueueStats, Result, Retention, SpoolHold, Store,
    StoreError, StoredOutput, TemplateVersion, WebhookAttempt, WebhookDelivery, WebhookEndpoint,
};
use crate::job::{
    EventKind, EventSource, Failure, Job, JobEvent, JobId, JobOutput, Lease, NewJob, Stage, Status, TenantScope,
};

/// How long a write waits for another process's write. Each takes milliseconds; a quarter of a lease is far more than
/// even a queue of them needs, and leaves time to notice.
const BUSY: Duration = Duration::from_secs(15);

/// Readers of one process.
const READERS: u32 = 4;

/// The database's clock, in milliseconds since 1970.
const NOW: &str = "select cast(round(unixepoch('subsec') * 1000) as integer)";

/// A file of jobs.
#[derive(Debug)]
pub struct SqliteStore {
    writer: SqlitePool,
    readers: SqlitePool,
    options: SqliteConnectOptions,
}

/// An open transaction that writes. Dropped without [`Write::commit`] it is rolled back before the connection is lent
/// again.
struct Write {
    conn: PoolConnection<Sqlite>,
    /// The time of the transaction.
    now: i64,
}

impl Write {
    /// Runs a step that may fail without taking the rest of the transaction along.
    async fn step<T>(&mut self, step: impl AsyncFnOnce(&mut Self) -> Result<T>) -> Result<T> {
        sqlx::query("savepoint step").execute(&mut *self.conn).await.map_err(failed)?;
        let outcome = step(self).await;
        let end = if outcome.is_ok() { "release step" } else { "rollback to step; release step" };
        sqlx::raw_sql(end).execute(&mut *self.conn).await.map_err(failed)?;
        outcome
    }

    async fn commit(mut self) -> Result<()> {
        sqlx::query("commit").execute(&mut *self.conn).await.map_err(failed)?;
        Ok(())
    }
}

/// What an event tells besides its job.
struct Told<'a> {
    kind: EventKind,
    old: Option<Status>,
    source: EventSource,
    correlation: &'a str,
    detail: Value,
}

impl SqliteStore {
    /// Opens `sqlite:PATH`; makes the file where there is none, but not its folder.
    ///
    /// # Errors
    /// [`StoreError::Address`] without a path, or where the file cannot be opened.
    pub async fn connect(url: &str) -> Result<Self> {
        let refused = |reason: String| StoreError::Address { url: url.to_owned(), reason };
        let path = url.strip_prefix("sqlite:").unwrap_or(url);
        let path = path.strip_prefix("//").unwrap_or(path);
        if path.is_empty() || path.starts_with(':') || path.contains('?') {
            return Err(refused("it must be `sqlite:` and the path of a file, without parameters".to_owned()));
        }
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY)
            .disable_statement_logging();
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(2 * BUSY)
            .idle_timeout(None)
            .max_lifetime(None)
            .after_release(|conn, _| {
                Box::pin(async move {
                    // Fails where no transaction is open, which is as it should be. Where one was (an error, or a
                    // caller that went away in the middle), it is rolled back and the connection is good again.
                    let _none_open = sqlx::query("rollback").execute(conn).await;
                    Ok(true)
                })
            });
        let writer = schema::opened(writer, &options).await.map_err(|error| match error {
            sqlx::Error::Database(error) if error.code().as_deref() == Some("14") => {
                refused("the file cannot be opened or made".to_owned())
            }
            error => failed(error),
        })?;
        // The journal's mode is the file's, and the writer has set it: readers may not.
        let reading = SqliteConnectOptions::new()
            .filename(path)
            .foreign_keys(true)
            .busy_timeout(BUSY)
            .pragma("query_only", "on")
            .disable_statement_logging();
        let readers =
            SqlitePoolOptions::new().max_connections(READERS).acquire_timeout(2 * BUSY).connect_lazy_with(reading);
        Ok(Self { writer, readers, options })
    }

    /// Begins to write, as soon as nobody else does.
    async fn begin(&self) -> Result<Write> {
        let mut conn = self.writer.acquire().await.map_err(failed)?;
        sqlx::query("begin immediate").execute(&mut *conn).await.map_err(failed)?;
        let now = sqlx::query_scalar(NOW).fetch_one(&mut *conn).await.map_err(failed)?;
        Ok(Write { conn, now })
    }
}

/// Adds a line to a job's history. `job` is the row after the change.
async fn tell(write: &mut Write, job: &Job, told: Told<'_>) -> Result<()> {
    sqlx::query(
        "insert into video_render_events (job_id, company_id, organization_id, kind, old_status, new_status, source,
             correlation_id, detail, created_at)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )
    .bind(job.id.to_string())
    .bind(job.scope.company_id())
    .bind(job.scope.organization_id())
    .bind(told.kind.as_str())
    .bind(told.old.map(Status::as_str))
    .bind(job.status.as_str())
    .bind(told.source.as_str())
    .bind(told.correlation)
    .bind(told.detail.to_string())
    .bind(write.now)
    .execute(&mut *write.conn)
    .await
    .map_err(failed)?;
    Ok(())
}

/// Ties the events of one claim together.
fn claim_correlation(job: &Job) -> String {
    format!("{}/e{}", job.id, job.lease_epoch)
}

/// The longest span the store counts with: 100 years, so that no sum overflows.
const MAX_SPAN_MS: i64 = 100 * 365 * 86_400_000;

/// A span in milliseconds.
fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(MAX_SPAN_MS).min(MAX_SPAN_MS)
}

/// A span between two times of the database; none where the clock was set back in between.
fn span(ms: i64) -> Duration {
    Duration::from_millis(u64::try_from(ms).unwrap_or(0))
}

#[async_trait]
impl Store for SqliteStore {
    async fn migrate(&self) -> Result<Vec<String>> {
        schema::migrate(&self.options).await
    }

    async fn ping(&self) -> Result<()> {
        schema::check(&self.readers).await
    }

    async fn register_templates(&self, versions: &[TemplateVersion]) -> Result<()> {
        self.register_versions(versions).await
    }

    async fn enqueue(&self, scope: &TenantScope, job: &NewJob, rules: &EnqueueRules) -> Result<Enqueued, EnqueueError> {
        self.enqueue_new(scope, job, rules).await
    }

    async fn job(&self, scope: &TenantScope, id: JobId) -> Result<Option<Job>> {
        self.find(scope, id).await
    }

    async fn jobs(&self, scope: &TenantScope, filter: &JobFilter) -> Result<Vec<Job>> {
        self.list(scope, filter).await
    }

    async fn events(&self, scope: &TenantScope, id: JobId) -> Result<Option<Vec<JobEvent>>> {
        self.history(scope, id).await
    }

    async fn request_cancel(&self, scope: &TenantScope, id: JobId) -> Result<CancelOutcome> {
        self.cancel(scope, id).await
    }

    async fn retry(&self, scope: &TenantScope, id: JobId, rules: &EnqueueRules) -> Result<Enqueued, EnqueueError> {
        self.enqueue_again(scope, id, rules).await
    }

    async fn credits(&self, scope: &TenantScope) -> Result<Option<Credits>> {
        self.read_credits(scope).await
    }

    async fn grant_credits(&self, scope: &TenantScope, amount: i64, reference: &str) -> Result<Credits> {
        self.grant(scope, amount, reference).await
    }

    async fn claim(&self, request: &ClaimRequest) -> Result<Vec<Claimed>> {
        self.claim_next(request).await
    }

    async fn adopt(&self, request: &AdoptRequest) -> Result<Option<Claimed>> {
        self.adopt_file(request).await
    }

    async fn heartbeat(&self) -> Result<Box<dyn Heartbeat>> {
        heartbeat::open(&self.options).await
    }

    async fn begin_stage(&self, lease: &Lease, stage: Stage) -> Result<Held> {
        self.enter(lease, stage).await
    }

    async fn count_upload(&self, lease: &Lease) -> Result<Held> {
        self.one_more_upload(lease).await
    }

    async fn succeed(&self, lease: &Lease, output: &JobOutput) -> Result<Held> {
        self.end_well(lease, output).await
    }

    async fn fail(&self, lease: &Lease, failure: &Failure, message: &str) -> Result<Held> {
        self.end_badly(lease, failure, message).await
    }

    async fn retry_later(
        &self,
        lease: &Lease,
        failure: &Failure,
        pause: Duration,
        hold: Option<&SpoolHold>,
    ) -> Result<Held> {
        let detail = outcome::verdict(failure);
        self.queue_again(lease, outcome::Back { detail, pause, hold, failure: Some(failure.code), attempts_back: 0 })
            .await
    }

    async fn release(&self, lease: &Lease, reason: &str, pause: Duration, hold: Option<&SpoolHold>) -> Result<Held> {
        tracing::debug!(jobId = %lease.job_id, reason, "a job goes back to the queue");
        let detail = serde_json::json!({ "reason": "released" });
        self.queue_again(lease, outcome::Back { detail, pause, hold, failure: None, attempts_back: 1 }).await
    }

    async fn stopped(&self, lease: &Lease) -> Result<Held> {
        self.end_stopped(lease).await
    }

    async fn expire(&self, limit: u32, max_rescues: u32) -> Result<Expiry> {
        self.expire_leases(limit, max_rescues).await
    }

    async fn outputs(&self, after: Option<JobId>, min_age: Duration, limit: u32) -> Result<Page<StoredOutput>> {
        self.stored_outputs(after, min_age, limit).await
    }

    async fn output_lost(&self, scope: &TenantScope, id: JobId, output_key: &str) -> Result<bool> {
        self.lose_output(scope, id, output_key).await
    }

    async fn objects_in_use(&self, ids: &[JobId]) -> Result<Vec<ObjectUse>> {
        self.object_uses(ids).await
    }

    async fn outputs_past_retention(&self, retention: &Retention, limit: u32) -> Result<Vec<StoredOutput>> {
        self.old_outputs(retention, limit).await
    }

    async fn output_expired(&self, scope: &TenantScope, id: JobId) -> Result<bool> {
        self.expire_output(scope, id).await
    }

    async fn delete_past_retention(&self, retention: &Retention, limit: u32) -> Result<Deleted> {
        self.delete_old(retention, limit).await
    }

    async fn recount(&self) -> Result<u64> {
        self.recount_lanes().await
    }

    async fn take_duty(&self, duty: &str, every: Duration) -> Result<bool> {
        self.take(duty, every).await
    }

    async fn record_run(&self, run: &MaintenanceRun) -> Result<()> {
        self.write_run(run).await
    }

    async fn stats(&self) -> Result<QueueStats> {
        self.count().await
    }

    async fn set_webhook(&self, scope: &TenantScope, endpoint: &WebhookEndpoint) -> Result<()> {
        self.set_endpoint(scope, endpoint).await
    }

    async fn claim_webhooks(&self, limit: u32, lease: Duration) -> Result<Vec<WebhookDelivery>> {
        self.claim_deliveries(limit, lease).await
    }

    async fn webhook_attempted(&self, id: Uuid, epoch: i64, attempt: &WebhookAttempt) -> Result<Held> {
        self.write_attempt(id, epoch, attempt).await
    }
}

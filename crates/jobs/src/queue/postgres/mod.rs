//! The rows in PostgreSQL: every statement of this database. The schema stands in `migrations/postgres`; what must hold
//! whoever writes (lanes, credits, outbox) is done there by triggers, and enqueueing is a SQL function, so that a backend
//! can enqueue in the transaction in which it writes its quote.

mod heartbeat;
mod lease;
mod maintenance;
mod migration;
mod row;
mod session;
mod tenant;
mod webhook;

use std::time::Duration;

use async_trait::async_trait;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use uuid::Uuid;

use self::session::{Session, is_alive, store_error, transaction};
use super::connect::without_password;
use super::{
    AdoptRequest, CancelOutcome, ClaimRequest, Claimed, Credits, Deleted, EnqueueError, EnqueueRules, Enqueued, Expiry,
    Heartbeat, Held, JobFilter, MaintenanceRun, ObjectUse, Page, QueueStats, Result, Retention, SpoolHold, Store,
    StoreError, StoredOutput, TemplateVersion, WebhookAttempt, WebhookDelivery, WebhookEndpoint,
};
use crate::job::{Failure, Job, JobEvent, JobId, JobOutput, Lease, NewJob, Stage, TenantScope};

/// How a store uses its server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostgresOptions {
    /// Connections at most, besides one for heartbeats and one while migrations run. Default: 8.
    pub max_connections: u32,
    /// How long a call waits for one of them, 1 s or more. Default: 5 s.
    pub acquire_timeout: Duration,
    /// How long one try of a call may take, waiting included; well below the lease, and above the 9 s after which the
    /// server itself ends a statement. Default: 15 s.
    pub call_timeout: Duration,
    /// What the server's list of connections shows. Default: `quotereel`.
    pub application_name: String,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self {
            max_connections: 8,
            acquire_timeout: Duration::from_secs(5),
            call_timeout: Duration::from_secs(15),
            application_name: "quotereel".to_owned(),
        }
    }
}

/// A PostgreSQL database of jobs.
#[derive(Clone, Debug)]
pub struct PostgresStore {
    pool: PgPool,
    options: PgConnectOptions,
    call_timeout: Duration,
}

impl PostgresStore {
    /// Connects to `postgres://user:password@host:port/database`; the schema may still be missing.
    ///
    /// # Errors
    /// [`StoreError::Address`] for an address that cannot be one, a database that does not exist or a login that is
    /// refused; [`StoreError::Unavailable`] where no server answers.
    pub async fn connect(url: &str, options: PostgresOptions) -> Result<Self> {
        let address = |reason: String| StoreError::Address { url: without_password(url), reason };
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(address("it does not begin with postgres://".to_owned()));
        }
        let connect: PgConnectOptions = url.parse().map_err(|error: sqlx::Error| address(error.to_string()))?;
        let connect = connect.application_name(&options.application_name);
        let pool = PgPoolOptions::new()
            .max_connections(options.max_connections.max(1))
            .acquire_timeout(options.acquire_timeout)
            // Few idle connections: each may be half-open, and costs a second to find out.
            .idle_timeout(Duration::from_secs(60))
            .max_lifetime(Duration::from_secs(1800))
            .test_before_acquire(false)
            .before_acquire(|connection, about| Box::pin(async move { Ok(is_alive(connection, about.idle_for).await) }))
            .connect_lazy_with(connect.clone());
        let store = Self { pool, options: connect, call_timeout: options.call_timeout };
        match store.pool.acquire().await {
            Ok(_) => Ok(store),
            Err(sqlx::Error::Database(error))
                if error.code().is_some_and(|code| code.starts_with("28") || code == "3D000") =>
            {
                Err(address(error.message().to_owned()))
            }
            Err(error) => Err(store_error(error)),
        }
    }

    /// Closes all connections, once those who use them are done.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn migrate(&self) -> Result<Vec<String>> {
        migration::migrate(&self.options).await
    }

    async fn ping(&self) -> Result<()> {
        let found: i64 = transaction!(self, {
            let mut session = Session::worker(&self.pool).await?;
            let found = migration::found(&mut session).await?;
            session.commit().await?;
            Ok(found)
        })?;
        migration::expect_newest(found)
    }

    async fn register_templates(&self, versions: &[TemplateVersion]) -> Result<()> {
        maintenance::register_templates(self, versions).await
    }

    async fn enqueue(&self, scope: &TenantScope, job: &NewJob, rules: &EnqueueRules) -> Result<Enqueued, EnqueueError> {
        tenant::enqueue(self, scope, job, rules).await
    }

    async fn job(&self, scope: &TenantScope, id: JobId) -> Result<Option<Job>> {
        tenant::job(self, scope, id).await
    }

    async fn jobs(&self, scope: &TenantScope, filter: &JobFilter) -> Result<Vec<Job>> {
        tenant::jobs(self, scope, filter).await
    }

    async fn events(&self, scope: &TenantScope, id: JobId) -> Result<Option<Vec<JobEvent>>> {
        tenant::events(self, scope, id).await
    }

    async fn request_cancel(&self, scope: &TenantScope, id: JobId) -> Result<CancelOutcome> {
        tenant::request_cancel(self, scope, id).await
    }

    async fn retry(&self, scope: &TenantScope, id: JobId, rules: &EnqueueRules) -> Result<Enqueued, EnqueueError> {
        tenant::retry(self, scope, id, rules).await
    }

    async fn credits(&self, scope: &TenantScope) -> Result<Option<Credits>> {
        tenant::credits(self, scope).await
    }

    async fn grant_credits(&self, scope: &TenantScope, amount: i64, reference: &str) -> Result<Credits> {
        tenant::grant(self, scope, amount, reference).await
    }

    async fn claim(&self, request: &ClaimRequest) -> Result<Vec<Claimed>> {
        lease::claim(self, request).await
    }

    async fn adopt(&self, request: &AdoptRequest) -> Result<Option<Claimed>> {
        lease::adopt(self, request).await
    }

    async fn heartbeat(&self) -> Result<Box<dyn Heartbeat>> {
        Ok(Box::new(heartbeat::PostgresHeartbeat::new(self.options.clone())))
    }

    async fn begin_stage(&self, lease: &Lease, stage: Stage) -> Result<Held> {
        lease::begin_stage(self, lease, stage).await
    }

    async fn count_upload(&self, lease: &Lease) -> Result<Held> {
        lease::count_upload(self, lease).await
    }

    async fn succeed(&self, lease: &Lease, output: &JobOutput) -> Result<Held> {
        lease::succeed(self, lease, output).await
    }

    async fn fail(&self, lease: &Lease, failure: &Failure, message: &str) -> Result<Held> {
        lease::fail(self, lease, failure, message).await
    }

    async fn retry_later(
        &self,
        lease: &Lease,
        failure: &Failure,
        pause: Duration,
        hold: Option<&SpoolHold>,
    ) -> Result<Held> {
        lease::retry_later(self, lease, failure, pause, hold).await
    }

    async fn release(&self, lease: &Lease, reason: &str, pause: Duration, hold: Option<&SpoolHold>) -> Result<Held> {
        tracing::debug!(jobId = %lease.job_id, reason, "a job goes back to the queue");
        lease::release(self, lease, pause, hold).await
    }

    async fn stopped(&self, lease: &Lease) -> Result<Held> {
        lease::stopped(self, lease).await
    }

    async fn expire(&self, limit: u32, max_rescues: u32) -> Result<Expiry> {
        maintenance::expire(self, limit, max_rescues).await
    }

    async fn outputs(&self, after: Option<JobId>, min_age: Duration, limit: u32) -> Result<Page<StoredOutput>> {
        maintenance::outputs(self, after, min_age, limit).await
    }

    async fn output_lost(&self, scope: &TenantScope, id: JobId, output_key: &str) -> Result<bool> {
        maintenance::output_lost(self, scope, id, output_key).await
    }

    async fn objects_in_use(&self, ids: &[JobId]) -> Result<Vec<ObjectUse>> {
        maintenance::objects_in_use(self, ids).await
    }

    async fn outputs_past_retention(&self, retention: &Retention, limit: u32) -> Result<Vec<StoredOutput>> {
        maintenance::outputs_past_retention(self, retention, limit).await
    }

    async fn output_expired(&self, scope: &TenantScope, id: JobId) -> Result<bool> {
        maintenance::output_expired(self, scope, id).await
    }

    async fn delete_past_retention(&self, retention: &Retention, limit: u32) -> Result<Deleted> {
        maintenance::delete_past_retention(self, retention, limit).await
    }

    async fn recount(&self) -> Result<u64> {
        maintenance::recount(self).await
    }

    async fn take_duty(&self, duty: &str, every: Duration) -> Result<bool> {
        maintenance::take_duty(self, duty, every).await
    }

    async fn record_run(&self, run: &MaintenanceRun) -> Result<()> {
        maintenance::record_run(self, run).await
    }

    async fn stats(&self) -> Result<QueueStats> {
        maintenance::stats(self).await
    }

    async fn set_webhook(&self, scope: &TenantScope, endpoint: &WebhookEndpoint) -> Result<()> {
        webhook::set(self, scope, endpoint).await
    }

    async fn claim_webhooks(&self, limit: u32, lease: Duration) -> Result<Vec<WebhookDelivery>> {
        webhook::claim(self, limit, lease).await
    }

    async fn webhook_attempted(&self, id: Uuid, epoch: i64, attempt: &WebhookAttempt) -> Result<Held> {
        webhook::attempted(self, id, epoch, attempt).await
    }
}

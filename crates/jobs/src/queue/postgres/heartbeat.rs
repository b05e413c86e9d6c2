//! Heartbeats on a connection of their own: no pool that is used up, no claim that waits can keep them back.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Executor, Row};
use uuid::Uuid;

use super::fault::database_error;
use super::row::interval;
use crate::queue::error::{QueueError, Result};
use crate::queue::roles::HeartbeatConnection;
use crate::queue::types::{HeartbeatAnswer, HeldLease};

/// One try, connecting included: two of them stay far below a lease, of 60 s or more.
const LIMIT: Duration = Duration::from_secs(6);

const BEGIN: &str = "begin; set local role quotereel_worker; set local statement_timeout = '4s'; \
     set local lock_timeout = '4s'; set local idle_in_transaction_session_timeout = '10s'";

/// Waits for no row: one that somebody holds must not let the leases of all others pass; it is answered as unknown. The
/// lock is the one of an update that touches no key, beside which events are still written. Touches no indexed column
/// either: the new version of the row stays on its page. A trigger carries cancel requests over to the rows.
const EXTEND: &str = "with beats as (
       select * from unnest($1::uuid[], $2::text[], $3::bigint[], $4::int[])
         with ordinality as beat (id, company_id, epoch, progress, position)
     ), held as materialized (
       select job.id, beats.position, beats.progress
       from beats join video_render_jobs job on job.id = beats.id
       where job.company_id = beats.company_id and job.status = 'running' and job.lease_epoch = beats.epoch
       for no key update of job skip locked
     ), beaten as (
       update video_render_jobs job
       set lease_expires_at = now() + $5, progress = greatest(job.progress, held.progress), updated_at = now()
       from held where job.id = held.id
       returning held.position, job.cancel_requested_at is not null as cancel_requested
     )
     select beats.position, beaten.cancel_requested
     from beats join video_render_jobs job on job.id = beats.id left join beaten on beaten.position = beats.position
     where beaten.position is not null
       or (job.company_id = beats.company_id and job.status = 'running' and job.lease_epoch = beats.epoch)";

/// Takes no lock and writes nothing.
const LOOK: &str = "select position, job.cancel_requested_at is not null
         or exists (select from video_render_cancel_requests request where request.job_id = job.id) as cancel_requested
     from unnest($1::uuid[], $2::text[], $3::bigint[])
       with ordinality as held (id, company_id, epoch, position)
     join video_render_jobs job on job.id = held.id
     where job.company_id = held.company_id and job.status = 'running' and job.lease_epoch = held.epoch";

#[derive(Debug)]
pub(super) struct PostgresHeartbeat {
    options: PgConnectOptions,
    connection: Option<PgConnection>,
}

impl PostgresHeartbeat {
    pub(super) const fn new(options: PgConnectOptions) -> Self {
        Self { options, connection: None }
    }

    /// Extends the leases by `lease`, or looks at them.
    async fn attempt(&mut self, leases: &[HeldLease], lease: Option<Duration>) -> Result<Vec<HeartbeatAnswer>> {
        // The connection comes back only after a whole transaction; whatever breaks off closes it.
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.options.connect().await.map_err(database_error)?,
        };
        let ids: Vec<Uuid> = leases.iter().map(|held| held.lease.job_id.0).collect();
        let companies: Vec<&str> = leases.iter().map(|held| held.lease.scope.company_id()).collect();
        let epochs: Vec<i64> = leases.iter().map(|held| held.lease.epoch.0).collect();
        let progress: Vec<i32> = leases.iter().map(|held| i32::from(held.progress.min(100))).collect();
        connection.execute(sqlx::raw_sql(BEGIN)).await.map_err(database_error)?;
        // Without a name, as everywhere: see `unnamed`.
        let statement = sqlx::query(if lease.is_some() { EXTEND } else { LOOK }).persistent(false);
        let held = statement.bind(ids).bind(companies).bind(epochs);
        let query = match lease {
            Some(lease) => held.bind(progress).bind(interval(lease)),
            None => held,
        };
        let rows = query.fetch_all(&mut connection).await.map_err(database_error)?;
        connection.execute(sqlx::raw_sql("commit")).await.map_err(database_error)?;
        self.connection = Some(connection);

        let mut answers = vec![HeartbeatAnswer::Lost; leases.len()];
        for row in rows {
            let position: i64 = row.try_get("position").map_err(database_error)?;
            let cancel: Option<bool> = row.try_get("cancel_requested").map_err(database_error)?;
            let answer = usize::try_from(position - 1).ok().and_then(|position| answers.get_mut(position));
            if let Some(answer) = answer {
                *answer = match cancel {
                    Some(true) => HeartbeatAnswer::CancelRequested,
                    Some(false) => HeartbeatAnswer::Held,
                    None => HeartbeatAnswer::Unknown,
                };
            }
        }
        Ok(answers)
    }
}

#[async_trait]
impl HeartbeatConnection for PostgresHeartbeat {
    async fn extend(&mut self, leases: &[HeldLease], lease: Duration) -> Result<Vec<HeartbeatAnswer>> {
        self.ask(leases, Some(lease)).await
    }

    async fn look(&mut self, leases: &[HeldLease]) -> Result<Vec<HeartbeatAnswer>> {
        self.ask(leases, None).await
    }
}

impl PostgresHeartbeat {
    async fn ask(&mut self, leases: &[HeldLease], lease: Option<Duration>) -> Result<Vec<HeartbeatAnswer>> {
        if leases.is_empty() {
            return Ok(Vec::new());
        }
        // A heartbeat may be repeated whatever became of the last one. The connection may have died since: once more on a
        // new one.
        let had_connection = self.connection.is_some();
        let mut outcome = Ok(Vec::new());
        for _ in 0..=u8::from(had_connection) {
            outcome = tokio::time::timeout(LIMIT, self.attempt(leases, lease))
                .await
                .unwrap_or_else(|overdue| Err(QueueError::Unavailable(Box::new(overdue))));
            if !outcome.as_ref().is_err_and(QueueError::is_transient) {
                break;
            }
        }
        outcome
    }
}

//! What workers write: they take jobs, and whoever holds a lease moves its job. Each statement that needs a lease has
//! the whole guard in its WHERE; no row means that the lease is lost.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Executor, Postgres, Row};

use super::PostgresDatabase;
use super::fault::Fault;
use super::heartbeat::PostgresHeartbeat;
use super::row::{self, bigint, int, interval, span};
use super::session::{Session, transaction};
use super::unnamed::literal;
use crate::job::{Failure, FailureCode, JobOutput, Lease, Stage};
use crate::queue::error::Result;
use crate::queue::roles::{HeartbeatConnection, Queue};
use crate::queue::types::{AdoptRequest, ClaimRequest, Claimed, Held, SpoolHold, TemplateVersion};

/// The guard of [`Lease`]: the first four parameters of every statement here.
macro_rules! held {
    () => {
        "id = $1 and company_id = $2 and ($3::text is null or organization_id = $3) \
         and status = 'running' and lease_epoch = $4"
    };
}

/// A guarded update that ends the lease, and its event; `$5` is what the event says besides epoch and attempt. Tenants read
/// it, so it has only codes and fixed words.
macro_rules! moved {
    ($kind:literal, $set:literal) => {
        concat!(
            "with moved as (update video_render_jobs set lease_expires_at = null, worker_id = null, \
               deadline_at = null, updated_at = now(), ",
            $set,
            " where ",
            held!(),
            " returning *), event as (insert into video_render_events (job_id, company_id, organization_id, kind, \
               old_status, new_status, source, correlation_id, detail) \
             select id, company_id, organization_id, ",
            $kind,
            ", 'running', status, 'worker', id || '/e' || lease_epoch, \
               jsonb_build_object('epoch', lease_epoch, 'attempt', attempts) || $5 from moved) select id from moved"
        )
    };
}

/// The parameters of [`held!`].
fn guarded<'q>(sql: &'static str, lease: &'q Lease) -> Query<'q, Postgres, PgArguments> {
    sqlx::query(sql)
        .bind(lease.job_id.0)
        .bind(lease.scope.company_id())
        .bind(lease.scope.organization_id())
        .bind(lease.epoch.0)
}

/// One guarded statement as a transaction.
macro_rules! write {
    ($database:expr, $query:expr) => {
        transaction!($database, {
            let mut session = Session::worker(&$database.pool).await?;
            let row = $query.fetch_optional(&mut *session).await?;
            session.commit().await?;
            Ok(if row.is_some() { Held::Yes } else { Held::Lost })
        })
    };
}

fn claimed(row: &PgRow) -> Result<Claimed, Fault> {
    let job = row::job(row)?;
    let lease = Lease { job_id: job.id, scope: job.scope.clone(), epoch: job.lease_epoch };
    Ok(Claimed { job, lease, waited: span(row.try_get("waited_s")?), today_last: row.try_get("today_last")? })
}

/// What an event says about a failure.
fn verdict(failure: &Failure) -> Value {
    json!({ "errorClass": failure.code.class(), "errorCode": failure.code.as_str() })
}

/// How a job returns to the queue.
struct Requeue<'a> {
    detail: Value,
    /// Whether the attempt counts.
    counts: bool,
    /// What the row says of the last try; what it said before where this one did not fail.
    failure: Option<FailureCode>,
    pause: Duration,
    hold: Option<&'a SpoolHold>,
}

async fn requeue(database: &PostgresDatabase, lease: &Lease, back: &Requeue<'_>) -> Result<Held> {
    // With a cancel request the job ends instead. The stage is upload only where a finished file waits for it.
    const SQL: &str = moved!(
        "case status when 'queued' then 'VIDEO_RENDER_RETRIED' else 'VIDEO_RENDER_CANCELLED' end",
        "status = case when cancel_requested_at is null then 'queued' else 'cancelled' end, \
         finished_at = case when cancel_requested_at is null then null else now() end, \
         stage = case when cancel_requested_at is not null then stage when $8::text is null then 'render' \
                      else 'upload' end, \
         progress = case when $8::text is null and cancel_requested_at is null then 0 else progress end, \
         attempts = case when cancel_requested_at is null then greatest(0, attempts - $6) else attempts end, \
         run_after = case when cancel_requested_at is null then now() + greatest($7, $9) else run_after end, \
         spool_id = case when cancel_requested_at is null then $8 end, \
         spool_retry_at = case when cancel_requested_at is null and $8::text is not null then now() + $7 end, \
         error_class = case when cancel_requested_at is null then coalesce($10, error_class) end, \
         error_code = case when cancel_requested_at is null then coalesce($11, error_code) end"
    );
    write!(
        database,
        guarded(SQL, lease)
            .bind(&back.detail)
            .bind(i32::from(!back.counts))
            .bind(interval(back.pause))
            .bind(back.hold.map(|hold| hold.spool_id.as_str()))
            .bind(interval(back.hold.map_or(Duration::ZERO, |hold| hold.others_in)))
            .bind(back.failure.map(|code| code.class().as_str()))
            .bind(back.failure.map(FailureCode::as_str))
    )
}

impl PostgresDatabase {
    /// Adds to the lanes what was enqueued and what ended. A transaction of its own, so that it holds no lane while the
    /// claim looks for one.
    async fn fold_lanes(&self) -> Result<()> {
        transaction!(self, {
            let mut session = Session::single(&self.pool).await?;
            session.execute(sqlx::raw_sql("select fold_video_render_lanes()")).await.map_err(Fault::of_single)?;
            session.done();
            Ok(())
        })
    }
}

#[async_trait]
impl Queue for PostgresDatabase {
    async fn register_templates(&self, versions: &[TemplateVersion]) -> Result<()> {
        // In one order, so that two workers that start at once cannot wait for each other.
        let mut versions: Vec<_> = versions.iter().collect();
        versions.sort_by(|a, b| a.template.cmp(&b.template));
        transaction!(self, {
            let mut session = Session::worker(&self.pool).await?;
            for version in &versions {
                sqlx::query(
                    "insert into video_render_templates as known (template, render_version) values ($1, $2)
                     on conflict (template) do update set render_version = excluded.render_version, updated_at = now()
                     where known.render_version <> excluded.render_version",
                )
                .bind(&version.template)
                .bind(&version.render_version)
                .execute(&mut *session)
                .await?;
            }
            session.commit().await
        })
    }

    async fn claim(&self, request: &ClaimRequest) -> Result<Vec<Claimed>> {
        self.fold_lanes().await?;
        transaction!(self, {
            let mut session = Session::single(&self.pool).await?;
            // One simple query: a whole claim takes one way to the server and back, behind a pooler too.
            let claim = format!(
                "select job.*, extract(epoch from now() - greatest(job.run_after, job.created_at))::float8 as waited_s,
                   (now() at time zone 'utc' - interval '12 hours')::date as today_last
                 from claim_video_renders({}, {}, {}, '{} us', '{} us', {}) job",
                literal(&request.worker_id.0),
                literal(&request.spool_id),
                int(request.max_jobs),
                interval(request.lease).microseconds,
                interval(request.deadline).microseconds,
                request.tenant_cap
            );
            let rows = session.fetch_all(sqlx::raw_sql(AssertSqlSafe(claim))).await.map_err(Fault::of_single)?;
            session.done();
            // The rows are claimed. One that cannot be read is left to its lease; it must not take the others along.
            let readable = rows.iter().filter_map(|row| {
                claimed(row)
                    .inspect_err(
                        |fault| tracing::error!(event = "ERROR", error = %fault.error, "a claimed row cannot be read"),
                    )
                    .ok()
            });
            Ok(readable.collect())
        })
    }

    async fn adopt(&self, request: &AdoptRequest) -> Result<Option<Claimed>> {
        transaction!(self, {
            let mut session = Session::worker(&self.pool).await?;
            let row = sqlx::query(
                "with before as materialized (
                   select id, status as old_status from video_render_jobs
                   where id = $1 and company_id = $2 and ($3::text is null or organization_id = $3)
                     and snapshot_hash = $5 and cancel_requested_at is null
                     and not exists (select from video_render_cancel_requests request where request.job_id = $1)
                     and (status = 'queued' or (status = 'running' and lease_epoch >= $4 and spool_id = $6
                                                and worker_id <> $7 and rescue_count < $10))
                   for no key update
                 ), moved as (
                   update video_render_jobs job
                   set status = 'running', stage = 'upload', lease_epoch = job.lease_epoch + 1,
                       lease_expires_at = now() + $8, deadline_at = now() + $9, worker_id = $7, spool_id = $6,
                       spool_retry_at = null, attempts = job.attempts + (before.old_status = 'queued')::int,
                       rescue_count = job.rescue_count + (before.old_status = 'running')::int,
                       started_at = coalesce(job.started_at, now()), updated_at = now()
                   from before where job.id = before.id
                   returning job.*, before.old_status
                 ), event as (
                   insert into video_render_events (job_id, company_id, organization_id, kind, old_status, new_status,
                     source, correlation_id, detail)
                   select id, company_id, organization_id, 'VIDEO_RENDER_STARTED', old_status, status, 'worker',
                     id || '/e' || lease_epoch,
                     jsonb_build_object('epoch', lease_epoch, 'attempt', attempts, 'stage', stage, 'adopted', $4::bigint) from moved
                 )
                 select moved.*,
                   case when old_status = 'queued'
                     then extract(epoch from now() - greatest(run_after, created_at))::float8 else 0 end as waited_s,
                   (now() at time zone 'utc' - interval '12 hours')::date as today_last
                 from moved",
            )
            .bind(request.job_id.0)
            .bind(request.scope.company_id())
            .bind(request.scope.organization_id())
            .bind(request.epoch.0)
            .bind(&request.snapshot_hash)
            .bind(&request.spool_id)
            .bind(&request.worker_id.0)
            .bind(interval(request.lease))
            .bind(interval(request.deadline))
            .bind(int(request.max_rescues))
            .fetch_optional(&mut *session)
            .await?;
            session.commit().await?;
            row.as_ref().map(claimed).transpose()
        })
    }

    async fn heartbeat(&self) -> Result<Box<dyn HeartbeatConnection>> {
        Ok(Box::new(PostgresHeartbeat::new(self.options.clone())))
    }

    async fn begin_stage(&self, lease: &Lease, stage: Stage) -> Result<Held> {
        const SQL: &str = concat!(
            "update video_render_jobs set stage = $5, updated_at = now(), \
               render_attempts = render_attempts + ($5 = 'render')::int, \
               upload_attempts = upload_attempts + ($5 = 'upload')::int where ",
            held!(),
            " returning id"
        );
        write!(self, guarded(SQL, lease).bind(stage.as_str()))
    }

    async fn count_upload(&self, lease: &Lease) -> Result<Held> {
        const SQL: &str = concat!(
            "update video_render_jobs set upload_attempts = upload_attempts + 1, updated_at = now() where ",
            held!(),
            " returning id"
        );
        write!(self, guarded(SQL, lease))
    }

    async fn succeed(&self, lease: &Lease, output: &JobOutput) -> Result<Held> {
        const SQL: &str = moved!(
            "'VIDEO_RENDER_SUCCEEDED'",
            "status = 'succeeded', stage = 'finalize', progress = 100, finished_at = now(), spool_id = null, \
             error_class = null, error_code = null, \
             output_key = $6, output_sha256 = $7, output_bytes = $8, output_duration_ms = $9, thumbnail_key = $10, \
             render_version = $11"
        );
        write!(
            self,
            guarded(SQL, lease)
                .bind(json!({}))
                .bind(&output.output_key)
                .bind(&output.output_sha256)
                .bind(bigint(output.output_bytes))
                .bind(bigint(output.output_duration_ms))
                .bind(&output.thumbnail_key)
                .bind(&output.render_version)
        )
    }

    async fn fail(&self, lease: &Lease, failure: &Failure, message: &str) -> Result<Held> {
        const SQL: &str = moved!(
            "'VIDEO_RENDER_FAILED'",
            "status = 'failed', finished_at = now(), spool_id = null, error_class = $6, error_code = $7, \
             error_message = $8"
        );
        write!(
            self,
            guarded(SQL, lease)
                .bind(verdict(failure))
                .bind(failure.code.class().as_str())
                .bind(failure.code.as_str())
                .bind(message)
        )
    }

    async fn retry_later(
        &self,
        lease: &Lease,
        failure: &Failure,
        pause: Duration,
        hold: Option<&SpoolHold>,
    ) -> Result<Held> {
        let back = Requeue { detail: verdict(failure), counts: true, failure: Some(failure.code), pause, hold };
        requeue(self, lease, &back).await
    }

    async fn release(&self, lease: &Lease, reason: &str, pause: Duration, hold: Option<&SpoolHold>) -> Result<Held> {
        tracing::debug!(jobId = %lease.job_id, reason, "a job goes back to the queue");
        let detail = json!({ "reason": "released" });
        requeue(self, lease, &Requeue { detail, counts: false, failure: None, pause, hold }).await
    }

    async fn stopped(&self, lease: &Lease) -> Result<Held> {
        const SQL: &str = moved!(
            "'VIDEO_RENDER_CANCELLED'",
            "status = 'cancelled', finished_at = now(), spool_id = null, error_class = null, error_code = null, \
             cancel_requested_at = coalesce(cancel_requested_at, now())"
        );
        write!(self, guarded(SQL, lease).bind(json!({})))
    }
}

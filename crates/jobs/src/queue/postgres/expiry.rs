//! Takes one job from a worker whose lease or deadline has passed.

use serde_json::json;
use sqlx::Row;

use super::PostgresDatabase;
use super::row::{self, without_input};
use super::session::{Session, transaction};
use crate::job::{Event, Facts, FailureCode, JobId, Language, Status, WorkerId};
use crate::queue::error::Result;
use crate::queue::types::{Expired, ExpiredHow};

/// Ends the queued jobs whose cancel request came while a worker gave them back, which saw none; and removes requests that
/// came too late.
pub(super) async fn end_asked(database: &PostgresDatabase, limit: u32) -> Result<()> {
    transaction!(database, {
        let mut session = Session::worker(&database.pool).await?;
        sqlx::query(
            "with asked as materialized (
               select job.id, request.requested_at, request.correlation_id
               from video_render_cancel_requests request join video_render_jobs job on job.id = request.job_id
               where job.status = 'queued' limit $1 for no key update of job skip locked
             ), moved as (
               update video_render_jobs job
               set status = 'cancelled', cancel_requested_at = asked.requested_at, finished_at = now(), spool_id = null,
                   spool_retry_at = null, error_class = null, error_code = null, updated_at = now()
               from asked where job.id = asked.id
               returning job.id, job.company_id, job.organization_id, asked.correlation_id
             )
             insert into video_render_events (job_id, company_id, organization_id, kind, old_status, new_status, source,
               correlation_id)
             select id, company_id, organization_id, 'VIDEO_RENDER_CANCELLED', 'queued', 'cancelled', 'tenant',
               correlation_id from moved",
        )
        .bind(i64::from(limit))
        .execute(&mut *session)
        .await?;
        sqlx::query(
            "delete from video_render_cancel_requests request using video_render_jobs job
             where job.id = request.job_id and job.status not in ('queued', 'running')",
        )
        .execute(&mut *session)
        .await?;
        session.commit().await
    })
}

/// `None` where somebody else was quicker, its worker above all.
pub(super) async fn expire_one(database: &PostgresDatabase, id: JobId, max_rescues: u32) -> Result<Option<Expired>> {
    transaction!(database, {
        let mut session = Session::worker(&database.pool).await?;
        let found = sqlx::query(
            "select worker_id, rescue_count,
               cancel_requested_at is not null
                 or exists (select from video_render_cancel_requests request where request.job_id = id) as cancel_requested,
               lease_expires_at < now() as lapsed, stage <> 'render' and spool_id is not null as held, input_json ->> 'locale' as locale
             from video_render_jobs
             where id = $1 and status = 'running' and (lease_expires_at < now() or deadline_at < now())
             for no key update skip locked",
        )
        .bind(id.0)
        .fetch_optional(&mut *session)
        .await?;
        let Some(found) = found else {
            session.commit().await?;
            return Ok(None);
        };
        let worker: Option<String> = found.try_get("worker_id")?;
        let locale: Option<String> = found.try_get("locale")?;
        let rescues: i32 = found.try_get("rescue_count")?;
        let (how, word, code) = if found.try_get("lapsed")? {
            (ExpiredHow::Lease, "lease", FailureCode::WorkerLost)
        } else {
            (ExpiredHow::Deadline, "deadline", FailureCode::RenderTimedOut)
        };
        let facts = Facts {
            cancel_requested: found.try_get("cancel_requested")?,
            rescue_count: rescues.unsigned_abs(),
            max_rescues,
        };
        let Ok(done) = crate::job::transition(Status::Running, facts, Event::Expire) else {
            session.commit().await?;
            return Ok(None);
        };
        let failed = done.to == Status::Failed;
        let names_error = failed || done.to == Status::Queued;
        let language = Language::of_locale(locale.as_deref().unwrap_or_default());
        // What its stage says of a finished file is still true: its own spool comes first, others render, nobody waits.
        let row = sqlx::query(concat!(
            "with moved as (
               update video_render_jobs
               set status = $2, rescue_count = rescue_count + $3,
                   finished_at = case when $2 = 'queued' then null else now() end,
                   run_after = case when $2 = 'queued' then now() else run_after end,
                   stage = case when $2 <> 'queued' then stage when $8 then 'upload' else 'render' end,
                   progress = case when $2 = 'queued' and not $8 then 0 else progress end,
                   spool_id = case when $2 = 'queued' and $8 then spool_id end,
                   spool_retry_at = case when $2 = 'queued' and $8 then now() end,
                   error_class = $4, error_code = $5, error_message = $6,
                   lease_expires_at = null, worker_id = null, deadline_at = null, updated_at = now()
               where id = $1 and status = 'running' and (lease_expires_at < now() or deadline_at < now())
               returning *
             ), event as (
               insert into video_render_events (job_id, company_id, organization_id, kind, old_status, new_status,
                 source, correlation_id, detail)
               select id, company_id, organization_id, 'VIDEO_RENDER_RECONCILED', 'running', status, 'reconciler',
                 id || '/e' || lease_epoch,
                 $7 || jsonb_build_object('epoch', lease_epoch, 'attempt', attempts) from moved
             )
             select ",
            without_input!(),
            " from moved"
        ))
        .bind(id.0)
        .bind(done.to.as_str())
        .bind(i32::from(done.rescue))
        .bind(names_error.then(|| code.class().as_str()))
        .bind(names_error.then(|| code.as_str()))
        .bind(failed.then(|| code.message(language)))
        .bind(json!({ "reconciled_to": done.to, "how": word, "errorCode": names_error.then(|| code.as_str()) }))
        .bind(found.try_get::<bool, _>("held")?)
        .fetch_one(&mut *session)
        .await?;
        session.commit().await?;
        Ok(Some(Expired { job: row::listed(&row)?, worker_id: worker.map(WorkerId), how }))
    })
}

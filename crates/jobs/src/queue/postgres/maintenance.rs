//! What keeps the rows right: expired leases, lost and old videos, old rows, duties, lanes, figures.

use std::time::Duration;

use serde_json::json;
use sqlx::Row;
use uuid::Uuid;

use super::PostgresStore;
use super::row::{self, bigint, interval, span, without_input};
use super::session::{Session, transaction};
use crate::job::{Event, Facts, Failure, FailureCode, JobId, Language, LeaseEpoch, Status, TenantScope, WorkerId};
use crate::queue::{
    Deleted, Expired, ExpiredHow, Expiry, MaintenanceRun, ObjectUse, Page, QueueStats, Result, Retention, StoredOutput,
    StuckRow, TemplateVersion,
};

pub(super) async fn register_templates(store: &PostgresStore, versions: &[TemplateVersion]) -> Result<()> {
    // In one order, so that two workers that start at once cannot wait for each other.
    let mut versions: Vec<_> = versions.iter().collect();
    versions.sort_by(|a, b| a.template.cmp(&b.template));
    transaction!(store, {
        let mut session = Session::worker(&store.pool).await?;
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

pub(super) async fn expire(store: &PostgresStore, limit: u32, max_rescues: u32) -> Result<Expiry> {
    let mut expiry = Expiry::default();
    // Rows that do not move come first at every look; the look goes past them.
    let mut seen: Vec<Uuid> = Vec::new();
    let mut away = false;
    loop {
        let room = i64::from(limit) - bigint(expiry.taken.len());
        let candidates: Vec<Uuid> = transaction!(store, {
            let mut session = Session::worker(&store.pool).await?;
            let ids = sqlx::query_scalar(
                "select id from video_render_jobs
                 where status = 'running' and (lease_expires_at < now() or deadline_at < now()) and id <> all ($2)
                 order by least(lease_expires_at, deadline_at), id limit $1",
            )
            .bind(room)
            .bind(&seen)
            .fetch_all(&mut *session)
            .await?;
            session.commit().await?;
            Ok(ids)
        })?;
        let last = bigint(candidates.len()) < room;
        // A transaction each: no lane is held longer than one job takes.
        for id in candidates {
            seen.push(id);
            match expire_one(store, JobId(id), max_rescues).await {
                Ok(expired) => {
                    away = false;
                    expiry.taken.extend(expired);
                }
                // One row may be locked by somebody's long transaction; two failures in a row mean that the database is
                // away.
                Err(error) if error.is_transient() && away => {
                    return if expiry.taken.is_empty() { Err(error) } else { Ok(expiry) };
                }
                Err(error) if error.is_transient() => away = true,
                Err(error) => expiry.stuck.push(StuckRow { job_id: JobId(id), problem: error.to_string() }),
            }
        }
        if last || expiry.taken.len() >= limit as usize || expiry.stuck.len() >= StuckRow::MOST {
            return Ok(expiry);
        }
    }
}

/// `None` where somebody else was quicker, its worker above all.
async fn expire_one(store: &PostgresStore, id: JobId, max_rescues: u32) -> Result<Option<Expired>> {
    transaction!(store, {
        let mut session = Session::worker(&store.pool).await?;
        let found = sqlx::query(
            "select worker_id, rescue_count, cancel_requested_at is not null as cancel_requested,
               lease_expires_at < now() as lapsed, stage <> 'render' and spool_id is not null as held, input_json ->> 'locale' as locale
             from video_render_jobs
             where id = $1 and status = 'running' and (lease_expires_at < now() or deadline_at < now())
             for update skip locked",
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
        let told = failed || done.to == Status::Queued;
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
        .bind(told.then(|| code.class().as_str()))
        .bind(told.then(|| code.as_str()))
        .bind(failed.then(|| code.message(language)))
        .bind(json!({ "reconciled_to": done.to, "how": word, "errorCode": told.then(|| code.as_str()) }))
        .bind(found.try_get::<bool, _>("held")?)
        .fetch_one(&mut *session)
        .await?;
        session.commit().await?;
        Ok(Some(Expired { job: row::listed(&row)?, worker_id: worker.map(WorkerId), how }))
    })
}

fn stored(row: &sqlx::postgres::PgRow) -> Result<StoredOutput, super::session::Fault> {
    let job_id = JobId(row.try_get("id")?);
    Ok(StoredOutput {
        job_id,
        scope: row::scope(row, job_id)?,
        output_key: row.try_get("output_key")?,
        output_sha256: row.try_get("output_sha256")?,
        output_bytes: row.try_get::<i64, _>("output_bytes")?.unsigned_abs(),
        thumbnail_key: row.try_get("thumbnail_key")?,
    })
}

pub(super) async fn outputs(
    store: &PostgresStore,
    after: Option<JobId>,
    min_age: Duration,
    limit: u32,
) -> Result<Page<StoredOutput>> {
    let items: Vec<StoredOutput> = transaction!(store, {
        let mut session = Session::worker(&store.pool).await?;
        let rows = sqlx::query(
            "select id, company_id, organization_id, output_key, output_sha256, output_bytes, thumbnail_key
             from video_render_jobs
             where id > $1 and status = 'succeeded' and output_expired_at is null and finished_at <= now() - $2
             order by id limit $3",
        )
        .bind(after.map_or(Uuid::nil(), |id| id.0))
        .bind(interval(min_age))
        .bind(i64::from(limit))
        .fetch_all(&mut *session)
        .await?;
        session.commit().await?;
        rows.iter().map(stored).collect()
    })?;
    let full = bigint(items.len()) >= i64::from(limit);
    let next = items.last().filter(|_| full).map(|item| item.job_id);
    Ok(Page { items, next })
}

pub(super) async fn output_lost(
    store: &PostgresStore,
    scope: &TenantScope,
    id: JobId,
    output_key: &str,
) -> Result<bool> {
    transaction!(store, {
        let mut session = Session::worker(&store.pool).await?;
        let locale: Option<Option<String>> = sqlx::query_scalar(
            "select input_json ->> 'locale' from video_render_jobs
             where id = $1 and company_id = $2 and ($3::text is null or organization_id = $3)
               and status = 'succeeded' and output_key = $4 and output_expired_at is null for update",
        )
        .bind(id.0)
        .bind(scope.company_id())
        .bind(scope.organization_id())
        .bind(output_key)
        .fetch_optional(&mut *session)
        .await?;
        let Some(locale) = locale else {
            session.commit().await?;
            return Ok(false);
        };
        let lost = Failure::new(FailureCode::OutputLost, output_key);
        let message = lost.code.message(Language::of_locale(locale.as_deref().unwrap_or_default()));
        let changed = sqlx::query(
            "with moved as (
               update video_render_jobs
               set status = 'failed', finished_at = now(), updated_at = now(), error_class = $3, error_code = $4,
                   error_message = $5, output_key = null, output_sha256 = null, output_bytes = null,
                   output_duration_ms = null, thumbnail_key = null, render_version = null
               where id = $1 and status = 'succeeded' and output_key = $2
               returning *
             )
             insert into video_render_events (job_id, company_id, organization_id, kind, old_status, new_status,
               source, correlation_id, detail)
             select id, company_id, organization_id, 'VIDEO_RENDER_RECONCILED', 'succeeded', 'failed', 'reconciler',
               id || '/e' || lease_epoch, $6 || jsonb_build_object('epoch', lease_epoch, 'attempt', attempts) from moved",
        )
        .bind(id.0)
        .bind(output_key)
        .bind(lost.code.class().as_str())
        .bind(lost.code.as_str())
        .bind(message)
        .bind(json!({ "reconciled_to": Status::Failed, "how": "output_lost", "errorCode": lost.code.as_str() }))
        .execute(&mut *session)
        .await?;
        session.commit().await?;
        Ok(changed.rows_affected() == 1)
    })
}

pub(super) async fn objects_in_use(store: &PostgresStore, ids: &[JobId]) -> Result<Vec<ObjectUse>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    transaction!(store, {
        let mut session = Session::worker(&store.pool).await?;
        let rows = sqlx::query(
            "select id, company_id, organization_id, status, lease_epoch,
               case when output_expired_at is null then output_key end as output_key,
               case when output_expired_at is null then thumbnail_key end as thumbnail_key,
               extract(epoch from now() - finished_at)::float8 as finished_ago_s
             from video_render_jobs where id = any ($1) order by id",
        )
        .bind(&ids)
        .fetch_all(&mut *session)
        .await?;
        session.commit().await?;
        let object_use = |row: &sqlx::postgres::PgRow| {
            let job_id = JobId(row.try_get("id")?);
            Ok(ObjectUse {
                job_id,
                scope: row::scope(row, job_id)?,
                status: row::status(row, job_id, "status")?,
                lease_epoch: LeaseEpoch(row.try_get("lease_epoch")?),
                output_key: row.try_get("output_key")?,
                thumbnail_key: row.try_get("thumbnail_key")?,
                finished_ago: row.try_get::<Option<f64>, _>("finished_ago_s")?.map(span),
            })
        };
        rows.iter().map(object_use).collect()
    })
}

pub(super) async fn outputs_past_retention(
    store: &PostgresStore,
    retention: &Retention,
    limit: u32,
) -> Result<Vec<StoredOutput>> {
    let Some(videos) = retention.videos else { return Ok(Vec::new()) };
    transaction!(store, {
        let mut session = Session::worker(&store.pool).await?;
        let rows = sqlx::query(
            "select id, company_id, organization_id, output_key, output_sha256, output_bytes, thumbnail_key
             from video_render_jobs
             where status = 'succeeded' and output_expired_at is null and finished_at <= now() - $1
             order by finished_at, id limit $2",
        )
        .bind(interval(videos))
        .bind(i64::from(limit))
        .fetch_all(&mut *session)
        .await?;
        session.commit().await?;
        rows.iter().map(stored).collect()
    })
}

pub(super) async fn output_expired(store: &PostgresStore, scope: &TenantScope, id: JobId) -> Result<bool> {
    transaction!(store, {
        let mut session = Session::worker(&store.pool).await?;
        let changed = sqlx::query(
            "update video_render_jobs set output_expired_at = now(), updated_at = now()
             where id = $1 and company_id = $2 and ($3::text is null or organization_id = $3)
               and status = 'succeeded' and output_expired_at is null",
        )
        .bind(id.0)
        .bind(scope.company_id())
        .bind(scope.organization_id())
        .execute(&mut *session)
        .await?;
        session.commit().await?;
        Ok(changed.rows_affected() == 1)
    })
}

pub(super) async fn delete_past_retention(store: &PostgresStore, retention: &Retention, limit: u32) -> Result<Deleted> {
    // A row that still names its objects would leave them without an owner, so it does not go before its video.
    let succeeded = retention.succeeded.map(|succeeded| succeeded.max(retention.videos.unwrap_or_default()));
    let mut deleted = Deleted::default();
    // Rows that do not go would come again.
    let mut stuck: Vec<Uuid> = Vec::new();
    loop {
        let room = i64::from(limit) - bigint(deleted.rows);
        let due: Vec<Uuid> = transaction!(store, {
            let mut session = Session::worker(&store.pool).await?;
            // A span that is null makes its condition null: those rows stay for ever.
            let ids = sqlx::query_scalar(
                "select id from video_render_jobs
                 where ((status = 'succeeded' and finished_at <= now() - $1::interval and output_expired_at is not null)
                     or (status = 'failed' and finished_at <= now() - $2::interval)
                     or (status = 'cancelled' and finished_at <= now() - $3::interval))
                   and id <> all ($5)
                 limit $4",
            )
            .bind(succeeded.map(interval))
            .bind(retention.failed.map(interval))
            .bind(retention.cancelled.map(interval))
            .bind(room)
            .bind(&stuck)
            .fetch_all(&mut *session)
            .await?;
            session.commit().await?;
            Ok(ids)
        })?;
        if due.is_empty() {
            return Ok(deleted);
        }
        match delete_rows(store, &due).await {
            Ok(0) => return Ok(deleted), // somebody else is at them
            Ok(rows) => deleted.rows += rows,
            Err(error) if error.is_transient() => return Err(error),
            // One of them does not go: each by itself.
            Err(_) => {
                for id in due {
                    match delete_rows(store, &[id]).await {
                        Ok(rows) => deleted.rows += rows,
                        Err(error) if error.is_transient() => return Err(error),
                        Err(error) => {
                            stuck.push(id);
                            deleted.stuck.push(StuckRow { job_id: JobId(id), problem: error.to_string() });
                        }
                    }
                }
            }
        }
        if deleted.rows >= u64::from(limit) || stuck.len() >= StuckRow::MOST {
            return Ok(deleted);
        }
    }
}

/// Final rows stay final, so that nothing needs to be looked at again.
async fn delete_rows(store: &PostgresStore, ids: &[Uuid]) -> Result<u64> {
    transaction!(store, {
        let mut session = Session::worker(&store.pool).await?;
        let deleted = sqlx::query(
            "delete from video_render_jobs where id in (
               select id from video_render_jobs where id = any ($1) and finished_at is not null
               order by id for update skip locked)",
        )
        .bind(ids)
        .execute(&mut *session)
        .await?;
        session.commit().await?;
        Ok(deleted.rows_affected())
    })
}

pub(super) async fn recount(store: &PostgresStore) -> Result<u64> {
    transaction!(store, {
        let mut session = Session::worker(&store.pool).await?;
        let corrected: i64 = sqlx::query_scalar("select recount_video_render_lanes()").fetch_one(&mut *session).await?;
        session.commit().await?;
        Ok(corrected.unsigned_abs())
    })
}

pub(super) async fn take_duty(store: &PostgresStore, duty: &str, every: Duration) -> Result<bool> {
    transaction!(store, {
        let mut session = Session::worker(&store.pool).await?;
        let taken = sqlx::query(
            "insert into maintenance_duties as known (duty, taken_at) values ($1, now())
             on conflict (duty) do update set taken_at = now() where known.taken_at <= now() - $2",
        )
        .bind(duty)
        .bind(interval(every))
        .execute(&mut *session)
        .await?;
        session.commit().await?;
        Ok(taken.rows_affected() == 1)
    })
}

pub(super) async fn record_run(store: &PostgresStore, run: &MaintenanceRun) -> Result<()> {
    transaction!(store, {
        let mut session = Session::worker(&store.pool).await?;
        sqlx::query(
            "insert into maintenance_runs (duty, worker_id, took_ms, corrected, errors) values ($1, $2, $3, $4, $5)",
        )
        .bind(&run.duty)
        .bind(&run.worker_id.0)
        .bind(bigint(run.took.as_millis()))
        .bind(bigint(run.corrected))
        .bind(json!(run.errors))
        .execute(&mut *session)
        .await?;
        // A month of history; nobody else clears this table.
        sqlx::query("delete from maintenance_runs where duty = $1 and finished_at < now() - interval '31 days'")
            .bind(&run.duty)
            .execute(&mut *session)
            .await?;
        session.commit().await
    })
}

pub(super) async fn stats(store: &PostgresStore) -> Result<QueueStats> {
    transaction!(store, {
        let mut session = Session::worker(&store.pool).await?;
        let row = sqlx::query(
            "select waiting.queued, waiting.delayed, waiting.oldest_s, held.running, held.expired,
               (select count(*) from webhook_deliveries where status = 'pending') as webhooks_pending
             from (select count(*) filter (where run_after <= now()) as queued,
                     count(*) filter (where run_after > now()) as delayed,
                     extract(epoch from now() - min(greatest(run_after, created_at))
                       filter (where run_after <= now()))::float8 as oldest_s
                   from video_render_jobs where status = 'queued') waiting,
               (select count(*) as running,
                  count(*) filter (where lease_expires_at < now() or deadline_at < now()) as expired
                from video_render_jobs where status = 'running') held",
        )
        .fetch_one(&mut *session)
        .await?;
        session.commit().await?;
        let count = |column: &str| row.try_get::<i64, _>(column).map(i64::unsigned_abs);
        Ok(QueueStats {
            queued: count("queued")?,
            delayed: count("delayed")?,
            running: count("running")?,
            oldest_queued: row.try_get::<Option<f64>, _>("oldest_s")?.map(span),
            expired: count("expired")?,
            webhooks_pending: count("webhooks_pending")?,
        })
    })
}

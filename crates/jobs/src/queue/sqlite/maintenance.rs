//! The duties of maintenance and the figures of the queue.

use std::time::Duration;

use serde_json::{Value, json};
use sqlx::Row as _;

use super::fault::failed;
use super::row::without_input;
use super::{SqliteStore, Told, Write, claim_correlation, millis, row, span, tell};
use crate::job::{
    Event, EventKind, EventSource, Facts, FailureCode, Job, JobId, Language, Status, TenantScope, transition,
};
use crate::queue::{
    Deleted, Expired, ExpiredHow, Expiry, MaintenanceRun, ObjectUse, Page, QueueStats, Result, Retention, StoreError,
    StoredOutput, StuckRow,
};

/// Runs of one duty that are kept.
const KEPT_RUNS: i64 = 1_000;

/// The customer's language: the snapshot's, as far as it can be read. Bytes: SQLite's text need not be UTF-8.
fn language(locale: Option<&[u8]>) -> Language {
    Language::of_locale(&String::from_utf8_lossy(locale.unwrap_or_default()))
}

impl SqliteStore {
    pub(super) async fn expire_leases(&self, limit: u32, max_rescues: u32) -> Result<Expiry> {
        let mut write = self.begin().await?;
        let mut expiry = Expiry::default();
        // Rows that do not move come first at every look; the look goes past them.
        let mut seen: Vec<String> = Vec::new();
        while expiry.taken.len() < limit as usize && expiry.stuck.len() < StuckRow::MOST {
            let found = sqlx::query(concat!(
                "select ",
                without_input!(),
                ", lease_expires_at <= ?1 as lease_over, cast(input_json ->> '$.locale' as blob) as locale
                 from video_render_jobs
                 where status = 'running' and (lease_expires_at <= ?1 or deadline_at <= ?1)
                   and id not in (select value from json_each(?3))
                 order by min(lease_expires_at, deadline_at), id limit ?2"
            ))
            .bind(write.now)
            .bind(i64::from(limit) - i64::try_from(expiry.taken.len()).unwrap_or(0))
            .bind(json!(seen).to_string())
            .fetch_all(&mut *write.conn)
            .await
            .map_err(failed)?;
            if found.is_empty() {
                break;
            }
            for found in &found {
                let id: String = found.try_get("id").map_err(failed)?;
                let lease_over: bool = found.try_get("lease_over").map_err(failed)?;
                let how = if lease_over { ExpiredHow::Lease } else { ExpiredHow::Deadline };
                let language = language(found.try_get("locale").map_err(failed)?);
                let step = write.step(async |write: &mut Write| {
                    expire(write, row::listed(found)?, language, how, max_rescues).await
                });
                match step.await {
                    Ok(expired) => expiry.taken.push(expired),
                    Err(error) if error.is_transient() => return Err(error),
                    Err(error) => expiry.stuck.push(stuck(&id, &error)?),
                }
                seen.push(id);
            }
        }
        if !expiry.taken.is_empty() {
            write.commit().await?;
        }
        Ok(expiry)
    }

    pub(super) async fn stored_outputs(
        &self,
        after: Option<JobId>,
        min_age: Duration,
        limit: u32,
    ) -> Result<Page<StoredOutput>> {
        let limit = limit.max(1);
        let found = sqlx::query(
            "select id, company_id, organization_id, output_key, output_sha256, output_bytes, thumbnail_key
             from video_render_jobs
             where status = 'succeeded' and output_expired_at is null and (?1 is null or id > ?1)
               and finished_at <= cast(round(unixepoch('subsec') * 1000) as integer) - ?2
             order by id limit ?3",
        )
        .bind(after.map(|after| after.to_string()))
        .bind(millis(min_age))
        .bind(limit)
        .fetch_all(&self.readers)
        .await
        .map_err(failed)?;
        let items: Vec<StoredOutput> = found.iter().map(row::stored_output).collect::<Result<_>>()?;
        let full = items.len() >= limit as usize;
        Ok(Page { next: items.last().filter(|_| full).map(|last| last.job_id), items })
    }

    pub(super) async fn lose_output(&self, scope: &TenantScope, id: JobId, output_key: &str) -> Result<bool> {
        let mut write = self.begin().await?;
        let locale: Option<Option<Vec<u8>>> = sqlx::query_scalar(
            "select cast(input_json ->> '$.locale' as blob) from video_render_jobs
             where id = ?1 and company_id = ?2 and (?3 is null or organization_id = ?3)",
        )
        .bind(id.to_string())
        .bind(scope.company_id())
        .bind(scope.organization_id())
        .fetch_optional(&mut *write.conn)
        .await
        .map_err(failed)?;
        let Some(locale) = locale else { return Ok(false) };
        let code = FailureCode::OutputLost;
        let after = sqlx::query(concat!(
            "update video_render_jobs
             set status = 'failed', finished_at = ?7, error_class = ?4, error_code = ?5, error_message = ?6, updated_at = ?7,
                 output_key = null, output_sha256 = null, output_bytes = null, output_duration_ms = null,
                 thumbnail_key = null, render_version = null
             where id = ?1 and company_id = ?2 and status = 'succeeded' and output_key = ?3
               and output_expired_at is null
             returning ",
            without_input!()
        ))
        .bind(id.to_string())
        .bind(scope.company_id())
        .bind(output_key)
        .bind(code.class().as_str())
        .bind(code.as_str())
        .bind(code.message(language(locale.as_deref())))
        .bind(write.now)
        .fetch_optional(&mut *write.conn)
        .await
        .map_err(failed)?;
        let Some(after) = after else { return Ok(false) };
        let detail = json!({ "how": "output_lost", "errorCode": code.as_str() });
        reconciled(&mut write, &row::listed(&after)?, Status::Succeeded, detail).await?;
        write.commit().await?;
        Ok(true)
    }

    pub(super) async fn object_uses(&self, ids: &[JobId]) -> Result<Vec<ObjectUse>> {
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let found = sqlx::query(concat!(
            "select ",
            without_input!(),
            ", cast(round(unixepoch('subsec') * 1000) as integer) - finished_at as finished_ago
             from video_render_jobs where id in (select value from json_each(?1))"
        ))
        .bind(json!(ids).to_string())
        .fetch_all(&self.readers)
        .await
        .map_err(failed)?;
        found
            .iter()
            .map(|found| {
                let ago: Option<i64> = found.try_get("finished_ago").map_err(failed)?;
                let job = row::listed(found)?;
                let output = job.output.filter(|_| job.output_expired_at.is_none());
                let (output_key, thumbnail_key) =
                    output.map(|output| (output.output_key, output.thumbnail_key)).unzip();
                Ok(ObjectUse {
                    job_id: job.id,
                    scope: job.scope,
                    status: job.status,
                    lease_epoch: job.lease_epoch,
                    output_key,
                    thumbnail_key,
                    finished_ago: ago.map(span),
                })
            })
            .collect()
    }

    pub(super) async fn old_outputs(&self, retention: &Retention, limit: u32) -> Result<Vec<StoredOutput>> {
        let Some(videos) = retention.videos else { return Ok(Vec::new()) };
        let found = sqlx::query(
            "select id, company_id, organization_id, output_key, output_sha256, output_bytes, thumbnail_key
             from video_render_jobs
             where status = 'succeeded' and output_expired_at is null
               and finished_at <= cast(round(unixepoch('subsec') * 1000) as integer) - ?1
             order by finished_at, id limit ?2",
        )
        .bind(millis(videos))
        .bind(limit)
        .fetch_all(&self.readers)
        .await
        .map_err(failed)?;
        found.iter().map(row::stored_output).collect()
    }

    pub(super) async fn expire_output(&self, scope: &TenantScope, id: JobId) -> Result<bool> {
        let mut write = self.begin().await?;
        let changed = sqlx::query(
            "update video_render_jobs set output_expired_at = ?4, updated_at = ?4
             where id = ?1 and company_id = ?2 and (?3 is null or organization_id = ?3)
               and status = 'succeeded' and output_expired_at is null",
        )
        .bind(id.to_string())
        .bind(scope.company_id())
        .bind(scope.organization_id())
        .bind(write.now)
        .execute(&mut *write.conn)
        .await
        .map_err(failed)?;
        write.commit().await?;
        Ok(changed.rows_affected() == 1)
    }

    pub(super) async fn delete_old(&self, retention: &Retention, limit: u32) -> Result<Deleted> {
        let mut write = self.begin().await?;
        // A comparison with null is not true: what has no retention stays.
        let before = |span: Option<Duration>| span.map(|span| write.now - millis(span));
        let (succeeded, failed_rows, cancelled) =
            (before(retention.succeeded), before(retention.failed), before(retention.cancelled));
        let due: Vec<String> = sqlx::query_scalar(
            "select id from video_render_jobs
             where (status = 'succeeded' and finished_at <= ?1 and output_expired_at is not null)
                or (status = 'failed' and finished_at <= ?2)
                or (status = 'cancelled' and finished_at <= ?3)
             order by finished_at limit ?4",
        )
        .bind(succeeded)
        .bind(failed_rows)
        .bind(cancelled)
        // Rows that do not go come first at every look.
        .bind(i64::from(limit) + i64::try_from(StuckRow::MOST).unwrap_or(0))
        .fetch_all(&mut *write.conn)
        .await
        .map_err(failed)?;
        let mut deleted = Deleted::default();
        for id in due {
            if deleted.rows >= u64::from(limit) {
                break;
            }
            let step = write.step(async |write: &mut Write| {
                let delete = sqlx::query("delete from video_render_jobs where id = ?1").bind(&id);
                delete.execute(&mut *write.conn).await.map_err(failed)
            });
            match step.await {
                Ok(gone) => deleted.rows += gone.rows_affected(),
                Err(error) if error.is_transient() => return Err(error),
                Err(error) => deleted.stuck.push(stuck(&id, &error)?),
            }
        }
        write.commit().await?;
        Ok(deleted)
    }

    pub(super) async fn recount_lanes(&self) -> Result<u64> {
        let mut write = self.begin().await?;
        // `where true`: without it SQLite reads ON as a join's.
        let changed = sqlx::query(
            "insert into video_render_lanes (company_id, queued, running, head_at)
             select * from (
               select company_id, coalesce(sum(status = 'queued'), 0) as queued, coalesce(sum(status = 'running'), 0) as running,
                      min(case status when 'queued' then run_after end) as head_at
               from (select company_id, status, run_after from video_render_jobs where status in ('queued', 'running')
                     union all select company_id, null, null from video_render_lanes)
               group by company_id)
             where true
             on conflict (company_id) do update
               set queued = excluded.queued, running = excluded.running, head_at = excluded.head_at
               where (queued, running) <> (excluded.queued, excluded.running) or head_at is not excluded.head_at",
        )
        .execute(&mut *write.conn)
        .await
        .map_err(failed)?;
        write.commit().await?;
        Ok(changed.rows_affected())
    }

    pub(super) async fn take(&self, duty: &str, every: Duration) -> Result<bool> {
        let mut write = self.begin().await?;
        let taken = sqlx::query(
            "insert into maintenance_duties (duty, taken_at) values (?1, ?2)
             on conflict (duty) do update set taken_at = ?2 where taken_at + ?3 <= ?2",
        )
        .bind(duty)
        .bind(write.now)
        .bind(millis(every))
        .execute(&mut *write.conn)
        .await
        .map_err(failed)?;
        write.commit().await?;
        Ok(taken.rows_affected() == 1)
    }

    pub(super) async fn write_run(&self, run: &MaintenanceRun) -> Result<()> {
        let mut write = self.begin().await?;
        sqlx::query(
            "insert into maintenance_runs (duty, worker_id, took_ms, corrected, errors, finished_at)
             values (?1, ?2, ?3, ?4, ?5, ?6)",
        )
        .bind(&run.duty)
        .bind(&run.worker_id.0)
        .bind(millis(run.took))
        .bind(i64::try_from(run.corrected).unwrap_or(i64::MAX))
        .bind(json!(run.errors).to_string())
        .bind(write.now)
        .execute(&mut *write.conn)
        .await
        .map_err(failed)?;
        sqlx::query(
            "delete from maintenance_runs where duty = ?1 and id < (
               select id from maintenance_runs where duty = ?1 order by id desc limit 1 offset ?2)",
        )
        .bind(&run.duty)
        .bind(KEPT_RUNS - 1)
        .execute(&mut *write.conn)
        .await
        .map_err(failed)?;
        write.commit().await
    }

    pub(super) async fn count(&self) -> Result<QueueStats> {
        // Each figure reads one index; the clock is the same throughout a statement.
        let row = sqlx::query(
            "with clock (now) as (select cast(round(unixepoch('subsec') * 1000) as integer))
             select
               (select count(*) from video_render_jobs where status = 'queued' and run_after <= now) as queued,
               (select count(*) from video_render_jobs where status = 'queued' and run_after > now) as delayed,
               (select count(*) from video_render_jobs where status = 'running') as running,
               (select now - min(run_after) from video_render_jobs where status = 'queued' and run_after <= now) as oldest,
               (select count(*) from video_render_jobs where status = 'running' and lease_expires_at <= now) as expired,
               (select count(*) from webhook_deliveries where status = 'pending') as webhooks
             from clock",
        )
        .fetch_one(&self.readers)
        .await
        .map_err(failed)?;
        let count = |column: &str| -> Result<u64> {
            let number: i64 = row.try_get(column).map_err(failed)?;
            u64::try_from(number).map_err(|error| StoreError::Other(Box::new(error)))
        };
        let oldest: Option<i64> = row.try_get("oldest").map_err(failed)?;
        Ok(QueueStats {
            queued: count("queued")?,
            delayed: count("delayed")?,
            running: count("running")?,
            oldest_queued: oldest.map(span),
            expired: count("expired")?,
            webhooks_pending: count("webhooks")?,
        })
    }
}

/// A row that does not move, to be told.
fn stuck(id: &str, error: &StoreError) -> Result<StuckRow> {
    let job_id = id.parse().map_err(|_| StoreError::Row {
        id: id.chars().take(64).collect(),
        column: "id",
        found: id.chars().take(64).collect(),
        expected: "a UUID",
    })?;
    Ok(StuckRow { job_id, problem: error.to_string() })
}

/// Takes one job from its worker, as [`transition`] has it.
async fn expire(
    write: &mut Write,
    before: Job,
    language: Language,
    how: ExpiredHow,
    max_rescues: u32,
) -> Result<Expired> {
    let facts = Facts {
        cancel_requested: before.cancel_requested_at.is_some(),
        rescue_count: before.rescue_count,
        max_rescues,
    };
    let next =
        transition(before.status, facts, Event::Expire).map_err(|refusal| StoreError::Other(Box::new(refusal)))?;
    let code = match how {
        ExpiredHow::Lease => FailureCode::WorkerLost,
        ExpiredHow::Deadline => FailureCode::RenderTimedOut,
    };
    // Also where it is tried again: the row says why the last try failed.
    let failure = (next.to != Status::Cancelled).then_some(code);
    let ended = failure.filter(|_| next.to == Status::Failed);
    // What its stage says of a finished file is still true: its own spool comes first, others render, and nobody waits.
    let after = sqlx::query(concat!(
        "update video_render_jobs
         set status = ?4, rescue_count = rescue_count + ?5, updated_at = ?6,
             finished_at = case when ?4 <> 'queued' then ?6 end,
             error_class = ?7, error_code = ?8, error_message = ?9,
             run_after = case when ?4 = 'queued' then ?6 else run_after end,
             spool_retry_at = case when ?4 = 'queued' and stage <> 'render' and spool_id is not null then ?6 end,
             spool_id = case when ?4 = 'queued' and stage <> 'render' and spool_id is not null then spool_id end,
             stage = case when ?4 <> 'queued' then stage when stage <> 'render' and spool_id is not null then 'upload'
                          else 'render' end,
             progress = case when ?4 = 'queued' and (stage = 'render' or spool_id is null) then 0 else progress end,
             lease_expires_at = null, worker_id = null, deadline_at = null
         where id = ?1 and company_id = ?2 and status = 'running' and lease_epoch = ?3 returning ",
        without_input!()
    ))
    .bind(before.id.to_string())
    .bind(before.scope.company_id())
    .bind(before.lease_epoch.0)
    .bind(next.to.as_str())
    .bind(i64::from(next.rescue))
    .bind(write.now)
    .bind(failure.map(|code| code.class().as_str()))
    .bind(failure.map(FailureCode::as_str))
    .bind(ended.map(|code| code.message(language)))
    .fetch_one(&mut *write.conn)
    .await
    .map_err(failed)?;
    let job = row::listed(&after)?;
    let detail = json!({ "how": how, "errorCode": failure.map(FailureCode::as_str) });
    reconciled(write, &job, Status::Running, detail).await?;
    Ok(Expired { job, worker_id: before.worker_id, how })
}

async fn reconciled(write: &mut Write, after: &Job, old: Status, mut detail: Value) -> Result<()> {
    detail["reconciled_to"] = json!(after.status);
    detail["epoch"] = json!(after.lease_epoch);
    detail["attempt"] = json!(after.attempts);
    let correlation = claim_correlation(after);
    let told = Told {
        kind: EventKind::Reconciled,
        old: Some(old),
        source: EventSource::Reconciler,
        correlation: &correlation,
        detail,
    };
    tell(write, after, told).await
}

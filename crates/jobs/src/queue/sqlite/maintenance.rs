//! The maintenance tasks and the figures of the queue.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;
use sqlx::Row as _;
use uuid::Uuid;

use super::fault::failed;
use super::row::without_input;
use super::{SqliteDatabase, Write, expiry, millis, row, span, webhook};
use crate::job::{FailureCode, JobId, Language, Status, TenantScope};
use crate::queue::error::{QueueError, Result};
use crate::queue::roles::Maintenance;
use crate::queue::types::{
    DELIVERIES_OF_ONE, Deleted, ExpiredHow, Expiry, Held, MaintenanceRun, ObjectUse, Page, QueueStats, Retention,
    StoredOutput, StuckRow, WebhookAttempt, WebhookDelivery,
};

/// Runs of one task that are kept.
const KEPT_RUNS: i64 = 1_000;

/// The customer's language: the snapshot's, as far as it can be read. Bytes: SQLite's text need not be UTF-8.
fn language(locale: Option<&[u8]>) -> Language {
    Language::of_locale(&String::from_utf8_lossy(locale.unwrap_or_default()))
}

/// A row that the database does not let change, for the report.
fn stuck(id: &str, error: &QueueError) -> Result<StuckRow> {
    let job_id = id.parse().map_err(|_| QueueError::Row {
        id: id.chars().take(64).collect(),
        column: "id",
        found: id.chars().take(64).collect(),
        expected: "a UUID",
    })?;
    Ok(StuckRow { job_id, problem: error.to_string() })
}

#[async_trait]
impl Maintenance for SqliteDatabase {
    async fn expire(&self, limit: u32, max_rescues: u32) -> Result<Expiry> {
        let mut write = self.begin().await?;
        let mut expiry = Expiry::default();
        // Rows that do not move come first at every look; the look goes past them.
        let mut seen: Vec<String> = Vec::new();
        while expiry.taken.len() < limit as usize && expiry.stuck.len() < StuckRow::MAX {
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
                    expiry::expire(write, row::listed(found)?, language, how, max_rescues).await
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

    async fn outputs(&self, after: Option<JobId>, min_age: Duration, limit: u32) -> Result<Page<StoredOutput>> {
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

    async fn output_lost(&self, scope: &TenantScope, id: JobId, output_key: &str) -> Result<bool> {
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
        expiry::reconciled(&mut write, &row::listed(&after)?, Status::Succeeded, detail).await?;
        write.commit().await?;
        Ok(true)
    }

    async fn objects_in_use(&self, ids: &[JobId]) -> Result<Vec<ObjectUse>> {
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

    async fn outputs_past_retention(&self, retention: &Retention, limit: u32) -> Result<Vec<StoredOutput>> {
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

    async fn output_expired(&self, scope: &TenantScope, id: JobId) -> Result<bool> {
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

    async fn delete_past_retention(&self, retention: &Retention, limit: u32) -> Result<Deleted> {
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
        .bind(i64::from(limit) + i64::try_from(StuckRow::MAX).unwrap_or(0))
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

    async fn recount(&self) -> Result<u64> {
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

    async fn take_task(&self, task: &str, every: Duration) -> Result<bool> {
        let mut write = self.begin().await?;
        let taken = sqlx::query(
            "insert into maintenance_duties (duty, taken_at) values (?1, ?2)
             on conflict (duty) do update set taken_at = ?2 where taken_at + ?3 <= ?2",
        )
        .bind(task)
        .bind(write.now)
        .bind(millis(every))
        .execute(&mut *write.conn)
        .await
        .map_err(failed)?;
        write.commit().await?;
        Ok(taken.rows_affected() == 1)
    }

    async fn record_run(&self, run: &MaintenanceRun) -> Result<()> {
        let mut write = self.begin().await?;
        sqlx::query(
            "insert into maintenance_runs (duty, worker_id, took_ms, corrected, errors, finished_at)
             values (?1, ?2, ?3, ?4, ?5, ?6)",
        )
        .bind(&run.task)
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
        .bind(&run.task)
        .bind(KEPT_RUNS - 1)
        .execute(&mut *write.conn)
        .await
        .map_err(failed)?;
        write.commit().await
    }

    async fn stats(&self) -> Result<QueueStats> {
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
            u64::try_from(number).map_err(|error| QueueError::Other(Box::new(error)))
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

    async fn claim_webhooks(&self, limit: u32, lease: Duration) -> Result<Vec<WebhookDelivery>> {
        let mut write = self.begin().await?;
        let taken = sqlx::query(
            "update webhook_deliveries set epoch = epoch + 1, next_attempt_at = ?1 + ?2
             where id in (select delivery.id from webhook_endpoints endpoint
                          cross join webhook_deliveries delivery on delivery.id in (
                            select due.id from webhook_deliveries due
                            where due.company_id = endpoint.company_id and due.status = 'pending'
                              and due.next_attempt_at <= ?1
                            order by due.next_attempt_at, due.created_at, due.id limit ?4)
                          where endpoint.enabled = 1
                          order by delivery.next_attempt_at, delivery.created_at, delivery.id limit ?3)
             returning id, epoch, organization_id, company_id, payload, attempts,
               (select url from webhook_endpoints endpoint
                where endpoint.company_id = webhook_deliveries.company_id) as url,
               (select secret from webhook_endpoints endpoint
                where endpoint.company_id = webhook_deliveries.company_id) as secret",
        )
        .bind(write.now)
        .bind(millis(lease))
        .bind(limit)
        .bind(DELIVERIES_OF_ONE)
        .fetch_all(&mut *write.conn)
        .await
        .map_err(failed)?;
        let deliveries = taken.iter().map(webhook::delivery).collect::<Result<Vec<_>>>()?;
        if !deliveries.is_empty() {
            write.commit().await?;
        }
        Ok(deliveries)
    }

    async fn webhook_attempted(&self, id: Uuid, epoch: i64, attempt: &WebhookAttempt) -> Result<Held> {
        let mut write = self.begin().await?;
        let (status, again_in, error) = match attempt {
            WebhookAttempt::Delivered => ("delivered", None, None),
            WebhookAttempt::Again(pause, error) => ("pending", Some(millis(*pause)), Some(error.as_str())),
            WebhookAttempt::GivenUp(error) => ("given_up", None, Some(error.as_str())),
            WebhookAttempt::Gone => ("given_up", None, Some("gone")),
        };
        let company: Option<String> = sqlx::query_scalar(
            "update webhook_deliveries
             set status = ?3, attempts = attempts + 1, last_error = ?5,
                 next_attempt_at = case when ?4 is null then next_attempt_at else ?6 + ?4 end,
                 finished_at = case when ?3 = 'pending' then null else ?6 end
             where id = ?1 and epoch = ?2 and status = 'pending' returning company_id",
        )
        .bind(id.to_string())
        .bind(epoch)
        .bind(status)
        .bind(again_in)
        .bind(error)
        .bind(write.now)
        .fetch_optional(&mut *write.conn)
        .await
        .map_err(failed)?;
        let Some(company) = company else { return Ok(Held::Lost) };
        if *attempt == WebhookAttempt::Gone {
            sqlx::query("update webhook_endpoints set enabled = 0, updated_at = ?2 where company_id = ?1")
                .bind(&company)
                .bind(write.now)
                .execute(&mut *write.conn)
                .await
                .map_err(failed)?;
            webhook::give_up(&mut write, &company).await?;
        }
        write.commit().await?;
        Ok(Held::Yes)
    }
}

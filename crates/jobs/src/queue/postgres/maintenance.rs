//! What keeps the rows right: expired leases, lost and old videos, old rows, tasks, lanes, figures.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;
use sqlx::Row;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use super::fault::Fault;
use super::row::{self, bigint, interval, span};
use super::session::{Session, transaction};
use super::{PostgresDatabase, expiry, webhook};
use crate::job::{Failure, FailureCode, JobId, Language, LeaseEpoch, Status, TenantScope};
use crate::queue::error::{QueueError, Result};
use crate::queue::roles::Maintenance;
use crate::queue::types::{
    DELIVERIES_OF_ONE, Deleted, Expiry, Held, MaintenanceRun, ObjectUse, Page, QueueStats, Retention, StoredOutput,
    StuckRow, WebhookAttempt, WebhookDelivery,
};

fn stored(row: &PgRow) -> Result<StoredOutput, Fault> {
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

/// Final rows stay final, so that nothing needs to be looked at again.
async fn delete_rows(database: &PostgresDatabase, ids: &[Uuid]) -> Result<u64> {
    transaction!(database, {
        let mut session = Session::worker(&database.pool).await?;
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

#[async_trait]
impl Maintenance for PostgresDatabase {
    async fn expire(&self, limit: u32, max_rescues: u32) -> Result<Expiry> {
        let mut expiry = Expiry::default();
        if let Err(error) = expiry::end_asked(self, limit).await {
            tracing::warn!(event = "ERROR", error = %error, "cancel requests of queued jobs wait");
        }
        // Rows that do not move come first at every look; the look goes past them, and past the other rows of a company
        // whose lock somebody holds.
        let mut seen: Vec<Uuid> = Vec::new();
        let mut locked: Vec<String> = Vec::new();
        let mut away = false;
        loop {
            let room = i64::from(limit) - bigint(expiry.taken.len());
            let candidates: Vec<(Uuid, String)> = transaction!(self, {
                let mut session = Session::worker(&self.pool).await?;
                let ids = sqlx::query_as(
                    "select id, company_id from video_render_jobs
                     where status = 'running' and (lease_expires_at < now() or deadline_at < now()) and id <> all ($2)
                       and company_id <> all ($3)
                     order by least(lease_expires_at, deadline_at), id limit $1",
                )
                .bind(room)
                .bind(&seen)
                .bind(&locked)
                .fetch_all(&mut *session)
                .await?;
                session.commit().await?;
                Ok(ids)
            })?;
            let last = bigint(candidates.len()) < room;
            // A transaction each: nothing is held longer than one job takes.
            for (id, company) in candidates {
                if locked.contains(&company) {
                    continue;
                }
                seen.push(id);
                match expiry::expire_one(self, JobId(id), max_rescues).await {
                    Ok(expired) => {
                        away = false;
                        expiry.taken.extend(expired);
                    }
                    // Somebody's open transaction: this company waits until it has ended, no other does.
                    Err(error @ QueueError::Locked { .. }) => {
                        locked.push(company);
                        expiry.stuck.push(StuckRow { job_id: JobId(id), problem: error.to_string() });
                    }
                    // One failure may pass; two in a row mean that the database is away.
                    Err(error) if error.is_transient() && away => {
                        return if expiry.taken.is_empty() { Err(error) } else { Ok(expiry) };
                    }
                    Err(error) if error.is_transient() => away = true,
                    Err(error) => expiry.stuck.push(StuckRow { job_id: JobId(id), problem: error.to_string() }),
                }
            }
            if last || expiry.taken.len() >= limit as usize || expiry.stuck.len() >= StuckRow::MAX {
                return Ok(expiry);
            }
        }
    }

    async fn outputs(&self, after: Option<JobId>, min_age: Duration, limit: u32) -> Result<Page<StoredOutput>> {
        let items: Vec<StoredOutput> = transaction!(self, {
            let mut session = Session::worker(&self.pool).await?;
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

    async fn output_lost(&self, scope: &TenantScope, id: JobId, output_key: &str) -> Result<bool> {
        transaction!(self, {
            let mut session = Session::worker(&self.pool).await?;
            let locale: Option<Option<String>> = sqlx::query_scalar(
                "select input_json ->> 'locale' from video_render_jobs
                 where id = $1 and company_id = $2 and ($3::text is null or organization_id = $3)
                   and status = 'succeeded' and output_key = $4 and output_expired_at is null for no key update",
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

    async fn objects_in_use(&self, ids: &[JobId]) -> Result<Vec<ObjectUse>> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        transaction!(self, {
            let mut session = Session::worker(&self.pool).await?;
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
            let object_use = |row: &PgRow| {
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

    async fn outputs_past_retention(&self, retention: &Retention, limit: u32) -> Result<Vec<StoredOutput>> {
        let Some(videos) = retention.videos else { return Ok(Vec::new()) };
        transaction!(self, {
            let mut session = Session::worker(&self.pool).await?;
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

    async fn output_expired(&self, scope: &TenantScope, id: JobId) -> Result<bool> {
        transaction!(self, {
            let mut session = Session::worker(&self.pool).await?;
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

    async fn delete_past_retention(&self, retention: &Retention, limit: u32) -> Result<Deleted> {
        // A row that still names its objects would leave them without an owner, so it does not go before its video.
        let succeeded = retention.succeeded.map(|succeeded| succeeded.max(retention.videos.unwrap_or_default()));
        let mut deleted = Deleted::default();
        // Rows that do not go would come again.
        let mut stuck: Vec<Uuid> = Vec::new();
        loop {
            let room = i64::from(limit) - bigint(deleted.rows);
            let due: Vec<Uuid> = transaction!(self, {
                let mut session = Session::worker(&self.pool).await?;
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
            match delete_rows(self, &due).await {
                Ok(0) => return Ok(deleted), // somebody else is at them
                Ok(rows) => deleted.rows += rows,
                Err(error) if error.is_transient() => return Err(error),
                // One of them does not go: each by itself.
                Err(_) => {
                    for id in due {
                        match delete_rows(self, &[id]).await {
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
            if deleted.rows >= u64::from(limit) || stuck.len() >= StuckRow::MAX {
                return Ok(deleted);
            }
        }
    }

    async fn recount(&self) -> Result<u64> {
        transaction!(self, {
            let mut session = Session::worker(&self.pool).await?;
            let corrected: i64 =
                sqlx::query_scalar("select recount_video_render_lanes()").fetch_one(&mut *session).await?;
            session.commit().await?;
            Ok(corrected.unsigned_abs())
        })
    }

    async fn take_task(&self, task: &str, every: Duration) -> Result<bool> {
        transaction!(self, {
            let mut session = Session::worker(&self.pool).await?;
            let taken = sqlx::query(
                "insert into maintenance_duties as known (duty, taken_at) values ($1, now())
                 on conflict (duty) do update set taken_at = now() where known.taken_at <= now() - $2",
            )
            .bind(task)
            .bind(interval(every))
            .execute(&mut *session)
            .await?;
            session.commit().await?;
            Ok(taken.rows_affected() == 1)
        })
    }

    async fn record_run(&self, run: &MaintenanceRun) -> Result<()> {
        transaction!(self, {
            let mut session = Session::worker(&self.pool).await?;
            sqlx::query(
                "insert into maintenance_runs (duty, worker_id, took_ms, corrected, errors) values ($1, $2, $3, $4, $5)",
            )
            .bind(&run.task)
            .bind(&run.worker_id.0)
            .bind(bigint(run.took.as_millis()))
            .bind(bigint(run.corrected))
            .bind(json!(run.errors))
            .execute(&mut *session)
            .await?;
            // A month of history; nobody else clears this table.
            sqlx::query("delete from maintenance_runs where duty = $1 and finished_at < now() - interval '31 days'")
                .bind(&run.task)
                .execute(&mut *session)
                .await?;
            session.commit().await
        })
    }

    async fn stats(&self) -> Result<QueueStats> {
        transaction!(self, {
            let mut session = Session::worker(&self.pool).await?;
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

    async fn claim_webhooks(&self, limit: u32, lease: Duration) -> Result<Vec<WebhookDelivery>> {
        transaction!(self, {
            let mut session = Session::worker(&self.pool).await?;
            let rows = sqlx::query(
                "with next as materialized (
                   select own.id from webhook_endpoints endpoint cross join lateral (
                     select id, next_attempt_at from webhook_deliveries
                     where company_id = endpoint.company_id and status = 'pending' and next_attempt_at <= now()
                     order by next_attempt_at, id limit $3) own
                   where endpoint.enabled order by own.next_attempt_at, own.id limit $1
                 ), due as materialized (
                   select id from webhook_deliveries
                   where id in (select id from next) and status = 'pending' and next_attempt_at <= now()
                   for update skip locked
                 )
                 update webhook_deliveries delivery
                 set epoch = delivery.epoch + 1, attempts = delivery.attempts + 1, next_attempt_at = now() + $2
                 from due, webhook_endpoints endpoint
                 where delivery.id = due.id and endpoint.company_id = delivery.company_id
                 returning delivery.*, endpoint.url, endpoint.secret",
            )
            .bind(i64::from(limit))
            .bind(interval(lease))
            .bind(i64::from(DELIVERIES_OF_ONE))
            .fetch_all(&mut *session)
            .await?;
            session.commit().await?;
            rows.iter().map(webhook::delivery).collect()
        })
    }

    async fn webhook_attempted(&self, id: Uuid, epoch: i64, attempt: &WebhookAttempt) -> Result<Held> {
        let (status, pause, error) = match attempt {
            WebhookAttempt::Delivered => ("delivered", Duration::ZERO, None),
            WebhookAttempt::Again(pause, error) => ("pending", *pause, Some(error.as_str())),
            WebhookAttempt::GivenUp(error) => ("given_up", Duration::ZERO, Some(error.as_str())),
            WebhookAttempt::Gone => ("given_up", Duration::ZERO, Some("410 Gone")),
        };
        // Text columns take every character but U+0000; the answer of a stranger is kept short.
        let error: Option<String> = error.map(|error| error.chars().filter(|c| *c != '\0').take(500).collect());
        transaction!(self, {
            let mut session = Session::worker(&self.pool).await?;
            let company: Option<String> = sqlx::query_scalar(
                "update webhook_deliveries
                 set status = $3, next_attempt_at = now() + $4, last_error = $5,
                     finished_at = case when $3 = 'pending' then null else now() end
                 where id = $1 and epoch = $2 and status = 'pending' returning company_id",
            )
            .bind(id)
            .bind(epoch)
            .bind(status)
            .bind(interval(pause))
            .bind(&error)
            .fetch_optional(&mut *session)
            .await?;
            if let (WebhookAttempt::Gone, Some(company)) = (attempt, &company) {
                sqlx::query("update webhook_endpoints set enabled = false, updated_at = now() where company_id = $1")
                    .bind(company)
                    .execute(&mut *session)
                    .await?;
                webhook::give_up(&mut session, company).await?;
            }
            session.commit().await?;
            Ok(if company.is_some() { Held::Yes } else { Held::Lost })
        })
    }
}

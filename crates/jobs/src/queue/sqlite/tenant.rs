//! What companies do: enqueue, read, cancel, retry; their credits and webhooks. Each statement carries the scope.

use async_trait::async_trait;
use serde_json::json;

use super::fault::failed;
use super::row::without_input;
use super::{EventEntry, SqliteDatabase, enqueue, record_event, row, webhook};
use crate::job::{Event, EventKind, EventSource, Facts, Job, JobEvent, JobId, NewJob, Status, TenantScope, transition};
use crate::queue::error::{EnqueueError, Result};
use crate::queue::roles::Tenant;
use crate::queue::types::{CancelOutcome, Credits, EnqueueRules, Enqueued, JobFilter, WebhookEndpoint};

/// Largest page of a list.
const MAX_PAGE: u32 = 500;

#[async_trait]
impl Tenant for SqliteDatabase {
    async fn enqueue(&self, scope: &TenantScope, job: &NewJob, rules: &EnqueueRules) -> Result<Enqueued, EnqueueError> {
        let mut write = self.begin().await?;
        let enqueued = enqueue::insert(&mut write, scope, job, rules, None).await?;
        write.commit().await?;
        Ok(enqueued)
    }

    async fn job(&self, scope: &TenantScope, id: JobId) -> Result<Option<Job>> {
        let found = sqlx::query(
            "select * from video_render_jobs
             where id = ?1 and company_id = ?2 and (?3 is null or organization_id = ?3)",
        )
        .bind(id.to_string())
        .bind(scope.company_id())
        .bind(scope.organization_id())
        .fetch_optional(&self.readers)
        .await
        .map_err(failed)?;
        found.map(|found| row::job(&found)).transpose()
    }

    async fn jobs(&self, scope: &TenantScope, filter: &JobFilter) -> Result<Vec<Job>> {
        let found = sqlx::query(concat!(
            "select ",
            without_input!(),
            " from video_render_jobs
             where company_id = ?1 and (?2 is null or organization_id = ?2)
               and (?3 is null or status = ?3) and (?4 is null or entity_id = ?4)
               and (?5 is null or (created_at, id) < (select created_at, id from video_render_jobs
                                                      where id = ?5 and company_id = ?1))
             order by created_at desc, id desc limit ?6"
        ))
        .bind(scope.company_id())
        .bind(scope.organization_id())
        .bind(filter.status.map(Status::as_str))
        .bind(&filter.entity_id)
        .bind(filter.before.map(|before| before.to_string()))
        .bind(filter.limit.clamp(1, MAX_PAGE))
        .fetch_all(&self.readers)
        .await
        .map_err(failed)?;
        found.iter().map(row::listed).collect()
    }

    async fn events(&self, scope: &TenantScope, id: JobId) -> Result<Option<Vec<JobEvent>>> {
        if self.job(scope, id).await?.is_none() {
            return Ok(None);
        }
        let found = sqlx::query("select * from video_render_events where job_id = ?1 and company_id = ?2 order by id")
            .bind(id.to_string())
            .bind(scope.company_id())
            .fetch_all(&self.readers)
            .await
            .map_err(failed)?;
        found.iter().map(row::event).collect::<Result<Vec<_>>>().map(Some)
    }

    async fn known_templates(&self, _scope: &TenantScope) -> Result<Vec<String>> {
        sqlx::query_scalar("select template from video_render_templates order by template")
            .fetch_all(&self.readers)
            .await
            .map_err(failed)
    }

    async fn request_cancel(&self, scope: &TenantScope, id: JobId) -> Result<CancelOutcome> {
        let mut write = self.begin().await?;
        let found = sqlx::query(
            "select * from video_render_jobs
             where id = ?1 and company_id = ?2 and (?3 is null or organization_id = ?3)",
        )
        .bind(id.to_string())
        .bind(scope.company_id())
        .bind(scope.organization_id())
        .fetch_optional(&mut *write.conn)
        .await
        .map_err(failed)?;
        let Some(found) = found else { return Ok(CancelOutcome::NotFound) };
        let before = row::job(&found)?;
        let Ok(next) = transition(before.status, Facts::default(), Event::Cancel) else {
            return Ok(CancelOutcome::AlreadyFinal(before));
        };
        let cancelled = next.to == Status::Cancelled;
        let after = sqlx::query(
            "update video_render_jobs
             set status = ?4, cancel_requested_at = coalesce(cancel_requested_at, ?5), updated_at = ?5,
                 finished_at = case when ?6 then ?5 end, spool_id = case when ?6 then null else spool_id end,
                 spool_retry_at = null, error_class = case when ?6 then null else error_class end,
                 error_code = case when ?6 then null else error_code end
             where id = ?1 and company_id = ?2 and status = ?3 returning *",
        )
        .bind(id.to_string())
        .bind(scope.company_id())
        .bind(before.status.as_str())
        .bind(next.to.as_str())
        .bind(write.now)
        .bind(cancelled)
        .fetch_one(&mut *write.conn)
        .await
        .map_err(failed)?;
        let after = row::job(&after)?;
        if cancelled {
            let event = EventEntry {
                kind: EventKind::Cancelled,
                old: Some(before.status),
                source: EventSource::Tenant,
                correlation: "",
                detail: json!({}),
            };
            record_event(&mut write, &after, event).await?;
        }
        write.commit().await?;
        Ok(if cancelled { CancelOutcome::Cancelled(after) } else { CancelOutcome::Requested(after) })
    }

    async fn retry(&self, scope: &TenantScope, id: JobId, rules: &EnqueueRules) -> Result<Enqueued, EnqueueError> {
        let mut write = self.begin().await?;
        let found = sqlx::query(
            "select * from video_render_jobs
             where id = ?1 and company_id = ?2 and (?3 is null or organization_id = ?3)",
        )
        .bind(id.to_string())
        .bind(scope.company_id())
        .bind(scope.organization_id())
        .fetch_optional(&mut *write.conn)
        .await
        .map_err(failed)?;
        let Some(found) = found else { return Err(EnqueueError::NotFound) };
        let original = row::job(&found)?;
        let retries: i64 = sqlx::Row::try_get(&found, "retries").map_err(failed)?;
        let again = sqlx::query("select * from video_render_jobs where retry_of = ?1")
            .bind(id.to_string())
            .fetch_optional(&mut *write.conn)
            .await
            .map_err(failed)?;
        if let Some(again) = again {
            return Ok(Enqueued::Existing(row::job(&again)?));
        }
        if !matches!(original.status, Status::Failed | Status::Cancelled) {
            return Err(EnqueueError::NotRetriable { status: original.status });
        }
        if retries >= i64::from(rules.max_retries) {
            let retries = u32::try_from(retries).unwrap_or(u32::MAX);
            return Err(EnqueueError::TooManyRetries { retries, allowed: rules.max_retries });
        }
        let new = NewJob {
            entity_type: original.entity_type.clone(),
            entity_id: original.entity_id.clone(),
            template: original.template.clone(),
            input: original.input.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default(),
            idempotency_key: None,
            created_by_id: original.created_by_id.clone(),
        };
        let enqueued =
            enqueue::insert(&mut write, &original.scope, &new, rules, Some(enqueue::Original { id, retries })).await?;
        if let Enqueued::New(job) = &enqueued {
            let event = EventEntry {
                kind: EventKind::Retried,
                old: Some(original.status),
                source: EventSource::Tenant,
                correlation: &rules.correlation_id,
                detail: json!({ "retriedAs": job.id }),
            };
            record_event(&mut write, &original, event).await?;
        }
        write.commit().await?;
        Ok(enqueued)
    }

    async fn credits(&self, scope: &TenantScope) -> Result<Option<Credits>> {
        let found: Option<(i64, i64)> =
            sqlx::query_as("select balance, frozen from tenant_credits where company_id = ?1")
                .bind(scope.company_id())
                .fetch_optional(&self.readers)
                .await
                .map_err(failed)?;
        Ok(found.map(|(balance, frozen)| Credits { balance, frozen }))
    }

    async fn grant_credits(&self, scope: &TenantScope, amount: i64, reference: &str) -> Result<Credits> {
        let mut write = self.begin().await?;
        let known: Option<(i64, i64)> = sqlx::query_as(
            "select balance, frozen from tenant_credits
             where company_id = ?1
               and exists (select 1 from credit_entries where company_id = ?1 and reference = ?2)",
        )
        .bind(scope.company_id())
        .bind(reference)
        .fetch_optional(&mut *write.conn)
        .await
        .map_err(failed)?;
        if let Some((balance, frozen)) = known {
            return Ok(Credits { balance, frozen });
        }
        // Not one upsert: SQLite checks the constraints of the row that is not there to be inserted, too, and a taking's
        // is below 0.
        let added: Option<(i64, i64)> = sqlx::query_as(
            "update tenant_credits set balance = balance + ?2, updated_at = ?3 where company_id = ?1
             returning balance, frozen",
        )
        .bind(scope.company_id())
        .bind(amount)
        .bind(write.now)
        .fetch_optional(&mut *write.conn)
        .await
        .map_err(failed)?;
        let (balance, frozen) = match added {
            Some(found) => found,
            None => sqlx::query_as(
                "insert into tenant_credits (company_id, balance, updated_at) values (?1, ?2, ?3)
                 returning balance, frozen",
            )
            .bind(scope.company_id())
            .bind(amount)
            .bind(write.now)
            .fetch_one(&mut *write.conn)
            .await
            .map_err(failed)?,
        };
        sqlx::query(
            "insert into credit_entries (company_id, kind, balance_delta, frozen_delta, reference, created_at)
             values (?1, 'grant', ?2, 0, ?3, ?4)",
        )
        .bind(scope.company_id())
        .bind(amount)
        .bind(reference)
        .bind(write.now)
        .execute(&mut *write.conn)
        .await
        .map_err(failed)?;
        write.commit().await?;
        Ok(Credits { balance, frozen })
    }

    async fn set_webhook(&self, scope: &TenantScope, endpoint: &WebhookEndpoint) -> Result<()> {
        let mut write = self.begin().await?;
        if endpoint.url.is_empty() {
            sqlx::query("delete from webhook_endpoints where company_id = ?1")
                .bind(scope.company_id())
                .execute(&mut *write.conn)
                .await
                .map_err(failed)?;
            webhook::give_up(&mut write, scope.company_id()).await?;
        } else {
            sqlx::query(
                "insert into webhook_endpoints (company_id, url, secret, enabled, updated_at) values (?1, ?2, ?3, 1, ?4)
                 on conflict (company_id) do update
                   set url = excluded.url, secret = excluded.secret, enabled = 1, updated_at = ?4",
            )
            .bind(scope.company_id())
            .bind(&endpoint.url)
            .bind(&endpoint.secret)
            .bind(write.now)
            .execute(&mut *write.conn)
            .await
            .map_err(failed)?;
        }
        write.commit().await
    }
}

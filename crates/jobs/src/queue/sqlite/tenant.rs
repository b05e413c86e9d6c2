//! What a tenant reads and calls off, and its credits. Each statement carries the scope.

use serde_json::json;

use super::fault::failed;
use super::row::without_input;
use super::{SqliteStore, Told, row, tell};
use crate::job::{Event, EventKind, EventSource, Facts, Job, JobEvent, JobId, Status, TenantScope, transition};
use crate::queue::{CancelOutcome, Credits, JobFilter, Result};

/// The most jobs of one list.
const MAX_LIST: u32 = 500;

impl SqliteStore {
    pub(super) async fn find(&self, scope: &TenantScope, id: JobId) -> Result<Option<Job>> {
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

    pub(super) async fn list(&self, scope: &TenantScope, filter: &JobFilter) -> Result<Vec<Job>> {
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
        .bind(filter.limit.clamp(1, MAX_LIST))
        .fetch_all(&self.readers)
        .await
        .map_err(failed)?;
        found.iter().map(row::listed).collect()
    }

    pub(super) async fn history(&self, scope: &TenantScope, id: JobId) -> Result<Option<Vec<JobEvent>>> {
        if self.find(scope, id).await?.is_none() {
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

    pub(super) async fn cancel(&self, scope: &TenantScope, id: JobId) -> Result<CancelOutcome> {
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
            let told = Told {
                kind: EventKind::Cancelled,
                old: Some(before.status),
                source: EventSource::Tenant,
                correlation: "",
                detail: json!({}),
            };
            tell(&mut write, &after, told).await?;
        }
        write.commit().await?;
        Ok(if cancelled { CancelOutcome::Cancelled(after) } else { CancelOutcome::Requested(after) })
    }

    pub(super) async fn read_credits(&self, scope: &TenantScope) -> Result<Option<Credits>> {
        let found: Option<(i64, i64)> =
            sqlx::query_as("select balance, frozen from tenant_credits where company_id = ?1")
                .bind(scope.company_id())
                .fetch_optional(&self.readers)
                .await
                .map_err(failed)?;
        Ok(found.map(|(balance, frozen)| Credits { balance, frozen }))
    }

    pub(super) async fn grant(&self, scope: &TenantScope, amount: i64, reference: &str) -> Result<Credits> {
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
}

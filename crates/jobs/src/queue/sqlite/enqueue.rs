//! The steps of an enqueue, inside one transaction: find the job that does the same work, or refuse, or insert a new one
//! with its credit frozen.

use serde_json::json;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::fault::failed;
use super::{EventEntry, Write, millis, record_event, row};
use crate::digest::hex;
use crate::job::{EventKind, EventSource, Job, JobId, NewJob, TenantScope};
use crate::queue::error::{EnqueueError, Result};
use crate::queue::types::{DYING_SECONDS, EnqueueRules, Enqueued, MAX_SNAPSHOT_BYTES};

/// SHA-256 of the snapshot with sorted keys and no white space, hexadecimal.
fn snapshot_hash(text: &str) -> String {
    hex(&Sha256::digest(text))
}

/// The job that a new one tries again, and how often that has been done.
#[derive(Clone, Copy)]
pub(super) struct Original {
    pub(super) id: JobId,
    pub(super) retries: i64,
}

/// Finds the job that does the same work, or inserts one with its credit frozen.
pub(super) async fn insert(
    write: &mut Write,
    scope: &TenantScope,
    new: &NewJob,
    rules: &EnqueueRules,
    original: Option<Original>,
) -> Result<Enqueued, EnqueueError> {
    let input = new.input.to_string();
    if input.len() > MAX_SNAPSHOT_BYTES {
        return Err(EnqueueError::SnapshotTooLarge { allowed_bytes: MAX_SNAPSHOT_BYTES });
    }
    let hash = snapshot_hash(&input);
    if let Some(found) = same_work(write, scope, new, &hash).await? {
        return Ok(found);
    }
    let run_after = allowed_at(write, scope, new, rules).await?;
    within_limits(write, scope, rules).await?;
    let frozen = freezable(write, scope).await?;
    elsewhere(write, scope, new, &hash).await?;
    let inserted = sqlx::query(
        "insert into video_render_jobs (id, organization_id, company_id, entity_type, entity_id, template, input_json,
             snapshot_hash, idempotency_key, created_by_id, retry_of, retries, credits_held, run_after, created_at,
             updated_at)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?15, ?14, ?14) returning *",
    )
    .bind(Uuid::now_v7().to_string())
    .bind(scope.organization_id())
    .bind(scope.company_id())
    .bind(&new.entity_type)
    .bind(&new.entity_id)
    .bind(&new.template)
    .bind(&input)
    .bind(&hash)
    .bind(&new.idempotency_key)
    .bind(&new.created_by_id)
    .bind(original.map(|original| original.id.to_string()))
    .bind(original.map_or(0, |original| original.retries + 1))
    .bind(i64::from(frozen))
    .bind(write.now)
    .bind(run_after)
    .fetch_one(&mut *write.conn)
    .await
    .map_err(failed)?;
    let job = row::job(&inserted)?;
    if frozen {
        freeze(write, &job).await?;
    }
    let event = EventEntry {
        kind: EventKind::Requested,
        old: None,
        source: EventSource::Tenant,
        correlation: &rules.correlation_id,
        detail: original.map_or_else(|| json!({}), |original| json!({ "retryOf": original.id })),
    };
    record_event(write, &job, event).await?;
    Ok(Enqueued::New(job))
}

/// The job of the same key, else an active one, else a video that is there.
async fn same_work(
    write: &mut Write,
    scope: &TenantScope,
    new: &NewJob,
    hash: &str,
) -> Result<Option<Enqueued>, EnqueueError> {
    if let Some(key) = &new.idempotency_key {
        let found = sqlx::query("select * from video_render_jobs where company_id = ?1 and idempotency_key = ?2")
            .bind(scope.company_id())
            .bind(key)
            .fetch_optional(&mut *write.conn)
            .await
            .map_err(failed)?;
        if let Some(found) = found {
            let found = row::job(&found)?;
            let visible = scope.organization_id().is_none() || scope.organization_id() == found.scope.organization_id();
            let same = (&found.entity_type, &found.entity_id, &found.template, found.snapshot_hash.as_str())
                == (&new.entity_type, &new.entity_id, &new.template, hash);
            return if visible && same {
                Ok(Some(Enqueued::Existing(found)))
            } else {
                Err(EnqueueError::KeyReused { key: key.clone() })
            };
        }
    }
    let active = sqlx::query(
        "select * from video_render_jobs
         where company_id = ?1 and (?2 is null or organization_id = ?2) and entity_type = ?3 and entity_id = ?4
           and template = ?5 and snapshot_hash = ?6 and status in ('queued', 'running')",
    )
    .bind(scope.company_id())
    .bind(scope.organization_id())
    .bind(&new.entity_type)
    .bind(&new.entity_id)
    .bind(&new.template)
    .bind(hash)
    .fetch_optional(&mut *write.conn)
    .await
    .map_err(failed)?;
    if let Some(active) = active {
        let active = row::job(&active)?;
        if active.cancel_requested_at.is_some() {
            return Err(EnqueueError::Cooldown { wait_seconds: DYING_SECONDS });
        }
        return Ok(Some(Enqueued::Existing(active)));
    }
    let made = sqlx::query(
        "select * from video_render_jobs
         where company_id = ?1 and (?2 is null or organization_id = ?2) and template = ?3 and snapshot_hash = ?4
           and status = 'succeeded' and output_expired_at is null
           and render_version = (select render_version from video_render_templates where template = ?3)
         order by finished_at desc limit 1",
    )
    .bind(scope.company_id())
    .bind(scope.organization_id())
    .bind(&new.template)
    .bind(hash)
    .fetch_optional(&mut *write.conn)
    .await
    .map_err(failed)?;
    Ok(made.map(|made| row::job(&made)).transpose()?.map(Enqueued::Reused))
}

/// Refuses what another organization of the company has under way: one row a company, and this one may not be shown.
async fn elsewhere(write: &mut Write, scope: &TenantScope, new: &NewJob, hash: &str) -> Result<(), EnqueueError> {
    if scope.organization_id().is_none() {
        return Ok(());
    }
    let found: bool = sqlx::query_scalar(
        "select exists (select 1 from video_render_jobs
         where company_id = ?1 and organization_id is not ?2 and entity_type = ?3 and entity_id = ?4 and template = ?5
           and snapshot_hash = ?6 and status in ('queued', 'running'))",
    )
    .bind(scope.company_id())
    .bind(scope.organization_id())
    .bind(&new.entity_type)
    .bind(&new.entity_id)
    .bind(&new.template)
    .bind(hash)
    .fetch_one(&mut *write.conn)
    .await
    .map_err(failed)?;
    if found { Err(EnqueueError::OtherOrganization) } else { Ok(()) }
}

/// When the job may begin: now, or where it may wait, at the end of the cooldown.
async fn allowed_at(
    write: &mut Write,
    scope: &TenantScope,
    new: &NewJob,
    rules: &EnqueueRules,
) -> Result<i64, EnqueueError> {
    // The last render of this quote with this template: when it was asked for, or where it waited, was to begin.
    let last: Option<i64> = sqlx::query_scalar(
        "select max(created_at, min(run_after, coalesce(started_at, run_after))) from video_render_jobs
         where company_id = ?1 and entity_id = ?2 and entity_type = ?3 and template = ?4
           and status in ('queued', 'running', 'succeeded')
         order by created_at desc, id desc limit 1",
    )
    .bind(scope.company_id())
    .bind(&new.entity_id)
    .bind(&new.entity_type)
    .bind(&new.template)
    .fetch_optional(&mut *write.conn)
    .await
    .map_err(failed)?;
    let allowed_at = last.map_or(write.now, |last| last.saturating_add(millis(rules.cooldown)));
    match u64::try_from(allowed_at - write.now) {
        Ok(wait_ms @ 1..) if !rules.when_allowed => {
            Err(EnqueueError::Cooldown { wait_seconds: wait_ms.div_ceil(1_000) })
        }
        _ => Ok(allowed_at.max(write.now)),
    }
}

/// The length of the company's queue.
async fn within_limits(write: &mut Write, scope: &TenantScope, rules: &EnqueueRules) -> Result<(), EnqueueError> {
    let queued: Option<i64> = sqlx::query_scalar("select queued from video_render_lanes where company_id = ?1")
        .bind(scope.company_id())
        .fetch_optional(&mut *write.conn)
        .await
        .map_err(failed)?;
    let queued = u64::try_from(queued.unwrap_or(0)).unwrap_or(0);
    if queued >= u64::from(rules.max_queued) {
        return Err(EnqueueError::QueueFull { queued, allowed: rules.max_queued });
    }
    Ok(())
}

/// Whether a credit is to be frozen: not where the company has no row, refused where it has none left.
async fn freezable(write: &mut Write, scope: &TenantScope) -> Result<bool, EnqueueError> {
    let available: Option<i64> =
        sqlx::query_scalar("select balance - frozen from tenant_credits where company_id = ?1")
            .bind(scope.company_id())
            .fetch_optional(&mut *write.conn)
            .await
            .map_err(failed)?;
    match available {
        Some(available) if available < 1 => Err(EnqueueError::NoCredits { available }),
        found => Ok(found.is_some()),
    }
}

async fn freeze(write: &mut Write, job: &Job) -> Result<()> {
    sqlx::query("update tenant_credits set frozen = frozen + 1, updated_at = ?2 where company_id = ?1")
        .bind(job.scope.company_id())
        .bind(write.now)
        .execute(&mut *write.conn)
        .await
        .map_err(failed)?;
    sqlx::query(
        "insert into credit_entries (company_id, job_id, kind, balance_delta, frozen_delta, created_at)
         values (?1, ?2, 'freeze', 0, 1, ?3)",
    )
    .bind(job.scope.company_id())
    .bind(job.id.to_string())
    .bind(write.now)
    .execute(&mut *write.conn)
    .await
    .map_err(failed)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_does_not_depend_on_the_order_of_keys() {
        let hash =
            |text: &str| snapshot_hash(&serde_json::from_str::<serde_json::Value>(text).expect("JSON").to_string());
        assert_eq!(hash(r#"{"b": 1, "a": {"d": 2, "c": 3}}"#), hash(r#"{"a":{"c":3,"d":2},"b":1}"#));
        assert_ne!(hash(r#"{"a":1}"#), hash(r#"{"a":2}"#));
        // printf '{}' | sha256sum
        assert_eq!(hash("{}"), "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
    }
}

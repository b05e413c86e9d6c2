//! What workers do: they claim jobs, and write to those whose lease they hold. Each such statement repeats the guard;
//! credits and webhooks follow by the schema's triggers.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};

use super::fault::failed;
use super::row::without_input;
use super::{EventEntry, SqliteDatabase, Write, claim, claim_correlation, heartbeat, millis, record_event, row};
use crate::job::{EventKind, EventSource, Failure, FailureCode, Job, JobOutput, Lease, Stage, Status};
use crate::queue::error::Result;
use crate::queue::roles::{HeartbeatConnection, Queue};
use crate::queue::types::{AdoptRequest, ClaimRequest, Claimed, Held, SpoolHold, TemplateVersion};

/// A statement that changes the row of a lease: `?1` job, `?2` company, `?3` epoch, `?4` now.
macro_rules! guarded {
    ($sets:literal) => {
        guarded!($sets, "")
    };
    ($sets:literal, $more:literal) => {
        concat!(
            "update video_render_jobs set updated_at = ?4, ",
            $sets,
            " where id = ?1 and company_id = ?2 and status = 'running' and lease_epoch = ?3 ",
            $more,
            " returning ",
            without_input!()
        )
    };
}

/// How a job returns to the queue.
struct Back<'a> {
    /// Why, for the history.
    detail: Value,
    /// Not before.
    pause: Duration,
    /// Where its finished file lies.
    hold: Option<&'a SpoolHold>,
    /// What the row says of the last try; what it said before where this one did not fail.
    failure: Option<FailureCode>,
    /// Claims that do not count.
    attempts_back: u32,
}

type Statement<'q> = sqlx::query::Query<'q, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>;

fn held<'q>(sql: &'static str, lease: &'q Lease, now: i64) -> Statement<'q> {
    sqlx::query(sql).bind(lease.job_id.to_string()).bind(lease.scope.company_id()).bind(lease.epoch.0).bind(now)
}

/// The row after the change, if the lease was held.
async fn changed(write: &mut Write, statement: Statement<'_>) -> Result<Option<Job>> {
    let found = statement.fetch_optional(&mut *write.conn).await.map_err(failed)?;
    found.map(|found| row::listed(&found)).transpose()
}

/// What an event says about a failure. Tenants read it, so it has only codes and fixed words.
fn verdict(failure: &Failure) -> Value {
    json!({ "errorClass": failure.code.class(), "errorCode": failure.code.as_str() })
}

/// Records what the worker did, and commits.
async fn commit_event(mut write: Write, after: Option<Job>, kind: EventKind, mut detail: Value) -> Result<Held> {
    let Some(after) = after else { return Ok(Held::Lost) };
    detail["epoch"] = json!(after.lease_epoch);
    detail["attempt"] = json!(after.attempts);
    let correlation = claim_correlation(&after);
    let entry =
        EventEntry { kind, old: Some(Status::Running), source: EventSource::Worker, correlation: &correlation, detail };
    record_event(&mut write, &after, entry).await?;
    write.commit().await?;
    Ok(Held::Yes)
}

async fn queue_again(database: &SqliteDatabase, lease: &Lease, back: Back<'_>) -> Result<Held> {
    let mut write = database.begin().await?;
    let statement = guarded!(
        "status = 'cancelled', finished_at = ?4, error_class = null, error_code = null, \
         lease_expires_at = null, worker_id = null, deadline_at = null, spool_id = null",
        "and cancel_requested_at is not null"
    );
    let statement = held(statement, lease, write.now);
    if let Some(after) = changed(&mut write, statement).await? {
        return commit_event(write, Some(after), EventKind::Cancelled, back.detail).await;
    }
    let statement = guarded!(
        "status = 'queued', stage = case when ?5 is null then 'render' else 'upload' end, spool_id = ?5, \
         spool_retry_at = ?6, run_after = ?7, attempts = max(0, attempts - ?8), \
         error_class = coalesce(?9, error_class), error_code = coalesce(?10, error_code), \
         lease_expires_at = null, worker_id = null, deadline_at = null",
        "and cancel_requested_at is null"
    );
    let own = write.now + millis(back.pause);
    let others = back.hold.map_or(own, |hold| write.now + millis(hold.others_in.max(back.pause)));
    let statement = held(statement, lease, write.now)
        .bind(back.hold.map(|hold| hold.spool_id.as_str()))
        .bind(back.hold.map(|_| own))
        .bind(others)
        .bind(back.attempts_back)
        .bind(back.failure.map(|code| code.class().as_str()))
        .bind(back.failure.map(FailureCode::as_str));
    let after = changed(&mut write, statement).await?;
    commit_event(write, after, EventKind::Retried, back.detail).await
}

#[async_trait]
impl Queue for SqliteDatabase {
    async fn register_templates(&self, versions: &[TemplateVersion]) -> Result<()> {
        let mut write = self.begin().await?;
        for version in versions {
            sqlx::query(
                "insert into video_render_templates (template, render_version, updated_at) values (?1, ?2, ?3)
                 on conflict (template) do update set render_version = excluded.render_version, updated_at = ?3",
            )
            .bind(&version.template)
            .bind(&version.render_version)
            .bind(write.now)
            .execute(&mut *write.conn)
            .await
            .map_err(failed)?;
        }
        write.commit().await
    }

    async fn claim(&self, request: &ClaimRequest) -> Result<Vec<Claimed>> {
        if request.max_jobs == 0 {
            return Ok(Vec::new());
        }
        let mut write = self.begin().await?;
        let mut claimed = Vec::new();
        let mut taken = 0;
        let own = sqlx::query(
            "select id, spool_retry_at as since from video_render_jobs
             where status = 'queued' and spool_id = ?1 and spool_retry_at <= ?2
             order by spool_retry_at, id limit ?3",
        )
        .bind(&request.spool_id)
        .bind(write.now)
        .bind(request.max_jobs)
        .fetch_all(&mut *write.conn)
        .await
        .map_err(failed)?;
        for candidate in &own {
            taken += 1;
            claimed.extend(claim::take(&mut write, request, &claim::Candidate::read(candidate, true)?).await?);
        }
        while taken < request.max_jobs {
            let Some(candidate) = claim::next(&mut write, request).await? else { break };
            taken += 1;
            claimed.extend(claim::take(&mut write, request, &candidate).await?);
        }
        if taken > 0 {
            write.commit().await?;
        }
        Ok(claimed)
    }

    async fn adopt(&self, request: &AdoptRequest) -> Result<Option<Claimed>> {
        let mut write = self.begin().await?;
        let before: Option<(String, i64)> =
            sqlx::query_as("select status, run_after from video_render_jobs where id = ?1 and company_id = ?2")
                .bind(request.job_id.to_string())
                .bind(request.scope.company_id())
                .fetch_optional(&mut *write.conn)
                .await
                .map_err(failed)?;
        let Some((old, run_after)) = before else { return Ok(None) };
        let adopted = sqlx::query(
            "update video_render_jobs
             set status = 'running', stage = 'upload', lease_epoch = lease_epoch + 1,
                 attempts = attempts + (status = 'queued'), rescue_count = rescue_count + (status = 'running'),
                 lease_expires_at = ?3 + ?4, deadline_at = ?3 + ?5,
                 worker_id = ?6, spool_id = ?7, spool_retry_at = null, started_at = coalesce(started_at, ?3),
                 updated_at = ?3
             where id = ?1 and company_id = ?2 and snapshot_hash = ?8 and cancel_requested_at is null
               and (status = 'queued' or (status = 'running' and lease_epoch >= ?9 and spool_id = ?7
                                          and worker_id <> ?6 and rescue_count < ?10))
             returning *",
        )
        .bind(request.job_id.to_string())
        .bind(request.scope.company_id())
        .bind(write.now)
        .bind(millis(request.lease))
        .bind(millis(request.deadline))
        .bind(&request.worker_id.0)
        .bind(&request.spool_id)
        .bind(&request.snapshot_hash)
        .bind(request.epoch.0)
        .bind(request.max_rescues)
        .fetch_optional(&mut *write.conn)
        .await
        .map_err(failed)?;
        let Some(adopted) = adopted else { return Ok(None) };
        let old = Status::from_name(&old).unwrap_or(Status::Queued);
        let since = if old == Status::Queued { run_after } else { write.now };
        let detail = json!({ "adopted": request.epoch });
        let claimed = claim::started(&mut write, &adopted, old, since, detail).await?;
        write.commit().await?;
        Ok(Some(claimed))
    }

    async fn heartbeat(&self) -> Result<Box<dyn HeartbeatConnection>> {
        heartbeat::open(&self.options).await
    }

    async fn begin_stage(&self, lease: &Lease, stage: Stage) -> Result<Held> {
        let mut write = self.begin().await?;
        let statement = guarded!(
            "stage = ?5, render_attempts = render_attempts + (?5 = 'render'), \
             upload_attempts = upload_attempts + (?5 = 'upload')"
        );
        let statement = held(statement, lease, write.now).bind(stage.as_str());
        if changed(&mut write, statement).await?.is_none() {
            return Ok(Held::Lost);
        }
        write.commit().await?;
        Ok(Held::Yes)
    }

    async fn count_upload(&self, lease: &Lease) -> Result<Held> {
        let mut write = self.begin().await?;
        let statement = held(guarded!("upload_attempts = upload_attempts + 1"), lease, write.now);
        if changed(&mut write, statement).await?.is_none() {
            return Ok(Held::Lost);
        }
        write.commit().await?;
        Ok(Held::Yes)
    }

    async fn succeed(&self, lease: &Lease, output: &JobOutput) -> Result<Held> {
        let mut write = self.begin().await?;
        let statement = guarded!(
            "status = 'succeeded', stage = 'finalize', progress = 100, finished_at = ?4, output_key = ?5, \
             output_sha256 = ?6, output_bytes = ?7, output_duration_ms = ?8, thumbnail_key = ?9, render_version = ?10, \
             error_class = null, error_code = null, \
             lease_expires_at = null, worker_id = null, deadline_at = null, spool_id = null"
        );
        let statement = held(statement, lease, write.now)
            .bind(&output.output_key)
            .bind(&output.output_sha256)
            .bind(i64::try_from(output.output_bytes).unwrap_or(i64::MAX))
            .bind(i64::try_from(output.output_duration_ms).unwrap_or(i64::MAX))
            .bind(&output.thumbnail_key)
            .bind(&output.render_version);
        let after = changed(&mut write, statement).await?;
        commit_event(write, after, EventKind::Succeeded, json!({})).await
    }

    async fn fail(&self, lease: &Lease, failure: &Failure, message: &str) -> Result<Held> {
        let mut write = self.begin().await?;
        let statement = guarded!(
            "status = 'failed', finished_at = ?4, error_class = ?5, error_code = ?6, error_message = ?7, \
             lease_expires_at = null, worker_id = null, deadline_at = null, spool_id = null"
        );
        let statement = held(statement, lease, write.now)
            .bind(failure.code.class().as_str())
            .bind(failure.code.as_str())
            .bind(message);
        let after = changed(&mut write, statement).await?;
        commit_event(write, after, EventKind::Failed, verdict(failure)).await
    }

    async fn retry_later(
        &self,
        lease: &Lease,
        failure: &Failure,
        pause: Duration,
        hold: Option<&SpoolHold>,
    ) -> Result<Held> {
        let detail = verdict(failure);
        queue_again(self, lease, Back { detail, pause, hold, failure: Some(failure.code), attempts_back: 0 }).await
    }

    async fn release(&self, lease: &Lease, reason: &str, pause: Duration, hold: Option<&SpoolHold>) -> Result<Held> {
        tracing::debug!(jobId = %lease.job_id, reason, "a job goes back to the queue");
        let detail = serde_json::json!({ "reason": "released" });
        queue_again(self, lease, Back { detail, pause, hold, failure: None, attempts_back: 1 }).await
    }

    async fn stopped(&self, lease: &Lease) -> Result<Held> {
        let mut write = self.begin().await?;
        let statement = guarded!(
            "status = 'cancelled', finished_at = ?4, cancel_requested_at = coalesce(cancel_requested_at, ?4), \
             error_class = null, error_code = null, \
             lease_expires_at = null, worker_id = null, deadline_at = null, spool_id = null"
        );
        let statement = held(statement, lease, write.now);
        let after = changed(&mut write, statement).await?;
        commit_event(write, after, EventKind::Cancelled, json!({})).await
    }
}

//! The writes of the worker that holds a lease. Each statement repeats the guard; credits and webhooks follow by the
//! schema's triggers.

use std::time::Duration;

use serde_json::{Value, json};

use super::fault::failed;
use super::row::without_input;
use super::{SqliteStore, Told, Write, claim_correlation, millis, row, tell};
use crate::job::{EventKind, EventSource, Failure, FailureCode, Job, JobOutput, Lease, Stage, Status};
use crate::queue::{Held, Result, SpoolHold};

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

/// How a job goes back to the queue.
pub(super) struct Back<'a> {
    /// Why, for the history.
    pub(super) detail: Value,
    /// Not before.
    pub(super) pause: Duration,
    /// Where its finished file lies.
    pub(super) hold: Option<&'a SpoolHold>,
    /// What the row says of the last try; what it said before where this one did not fail.
    pub(super) failure: Option<FailureCode>,
    /// Claims that do not count.
    pub(super) attempts_back: u32,
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

/// What an event tells of a failure. Tenants read it: codes and fixed words alone.
pub(super) fn verdict(failure: &Failure) -> Value {
    json!({ "errorClass": failure.code.class(), "errorCode": failure.code.as_str() })
}

/// Tells what the worker did, and commits.
async fn told(mut write: Write, after: Option<Job>, kind: EventKind, mut detail: Value) -> Result<Held> {
    let Some(after) = after else { return Ok(Held::Lost) };
    detail["epoch"] = json!(after.lease_epoch);
    detail["attempt"] = json!(after.attempts);
    let correlation = claim_correlation(&after);
    let told =
        Told { kind, old: Some(Status::Running), source: EventSource::Worker, correlation: &correlation, detail };
    tell(&mut write, &after, told).await?;
    write.commit().await?;
    Ok(Held::Yes)
}

impl SqliteStore {
    pub(super) async fn enter(&self, lease: &Lease, stage: Stage) -> Result<Held> {
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

    pub(super) async fn one_more_upload(&self, lease: &Lease) -> Result<Held> {
        let mut write = self.begin().await?;
        let statement = held(guarded!("upload_attempts = upload_attempts + 1"), lease, write.now);
        if changed(&mut write, statement).await?.is_none() {
            return Ok(Held::Lost);
        }
        write.commit().await?;
        Ok(Held::Yes)
    }

    pub(super) async fn end_well(&self, lease: &Lease, output: &JobOutput) -> Result<Held> {
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
        told(write, after, EventKind::Succeeded, json!({})).await
    }

    pub(super) async fn end_badly(&self, lease: &Lease, failure: &Failure, message: &str) -> Result<Held> {
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
        told(write, after, EventKind::Failed, verdict(failure)).await
    }

    pub(super) async fn queue_again(&self, lease: &Lease, back: Back<'_>) -> Result<Held> {
        let mut write = self.begin().await?;
        let statement = guarded!(
            "status = 'cancelled', finished_at = ?4, error_class = null, error_code = null, \
             lease_expires_at = null, worker_id = null, deadline_at = null, spool_id = null",
            "and cancel_requested_at is not null"
        );
        let statement = held(statement, lease, write.now);
        if let Some(after) = changed(&mut write, statement).await? {
            return told(write, Some(after), EventKind::Cancelled, back.detail).await;
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
        told(write, after, EventKind::Retried, back.detail).await
    }

    pub(super) async fn end_stopped(&self, lease: &Lease) -> Result<Held> {
        let mut write = self.begin().await?;
        let statement = guarded!(
            "status = 'cancelled', finished_at = ?4, cancel_requested_at = coalesce(cancel_requested_at, ?4), \
             error_class = null, error_code = null, \
             lease_expires_at = null, worker_id = null, deadline_at = null, spool_id = null"
        );
        let statement = held(statement, lease, write.now);
        let after = changed(&mut write, statement).await?;
        told(write, after, EventKind::Cancelled, json!({})).await
    }
}

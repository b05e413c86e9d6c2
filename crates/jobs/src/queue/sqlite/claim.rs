//! Who gets which job next. The whole claim is one transaction of a few indexed reads and one update a job; while it
//! lasts nobody else writes, so no job is given twice.

use serde_json::json;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::fault::failed;
use super::{EventEntry, Write, claim_correlation, millis, record_event, row, span};
use crate::job::{EventKind, EventSource, Job, Lease, Status};
use crate::queue::error::{QueueError, Result};
use crate::queue::types::{ClaimRequest, Claimed};

/// A queued job that may be claimed, and since when.
pub(super) struct Candidate {
    id: String,
    since: i64,
    /// Its finished file lies in the asker's spool.
    own: bool,
}

impl Candidate {
    pub(super) fn read(row: &SqliteRow, own: bool) -> Result<Self> {
        Ok(Self { id: row.try_get("id").map_err(failed)?, since: row.try_get("since").map_err(failed)?, own })
    }
}

/// The oldest job of the company with the fewest running ones, of those under the cap.
pub(super) async fn next(write: &mut Write, request: &ClaimRequest) -> Result<Option<Candidate>> {
    let found = sqlx::query(
        "select id, run_after as since from video_render_jobs
         where status = 'queued' and run_after <= ?1
           and company_id = (select company_id from video_render_lanes
                             where queued > 0 and running < ?2 and head_at <= ?1
                             order by running, head_at, company_id limit 1)
         order by run_after, created_at, id limit 1",
    )
    .bind(write.now)
    .bind(request.tenant_cap)
    .fetch_optional(&mut *write.conn)
    .await
    .map_err(failed)?;
    found.map(|found| Candidate::read(&found, false)).transpose()
}

/// `None` for a row that cannot be read: it is claimed all the same and left to its lease, since it would be the first
/// again at every claim.
pub(super) async fn take(write: &mut Write, request: &ClaimRequest, candidate: &Candidate) -> Result<Option<Claimed>> {
    let taken = sqlx::query(
        "update video_render_jobs
         set status = 'running', lease_epoch = lease_epoch + 1, attempts = attempts + 1,
             lease_expires_at = ?2 + ?3, deadline_at = ?2 + ?4, worker_id = ?5, spool_id = ?6, spool_retry_at = null,
             stage = case when ?7 then stage else 'render' end, progress = case when ?7 then progress else 0 end,
             started_at = coalesce(started_at, ?2), updated_at = ?2
         where id = ?1 and status = 'queued' returning *",
    )
    .bind(&candidate.id)
    .bind(write.now)
    .bind(millis(request.lease))
    .bind(millis(request.deadline))
    .bind(&request.worker_id.0)
    .bind(&request.spool_id)
    .bind(candidate.own)
    .fetch_one(&mut *write.conn)
    .await
    .map_err(failed)?;
    match started(write, &taken, Status::Queued, candidate.since, json!({})).await {
        Err(error @ (QueueError::Row { .. } | QueueError::Other(_))) => {
            tracing::error!(event = "ERROR", jobId = candidate.id, error = %error, "a claimed row cannot be read");
            Ok(None)
        }
        started => started.map(Some),
    }
}

/// Tells the event and hands the row over.
pub(super) async fn started(
    write: &mut Write,
    taken: &SqliteRow,
    old: Status,
    since: i64,
    mut detail: serde_json::Value,
) -> Result<Claimed> {
    let job: Job = row::job(taken)?;
    detail["epoch"] = json!(job.lease_epoch);
    detail["attempt"] = json!(job.attempts);
    detail["stage"] = json!(job.stage);
    let event = EventEntry {
        kind: EventKind::Started,
        old: Some(old),
        source: EventSource::Worker,
        correlation: &claim_correlation(&job),
        detail,
    };
    record_event(write, &job, event).await?;
    // The last time zone to leave a day is 12 hours behind UTC.
    let today_last = row::time_of(write.now - 12 * 3_600_000)
        .map(::time::OffsetDateTime::date)
        .ok_or_else(|| QueueError::Other(format!("the database's clock says {} ms since 1970", write.now).into()))?;
    let lease = Lease { job_id: job.id, scope: job.scope.clone(), epoch: job.lease_epoch };
    Ok(Claimed { lease, waited: span(write.now - since), today_last, job })
}

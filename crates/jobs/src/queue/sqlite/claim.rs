//! Who gets which job next. The whole claim is one transaction of a few indexed reads and one update a job; while it
//! lasts nobody else writes, so no job is given twice.

use serde_json::json;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::fault::failed;
use super::{SqliteStore, Told, Write, claim_correlation, millis, row, span, tell};
use crate::job::{EventKind, EventSource, Job, Lease, Status};
use crate::queue::{AdoptRequest, ClaimRequest, Claimed, Result, StoreError};

/// A queued job that may be claimed, and since when.
struct Candidate {
    id: String,
    since: i64,
    /// Its finished file lies in the asker's spool.
    own: bool,
}

impl Candidate {
    fn read(row: &SqliteRow, own: bool) -> Result<Self> {
        Ok(Self { id: row.try_get("id").map_err(failed)?, since: row.try_get("since").map_err(failed)?, own })
    }
}

impl SqliteStore {
    pub(super) async fn claim_next(&self, request: &ClaimRequest) -> Result<Vec<Claimed>> {
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
            claimed.extend(take(&mut write, request, &Candidate::read(candidate, true)?).await?);
        }
        while taken < request.max_jobs {
            let Some(candidate) = next(&mut write, request).await? else { break };
            taken += 1;
            claimed.extend(take(&mut write, request, &candidate).await?);
        }
        if taken > 0 {
            write.commit().await?;
        }
        Ok(claimed)
    }

    pub(super) async fn adopt_file(&self, request: &AdoptRequest) -> Result<Option<Claimed>> {
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
        let claimed = started(&mut write, &adopted, old, since, detail).await?;
        write.commit().await?;
        Ok(Some(claimed))
    }
}

/// The oldest job of the company with the fewest running ones, of those under the cap.
async fn next(write: &mut Write, request: &ClaimRequest) -> Result<Option<Candidate>> {
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
async fn take(write: &mut Write, request: &ClaimRequest, candidate: &Candidate) -> Result<Option<Claimed>> {
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
        Err(error @ (StoreError::Row { .. } | StoreError::Other(_))) => {
            tracing::error!(event = "ERROR", jobId = candidate.id, error = %error, "a claimed row cannot be read");
            Ok(None)
        }
        started => started.map(Some),
    }
}

/// Tells the event and hands the row over.
async fn started(
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
    let told = Told {
        kind: EventKind::Started,
        old: Some(old),
        source: EventSource::Worker,
        correlation: &claim_correlation(&job),
        detail,
    };
    tell(write, &job, told).await?;
    // The last time zone to leave a day is 12 hours behind UTC.
    let today_last = row::time_of(write.now - 12 * 3_600_000)
        .map(::time::OffsetDateTime::date)
        .ok_or_else(|| StoreError::Other(format!("the database's clock says {} ms since 1970", write.now).into()))?;
    let lease = Lease { job_id: job.id, scope: job.scope.clone(), epoch: job.lease_epoch };
    Ok(Claimed { lease, waited: span(write.now - since), today_last, job })
}

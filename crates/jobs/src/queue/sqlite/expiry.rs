//! Takes one job from a worker whose lease or deadline has passed, and records what maintenance changed.

use serde_json::{Value, json};

use super::fault::failed;
use super::row::without_input;
use super::{EventEntry, Write, claim_correlation, record_event, row};
use crate::job::{Event, EventKind, EventSource, Facts, FailureCode, Job, Language, Status, transition};
use crate::queue::error::{QueueError, Result};
use crate::queue::types::{Expired, ExpiredHow};

/// Takes one job from its worker, as [`transition`] has it.
pub(super) async fn expire(
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
        transition(before.status, facts, Event::Expire).map_err(|refusal| QueueError::Other(Box::new(refusal)))?;
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

pub(super) async fn reconciled(write: &mut Write, after: &Job, old: Status, mut detail: Value) -> Result<()> {
    detail["reconciled_to"] = json!(after.status);
    detail["epoch"] = json!(after.lease_epoch);
    detail["attempt"] = json!(after.attempts);
    let correlation = claim_correlation(after);
    let event = EventEntry {
        kind: EventKind::Reconciled,
        old: Some(old),
        source: EventSource::Reconciler,
        correlation: &correlation,
        detail,
    };
    record_event(write, after, event).await
}

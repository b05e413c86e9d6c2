//! `render jobs retry` and `render jobs cancel`.

use serde_json::json;

use super::args::TenantArgs;
use super::{enqueue, not_found, open, refusal};
use crate::cli::failure::Failure;
use crate::cli::reporter::Reporter;
use crate::config::DatabaseArgs;
use quotereel_jobs::queue::{CancelOutcome, EnqueueRules};

/// Enqueues a failed or cancelled job again.
///
/// # Errors
/// As [`super::list::run`].
pub(super) async fn retry(
    id: &str,
    tenant: &TenantArgs,
    rules: &EnqueueRules,
    database: &DatabaseArgs,
    reporter: Reporter,
) -> Result<(), Failure> {
    let (id, scope) = (open::job_id(id)?, open::scope(tenant)?);
    let store = open::store(database).await?;
    let enqueued = store.retry(&scope, id, rules).await.map_err(|error| match error {
        quotereel_jobs::queue::EnqueueError::NotFound => not_found(id),
        other => refusal(other),
    })?;
    enqueue::report(&enqueued, reporter)
}

/// Cancels a job.
///
/// # Errors
/// As [`super::list::run`].
pub(super) async fn cancel(
    id: &str,
    tenant: &TenantArgs,
    database: &DatabaseArgs,
    reporter: Reporter,
) -> Result<(), Failure> {
    let (id, scope) = (open::job_id(id)?, open::scope(tenant)?);
    let store = open::store(database).await?;
    let (outcome, words, job) = match store.request_cancel(&scope, id).await.map_err(anyhow::Error::from)? {
        CancelOutcome::Cancelled(job) => ("cancelled", "cancelled".to_owned(), job),
        CancelOutcome::Requested(job) => {
            ("requested", "running: its worker stops it within about a second".to_owned(), job)
        }
        CancelOutcome::AlreadyFinal(job) => ("already_final", format!("already ended: {}", job.status), job),
        CancelOutcome::NotFound => return Err(not_found(id)),
    };
    reporter.result(true, &format!("{id}  {words}\n"), json!({ "outcome": outcome, "job": job }))
}

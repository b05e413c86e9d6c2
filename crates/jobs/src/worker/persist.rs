//! Writes to the row that survive a short absence of the database, and answers that are lost on their way back.

use std::time::Duration;

use futures_util::future::BoxFuture;

use super::heartbeat::HeldJob;
use crate::job::{Backoff, Job};
use crate::queue::{Database, Held, QueueError};

/// Pause between two tries at a write.
const PAUSE: Backoff = Backoff { base: Duration::from_millis(100), cap: Duration::from_secs(3) };

/// A write that did not happen.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotWritten {
    /// The job is no longer this worker's.
    #[error("the lease is lost")]
    Lost,
    /// The database refuses its values, and would again.
    #[error(transparent)]
    Refused(QueueError),
}

/// Repeats `write` until the database has accepted it or the lease is lost. Only an error about the row's values ends it:
/// any other, however unexpected, says nothing about the job.
///
/// Where an answer may have been lost, a later "no such row" proves nothing: `landed` then decides from the row
/// whether this very write has changed it.
///
/// # Errors
/// [`NotWritten`].
pub(super) async fn persist<'a>(
    database: &dyn Database,
    held: &HeldJob,
    what: &str,
    write: impl Fn() -> BoxFuture<'a, Result<Held, QueueError>>,
    landed: impl Fn(&Job) -> bool,
) -> Result<(), NotWritten> {
    let lease = held.lease();
    let mut failures = 0;
    loop {
        match write().await {
            Ok(Held::Yes) => return Ok(()),
            Ok(Held::Lost) if failures == 0 => return Err(NotWritten::Lost),
            Ok(Held::Lost) => match database.job(&lease.scope, lease.job_id).await {
                Ok(Some(job)) if job.lease_epoch == lease.epoch && landed(&job) => return Ok(()),
                Ok(_) => return Err(NotWritten::Lost),
                Err(error) if error.is_about_values() => return Err(NotWritten::Refused(error)),
                Err(_) => failures += 1,
            },
            Err(error) if error.is_about_values() => return Err(NotWritten::Refused(error)),
            Err(error) => {
                failures += 1;
                tracing::warn!(
                    event = "ERROR", jobId = %lease.job_id, companyId = lease.scope.company_id(), what,
                    error = %error, "the row could not be written: again in a moment"
                );
            }
        }
        let pause = PAUSE.pause(failures, rand::random());
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            // The heartbeat may have seen what this very write did to the row.
            () = held.lost() => return match database.job(&lease.scope, lease.job_id).await {
                Ok(Some(job)) if job.lease_epoch == lease.epoch && landed(&job) => Ok(()),
                _ => Err(NotWritten::Lost),
            },
        }
    }
}

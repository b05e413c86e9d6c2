//! Watches over storage: now and then while it is used, so that an idle worker too knows when it is away; with a probe after
//! growing pauses while the circuit breaker is open, until it takes files again.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::circuit_breaker::CircuitBreaker;
use super::context::Context;
use crate::objects::{StorageError, StorageErrorClass};

/// Time between two looks while all is well; one costs a listing of one object.
const LOOK_EVERY: Duration = Duration::from_secs(15);

/// Where the objects of probes lie; as good a place to look at as any.
const PROBES: &str = "probe/";

/// Opens the circuit breaker when storage is away, and closes it when storage takes files again.
pub(super) async fn watch(context: Arc<Context>) {
    let mut tries = 0;
    loop {
        if context.breaker.reason().is_none() {
            tries = 0;
            tokio::select! {
                () = context.breaker.until_tripped() => {}
                () = sleep(LOOK_EVERY) => look(&context).await,
            }
            continue;
        }
        tries += 1;
        sleep(CircuitBreaker::pause_before_probe(tries)).await;
        match write(&context).await {
            Ok(()) => {
                if context.breaker.reset() {
                    context.metrics.paused(false);
                    tracing::info!(event = "RESUME", worker = %context.worker_id, "storage takes files again");
                }
            }
            Err(error) => {
                context.breaker.trip(&error);
                tracing::warn!(event = "ERROR", worker = %context.worker_id, error = %error, "storage still refuses this worker");
            }
        }
    }
}

/// Pauses uploads and claims where storage neither answers a look nor takes a file.
async fn look(context: &Context) {
    let looked = context.storage.list(PROBES, None, 1).await;
    let away =
        |error: &StorageError| matches!(error.class(), StorageErrorClass::Transient | StorageErrorClass::Refused);
    // What counts is that it takes files: keys that may not list are for `render doctor` to find.
    if looked.is_err_and(|error| away(&error))
        && let Err(error) = write(context).await
        && context.breaker.trip(&error)
    {
        context.metrics.paused(true);
        tracing::error!(event = "PAUSE", worker = %context.worker_id, error = %error, "storage is away: nothing is claimed");
    }
}

/// Writes a small object of its own; the rest of the check is for `render doctor`.
async fn write(context: &Context) -> Result<(), StorageError> {
    let check = context.storage.check().await;
    match check.steps.into_iter().find(|step| step.name == "write").map(|step| step.outcome) {
        Some(Err(error)) => Err(error),
        _ => Ok(()),
    }
}

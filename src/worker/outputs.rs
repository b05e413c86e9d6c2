//! Looks whether the videos that rows promise are in storage, a part of them each round. A job whose video is gone fails,
//! and what was paid for it is given back.

use std::sync::Arc;
use std::time::Duration;

use super::duties::Done;
use super::shop::Shop;
use crate::metrics::Metrics;
use crate::storage::{ObjectKey, ObjectStore, StorageError};
use crate::store::StoredOutput;
use tokio::task::JoinSet;

/// Rows looked at in one round.
const BATCH: u32 = 400;
/// Questions to storage at the same time.
const AT_ONCE: usize = 8;
/// A video is looked for when it has been there for a while: stores may show a new object late.
const MIN_AGE: Duration = Duration::from_secs(60);
/// So many missing videos in one round, and half of all, mean that this is not the storage the rows were written for.
const SUSPICIOUS: usize = 5;

/// One round.
pub(super) async fn verify(shop: &Shop) -> Done {
    let mut done = Done::default();
    let after = shop.cursors.outputs();
    let page = match shop.store.outputs(after, MIN_AGE, BATCH).await {
        Ok(page) => page,
        Err(error) => {
            shop.metrics.store_error();
            return Done::failed(error);
        }
    };
    let looked_at = page.items.len();
    let missing = match find_missing(&shop.storage, page.items).await {
        Ok(missing) => missing,
        // Storage that does not answer has lost nothing.
        Err(error) => return Done::failed(error),
    };
    if missing.len() >= SUSPICIOUS && missing.len() * 2 > looked_at {
        let gone = missing.len();
        return Done::failed(format!(
            "{gone} of {looked_at} videos are not in storage: is it the right one? Nothing was changed"
        ));
    }
    shop.cursors.set_outputs(page.next);
    for output in missing {
        match shop.store.output_lost(&output.scope, output.job_id, &output.output_key).await {
            Ok(true) => {
                done.corrected += 1;
                told(&shop.metrics, &output);
            }
            Ok(false) => {}
            Err(error) => done.note(error),
        }
    }
    done
}

fn told(metrics: &Metrics, output: &StoredOutput) {
    metrics.failure(crate::job::FailureCode::OutputLost);
    tracing::error!(
        event = "RECONCILE", jobId = %output.job_id, companyId = output.scope.company_id(),
        reconciled_to = "failed", reason = "output_lost", key = output.output_key, "a video is gone from storage"
    );
}

async fn find_missing(
    storage: &Arc<dyn ObjectStore>,
    outputs: Vec<StoredOutput>,
) -> Result<Vec<StoredOutput>, StorageError> {
    let mut missing = Vec::new();
    let mut asking: JoinSet<Result<Option<StoredOutput>, StorageError>> = JoinSet::new();
    let mut left = outputs.into_iter();
    loop {
        while asking.len() < AT_ONCE
            && let Some(output) = left.next()
        {
            let storage = Arc::clone(storage);
            asking.spawn(async move { Ok((!is_there(&*storage, &output).await?).then_some(output)) });
        }
        match asking.join_next().await {
            None => return Ok(missing),
            Some(Ok(answer)) => missing.extend(answer?),
            // A task that panicked has found nothing missing.
            Some(Err(_)) => {}
        }
    }
}

/// Whether the video is there with the size that the row says. A key that is none of ours is left to its author.
async fn is_there(storage: &dyn ObjectStore, output: &StoredOutput) -> Result<bool, StorageError> {
    let Some(key) = ObjectKey::parse(&output.output_key) else { return Ok(true) };
    Ok(storage.head(&key).await?.is_some_and(|stored| stored.bytes == output.output_bytes))
}

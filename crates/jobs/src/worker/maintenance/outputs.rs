//! Checks that the videos that rows name are in storage, some of them each time. A job whose video is gone fails, and its
//! credit is refunded.

use std::sync::Arc;
use std::time::Duration;

use super::super::context::Context;
use super::outcome::TaskOutcome;
use crate::objects::{ObjectKey, ObjectStore, StorageError};
use crate::observe::metrics::Metrics;
use crate::queue::StoredOutput;
use tokio::task::JoinSet;

/// Rows checked in one run.
const BATCH: u32 = 400;
/// Requests to storage at the same time.
const AT_ONCE: usize = 8;
/// A video is looked for when it has been there for a while: stores may show a new object late.
const MIN_AGE: Duration = Duration::from_secs(60);
/// A video that was not there is looked for again after this long, and only then counts as gone: a replica or a proxy may
/// have been wrong.
const SECOND_LOOK: Duration = Duration::from_secs(60);
/// Where more than this part of a round's videos is missing, or no video was ever found by this worker, this may not be the
/// storage that the rows were written for: nothing is changed then.
const SUSPICIOUS_PART: usize = 2;

/// Checks the next rows.
pub(super) async fn verify(context: &Context) -> TaskOutcome {
    let mut done = TaskOutcome::default();
    let page = match context.database.outputs(context.cursors.outputs(), MIN_AGE, BATCH).await {
        Ok(page) => page,
        Err(error) => {
            context.metrics.store_error();
            return TaskOutcome::failed(error);
        }
    };
    context.cursors.set_outputs(page.next);
    let suspects = context.cursors.take_suspects(SECOND_LOOK);
    let looked_at = page.items.len();
    let first = look(&context.storage, page.items, &mut done).await;
    let second = look(&context.storage, suspects, &mut done).await;
    if first.found + second.found > 0 {
        context.cursors.note_found();
    }
    if first.missing.len() * SUSPICIOUS_PART > looked_at && first.missing.len() > 1 {
        let gone = first.missing.len();
        done.add_error(format!(
            "{gone} of {looked_at} videos are not in storage: is it the right one? Nothing was changed"
        ));
        return done;
    }
    context.cursors.suspect(first.missing);
    if !second.missing.is_empty() && !context.cursors.has_found() {
        done.add_error("not one video of the rows is in storage: is it the right one? Nothing was changed");
        return done;
    }
    for output in second.missing {
        match context.database.output_lost(&output.scope, output.job_id, &output.output_key).await {
            Ok(true) => {
                done.corrected += 1;
                report(&context.metrics, &output);
            }
            Ok(false) => {}
            Err(error) => done.add_error(error),
        }
    }
    done
}

fn report(metrics: &Metrics, output: &StoredOutput) {
    metrics.failure(crate::job::FailureCode::OutputLost);
    tracing::error!(
        event = "RECONCILE", jobId = %output.job_id, companyId = output.scope.company_id(),
        reconciled_to = "failed", reason = "output_lost", key = output.output_key, "a video is gone from storage"
    );
}

/// What a look at storage found.
#[derive(Default)]
struct Look {
    found: usize,
    missing: Vec<StoredOutput>,
}

/// Looks for every video. Storage that does not answer has lost nothing.
async fn look(storage: &Arc<dyn ObjectStore>, outputs: Vec<StoredOutput>, done: &mut TaskOutcome) -> Look {
    let mut look = Look::default();
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
            None => return look,
            Some(Ok(Ok(None))) => look.found += 1,
            Some(Ok(Ok(Some(output)))) => look.missing.push(output),
            Some(Ok(Err(error))) => done.add_error(error),
            // A task that panicked has found nothing missing.
            Some(Err(_)) => {}
        }
    }
}

/// Whether the video is there with the size that the row says. A key that is not ours counts as present.
async fn is_there(storage: &dyn ObjectStore, output: &StoredOutput) -> Result<bool, StorageError> {
    let Some(key) = ObjectKey::parse(&output.output_key) else { return Ok(true) };
    Ok(storage.head(&key).await?.is_some_and(|stored| stored.bytes == output.output_bytes))
}

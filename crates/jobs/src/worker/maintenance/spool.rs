//! Checks this worker's own spool: finished files whose job still waits for them are adopted, the others are removed. At
//! the start it continues where a dead process stopped.

use std::time::Instant;

use tokio::task::block_in_place;

use super::super::context::{Context, Stopping};
use super::outcome::TaskOutcome;
use crate::observe::metrics::Rescue;
use crate::queue::AdoptRequest;

/// Looks at every finished file that no running job of this process holds.
pub(super) async fn adopt_or_remove(context: &Context) -> TaskOutcome {
    let finished = match block_in_place(|| context.spool.finished()) {
        Ok(finished) => finished,
        Err(error) => return TaskOutcome::failed(error),
    };
    let mut done = TaskOutcome::default();
    for finished in finished {
        let render = &finished.render;
        if context.heartbeat.holds(render.job) {
            continue;
        }
        let room = context.heartbeat.held() < 2 * context.settings.concurrency.get();
        if *context.stopping.borrow() != Stopping::No || context.breaker.reason().is_some() || !room {
            break;
        }
        let request = AdoptRequest {
            job_id: render.job,
            scope: render.scope.clone(),
            epoch: render.epoch,
            snapshot_hash: render.snapshot_hash.clone(),
            worker_id: context.worker_id.clone(),
            spool_id: context.spool.id().to_owned(),
            max_rescues: context.settings.retry.max_rescues,
            lease: context.settings.lease,
            deadline: context.settings.deadline,
        };
        let asked_at = Instant::now();
        match context.database.adopt(&request).await {
            Ok(Some(claimed)) => {
                done.corrected += 1;
                context.metrics.rescued(Rescue::Adopted);
                // The receiver lives as long as the loop; a worker on its way out leaves the job to its lease.
                drop(context.adopted.send((claimed, asked_at)));
            }
            Ok(None) => match context.database.job(&render.scope, render.job).await {
                // Claimed by this very worker a moment ago: the claim will look for the files.
                Ok(Some(job)) if job.worker_id.as_ref() == Some(&context.worker_id) => {}
                Ok(_) => match context.spool.remove(render.job, render.epoch) {
                    Ok(()) => done.corrected += 1,
                    Err(error) => done.add_error(error),
                },
                Err(error) => done.add_error(error),
            },
            Err(error) => {
                context.metrics.store_error();
                done.add_error(error);
                return done;
            }
        }
    }
    done
}

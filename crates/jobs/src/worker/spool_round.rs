//! The round through this worker's own spool: finished files whose job still waits for them are taken up, the others are
//! removed. At start it picks up where a dead process left off.

use std::time::Instant;

use tokio::task::block_in_place;

use super::duties::Done;
use super::shop::{Shop, Stopping};
use crate::observe::metrics::Rescue;
use crate::queue::AdoptRequest;

/// Looks at every finished file that no running job of this process holds.
pub(super) async fn adopt_or_remove(shop: &Shop) -> Done {
    let finished = match block_in_place(|| shop.spool.finished()) {
        Ok(finished) => finished,
        Err(error) => return Done::failed(error),
    };
    let mut done = Done::default();
    for finished in finished {
        let render = &finished.render;
        if shop.heart.holds(render.job) {
            continue;
        }
        let room = shop.heart.held() < 2 * shop.settings.concurrency.get();
        if *shop.stopping.borrow() != Stopping::No || shop.gate.reason().is_some() || !room {
            break;
        }
        let request = AdoptRequest {
            job_id: render.job,
            scope: render.scope.clone(),
            epoch: render.epoch,
            snapshot_hash: render.snapshot_hash.clone(),
            worker_id: shop.worker_id.clone(),
            spool_id: shop.spool.id().to_owned(),
            max_rescues: shop.settings.retry.max_rescues,
            lease: shop.settings.lease,
            deadline: shop.settings.deadline,
        };
        let asked_at = Instant::now();
        match shop.store.adopt(&request).await {
            Ok(Some(claimed)) => {
                done.corrected += 1;
                shop.metrics.rescued(Rescue::Adopted);
                // The receiver lives as long as the loop; a worker on its way out leaves the job to its lease.
                drop(shop.adopted.send((claimed, asked_at)));
            }
            Ok(None) => match shop.store.job(&render.scope, render.job).await {
                // Claimed by this very worker a moment ago: the claim will look for the files.
                Ok(Some(job)) if job.worker_id.as_ref() == Some(&shop.worker_id) => {}
                Ok(_) => match shop.spool.remove(render.job, render.epoch) {
                    Ok(()) => done.corrected += 1,
                    Err(error) => done.note(error),
                },
                Err(error) => done.note(error),
            },
            Err(error) => {
                shop.metrics.store_error();
                done.note(error);
                return done;
            }
        }
    }
    done
}

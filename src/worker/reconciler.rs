//! Takes jobs from workers that are gone or hang: back to the queue, or failed when they were rescued often enough.

use super::duties::Done;
use super::shop::Shop;
use crate::job::{FailureCode, Status};
use crate::journal;
use crate::metrics::Rescue;
use crate::store::ExpiredHow;

/// Jobs corrected in one statement.
const BATCH: u32 = 100;

/// Corrects every running job whose lease or deadline has passed.
pub(super) async fn expire(shop: &Shop) -> Done {
    let mut done = Done::default();
    loop {
        let expired = match shop.store.expire(BATCH, shop.settings.retry.max_rescues).await {
            Ok(expired) => expired,
            Err(error) => {
                shop.metrics.store_error();
                done.note(error);
                return done;
            }
        };
        for expired in &expired {
            let job = &expired.job;
            let (how, rescue) = match expired.how {
                ExpiredHow::Lease => ("lease passed", Rescue::Lease),
                ExpiredHow::Deadline => ("deadline passed", Rescue::Deadline),
            };
            match job.status {
                Status::Queued => shop.metrics.rescued(rescue),
                status => {
                    shop.metrics.job_finished(status, &job.template, shop.settings.deadline);
                    if status == Status::Failed {
                        shop.metrics.failure(FailureCode::WorkerLost);
                    }
                }
            }
            journal::reconciled(job, how);
        }
        done.corrected += expired.len() as u64;
        if expired.len() < BATCH as usize {
            return done;
        }
    }
}

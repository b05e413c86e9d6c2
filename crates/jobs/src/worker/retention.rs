//! Removes videos and rows that have outlived their retention: first the row says so, then the objects go, and rows go later
//! still.

use super::duties::Done;
use super::shop::Shop;
use super::upload::delete_output;

/// Rows looked at in one statement.
const BATCH: u32 = 200;

/// Removes what is due.
pub(super) async fn remove(shop: &Shop) -> Done {
    let mut done = Done::default();
    remove_videos(shop, &mut done).await;
    loop {
        match shop.store.delete_past_retention(&shop.settings.retention, BATCH).await {
            Ok(deleted) => {
                for stuck in &deleted.stuck {
                    shop.metrics.store_error();
                    tracing::error!(event = "ERROR", jobId = %stuck.job_id, error = stuck.problem, "a row cannot be deleted");
                    done.note(stuck);
                }
                done.corrected += deleted.rows;
                if deleted.rows < u64::from(BATCH) {
                    return done;
                }
            }
            Err(error) => {
                shop.metrics.store_error();
                done.note(error);
                return done;
            }
        }
    }
}

async fn remove_videos(shop: &Shop, done: &mut Done) {
    loop {
        let due = match shop.store.outputs_past_retention(&shop.settings.retention, BATCH).await {
            Ok(due) => due,
            Err(error) => {
                shop.metrics.store_error();
                return done.note(error);
            }
        };
        let found = due.len();
        let mut removed = 0;
        for output in due {
            // The row says it first: nobody must be told of a video that is about to go, or miss one that went on purpose.
            // Objects that stay behind are orphans then, and go with those.
            match shop.store.output_expired(&output.scope, output.job_id).await {
                Ok(true) => {
                    removed += 1;
                    if let Err(error) = delete_output(shop, &output).await {
                        done.note(error);
                    }
                }
                Ok(false) => {}
                Err(error) => done.note(error),
            }
        }
        done.corrected += removed;
        // Nothing removed means that the same rows would come again.
        if found < BATCH as usize || removed == 0 {
            return;
        }
    }
}

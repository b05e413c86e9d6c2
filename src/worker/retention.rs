//! Removes videos and rows that have outlived their retention: first the objects, then the row says so, and rows go only
//! when their objects are gone.

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
            let gone = match delete_output(shop, &output).await {
                Ok(()) => {
                    shop.store.output_expired(&output.scope, output.job_id).await.map_err(|error| error.to_string())
                }
                Err(error) => Err(error.to_string()),
            };
            match gone {
                Ok(_) => removed += 1,
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

//! Removes videos and rows past their retention: first the row is marked, then its objects are removed; rows follow later.

use super::super::context::Context;
use super::super::upload::delete_output;
use super::outcome::TaskOutcome;

/// Rows read in one statement.
const BATCH: u32 = 200;

/// Removes the videos and rows that are due.
pub(super) async fn remove(context: &Context) -> TaskOutcome {
    let mut done = TaskOutcome::default();
    remove_videos(context, &mut done).await;
    loop {
        match context.database.delete_past_retention(&context.settings.retention, BATCH).await {
            Ok(deleted) => {
                for stuck in &deleted.stuck {
                    context.metrics.store_error();
                    tracing::error!(event = "ERROR", jobId = %stuck.job_id, error = stuck.problem, "a row cannot be deleted");
                    done.add_error(stuck);
                }
                done.corrected += deleted.rows;
                if deleted.rows < u64::from(BATCH) {
                    return done;
                }
            }
            Err(error) => {
                context.metrics.store_error();
                done.add_error(error);
                return done;
            }
        }
    }
}

async fn remove_videos(context: &Context, done: &mut TaskOutcome) {
    loop {
        let due = match context.database.outputs_past_retention(&context.settings.retention, BATCH).await {
            Ok(due) => due,
            Err(error) => {
                context.metrics.store_error();
                return done.add_error(error);
            }
        };
        let found = due.len();
        let mut removed = 0;
        for output in due {
            // The row says it first: nobody may be given a video that is about to go, or miss one that was removed on purpose.
            // Objects that stay behind are orphans then, and go with those.
            match context.database.output_expired(&output.scope, output.job_id).await {
                Ok(true) => {
                    removed += 1;
                    if let Err(error) = delete_output(context, &output).await {
                        done.add_error(error);
                    }
                }
                Ok(false) => {}
                Err(error) => done.add_error(error),
            }
        }
        done.corrected += removed;
        // Nothing removed means that the same rows would come again.
        if found < BATCH as usize || removed == 0 {
            return;
        }
    }
}

//! `render migrate`: brings the database's schema up to date.

use anyhow::Context as _;
use serde_json::json;

use super::args::MigrateTask;
use super::open;
use crate::cli::failure::Failure;
use crate::cli::reporter::Reporter;
use quotereel_jobs::queue;

/// Applies what is missing.
///
/// # Errors
/// [`Failure::System`] for the database.
pub(super) fn run(task: &MigrateTask, reporter: Reporter) -> Result<(), Failure> {
    let applied = open::runtime()?.block_on(async {
        let url = task.database.url()?;
        if url.starts_with("sqlite:") {
            // Opening the embedded database brings it up to date; a second look would find nothing to name.
            open::folder_of_embedded(&url)?;
        }
        let store = queue::connect(&url).await.context("cannot open the database")?;
        Ok::<_, Failure>(store.migrate().await.context("cannot bring the database up to date")?)
    })?;
    let lines = if applied.is_empty() {
        "the schema is up to date\n".to_owned()
    } else {
        applied.iter().map(|name| format!("applied {name}\n")).collect()
    };
    reporter.result(true, &lines, json!({ "applied": applied }))
}

//! `render migrate`: updates the database schema.

use anyhow::Context as _;
use serde_json::json;

use super::args::MigrateTask;
use super::open;
use crate::cli::failure::Failure;
use crate::cli::reporter::Reporter;
use quotereel_jobs::queue;

/// Applies missing migrations.
///
/// # Errors
/// [`Failure::System`] for the database.
pub(super) fn run(task: &MigrateTask, reporter: Reporter) -> Result<(), Failure> {
    let applied = open::runtime()?.block_on(async {
        let url = task.database.url()?;
        if url.starts_with("sqlite:") {
            // Opening the embedded database migrates it; migrating again would report nothing.
            open::folder_of_embedded(&url)?;
        }
        let store = queue::connect(&url).await.map_err(anyhow::Error::from)?;
        Ok::<_, Failure>(store.migrate().await.context("cannot migrate the database")?)
    })?;
    let lines = if applied.is_empty() {
        "the schema is up to date\n".to_owned()
    } else {
        applied.iter().map(|name| format!("applied {name}\n")).collect()
    };
    reporter.result(true, &lines, json!({ "applied": applied }))
}

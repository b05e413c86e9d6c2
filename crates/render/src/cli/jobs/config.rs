//! `render config`: the settings in force and their origin.

use std::fmt::Write as _;

use clap::CommandFactory as _;
use serde_json::json;

use super::args::ConfigTask;
use crate::cli::args::CommandLine;
use crate::cli::failure::Failure;
use crate::cli::reporter::Reporter;
use crate::config::{Effective, Origin};

/// Checks and prints every setting.
///
/// # Errors
/// [`Failure::Usage`] for settings that contradict each other.
pub(super) fn run(task: &ConfigTask, reporter: Reporter) -> Result<(), Failure> {
    let settings = &task.settings;
    settings.worker.check()?;
    let data = settings.database.data_folder();
    let resolve = |name: &str| match name {
        "data-dir" => data.as_ref().ok().map(|folder| folder.display().to_string()),
        "database" => settings.database.url().ok(),
        "storage" => data.as_ref().ok().map(|folder| folder.join("videos").display().to_string()),
        "spool" => settings.worker.spool_folder(&settings.database).ok().map(|folder| folder.display().to_string()),
        "concurrency" => Some(super::work::concurrency(&settings.worker).to_string()),
        "render-threads" => Some(super::work::render_threads(&settings.worker).to_string()),
        _ => None,
    };
    // The arguments are parsed again, for the origin of each value.
    let matches = CommandLine::command().get_matches_from(std::env::args_os());
    let matches = matches.subcommand().map_or(&matches, |(_, matches)| matches);
    let all = Effective::all(matches, resolve);
    let mut lines = String::new();
    for setting in &all {
        let origin = match setting.origin {
            Origin::Flag => "flag",
            Origin::Environment => "environment",
            Origin::Default => "default",
        };
        let value = setting.value.as_deref().unwrap_or("-");
        writeln!(lines, "{:<24}{:<12}{value}", setting.name, origin).expect("a String takes everything");
    }
    reporter.result(true, &lines, json!({ "settings": all }))
}

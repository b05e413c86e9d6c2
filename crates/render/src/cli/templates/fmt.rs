//! `render templates fmt`: brings template files into one style, or lists those that are not in it.

use std::fmt::Write as _;
use std::path::Path;

use quotereel::files::write_whole;
use quotereel::template;
use serde_json::json;

use super::args::FmtArgs;
use super::files::{self, TemplateFile};
use crate::cli::failure::{Failure, status};
use crate::cli::reporter::Reporter;

/// Formats every file, or checks that each is formatted. A file is replaced as a whole, and only where it changes.
///
/// # Errors
/// [`Failure::Template`] with every file that cannot be read as JSON, before any is written; [`Failure::Reported`] with
/// status 3 where a check finds something; [`Failure::Invalid`] and [`Failure::System`] for paths that are no files.
pub(super) fn run(args: &FmtArgs, reporter: Reporter) -> Result<(), Failure> {
    let files = files::read(&args.paths)?;
    let changed = changed(&files)?;
    if !args.check {
        for (file, text) in &changed {
            write_whole(&file.real, text.as_bytes()).map_err(anyhow::Error::new)?;
        }
    }
    let names: Vec<String> = changed.iter().map(|(file, _)| file.shown.display().to_string()).collect();
    let mut lines = String::new();
    for name in &names {
        writeln!(lines, "{name}").expect("a String takes everything");
    }
    let found = args.check && !names.is_empty();
    let key = if args.check { "unformatted" } else { "formatted" };
    reporter.result(!found, &lines, json!({ "files": files.len(), key: names }))?;
    if !found {
        return Ok(());
    }
    if !reporter.json && !reporter.quiet {
        let count = names.len();
        reporter.say(&format!(
            "{count} of {} files are not formatted; `render templates fmt` with the same paths, without --check, formats them\n",
            files.len()
        ));
    }
    Err(Failure::Reported(status::INVALID))
}

/// The files that are not in the style, each with its text in it.
fn changed(files: &[TemplateFile]) -> Result<Vec<(&TemplateFile, String)>, Failure> {
    let (mut changed, mut problems) = (Vec::new(), Vec::new());
    for file in files {
        let folder = file.shown.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let name = file.shown.file_name().unwrap_or(file.shown.as_os_str());
        match template::format(&folder.display().to_string(), &name.to_string_lossy(), &file.bytes) {
            Ok(text) if text.as_bytes() == file.bytes => {}
            Ok(text) => changed.push((file, text)),
            Err(wrong) => problems.extend(wrong),
        }
    }
    if problems.is_empty() { Ok(changed) } else { Err(Failure::Template(problems)) }
}

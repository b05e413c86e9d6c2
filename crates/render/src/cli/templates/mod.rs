//! Commands that write templates: `render templates fmt` and `render templates export`.

pub(super) mod args;
mod export;
mod files;
mod fmt;

use super::failure::Failure;
use super::reporter::Reporter;
use args::TemplatesCommand;

/// Carries a command out.
///
/// # Errors
/// Those of [`fmt::run`] and [`export::run`].
pub(super) fn run(command: &TemplatesCommand, reporter: Reporter) -> Result<(), Failure> {
    match command {
        TemplatesCommand::Fmt(args) => fmt::run(args, reporter),
        TemplatesCommand::Export(args) => export::run(args, reporter),
    }
}

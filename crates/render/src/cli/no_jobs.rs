//! Replaces `jobs` in a program built without them: no commands, no further checks.

use super::doctor::Check;
use super::failure::Failure;
use super::reporter::Reporter;
use super::signals::Signals;
use crate::telemetry::{Collector, TelemetryError};
use args::{JobCommand, ServicesArgs};

/// No arguments.
pub(super) mod args {
    use clap::{Args, Subcommand};

    /// No commands.
    #[derive(Debug, Subcommand)]
    pub(in crate::cli) enum JobCommand {}

    /// No settings.
    #[derive(Args, Debug)]
    pub(in crate::cli) struct ServicesArgs {}
}

pub(super) fn run(command: &JobCommand, _reporter: Reporter, _signals: &Signals) -> Result<(), Failure> {
    match *command {}
}

pub(super) fn is_worker(command: &JobCommand) -> bool {
    match *command {}
}

pub(super) fn collector() -> Result<Option<Collector>, TelemetryError> {
    Ok(None)
}

pub(super) fn checks(_args: &ServicesArgs) -> Result<Vec<Check>, Failure> {
    Ok(Vec::new())
}

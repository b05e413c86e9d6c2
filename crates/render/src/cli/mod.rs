//! The command line: parses arguments, runs one command, returns an exit status.

mod args;
mod bench;
mod destination;
mod doctor;
mod failure;
mod input;
mod inspect;
#[cfg(feature = "jobs")]
mod jobs;
#[cfg(not(feature = "jobs"))]
mod no_jobs;
mod options;
mod picture;
mod prepare;
mod progress;
mod reporter;
mod signals;
mod teaser;
mod template_name;
mod templates;
mod usage;
mod validate;
mod video;
mod watch;

use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::Duration;

use clap::{CommandFactory as _, Parser as _};

use crate::telemetry::{self, LevelFilter, Logging, Telemetry, TelemetryError};
use args::{Command, CommandLine};
use failure::{Failure, status};
#[cfg(not(feature = "jobs"))]
use no_jobs as jobs;
use options::Task;
use reporter::Reporter;
use signals::Signals;

/// Maximum time that the end of the program waits for the delivery of traces.
const LAST_TRACES: Duration = Duration::from_secs(2);

/// Parses the process's arguments, runs the command and reports the outcome.
///
/// Exit statuses: 0 done, 1 system failure, 2 wrong usage, 3 invalid input, 128 + n terminated by signal n.
#[must_use]
pub(crate) fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let typed = match CommandLine::try_parse_from(&arguments) {
        Ok(typed) => typed,
        Err(error) => return ExitCode::from(refuse(&error, &arguments)),
    };
    let reporter = Reporter::new(typed.reporting.json, typed.reporting.quiet);
    let telemetry = match observe(&typed, reporter.color) {
        Ok(telemetry) => telemetry,
        Err(error) => {
            let failure = Failure::Usage(error.to_string());
            reporter.failure(&failure);
            return ExitCode::from(failure.exit_status());
        }
    };
    // The panic's message is on stderr already; the exit status must still be one of the contract.
    let outcome = catch_unwind(AssertUnwindSafe(|| carry_out(typed, reporter)))
        .unwrap_or_else(|_| Err(Failure::System(anyhow::anyhow!("a bug: please report the message above"))));
    telemetry.shutdown(LAST_TRACES);
    match outcome {
        Ok(()) => ExitCode::from(status::DONE),
        Err(failure) => {
            reporter.failure(&failure);
            ExitCode::from(failure.exit_status())
        }
    }
}

fn carry_out(typed: CommandLine, reporter: Reporter) -> Result<(), Failure> {
    let signals = Signals::watch().map_err(|error| anyhow::Error::new(error).context("cannot watch for signals"))?;
    match Task::new(typed.command, typed.reporting.json)? {
        Task::Video(task) => video::run(&task, reporter, &signals),
        Task::Still(task) => picture::still(&task, reporter, &signals),
        Task::Sheet(task) => picture::sheet(&task, reporter, &signals),
        Task::Watch(task) => watch::run(&task, reporter, &signals),
        Task::Bench(task) => bench::run(&task, reporter, &signals),
        Task::Validate(source) => validate::run(&source, reporter),
        Task::Probe(file) => inspect::probe(&file, reporter),
        Task::Schema(document) => inspect::schema(document),
        Task::Templates(None) => inspect::templates(reporter),
        Task::Templates(Some(template)) => inspect::template(&template, reporter),
        Task::WriteTemplates(command) => templates::run(&command, reporter),
        Task::Job(command) => jobs::run(&command, reporter, &signals),
        Task::Doctor(args) => doctor::run(&args, reporter),
        Task::Completions(shell) => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut CommandLine::command(), "render", &mut script);
            reporter::print(&script)
        }
    }
}

/// Prints help and version to stdout, and clap's errors to stderr or, with `--json`, to stdout.
fn refuse(error: &clap::Error, arguments: &[OsString]) -> u8 {
    if !error.use_stderr() {
        // A closed pipe is no failure of the help.
        drop(error.print());
        return status::DONE;
    }
    if arguments.iter().any(|argument| argument == "--json") {
        let message = error.render().to_string();
        let message = message.trim().strip_prefix("error: ").unwrap_or(&message).to_owned();
        Reporter::new(true, false).failure(&Failure::Usage(message));
    } else {
        drop(error.print());
    }
    status::USAGE
}

/// Sets up logging to stderr: warnings (a worker: information) by default, one level more per `-v`, nothing with `-q`.
/// A worker's traces go to the collector that `OTEL_EXPORTER_OTLP_ENDPOINT` names.
fn observe(typed: &CommandLine, color: bool) -> Result<Telemetry, TelemetryError> {
    let reporting = &typed.reporting;
    let worker = matches!(&typed.command, Command::Job(command) if jobs::is_worker(command));
    let level = match (reporting.quiet, reporting.verbose + u8::from(worker)) {
        (true, _) => LevelFilter::OFF,
        (false, 0) => LevelFilter::WARN,
        (false, 1) => LevelFilter::INFO,
        (false, 2) => LevelFilter::DEBUG,
        (false, _) => LevelFilter::TRACE,
    };
    let logging = Logging { level, directives: reporting.log.log.clone(), format: reporting.log.log_format, color };
    let collector = if worker { jobs::collector()? } else { None };
    telemetry::init(&logging, collector.as_ref())
}

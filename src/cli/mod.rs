//! The program `render`: arguments in, one command carried out, an exit status out. The engine lives below.

mod args;
mod destination;
mod doctor;
mod failure;
mod input;
mod inspect;
mod jobs;
mod options;
mod picture;
mod production;
mod progress;
mod render_one;
mod reporter;
mod signals;
mod validate;
mod video;

use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use crate::telemetry::{self, LevelFilter, LogFormat, Logging};
use args::{CommandLine, ReportingArgs};
use failure::{Failure, status};
use options::Task;
use reporter::Reporter;
use signals::Signals;

/// Reads the process's arguments, carries out what they ask for and says how it went.
///
/// Exit statuses: 0 done, 1 system failure, 2 wrong usage, 3 invalid input, 128 + n ended by signal n.
#[must_use]
pub fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let typed = match CommandLine::try_parse_from(&arguments) {
        Ok(typed) => typed,
        Err(error) => return ExitCode::from(refuse(&error, &arguments)),
    };
    let reporting = typed.reporting;
    let reporter = Reporter::new(reporting.json, reporting.quiet);
    let _telemetry = match telemetry::init(&logging(reporting, reporter.color), None) {
        Ok(telemetry) => telemetry,
        Err(error) => {
            let failure = Failure::Usage(error.to_string());
            reporter.failure(&failure);
            return ExitCode::from(failure.exit_status());
        }
    };
    // The panic's own message has gone to stderr by then; what is left is to end with a status of the contract.
    let outcome = catch_unwind(AssertUnwindSafe(|| carry_out(typed, reporter)))
        .unwrap_or_else(|_| Err(Failure::System(anyhow::anyhow!("a bug: please report the message above"))));
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
        Task::Validate(source) => validate::run(&source, reporter),
        Task::Probe(file) => inspect::probe(&file, reporter),
        Task::Schema(document) => inspect::schema(document),
        Task::Templates => inspect::templates(reporter),
        Task::Job(command) => jobs::run(&command, reporter, &signals),
        Task::Doctor => doctor::run(reporter),
        Task::RenderOne(args) => render_one::run(&args),
        Task::Completions(shell) => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut CommandLine::command(), "render", &mut script);
            reporter::print(&script)
        }
    }
}

/// Prints help and version to stdout, and what clap refuses to stderr or, where JSON is asked for, to stdout.
fn refuse(error: &clap::Error, arguments: &[OsString]) -> u8 {
    if !error.use_stderr() {
        // Help into a closed pipe is help nobody wants to read.
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

/// What is logged to stderr: warnings, with `-v` news, with `-vv` details; nothing when quiet.
fn logging(reporting: ReportingArgs, color: bool) -> Logging {
    let level = match (reporting.quiet, reporting.verbose) {
        (true, _) => LevelFilter::OFF,
        (false, 0) => LevelFilter::WARN,
        (false, 1) => LevelFilter::INFO,
        (false, 2) => LevelFilter::DEBUG,
        (false, _) => LevelFilter::TRACE,
    };
    Logging { level, directives: None, format: LogFormat::Text, color }
}

//! Commands for jobs: enqueue, list, change, work, maintain. Each opens what the settings name, and acts for one company,
//! which is named explicitly.

pub(super) mod args;
mod change;
mod config;
mod credits;
mod doctor;
mod enqueue;
mod health;
mod list;
mod migrate;
mod moment;
mod open;
mod reconcile;
mod render_one;
mod show;
mod webhook;
mod work;

use args::JobCommand;
pub(super) use doctor::checks;

use super::failure::Failure;
use super::reporter::Reporter;
use super::signals::Signals;
use crate::telemetry::{Collector, TelemetryError};
use quotereel_jobs::queue::EnqueueError;

/// Runs one of them.
///
/// # Errors
/// Every kind of [`Failure`].
pub(super) fn run(command: &JobCommand, reporter: Reporter, signals: &Signals) -> Result<(), Failure> {
    if !matches!(command, JobCommand::RenderOne(_)) {
        crate::config::warn_of_unknown_variables();
    }
    match command {
        JobCommand::Worker(task) => work::run(task, reporter, signals),
        JobCommand::Enqueue(task) => enqueue::run(task, reporter),
        JobCommand::Jobs(task) => list::run(task, reporter),
        JobCommand::Credits(task) => credits::run(task, reporter),
        JobCommand::Webhook(task) => webhook::run(task, reporter),
        JobCommand::Reconcile(task) => reconcile::run(task, reporter),
        JobCommand::Migrate(task) => migrate::run(task, reporter),
        JobCommand::Config(task) => config::run(task, reporter),
        JobCommand::Health(task) => health::run(task, reporter),
        JobCommand::RenderOne(args) => render_one::run(args),
    }
}

/// Whether this process is a worker: it logs more, and exports traces.
pub(super) fn is_worker(command: &JobCommand) -> bool {
    matches!(command, JobCommand::Worker(_))
}

/// The collector of a worker's traces, if the environment names one.
///
/// # Errors
/// [`TelemetryError::Traces`] for an address that cannot be used.
pub(super) fn collector() -> Result<Option<Collector>, TelemetryError> {
    Ok(Collector::from_environment(std::process::id().to_string())?)
}

/// The failure of a refused enqueue.
fn refusal(error: EnqueueError) -> Failure {
    let (code, passes) = match &error {
        EnqueueError::Cooldown { .. } => ("cooldown", true),
        EnqueueError::QueueFull { .. } => ("queue_full", true),
        EnqueueError::NoCredits { .. } => ("no_credits", false),
        EnqueueError::KeyReused { .. } => ("idempotency_key_reused", false),
        EnqueueError::SnapshotTooLarge { .. } => ("snapshot_too_large", false),
        EnqueueError::Invalid { .. } => ("invalid", false),
        EnqueueError::OtherOrganization => ("other_organization", true),
        EnqueueError::NotFound => ("job_not_found", false),
        EnqueueError::NotRetriable { .. } => ("not_retriable", false),
        EnqueueError::TooManyRetries { .. } => ("too_many_retries", false),
        EnqueueError::Queue(_) => return Failure::System(error.into()),
    };
    let wait_seconds = match error {
        EnqueueError::Cooldown { wait_seconds } => Some(wait_seconds),
        _ => None,
    };
    Failure::Refused { code, message: error.to_string(), passes, wait_seconds }
}

/// The failure for a job that this company does not have, whether or not another company has it.
fn not_found(id: quotereel_jobs::job::JobId) -> Failure {
    let message = format!("no job {id} of this company");
    Failure::Refused { code: "job_not_found", message, passes: false, wait_seconds: None }
}

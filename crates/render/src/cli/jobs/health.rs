//! `render health`: asks a running worker how it is, for a container's health check.

use std::time::Duration;

use serde_json::json;

use super::args::HealthTask;
use crate::cli::failure::{Failure, status};
use crate::cli::reporter::Reporter;
use quotereel_jobs::observe::health::{Address, probe};

/// How long the worker may take to answer.
const LIMIT: Duration = Duration::from_secs(3);

/// Asks.
///
/// # Errors
/// [`Failure::Told`] when the worker says no, [`Failure::System`] when nobody answers.
pub(super) fn run(task: &HealthTask, reporter: Reporter) -> Result<(), Failure> {
    let Address::At(address) = task.metrics else {
        return Err(Failure::Usage("the worker's pages are off: give the address it serves them at".to_owned()));
    };
    let page = if task.ready { "/readyz" } else { "/healthz" };
    let answer = probe(address, page, LIMIT).map_err(anyhow::Error::from)?;
    let ok = answer.status == 200;
    let page = serde_json::from_str::<serde_json::Value>(&answer.body).unwrap_or_else(|_| json!(answer.body.trim()));
    reporter.result(ok, &format!("{}\n", answer.body.trim()), json!({ "status": answer.status, "answer": page }))?;
    if ok { Ok(()) } else { Err(Failure::Told(status::SYSTEM)) }
}

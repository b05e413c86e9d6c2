//! `render health`: checks a running worker, as a container health check does.

use std::time::Duration;

use serde_json::json;

use super::args::HealthTask;
use crate::cli::failure::{Failure, status};
use crate::cli::reporter::Reporter;
use quotereel_jobs::observe::health::{Address, probe};

/// Timeout of the answer.
const LIMIT: Duration = Duration::from_secs(3);

/// Asks the worker.
///
/// # Errors
/// [`Failure::Reported`] when the worker is not well, [`Failure::System`] when it does not answer.
pub(super) fn run(task: &HealthTask, reporter: Reporter) -> Result<(), Failure> {
    let Address::At(address) = task.metrics else {
        return Err(Failure::Usage("the worker's pages are off: give the address that serves them".to_owned()));
    };
    let page = if task.ready { "/readyz" } else { "/healthz" };
    let answer = probe(address, page, LIMIT).map_err(anyhow::Error::from)?;
    let ok = answer.status == 200;
    let page = serde_json::from_str::<serde_json::Value>(&answer.body).unwrap_or_else(|_| json!(answer.body.trim()));
    reporter.result(ok, &format!("{}\n", answer.body.trim()), json!({ "status": answer.status, "answer": page }))?;
    if ok { Ok(()) } else { Err(Failure::Reported(status::SYSTEM)) }
}

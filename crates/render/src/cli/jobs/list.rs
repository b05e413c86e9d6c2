//! `render jobs`: lists, histories, and the actions on one job.

use std::fmt::Write as _;

use serde_json::json;

use super::args::{JobsAction, JobsTask};
use super::moment::moment;
use super::{change, not_found, open, show};
use crate::cli::failure::Failure;
use crate::cli::reporter::Reporter;
use quotereel_jobs::job::{Job, Status};
use quotereel_jobs::queue::JobFilter;

/// Runs one action.
///
/// # Errors
/// [`Failure::Usage`] for a malformed id, [`Failure::Refused`] for a job that does not exist or is in the wrong state,
/// [`Failure::System`] for the database.
pub(super) fn run(task: &JobsTask, reporter: Reporter) -> Result<(), Failure> {
    open::runtime()?.block_on(async {
        match &task.action {
            JobsAction::List { status, quote, before, limit, tenant, database } => {
                let filter = JobFilter {
                    status: status.as_deref().and_then(Status::from_name),
                    entity_id: quote.clone(),
                    before: before.as_deref().map(open::job_id).transpose()?,
                    limit: *limit,
                };
                let scope = open::scope(tenant)?;
                let jobs = open::store(database).await?.jobs(&scope, &filter).await.map_err(anyhow::Error::from)?;
                reporter.result(true, &table(&jobs), json!({ "jobs": jobs }))
            }
            JobsAction::Show { job, tenant, database, storage } => {
                show::run(job, tenant, database, storage, reporter).await
            }
            JobsAction::Events { job, tenant, database } => {
                let (id, scope) = (open::job_id(job)?, open::scope(tenant)?);
                let events = open::store(database).await?.events(&scope, id).await.map_err(anyhow::Error::from)?;
                let events = events.ok_or_else(|| not_found(id))?;
                let mut lines = String::new();
                for event in &events {
                    let old = event.old_status.map_or("-", Status::as_str);
                    writeln!(
                        lines,
                        "{}  {:<24}  {:>9} -> {:<9}  {:<10}  {}",
                        moment(event.created_at),
                        event.kind.as_str(),
                        old,
                        event.new_status.as_str(),
                        event.source.as_str(),
                        event.detail
                    )
                    .expect("a String takes everything");
                }
                reporter.result(true, &lines, json!({ "events": events }))
            }
            JobsAction::Retry { job, when_allowed, tenant, rules, database } => {
                change::retry(job, tenant, &open::rules(rules, *when_allowed), database, reporter).await
            }
            JobsAction::Cancel { job, tenant, database } => change::cancel(job, tenant, database, reporter).await,
        }
    })
}

/// One line per job.
fn table(jobs: &[Job]) -> String {
    let mut lines = String::new();
    for job in jobs {
        let what = match &job.error_code {
            Some(code) => code.clone(),
            None if job.status == Status::Running => format!("{} {} %", job.stage, job.progress),
            None => String::new(),
        };
        let line = format!(
            "{}  {:<9}  {}  {:<20}  {:<14}  {what}",
            job.id,
            job.status.as_str(),
            moment(job.created_at),
            job.entity_id,
            job.template
        );
        writeln!(lines, "{}", line.trim_end()).expect("a String takes everything");
    }
    lines
}

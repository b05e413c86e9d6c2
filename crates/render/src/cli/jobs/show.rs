//! `render jobs show`: one job with all its details, and signed URLs of its video.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::args::TenantArgs;
use super::moment::moment;
use super::{not_found, open};
use crate::cli::failure::Failure;
use crate::cli::reporter::Reporter;
use crate::config::{DatabaseArgs, StorageArgs};
use quotereel_jobs::job::{Job, JobOutput};
use quotereel_jobs::objects::{ObjectKey, ObjectStore};

/// Shows one job.
///
/// # Errors
/// As [`super::list::run`].
pub(super) async fn run(
    id: &str,
    tenant: &TenantArgs,
    database: &DatabaseArgs,
    storage: &StorageArgs,
    reporter: Reporter,
) -> Result<(), Failure> {
    let (id, scope) = (open::job_id(id)?, open::scope(tenant)?);
    let job = open::store(database).await?.job(&scope, id).await.map_err(anyhow::Error::from)?;
    let job = job.ok_or_else(|| not_found(id))?;
    let mut shown = json!(job);
    let mut lines = describe(&job);
    if let Some(output) = job.output.as_ref().filter(|_| job.output_expired_at.is_none()) {
        let objects = open::storage(storage, database).await?;
        let urls = addresses(&*objects, output, &job, storage).await?;
        for (name, url) in ["outputUrl", "thumbnailUrl"].into_iter().zip(urls) {
            writeln!(lines, "{name:<18}{url}").expect("a String takes everything");
            shown[name] = Value::String(url);
        }
    }
    reporter.result(true, &lines, json!({ "job": shown }))
}

/// Signed URLs of video and thumbnail.
async fn addresses(
    objects: &dyn ObjectStore,
    output: &JobOutput,
    job: &Job,
    args: &StorageArgs,
) -> Result<[String; 2], Failure> {
    let sign = async |key: &str, extension: &str| -> Result<String, Failure> {
        // Somebody who can write the row could name any object in it, even another company's.
        let own = ObjectKey::parse(key).filter(|key| key.is_of(&job.scope, job.id));
        let own = own.ok_or_else(|| anyhow::anyhow!("the row's object key `{key}` is not this job's"))?;
        let url = objects.sign_get(&own, args.url_ttl, Some(&format!("{}.{extension}", job.entity_id))).await;
        Ok(url.map_err(anyhow::Error::from)?)
    };
    Ok([sign(&output.output_key, "mp4").await?, sign(&output.thumbnail_key, "jpg").await?])
}

fn describe(job: &Job) -> String {
    let mut lines = String::new();
    let mut line = |name: &str, value: String| writeln!(lines, "{name:<18}{value}").expect("a String takes everything");
    line("job", job.id.to_string());
    line("quote", job.entity_id.clone());
    line("template", job.template.clone());
    line("status", format!("{} ({}, {} %)", job.status, job.stage, job.progress));
    line(
        "attempts",
        format!(
            "{} claims, {} renders, {} uploads, {} rescues",
            job.attempts, job.render_attempts, job.upload_attempts, job.rescue_count
        ),
    );
    line("created", moment(job.created_at));
    for (name, at) in [
        ("started", job.started_at),
        ("finished", job.finished_at),
        ("cancel requested", job.cancel_requested_at),
        ("video expired", job.output_expired_at),
    ] {
        if let Some(at) = at {
            line(name, moment(at));
        }
    }
    if let Some(retried) = job.retry_of {
        line("retry of", retried.to_string());
    }
    if let Some(worker) = &job.worker_id {
        line("worker", worker.to_string());
    }
    if let Some(code) = &job.error_code {
        line("error", code.clone());
        line("message", job.error_message.clone().unwrap_or_default());
    }
    if let Some(output) = &job.output {
        line("video", format!("{} bytes, {} ms", output.output_bytes, output.output_duration_ms));
        line("key", output.output_key.clone());
    }
    lines
}

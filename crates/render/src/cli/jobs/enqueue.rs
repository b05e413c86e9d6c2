//! `render enqueue`: checks a quote as a worker does, embeds its picture files, and puts it into the queue.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::args::EnqueueTask;
use super::{open, refusal};
use crate::cli::failure::Failure;
use crate::cli::input;
use crate::cli::options::Input;
use crate::cli::prepare::READ_LIMIT_BYTES;
use crate::cli::reporter::Reporter;
use quotereel::ground::problem::nearest;
use quotereel::snapshot::{AssetRef, ParseOptions, Snapshot, parse_with};
use quotereel::{Problem, Problems};
use quotereel_jobs::job::{NewJob, TenantScope};
use quotereel_jobs::queue::Enqueued;
use quotereel_jobs::worker::{self, Admission, admit};

/// Maximum length of an idempotency key, in bytes.
const MAX_KEY_BYTES: usize = 255;
/// Maximum size of a picture file in a job, in bytes: the same limit as for any picture.
const MAX_PICTURE_BYTES: u64 = 6 << 20;

/// Enqueues, and reports whether the job is new.
///
/// # Errors
/// [`Failure::Invalid`] for the quote, [`Failure::Refused`] by the rules, [`Failure::System`] for the database.
pub(super) fn run(task: &EnqueueTask, reporter: Reporter) -> Result<(), Failure> {
    if let Some(key) = task.idempotency_key.as_deref().filter(|key| key.is_empty() || key.len() > MAX_KEY_BYTES) {
        let length = key.len();
        return Err(Failure::Usage(format!("--idempotency-key has {length} bytes, expected 1 to {MAX_KEY_BYTES}")));
    }
    let source = if task.snapshot.as_os_str() == "-" { Input::Stdin } else { Input::File(task.snapshot.clone()) };
    let document = input::read(&source, READ_LIMIT_BYTES)?;
    let parsed = parse_with(&document.bytes, ParseOptions { allow_files: document.folder.is_some() })?;
    reporter.warn(&parsed.warnings);
    let snapshot = parsed.snapshot;
    let scope = TenantScope::new(
        task.organization.as_deref().or(snapshot.organization_id.as_deref()),
        task.company.as_deref().unwrap_or(&snapshot.company_id),
    )?;
    let rules = Admission { allow_not_issued: task.rules.allow_unissued, allow_expired: task.rules.allow_expired };
    admit(&snapshot, &scope, rules, today_last()).map_err(|failure| {
        let expected = "an issued, valid quote of this company (see --allow-unissued and --allow-expired)";
        Failure::Invalid(Problem::error(failure.code.as_str(), "", failure.detail, expected).into())
    })?;
    let job = NewJob {
        entity_type: "QUOTE".to_owned(),
        entity_id: snapshot.quote.id.clone(),
        template: task.template.clone(),
        input: whole(&document.bytes, &snapshot, document.folder.as_deref())?,
        idempotency_key: task.idempotency_key.clone(),
        created_by_id: task.created_by.clone(),
    };
    let enqueued = open::runtime()?.block_on(async {
        let store = open::store(&task.database).await?;
        if !task.any_template {
            let with_workers = store.known_templates(&scope).await.map_err(anyhow::Error::from)?;
            check_template(&task.template, task.templates.as_deref(), with_workers)?;
        }
        store.enqueue(&scope, &job, &open::rules(&task.rules, task.when_allowed)).await.map_err(refusal)
    })?;
    report(&enqueued, reporter)
}

/// Refuses a template that neither this program, nor the folder of additional ones, nor any worker of this database has.
fn check_template(name: &str, folder: Option<&Path>, with_workers: Vec<String>) -> Result<(), Failure> {
    let here = worker::template_names(folder).context("cannot read the folder of templates (see --templates)")?;
    let known: BTreeSet<String> = here.into_iter().chain(with_workers).collect();
    if known.contains(name) {
        return Ok(());
    }
    let meant = match nearest(name, known.iter().map(String::as_str)) {
        Some(name) => format!("did you mean `{name}`?"),
        None => format!("known templates are {}.", known.into_iter().collect::<Vec<_>>().join(", ")),
    };
    let message = format!(
        "no template `{name}`: {meant} A worker that starts later may have it: --any-template enqueues the job for that one"
    );
    Err(Failure::Refused { code: "template_unknown", message, passes: false, wait_seconds: None })
}

/// Prints the outcome of an enqueue or a retry.
pub(super) fn report(enqueued: &Enqueued, reporter: Reporter) -> Result<(), Failure> {
    let job = enqueued.job();
    let (outcome, words) = match enqueued {
        Enqueued::New(job) if job.run_after > job.created_at => {
            let wait = (job.run_after - job.created_at).whole_seconds() + 1;
            ("new", format!("enqueued: it starts in {wait} s, when the cooldown of this quote ends"))
        }
        Enqueued::New(_) => ("new", "enqueued".to_owned()),
        Enqueued::Existing(_) => ("existing", format!("already {}: the same request finds the same job", job.status)),
        Enqueued::Reused(_) => ("reused", "already made: the same quote has this video".to_owned()),
    };
    tracing::info!(
        event = "CREATE", jobId = %job.id, quoteId = job.entity_id, companyId = job.scope.company_id(), outcome,
        "a job was requested"
    );
    reporter.result(true, &format!("{}  {words}\n", job.id), json!({ "outcome": outcome, "job": job }))
}

/// The quote with its picture files embedded, since a worker does not have them.
fn whole(bytes: &[u8], snapshot: &Snapshot, folder: Option<&Path>) -> Result<Value, Failure> {
    let mut input: Value = serde_json::from_slice(bytes).map_err(anyhow::Error::from)?;
    let mut problems = Problems::default();
    for (pointer, asset) in snapshot.asset_refs() {
        let (AssetRef::File(file), Some(folder)) = (asset, folder) else { continue };
        match picture(&folder.join(file), folder) {
            Ok(uri) => {
                if let Some(place) = input.pointer_mut(&pointer) {
                    *place = json!({ "data": uri });
                }
            }
            Err(reason) => problems.extend([Problem::error(
                "asset_file",
                format!("{pointer}/file"),
                format!("`{}`: {reason}", Path::new(file).display()),
                "a picture file of at most 6 MiB in the quote's folder",
            )]),
        }
    }
    if !problems.is_empty() {
        return Err(problems.into());
    }
    // With its pictures, it must still be what a worker accepts.
    parse_with(input.to_string().as_bytes(), ParseOptions::default())?;
    Ok(input)
}

fn picture(path: &Path, folder: &Path) -> Result<String, String> {
    let reason = |error: std::io::Error| error.to_string();
    let path = path.canonicalize().map_err(reason)?;
    if !path.starts_with(folder.canonicalize().map_err(reason)?) {
        return Err("it is outside the quote's folder".to_owned());
    }
    let bytes = path.metadata().map_err(reason)?.len();
    if bytes > MAX_PICTURE_BYTES {
        return Err(format!("it has {bytes} bytes"));
    }
    let content = fs::read(&path).map_err(reason)?;
    Ok(format!("data:{};base64,{}", media_type(&content), STANDARD.encode(content)))
}

/// The media type by the first bytes. The decoder looks at the content too and reports anything else.
fn media_type(content: &[u8]) -> &'static str {
    match content {
        [0x89, b'P', b'N', b'G', ..] => "image/png",
        [0xff, 0xd8, 0xff, ..] => "image/jpeg",
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => "image/webp",
        _ => "image/svg+xml",
    }
}

/// The date at UTC-12, where a day ends last.
fn today_last() -> ::time::Date {
    (::time::OffsetDateTime::now_utc() - ::time::Duration::hours(12)).date()
}

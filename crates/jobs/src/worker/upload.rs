//! Uploads a finished render to storage, repeating the upload and never the render; and removes objects.
//!
//! Keys carry the epoch of the render, so that whoever uploads the same finished files writes the same objects, and what
//! is there already with the right hash is adopted.

use std::path::PathBuf;
use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::context::Context;
use super::heartbeat::HeldJob;
use super::interrupt::{Interrupt, interrupted};
use super::persist::persist;
use super::spool::FinishedRender;
use crate::job::{Failure, FailureCode, Job, JobId, JobOutput, LeaseEpoch, Status, TenantScope};
use crate::objects::{FileMeta, MAX_LISTED, ObjectKey, StorageError, StorageErrorClass};
use crate::observe::metrics::UploadOutcome;
use crate::queue::StoredOutput;

/// How long a write in progress may continue when its job is cancelled.
const LAST_WRITE: Duration = Duration::from_secs(2);

/// A file to upload.
struct Upload {
    key: ObjectKey,
    path: PathBuf,
    meta: FileMeta,
}

/// Uploads video and thumbnail; returns once both objects are in storage and have been checked.
pub(super) async fn upload(
    context: &Context,
    held: &HeldJob,
    finished: &FinishedRender,
) -> Result<JobOutput, Interrupt> {
    let uploads = uploads(finished);
    // Objects of an earlier claim can be there only if there was one.
    let mut may_be_there = held.lease().epoch > finished.render.epoch;
    let retry = &context.settings.retry;
    for attempt in 1.. {
        let mut sending = Box::pin(send(context, &uploads, may_be_there));
        let sent = tokio::select! {
            sent = &mut sending => sent,
            interrupt = interrupted(context, held) => {
                // A write into a folder cannot be stopped half-way: its object would appear after the clean-up.
                drop(timeout(LAST_WRITE, &mut sending).await);
                return Err(interrupt);
            }
        };
        let error = match sent {
            Ok(()) => return Ok(output_of(finished)),
            Err(error) => error,
        };
        let outcome = match error.class() {
            StorageErrorClass::Refused | StorageErrorClass::Full => UploadOutcome::Refused,
            _ => UploadOutcome::Failed,
        };
        context.metrics.upload_attempt(outcome);
        let tried_enough = attempt >= retry.max_upload_attempts || error.class() == StorageErrorClass::Invalid;
        if outcome == UploadOutcome::Refused || tried_enough {
            let code =
                if outcome == UploadOutcome::Refused { FailureCode::StorageRefused } else { FailureCode::UploadFailed };
            return Err(pause_uploads(context, held, code, &error));
        }
        let lease = held.lease();
        tracing::warn!(
            event = "ERROR", jobId = %lease.job_id, companyId = lease.scope.company_id(), attempt,
            error = %error, "an upload failed: again in a moment"
        );
        tokio::select! {
            () = sleep(retry.upload.pause(attempt, rand::random())) => {}
            interrupt = interrupted(context, held) => return Err(interrupt),
        }
        let write = || context.database.count_upload(lease);
        let landed = |job: &Job| job.status == Status::Running;
        persist(&*context.database, held, "count_upload", write, landed).await?;
        // What failed may have arrived all the same.
        may_be_there = true;
    }
    unreachable!("the loop ends by its limit of attempts")
}

/// Storage refuses this job's files: uploads pause until a probe succeeds. A job whose files are refused again and again
/// while probes succeed is itself at fault, and fails.
fn pause_uploads(context: &Context, held: &HeldJob, code: FailureCode, error: &StorageError) -> Interrupt {
    let reason = error.to_string();
    if !context.refusals.count(held.lease().job_id) {
        return Failure::new(code, reason).into();
    }
    if context.breaker.trip(error) {
        context.metrics.paused(true);
        context.metrics.failure(code);
        tracing::error!(event = "PAUSE", worker = %context.worker_id, error = reason, "storage takes no files: uploads are paused");
    }
    Interrupt::Paused(reason)
}

async fn send(context: &Context, uploads: &[Upload], may_be_there: bool) -> Result<(), StorageError> {
    for Upload { key, path, meta } in uploads {
        if may_be_there && context.storage.head(key).await?.is_some_and(|stored| stored.is(meta)) {
            context.metrics.upload_attempt(UploadOutcome::Adopted);
            continue;
        }
        context.storage.put_file(key, path, meta).await?;
        context.metrics.upload_attempt(UploadOutcome::Stored);
    }
    Ok(())
}

fn uploads(finished: &FinishedRender) -> [Upload; 2] {
    let render = &finished.render;
    let meta = |file: &super::spool::RenderedFile, duration_ms| FileMeta {
        sha256: file.sha256.clone(),
        bytes: file.bytes,
        snapshot_hash: render.snapshot_hash.clone(),
        render_version: render.render_version.clone(),
        duration_ms,
    };
    // The thumbnail goes first: where the video is, everything is.
    [
        Upload {
            key: ObjectKey::thumbnail(&render.scope, render.job, render.epoch),
            path: finished.folder.thumbnail(),
            meta: meta(&render.thumbnail, None),
        },
        Upload {
            key: ObjectKey::video(&render.scope, render.job, render.epoch),
            path: finished.folder.video(),
            meta: meta(&render.video, Some(render.duration_ms)),
        },
    ]
}

fn output_of(finished: &FinishedRender) -> JobOutput {
    let render = &finished.render;
    JobOutput {
        output_key: ObjectKey::video(&render.scope, render.job, render.epoch).to_string(),
        output_sha256: render.video.sha256.clone(),
        output_bytes: render.video.bytes,
        output_duration_ms: render.duration_ms,
        thumbnail_key: ObjectKey::thumbnail(&render.scope, render.job, render.epoch).to_string(),
        render_version: render.render_version.clone(),
    }
}

/// The output of an earlier claim of this job, if it is complete in storage and shows the same snapshot in the same render
/// version. Storage that does not answer counts as empty.
pub(super) async fn find_output(context: &Context, job: &Job, render_version: &str) -> Option<JobOutput> {
    let listing = context.storage.list(&ObjectKey::job_prefix(&job.scope, job.id), None, MAX_LISTED).await.ok()?;
    let mut epochs: Vec<LeaseEpoch> = listing
        .objects
        .iter()
        .filter_map(|object| ObjectKey::parse(&object.key)?.job_object().map(|object| object.epoch))
        .collect();
    epochs.sort_unstable();
    epochs.dedup();
    for epoch in epochs.into_iter().rev() {
        let thumbnail_key = ObjectKey::thumbnail(&job.scope, job.id, epoch);
        let output_key = ObjectKey::video(&job.scope, job.id, epoch);
        let video = described(context, &output_key).await;
        let Some((video, thumbnail)) = video.zip(described(context, &thumbnail_key).await) else { continue };
        let same = |meta: &FileMeta| meta.snapshot_hash == job.snapshot_hash && meta.render_version == render_version;
        if let Some(duration_ms) = video.duration_ms.filter(|_| same(&video) && same(&thumbnail)) {
            return Some(JobOutput {
                output_key: output_key.to_string(),
                output_sha256: video.sha256,
                output_bytes: video.bytes,
                output_duration_ms: duration_ms,
                thumbnail_key: thumbnail_key.to_string(),
                render_version: video.render_version,
            });
        }
    }
    None
}

async fn described(context: &Context, key: &ObjectKey) -> Option<FileMeta> {
    context.storage.head(key).await.ok().flatten()?.meta
}

/// Removes every object of a job that has ended without a video. The `orphans` task removes the rest.
pub(super) async fn remove_objects_of(context: &Context, scope: &TenantScope, job_id: JobId, last: LeaseEpoch) {
    let removed = async {
        for object in context.storage.list(&ObjectKey::job_prefix(scope, job_id), None, MAX_LISTED).await?.objects {
            let key = ObjectKey::parse(&object.key);
            if let Some(key) = key.filter(|key| key.job_object().is_some_and(|object| object.epoch <= last)) {
                context.storage.delete(&key).await?;
            }
        }
        Ok::<(), StorageError>(())
    };
    if let Err(error) = removed.await {
        tracing::warn!(event = "ERROR", jobId = %job_id, error = %error, "objects of an ended job stay for the sweep");
    }
}

/// Removes both objects of an output.
pub(super) async fn delete_output(context: &Context, output: &StoredOutput) -> Result<(), StorageError> {
    for key in [&output.output_key, &output.thumbnail_key] {
        // A key that is not this job's own was written by another program; it is not touched.
        let own = |key: &ObjectKey| key.is_of(&output.scope, output.job_id);
        if let Some(key) = ObjectKey::parse(key).filter(own) {
            context.storage.delete(&key).await?;
        }
    }
    Ok(())
}

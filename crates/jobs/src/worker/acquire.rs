//! Acquires the finished files of a job: they are in the spool or in storage already, or they are rendered now.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use tokio::sync::watch;
use tokio::task::block_in_place;

use super::context::Context;
use super::heartbeat::HeldJob;
use super::interrupt::{Interrupt, interrupted, unless_interrupted};
use super::render::{ChildLimits, NotRendered, RenderRequest, RenderedFiles, render};
use super::spool::{FinishedRender, JobFolder, NewRender};
use super::templates::KnownTemplate;
use super::upload::find_output;
use crate::job::{Failure, FailureCode, Job, JobOutput, Stage};
use crate::objects::{ObjectKey, StorageErrorClass};
use crate::observe::metrics::Rerender;
use quotereel::FrameRate;
use quotereel::Size;
use quotereel::pictures::asset_keys;
use quotereel::snapshot::Snapshot;

/// The size of a job's video, in px: 9:16, for phones.
const SIZE: Size = Size::PORTRAIT;
/// Share of the progress that is made when the frames are done, in percent; the rest is the upload.
pub(super) const RENDERED_PERCENT: u8 = 90;
/// Largest picture of a tenant that is fetched from storage, in bytes; the limit of a picture anywhere.
const MAX_ASSET_BYTES: u64 = 6 << 20;

/// Where a job's finished files are.
pub(super) enum Files {
    /// In storage, complete.
    InStorage(JobOutput),
    /// In this worker's spool.
    InSpool(FinishedRender),
    /// Nowhere. If the job was rendered before, this is why it must be rendered again.
    Missing(Rerender),
}

/// Looks for files of an earlier claim.
pub(super) async fn find_files(context: &Context, job: &Job, render_version: &str) -> Files {
    if job.render_attempts == 0 {
        return Files::Missing(Rerender::Failed);
    }
    let in_spool = block_in_place(|| context.spool.finished_of(job.id)).unwrap_or_else(|error| {
        tracing::warn!(event = "ERROR", jobId = %job.id, error = %error, "the spool cannot be read");
        None
    });
    let fits = |finished: &FinishedRender| {
        finished.render.scope == job.scope
            && finished.render.snapshot_hash == job.snapshot_hash
            && finished.render.render_version == render_version
    };
    if let Some(finished) = in_spool.filter(fits) {
        return Files::InSpool(finished);
    }
    if let Some(output) = find_output(context, job, render_version).await {
        return Files::InStorage(output);
    }
    Files::Missing(match job.error_code.as_deref().and_then(FailureCode::from_name) {
        _ if job.stage != Stage::Render => Rerender::SpoolLost,
        Some(FailureCode::RenderCrashed) => Rerender::Crashed,
        Some(FailureCode::RenderTimedOut) => Rerender::TimedOut,
        _ if job.rescue_count > 0 => Rerender::WorkerLost,
        _ => Rerender::Failed,
    })
}

/// Renders, and saves the files so that they survive this process.
pub(super) async fn render_job(
    context: &Context,
    job: &Job,
    held: &HeldJob,
    template: &KnownTemplate,
    snapshot: &Snapshot,
) -> Result<FinishedRender, Interrupt> {
    let epoch = held.lease().epoch;
    let folder = context.spool.begin(job.id, epoch)?;
    let rendered = async {
        let keys = asset_keys(snapshot, &template.template);
        let asset_files = unless_interrupted(context, held, fetch_assets(context, job, keys, &folder)).await??;
        let files = render_files(context, job, held, template, &folder, asset_files).await?;
        let render = NewRender {
            job: job.id,
            scope: job.scope.clone(),
            epoch,
            snapshot_hash: job.snapshot_hash.clone(),
            render_version: template.render_version.clone(),
            duration_ms: files.duration_ms,
            video: files.video,
            thumbnail: files.thumbnail,
        };
        Ok(block_in_place(|| context.spool.finish(render))?)
    };
    let rendered = rendered.await;
    if rendered.is_err()
        && let Err(error) = context.spool.remove(job.id, epoch)
    {
        tracing::warn!(event = "ERROR", jobId = %job.id, error = %error, "an unfinished render stays in the spool");
    }
    rendered
}

async fn render_files(
    context: &Context,
    job: &Job,
    held: &HeldJob,
    template: &KnownTemplate,
    folder: &JobFolder,
    asset_files: BTreeMap<String, PathBuf>,
) -> Result<RenderedFiles, Interrupt> {
    let settings = &context.settings;
    let request = RenderRequest {
        input: job.input.clone().unwrap_or_default(),
        template: template.choice.clone(),
        fonts: settings.fonts.clone(),
        size: SIZE,
        frame_rate: FrameRate::DEFAULT,
        threads: settings.render_threads,
        output_folder: folder.path().to_owned(),
        asset_files,
        allow_private_network: settings.allow_private_network,
        limits: ChildLimits {
            memory_bytes: settings.render_memory_bytes,
            wall: settings.render_timeout.min(settings.deadline),
            ..ChildLimits::default()
        },
    };
    let (cancel, cancelled) = watch::channel(false);
    let report = held.reporter();
    let share = |percent: u8| u16::from(percent) * u16::from(RENDERED_PERCENT) / 100;
    let on_progress = move |percent: u8| report(u8::try_from(share(percent)).unwrap_or(RENDERED_PERCENT));
    let mut rendering = Box::pin(render(&context.program, request, cancelled, on_progress));
    let rendered = tokio::select! {
        rendered = &mut rendering => rendered,
        interrupt = interrupted(context, held) => {
            cancel.send_replace(true);
            // The child has some seconds to obey, then it is killed; its files are gone either way.
            drop(rendering.await);
            return Err(interrupt);
        }
    };
    let files = rendered.map_err(|reason| match reason {
        NotRendered::Failed(verdict) => Interrupt::Failure(verdict.failure),
        NotRendered::Cancelled => Interrupt::Failure(Failure::new(FailureCode::Internal, "cancelled by nobody")),
    })?;
    for warning in &files.warnings {
        tracing::info!(
            event = "WARNING",
            code = warning.code,
            pointer = warning.pointer,
            "the video differs from what the quote asks for"
        );
    }
    tracing::debug!(event = "RENDERED", jobId = %job.id, frames = files.frames, times = ?files.times, "the frames are there");
    Ok(files)
}

/// Fetches the tenant's own pictures. A missing one is left out: the video shows a placeholder.
async fn fetch_assets(
    context: &Context,
    job: &Job,
    keys: Vec<&str>,
    folder: &JobFolder,
) -> Result<BTreeMap<String, PathBuf>, Interrupt> {
    let mut files = BTreeMap::new();
    for (number, key) in keys.into_iter().enumerate() {
        let fetched = match ObjectKey::asset(&job.scope, key) {
            Ok(key) => context.storage.get(&key, MAX_ASSET_BYTES).await,
            Err(error) => Err(error),
        };
        match fetched {
            Ok(bytes) => {
                let path = folder.assets().join(number.to_string());
                fs::write(&path, bytes).map_err(|error| Failure::new(FailureCode::DiskFull, error.to_string()))?;
                files.insert(key.to_owned(), path);
            }
            // Storage may have the picture and fail for the moment: a video without it would be sold and kept.
            Err(error) if error.class() == StorageErrorClass::Transient => {
                return Err(Failure::new(FailureCode::RenderFailed, error.to_string()).into());
            }
            Err(error) if error.class() == StorageErrorClass::Refused => {
                let reason = error.to_string();
                if context.breaker.trip(&error) {
                    context.metrics.paused(true);
                    tracing::error!(event = "PAUSE", worker = %context.worker_id, error = reason, "storage refuses this worker");
                }
                return Err(Interrupt::Paused(reason));
            }
            Err(error) => tracing::warn!(
                event = "WARNING", jobId = %job.id, companyId = job.scope.company_id(), error = %error,
                "a picture of the tenant is not there"
            ),
        }
    }
    Ok(files)
}

//! Acquires the finished files of a job: they are in the spool or in storage already, or they are rendered now.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use tokio::sync::watch;
use tokio::task::block_in_place;

use super::admission::read_snapshot;
use super::context::Context;
use super::heartbeat::HeldJob;
use super::interrupt::{Interrupt, interrupted, unless_interrupted};
use super::render::{ChildLimits, RenderEnd, RenderRequest, RenderedFiles, render};
use super::spool::{FinishedRender, JobFolder, NewRender};
use super::upload::find_output;
use crate::job::{Failure, FailureCode, Job, JobOutput, Stage};
use crate::objects::{ObjectKey, StorageErrorClass};
use crate::observe::metrics::Rerender;
use quotereel::FrameRate;
use quotereel::Size;
use quotereel::TemplateChoice;
use quotereel::pictures::asset_keys;

/// The size of a job's video, in px: 9:16, for phones.
const SIZE: Size = Size::PORTRAIT;
/// Share of the progress that is made when the frames are done, in percent; the rest is the upload.
pub(super) const RENDERED_PERCENT: u8 = 90;
/// Largest picture of a tenant that is fetched from storage, in bytes; the limit of a picture anywhere.
const MAX_ASSET_BYTES: u64 = 6 << 20;

/// Where a job's files are.
pub(super) enum Made {
    /// In storage, whole.
    InStorage(JobOutput),
    /// In this worker's spool.
    InSpool(FinishedRender),
    /// Nowhere; for a job that was rendered before, why it must be again.
    Nowhere(Rerender),
}

/// Looks for files of an earlier claim.
pub(super) async fn find_finished(context: &Context, job: &Job, render_version: &str) -> Made {
    if job.render_attempts == 0 {
        return Made::Nowhere(Rerender::Failed);
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
        return Made::InSpool(finished);
    }
    if let Some(output) = find_output(context, job, render_version).await {
        return Made::InStorage(output);
    }
    Made::Nowhere(match job.error_code.as_deref().and_then(FailureCode::from_name) {
        _ if job.stage != Stage::Render => Rerender::SpoolLost,
        Some(FailureCode::RenderCrashed) => Rerender::Crashed,
        Some(FailureCode::RenderTimedOut) => Rerender::TimedOut,
        _ if job.rescue_count > 0 => Rerender::WorkerLost,
        _ => Rerender::Failed,
    })
}

/// Renders, and makes the files survive this process.
pub(super) async fn render_job(
    context: &Context,
    job: &Job,
    held: &HeldJob,
    template: &TemplateChoice,
    render_version: &str,
) -> Result<FinishedRender, Interrupt> {
    let epoch = held.lease().epoch;
    let folder = context.spool.begin(job.id, epoch)?;
    let made = async {
        let files = render_files(context, job, held, template, &folder).await?;
        let render = NewRender {
            job: job.id,
            scope: job.scope.clone(),
            epoch,
            snapshot_hash: job.snapshot_hash.clone(),
            render_version: render_version.to_owned(),
            duration_ms: files.duration_ms,
            video: files.video,
            thumbnail: files.thumbnail,
        };
        Ok(block_in_place(|| context.spool.finish(render))?)
    };
    let made = made.await;
    if made.is_err()
        && let Err(error) = context.spool.remove(job.id, epoch)
    {
        tracing::warn!(event = "ERROR", jobId = %job.id, error = %error, "an unfinished render stays in the spool");
    }
    made
}

async fn render_files(
    context: &Context,
    job: &Job,
    held: &HeldJob,
    template: &TemplateChoice,
    folder: &JobFolder,
) -> Result<RenderedFiles, Interrupt> {
    let settings = &context.settings;
    let request = RenderRequest {
        input: job.input.clone(),
        template: template.clone(),
        fonts: settings.fonts.clone(),
        size: SIZE,
        frame_rate: FrameRate::DEFAULT,
        threads: settings.render_threads,
        output_folder: folder.path().to_owned(),
        asset_files: unless_interrupted(context, held, fetch_assets(context, job, template, folder)).await??,
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
    let ended = tokio::select! {
        ended = &mut rendering => ended,
        interrupt = interrupted(context, held) => {
            cancel.send_replace(true);
            // The child has some seconds to obey, then it is killed; its files are gone either way.
            drop(rendering.await);
            return Err(interrupt);
        }
    };
    let files = ended.map_err(|end| match end {
        RenderEnd::Failed(verdict) => Interrupt::Failure(verdict.failure),
        RenderEnd::Cancelled => Interrupt::Failure(Failure::new(FailureCode::Internal, "cancelled by nobody")),
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

/// Fetches the tenant's own pictures. One that is not there is left out: a placeholder takes its place.
async fn fetch_assets(
    context: &Context,
    job: &Job,
    template: &TemplateChoice,
    folder: &JobFolder,
) -> Result<BTreeMap<String, PathBuf>, Interrupt> {
    let snapshot = read_snapshot(&job.input)?.snapshot;
    let template = template.load().map_err(|error| Failure::new(FailureCode::TemplateFailed, error.to_string()))?;
    let mut files = BTreeMap::new();
    for (number, key) in asset_keys(&snapshot, &template).into_iter().enumerate() {
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
            // Storage that errs has the picture perhaps: a video without it would be sold, and kept.
            Err(error) if error.class() == StorageErrorClass::Transient => {
                return Err(Failure::new(FailureCode::RenderFailed, error.to_string()).into());
            }
            Err(error) if error.class() == StorageErrorClass::Refused => {
                let reason = error.to_string();
                if context.breaker.trip(&reason) {
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

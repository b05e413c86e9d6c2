//! `render video`: the whole machine from a snapshot to an MP4 and its thumbnails, to raw frames, or to a teaser.

use std::fs::File;
use std::io;
use std::os::fd::AsFd as _;
use std::path::Path;

use anyhow::Context as _;
use serde_json::json;
use tempfile::TempDir;

use super::args::VideoFormat;
use super::destination;
use super::failure::Failure;
use super::options::{Output, Sound, VideoTask};
use super::production::{produce, sound_failure, unusable_sound};
use super::progress::Progress;
use super::reporter::Reporter;
use super::signals::Signals;
use super::teaser;
use super::usage::Usage;
use crate::frame::FrameSource;
use crate::pipeline::{self, Destination, RenderError, RenderJob, Rendered, Soundtrack, Unfinished};
use crate::problem::Problem;
use crate::studio::{Production, TeaserFormat, recording};

/// Renders, delivers and reports.
///
/// # Errors
/// Every kind of [`Failure`]; no file is left behind by any of them.
pub(super) fn run(task: &VideoTask, reporter: Reporter, signals: &Signals) -> Result<(), Failure> {
    if task.output == Output::Stdout {
        destination::refuse_terminal()?;
    }
    destination::check(task.files(), task.inputs())?;
    // Before any work, as every other input.
    let sound = match &task.sound {
        Sound::OfTemplate => None,
        Sound::Silence => Some(Soundtrack::Silence),
        Sound::File(path) => Some(recording(path).map_err(sound_failure)?),
    };
    let production = produce(&task.source, task.threads.unwrap_or_else(pipeline::default_threads))?;
    let production = match sound {
        None => production,
        Some(sound) => production.with_soundtrack(sound),
    };
    reporter.warn(production.warnings());
    match (&task.output, task.format) {
        (Output::File(path), VideoFormat::Mp4) => {
            let rendered = render(pipeline::Output::mp4_file(path), task, &production, reporter, signals)?;
            report(path, &rendered, &production, reporter)
        }
        (Output::File(path), VideoFormat::Y4m) => {
            let rendered = render(pipeline::Output::y4m_file(path), task, &production, reporter, signals)?;
            report(path, &rendered, &production, reporter)
        }
        (Output::Stdout, VideoFormat::Mp4) => stream_mp4(task, &production, reporter, signals),
        (Output::Stdout, VideoFormat::Y4m) => {
            let stdout = io::stdout().as_fd().try_clone_to_owned().context("cannot write to stdout")?;
            let output = pipeline::Output::Y4m(Destination::stream(File::from(stdout)));
            render(output, task, &production, reporter, signals).map(drop)
        }
        (_, VideoFormat::Webp) => teaser::run(task, TeaserFormat::WebP, &production, reporter, signals),
        (_, VideoFormat::Gif) => teaser::run(task, TeaserFormat::Gif, &production, reporter, signals),
    }
}

/// An MP4 is complete only at its end: it is finished in a file that has lost its name before the first byte goes out,
/// so that a signal may end the process at any moment of the copy.
fn stream_mp4(task: &VideoTask, production: &Production, reporter: Reporter, signals: &Signals) -> Result<(), Failure> {
    let deferred = signals.defer();
    let (folder, listed) = Unfinished::list(|| TempDir::with_prefix("quotereel-"), TempDir::path)
        .context("cannot make a temporary folder")?;
    let path = folder.path().join("video.mp4");
    render(pipeline::Output::mp4_file(&path), task, production, reporter, signals)?;
    let finished = File::open(&path).context("cannot read the finished video back")?;
    folder.close().context("cannot remove the temporary folder")?;
    drop((listed, deferred));
    signals.received().map_or(Ok(()), |signal| Err(Failure::Interrupted(signal)))?;
    destination::copy_to_stdout(finished)
}

fn render(
    output: pipeline::Output,
    task: &VideoTask,
    production: &Production,
    reporter: Reporter,
    signals: &Signals,
) -> Result<Rendered, Failure> {
    // Raw frames into a stream and nothing else: no file to clean up, so a signal need not wait for a reader that sleeps.
    let bare_stream = task.files().next().is_none() && task.format == VideoFormat::Y4m;
    let deferred = (!bare_stream).then(|| signals.defer());
    let film = production.film();
    let job = RenderJob {
        thumbnail: task.thumbnail.clone(),
        small_thumbnail: task.small_thumbnail.clone(),
        thumbnail_at_frame: production.thumbnail_frame(),
        title: Some(production.title().to_owned()),
        soundtrack: production.soundtrack().cloned(),
        threads: task.threads.unwrap_or_else(pipeline::default_threads),
        quality: task.quality,
        ..RenderJob::new(output)
    };
    tracing::info!(frames = film.frame_count(), threads = job.threads, "drawing frames");
    let outcome = {
        let progress = Progress::new(film.frame_count(), reporter, signals);
        pipeline::render(&film, &job, &progress)
    };
    drop(deferred);
    let rendered = outcome.map_err(|error| failure(error, signals))?;
    tracing::info!(segments = rendered.segments, qp = rendered.qp, stages = ?rendered.stages, "rendered");
    Ok(rendered)
}

fn failure(error: RenderError, signals: &Signals) -> Failure {
    match (error, signals.received()) {
        (RenderError::Cancelled, Some(signal)) => Failure::Interrupted(signal),
        (RenderError::TooLarge { bytes, max_bytes }, _) => {
            let problem = Problem::error(
                "video_too_large",
                "",
                format!("a video of {bytes} bytes"),
                format!("at most {max_bytes} bytes, what chat programs take"),
            );
            Failure::Invalid(problem.with_hint("use smaller or fewer pictures, or a lower --fps").into())
        }
        (error @ RenderError::Sound { .. }, _) => unusable_sound(&error),
        (error, _) => Failure::System(error.into()),
    }
}

fn report(path: &Path, rendered: &Rendered, production: &Production, reporter: Reporter) -> Result<(), Failure> {
    let mut lines = String::new();
    for file in [Some(path), rendered.thumbnail.as_deref(), rendered.small_thumbnail.as_deref()].into_iter().flatten() {
        lines.push_str(&file.to_string_lossy());
        lines.push('\n');
    }
    let report = json!({
        "video": path,
        "thumbnail": rendered.thumbnail,
        "smallThumbnail": rendered.small_thumbnail,
        "bytes": rendered.bytes,
        "frames": rendered.frames,
        "codedFrames": rendered.coded_frames,
        "durationMs": rendered.duration_ms,
        "fps": rendered.fps,
        "sound": rendered.sound,
        "qp": rendered.qp,
        "prepare": production.times(),
        "stages": rendered.stages,
        "process": Usage::now(),
        "warnings": production.warnings(),
    });
    reporter.result(true, &lines, report)
}

//! `render video`: from a quote to an MP4 and its thumbnails, to raw frames, or to a teaser.

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
use super::options::{Output, VideoTask};
use super::prepare::{prepare, unusable_sound};
use super::progress::Progress;
use super::reporter::Reporter;
use super::signals::Signals;
use super::teaser;
use super::usage::Usage;
use quotereel::files::Unfinished;
use quotereel::{Destination, Options, Problem, RenderError, Rendered, TeaserFormat, Video, default_threads};

/// Renders, delivers and reports.
///
/// # Errors
/// Every kind of [`Failure`]; no file is left behind by any of them.
pub(super) fn run(task: &VideoTask, reporter: Reporter, signals: &Signals) -> Result<(), Failure> {
    if task.output == Output::Stdout {
        destination::refuse_terminal()?;
    }
    destination::check(task.files(), task.inputs())?;
    let video = prepare(&task.source, &task.sound, task.threads.unwrap_or_else(default_threads))?;
    reporter.warn(video.warnings());
    match (&task.output, task.format) {
        (Output::File(path), VideoFormat::Mp4) => {
            let rendered = render(quotereel::Output::mp4_file(path), task, &video, reporter, signals)?;
            report(path, &rendered, &video, reporter)
        }
        (Output::File(path), VideoFormat::Y4m) => {
            let rendered = render(quotereel::Output::y4m_file(path), task, &video, reporter, signals)?;
            report(path, &rendered, &video, reporter)
        }
        (Output::Stdout, VideoFormat::Mp4) => stream_mp4(task, &video, reporter, signals),
        (Output::Stdout, VideoFormat::Y4m) => {
            let stdout = io::stdout().as_fd().try_clone_to_owned().context("cannot write to stdout")?;
            let output = quotereel::Output::Y4m(Destination::stream(File::from(stdout)));
            render(output, task, &video, reporter, signals).map(drop)
        }
        (_, VideoFormat::Webp) => teaser::run(task, TeaserFormat::WebP, &video, reporter, signals),
        (_, VideoFormat::Gif) => teaser::run(task, TeaserFormat::Gif, &video, reporter, signals),
    }
}

/// An MP4 is complete only at its end, so it is made in a file that is deleted before the first byte goes out: a signal may
/// then end the process at any moment of the copy.
fn stream_mp4(task: &VideoTask, video: &Video, reporter: Reporter, signals: &Signals) -> Result<(), Failure> {
    let deferred = signals.defer();
    let (folder, listed) = Unfinished::list(|| TempDir::with_prefix("quotereel-"), TempDir::path)
        .context("cannot make a temporary folder")?;
    let path = folder.path().join("video.mp4");
    render(quotereel::Output::mp4_file(&path), task, video, reporter, signals)?;
    let finished = File::open(&path).context("cannot read the finished video back")?;
    folder.close().context("cannot remove the temporary folder")?;
    drop((listed, deferred));
    signals.received().map_or(Ok(()), |signal| Err(Failure::Interrupted(signal)))?;
    destination::copy_to_stdout(finished)
}

fn render(
    output: quotereel::Output,
    task: &VideoTask,
    video: &Video,
    reporter: Reporter,
    signals: &Signals,
) -> Result<Rendered, Failure> {
    // Raw frames to stdout alone leave no file to clean up, so a signal need not wait for a slow reader.
    let bare_stream = task.files().next().is_none() && task.format == VideoFormat::Y4m;
    let deferred = (!bare_stream).then(|| signals.defer());
    let options = Options {
        thumbnail: task.thumbnail.clone(),
        small_thumbnail: task.small_thumbnail.clone(),
        quality: task.quality,
        threads: task.threads,
    };
    tracing::info!(frames = video.frame_count(), "drawing frames");
    let outcome = {
        let progress = Progress::new(video.frame_count(), reporter, signals);
        video.write(output, &options, &progress)
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
                format!("at most {max_bytes} bytes, the limit of chat programs"),
            );
            Failure::Invalid(problem.with_hint("use smaller or fewer pictures, or a lower --fps").into())
        }
        (error @ RenderError::Sound { .. }, _) => unusable_sound(&error),
        (error, _) => Failure::System(error.into()),
    }
}

fn report(path: &Path, rendered: &Rendered, video: &Video, reporter: Reporter) -> Result<(), Failure> {
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
        "prepare": video.times(),
        "stages": rendered.stages,
        "process": Usage::now(),
        "warnings": video.warnings(),
    });
    reporter.result(true, &lines, report)
}

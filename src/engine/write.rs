//! Writing a prepared video: to an MP4 file with its thumbnails, to a stream, or as raw frames.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use super::{Video, default_threads};
use crate::video::pipeline::{Output, Progress, Quality, RenderError, RenderJob, Rendered, render};

/// How a video is written, beyond where it goes.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Where the thumbnail goes: the frame at 1 s as a JPEG in full size.
    pub thumbnail: Option<PathBuf>,
    /// Where the same goes as a JPEG of at most 320 px on each side and 200 kB.
    pub small_thumbnail: Option<PathBuf>,
    /// Quality, size and frame timing.
    pub quality: Quality,
    /// Threads that paint and encode. Default: as many as the process may use. The bytes are the same for any number.
    pub threads: Option<NonZeroUsize>,
}

impl Video {
    /// Writes the video to the MP4 file `path`, which appears whole or not at all.
    ///
    /// Pass `&()` for no progress, a closure to count frames, an [`AtomicBool`](std::sync::atomic::AtomicBool) to be
    /// able to stop, or a [`Progress`] of your own for both.
    ///
    /// # Errors
    /// [`RenderError`]; a file that was at `path` before is still there then.
    pub fn write_mp4(&self, path: impl Into<PathBuf>, progress: &dyn Progress) -> Result<Rendered, RenderError> {
        self.write(Output::mp4_file(path), &Options::default(), progress)
    }

    /// Writes the video with every option.
    ///
    /// # Errors
    /// [`RenderError`]; nothing is left behind, and files that were at the destinations before are still there.
    pub fn write(&self, output: Output, options: &Options, progress: &dyn Progress) -> Result<Rendered, RenderError> {
        let job = RenderJob {
            output,
            thumbnail: options.thumbnail.clone(),
            small_thumbnail: options.small_thumbnail.clone(),
            thumbnail_at_frame: self.thumbnail_frame(),
            title: Some(self.title().to_owned()),
            soundtrack: self.soundtrack().cloned(),
            quality: options.quality,
            threads: options.threads.unwrap_or_else(default_threads),
        };
        render(&self.film(), &job, progress)
    }
}

//! What a render is asked for and what it answers.

use std::fmt;
use std::io::Write;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

use super::RenderError;
use crate::ground::frame::FrameSource;
use crate::video::encode::{EncodeError, EncoderConfig, Profile, Repeats, Tuning};
use crate::video::probe::MAX_BYTES;
use crate::video::sound::Levels;
use crate::video::soundtrack::Soundtrack;

/// Follows a render and may stop it. Called from several threads at once.
///
/// `()` follows nothing. An [`AtomicBool`] stops the render once it is `true`. A closure is called with the number of
/// frames that were just finished.
pub trait Progress: Sync {
    /// `count` more frames are encoded. A file made again because it was too large counts its frames again.
    fn frames_done(&self, count: u32);

    /// Whether to stop; asked before every frame.
    fn is_cancelled(&self) -> bool {
        false
    }
}

impl Progress for () {
    fn frames_done(&self, _: u32) {}
}

impl Progress for AtomicBool {
    fn frames_done(&self, _: u32) {}

    fn is_cancelled(&self) -> bool {
        self.load(Ordering::Relaxed)
    }
}

impl<F: Fn(u32) + Sync> Progress for F {
    fn frames_done(&self, count: u32) {
        self(count);
    }
}

/// Where the video goes.
pub enum Destination {
    /// A file: it appears whole or not at all, and replaces what is there.
    File(PathBuf),
    /// A stream such as stdout. An MP4 is finished in the system's temporary folder and then copied here; raw frames
    /// are written as they come.
    Stream(Mutex<Box<dyn Write + Send>>),
}

impl Destination {
    /// A stream.
    #[must_use]
    pub fn stream(out: impl Write + Send + 'static) -> Self {
        Self::Stream(Mutex::new(Box::new(out)))
    }
}

impl fmt::Debug for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Stream(_) => f.write_str("Stream"),
        }
    }
}

/// What is written.
#[derive(Debug)]
pub enum Output {
    /// H.264 in MP4.
    Mp4(Destination),
    /// Every frame uncompressed.
    Y4m(Destination),
}

impl Output {
    /// An MP4 file.
    #[must_use]
    pub fn mp4_file(path: impl Into<PathBuf>) -> Self {
        Self::Mp4(Destination::File(path.into()))
    }

    /// A file of uncompressed frames.
    #[must_use]
    pub fn y4m_file(path: impl Into<PathBuf>) -> Self {
        Self::Y4m(Destination::File(path.into()))
    }

    pub(super) fn destination(&self) -> &Destination {
        match self {
            Self::Mp4(destination) | Self::Y4m(destination) => destination,
        }
    }

    pub(super) fn path(&self) -> Option<&Path> {
        match self.destination() {
            Destination::File(path) => Some(path),
            Destination::Stream(_) => None,
        }
    }

    pub(super) fn describe(&self) -> String {
        self.path().map_or_else(|| "the output stream".to_owned(), |path| path.display().to_string())
    }
}

/// How well and how large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quality {
    /// Quantiser, 1 to 45; default 24.
    pub qp: u8,
    /// Profile; default Main.
    pub profile: Profile,
    /// Largest MP4 in bytes, 1 to 16,000,000 (the delivery limit, and the default). A larger one is made again up to
    /// twice, each time with a quantiser higher by 6.
    pub max_bytes: u64,
    /// What becomes of frames that equal the one before; [`Repeats::Omitted`] gives a variable frame rate.
    pub repeats: Repeats,
    /// How much the encoder tries; default [`Tuning::BALANCED`].
    pub tuning: Tuning,
}

impl Default for Quality {
    fn default() -> Self {
        Self {
            qp: EncoderConfig::DEFAULT_QP,
            profile: Profile::Main,
            max_bytes: MAX_BYTES,
            repeats: Repeats::default(),
            tuning: Tuning::BALANCED,
        }
    }
}

/// One video to be rendered.
#[derive(Debug)]
pub struct RenderJob {
    /// Video.
    pub output: Output,
    /// Where a JPEG of the frame at `thumbnail_at_frame` goes, in full size.
    pub thumbnail: Option<PathBuf>,
    /// Where the same goes as a JPEG of at most 320 px on each side and 200 kB.
    pub small_thumbnail: Option<PathBuf>,
    /// Frame of the thumbnails, usually that at 1 s; in a shorter video the last frame.
    pub thumbnail_at_frame: u32,
    /// Title in the file's metadata.
    pub title: Option<String>,
    /// What is heard; `None` gives a video without a sound track. Raw frames carry none in any case.
    pub soundtrack: Option<Soundtrack>,
    /// Quality and size.
    pub quality: Quality,
    /// Threads that paint and encode.
    pub threads: NonZeroUsize,
}

impl RenderJob {
    /// A job with one thread, default quality, and neither thumbnails nor title nor sound.
    #[must_use]
    pub fn new(output: Output) -> Self {
        Self {
            output,
            thumbnail: None,
            small_thumbnail: None,
            thumbnail_at_frame: 0,
            title: None,
            soundtrack: None,
            quality: Quality::default(),
            threads: NonZeroUsize::MIN,
        }
    }

    /// Checks the job and the source before anything is drawn.
    pub(super) fn check(&self, source: &dyn FrameSource) -> Result<EncoderConfig, RenderError> {
        if source.frame_count() == 0 {
            return Err(RenderError::NoFrames);
        }
        if !(1..=MAX_BYTES).contains(&self.quality.max_bytes) {
            return Err(RenderError::Setting {
                field: "max_bytes",
                value: self.quality.max_bytes.to_string(),
                allowed: "1 to 16000000",
            });
        }
        let config = EncoderConfig {
            qp: self.quality.qp,
            profile: self.quality.profile,
            repeats: self.quality.repeats,
            tuning: self.quality.tuning,
            gradients: source.has_gradients(),
            ..EncoderConfig::new(source.size(), source.frame_rate())
        };
        config.check().map_err(|error| match error {
            EncodeError::Config { field, value, allowed } => RenderError::Setting { field, value, allowed },
            other => other.into(),
        })?;
        Ok(config)
    }

    /// Whether the frame at `index` is the one of the thumbnails.
    pub(super) fn wants_still_of(&self, index: u32, source: &dyn FrameSource) -> bool {
        (self.thumbnail.is_some() || self.small_thumbnail.is_some())
            && index == self.thumbnail_at_frame.min(source.frame_count().saturating_sub(1))
    }
}

/// Time spent, in milliseconds. Stages add up over threads; `wall` is what the caller waited.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StageMs {
    /// Drawing frames.
    pub raster: f64,
    /// RGBA to Y'CbCr.
    pub convert: f64,
    /// H.264.
    pub encode: f64,
    /// Writing the container or raw frames.
    pub mux: f64,
    /// Decoding, mastering and encoding the soundtrack.
    pub sound: f64,
    /// Scaling and encoding the thumbnails.
    pub thumbnail: f64,
    /// Checking the finished file, writing it through to the disk and giving it its name.
    pub publish: f64,
    /// From call to return.
    pub wall: f64,
}

/// A finished render.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rendered {
    /// The video file; absent when it went to a stream.
    pub output: Option<PathBuf>,
    /// The full-size thumbnail.
    pub thumbnail: Option<PathBuf>,
    /// The small thumbnail.
    pub small_thumbnail: Option<PathBuf>,
    /// Size of the video in bytes; 0 for raw frames that went to a stream.
    pub bytes: u64,
    /// Number of frames.
    pub frames: u32,
    /// Frames that were encoded; the others repeat the one before. 0 for raw frames.
    pub coded_frames: u32,
    /// Length in milliseconds.
    pub duration_ms: u64,
    /// Frames a second, as an exact ratio.
    pub fps: String,
    /// Loudness and peak of the soundtrack before it was encoded; absent without one.
    pub sound: Option<Levels>,
    /// Quantiser used in the end.
    pub qp: u8,
    /// Independently encoded parts.
    pub segments: usize,
    /// Where the time went.
    pub stages: StageMs,
}

//! What can go wrong in a render, and whose fault it is.

use crate::video::encode::EncodeError;
use crate::video::probe::ProbeError;
use crate::video::sound::SoundError;

/// A render failed; nothing was left behind.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The progress asked to stop.
    #[error("the render was cancelled")]
    Cancelled,
    /// The source has no frame.
    #[error("the video has no frames, at least 1 is needed")]
    NoFrames,
    /// A setting is outside its range.
    #[error("{field} is {value}, allowed is {allowed}")]
    Setting {
        /// Name of the setting.
        field: &'static str,
        /// Value that was given.
        value: String,
        /// What it may be.
        allowed: &'static str,
    },
    /// The soundtrack cannot be used.
    #[error("the sound `{name}` cannot be used: {source}")]
    Sound {
        /// How the file is called.
        name: String,
        /// What is wrong with it.
        source: SoundError,
    },
    /// Even at the highest compression tried, the file is above its limit.
    #[error("the video has {bytes} bytes after three tries, allowed are {max_bytes}")]
    TooLarge {
        /// Size of the last try.
        bytes: u64,
        /// Largest size allowed, in bytes.
        max_bytes: u64,
    },
    /// Drawing or encoding a segment panicked: a bug.
    #[error("frames {first} to {last} could not be made, a bug: {message}")]
    Panicked {
        /// First frame of the segment.
        first: u32,
        /// Last frame of the segment.
        last: u32,
        /// What the panic said.
        message: String,
    },
    /// A file or stream could not be written.
    #[error("writing {target} failed")]
    Write {
        /// Path, or a name for a stream.
        target: String,
        /// What the operating system reported.
        source: std::io::Error,
    },
    /// The disk has no room for the output.
    #[error(
        "writing {target} failed: the disk is full, at least {needed_bytes} bytes are needed and {free_bytes} are free"
    )]
    DiskFull {
        /// Path of the output.
        target: String,
        /// What the output takes, as far as it was made; the file's own index comes on top.
        needed_bytes: u64,
        /// What is free when nothing of the output lies there any more.
        free_bytes: u64,
    },
    /// The encoder or muxer failed.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// A thumbnail could not be encoded.
    #[error(transparent)]
    Still(#[from] crate::draw::stills::StillError),
    /// Our own file is not readable: a bug, or a disk that lies.
    #[error("the finished file could not be examined")]
    Probe(#[from] ProbeError),
    /// Our own file breaks a rule: a bug.
    #[error("the finished file is not deliverable: {0}")]
    SelfCheck(String),
    /// The system gives no threads.
    #[error("starting the render threads failed")]
    Threads(#[from] rayon::ThreadPoolBuildError),
}

impl RenderError {
    /// Whether the caller asked for something that cannot be done, so that trying again cannot help. The rest is the
    /// system's fault, a bug, or a cancel.
    #[must_use]
    pub fn is_user_fault(&self) -> bool {
        matches!(
            self,
            Self::NoFrames
                | Self::Setting { .. }
                | Self::Sound { .. }
                | Self::TooLarge { .. }
                | Self::Encode(EncodeError::Config { .. })
        )
    }
}

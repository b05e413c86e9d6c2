//! What can go wrong between planes and files.

use std::path::PathBuf;

/// Encoding, muxing or writing a picture failed.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// A value of the configuration is outside its range.
    #[error("encoder {field} is {value}, allowed is {allowed}")]
    Config {
        field: &'static str,
        value: String,
        /// What it may be.
        allowed: &'static str,
    },
    /// The linked FFmpeg lacks what is needed.
    #[error("the linked FFmpeg has no {0}")]
    Missing(&'static str),
    /// FFmpeg does not know an option: another version than this was written for.
    #[error("the linked FFmpeg does not know the option `{option}` of {target}")]
    UnknownOption {
        /// `libx264`, `libwebp` or `mp4`.
        target: &'static str,
        /// The option's name.
        option: String,
    },
    /// FFmpeg refused a call.
    #[error("{action} failed: {source}{}", detail(messages))]
    Ffmpeg {
        /// What was being done.
        action: &'static str,
        source: ffmpeg_next::Error,
        /// What FFmpeg logged about it, at level error.
        messages: Vec<String>,
    },
    /// The encoder wrote something that its settings rule out.
    #[error("the encoder's stream is not as configured: {0}")]
    Stream(String),
    /// The encoder's parameter sets are not readable.
    #[error("the encoder's parameter sets are not readable")]
    Syntax(#[from] crate::video::h264::SyntaxError),
    /// A file could not be written.
    #[error("writing {} failed", path.display())]
    Write {
        path: PathBuf,
        /// The cause, for example a full disk.
        source: std::io::Error,
    },
    /// A GIF could not be encoded.
    #[error("encoding a GIF failed")]
    Gif(#[from] gif::EncodingError),
}

fn detail(messages: &[String]) -> String {
    if messages.is_empty() { String::new() } else { format!(" ({})", messages.join("; ")) }
}

//! The video: from painted frames to a checked MP4 file with its sound and thumbnails.

#[cfg(feature = "ffmpeg")]
pub mod encode;
#[cfg(feature = "ffmpeg")]
pub mod h264;
#[cfg(feature = "ffmpeg")]
pub mod pipeline;
#[cfg(feature = "ffmpeg")]
pub mod probe;
#[cfg(feature = "ffmpeg")]
pub mod sound;
pub mod soundtrack;
#[cfg(feature = "ffmpeg")]
pub mod yuv;

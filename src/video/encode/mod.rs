//! From planes to files: the H.264 encoder, the MP4 muxer, short animations and raw 4:2:0; from sound files to
//! AAC. All calls into FFmpeg's C code are in `ffi`; nothing here knows how a picture is drawn.

mod animation;
mod config;
mod encoder;
mod error;
#[expect(unsafe_code, reason = "the one place that calls C; every block carries a SAFETY note")]
mod ffi;
mod gif;
mod mp4;
mod palette;
mod sound;
mod webp;
mod y4m;

pub use animation::AnimationFrame;
pub use config::{EncoderConfig, Profile, Repeats, Tuning, level_for};
pub use encoder::{EncodedPicture, PictureKind, SegmentEncoder};
pub use error::EncodeError;
pub use ffi::{ffmpeg_license, ffmpeg_version};
pub use gif::gif;
pub use mp4::{Mp4Settings, Mp4Writer};
pub use sound::{EncodedSound, decode_sound, encode_sound};
pub use webp::webp;
pub use y4m::Y4mWriter;

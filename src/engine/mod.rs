//! The engine's front door: from a quote's JSON and the choice of a template to a video that only needs writing.
//!
//! The one room that meets the outside: it reads template folders, fonts and sound files, and fetches pictures.

mod choice;
mod error;
mod folder;
mod fonts;
mod frames;
mod missing_glyphs;
mod missing_words;
mod pictures;
mod prepare;
mod quote;
mod sheet;
mod sound;
#[cfg(feature = "ffmpeg")]
mod teaser;
mod threads;
mod version;
mod video;
#[cfg(feature = "ffmpeg")]
mod write;

use std::sync::{Arc, LazyLock};

use crate::compose::text::GlyphCache;

pub use choice::TemplateChoice;
pub use error::Error;
pub use folder::FolderError;
pub use fonts::{HOW_TO_ADD, PackError, PackSummary, inspect_pack};
pub use frames::{Frame, Frames};
pub use pictures::{KnownPictures, asset_keys};
pub use quote::{Quote, SIZES};
pub use sheet::KnownFrames;
pub use sound::{Sound, SoundFileError};
#[cfg(feature = "ffmpeg")]
pub use teaser::{TEASER_MAX_BYTES, TEASER_MAX_WIDTH_PX, Teaser, TeaserError, TeaserFormat, TeaserStep};
pub use version::render_version;
pub use video::{PrepareMs, Video};
#[cfg(feature = "ffmpeg")]
pub use write::Options;

/// Glyphs of the bundled fonts, drawn once, serve every video of the process.
static GLYPHS: LazyLock<Arc<GlyphCache>> = LazyLock::new(|| Arc::new(GlyphCache::new()));

/// Threads where the caller has no opinion: as many as the process may use.
#[must_use]
pub fn default_threads() -> std::num::NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(std::num::NonZeroUsize::MIN)
}

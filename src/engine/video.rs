//! A prepared video: every frame can be painted, and nothing but writing can fail any more.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::Error;
use super::threads::Threads;
use crate::compose::scene::{Composed, Composition};
use crate::compose::text::{FontLibrary, GlyphCache};
use crate::draw::raster::{Film, still};
use crate::draw::stills::{THUMBNAIL_QUALITY, jpeg, small_thumbnail};
use crate::ground::frame::RgbaFrame;
use crate::ground::geometry::Size;
use crate::ground::problem::Problems;
use crate::ground::time::FrameRate;
use crate::quote::snapshot::Snapshot;
use crate::video::soundtrack::Soundtrack;

/// Moment that the thumbnails show, in milliseconds (delivery rule).
const THUMBNAIL_AT_MS: u64 = 1000;

/// A video that is prepared: every frame can be painted, and nothing but writing can fail any more.
#[derive(Clone, Debug)]
pub struct Video {
    pub(super) snapshot: Snapshot,
    pub(super) composed: Composed,
    /// The fonts, where the bundled ones were not enough.
    pub(super) with_pack: Option<Arc<FontLibrary>>,
    pub(super) glyphs: Arc<GlyphCache>,
    pub(super) soundtrack: Option<Soundtrack>,
    pub(super) times: PrepareMs,
    pub(super) executor: Arc<Threads>,
}

/// Time that preparing took, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PrepareMs {
    /// Reading and checking the snapshot.
    pub validate: f64,
    /// Reading the template, fetching and decoding pictures.
    pub resolve: f64,
    /// Binding, laying out and shaping.
    pub layout: f64,
}

impl Video {
    /// How long it took to prepare.
    #[must_use]
    pub fn times(&self) -> PrepareMs {
        self.times
    }

    /// The quote it shows.
    #[must_use]
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// The display list.
    #[doc(hidden)]
    #[must_use]
    pub fn composition(&self) -> &Composition {
        &self.composed.composition
    }

    /// What the sender should know: pictures that failed, texts that were cut. Warnings only, as data.
    #[must_use]
    pub fn warnings(&self) -> &Problems {
        &self.composed.warnings
    }

    /// Title for the file's metadata.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.composed.composition.title
    }

    /// The soundtrack: the chosen one, or that of the template.
    #[doc(hidden)]
    #[must_use]
    pub fn soundtrack(&self) -> Option<&Soundtrack> {
        self.soundtrack.as_ref()
    }

    /// Canvas size in px.
    #[must_use]
    pub fn size(&self) -> Size {
        self.composition().size
    }

    /// Frames per second.
    #[must_use]
    pub fn frame_rate(&self) -> FrameRate {
        self.composition().frame_rate
    }

    /// Number of frames.
    #[must_use]
    pub fn frame_count(&self) -> u32 {
        self.composition().frame_count
    }

    /// Length of the video.
    #[must_use]
    pub fn duration(&self) -> Duration {
        Duration::from_millis(self.duration_ms())
    }

    /// Length in milliseconds.
    #[must_use]
    pub fn duration_ms(&self) -> u64 {
        self.frame_rate().ms_of_frames(self.frame_count())
    }

    pub(super) fn fonts(&self) -> &FontLibrary {
        self.with_pack.as_deref().unwrap_or_else(|| FontLibrary::bundled())
    }

    /// All frames as a source for any number of painters.
    #[doc(hidden)]
    #[must_use]
    pub fn film(&self) -> Film<'_> {
        Film::new(self.composition(), self.fonts(), Arc::clone(&self.glyphs))
    }

    /// The picture at a moment of the video; the last one for a moment past the end.
    #[must_use]
    pub fn still(&self, at: Duration) -> RgbaFrame {
        self.frame(self.frame_rate().frames_in_ms(u64::try_from(at.as_millis()).unwrap_or(u64::MAX)))
    }

    /// One frame by its index; the last one for an index past the end.
    #[must_use]
    pub fn frame(&self, frame_index: u32) -> RgbaFrame {
        let last = self.frame_count().saturating_sub(1);
        still(self.composition(), self.fonts(), Arc::clone(&self.glyphs), frame_index.min(last), self.executor.as_ref())
    }

    /// The frame that becomes the thumbnail: the one at 1 s, or the last of a shorter video.
    #[must_use]
    pub fn thumbnail_frame(&self) -> u32 {
        let composition = self.composition();
        composition.frame_rate.frames_in_ms(THUMBNAIL_AT_MS).min(composition.frame_count.saturating_sub(1))
    }

    /// The thumbnail, the picture at 1 s, as a JPEG in full size.
    ///
    /// # Errors
    /// [`Error::Still`].
    pub fn thumbnail(&self) -> Result<Vec<u8>, Error> {
        Ok(jpeg(&self.frame(self.thumbnail_frame()), THUMBNAIL_QUALITY)?)
    }

    /// The thumbnail as a JPEG of at most 320 px on each side and 200 kB.
    ///
    /// # Errors
    /// [`Error::Still`].
    pub fn small_thumbnail(&self) -> Result<Vec<u8>, Error> {
        Ok(small_thumbnail(&self.frame(self.thumbnail_frame()))?)
    }
}

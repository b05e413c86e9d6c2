//! Pictures of glyphs and the cache that keeps them. Drawing them onto a frame happens elsewhere.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use super::bitmap::GlyphBitmap;
use super::coverage::OutlineFace;
use super::emoji;
use super::guard::caught;
use super::{FaceId, FaceRole, FontLibrary};
use crate::ground::lock::lock;

/// Bytes of pictures at which the cache is emptied. A video uses 5 to 20 MiB.
const CACHE_MAX_BYTES: usize = 64 << 20;

/// Largest font size drawn, in px per em; more would be larger than any canvas.
pub const MAX_GLYPH_SIZE_PX: f32 = 1_024.0;

type Key = (FaceId, u16, u32, u8);

/// Drawn glyphs, shared by all threads. Its memory is bounded: at 64 MiB of pictures it is emptied.
pub struct GlyphCache {
    limit_bytes: usize,
    entries: Mutex<Entries>,
}

#[derive(Default)]
struct Entries {
    /// `None` for glyphs without ink.
    by_key: HashMap<Key, Option<Arc<GlyphBitmap>>>,
    bytes: usize,
}

impl Default for GlyphCache {
    fn default() -> Self {
        Self::with_limit(CACHE_MAX_BYTES)
    }
}

impl std::fmt::Debug for GlyphCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GlyphCache").finish_non_exhaustive()
    }
}

impl GlyphCache {
    /// An empty cache.
    pub fn new() -> Self {
        Self::default()
    }

    pub(super) fn with_limit(limit_bytes: usize) -> Self {
        Self { limit_bytes, entries: Mutex::default() }
    }

    /// The picture of a glyph whose pen stands `phase` quarters of a px (0 to 3) right of a whole px.
    ///
    /// `None` where nothing is to be drawn: a space, glyph 0, an index the face does not have, a size that is not above
    /// 0 and at most [`MAX_GLYPH_SIZE_PX`], a broken glyph of a pack.
    ///
    /// # Panics
    /// If the face comes from another library.
    pub fn get(
        &self,
        fonts: &FontLibrary,
        face: FaceId,
        glyph_id: u16,
        size_px: f32,
        phase: u8,
    ) -> Option<Arc<GlyphBitmap>> {
        if !(size_px > 0.0 && size_px <= MAX_GLYPH_SIZE_PX) {
            return None;
        }
        let phase = phase.min(3);
        let key = (face, glyph_id, size_px.to_bits(), phase);
        if let Some(found) = self.lock().by_key.get(&key) {
            return found.clone();
        }
        // Drawn outside the lock: two threads may draw the same glyph, and get the same picture.
        let work = || draw(fonts, face, glyph_id, size_px, phase);
        let is_foreign = fonts.face(face).role == FaceRole::Pack;
        let drawn = if is_foreign { caught(work).flatten() } else { work() }.map(Arc::new);
        let mut entries = self.lock();
        let bytes = drawn.as_ref().map_or(0, |bitmap| bitmap.pixels.len()) + size_of::<(Key, GlyphBitmap)>();
        if entries.bytes + bytes > self.limit_bytes {
            *entries = Entries::default();
        }
        if entries.by_key.insert(key, drawn.clone()).is_none() {
            entries.bytes += bytes;
        }
        drawn
    }

    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.lock().bytes
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Entries> {
        lock(&self.entries)
    }
}

fn draw(fonts: &FontLibrary, id: FaceId, glyph: u16, size_px: f32, phase: u8) -> Option<GlyphBitmap> {
    let face = fonts.entry(id);
    if glyph == 0 || glyph >= face.info.glyph_count {
        return None;
    }
    let font = face.font();
    if let Some(bitmap) = emoji::rasterize(&font, glyph, size_px, phase) {
        return Some(bitmap);
    }
    let outlines = face.outlines.get_or_init(|| match face.info.role {
        FaceRole::Pack => OutlineFace::foreign(),
        _ => OutlineFace::bundled(face.data.as_ref(), face.info.glyph_count),
    });
    outlines.rasterize(&font, glyph, size_px, phase)
}

#[cfg(test)]
mod tests;

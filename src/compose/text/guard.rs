//! Fonts from outside are read by libraries that may panic on them: no broken font ends a render.
//!
//! Faces of the program are not guarded. A panic there is a bug that is to be seen.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::FontLibrary;

/// What the fonts of a pack are refused with when a library panics on them.
pub(super) const FAILED: &str = "the font reader failed on it";

/// What `work` gives; `None` where it panics.
pub(super) fn caught<T>(work: impl FnOnce() -> T) -> Option<T> {
    // Scratch space in use is dropped with the panic, and what is shared is only ever replaced as a whole.
    catch_unwind(AssertUnwindSafe(work)).ok()
}

/// What `work` gives with these fonts, or, where one of a pack makes it panic, with the bundled ones. Those come first in
/// every library, so that their numbers mean the same face in both.
pub(super) fn or_bundled<T>(fonts: &FontLibrary, work: impl Fn(&FontLibrary) -> T) -> T {
    if !fonts.has_pack() {
        return work(fonts);
    }
    caught(|| work(fonts)).unwrap_or_else(|| work(FontLibrary::bundled()))
}

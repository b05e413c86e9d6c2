//! Fonts from outside are read by libraries that may panic on them: no broken font ends a render.
//!
//! Faces of the program are not guarded. A panic there is a bug that is to be seen.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// What the fonts of a pack are refused with when a library panics on them.
pub(super) const FAILED: &str = "the font reader failed on it";

/// What `work` gives; `None` where it panics.
pub(super) fn caught<T>(work: impl FnOnce() -> T) -> Option<T> {
    // Scratch space in use is dropped with the panic, and what is shared is only ever replaced as a whole.
    catch_unwind(AssertUnwindSafe(work)).ok()
}

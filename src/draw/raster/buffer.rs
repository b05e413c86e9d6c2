//! Memory for pixels.

use std::hint::black_box;

/// Zeros, written now. Untouched zero pages fault twice when blending reads before it writes: once for the read, and
/// once, with an interruption of every processor, for the write.
pub(super) fn blank<T: Copy + Default>(length: usize) -> Vec<T> {
    let mut zeros = Vec::with_capacity(length);
    // Or the compiler would ask for zeroed memory instead.
    black_box(&mut zeros).resize(length, T::default());
    zeros
}

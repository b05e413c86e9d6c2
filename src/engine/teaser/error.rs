//! Why a teaser cannot be made.

use crate::video::encode::EncodeError;

/// A teaser that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum TeaserError {
    /// Even the smallest is too large.
    #[error("the smallest teaser has {bytes} bytes; at most {max_bytes} are allowed")]
    TooLarge {
        /// Size of the smallest teaser, in bytes.
        bytes: usize,
        /// Largest size allowed, in bytes.
        max_bytes: usize,
    },
    /// Encoding failed.
    #[error(transparent)]
    Encode(#[from] EncodeError),
}

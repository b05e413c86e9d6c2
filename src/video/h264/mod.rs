//! The few bits of H.264 syntax (ITU-T H.264, 08/2021) that the delivery check and hold frames need: NAL units,
//! parameter sets, slice headers and the `avcC` record. No pixels are decoded here.
//!
//! Everything parsed is foreign: every read is bounded by the bytes at hand and every count by the standard.

mod avcc;
mod bits;
mod hold;
mod level;
mod nal;
mod pps;
mod slice;
mod sps;
mod vui;

pub use avcc::AvcConfig;
pub use bits::{BitReader, BitWriter};
pub use hold::HoldSyntax;
pub use level::{Level, lowest_level};
pub use nal::{NalKind, annex_b_units, escape, unescape};
pub use pps::Pps;
pub use slice::{SliceHeader, SliceKind};
pub use sps::{Crop, Sps};
pub use vui::{Colour, Timing, Vui};

/// Longest time between two IDR pictures, in seconds (delivery rule): where a player can begin.
pub const MAX_IDR_INTERVAL_S: u32 = 5;

/// Bytes that are not the H.264 syntax they claim to be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SyntaxError {
    /// The structure goes on where the bytes have ended.
    #[error("{0} is cut off")]
    Truncated(&'static str),
    /// A code word that the standard does not allow.
    #[error("{element} is {value}, allowed are {allowed}")]
    OutOfRange {
        /// The syntax element, as the standard names it.
        element: &'static str,
        /// The value read.
        value: u64,
        /// The values the standard (or this parser's limit) allows.
        allowed: &'static str,
    },
    /// The NAL unit is of another type than asked for.
    #[error("expected {expected}, found a NAL unit of type {found}")]
    WrongUnit {
        /// What was asked for.
        expected: &'static str,
        /// `nal_unit_type` found.
        found: u8,
    },
}

/// `value` if it is at most `max`, else the error that names the element.
fn at_most(element: &'static str, value: u32, max: u32, allowed: &'static str) -> Result<u32, SyntaxError> {
    if value <= max { Ok(value) } else { Err(SyntaxError::OutOfRange { element, value: u64::from(value), allowed }) }
}

#[cfg(test)]
mod tests;

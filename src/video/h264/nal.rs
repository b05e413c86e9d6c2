//! NAL units: what kind they are, how they are split out of a byte stream (Annex B), and emulation prevention
//! (clause 7.4.1).

use std::borrow::Cow;

/// `nal_unit_type` (table 7-1), as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NalKind {
    /// A slice of a picture that is not an IDR picture.
    Slice,
    /// Data partition of a slice (2 to 4), Extended profile only.
    Partition,
    /// A slice of an IDR picture.
    IdrSlice,
    /// Supplemental enhancement information.
    Sei,
    /// Sequence parameter set.
    Sps,
    /// Picture parameter set.
    Pps,
    /// Access unit delimiter.
    Delimiter,
    /// Anything else, by its number.
    Other(u8),
}

impl NalKind {
    /// The kind, from the first byte of a unit.
    #[must_use]
    pub fn of(header: u8) -> Self {
        match header & 0x1f {
            1 => Self::Slice,
            2..=4 => Self::Partition,
            5 => Self::IdrSlice,
            6 => Self::Sei,
            7 => Self::Sps,
            8 => Self::Pps,
            9 => Self::Delimiter,
            other => Self::Other(other),
        }
    }
}

/// The NAL units of a byte stream, without start codes and without the zero bytes after them.
pub fn annex_b_units(stream: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = after_start_code(stream);
    std::iter::from_fn(move || {
        loop {
            let body = rest?;
            let end = find_start_code(body).unwrap_or(body.len());
            rest = after_start_code(&body[end..]);
            let trimmed = body[..end].iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
            if trimmed > 0 {
                return Some(&body[..trimmed]);
            }
        }
    })
}

fn find_start_code(bytes: &[u8]) -> Option<usize> {
    bytes.windows(3).position(|window| window == [0, 0, 1])
}

fn after_start_code(bytes: &[u8]) -> Option<&[u8]> {
    find_start_code(bytes).map(|at| &bytes[at + 3..])
}

/// The raw payload of a NAL unit: each emulation prevention byte (the 3 of 0 0 3) taken out.
#[must_use]
pub fn unescape(unit: &[u8]) -> Cow<'_, [u8]> {
    if !unit.windows(3).any(|window| window == [0, 0, 3]) {
        return Cow::Borrowed(unit);
    }
    let mut payload = Vec::with_capacity(unit.len());
    let mut zeros = 0;
    for &byte in unit {
        if zeros >= 2 && byte == 3 {
            zeros = 0;
            continue;
        }
        zeros = if byte == 0 { zeros + 1 } else { 0 };
        payload.push(byte);
    }
    Cow::Owned(payload)
}

/// A NAL unit around a raw payload: `header` and then the payload with emulation prevention put in.
#[must_use]
pub fn escape(header: u8, payload: &[u8]) -> Vec<u8> {
    let mut unit = Vec::with_capacity(payload.len() + 8);
    unit.push(header);
    let mut zeros = 0;
    for &byte in payload {
        if zeros >= 2 && byte <= 3 {
            unit.push(3);
            zeros = 0;
        }
        zeros = if byte == 0 { zeros + 1 } else { 0 };
        unit.push(byte);
    }
    if zeros >= 2 {
        // A unit may not end in a zero byte (clause 7.4.1); only cabac_zero_words make a payload end so.
        unit.push(3);
    }
    unit
}

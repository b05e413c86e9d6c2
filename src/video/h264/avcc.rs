//! The decoder configuration record that MP4 keeps in `avcC` (ISO/IEC 14496-15, clause 5.3.3.1).

use super::{Sps, SyntaxError};

/// Parameter sets and the width of NAL length fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AvcConfig {
    /// Bytes of the length before each NAL unit of a sample: 1, 2 or 4.
    pub length_size_bytes: usize,
    /// Sequence parameter sets as whole NAL units, at most 31.
    pub sps: Vec<Vec<u8>>,
    /// Picture parameter sets as whole NAL units, at most 255.
    pub pps: Vec<Vec<u8>>,
}

impl AvcConfig {
    /// Parses a record. The extension that High profiles append is not read: the same facts are in the SPS.
    ///
    /// # Errors
    /// [`SyntaxError`] for an unknown version, a length size of 3, or sets that run past the end.
    pub fn parse(record: &[u8]) -> Result<Self, SyntaxError> {
        let cut = || SyntaxError::Truncated("avcC record");
        let (head, mut rest) = record.split_at_checked(6).ok_or_else(cut)?;
        if head[0] != 1 {
            return Err(SyntaxError::OutOfRange {
                element: "configurationVersion",
                value: u64::from(head[0]),
                allowed: "1",
            });
        }
        let length_size_bytes = usize::from(head[4] & 3) + 1;
        if length_size_bytes == 3 {
            return Err(SyntaxError::OutOfRange { element: "lengthSizeMinusOne", value: 2, allowed: "0, 1 and 3" });
        }
        let sps = take_sets(&mut rest, head[5] & 0x1f)?;
        let (&count, mut rest) = rest.split_first().ok_or_else(cut)?;
        let pps = take_sets(&mut rest, count)?;
        Ok(Self { length_size_bytes, sps, pps })
    }

    /// A record around the parameter sets, with NAL lengths of four bytes. Only for profiles without the High
    /// extension: Baseline, Main, Extended.
    ///
    /// # Errors
    /// [`SyntaxError`] when there is no readable SPS, too many sets, or a set longer than 65,535 bytes.
    pub fn to_bytes(&self) -> Result<Vec<u8>, SyntaxError> {
        let first = self.sps.first().ok_or(SyntaxError::Truncated("list of sequence parameter sets"))?;
        let sps = Sps::parse(first)?;
        let mut record = vec![1, sps.profile_idc, sps.constraint_flags, sps.level_idc, 0xff];
        put_sets(&mut record, &self.sps, 0xe0, 31)?;
        put_sets(&mut record, &self.pps, 0, 255)?;
        Ok(record)
    }
}

fn take_sets(rest: &mut &[u8], count: u8) -> Result<Vec<Vec<u8>>, SyntaxError> {
    let cut = || SyntaxError::Truncated("avcC record");
    (0..count)
        .map(|_| {
            let (length, after) = rest.split_first_chunk::<2>().ok_or_else(cut)?;
            let (set, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*length))).ok_or_else(cut)?;
            *rest = after;
            Ok(set.to_vec())
        })
        .collect()
}

fn put_sets(record: &mut Vec<u8>, sets: &[Vec<u8>], reserved: u8, max: u8) -> Result<(), SyntaxError> {
    let too_many = |value: usize| SyntaxError::OutOfRange {
        element: "number of parameter sets",
        value: value as u64,
        allowed: "31 sequence and 255 picture parameter sets",
    };
    let count = u8::try_from(sets.len()).ok().filter(|count| *count <= max).ok_or_else(|| too_many(sets.len()))?;
    record.push(reserved | count);
    for set in sets {
        let length = u16::try_from(set.len()).map_err(|_| SyntaxError::OutOfRange {
            element: "parameter set length",
            value: set.len() as u64,
            allowed: "0 to 65535",
        })?;
        record.extend_from_slice(&length.to_be_bytes());
        record.extend_from_slice(set);
    }
    Ok(())
}

//! Fields and tables inside boxes: numbers from the big end, and entry counts checked against the bytes there are.

use super::ProbeError;
use super::boxes::too_large;

/// Reads the fields of one box in order.
#[derive(Clone)]
pub(super) struct Fields<'a> {
    rest: &'a [u8],
    whole: usize,
    name: &'static str,
}

impl<'a> Fields<'a> {
    pub(super) fn new(bytes: &'a [u8], name: &'static str) -> Self {
        Self { rest: bytes, whole: bytes.len(), name }
    }

    pub(super) fn bytes<const N: usize>(&mut self) -> Result<[u8; N], ProbeError> {
        let (head, rest) = self.rest.split_first_chunk::<N>().ok_or_else(|| self.cut())?;
        self.rest = rest;
        Ok(*head)
    }

    pub(super) fn skip(&mut self, count: usize) -> Result<(), ProbeError> {
        self.rest = self.rest.get(count..).ok_or_else(|| self.cut())?;
        Ok(())
    }

    pub(super) fn u8(&mut self) -> Result<u8, ProbeError> {
        Ok(self.bytes::<1>()?[0])
    }

    pub(super) fn u16(&mut self) -> Result<u16, ProbeError> {
        Ok(u16::from_be_bytes(self.bytes()?))
    }

    pub(super) fn u32(&mut self) -> Result<u32, ProbeError> {
        Ok(u32::from_be_bytes(self.bytes()?))
    }

    /// Version of a full box; its flags are skipped.
    pub(super) fn version(&mut self) -> Result<u8, ProbeError> {
        Ok(self.bytes::<4>()?[0])
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The entries of a table of `N` bytes each, `count` of them as the box says.
    pub(super) fn entries<const N: usize>(&mut self, count: u32) -> Result<&'a [[u8; N]], ProbeError> {
        let (entries, _) = self.rest.as_chunks::<N>();
        let count = usize::try_from(count).map_err(|_| self.cut())?;
        entries.get(..count).ok_or_else(|| self.cut())
    }

    fn cut(&self) -> ProbeError {
        ProbeError::Truncated { what: format!("`{}`", self.name), at: (self.whole - self.rest.len()) as u64 }
    }
}

/// The `n`th 32-bit number of an entry.
pub(super) fn word<const N: usize>(entry: &[u8; N], n: usize) -> u32 {
    entry.get(n * 4..).and_then(|rest| rest.first_chunk::<4>()).map_or(0, |bytes| u32::from_be_bytes(*bytes))
}

/// A count of samples, refused above what is examined.
pub(super) fn sample_count(count: u64) -> Result<u32, ProbeError> {
    const MAX_SAMPLES: u64 = 1_000_000;
    match u32::try_from(count) {
        Ok(value) if count <= MAX_SAMPLES => Ok(value),
        _ => Err(too_large("number of samples", count, MAX_SAMPLES)),
    }
}

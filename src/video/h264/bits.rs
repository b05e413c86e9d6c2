//! Bits in the order H.264 writes them, with its Exp-Golomb codes (clauses 7.2 and 9.1). Emulation prevention is not
//! here: readers take and writers give raw payload (RBSP) bytes.

use super::SyntaxError;

/// Reads bits from a raw payload; never past its end.
#[derive(Clone, Debug)]
pub struct BitReader<'a> {
    bytes: &'a [u8],
    at_bit: usize,
    what: &'static str,
}

impl<'a> BitReader<'a> {
    /// A reader at the first bit of `bytes`; `what` names the structure in errors.
    #[must_use]
    pub fn new(bytes: &'a [u8], what: &'static str) -> Self {
        Self { bytes, at_bit: 0, what }
    }

    /// The next bit.
    ///
    /// # Errors
    /// [`SyntaxError::Truncated`] at the end.
    pub fn flag(&mut self) -> Result<bool, SyntaxError> {
        let byte = self.bytes.get(self.at_bit / 8).ok_or(SyntaxError::Truncated(self.what))?;
        let bit = (byte >> (7 - self.at_bit % 8)) & 1;
        self.at_bit += 1;
        Ok(bit == 1)
    }

    /// The next `count` bits (0 to 32) as a number: u(n) of the standard.
    ///
    /// # Errors
    /// [`SyntaxError::Truncated`] at the end.
    ///
    /// # Panics
    /// In debug builds when `count` is above 32.
    pub fn bits(&mut self, count: u32) -> Result<u32, SyntaxError> {
        debug_assert!(count <= 32, "u(n) is read up to 32 bits");
        let mut value = 0u32;
        for _ in 0..count {
            value = (value << 1) | u32::from(self.flag()?);
        }
        Ok(value)
    }

    /// Eight bits.
    ///
    /// # Errors
    /// [`SyntaxError::Truncated`] at the end.
    pub fn byte(&mut self) -> Result<u8, SyntaxError> {
        Ok(self.bits(8)?.to_be_bytes()[3])
    }

    /// An unsigned Exp-Golomb code: ue(v), 0 to 2^32 - 2.
    ///
    /// # Errors
    /// [`SyntaxError::Truncated`] at the end, [`SyntaxError::OutOfRange`] for a code longer than the standard has.
    pub fn ue(&mut self) -> Result<u32, SyntaxError> {
        let mut zeros = 0u32;
        while !self.flag()? {
            zeros += 1;
            if zeros > 31 {
                return Err(SyntaxError::OutOfRange { element: "ue(v)", value: 1 << 32, allowed: "0 to 2^32 - 2" });
            }
        }
        let suffix = u64::from(self.bits(zeros)?);
        let value = (1u64 << zeros) - 1 + suffix;
        u32::try_from(value).map_err(|_| SyntaxError::OutOfRange { element: "ue(v)", value, allowed: "0 to 2^32 - 2" })
    }

    /// A signed Exp-Golomb code: se(v).
    ///
    /// # Errors
    /// As [`BitReader::ue`].
    pub fn se(&mut self) -> Result<i32, SyntaxError> {
        let code = i64::from(self.ue()?);
        let value = if code % 2 == 1 { (code + 1) / 2 } else { -(code / 2) };
        // |value| is at most 2^31 - 1: half of the largest ue(v).
        i32::try_from(value).map_err(|_| SyntaxError::Truncated(self.what))
    }

    /// Whether syntax follows before the trailing bits: more_rbsp_data() of clause 7.2.
    #[must_use]
    pub fn more_data(&self) -> bool {
        let Some(last) = self.bytes.iter().rposition(|byte| *byte != 0) else { return false };
        let stop_bit = last * 8 + 7 - self.bytes[last].trailing_zeros() as usize;
        self.at_bit < stop_bit
    }

    /// Bits read so far.
    #[must_use]
    pub fn position_bits(&self) -> usize {
        self.at_bit
    }
}

/// Writes bits of a raw payload.
#[derive(Clone, Debug, Default)]
pub struct BitWriter {
    bytes: Vec<u8>,
    used_bits: usize,
}

impl BitWriter {
    /// An empty payload.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends one bit.
    pub fn flag(&mut self, bit: bool) {
        if self.used_bits.is_multiple_of(8) {
            self.bytes.push(0);
        }
        if bit && let Some(last) = self.bytes.last_mut() {
            *last |= 0x80 >> (self.used_bits % 8);
        }
        self.used_bits += 1;
    }

    /// Appends the low `count` bits (0 to 32) of `value`: u(n).
    pub fn bits(&mut self, value: u32, count: u32) {
        for shift in (0..count.min(32)).rev() {
            self.flag((value >> shift) & 1 == 1);
        }
    }

    /// Appends an unsigned Exp-Golomb code: ue(v). The value 2^32 - 1 has no code and is written as 2^32 - 2.
    pub fn ue(&mut self, value: u32) {
        let code = value.min(u32::MAX - 1) + 1;
        let length = 32 - code.leading_zeros();
        self.bits(0, length - 1);
        self.bits(code, length);
    }

    /// Appends a signed Exp-Golomb code: se(v). -2^31 has no code and is written as -(2^31 - 1).
    pub fn se(&mut self, value: i32) {
        let magnitude = value.unsigned_abs().min(i32::MAX.unsigned_abs());
        self.ue(if value > 0 { magnitude * 2 - 1 } else { magnitude * 2 });
    }

    /// Ends the payload with the stop bit and zeros up to the byte: rbsp_trailing_bits().
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        self.flag(true);
        self.bytes
    }
}

/// Overwrites `count` bits (0 to 32) of a raw payload from bit `at_bit` on with the low bits of `value`. Bits beyond
/// the end are dropped.
pub(super) fn set_bits(payload: &mut [u8], at_bit: usize, value: u32, count: u32) {
    for (at, shift) in (at_bit..).zip((0..count.min(32)).rev()) {
        if let Some(byte) = payload.get_mut(at / 8) {
            let mask = 0x80 >> (at % 8);
            *byte = if (value >> shift) & 1 == 1 { *byte | mask } else { *byte & !mask };
        }
    }
}

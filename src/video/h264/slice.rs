//! The start of slice headers (clause 7.3.3): which picture a slice belongs to and how it is predicted.

use super::{BitReader, NalKind, Pps, Sps, SyntaxError, at_most, unescape};

/// How a slice is predicted (table 7-6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SliceKind {
    /// From one picture.
    P,
    /// From two pictures, possibly later ones.
    B,
    /// From nothing outside the slice.
    I,
    /// Switching P, Extended profile.
    SwitchingP,
    /// Switching I, Extended profile.
    SwitchingI,
}

/// The start of a slice header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SliceHeader {
    /// Whether the picture is an IDR picture: no later picture refers to one before it.
    pub idr: bool,
    /// `nal_ref_idc`: 0 when no picture is predicted from this one.
    pub ref_idc: u8,
    /// Address of the first macroblock; 0 in the first slice of a picture.
    pub first_mb: u32,
    /// How the slice is predicted.
    pub kind: SliceKind,
    /// The picture parameter set used.
    pub pps_id: u32,
    /// `frame_num`, counted modulo its range.
    pub frame_num: u32,
    /// Where `frame_num` begins, in bits of the raw payload.
    pub frame_num_at_bit: usize,
    /// Whether the picture is one field of an interlaced frame.
    pub field: bool,
    /// `idr_pic_id`, 0 to 65535; only in IDR pictures.
    pub idr_pic_id: Option<u32>,
}

impl SliceHeader {
    /// The two elements that are readable without parameter sets: first macroblock and kind.
    ///
    /// # Errors
    /// [`SyntaxError`] as [`SliceHeader::parse`].
    pub fn peek_kind(unit: &[u8]) -> Result<(u32, SliceKind), SyntaxError> {
        let payload = unescape(unit.get(1..).unwrap_or_default());
        let mut bits = BitReader::new(&payload, "slice header");
        Ok((bits.ue()?, read_kind(&mut bits)?))
    }

    /// Identifier of the picture parameter set a slice uses, 0 to 255: what must be known before the rest is read.
    ///
    /// # Errors
    /// [`SyntaxError`] as [`SliceHeader::parse`].
    pub fn peek_pps_id(unit: &[u8]) -> Result<u32, SyntaxError> {
        let payload = unescape(unit.get(1..).unwrap_or_default());
        let mut bits = BitReader::new(&payload, "slice header");
        bits.ue()?;
        bits.ue()?;
        at_most("pic_parameter_set_id", bits.ue()?, 255, "0 to 255")
    }

    /// Parses the start of a slice's NAL unit (its first 64 bytes are plenty) under the parameter sets it names.
    ///
    /// # Errors
    /// [`SyntaxError`] when the unit is no slice, is cut off, or holds a value outside its range.
    pub fn parse(unit: &[u8], sps: &Sps, pps: &Pps) -> Result<Self, SyntaxError> {
        let header = *unit.first().ok_or(SyntaxError::Truncated("slice header"))?;
        let idr = match NalKind::of(header) {
            NalKind::Slice => false,
            NalKind::IdrSlice => true,
            _ => return Err(SyntaxError::WrongUnit { expected: "a slice", found: header & 0x1f }),
        };
        let payload = unescape(&unit[1..]);
        let mut bits = BitReader::new(&payload, "slice header");
        let first_mb = bits.ue()?;
        let kind = read_kind(&mut bits)?;
        let pps_id = at_most("pic_parameter_set_id", bits.ue()?, 255, "0 to 255")?;
        if pps_id != pps.id {
            return Err(SyntaxError::OutOfRange {
                element: "pic_parameter_set_id",
                value: u64::from(pps_id),
                allowed: "the picture parameter set given",
            });
        }
        if sps.separate_colour_planes {
            bits.bits(2)?;
        }
        let frame_num_at_bit = bits.position_bits();
        let frame_num = bits.bits(sps.log2_max_frame_num)?;
        let field = !sps.frame_mbs_only && bits.flag()?;
        if field {
            bits.flag()?; // bottom_field_flag
        }
        let idr_pic_id = if idr { Some(at_most("idr_pic_id", bits.ue()?, 65535, "0 to 65535")?) } else { None };
        Ok(Self {
            idr,
            ref_idc: (header >> 5) & 3,
            first_mb,
            kind,
            pps_id,
            frame_num,
            frame_num_at_bit,
            field,
            idr_pic_id,
        })
    }
}

fn read_kind(bits: &mut BitReader<'_>) -> Result<SliceKind, SyntaxError> {
    // 5 to 9 repeat 0 to 4 and add that all slices of the picture are alike.
    Ok(match at_most("slice_type", bits.ue()?, 9, "0 to 9")? % 5 {
        0 => SliceKind::P,
        1 => SliceKind::B,
        2 => SliceKind::I,
        3 => SliceKind::SwitchingP,
        _ => SliceKind::SwitchingI,
    })
}

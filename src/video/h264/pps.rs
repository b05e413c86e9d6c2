//! Picture parameter sets (clause 7.3.2.2).

use super::{BitReader, NalKind, SyntaxError, at_most, unescape};

/// What a picture parameter set says about the slices that refer to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pps {
    /// 0 to 255.
    pub id: u32,
    /// The sequence parameter set it belongs to, 0 to 31.
    pub sps_id: u32,
    /// Whether slices are CABAC (true) or CAVLC coded.
    pub cabac: bool,
    /// `bottom_field_pic_order_in_frame_present_flag`.
    pub bottom_field_poc: bool,
    /// Slice groups, 1 to 8; more than one is flexible macroblock ordering.
    pub slice_groups: u32,
    /// Default entries of reference list 0, 1 to 32.
    pub ref_idx_l0: u32,
    /// Whether P slices weight their prediction.
    pub weighted_pred: bool,
    /// Weighting of B slices: 0 none, 1 explicit, 2 implicit.
    pub weighted_bipred: u32,
    /// Quantiser at the start of slices, -(26 + more bits) to 25, relative to 26.
    pub init_qp: i32,
    /// Offset of the chroma quantiser, -12 to 12.
    pub chroma_qp_offset: i32,
    /// Whether slice headers carry deblocking fields.
    pub deblocking_control: bool,
    /// `constrained_intra_pred_flag`.
    pub constrained_intra: bool,
    /// Whether slice headers carry `redundant_pic_cnt`.
    pub redundant_pictures: bool,
}

impl Pps {
    /// Parses a whole NAL unit, header byte and emulation prevention included. What only the High profiles append
    /// (8x8 transform, scaling lists) is not read.
    ///
    /// # Errors
    /// [`SyntaxError`] names the element that is cut off or outside its range.
    pub fn parse(unit: &[u8]) -> Result<Self, SyntaxError> {
        let header = *unit.first().ok_or(SyntaxError::Truncated("picture parameter set"))?;
        if NalKind::of(header) != NalKind::Pps {
            return Err(SyntaxError::WrongUnit { expected: "a picture parameter set", found: header & 0x1f });
        }
        let payload = unescape(&unit[1..]);
        let mut bits = BitReader::new(&payload, "picture parameter set");
        let bits = &mut bits;
        let id = at_most("pic_parameter_set_id", bits.ue()?, 255, "0 to 255")?;
        let sps_id = at_most("seq_parameter_set_id", bits.ue()?, 31, "0 to 31")?;
        let cabac = bits.flag()?;
        let bottom_field_poc = bits.flag()?;
        let slice_groups = at_most("num_slice_groups_minus1", bits.ue()?, 7, "0 to 7")? + 1;
        if slice_groups > 1 {
            skip_slice_groups(bits, slice_groups)?;
        }
        let ref_idx_l0 = at_most("num_ref_idx_l0_default_active_minus1", bits.ue()?, 31, "0 to 31")? + 1;
        at_most("num_ref_idx_l1_default_active_minus1", bits.ue()?, 31, "0 to 31")?;
        let weighted_pred = bits.flag()?;
        let weighted_bipred = at_most("weighted_bipred_idc", bits.bits(2)?, 2, "0 to 2")?;
        let init_qp = bits.se()?;
        bits.se()?; // pic_init_qs_minus26
        let chroma_qp_offset = bits.se()?;
        Ok(Self {
            id,
            sps_id,
            cabac,
            bottom_field_poc,
            slice_groups,
            ref_idx_l0,
            weighted_pred,
            weighted_bipred,
            init_qp,
            chroma_qp_offset,
            deblocking_control: bits.flag()?,
            constrained_intra: bits.flag()?,
            redundant_pictures: bits.flag()?,
        })
    }
}

/// Reads over the map of flexible macroblock ordering. The loop over macroblocks ends with the bytes at the latest.
fn skip_slice_groups(bits: &mut BitReader<'_>, groups: u32) -> Result<(), SyntaxError> {
    match at_most("slice_group_map_type", bits.ue()?, 6, "0 to 6")? {
        0 => {
            for _ in 0..groups {
                bits.ue()?;
            }
        }
        2 => {
            for _ in 1..groups {
                bits.ue()?;
                bits.ue()?;
            }
        }
        3..=5 => {
            bits.flag()?;
            bits.ue()?;
        }
        6 => {
            let units = u64::from(bits.ue()?) + 1;
            let width = 32 - (groups - 1).leading_zeros();
            for _ in 0..units {
                bits.bits(width)?;
            }
        }
        _ => {}
    }
    Ok(())
}

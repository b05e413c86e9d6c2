//! Hold pictures: a picture that repeats the one before it, in a dozen bytes.
//!
//! It is one P slice in which every macroblock is skipped. A skipped macroblock at the start of a picture predicts a
//! motion vector of zero (clause 8.4.1.1), so every one of them copies the reference picture, and with the deblocking
//! filter off the copy is exact. The slice refers to a picture parameter set of its own, in CAVLC, where "all
//! macroblocks are skipped" is a single number (clause 7.3.4). It is a reference picture: with picture order count
//! type 2 two pictures that nobody refers to may not follow each other (clause 7.4.2.1.1).
//!
//! The pictures after it then count one `frame_num` more than their encoder thought; [`HoldSyntax::renumber`] says so.

use super::bits::set_bits;
use super::{BitWriter, Pps, SliceHeader, Sps, SyntaxError, escape, unescape};

/// NAL unit header of a picture parameter set: `nal_ref_idc` 3, type 8.
const PPS_HEADER: u8 = 0x68;
/// NAL unit header of a slice that others refer to: `nal_ref_idc` 3, type 1.
const SLICE_HEADER: u8 = 0x61;

/// Writes hold pictures for one stream.
#[derive(Clone, Debug)]
pub struct HoldSyntax {
    sps: Sps,
    coded: Pps,
    held: Pps,
}

impl HoldSyntax {
    /// The syntax for a stream with these parameter sets.
    ///
    /// # Errors
    /// What stands in the way, in words, when a skipped picture would not repeat the one before it exactly or the
    /// numbering could not be kept: pictures must come out in coding order, be progressive, have one reference, and be
    /// neither weighted, sliced in groups nor sent twice.
    pub fn new(sps: &Sps, pps: &Pps) -> Result<Self, &'static str> {
        let conditions = [
            (sps.poc_type == 2, "pictures are not output in coding order"),
            (sps.max_ref_frames == 1, "there is more than one reference picture"),
            (sps.frame_mbs_only, "pictures may be interlaced"),
            (sps.chroma_format_idc == 1 && !sps.separate_colour_planes, "chroma is not 4:2:0"),
            (pps.ref_idx_l0 == 1, "slices refer to several pictures"),
            (!pps.weighted_pred, "prediction may be weighted"),
            (pps.slice_groups == 1, "macroblocks may come in any order"),
            (!pps.redundant_pictures, "pictures may be sent twice"),
        ];
        if let Some((_, obstacle)) = conditions.iter().find(|(kept, _)| !kept) {
            return Err(obstacle);
        }
        let id = u32::from(pps.id == 0);
        let held = Pps { id, cabac: false, bottom_field_poc: false, deblocking_control: true, ..pps.clone() };
        Ok(Self { sps: sps.clone(), coded: pps.clone(), held })
    }

    /// The picture parameter set of hold pictures, as a whole NAL unit.
    #[must_use]
    pub fn pps(&self) -> Vec<u8> {
        let pps = &self.held;
        let mut bits = BitWriter::new();
        bits.ue(pps.id);
        bits.ue(pps.sps_id);
        bits.flag(pps.cabac);
        bits.flag(pps.bottom_field_poc);
        bits.ue(pps.slice_groups - 1);
        bits.ue(pps.ref_idx_l0 - 1);
        bits.ue(0); // num_ref_idx_l1_default_active_minus1
        bits.flag(pps.weighted_pred);
        bits.bits(0, 2); // weighted_bipred_idc
        bits.se(pps.init_qp);
        bits.se(0); // pic_init_qs_minus26
        bits.se(pps.chroma_qp_offset);
        bits.flag(pps.deblocking_control);
        bits.flag(pps.constrained_intra);
        bits.flag(pps.redundant_pictures);
        escape(PPS_HEADER, &bits.finish())
    }

    /// The picture at `position` (0 is the IDR picture that came before it) as a whole NAL unit.
    #[must_use]
    pub fn picture(&self, position: u32) -> Vec<u8> {
        let mut bits = BitWriter::new();
        bits.ue(0); // first_mb_in_slice
        bits.ue(5); // slice_type: P, and so are all slices of the picture
        bits.ue(self.held.id);
        bits.bits(self.frame_num(position), self.sps.log2_max_frame_num);
        bits.flag(false); // num_ref_idx_active_override_flag
        bits.flag(false); // ref_pic_list_modification_flag_l0
        bits.flag(false); // adaptive_ref_pic_marking_mode_flag
        bits.se(0); // slice_qp_delta
        bits.ue(1); // disable_deblocking_filter_idc
        bits.ue(self.sps.frame_size_mbs()); // mb_skip_run
        escape(SLICE_HEADER, &bits.finish())
    }

    /// A slice of the encoder's, rewritten to say that its picture stands at `position` after the IDR picture while the
    /// encoder counted `coded_position`.
    ///
    /// # Errors
    /// [`SyntaxError`] when it is no slice under the stream's parameter sets, is of a picture that nobody refers to, or
    /// carries another number than the encoder must have counted.
    pub fn renumber(&self, unit: &[u8], coded_position: u32, position: u32) -> Result<Vec<u8>, SyntaxError> {
        let header = SliceHeader::parse(&unit[..unit.len().min(64)], &self.sps, &self.coded)?;
        let refuse =
            |element, value: u32, allowed| Err(SyntaxError::OutOfRange { element, value: u64::from(value), allowed });
        if header.ref_idc == 0 {
            return refuse("nal_ref_idc", 0, "1 to 3");
        }
        if header.frame_num != self.frame_num(coded_position) {
            return refuse("frame_num", header.frame_num, "one more than in the picture before");
        }
        if position == coded_position {
            return Ok(unit.to_vec());
        }
        let mut payload = unescape(&unit[1..]).into_owned();
        set_bits(&mut payload, header.frame_num_at_bit, self.frame_num(position), self.sps.log2_max_frame_num);
        Ok(escape(unit[0], &payload))
    }

    /// `frame_num` of a picture when it and all before it, back to the IDR picture, are reference pictures.
    fn frame_num(&self, position: u32) -> u32 {
        position & ((1 << self.sps.log2_max_frame_num) - 1)
    }
}

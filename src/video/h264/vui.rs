//! Video usability information (annex E): colour tags, timing and decoder restrictions. What lies between them is
//! read over.

use super::{BitReader, SyntaxError, at_most};

/// Colour tags as the code points of ITU-T H.273.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour {
    /// `colour_primaries`; 1 is BT.709, 2 unspecified.
    pub primaries: u8,
    /// `transfer_characteristics`; 1 is BT.709.
    pub transfer: u8,
    /// `matrix_coefficients`; 1 is BT.709.
    pub matrix: u8,
}

/// The clock of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Ticks of one clock unit; two units are one frame.
    pub units_in_tick: u32,
    /// Ticks in a second.
    pub time_scale: u32,
    /// Whether frames are at a constant distance.
    pub fixed_frame_rate: bool,
}

/// Video usability information.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Vui {
    /// `video_full_range_flag`; `None` where the signal type is not described (limited range is then implied).
    pub full_range: Option<bool>,
    /// Colour tags, where written.
    pub colour: Option<Colour>,
    /// `chroma_sample_loc_type` of the top field; `None` means the default, 0: left.
    pub chroma_location: Option<u8>,
    /// Clock, where written.
    pub timing: Option<Timing>,
    /// `max_num_reorder_frames`, where a bitstream restriction is written; 0 promises that nothing is reordered.
    pub max_reorder_frames: Option<u32>,
    /// `max_dec_frame_buffering`, likewise.
    pub max_buffered_frames: Option<u32>,
}

const EXTENDED_ASPECT_RATIO: u8 = 255;

impl Vui {
    /// Reads `vui_parameters()` (clause E.1.1).
    pub(super) fn read(bits: &mut BitReader<'_>) -> Result<Self, SyntaxError> {
        let mut vui = Self::default();
        if bits.flag()? && bits.byte()? == EXTENDED_ASPECT_RATIO {
            bits.bits(32)?;
        }
        if bits.flag()? {
            bits.flag()?; // overscan_appropriate_flag
        }
        if bits.flag()? {
            bits.bits(3)?; // video_format
            vui.full_range = Some(bits.flag()?);
            if bits.flag()? {
                vui.colour = Some(Colour { primaries: bits.byte()?, transfer: bits.byte()?, matrix: bits.byte()? });
            }
        }
        if bits.flag()? {
            let top = at_most("chroma_sample_loc_type_top_field", bits.ue()?, 5, "0 to 5")?;
            at_most("chroma_sample_loc_type_bottom_field", bits.ue()?, 5, "0 to 5")?;
            vui.chroma_location = Some(top.to_be_bytes()[3]);
        }
        if bits.flag()? {
            vui.timing = Some(Timing {
                units_in_tick: bits.bits(32)?,
                time_scale: bits.bits(32)?,
                fixed_frame_rate: bits.flag()?,
            });
        }
        let nal_hrd = bits.flag()?;
        if nal_hrd {
            skip_hrd(bits)?;
        }
        let vcl_hrd = bits.flag()?;
        if vcl_hrd {
            skip_hrd(bits)?;
        }
        if nal_hrd || vcl_hrd {
            bits.flag()?; // low_delay_hrd_flag
        }
        bits.flag()?; // pic_struct_present_flag
        if bits.flag()? {
            bits.flag()?; // motion_vectors_over_pic_boundaries_flag
            for _ in 0..4 {
                bits.ue()?; // max_bytes_per_pic_denom to log2_max_mv_length_vertical
            }
            vui.max_reorder_frames = Some(at_most("max_num_reorder_frames", bits.ue()?, 16, "0 to 16")?);
            vui.max_buffered_frames = Some(at_most("max_dec_frame_buffering", bits.ue()?, 16, "0 to 16")?);
        }
        Ok(vui)
    }
}

/// Reads over `hrd_parameters()` (clause E.1.2).
fn skip_hrd(bits: &mut BitReader<'_>) -> Result<(), SyntaxError> {
    let schedules = at_most("cpb_cnt_minus1", bits.ue()?, 31, "0 to 31")? + 1;
    bits.bits(8)?; // bit_rate_scale, cpb_size_scale
    for _ in 0..schedules {
        bits.ue()?;
        bits.ue()?;
        bits.flag()?;
    }
    bits.bits(20)?; // four lengths of five bits
    Ok(())
}

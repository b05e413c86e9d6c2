//! Sequence parameter sets (clause 7.3.2.1.1).

use super::{BitReader, NalKind, SyntaxError, Vui, at_most, unescape};

/// Luma samples cut off at each edge of the coded picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Crop {
    /// From the left.
    pub left: u32,
    /// From the right.
    pub right: u32,
    /// From the top.
    pub top: u32,
    /// From the bottom.
    pub bottom: u32,
}

/// What a sequence parameter set says about every picture that refers to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sps {
    /// `profile_idc`: 66 Baseline, 77 Main, 100 High.
    pub profile_idc: u8,
    /// `constraint_set0_flag` in the highest bit, down to the two reserved bits.
    pub constraint_flags: u8,
    /// Ten times the level: 40 is level 4.0.
    pub level_idc: u8,
    /// 0 to 31.
    pub id: u32,
    /// 0 monochrome, 1 4:2:0, 2 4:2:2, 3 4:4:4.
    pub chroma_format_idc: u32,
    /// Whether the three colours are coded as separate pictures (4:4:4 only).
    pub separate_colour_planes: bool,
    /// Bits of a luma sample, 8 to 14.
    pub bit_depth_luma: u32,
    /// Bits of a chroma sample, 8 to 14.
    pub bit_depth_chroma: u32,
    /// Bits of `frame_num` in slice headers, 4 to 16.
    pub log2_max_frame_num: u32,
    /// 0 to 2; 2 means output order is decoding order.
    pub poc_type: u32,
    /// Bits of `pic_order_cnt_lsb`, 4 to 16; 0 unless `poc_type` is 0.
    pub log2_max_poc_lsb: u32,
    /// `max_num_ref_frames`, 0 to 16.
    pub max_ref_frames: u32,
    /// Coded width in macroblocks of 16 samples.
    pub width_mbs: u32,
    /// Coded height in macroblocks of 16 samples, of a whole frame.
    pub height_mbs: u32,
    /// Whether every picture is a whole progressive-style frame.
    pub frame_mbs_only: bool,
    /// Cropping, already in luma samples.
    pub crop: Crop,
    /// Usability information, where written.
    pub vui: Option<Vui>,
}

/// Largest coded side accepted, in macroblocks: level 6.2 allows no more (sqrt(139264 x 8) = 1055, clause A.3.1).
const MAX_SIDE_MBS: u32 = 1055;

impl Sps {
    /// Parses a whole NAL unit, header byte and emulation prevention included.
    ///
    /// # Errors
    /// [`SyntaxError`] names the element that is cut off or outside its range.
    pub fn parse(unit: &[u8]) -> Result<Self, SyntaxError> {
        let header = *unit.first().ok_or(SyntaxError::Truncated("sequence parameter set"))?;
        if NalKind::of(header) != NalKind::Sps {
            return Err(SyntaxError::WrongUnit { expected: "a sequence parameter set", found: header & 0x1f });
        }
        let payload = unescape(&unit[1..]);
        let mut bits = BitReader::new(&payload, "sequence parameter set");
        Self::read(&mut bits)
    }

    fn read(bits: &mut BitReader<'_>) -> Result<Self, SyntaxError> {
        let profile_idc = bits.byte()?;
        let constraint_flags = bits.byte()?;
        let level_idc = bits.byte()?;
        let id = at_most("seq_parameter_set_id", bits.ue()?, 31, "0 to 31")?;
        let format = SampleFormat::read(bits, profile_idc)?;
        let log2_max_frame_num = at_most("log2_max_frame_num_minus4", bits.ue()?, 12, "0 to 12")? + 4;
        let poc_type = at_most("pic_order_cnt_type", bits.ue()?, 2, "0 to 2")?;
        let mut log2_max_poc_lsb = 0;
        match poc_type {
            0 => {
                log2_max_poc_lsb = at_most("log2_max_pic_order_cnt_lsb_minus4", bits.ue()?, 12, "0 to 12")? + 4;
            }
            1 => {
                bits.flag()?; // delta_pic_order_always_zero_flag
                bits.se()?; // offset_for_non_ref_pic
                bits.se()?; // offset_for_top_to_bottom_field
                let cycle = at_most("num_ref_frames_in_pic_order_cnt_cycle", bits.ue()?, 255, "0 to 255")?;
                for _ in 0..cycle {
                    bits.se()?;
                }
            }
            _ => {}
        }
        let max_ref_frames = at_most("max_num_ref_frames", bits.ue()?, 16, "0 to 16")?;
        bits.flag()?; // gaps_in_frame_num_value_allowed_flag
        let width_mbs = at_most("pic_width_in_mbs_minus1", bits.ue()?, MAX_SIDE_MBS - 1, "0 to 1054")? + 1;
        let map_units = at_most("pic_height_in_map_units_minus1", bits.ue()?, MAX_SIDE_MBS - 1, "0 to 1054")? + 1;
        let frame_mbs_only = bits.flag()?;
        if !frame_mbs_only {
            bits.flag()?; // mb_adaptive_frame_field_flag
        }
        bits.flag()?; // direct_8x8_inference_flag
        let height_mbs = if frame_mbs_only { map_units } else { map_units * 2 };
        let crop = if bits.flag()? {
            read_crop(bits, &format, frame_mbs_only, width_mbs * 16, height_mbs * 16)?
        } else {
            Crop::default()
        };
        let vui = if bits.flag()? { Some(Vui::read(bits)?) } else { None };
        Ok(Self {
            profile_idc,
            constraint_flags,
            level_idc,
            id,
            chroma_format_idc: format.chroma_format_idc,
            separate_colour_planes: format.separate_colour_planes,
            bit_depth_luma: format.bit_depth_luma,
            bit_depth_chroma: format.bit_depth_chroma,
            log2_max_frame_num,
            poc_type,
            log2_max_poc_lsb,
            max_ref_frames,
            width_mbs,
            height_mbs,
            frame_mbs_only,
            crop,
            vui,
        })
    }

    /// Width of the shown picture in luma samples.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.width_mbs * 16 - self.crop.left - self.crop.right
    }

    /// Height of the shown picture in luma samples.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.height_mbs * 16 - self.crop.top - self.crop.bottom
    }

    /// Macroblocks of one frame.
    #[must_use]
    pub fn frame_size_mbs(&self) -> u32 {
        self.width_mbs * self.height_mbs
    }

    /// Whether `constraint_set1_flag` is set: a Baseline stream that a Main decoder plays (Constrained Baseline).
    #[must_use]
    pub fn constraint_set1(&self) -> bool {
        self.constraint_flags & 0x40 != 0
    }
}

struct SampleFormat {
    chroma_format_idc: u32,
    separate_colour_planes: bool,
    bit_depth_luma: u32,
    bit_depth_chroma: u32,
}

impl SampleFormat {
    /// The part that only the High profiles write; the others are 4:2:0 in 8 bits.
    fn read(bits: &mut BitReader<'_>, profile_idc: u8) -> Result<Self, SyntaxError> {
        let mut format =
            Self { chroma_format_idc: 1, separate_colour_planes: false, bit_depth_luma: 8, bit_depth_chroma: 8 };
        if !matches!(profile_idc, 100 | 110 | 122 | 244 | 44 | 83 | 86 | 118 | 128 | 138 | 139 | 134 | 135) {
            return Ok(format);
        }
        format.chroma_format_idc = at_most("chroma_format_idc", bits.ue()?, 3, "0 to 3")?;
        if format.chroma_format_idc == 3 {
            format.separate_colour_planes = bits.flag()?;
        }
        format.bit_depth_luma = at_most("bit_depth_luma_minus8", bits.ue()?, 6, "0 to 6")? + 8;
        format.bit_depth_chroma = at_most("bit_depth_chroma_minus8", bits.ue()?, 6, "0 to 6")? + 8;
        bits.flag()?; // qpprime_y_zero_transform_bypass_flag
        if bits.flag()? {
            let lists = if format.chroma_format_idc == 3 { 12 } else { 8 };
            for index in 0..lists {
                if bits.flag()? {
                    skip_scaling_list(bits, if index < 6 { 16 } else { 64 })?;
                }
            }
        }
        Ok(format)
    }

    /// Luma samples of one cropping step across and down, for progressive frames (table 6-1).
    fn crop_step(&self) -> (u32, u32) {
        match (self.chroma_format_idc, self.separate_colour_planes) {
            (1, _) => (2, 2),
            (2, _) => (2, 1),
            _ => (1, 1),
        }
    }
}

/// Reads over `scaling_list()` (clause 7.3.2.1.1.1).
pub(super) fn skip_scaling_list(bits: &mut BitReader<'_>, size: u32) -> Result<(), SyntaxError> {
    let (mut last, mut next) = (8i64, 8i64);
    for _ in 0..size {
        if next != 0 {
            next = (last + i64::from(bits.se()?)).rem_euclid(256);
        }
        if next != 0 {
            last = next;
        }
    }
    Ok(())
}

fn read_crop(
    bits: &mut BitReader<'_>,
    format: &SampleFormat,
    frame_mbs_only: bool,
    coded_width: u32,
    coded_height: u32,
) -> Result<Crop, SyntaxError> {
    let (step_x, step_y) = format.crop_step();
    let step_y = if frame_mbs_only { step_y } else { step_y * 2 };
    let mut offset = |step: u32| Ok::<u32, SyntaxError>(bits.ue()?.saturating_mul(step));
    let crop = Crop { left: offset(step_x)?, right: offset(step_x)?, top: offset(step_y)?, bottom: offset(step_y)? };
    let fits = |a: u32, b: u32, side: u32| u64::from(a) + u64::from(b) < u64::from(side);
    if !fits(crop.left, crop.right, coded_width) || !fits(crop.top, crop.bottom, coded_height) {
        return Err(SyntaxError::OutOfRange {
            element: "frame cropping",
            value: u64::from(crop.left) + u64::from(crop.right) + u64::from(crop.top) + u64::from(crop.bottom),
            allowed: "less than the coded picture",
        });
    }
    Ok(crop)
}

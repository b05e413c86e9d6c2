//! One segment's encoder: send planes, receive pictures, flush. It runs on the caller's thread and has no thread of
//! its own; several run side by side.

use super::{EncodeError, EncoderConfig, Profile, ffi};
use crate::frame::{Damage, YuvFrame};
use crate::h264::{AvcConfig, NalKind, Pps, SliceHeader, SliceKind, Sps, annex_b_units};

/// One coded picture as MP4 stores it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodedPicture {
    /// Slices, each behind its length in four bytes, big end first.
    pub data: Vec<u8>,
    /// Whether decoding can start here.
    pub idr: bool,
    /// Position in its segment, in frames from 0.
    pub frame_in_segment: u32,
}

/// Encodes the frames of one segment into a closed group of pictures that starts with an IDR.
pub struct SegmentEncoder {
    x264: ffi::X264,
    parameter_sets: AvcConfig,
    sent: u32,
    received: u32,
    config: EncoderConfig,
}

impl SegmentEncoder {
    /// Opens a single-threaded encoder.
    ///
    /// # Errors
    /// [`EncodeError`] when a value is outside its range, or the linked FFmpeg lacks libx264 or one of the options.
    pub fn open(config: &EncoderConfig) -> Result<Self, EncodeError> {
        let level = config.check()?;
        let x264 = ffi::X264::open(config, &config.options(level))?;
        let parameter_sets = read_parameter_sets(x264.extradata())?;
        check_parameter_sets(&parameter_sets, config)?;
        Ok(Self { x264, parameter_sets, sent: 0, received: 0, config: *config })
    }

    /// The stream's parameter sets: equal for all encoders of equal configuration.
    #[must_use]
    pub fn parameter_sets(&self) -> &AvcConfig {
        &self.parameter_sets
    }

    /// Sends the next frame. `changed` says what differs from the frame sent before; of the first frame all is taken.
    ///
    /// # Errors
    /// [`EncodeError`] from FFmpeg.
    ///
    /// # Panics
    /// When the planes are not of the configured size.
    pub fn send(&mut self, planes: &YuvFrame, changed: &Damage) -> Result<(), EncodeError> {
        assert_eq!(planes.size(), self.config.size, "planes of another size than configured");
        let height = self.config.size.height;
        let rows = match changed {
            _ if self.sent == 0 => 0..height,
            Damage::Nothing => 0..0,
            Damage::Rects(rects) => changed_rows(rects, height),
        };
        self.x264.send(planes, rows, self.sent)?;
        self.sent += 1;
        Ok(())
    }

    /// The next coded picture; `None` when the encoder wants more frames, or after [`SegmentEncoder::flush`] when all
    /// have come.
    ///
    /// # Errors
    /// [`EncodeError`] from FFmpeg, or [`EncodeError::Stream`] when the picture is not what was configured.
    pub fn receive(&mut self) -> Result<Option<EncodedPicture>, EncodeError> {
        let Some(stream) = self.x264.receive()? else { return Ok(None) };
        let picture = to_sample(stream, self.received)?;
        if picture.idr != (self.received == 0) {
            return Err(EncodeError::Stream(format!("frame {}: IDR {}", self.received, picture.idr)));
        }
        self.received += 1;
        Ok(Some(picture))
    }

    /// Says that no frame follows.
    ///
    /// # Errors
    /// [`EncodeError`] from FFmpeg.
    pub fn flush(&mut self) -> Result<(), EncodeError> {
        self.x264.flush()
    }
}

fn changed_rows(rects: &[crate::geometry::IntRect], height: u32) -> std::ops::Range<u32> {
    let row = |value: i32| u32::try_from(value).unwrap_or(0).min(height);
    let top = rects.iter().map(|rect| row(rect.top)).min().unwrap_or(0);
    let bottom = rects.iter().map(|rect| row(rect.bottom)).max().unwrap_or(0);
    top / 2 * 2..bottom.next_multiple_of(2).min(height)
}

fn read_parameter_sets(extradata: &[u8]) -> Result<AvcConfig, EncodeError> {
    let of_kind = |kind| -> Vec<Vec<u8>> {
        annex_b_units(extradata).filter(|unit| NalKind::of(unit[0]) == kind).map(<[u8]>::to_vec).collect()
    };
    let sets = AvcConfig { length_size_bytes: 4, sps: of_kind(NalKind::Sps), pps: of_kind(NalKind::Pps) };
    if sets.sps.len() == 1 && sets.pps.len() == 1 {
        Ok(sets)
    } else {
        Err(EncodeError::Stream(format!("{} sequence and {} picture parameter sets", sets.sps.len(), sets.pps.len())))
    }
}

/// What options may not quietly fail to do.
fn check_parameter_sets(sets: &AvcConfig, config: &EncoderConfig) -> Result<(), EncodeError> {
    let sps = Sps::parse(&sets.sps[0])?;
    let pps = Pps::parse(&sets.pps[0])?;
    let profile_idc = match config.profile {
        Profile::Main => 77,
        Profile::Baseline => 66,
    };
    let checks = [
        ("profile", sps.profile_idc == profile_idc),
        ("size", (sps.width(), sps.height()) == (config.size.width, config.size.height)),
        ("progressive", sps.frame_mbs_only),
        ("one reference frame", sps.max_ref_frames == 1),
        ("output order equal to coding order", sps.poc_type == 2),
        ("no weighted prediction", !pps.weighted_pred),
        ("fixed frame rate", sps.vui.and_then(|vui| vui.timing).is_some_and(|timing| timing.fixed_frame_rate)),
    ];
    match checks.iter().find(|(_, kept)| !kept) {
        None => Ok(()),
        Some((what, _)) => Err(EncodeError::Stream(format!("{what} was asked for and not given"))),
    }
}

/// Turns a picture of the byte stream into an MP4 sample: slices only. Parameter sets live in `avcC`, and x264's
/// SEI with its settings is an advertisement.
fn to_sample(stream: &[u8], frame_in_segment: u32) -> Result<EncodedPicture, EncodeError> {
    let mut data = Vec::with_capacity(stream.len() + 8);
    let mut idr = false;
    for unit in annex_b_units(stream) {
        match NalKind::of(unit[0]) {
            NalKind::IdrSlice => idr = true,
            NalKind::Slice => {}
            _ => continue,
        }
        let (_, kind) = SliceHeader::peek_kind(&unit[..unit.len().min(32)])?;
        if !matches!(kind, SliceKind::I | SliceKind::P) {
            return Err(EncodeError::Stream(format!("frame {frame_in_segment} has a slice of kind {kind:?}")));
        }
        let length =
            u32::try_from(unit.len()).map_err(|_| EncodeError::Stream(format!("a slice of {} bytes", unit.len())))?;
        data.extend_from_slice(&length.to_be_bytes());
        data.extend_from_slice(unit);
    }
    if data.is_empty() {
        return Err(EncodeError::Stream(format!("frame {frame_in_segment} has no slice")));
    }
    Ok(EncodedPicture { data, idr, frame_in_segment })
}

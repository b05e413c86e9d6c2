//! One segment's encoder: send planes, receive pictures, flush. It runs on the caller's thread and has no thread of
//! its own; several run side by side.

use std::collections::VecDeque;

use super::{EncodeError, EncoderConfig, Profile, Repeats, ffi};
use crate::ground::frame::{Damage, YuvFrame};
use crate::video::h264::{AvcConfig, HoldSyntax, NalKind, Pps, SliceHeader, SliceKind, Sps, annex_b_units};

/// One frame of a segment as MP4 stores it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodedPicture {
    /// Slices, each behind its length in four bytes, big end first; empty for [`PictureKind::Omitted`].
    pub data: Vec<u8>,
    /// How the frame was written.
    pub kind: PictureKind,
}

/// How a frame was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PictureKind {
    /// An IDR picture: decoding can start here.
    Idr,
    /// A picture predicted from the one before.
    Predicted,
    /// A hold picture: exactly the one before.
    Held,
    /// Not written: the one before lasts a frame longer.
    Omitted,
}

/// Encodes the frames of one segment into a closed group of pictures that starts with an IDR.
pub struct SegmentEncoder {
    x264: ffi::X264,
    parameter_sets: AvcConfig,
    /// `None` where the stream does not allow hold pictures.
    hold: Option<HoldSyntax>,
    config: EncoderConfig,
    /// What was sent and not received yet.
    pending: VecDeque<Pending>,
    /// Whether the frames still to be sent were announced as different from the one before. Those are encoded even if
    /// they turn out equal, or the pictures after them would have other numbers than the settled ones were counted by.
    moves: std::vec::IntoIter<bool>,
    /// Frames that x264 was given.
    coded: u32,
    received: Position,
}

/// A picture that stands for so many frames is looked at.
const LONG_FRAMES: u32 = 8;

/// A frame that was sent.
#[derive(Clone, Copy, Debug)]
enum Pending {
    Coded,
    Repeated,
}

/// How far the stream has come, in pictures after its IDR picture.
#[derive(Clone, Copy, Debug, Default)]
struct Position {
    /// As x264 counts.
    coded: u32,
    /// With the hold pictures in between.
    stream: u32,
}

impl SegmentEncoder {
    /// Opens a single-threaded encoder. `moves` says of each frame of the segment whether it may differ from the one
    /// before: the last ones before stillness are looked at for long, and get a finer quantiser. Frames beyond it count
    /// as still.
    ///
    /// # Errors
    /// [`EncodeError`] when a value is outside its range, or the linked FFmpeg lacks libx264 or one of the options.
    pub fn open(config: &EncoderConfig, moves: &[bool]) -> Result<Self, EncodeError> {
        let level = config.check()?;
        let x264 = ffi::X264::open(config, &config.options(level, &settled(moves, config.repeats)))?;
        let mut parameter_sets = read_parameter_sets(x264.extradata())?;
        let (sps, pps) = (Sps::parse(&parameter_sets.sps[0])?, Pps::parse(&parameter_sets.pps[0])?);
        check_parameter_sets(&sps, config)?;
        let mut config = *config;
        let hold = match (config.repeats, HoldSyntax::new(&sps, &pps)) {
            (Repeats::Held, Ok(hold)) => Some(hold),
            (Repeats::Held, Err(obstacle)) => {
                tracing::debug!(obstacle, "no hold pictures: frames that stand still are encoded");
                config.repeats = Repeats::Encoded;
                None
            }
            (Repeats::Encoded | Repeats::Omitted, _) => None,
        };
        parameter_sets.pps.extend(hold.as_ref().map(HoldSyntax::pps));
        let (pending, received, moves) = (VecDeque::new(), Position::default(), Vec::from(moves).into_iter());
        Ok(Self { x264, parameter_sets, hold, config, pending, moves, coded: 0, received })
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
        let announced = self.moves.next().unwrap_or(false);
        let rows = match changed {
            _ if self.coded == 0 => 0..height,
            // Where repeats are left out a second picture is coded all the same: two IDR pictures in a row would carry
            // the same `idr_pic_id`, which the standard forbids.
            Damage::Nothing if !announced && (self.config.repeats == Repeats::Held || self.may_omit()) => {
                self.pending.push_back(Pending::Repeated);
                return Ok(());
            }
            Damage::Nothing => 0..0,
            Damage::Rects(rects) => changed_rows(rects, height),
        };
        self.x264.send(planes, rows, self.coded)?;
        self.pending.push_back(Pending::Coded);
        self.coded += 1;
        Ok(())
    }

    fn may_omit(&self) -> bool {
        self.config.repeats == Repeats::Omitted && self.coded > 1
    }

    /// The next frame as it was written; `None` when the encoder wants more frames, or after [`SegmentEncoder::flush`]
    /// when all have come.
    ///
    /// # Errors
    /// [`EncodeError`] from FFmpeg, or [`EncodeError::Stream`] when the picture is not what was configured.
    pub fn receive(&mut self) -> Result<Option<EncodedPicture>, EncodeError> {
        let Some(next) = self.pending.front() else { return Ok(None) };
        let picture = match (next, &self.hold) {
            (Pending::Coded, hold) => {
                let Some(stream) = self.x264.receive()? else { return Ok(None) };
                let picture = to_sample(stream, hold.as_ref(), self.received)?;
                if (picture.kind == PictureKind::Idr) != (self.received.coded == 0) {
                    return Err(EncodeError::Stream(format!("frame {} is {:?}", self.received.coded, picture.kind)));
                }
                self.received.coded += 1;
                picture
            }
            (Pending::Repeated, Some(hold)) => {
                let mut data = Vec::new();
                push_unit(&mut data, &hold.picture(self.received.stream))?;
                EncodedPicture { data, kind: PictureKind::Held }
            }
            (Pending::Repeated, None) => EncodedPicture { data: Vec::new(), kind: PictureKind::Omitted },
        };
        self.pending.pop_front();
        self.received.stream += 1;
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

/// Numbers, as x264 counts them, of the pictures that are seen for long.
fn settled(moves: &[bool], repeats: Repeats) -> Vec<u32> {
    let mut settled = Vec::new();
    let (mut coded, mut still) = (0u32, 0);
    for (frame, moves) in moves.iter().enumerate() {
        let repeated = frame > 0 && !moves;
        still = if repeated { still + 1 } else { 0 };
        if still == LONG_FRAMES && coded > 1 {
            settled.push(coded - 1);
        }
        // As `send` decides: where repeats are left out, the second picture of a segment is coded all the same.
        if !repeated || repeats == Repeats::Encoded || repeats == Repeats::Omitted && coded == 1 {
            coded += 1;
        }
    }
    settled
}

fn changed_rows(rects: &[crate::ground::geometry::IntRect], height: u32) -> std::ops::Range<u32> {
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
fn check_parameter_sets(sps: &Sps, config: &EncoderConfig) -> Result<(), EncodeError> {
    let profile_idc = match config.profile {
        Profile::Main => 77,
        Profile::Baseline => 66,
    };
    let fixed_rate = sps.vui.and_then(|vui| vui.timing).is_some_and(|timing| timing.fixed_frame_rate);
    let checks = [
        ("profile", sps.profile_idc == profile_idc),
        ("size", (sps.width(), sps.height()) == (config.size.width, config.size.height)),
        ("progressive", sps.frame_mbs_only),
        ("output order equal to coding order", sps.poc_type == 2),
        ("whether the frame rate is fixed", fixed_rate == (config.repeats != Repeats::Omitted)),
    ];
    match checks.iter().find(|(_, kept)| !kept) {
        None => Ok(()),
        Some((what, _)) => Err(EncodeError::Stream(format!("{what} was asked for and not given"))),
    }
}

/// Turns a picture of the byte stream into an MP4 sample: slices only. Parameter sets live in `avcC`, and x264's
/// SEI with its settings is an advertisement.
fn to_sample(stream: &[u8], hold: Option<&HoldSyntax>, position: Position) -> Result<EncodedPicture, EncodeError> {
    let frame = position.coded;
    let mut data = Vec::with_capacity(stream.len() + 8);
    let mut picture_kind = PictureKind::Predicted;
    for unit in annex_b_units(stream) {
        match NalKind::of(unit[0]) {
            NalKind::IdrSlice => picture_kind = PictureKind::Idr,
            NalKind::Slice => {}
            _ => continue,
        }
        let (_, kind) = SliceHeader::peek_kind(&unit[..unit.len().min(32)])?;
        if !matches!(kind, SliceKind::I | SliceKind::P) {
            return Err(EncodeError::Stream(format!("frame {frame} has a slice of kind {kind:?}")));
        }
        match hold {
            Some(hold) => push_unit(&mut data, &hold.renumber(unit, position.coded, position.stream)?)?,
            None => push_unit(&mut data, unit)?,
        }
    }
    if data.is_empty() {
        return Err(EncodeError::Stream(format!("frame {frame} has no slice")));
    }
    Ok(EncodedPicture { data, kind: picture_kind })
}

/// Appends a NAL unit behind its length.
fn push_unit(data: &mut Vec<u8>, unit: &[u8]) -> Result<(), EncodeError> {
    let length =
        u32::try_from(unit.len()).map_err(|_| EncodeError::Stream(format!("a slice of {} bytes", unit.len())))?;
    data.extend_from_slice(&length.to_be_bytes());
    data.extend_from_slice(unit);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settled_pictures_are_numbered_as_x264_counts() {
        // Ten frames stand still after the IDR picture, three move, ten stand still, one moves.
        let mut moves = vec![true; 1];
        moves.extend([false; 10]);
        moves.extend([true; 3]);
        moves.extend([false; 10]);
        moves.push(true);
        assert_eq!(settled(&moves, Repeats::Held), [3], "IDR and three; the IDR picture is fine anyhow");
        assert_eq!(settled(&moves, Repeats::Omitted), [1, 4], "the second picture is coded all the same, and stands");
        assert!(settled(&[true, true, false, false, true], Repeats::Held).is_empty(), "too short to be looked at");
        assert!(settled(&[], Repeats::Held).is_empty());
    }
}

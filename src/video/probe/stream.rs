//! Follows the samples of the video track to their NAL units and gathers the facts.

use std::io::{Read, Seek, SeekFrom};

use super::ProbeError;
use super::boxes::{FileLayout, display, too_large};
use super::movie::{Movie, VideoTrack, shorten};
use super::report::{ColourTags, Facts};
use crate::video::h264::{AvcConfig, Level, NalKind, Pps, SliceHeader, SliceKind, Sps, lowest_level};

/// Most NAL units looked at in a file: a million samples of several slices each.
const MAX_NAL_UNITS: u64 = 4_000_000;
/// Bytes read of a slice: its header is far shorter.
const SLICE_BYTES: u64 = 64;
/// Bytes read of an SEI unit: an encoder signs at its start.
const SEI_BYTES: u64 = 1024;

/// The facts of a file.
pub(super) fn examine<R: Read + Seek>(reader: &mut R, layout: &FileLayout, movie: &Movie) -> Result<Facts, ProbeError> {
    let mut facts = Facts {
        bytes: layout.file_bytes,
        brands: layout.brands.iter().map(|brand| display(*brand)).collect(),
        box_order: layout.order.iter().map(|kind| display(*kind)).collect(),
        fragmented: movie.fragmented || layout.order.contains(b"moof"),
        edit_list: movie.edit_list,
        video_tracks: movie.video.len(),
        other_tracks: movie.other_tracks.clone(),
        encoder_tags: movie.encoder_tags.clone(),
        title: movie.title.clone(),
        audio: movie.audio.clone(),
        ..Facts::default()
    };
    if movie.audio_end > layout.file_bytes {
        return Err(ProbeError::Truncated { what: "the sound".to_owned(), at: layout.file_bytes });
    }
    let Some(track) = movie.video.first() else { return Ok(facts) };
    describe_timing(&mut facts, track);
    facts.codec = Some(display(track.entry.kind));
    (facts.width, facts.height) = (track.entry.width, track.entry.height);
    facts.colr = track.entry.colr;
    if !track.entry.compressor.trim().is_empty() {
        facts.encoder_tags.push(format!("compressor: {}", shorten(&track.entry.compressor)));
    }
    if let Some(avc) = &track.entry.avc {
        let sets = ParameterSets::parse(avc)?;
        describe_sps(&mut facts, &sets.sps, track);
        walk(reader, layout.file_bytes, track, avc.length_size_bytes as u64, &sets, &mut facts)?;
    }
    Ok(facts)
}

fn describe_timing(facts: &mut Facts, track: &VideoTrack) {
    let samples = &track.samples;
    let timescale = u64::from(track.timescale);
    let (count, ticks) = (samples.sizes.len() as u64, samples.total_ticks());
    facts.frame_count = u32::try_from(count).unwrap_or(u32::MAX);
    facts.duration_ms = u64::try_from((u128::from(ticks) * 1000 + u128::from(timescale) / 2) / u128::from(timescale))
        .unwrap_or(u64::MAX);
    facts.composition_offsets = samples.composition_offsets;
    let first = samples.durations.iter().find(|(count, _)| *count > 0).map(|(_, ticks)| *ticks);
    facts.constant_frame_rate = first.is_some_and(|first| {
        first > 0 && samples.durations.iter().all(|(count, ticks)| *count == 0 || *ticks == first)
    });
    facts.frame_rate = mean_rate(track).map(|(numerator, denominator)| format!("{numerator}/{denominator}"));
}

/// Frames a second in lowest terms.
fn mean_rate(track: &VideoTrack) -> Option<(u64, u64)> {
    let frames = track.samples.sizes.len() as u64 * u64::from(track.timescale);
    let ticks = track.samples.total_ticks();
    if frames == 0 || ticks == 0 {
        return None;
    }
    let (mut a, mut b) = (frames, ticks);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    Some((frames / a, ticks / a))
}

struct ParameterSets {
    sps: Sps,
    pps: Vec<Pps>,
}

impl ParameterSets {
    fn parse(avc: &AvcConfig) -> Result<Self, ProbeError> {
        let damaged = |error: crate::video::h264::SyntaxError| ProbeError::Damaged(error.to_string());
        let unit =
            avc.sps.first().ok_or_else(|| ProbeError::Damaged("`avcC` has no sequence parameter set".to_owned()))?;
        Ok(Self {
            sps: Sps::parse(unit).map_err(damaged)?,
            pps: avc.pps.iter().map(|unit| Pps::parse(unit).map_err(damaged)).collect::<Result<_, _>>()?,
        })
    }
}

fn describe_sps(facts: &mut Facts, sps: &Sps, track: &VideoTrack) {
    (facts.width, facts.height) = (sps.width(), sps.height());
    facts.profile = Some(match (sps.profile_idc, sps.constraint_set1()) {
        (66, true) => "Constrained Baseline".to_owned(),
        (66, false) => "Baseline".to_owned(),
        (77, _) => "Main".to_owned(),
        (88, _) => "Extended".to_owned(),
        (100, _) => "High".to_owned(),
        (110, _) => "High 10".to_owned(),
        (122, _) => "High 4:2:2".to_owned(),
        (244, _) => "High 4:4:4 Predictive".to_owned(),
        (other, _) => format!("profile {other}"),
    });
    facts.level = Some(Level(sps.level_idc).to_string());
    facts.lowest_level = mean_rate(track)
        .and_then(|(numerator, denominator)| {
            lowest_level(sps.frame_size_mbs(), u32::try_from(numerator).ok()?, u32::try_from(denominator).ok()?)
        })
        .map(|level| level.to_string());
    facts.progressive = sps.frame_mbs_only;
    let sampling = match sps.chroma_format_idc {
        0 => "gray",
        1 => "yuv420p",
        2 => "yuv422p",
        _ => "yuv444p",
    };
    facts.pixel_format = Some(match sps.bit_depth_luma.max(sps.bit_depth_chroma) {
        8 => sampling.to_owned(),
        depth => format!("{sampling}{depth}"),
    });
    facts.vui_colour = sps.vui.and_then(|vui| {
        vui.colour.map(|colour| ColourTags {
            primaries: u16::from(colour.primaries),
            transfer: u16::from(colour.transfer),
            matrix: u16::from(colour.matrix),
            full_range: vui.full_range,
        })
    });
    if facts.vui_colour.is_none()
        && let Some(full_range) = sps.vui.and_then(|vui| vui.full_range)
    {
        // 2 is "unspecified".
        facts.vui_colour = Some(ColourTags { primaries: 2, transfer: 2, matrix: 2, full_range: Some(full_range) });
    }
}

/// What one sample holds.
#[derive(Default)]
struct SampleFacts {
    idr: bool,
    b: bool,
    field: bool,
}

fn walk<R: Read + Seek>(
    reader: &mut R,
    file_bytes: u64,
    track: &VideoTrack,
    length_size: u64,
    sets: &ParameterSets,
    facts: &mut Facts,
) -> Result<(), ProbeError> {
    let mut units = 0;
    let mut idrs = Vec::new();
    let mut sync = track.samples.sync.as_ref().map(|sync| sync.iter().copied().peekable());
    for (index, (offset, size)) in track.samples.offsets.iter().zip(&track.samples.sizes).enumerate() {
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        let end = offset.checked_add(u64::from(*size)).filter(|end| *end <= file_bytes);
        let end = end.ok_or_else(|| ProbeError::Truncated { what: format!("frame {index}"), at: *offset })?;
        let mut walker = SampleWalker { reader, at: *offset, end, length_size, index };
        let found = walker.walk(sets, &mut units, &mut facts.encoder_tags)?;
        facts.b_frames += u32::from(found.b);
        facts.progressive &= !found.field;
        if found.idr {
            idrs.push(index);
        }
        let is_sync = match &mut sync {
            None => true,
            Some(sync) => sync.next_if_eq(&index).is_some(),
        };
        facts.open_gop_starts += u32::from(is_sync && !found.idr);
    }
    facts.idr_frames = u32::try_from(idrs.len()).unwrap_or(u32::MAX);
    let mut marks = track.samples.starts(&idrs);
    if marks.first() != Some(&0) {
        marks.insert(0, 0);
    }
    marks.push(track.samples.total_ticks());
    let longest = marks.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(0);
    #[expect(clippy::cast_precision_loss, reason = "ticks of a video are far below 2^52; a report in seconds")]
    let seconds = longest as f64 / f64::from(track.timescale);
    facts.max_idr_interval_s = seconds;
    Ok(())
}

struct SampleWalker<'a, R> {
    reader: &'a mut R,
    at: u64,
    end: u64,
    length_size: u64,
    index: u32,
}

impl<R: Read + Seek> SampleWalker<'_, R> {
    fn walk(
        &mut self,
        sets: &ParameterSets,
        units: &mut u64,
        encoder_tags: &mut Vec<String>,
    ) -> Result<SampleFacts, ProbeError> {
        let mut found = SampleFacts::default();
        while self.at < self.end {
            *units += 1;
            if *units > MAX_NAL_UNITS {
                return Err(too_large("number of NAL units", *units, MAX_NAL_UNITS));
            }
            let (unit_at, length) = self.next_unit()?;
            if length == 0 {
                continue;
            }
            let head = self.read(unit_at, length.min(SLICE_BYTES))?;
            match NalKind::of(head[0]) {
                NalKind::Slice | NalKind::IdrSlice | NalKind::Partition => self.take_slice(&head, sets, &mut found)?,
                NalKind::Sei => {
                    let message = self.read(unit_at, length.min(SEI_BYTES))?;
                    if let Some(text) = signature(&message)
                        && encoder_tags.len() < 16
                        && !encoder_tags.contains(&text)
                    {
                        encoder_tags.push(text);
                    }
                }
                _ => {}
            }
        }
        Ok(found)
    }

    /// Position and length of the next unit, checked against the sample; moves on behind it.
    fn next_unit(&mut self) -> Result<(u64, u64), ProbeError> {
        let cut = || ProbeError::Truncated { what: format!("a NAL unit of frame {}", self.index), at: self.at };
        if self.end - self.at < self.length_size {
            return Err(cut());
        }
        let prefix = self.at;
        let size = self.length_size;
        let length = if self.end - prefix < size { return Err(cut()) } else { self.read(prefix, size)? };
        let length = length.iter().fold(0u64, |value, byte| (value << 8) | u64::from(*byte));
        let unit_at = prefix + size;
        if length > self.end - unit_at {
            return Err(ProbeError::Truncated { what: format!("a NAL unit of frame {}", self.index), at: prefix });
        }
        self.at = unit_at + length;
        Ok((unit_at, length))
    }

    fn read(&mut self, at: u64, length: u64) -> Result<Vec<u8>, ProbeError> {
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
        self.reader.seek(SeekFrom::Start(at))?;
        self.reader.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    fn take_slice(&self, head: &[u8], sets: &ParameterSets, found: &mut SampleFacts) -> Result<(), ProbeError> {
        let damaged =
            |error: crate::video::h264::SyntaxError| ProbeError::Damaged(format!("frame {}: {error}", self.index));
        let (_, kind) = SliceHeader::peek_kind(head).map_err(damaged)?;
        found.b |= kind == SliceKind::B;
        found.idr |= NalKind::of(head[0]) == NalKind::IdrSlice;
        let pps_id = SliceHeader::peek_pps_id(head).map_err(damaged)?;
        // `avc3` may keep parameter sets in the samples; the kind is known without them.
        if let Some(pps) = sets.pps.iter().find(|pps| pps.id == pps_id)
            && NalKind::of(head[0]) != NalKind::Partition
        {
            found.field |= SliceHeader::parse(head, &sets.sps, pps).map_err(damaged)?.field;
        }
        Ok(())
    }
}

/// The text of an unregistered user data message (payload type 5: 16 bytes of identifier, then anything), which is
/// where x264 and others write their name and settings.
fn signature(unit: &[u8]) -> Option<String> {
    let payload = crate::video::h264::unescape(unit.get(1..)?);
    let mut rest = &payload[..];
    while rest.len() > 2 {
        let (kind, after) = sei_number(rest)?;
        let (length, after) = sei_number(after)?;
        let length = usize::try_from(length).ok()?;
        let body = &after[..length.min(after.len())];
        if kind == 5 && body.len() > 16 {
            let text: Vec<u8> = body[16..].iter().copied().take_while(|byte| (0x20..0x7f).contains(byte)).collect();
            let text: String = String::from_utf8_lossy(&text).chars().take(60).collect();
            return Some(format!("user data SEI: {text}"));
        }
        rest = after.get(length..)?;
    }
    None
}

/// A number of an SEI message: bytes of 255 add up with the first other byte.
fn sei_number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let full = bytes.iter().take_while(|byte| **byte == 255).count();
    let last = bytes.get(full)?;
    Some((full as u64 * 255 + u64::from(*last), &bytes[full + 1..]))
}

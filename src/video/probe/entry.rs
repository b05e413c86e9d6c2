//! Sample entries (`stsd`): how a track's samples are coded.

use super::ProbeError;
use super::boxes::{BoxRef, FourCc, children, display, first, required};
use super::edits::Stretch;
use super::report::{AudioTrack, ColourTags};
use super::table::Fields;
use crate::video::h264::AvcConfig;

/// Coding of a video track.
#[derive(Debug)]
pub(super) struct VideoEntry {
    pub(super) kind: FourCc,
    pub(super) width: u32,
    pub(super) height: u32,
    /// The name of the compressor, which some encoders sign with.
    pub(super) compressor: String,
    /// Present for `avc1` and `avc3`.
    pub(super) avc: Option<AvcConfig>,
    pub(super) colr: Option<ColourTags>,
}

/// The single entry of `stsd`; a second one would change the coding on the way.
fn only_entry<'a>(stbl: &[BoxRef<'a>]) -> Result<BoxRef<'a>, ProbeError> {
    let mut stsd = Fields::new(required(stbl, b"stsd", "stbl")?, "stsd");
    stsd.version()?;
    stsd.u32()?;
    let entries = children(stsd.rest())?;
    match entries.as_slice() {
        [entry] => Ok(*entry),
        other => Err(ProbeError::Damaged(format!("a track has {} sample entries instead of one", other.len()))),
    }
}

impl VideoEntry {
    pub(super) fn parse(stbl: &[BoxRef<'_>]) -> Result<Self, ProbeError> {
        let entry = only_entry(stbl)?;
        let mut fields = Fields::new(entry.payload, "video sample entry");
        fields.skip(24)?;
        let (width, height) = (u32::from(fields.u16()?), u32::from(fields.u16()?));
        fields.skip(14)?;
        let name = fields.bytes::<32>()?;
        let length = usize::from(name[0]).min(31);
        let compressor = String::from_utf8_lossy(&name[1..=length]).trim_end_matches('\0').to_owned();
        fields.skip(4)?;
        let inner = children(fields.rest())?;
        let avc = match &entry.kind {
            b"avc1" | b"avc3" => Some(
                AvcConfig::parse(required(&inner, b"avcC", "avc1")?)
                    .map_err(|error| ProbeError::Damaged(error.to_string()))?,
            ),
            _ => None,
        };
        let colr = first(&inner, b"colr").map(colour).transpose()?.flatten();
        Ok(Self { kind: entry.kind, width, height, compressor, avc, colr })
    }
}

/// Colour tags of a `colr` box; `None` for an ICC profile.
fn colour(payload: &[u8]) -> Result<Option<ColourTags>, ProbeError> {
    let mut fields = Fields::new(payload, "colr");
    let kind = fields.bytes::<4>()?;
    if !matches!(&kind, b"nclx" | b"nclc") {
        return Ok(None);
    }
    let (primaries, transfer, matrix) = (fields.u16()?, fields.u16()?, fields.u16()?);
    let full_range = if kind == *b"nclx" { Some(fields.u8()? & 0x80 != 0) } else { None };
    Ok(Some(ColourTags { primaries, transfer, matrix, full_range }))
}

/// Coding of an audio track that is heard for a stretch of time.
pub(super) fn audio(stbl: &[BoxRef<'_>], heard: Stretch) -> Result<AudioTrack, ProbeError> {
    let entry = only_entry(stbl)?;
    let mut fields = Fields::new(entry.payload, "audio sample entry");
    fields.skip(8)?;
    let quicktime_version = fields.u16()?;
    fields.skip(6)?;
    let channels = u32::from(fields.u16()?);
    fields.skip(6)?;
    let sample_rate = fields.u32()? >> 16;
    fields.skip(match quicktime_version {
        1 => 16,
        2 => 36,
        _ => 0,
    })?;
    let Stretch { start_ms, duration_ms } = heard;
    let codec = display(entry.kind).trim_end().to_owned();
    let mut track = AudioTrack { codec, sample_rate, channels, start_ms, duration_ms };
    if entry.kind == *b"mp4a" {
        let inner = children(fields.rest())?;
        if let Some(esds) = first(&inner, b"esds") {
            refine(&mut track, esds)?;
        }
    }
    Ok(track)
}

/// Object type, rate and channels from the elementary stream descriptor (ISO/IEC 14496-1, clause 7.2.6).
fn refine(track: &mut AudioTrack, esds: &[u8]) -> Result<(), ProbeError> {
    const RATES: [u32; 13] =
        [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];
    let mut fields = Fields::new(esds, "esds");
    fields.version()?;
    descriptor(&mut fields, 3)?;
    fields.skip(2)?;
    let flags = fields.u8()?;
    if flags & 0x80 != 0 {
        fields.skip(2)?;
    }
    if flags & 0x40 != 0 {
        let length = fields.u8()?;
        fields.skip(usize::from(length))?;
    }
    if flags & 0x20 != 0 {
        fields.skip(2)?;
    }
    descriptor(&mut fields, 4)?;
    let object_type = fields.u8()?;
    fields.skip(12)?;
    track.codec = match object_type {
        0x40 => "aac".to_owned(),
        0x66..=0x68 => "aac-mpeg2".to_owned(),
        0x69 | 0x6b => "mp3".to_owned(),
        other => format!("mp4a-{other:02x}"),
    };
    if object_type == 0x40 && descriptor(&mut fields, 5).is_ok() {
        let config = fields.u16()?;
        track.codec = match config >> 11 {
            2 => "aac-lc".to_owned(),
            5 | 29 => "he-aac".to_owned(),
            other => format!("aac-{other}"),
        };
        if let Some(rate) = RATES.get(usize::from((config >> 7) & 15)) {
            track.sample_rate = *rate;
        }
        let channels = (config >> 3) & 15;
        if channels != 0 {
            track.channels = if channels == 7 { 8 } else { u32::from(channels) };
        }
    }
    Ok(())
}

/// Reads the tag and the length (up to four bytes of seven bits) of a descriptor that must have this tag.
fn descriptor(fields: &mut Fields<'_>, tag: u8) -> Result<(), ProbeError> {
    let found = fields.u8()?;
    if found != tag {
        return Err(ProbeError::Damaged(format!("`esds` has descriptor {found} where {tag} is due")));
    }
    for _ in 0..4 {
        if fields.u8()? & 0x80 == 0 {
            return Ok(());
        }
    }
    Err(ProbeError::Damaged("`esds` has a length of more than four bytes".to_owned()))
}

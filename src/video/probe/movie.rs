//! The index (`moov`): tracks and user data.

use super::ProbeError;
use super::boxes::{BoxRef, FourCc, children, display, first, required, too_large};
use super::edits::Edits;
use super::entry::{self, VideoEntry};
use super::report::AudioTrack;
use super::samples::SampleTable;
use super::table::Fields;

/// Most tracks looked at.
const MAX_TRACKS: usize = 64;

/// A video track.
#[derive(Debug)]
pub(super) struct VideoTrack {
    pub(super) timescale: u32,
    pub(super) entry: VideoEntry,
    pub(super) samples: SampleTable,
}

/// Everything the index says.
#[derive(Debug, Default)]
pub(super) struct Movie {
    pub(super) video: Vec<VideoTrack>,
    pub(super) audio: Vec<AudioTrack>,
    /// File position behind the last sample of sound.
    pub(super) audio_end: u64,
    /// Handlers of tracks that are neither.
    pub(super) other_tracks: Vec<String>,
    /// Whether a track other than one of sound has an edit list.
    pub(super) edit_list: bool,
    /// Whether pictures lie in fragments, which the sample tables do not cover.
    pub(super) fragmented: bool,
    pub(super) title: Option<String>,
    /// Metadata that name the encoder, as `key: value`.
    pub(super) encoder_tags: Vec<String>,
}

impl Movie {
    pub(super) fn parse(moov: &[u8]) -> Result<Self, ProbeError> {
        let boxes = children(moov)?;
        let mvhd = required(&boxes, b"mvhd", "moov")?;
        let mut movie = Self { fragmented: first(&boxes, b"mvex").is_some(), ..Self::default() };
        let tracks = boxes.iter().filter(|found| found.kind == *b"trak");
        if tracks.clone().count() > MAX_TRACKS {
            return Err(too_large("number of tracks", tracks.count() as u64, MAX_TRACKS as u64));
        }
        for track in tracks {
            movie.take_track(track.payload, mvhd)?;
        }
        if let Some(user_data) = first(&boxes, b"udta") {
            movie.take_user_data(user_data);
        }
        if let Some(meta) = first(&boxes, b"meta") {
            movie.take_metadata(meta);
        }
        Ok(movie)
    }

    fn take_track(&mut self, trak: &[u8], mvhd: &[u8]) -> Result<(), ProbeError> {
        let boxes = children(trak)?;
        let edts = first(&boxes, b"edts");
        let mdia = children(required(&boxes, b"mdia", "trak")?)?;
        let track_timescale = timescale(required(&mdia, b"mdhd", "mdia")?, "mdhd")?;
        let mut handler = Fields::new(required(&mdia, b"hdlr", "mdia")?, "hdlr");
        handler.skip(8)?;
        let handler: FourCc = handler.bytes()?;
        let minf = children(required(&mdia, b"minf", "mdia")?)?;
        let stbl = children(required(&minf, b"stbl", "minf")?)?;
        self.edit_list |= edts.is_some() && handler != *b"soun";
        match &handler {
            b"vide" => {
                let samples = SampleTable::parse(&stbl)?;
                let entry = VideoEntry::parse(&stbl)?;
                self.video.push(VideoTrack { timescale: track_timescale, entry, samples });
            }
            b"soun" => {
                let samples = SampleTable::parse(&stbl)?;
                self.audio_end = self.audio_end.max(samples.end());
                let edits = match edts {
                    None => Edits::default(),
                    Some(edts) => Edits::parse(edts, timescale(mvhd, "mvhd")?)?,
                };
                self.audio.push(entry::audio(&stbl, edits.apply(samples.total_ticks(), track_timescale))?);
            }
            other => self.other_tracks.push(display(*other)),
        }
        if let Some(user_data) = first(&boxes, b"udta") {
            self.take_user_data(user_data);
        }
        Ok(())
    }

    /// User data is read for its title and for who signed it. It is foreign text of no consequence to playing, so what
    /// cannot be read there is passed over.
    fn take_user_data(&mut self, udta: &[u8]) {
        let Ok(boxes) = children(udta) else { return };
        for found in &boxes {
            match &found.kind {
                b"meta" => self.take_metadata(found.payload),
                // QuickTime text: length, language, characters.
                b"\xa9too" | b"\xa9swr" | b"\xa9enc" => {
                    let text = String::from_utf8_lossy(found.payload.get(4..).unwrap_or_default()).into_owned();
                    self.sign(found.kind, &text);
                }
                _ => {}
            }
        }
    }

    fn take_metadata(&mut self, meta: &[u8]) {
        // QuickTime writes `meta` without the version that MP4 gives it: then its first child begins at once.
        let body = if meta.get(4..8) == Some(b"hdlr") { meta } else { meta.get(4..).unwrap_or_default() };
        let Ok(boxes) = children(body) else { return };
        let Some(items) = first(&boxes, b"ilst").and_then(|ilst| children(ilst).ok()) else { return };
        for item in &items {
            let Ok(inner) = children(item.payload) else { continue };
            let Some(text) = first(&inner, b"data").and_then(|data| data.get(8..)) else { continue };
            let text = shorten(&String::from_utf8_lossy(text));
            match &item.kind {
                b"\xa9nam" => self.title = Some(text).filter(|title| !title.trim().is_empty()),
                b"\xa9too" | b"\xa9swr" | b"\xa9enc" => self.sign(item.kind, &text),
                b"----" => self.sign_custom(&inner, &text),
                _ => {}
            }
        }
    }

    fn sign_custom(&mut self, inner: &[BoxRef<'_>], text: &str) {
        let name = first(inner, b"name").and_then(|name| name.get(4..)).unwrap_or_default();
        let name = String::from_utf8_lossy(name).to_lowercase();
        if name.contains("encod") || name.contains("tool") {
            self.encoder_tags.push(format!("{}: {text}", shorten(&name)));
        }
    }

    fn sign(&mut self, kind: FourCc, text: &str) {
        self.encoder_tags.push(format!("{}: {}", display(kind), shorten(text)));
    }
}

/// Text of a file as a report may show it: one line, at most 200 characters.
pub(super) fn shorten(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(200).collect()
}

/// Ticks a second of a track (`mdhd`) or of the whole (`mvhd`).
fn timescale(header: &[u8], name: &'static str) -> Result<u32, ProbeError> {
    let mut fields = Fields::new(header, name);
    let version = fields.version()?;
    fields.skip(if version == 1 { 16 } else { 8 })?;
    match fields.u32()? {
        0 => Err(ProbeError::Damaged(format!("`{name}` has a timescale of 0"))),
        timescale => Ok(timescale),
    }
}

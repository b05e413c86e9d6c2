//! The MP4 file: one H.264 track at a constant frame rate, with or without an AAC track beside it, index before the
//! pictures, nothing that names the encoder.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::iter::Peekable;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::ffi::{Muxer, SoundTrack, Track};
use super::sound::TimedPacket;
use super::{EncodeError, EncodedSound, EncoderConfig};
use crate::video::h264::AvcConfig;
use crate::video::sound::SAMPLE_RATE;

/// Ticks of one frame in the track's clock: frames lie on whole ticks at every rate, and the clock stays above the
/// 10,000 ticks a second below which FFmpeg's muxer would change it.
const TICKS_PER_FRAME: u32 = 512;

/// Longest title written, in bytes of UTF-8.
const MAX_TITLE_BYTES: usize = 256;

/// Sound that lies together, in samples: half a second, before the pictures that go with it. A player has both at hand,
/// and the index stays small.
const CHUNK_SAMPLES: i64 = SAMPLE_RATE as i64 / 2;

/// What the file says about its content.
#[derive(Clone, Debug)]
pub struct Mp4Settings<'a> {
    /// The encoder's configuration: size and rate.
    pub config: &'a EncoderConfig,
    /// Title shown by players; control characters are dropped and 256 bytes kept.
    pub title: Option<&'a str>,
    pub sound: Option<&'a EncodedSound>,
}

/// Writes coded pictures, in order, into an MP4 file, and the soundtrack between them.
pub struct Mp4Writer<'a> {
    muxer: Muxer,
    path: PathBuf,
    ticks_per_frame: i64,
    timescale: i64,
    frames: i64,
    sound: Option<PendingSound<'a>>,
}

/// What of a soundtrack is still to be written.
struct PendingSound<'a> {
    packets: Peekable<Box<dyn Iterator<Item = TimedPacket<'a>> + 'a>>,
    /// Samples up to which it is in the file.
    until: i64,
}

impl<'a> PendingSound<'a> {
    fn new(sound: &'a EncodedSound) -> Self {
        let packets: Box<dyn Iterator<Item = _>> = Box::new(sound.timed_packets());
        Self { packets: packets.peekable(), until: i64::MIN }
    }

    /// The next packet if it begins before a sample.
    fn next_before(&mut self, sample: i64) -> Option<TimedPacket<'a>> {
        self.packets.next_if(|(_, start, _)| *start < sample)
    }
}

impl<'a> Mp4Writer<'a> {
    /// Starts the file at `path`, replacing what is there.
    ///
    /// # Errors
    /// [`EncodeError`] when the file cannot be opened or the muxer lacks an option.
    pub fn create(path: &Path, settings: &Mp4Settings<'a>, sets: &AvcConfig) -> Result<Self, EncodeError> {
        let rate = settings.config.frame_rate;
        let timescale = rate.numerator() * TICKS_PER_FRAME;
        let ticks_per_frame = i64::from(TICKS_PER_FRAME * rate.denominator());
        let title = settings.title.map(clean_title).filter(|title| !title.is_empty());
        let metadata: Vec<(&str, &str)> = title.iter().map(|title| ("title", title.as_str())).collect();
        let timescale_text = timescale.to_string();
        let options = [
            // A second pass moves the index before the pictures: exact, where `moov_size` would leave a gap.
            ("movflags", "+faststart+write_colr"),
            // The encoder's delay at the start of the sound is cut off by an edit list: without one the sound would be
            // late.
            ("use_editlist", if settings.sound.is_some() { "1" } else { "0" }),
            ("brand", "mp42"),
            ("video_track_timescale", timescale_text.as_str()),
            // Leaves FFmpeg's name and version out of the file.
            ("fflags", "+bitexact"),
        ];
        let avcc = sets.to_bytes()?;
        let track = Track { config: settings.config, avcc: &avcc, timescale };
        let sound = settings.sound.map(sound_track);
        let muxer = Muxer::create(path, &track, sound.as_ref(), &metadata, &options);
        Ok(Self {
            muxer: muxer.map_err(|error| with_path(path, error))?,
            path: path.to_owned(),
            ticks_per_frame,
            timescale: i64::from(timescale),
            frames: 0,
            sound: settings.sound.map(PendingSound::new),
        })
    }

    /// Appends one picture, shown for so many `frames`.
    ///
    /// # Errors
    /// [`EncodeError::Write`] with the path, for example when the disk is full.
    pub fn write(&mut self, data: &[u8], idr: bool, frames: u32) -> Result<(), EncodeError> {
        let (start, duration) = (self.frames * self.ticks_per_frame, i64::from(frames) * self.ticks_per_frame);
        let samples = |ticks: i64| ticks * i64::from(SAMPLE_RATE) / self.timescale;
        let (first, last) = (samples(start), samples(start + duration));
        if self.sound.as_ref().is_some_and(|sound| sound.until <= first) {
            self.write_sound(last.max(first + CHUNK_SAMPLES))?;
        }
        self.muxer.write_picture(data, idr, start, duration).map_err(|error| with_path(&self.path, error))?;
        self.frames += i64::from(frames);
        Ok(())
    }

    /// Writes every packet of sound that begins before `until`, in samples, and is not in the file yet.
    fn write_sound(&mut self, until: i64) -> Result<(), EncodeError> {
        let Some(sound) = &mut self.sound else { return Ok(()) };
        sound.until = until;
        while let Some((packet, start, duration)) = sound.next_before(until) {
            self.muxer.write_sound(packet, start, duration).map_err(|error| with_path(&self.path, error))?;
        }
        Ok(())
    }

    /// Writes the index and closes the file.
    ///
    /// # Errors
    /// [`EncodeError::Write`] with the path.
    pub fn finish(mut self) -> Result<(), EncodeError> {
        self.write_sound(i64::MAX)?;
        let Self { muxer, path, sound, .. } = self;
        muxer.finish().map_err(|error| with_path(&path, error))?;
        let finished = name_base_brand(&path).and_then(|()| match sound {
            None => Ok(()),
            Some(_) => drop_video_edits(&path),
        });
        finished.map_err(|source| EncodeError::Write { path, source })
    }
}

/// FFmpeg lists `mp42 iso2 avc1 mp41` as compatible brands and has no option for them; strict readers look for `isom`,
/// which `iso2` includes (ISO/IEC 14496-12, annex E), so the latter is renamed.
fn name_base_brand(path: &Path) -> io::Result<()> {
    let mut file = File::options().read(true).write(true).open(path)?;
    let mut head = [0u8; 32];
    file.read_exact(&mut head)?;
    let brands = (head[4..8] == *b"ftyp").then(|| head[16..].chunks_exact(4).position(|brand| brand == b"iso2"));
    match brands.flatten() {
        None => Err(io::Error::new(io::ErrorKind::InvalidData, "the muxer wrote brands that were not expected")),
        Some(place) => {
            file.seek(SeekFrom::Start(16 + 4 * place as u64))?;
            file.write_all(b"isom")
        }
    }
}

/// FFmpeg gives an edit list to every track or to none. That of the video, the first track, says that it begins at its
/// beginning; it becomes a box that readers pass over, since some services refuse video with an edit list.
fn drop_video_edits(path: &Path) -> io::Result<()> {
    let mut file = File::options().read(true).write(true).open(path)?;
    let missing = || io::Error::new(io::ErrorKind::InvalidData, "the muxer wrote no track");
    let whole = 0..file.metadata()?.len();
    let moov = find_box(&mut file, whole, *b"moov")?.ok_or_else(missing)?;
    let video = find_box(&mut file, moov, *b"trak")?.ok_or_else(missing)?;
    if let Some(edits) = find_box(&mut file, video, *b"edts")? {
        file.seek(SeekFrom::Start(edits.start - 4))?;
        file.write_all(b"free")?;
    }
    Ok(())
}

/// Where the content of the first box of a kind lies, among the boxes of a stretch of the file.
fn find_box(file: &mut File, stretch: Range<u64>, kind: [u8; 4]) -> io::Result<Option<Range<u64>>> {
    let mut at = stretch.start;
    while at + 8 <= stretch.end {
        let mut head = [0u8; 8];
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(&mut head)?;
        let [size @ .., a, b, c, d] = head;
        let end = at + u64::from(u32::from_be_bytes(size)).max(8);
        if [a, b, c, d] == kind {
            return Ok(Some(at + 8..end.min(stretch.end)));
        }
        at = end;
    }
    Ok(None)
}

/// What the muxer has to know about a soundtrack.
fn sound_track(sound: &EncodedSound) -> SoundTrack<'_> {
    SoundTrack {
        config: &sound.config,
        sample_rate: SAMPLE_RATE,
        packet_samples: sound.packet_samples,
        priming_samples: sound.priming_samples,
        bit_rate: sound.bit_rate,
    }
}

fn clean_title(title: &str) -> String {
    let mut cleaned = String::new();
    for character in title.chars().filter(|character| !character.is_control()) {
        if cleaned.len() + character.len_utf8() > MAX_TITLE_BYTES {
            break;
        }
        cleaned.push(character);
    }
    cleaned.trim().to_owned()
}

/// An error of the operating system, with the path it happened to.
fn with_path(path: &Path, error: EncodeError) -> EncodeError {
    match error {
        EncodeError::Ffmpeg { source: ffmpeg_next::Error::Other { errno }, .. } => {
            EncodeError::Write { path: path.to_owned(), source: std::io::Error::from_raw_os_error(errno) }
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_one_line_of_bounded_length() {
        assert_eq!(clean_title("Cotización\0 147\n"), "Cotización 147");
        let long = clean_title(&"ñ".repeat(400));
        assert_eq!(long.len(), MAX_TITLE_BYTES);
        assert_eq!(clean_title("\n\t"), "");
    }
}

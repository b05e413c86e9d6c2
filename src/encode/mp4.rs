//! The MP4 file: one H.264 track at a constant frame rate, index before the pictures, nothing that names the encoder.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::ffi::{Muxer, Track};
use super::{EncodeError, EncoderConfig};
use crate::h264::AvcConfig;

/// Ticks of one frame in the track's clock: frames lie on whole ticks at every rate, and the clock stays above the
/// 10,000 ticks a second below which FFmpeg's muxer would change it.
const TICKS_PER_FRAME: u32 = 512;

/// Longest title written, in bytes of UTF-8.
const MAX_TITLE_BYTES: usize = 256;

/// What the file says about its content.
#[derive(Clone, Debug)]
pub struct Mp4Settings<'a> {
    /// The encoder's configuration: size and rate.
    pub config: &'a EncoderConfig,
    /// Title shown by players; control characters are dropped and 256 bytes kept.
    pub title: Option<&'a str>,
}

/// Writes coded pictures, in order, into an MP4 file.
pub struct Mp4Writer {
    muxer: Muxer,
    path: PathBuf,
    ticks_per_frame: i64,
    frames: i64,
}

impl Mp4Writer {
    /// Starts the file at `path`, replacing what is there.
    ///
    /// # Errors
    /// [`EncodeError`] when the file cannot be opened or the muxer lacks an option.
    pub fn create(path: &Path, settings: &Mp4Settings<'_>, sets: &AvcConfig) -> Result<Self, EncodeError> {
        let rate = settings.config.frame_rate;
        let timescale = rate.numerator() * TICKS_PER_FRAME;
        let ticks_per_frame = i64::from(TICKS_PER_FRAME * rate.denominator());
        let title = settings.title.map(clean_title).filter(|title| !title.is_empty());
        let metadata: Vec<(&str, &str)> = title.iter().map(|title| ("title", title.as_str())).collect();
        let timescale_text = timescale.to_string();
        let options = [
            // A second pass moves the index before the pictures: exact, where `moov_size` would leave a gap.
            ("movflags", "+faststart+write_colr"),
            ("use_editlist", "0"),
            ("brand", "mp42"),
            ("video_track_timescale", timescale_text.as_str()),
            // Leaves FFmpeg's name and version out of the file.
            ("fflags", "+bitexact"),
        ];
        let avcc = sets.to_bytes()?;
        let track = Track { config: settings.config, avcc: &avcc, timescale };
        let muxer = Muxer::create(path, &track, &metadata, &options).map_err(|error| with_path(path, error))?;
        Ok(Self { muxer, path: path.to_owned(), ticks_per_frame, frames: 0 })
    }

    /// Appends one picture, shown for so many `frames`.
    ///
    /// # Errors
    /// [`EncodeError::Write`] with the path, for example when the disk is full.
    pub fn write(&mut self, data: &[u8], idr: bool, frames: u32) -> Result<(), EncodeError> {
        let frames = i64::from(frames);
        self.muxer
            .write(data, idr, self.frames * self.ticks_per_frame, frames * self.ticks_per_frame)
            .map_err(|error| with_path(&self.path, error))?;
        self.frames += frames;
        Ok(())
    }

    /// Writes the index and closes the file.
    ///
    /// # Errors
    /// [`EncodeError::Write`] with the path.
    pub fn finish(self) -> Result<(), EncodeError> {
        let Self { muxer, path, .. } = self;
        muxer.finish().map_err(|error| with_path(&path, error))?;
        name_base_brand(&path).map_err(|source| EncodeError::Write { path, source })
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

/// An error of the operating system, told with the path it happened to.
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

//! From a recording to a soundtrack, as pure signal work: as long as the video, neither gap nor click, as loud as
//! others. Files are decoded and encoded by `encode`; what is heard is decided here.

mod fade;
mod level;
mod limit;
mod repeat;

pub use level::Levels;

/// Samples a second, everywhere in this crate.
pub const SAMPLE_RATE: u32 = 48_000;

/// One sample of a stereo signal, left and right; full scale is -1 to 1.
pub type Stereo = [f32; 2];

/// Shortest recording that is repeated, in samples: 1 s. Below that a loop is a buzz.
const SHORTEST_LOOP_SAMPLES: usize = SAMPLE_RATE as usize;

/// A recording that cannot become a soundtrack.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SoundError {
    /// It is no sound file, or of a kind that is not read.
    #[error("it is none of WAV, MP3, AAC (bare or in MP4), FLAC and Ogg (Vorbis, Opus or FLAC)")]
    Unknown,
    /// There are pictures that move in it.
    #[error("it holds a video; a file with sound alone is needed")]
    Video,
    /// No stream, or no sample in it.
    #[error("it holds no sound")]
    NoSound,
    /// More of something than is read.
    #[error("its {field} is {found}, allowed is {allowed}")]
    OutOfRange {
        /// What is counted.
        field: &'static str,
        /// What the file has.
        found: i64,
        /// What it may have.
        allowed: &'static str,
    },
    /// More of it is damaged than is whole.
    #[error("it is damaged: {bad_packets} of {packets} parts cannot be decoded")]
    Damaged {
        /// Parts that cannot be decoded.
        bad_packets: u64,
        /// All parts that were tried.
        packets: u64,
    },
    /// It is shorter than the video and too short to be repeated.
    #[error("it lasts {found_ms} ms; to be repeated it has to last at least 1000 ms")]
    TooShort {
        /// Its length in milliseconds.
        found_ms: u64,
    },
    /// A sample is infinite or no number.
    #[error("the sample at {at_ms} ms is no finite number")]
    NotFinite {
        /// Where, in milliseconds.
        at_ms: u64,
    },
}

/// A finished soundtrack.
#[derive(Clone, Debug, PartialEq)]
pub struct Master {
    pub samples: Vec<Stereo>,
    /// How loud it became.
    pub levels: Levels,
}

/// Makes a soundtrack of exactly `length` samples: cut, or repeated with cross-fades; faded in and out; as loud as
/// [`Levels::TARGET_LUFS`] where its peaks allow that.
///
/// # Errors
/// [`SoundError::NoSound`], [`SoundError::TooShort`] and [`SoundError::NotFinite`].
pub fn master(recording: &[Stereo], length: usize) -> Result<Master, SoundError> {
    if recording.is_empty() {
        return Err(SoundError::NoSound);
    }
    if let Some(at) = recording.iter().position(|sample| !sample.iter().all(|value| value.is_finite())) {
        return Err(SoundError::NotFinite { at_ms: milliseconds(at) });
    }
    if recording.len() < length.min(SHORTEST_LOOP_SAMPLES) {
        return Err(SoundError::TooShort { found_ms: milliseconds(recording.len()) });
    }
    let mut samples = repeat::fit(recording, length);
    fade::in_and_out(&mut samples);
    let levels = level::normalise(&mut samples);
    Ok(Master { samples, levels })
}

/// So many samples of nothing.
#[must_use]
pub fn silence(length: usize) -> Vec<Stereo> {
    vec![[0.0; 2]; length]
}

fn milliseconds(samples: usize) -> u64 {
    samples as u64 * 1000 / u64::from(SAMPLE_RATE)
}

#[cfg(test)]
mod tests;

//! Sound files: the one that a template brings along, and any other by its path. They are read whole and not decoded.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use crate::video::soundtrack::Soundtrack;

/// Largest sound file, in bytes: two minutes of uncompressed stereo at twice the usual rate and depth.
const MAX_BYTES: u64 = 64 << 20;

/// Which sound a video gets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Sound {
    /// That of the template, which may have none.
    #[default]
    Template,
    /// A silent track: some players and forms want one.
    Silence,
    /// A sound file, cut or repeated to the video's length, faded, and brought to the usual loudness.
    File(PathBuf),
}

impl Sound {
    /// The soundtrack, unless the template decides.
    pub(super) fn soundtrack(&self) -> Result<Option<Soundtrack>, SoundFileError> {
        match self {
            Self::Template => Ok(None),
            Self::Silence => Ok(Some(Soundtrack::Silence)),
            Self::File(path) => recording(path).map(Some),
        }
    }
}

/// A sound file that cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SoundFileError {
    /// The file system refuses it.
    #[error("cannot read the sound `{}`: {source}", path.display())]
    Unreadable {
        /// Path of the sound.
        path: PathBuf,
        /// What the operating system reported.
        source: io::Error,
    },
    /// It is there, and no file that is read.
    #[error("the sound `{}` cannot be used: {reason}", path.display())]
    Unfit {
        /// Path of the sound.
        path: PathBuf,
        /// What it is, and what would be right.
        reason: String,
    },
}

/// Reads the sound file at `path`.
///
/// # Errors
/// [`SoundFileError`] for what is no regular file, empty, or larger than 64 MiB. A named pipe without a writer is refused
/// at once.
pub(super) fn recording(path: &Path) -> Result<Soundtrack, SoundFileError> {
    let unreadable = |source| SoundFileError::Unreadable { path: path.to_owned(), source };
    let unfit = |reason: String| SoundFileError::Unfit { path: path.to_owned(), reason };
    // Whatever it is, opening it does not wait for anybody.
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let file = File::options().read(true).custom_flags(flags).open(path).map_err(unreadable)?;
    let found = file.metadata().map_err(unreadable)?;
    if !found.is_file() {
        return Err(unfit("it is no regular file".to_owned()));
    }
    let too_large = |bytes: u64| unfit(format!("it has {bytes} bytes, allowed are 1 to {MAX_BYTES}"));
    if !(1..=MAX_BYTES).contains(&found.len()) {
        return Err(too_large(found.len()));
    }
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(too_large(bytes.len() as u64));
    }
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    Ok(Soundtrack::Recording { name, bytes: bytes.into() })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn only_regular_files_of_a_bounded_size_are_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        fs::write(at("good.wav"), b"RIFF").expect("written");
        fs::write(at("empty.wav"), b"").expect("written");
        File::create(at("large.wav")).and_then(|file| file.set_len(MAX_BYTES + 1)).expect("room for a hole");
        rustix::fs::mknodat(rustix::fs::CWD, at("pipe.wav"), rustix::fs::FileType::Fifo, 0o600.into(), 0)
            .expect("made");
        let good = Soundtrack::Recording { name: "good.wav".to_owned(), bytes: b"RIFF".as_slice().into() };
        assert_eq!(recording(&at("good.wav")).expect("readable"), good);
        for (name, words) in [
            ("empty.wav", "0 bytes"),
            ("large.wav", "67108865 bytes"),
            ("pipe.wav", "no regular file"),
            ("", "no regular"),
        ] {
            let error = recording(&at(name)).expect_err(name);
            assert!(matches!(error, SoundFileError::Unfit { .. }) && error.to_string().contains(words), "{error}");
        }
        assert!(matches!(recording(&at("missing.wav")), Err(SoundFileError::Unreadable { .. })));
    }
}

//! Sound files: the one that a template brings along, and any other by its path. They are read whole and not decoded.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use super::{Error, TemplateChoice};
use crate::template::{DOCUMENT_FILE, Template};
use crate::video::soundtrack::Soundtrack;

/// Largest sound file, in bytes: two minutes of uncompressed stereo at twice the usual rate and depth.
const LARGEST_BYTES: u64 = 64 << 20;

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
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is there, and no file that is read.
    #[error("the sound `{}` cannot be used: {reason}", path.display())]
    Unfit {
        /// The file.
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
fn recording(path: &Path) -> Result<Soundtrack, SoundFileError> {
    let unreadable = |source| SoundFileError::Unreadable { path: path.to_owned(), source };
    let unfit = |reason: String| SoundFileError::Unfit { path: path.to_owned(), reason };
    // Whatever it is, opening it does not wait for anybody.
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let file = File::options().read(true).custom_flags(flags).open(path).map_err(unreadable)?;
    let found = file.metadata().map_err(unreadable)?;
    if !found.is_file() {
        return Err(unfit("it is no regular file".to_owned()));
    }
    let too_large = |bytes: u64| unfit(format!("it has {bytes} bytes, allowed are 1 to {LARGEST_BYTES}"));
    if !(1..=LARGEST_BYTES).contains(&found.len()) {
        return Err(too_large(found.len()));
    }
    let mut bytes = Vec::new();
    file.take(LARGEST_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > LARGEST_BYTES {
        return Err(too_large(bytes.len() as u64));
    }
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    Ok(Soundtrack::Recording { name, bytes: bytes.into() })
}

/// The sound that a template names; it lies in the template's folder, also after all symbolic links.
pub(super) fn of_template(choice: &TemplateChoice, template: &Template) -> Result<Option<Soundtrack>, Error> {
    let Some(name) = &template.document().audio else { return Ok(None) };
    let problem = |reason: String| Error::Template(template.problem(DOCUMENT_FILE, "/audio", reason).into());
    let TemplateChoice::Folder(folder) = choice else {
        return Err(problem("a template that is built in has no sound of its own".to_owned()));
    };
    let missing = |error: io::Error| problem(format!("there is no file `{name}` beside {DOCUMENT_FILE}: {error}"));
    let path = fs::canonicalize(folder.join(name)).map_err(missing)?;
    if !fs::canonicalize(folder).is_ok_and(|folder| path.starts_with(folder)) {
        return Err(problem(format!("`{name}` leads out of the template's folder")));
    }
    match recording(&path) {
        Ok(sound) => Ok(Some(sound)),
        Err(SoundFileError::Unfit { reason, .. }) => Err(problem(format!("`{name}` cannot be used: {reason}"))),
        Err(error @ SoundFileError::Unreadable { .. }) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_regular_files_of_a_bounded_size_are_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        fs::write(at("good.wav"), b"RIFF").expect("written");
        fs::write(at("empty.wav"), b"").expect("written");
        File::create(at("large.wav")).and_then(|file| file.set_len(LARGEST_BYTES + 1)).expect("room for a hole");
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

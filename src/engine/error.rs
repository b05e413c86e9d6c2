//! What can be wrong with a quote, a template or the machine before a video can be written, and while it is.

use std::io;
use std::path::PathBuf;

use rayon::ThreadPoolBuildError;

use super::{FolderError, PackError, SoundFileError};
use crate::compose::scene::ComposeError;
use crate::draw::raster::TooCostly;
use crate::ground::problem::Problems;
use crate::template::TemplateError;

/// No video: what is wrong, and with what.
///
/// [`Error::Quote`], [`Error::Template`] and most of the others are about the input: the same input fails again.
/// [`Error::is_system`] tells the rest apart, where trying again may help.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The quote's file cannot be read.
    #[error("cannot read the quote `{}`: {source}", path.display())]
    Read {
        /// Path of the quote's file.
        path: PathBuf,
        /// What the operating system reported.
        source: io::Error,
    },
    /// The quote has errors. All problems are listed, each with its JSON pointer, warnings included.
    #[error("{0}")]
    Quote(Problems),
    /// The template has errors or does not exist.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The template's folder cannot be read.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The folder of fonts cannot be used.
    #[error(transparent)]
    Fonts(#[from] PackError),
    /// A sound file cannot be read.
    #[error(transparent)]
    Sound(#[from] SoundFileError),
    /// Template and quote do not go together.
    #[error(transparent)]
    Compose(ComposeError),
    /// Drawing the video would take more memory or time than a render may.
    #[error(transparent)]
    TooCostly(#[from] TooCostly),
    /// The machine gives no threads.
    #[error("cannot start threads: {0}")]
    Threads(#[from] ThreadPoolBuildError),
    /// A still picture could not be encoded.
    #[error(transparent)]
    Still(#[from] crate::draw::stills::StillError),
    /// Rendering or writing the video failed.
    #[cfg(feature = "ffmpeg")]
    #[error(transparent)]
    Render(#[from] crate::video::pipeline::RenderError),
    /// The teaser could not be made.
    #[cfg(feature = "ffmpeg")]
    #[error(transparent)]
    Teaser(#[from] super::TeaserError),
}

impl Error {
    /// Whether the machine failed and not the input, so that trying again may help.
    #[must_use]
    pub fn is_system(&self) -> bool {
        match self {
            Self::Read { .. } | Self::Threads(_) | Self::Folder(FolderError::Unreadable { .. }) => true,
            Self::Fonts(error) => error.is_system(),
            Self::Sound(error) => matches!(error, SoundFileError::Unreadable { .. }),
            #[cfg(feature = "ffmpeg")]
            Self::Render(error) => !error.is_user_fault(),
            _ => false,
        }
    }
}

impl From<ComposeError> for Error {
    fn from(error: ComposeError) -> Self {
        match error {
            ComposeError::Template(error) => Self::Template(error),
            other => Self::Compose(other),
        }
    }
}

//! The choice of a template, built in or in a folder, and what lies beside it there.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::sound::{SoundFileError, recording};
use super::{Error, folder};
use crate::template::{DOCUMENT_FILE, Template, TemplateFiles, builtin_files};
use crate::video::soundtrack::Soundtrack;

/// Which template to use. Text becomes the name of a built-in one, a path a folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TemplateChoice {
    /// A built-in one, by name; [`builtin_names`](crate::template::builtin_names) lists them.
    Builtin(String),
    /// A folder with a `template.json`.
    Folder(PathBuf),
}

impl From<&str> for TemplateChoice {
    fn from(name: &str) -> Self {
        Self::Builtin(name.to_owned())
    }
}

impl From<String> for TemplateChoice {
    fn from(name: String) -> Self {
        Self::Builtin(name)
    }
}

impl From<&Path> for TemplateChoice {
    fn from(folder: &Path) -> Self {
        Self::Folder(folder.to_owned())
    }
}

impl From<PathBuf> for TemplateChoice {
    fn from(folder: PathBuf) -> Self {
        Self::Folder(folder)
    }
}

impl TemplateChoice {
    /// Reads and checks the template.
    ///
    /// # Errors
    /// [`Error::Template`] and [`Error::Folder`].
    pub fn load(&self) -> Result<Template, Error> {
        Ok(Template::parse(&self.files()?)?)
    }

    /// The template's files, unchecked.
    pub(super) fn files(&self) -> Result<TemplateFiles, Error> {
        match self {
            Self::Builtin(name) => Ok(builtin_files(name)?),
            Self::Folder(path) => Ok(folder::read(path)?),
        }
    }

    /// The sound that a template names; it lies in the template's folder, also after all symbolic links.
    pub(super) fn soundtrack(&self, template: &Template) -> Result<Option<Soundtrack>, Error> {
        let Some(name) = &template.document().audio else { return Ok(None) };
        let problem = |reason: String| Error::Template(template.problem(DOCUMENT_FILE, "/audio", reason).into());
        let TemplateChoice::Folder(folder) = self else {
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
}

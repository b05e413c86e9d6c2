//! The templates a worker knows: the built-in ones and, by name, those of its folder; and the fonts they are set in.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use super::error::WorkerError;
use crate::queue::TemplateVersion;
use quotereel::fonts::inspect_pack;
use quotereel::template::{self, Template};
use quotereel::{TemplateChoice, render_version};

/// A template of this worker, read and checked.
#[derive(Debug)]
pub(super) struct KnownTemplate {
    /// Where its files are, for the child that renders.
    pub(super) choice: TemplateChoice,
    /// Its version: equal versions make equal videos.
    pub(super) render_version: String,
    /// Its content when the worker started.
    pub(super) template: Template,
}

/// The templates that jobs may name.
#[derive(Debug)]
pub(super) struct Templates(BTreeMap<String, KnownTemplate>);

impl Templates {
    pub(super) fn get(&self, name: &str) -> Option<&KnownTemplate> {
        self.0.get(name)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// All versions, for the database.
    pub(super) fn versions(&self) -> Vec<TemplateVersion> {
        let version = |(template, known): (&String, &KnownTemplate)| TemplateVersion {
            template: template.clone(),
            render_version: known.render_version.clone(),
        };
        self.0.iter().map(version).collect()
    }
}

/// Names of the built-in templates and of those in `folder`, unread.
///
/// # Errors
/// Where the folder cannot be listed.
pub fn template_names(folder: Option<&Path>) -> io::Result<Vec<String>> {
    let mut names: Vec<String> = template::builtin_names().map(str::to_owned).collect();
    if let Some(folder) = folder {
        names.extend(in_folder(folder)?.into_iter().map(|(name, _)| name));
    }
    Ok(names)
}

/// The folders of templates in a folder, by name.
fn in_folder(folder: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.join("template.json").is_file() {
            found.push((path.file_name().unwrap_or_default().to_string_lossy().into_owned(), path));
        }
    }
    Ok(found)
}

/// Reads and checks all templates, and the fonts: what is broken stops a worker when it starts, and not job by job.
pub(super) fn load(folder: Option<&Path>, fonts: Option<&Path>) -> Result<Templates, WorkerError> {
    if let Some(fonts) = fonts {
        inspect_pack(fonts, &[])?;
    }
    let mut choices: BTreeMap<String, TemplateChoice> =
        template::builtin_names().map(|name| (name.to_owned(), TemplateChoice::Builtin(name.to_owned()))).collect();
    if let Some(folder) = folder {
        let broken = |reason: std::io::Error| WorkerError::Template {
            name: folder.display().to_string(),
            reason: reason.to_string(),
        };
        let found = in_folder(folder).map_err(broken)?;
        choices.extend(found.into_iter().map(|(name, path)| (name, TemplateChoice::Folder(path))));
    }
    let read = |(name, choice): (String, TemplateChoice)| {
        let known = choice.load().and_then(|template| Ok((template, render_version(&choice, fonts)?)));
        match known {
            Ok((template, render_version)) => Ok((name, KnownTemplate { choice, render_version, template })),
            Err(error) => Err(WorkerError::Template { name, reason: error.to_string() }),
        }
    };
    choices.into_iter().map(read).collect::<Result<_, _>>().map(Templates)
}

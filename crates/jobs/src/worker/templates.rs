//! The templates a worker knows: the built-in ones and, by name, those of its folder; and the fonts they are set in.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::context::Templates;
use super::error::WorkerError;
use quotereel::fonts::inspect_pack;
use quotereel::{TemplateChoice, render_version, template};

/// All of them, each read and checked once, and the fonts too: what is broken stops a worker at its start and not job by
/// job.
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
        for entry in fs::read_dir(folder).map_err(broken)? {
            let path = entry.map_err(broken)?.path();
            if path.join("template.json").is_file() {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                choices.insert(name, TemplateChoice::Folder(path));
            }
        }
    }
    let mut templates = Templates::default();
    for (name, choice) in choices {
        let read = choice.load().and_then(|_| render_version(&choice, fonts));
        let version = read.map_err(|error| WorkerError::Template { name: name.clone(), reason: error.to_string() })?;
        templates.0.insert(name, (choice, version));
    }
    Ok(templates)
}

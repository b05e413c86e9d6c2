//! Templates from a folder on disk.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::template::{DOCUMENT_FILE, MAX_FILE_BYTES, PARTS_FOLDER, STRINGS_FOLDER, TemplateFiles};

/// Most languages a template may have.
const MAX_LANGUAGES: usize = 200;
/// Most files of parts that are read; a template with more parts is refused by its check.
const MAX_PARTS: usize = 400;

/// A template folder that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// There is no such folder, or it is no folder.
    #[error("template folder `{}` does not exist", path.display())]
    NotFound {
        /// Path that was given.
        path: PathBuf,
    },
    /// The folder has no document.
    #[error("`{}` has no {DOCUMENT_FILE}: a template is a folder with {DOCUMENT_FILE} and {STRINGS_FOLDER}/LANGUAGE.json", path.display())]
    NoDocument {
        /// Path of the template's folder.
        path: PathBuf,
    },
    /// A file cannot be read.
    #[error("cannot read `{}`: {source}", path.display())]
    Unreadable {
        /// Path of the file or folder.
        path: PathBuf,
        /// What the operating system reported.
        source: std::io::Error,
    },
}

/// Reads all files of the template in `path`.
pub(super) fn read(path: &Path) -> Result<TemplateFiles, FolderError> {
    if !path.is_dir() {
        return Err(FolderError::NotFound { path: path.to_owned() });
    }
    let document = path.join(DOCUMENT_FILE);
    if !document.is_file() {
        return Err(FolderError::NoDocument { path: path.to_owned() });
    }
    let strings = read_each(&path.join(STRINGS_FOLDER), MAX_LANGUAGES)?;
    let parts = read_each(&path.join(PARTS_FOLDER), MAX_PARTS)?;
    Ok(TemplateFiles { source: path.display().to_string(), document: read_file(&document)?, strings, parts })
}

/// The JSON files of a folder by their names without extension; none where there is no such folder.
fn read_each(folder: &Path, most: usize) -> Result<BTreeMap<String, Vec<u8>>, FolderError> {
    let mut contents = BTreeMap::new();
    if !folder.is_dir() {
        return Ok(contents);
    }
    let unreadable = |source| FolderError::Unreadable { path: folder.to_owned(), source };
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)?.take(most) {
        files.push(entry.map_err(unreadable)?.path());
    }
    files.sort();
    for file in files.iter().filter(|file| file.is_file() && file.extension().is_some_and(|e| e == "json")) {
        if let Some(name) = file.file_stem().and_then(|stem| stem.to_str()) {
            contents.insert(name.to_owned(), read_file(file)?);
        }
    }
    Ok(contents)
}

/// At most one byte more than a template file may have: enough for the check to say that it is too large.
fn read_file(path: &Path) -> Result<Vec<u8>, FolderError> {
    let unreadable = |source| FolderError::Unreadable { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    let limit = MAX_FILE_BYTES as u64 + 1;
    fs::File::open(path).map_err(unreadable)?.take(limit).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(bytes)
}

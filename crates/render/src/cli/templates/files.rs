//! Which files are meant by the paths given to `render templates fmt`, and their content.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use quotereel::Problem;
use quotereel::template::{DOCUMENT_FILE, MAX_FILE_BYTES, PARTS_FOLDER, STRINGS_FOLDER};

use crate::cli::failure::Failure;

/// Most files of one run: twenty times what all built-in templates have.
const MAX_FILES: usize = 2_000;

/// A file to format.
#[derive(Debug)]
pub(super) struct TemplateFile {
    /// The path as people know it: what was typed and, below a folder, the name in it.
    pub(super) shown: PathBuf,
    /// The file itself, symbolic links resolved.
    pub(super) real: PathBuf,
    /// Its content, or more than a template's file may have.
    pub(super) bytes: Vec<u8>,
}

/// Reads the files that `paths` mean, each once, in the order of the paths, those of a folder by name.
///
/// # Errors
/// [`Failure::Invalid`] for a path that means no file of a template, [`Failure::System`] where one cannot be read.
pub(super) fn read(paths: &[PathBuf]) -> Result<Vec<TemplateFile>, Failure> {
    let mut files = Vec::new();
    let mut seen = BTreeSet::new();
    for path in paths {
        for shown in meant(path)? {
            let real = fs::canonicalize(&shown).map_err(|error| unreadable(&shown, error))?;
            if seen.len() == MAX_FILES {
                return Err(refused(path, format!("more than {MAX_FILES} files"), "fewer at a time"));
            }
            if !seen.insert(real.clone()) {
                continue;
            }
            let bytes = content(&real).map_err(|error| unreadable(&shown, error))?;
            files.push(TemplateFile { shown, real, bytes });
        }
    }
    Ok(files)
}

/// The files that one path means.
fn meant(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    let kind = match fs::metadata(path) {
        Ok(metadata) => metadata.file_type(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let expected = "the path of a template's folder, or of a JSON file";
            return Err(refused(path, "there is no such file or folder".to_owned(), expected));
        }
        Err(error) => return Err(unreadable(path, error)),
    };
    if kind.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    if !kind.is_dir() {
        return Err(refused(path, "it is neither a file nor a folder".to_owned(), "a regular file, or a folder"));
    }
    let root = fs::canonicalize(path).map_err(|error| unreadable(path, error))?;
    let document = path.join(DOCUMENT_FILE);
    let mut files = Vec::new();
    if document.is_file() {
        files.push(document);
        for folder in [STRINGS_FOLDER, PARTS_FOLDER].map(|name| path.join(name)).iter().filter(|folder| folder.is_dir())
        {
            files.extend(json_files(folder)?);
        }
    } else {
        files = json_files(path)?;
    }
    if files.is_empty() {
        let expected = format!("a folder with {DOCUMENT_FILE}, or with other JSON files");
        return Err(refused(path, "a folder without JSON files".to_owned(), &expected));
    }
    for file in &files {
        let real = fs::canonicalize(file).map_err(|error| unreadable(file, error))?;
        if !real.starts_with(&root) {
            let found = format!("a link to {}, outside the folder", real.display());
            return Err(refused(file, found, "files in the folder; name a file elsewhere by its own path"));
        }
    }
    Ok(files)
}

/// The regular JSON files of a folder, by name; one file too many where there are too many.
fn json_files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| unreadable(folder, error))? {
        let path = entry.map_err(|error| unreadable(folder, error))?.path();
        if path.extension().is_some_and(|extension| extension == "json") && path.is_file() {
            files.push(path);
        }
        if files.len() > MAX_FILES {
            break;
        }
    }
    files.sort();
    Ok(files)
}

/// At most one byte more than a template's file may have: enough for the formatter to say that it is too long.
fn content(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_FILE_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn refused(path: &Path, found: String, expected: &str) -> Failure {
    let found = format!("{}: {found}", path.display());
    Failure::Invalid(Problem::error("not_a_template", "", found, expected).into())
}

fn unreadable(path: &Path, error: io::Error) -> Failure {
    Failure::System(anyhow::Error::new(error).context(format!("cannot read {}", path.display())))
}

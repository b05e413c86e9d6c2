//! `render templates export`: writes a built-in template into a folder of its own.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use quotereel::Problem;
use quotereel::files::{folder_of, write_whole};
use quotereel::template::{self, DOCUMENT_FILE, PARTS_FOLDER, STRINGS_FOLDER, TemplateFiles};
use serde_json::json;
use tempfile::TempDir;

use super::args::ExportArgs;
use crate::cli::failure::Failure;
use crate::cli::prepare;
use crate::cli::reporter::Reporter;

/// Writes all files of a template, or none.
///
/// # Errors
/// [`Failure::Invalid`] where there is no such template or the folder is not free, [`Failure::System`] where it cannot be
/// written.
pub(super) fn run(args: &ExportArgs, reporter: Reporter) -> Result<(), Failure> {
    let (name, folder) = (&args.template, &args.folder);
    let template = template::exported(name).map_err(|error| prepare::failure(error.into()))?;
    let files = files_of(&template);
    match state(folder)? {
        State::Absent => create(folder, &files),
        State::Empty => replace(folder, &files),
        State::Full if args.force => replace(folder, &files),
        State::Full => {
            return Err(refused(folder, "a folder that is not empty", "`--force` replaces a template in it"));
        }
        State::NoFolder => return Err(refused(folder, "a file", "a folder cannot replace a file")),
    }
    .with_context(|| format!("cannot write the template into {}", folder.display()))?;
    let names: Vec<String> = files.iter().map(|(name, _)| folder.join(name).display().to_string()).collect();
    let mut lines = String::new();
    for name in &names {
        writeln!(lines, "{name}").expect("a String takes everything");
    }
    reporter.result(true, &lines, json!({ "template": name, "folder": folder, "files": names }))
}

/// The files by their paths in the folder.
fn files_of(template: &TemplateFiles) -> Vec<(PathBuf, &[u8])> {
    let mut files = vec![(PathBuf::from(DOCUMENT_FILE), template.document.as_slice())];
    for (folder, inner) in [(STRINGS_FOLDER, &template.strings), (PARTS_FOLDER, &template.parts)] {
        files.extend(
            inner.iter().map(|(name, bytes)| (Path::new(folder).join(format!("{name}.json")), bytes.as_slice())),
        );
    }
    files
}

/// What is there already.
enum State {
    Absent,
    Empty,
    Full,
    NoFolder,
}

fn state(folder: &Path) -> Result<State, Failure> {
    let looked = match fs::metadata(folder) {
        Ok(metadata) if !metadata.is_dir() => return Ok(State::NoFolder),
        Ok(_) => fs::read_dir(folder),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(State::Absent),
        Err(error) => Err(error),
    };
    let first = looked.and_then(|mut entries| entries.next().transpose());
    let first = first.with_context(|| format!("cannot look into {}", folder.display()))?;
    Ok(if first.is_some() { State::Full } else { State::Empty })
}

fn refused(folder: &Path, found: &str, hint: &str) -> Failure {
    let found = format!("{}: {found}", folder.display());
    let problem = Problem::error("folder_not_free", "", found, "a new or empty folder").with_hint(hint);
    Failure::Invalid(problem.into())
}

/// A folder that gets its name when everything is in it.
fn create(folder: &Path, files: &[(PathBuf, &[u8])]) -> anyhow::Result<()> {
    let parent = folder_of(folder);
    fs::create_dir_all(parent)?;
    let stage = stage(parent)?;
    write(stage.path(), files)?;
    fs::rename(stage.path(), folder)?;
    // It has another name now: nothing is left to delete.
    let _ = stage.keep();
    Ok(())
}

/// The files of a template in a folder that is there, in the place of those of another. Other files in it stay.
fn replace(folder: &Path, files: &[(PathBuf, &[u8])]) -> anyhow::Result<()> {
    const ENTRIES: [&str; 3] = [DOCUMENT_FILE, STRINGS_FOLDER, PARTS_FOLDER];
    let stage = stage(folder)?;
    let (new, old) = (stage.path().join("new"), stage.path().join("old"));
    fs::create_dir(&new)?;
    fs::create_dir(&old)?;
    write(&new, files)?;
    let mut done: Vec<(PathBuf, PathBuf)> = Vec::new();
    for name in ENTRIES {
        for (from, to) in [(folder.join(name), old.join(name)), (new.join(name), folder.join(name))] {
            match fs::rename(&from, &to) {
                Ok(()) => done.push((from, to)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => {
                    // The error that led here is the one to report.
                    done.iter().rev().for_each(|(from, to)| drop(fs::rename(to, from)));
                    return Err(error.into());
                }
            }
        }
    }
    Ok(())
}

/// A folder for unfinished files, which goes when it is dropped.
fn stage(folder: &Path) -> io::Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".quotereel-");
    // A temporary folder is private by default; this one gets what the user's umask gives any new folder.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777));
    builder.tempdir_in(folder)
}

fn write(folder: &Path, files: &[(PathBuf, &[u8])]) -> anyhow::Result<()> {
    for (name, bytes) in files {
        let path = folder.join(name);
        fs::create_dir_all(folder_of(&path))?;
        write_whole(&path, bytes)?;
    }
    Ok(())
}

//! Checks outputs before any work: missing folders, missing permissions, inputs that would be overwritten.
//!
//! They save the wait for a render that cannot be written; writing can still fail later.

use std::fs;
use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::failure::Failure;
use quotereel::files::folder_of;

/// Checks that all `files` can be written, that none of them is one of `inputs`, and that they are distinct.
///
/// # Errors
/// [`Failure::Usage`] where names clash or a folder does not exist, [`Failure::System`] where the file system refuses.
pub(super) fn check<'a>(
    files: impl IntoIterator<Item = &'a Path>,
    inputs: impl IntoIterator<Item = &'a Path>,
) -> Result<(), Failure> {
    let inputs: Vec<PathBuf> = inputs.into_iter().filter_map(|path| fs::canonicalize(path).ok()).collect();
    let mut seen: Vec<PathBuf> = Vec::new();
    for file in files {
        let real = real_path(file)?;
        if inputs.contains(&real) || fs::canonicalize(&real).is_ok_and(|link| inputs.contains(&link)) {
            return Err(Failure::Usage(format!("`{}` is the input: choose another output", file.display())));
        }
        if seen.contains(&real) {
            let message = format!("`{}` would be written twice: give every output its own name", file.display());
            return Err(Failure::Usage(message));
        }
        if real.is_dir() {
            return Err(Failure::Usage(format!("`{}` is a folder: give a file in it", file.display())));
        }
        try_folder(file)?;
        seen.push(real);
    }
    Ok(())
}

/// The file in its canonical folder; the file itself need not exist.
fn real_path(file: &Path) -> Result<PathBuf, Failure> {
    let folder = folder_of(file);
    let real = fs::canonicalize(folder).map_err(|error| no_folder(file, folder, error))?;
    match file.file_name() {
        Some(_) if !real.is_dir() => Err(no_folder(file, folder, io::ErrorKind::NotADirectory.into())),
        Some(name) => Ok(real.join(name)),
        None => Err(Failure::Usage(format!("`{}` is not a file name", file.display()))),
    }
}

/// What it means that the folder of an output cannot be found.
fn no_folder(file: &Path, folder: &Path, error: io::Error) -> Failure {
    let message = format!("cannot write {}: folder {}", file.display(), folder.display());
    match error.kind() {
        io::ErrorKind::NotFound => Failure::Usage(format!("{message} does not exist")),
        io::ErrorKind::NotADirectory => Failure::Usage(format!("{message} is not a folder")),
        _ => Failure::System(anyhow::Error::new(error).context(message)),
    }
}

/// Creates and removes a temporary file in the folder of `file`.
fn try_folder(file: &Path) -> Result<(), Failure> {
    let folder = folder_of(file);
    tempfile::Builder::new()
        .prefix(".quotereel-")
        .tempfile_in(folder)
        .map(drop)
        .with_context(|| format!("cannot write {}: no file can be created in {}", file.display(), folder.display()))?;
    Ok(())
}

/// Refuses binary output to a terminal.
///
/// # Errors
/// [`Failure::Usage`] when stdout is one.
pub(super) fn refuse_terminal() -> Result<(), Failure> {
    if io::stdout().is_terminal() {
        return Err(Failure::Usage(
            "this would write binary data to a terminal: redirect it or name a file".to_owned(),
        ));
    }
    Ok(())
}

/// Copies a finished file to stdout.
///
/// # Errors
/// [`Failure::System`].
pub(super) fn copy_to_stdout(mut file: fs::File) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let length = file.read(&mut buffer).context("cannot read the finished video back")?;
        if length == 0 {
            return stdout.flush().map_err(write_failure);
        }
        stdout.write_all(&buffer[..length]).map_err(write_failure)?;
    }
}

/// Writes a picture or teaser to stdout.
///
/// # Errors
/// [`Failure::System`].
pub(super) fn write_to_stdout(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(write_failure)
}

/// The failure of a write to stdout. A reader that leaves before the end of a video or picture is an error, unlike one that
/// has read enough of a text.
fn write_failure(error: io::Error) -> Failure {
    Failure::System(anyhow::Error::new(error).context("cannot write to stdout"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_is_never_overwritten_even_through_a_link() {
        let folder = tempfile::tempdir().expect("a folder");
        let quote = folder.path().join("q.json");
        fs::write(&quote, "{}").expect("written");
        let link = folder.path().join("q.mp4");
        std::os::unix::fs::symlink(&quote, &link).expect("linked");
        for file in
            [&quote, &link, &folder.path().join("../").join(folder.path().file_name().expect("named")).join("q.json")]
        {
            let refused = check([file.as_path()], [quote.as_path()]);
            assert!(matches!(refused, Err(Failure::Usage(_))), "{}", file.display());
        }
    }

    #[test]
    fn two_spellings_of_one_output_are_found() {
        let folder = tempfile::tempdir().expect("a folder");
        let (one, other) = (folder.path().join("a.jpg"), folder.path().join("./a.jpg"));
        assert!(matches!(check([one.as_path(), other.as_path()], []), Err(Failure::Usage(_))));
        assert!(check([one.as_path()], []).is_ok());
        assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), 0, "the trial files are gone");
    }

    #[test]
    fn a_folder_that_is_not_there_is_wrong_usage() {
        let missing = Path::new("/nowhere/at/all.mp4");
        assert!(matches!(check([missing], []), Err(Failure::Usage(_))));
    }
}

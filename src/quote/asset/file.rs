//! Pictures from the folder of a snapshot: inside it after all symbolic links, regular files only, capped in size; and
//! objects of object storage that lie in files.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;

use super::AssetError;

/// The bytes of the file at `path`, which is taken relative to `base_dir`.
///
/// The file type is looked at before opening, so that a named pipe cannot block. Between the two the file could be
/// swapped by somebody who may write to the folder; that folder belongs to the user who starts the program.
///
/// # Errors
/// [`AssetError::OutsideFolder`], [`AssetError::BadFile`] or [`AssetError::TooManyBytes`].
pub(super) fn read(
    path: &Path,
    base_dir: Option<&Path>,
    source_name: &str,
    max_bytes: u64,
) -> Result<Vec<u8>, AssetError> {
    let bad = |reason: String| AssetError::BadFile { source_name: source_name.to_owned(), reason };
    let base_dir = base_dir.ok_or_else(|| bad("files are not allowed here; use url, data or key".to_owned()))?;
    let base_dir =
        fs::canonicalize(base_dir).map_err(|e| bad(format!("the folder of the snapshot cannot be opened ({e})")))?;
    let path = fs::canonicalize(base_dir.join(path)).map_err(|e| bad(format!("the file cannot be opened ({e})")))?;
    if !path.starts_with(&base_dir) {
        return Err(AssetError::OutsideFolder { source_name: source_name.to_owned() });
    }
    read_regular(&path, source_name, max_bytes)
}

/// The bytes of the regular file at `path`, wherever it is.
///
/// # Errors
/// [`AssetError::BadFile`] or [`AssetError::TooManyBytes`].
pub(super) fn read_regular(path: &Path, source_name: &str, max_bytes: u64) -> Result<Vec<u8>, AssetError> {
    let too_many = || AssetError::TooManyBytes { source_name: source_name.to_owned(), limit_bytes: max_bytes };
    let bad = |reason: String| AssetError::BadFile { source_name: source_name.to_owned(), reason };
    let unreadable = |e: std::io::Error| bad(format!("the file cannot be read ({e})"));
    let found = fs::metadata(path).map_err(unreadable)?;
    if !found.is_file() {
        return Err(bad("not a regular file".to_owned()));
    }
    if found.len() > max_bytes {
        return Err(too_many());
    }
    let mut bytes = Vec::new();
    File::open(path)
        .map_err(unreadable)?
        .take(max_bytes.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() as u64 > max_bytes { Err(too_many()) } else { Ok(bytes) }
}

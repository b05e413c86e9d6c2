//! Free space on a disk, and the error of a write that lacked it. Nothing is written here.

use std::io::{self, ErrorKind};
use std::path::Path;

use super::RenderError;
use crate::video::encode::EncodeError;

/// The folder a file lies in; the current one where the path names none.
#[must_use]
pub fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Bytes that this process may still write to the disk that `folder` lies on.
///
/// # Errors
/// If the file system does not say.
pub fn free_bytes(folder: &Path) -> io::Result<u64> {
    let volume = rustix::fs::statvfs(folder)?;
    Ok(volume.f_bavail.saturating_mul(volume.f_frsize))
}

/// The error of a full disk, with how much room the output takes and how much there is; every other error as it is.
///
/// To be called when the unfinished files are gone: until then they take the room that is asked about.
pub(super) fn with_room(error: RenderError, output: &Path, needed_bytes: u64) -> RenderError {
    let (target, cause) = match &error {
        RenderError::Write { target, source } => (target.clone(), source.kind()),
        RenderError::Encode(EncodeError::Write { source, .. }) => (output.display().to_string(), source.kind()),
        _ => return error,
    };
    let is_full = matches!(cause, ErrorKind::StorageFull | ErrorKind::QuotaExceeded);
    match free_bytes(folder_of(Path::new(&target))) {
        Ok(free_bytes) if is_full && needed_bytes > 0 => RenderError::DiskFull { target, needed_bytes, free_bytes },
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_full_disk_is_told_with_its_room() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x.mp4");
        let write = |kind: ErrorKind| RenderError::Write { target: path.display().to_string(), source: kind.into() };
        let error = with_room(write(ErrorKind::StorageFull), &path, 7);
        assert!(matches!(error, RenderError::DiskFull { needed_bytes: 7, .. }), "{error}");
        let muxed = EncodeError::Write { path: folder.path().join("y.part"), source: ErrorKind::StorageFull.into() };
        assert!(
            with_room(muxed.into(), &path, 7).to_string().contains("x.mp4"),
            "the file that was asked for is named"
        );
        for untouched in [write(ErrorKind::PermissionDenied), RenderError::Cancelled] {
            assert!(!matches!(with_room(untouched, &path, 7), RenderError::DiskFull { .. }));
        }
    }

    #[test]
    fn a_file_without_a_folder_lies_in_the_current_one() {
        assert_eq!(folder_of(Path::new("x.mp4")), Path::new("."));
        assert_eq!(folder_of(Path::new("a/x.mp4")), Path::new("a"));
    }
}

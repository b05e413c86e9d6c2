//! The files of a render in its output folder, finished or not.

use std::fs;
use std::path::Path;

use super::super::spool::{THUMBNAIL_FILE, VIDEO_FILE};

/// Removes whatever a render may have left, as far as that can be done: the folder is the spool's, which sweeps again
/// at its next start.
pub(super) fn remove(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        // Names that `pipeline` gives to files at work.
        let unfinished = name.starts_with(".quotereel-") && name.ends_with(".part");
        if unfinished || name == VIDEO_FILE || name == THUMBNAIL_FILE {
            let _ = fs::remove_file(entry.path());
        }
    }
}

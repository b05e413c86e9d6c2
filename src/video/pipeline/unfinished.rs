//! Names of this process's unfinished files, so that a program that has to end at once can still remove them. In every
//! other case the writer of a file removes it.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::ground::lock::lock;

/// One list for the process: a signal that ends it knows no render in particular.
static NAMES: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Keeps a name on the list of unfinished files while it lives. Made before, and dropped after, the file's owner.
#[derive(Debug)]
pub struct Unfinished(PathBuf);

impl Unfinished {
    /// Makes a file or folder and lists its name, with no moment in between.
    ///
    /// # Errors
    /// What `make` reports.
    pub fn list<T, E>(make: impl FnOnce() -> Result<T, E>, name: impl FnOnce(&T) -> &Path) -> Result<(T, Self), E> {
        let mut names = lock(&NAMES);
        let made = make()?;
        let name = name(&made).to_owned();
        names.push(name.clone());
        Ok((made, Self(name)))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let mut names = lock(&NAMES);
        if let Some(place) = names.iter().rposition(|name| *name == self.0) {
            names.remove(place);
        }
    }
}

/// Removes every unfinished file and empty folder of the process, then calls `end`, which is to end it: until `end`
/// returns, no new one can be made.
pub fn remove_unfinished(end: impl FnOnce()) {
    let names = lock(&NAMES);
    // Files lie in folders listed before them. One that has just got its final name is no longer there, and stays.
    for name in names.iter().rev() {
        let _ = std::fs::remove_file(name).or_else(|_| std::fs::remove_dir(name));
    }
    end();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_listed_is_removed_with_its_folder_and_nothing_else() {
        let root = tempfile::tempdir().expect("a folder");
        let make = |name: &str| {
            let path = root.path().join(name);
            Unfinished::list(|| std::fs::write(&path, "x").map(|()| path.clone()), PathBuf::as_path).expect("made")
        };
        let (inner, _folder) = Unfinished::list(
            || std::fs::create_dir(root.path().join("f")).map(|()| root.path().join("f")),
            PathBuf::as_path,
        )
        .expect("made");
        let (part, _listed) = make("f/part");
        let (kept, listed) = make("kept");
        drop(listed);
        let mut ended = false;
        remove_unfinished(|| ended = true);
        assert!(ended && kept.exists() && !part.exists() && !inner.exists());
    }
}

//! The files that a picture is made of, and the wait for one of them to change.
//!
//! Folders are watched, not files: an editor that saves a file by renaming another over it leaves nothing to watch of the
//! old one. Of what happens in a folder only the names of sources count, so that a picture written beside them wakes nobody.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow};
use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use crate::cli::failure::Failure;
use crate::cli::options::Template;
use crate::pipeline::folder_of;
use crate::snapshot::{AssetRef, Snapshot};
use crate::template::{DOCUMENT_FILE, STRINGS_FOLDER};

/// How long nothing may happen before a burst of changes counts as over.
const QUIET: Duration = Duration::from_millis(20);
/// How long a burst is waited for, however long it goes on.
const LONGEST_BURST: Duration = Duration::from_millis(100);
/// How long a snapshot may be missing: an editor that moves the old one away first is about to bring the new one.
const MISSING: Duration = Duration::from_millis(300);

/// What the operating system reported, and when.
type Report = (Instant, notify::Result<Event>);

/// The sources of one picture, watched.
pub(super) struct Sources {
    watcher: RecommendedWatcher,
    reports: Receiver<Report>,
    snapshot: PathBuf,
    template: Option<PathBuf>,
    /// Names as they were given and, where those are links, as they are.
    files: BTreeSet<PathBuf>,
    pictures: BTreeSet<PathBuf>,
}

impl Sources {
    /// Begins to watch the snapshot, and the template where it is a folder.
    ///
    /// # Errors
    /// [`Failure::System`] where a folder cannot be watched or the snapshot is not there.
    pub(super) fn watch(snapshot: &Path, template: &Template) -> Result<Self, Failure> {
        fs::metadata(snapshot).with_context(|| format!("cannot read the snapshot {}", snapshot.display()))?;
        let (send, reports) = channel();
        let watcher = notify::recommended_watcher(move |event| {
            // After the last wait nobody listens any more.
            let _ = send.send((Instant::now(), event));
        });
        let template = match template {
            Template::Builtin(_) => None,
            // One that is not there is told by whoever reads it first.
            Template::Folder(folder) => fs::canonicalize(folder).ok(),
        };
        let mut sources = Self {
            watcher: watcher.context("cannot watch files")?,
            reports,
            snapshot: snapshot.to_owned(),
            template,
            files: names_of(snapshot),
            pictures: BTreeSet::new(),
        };
        sources.watch_folders()?;
        Ok(sources)
    }

    /// From now on the local pictures of `snapshot` are sources, and those of the one before are not.
    ///
    /// # Errors
    /// [`Failure::System`] where a folder cannot be watched.
    pub(super) fn follow_pictures(&mut self, snapshot: &Snapshot) -> Result<(), Failure> {
        let base = folder_of(&self.snapshot);
        let files = snapshot.asset_refs().into_iter().filter_map(|(_, asset)| match asset {
            AssetRef::File(file) => Some(base.join(file)),
            AssetRef::Url(_) | AssetRef::Data(_) | AssetRef::Key(_) => None,
        });
        self.pictures = files.flat_map(|file| names_of(&file)).collect();
        self.watch_folders()
    }

    /// Watches every folder in which a source lies. Doing so again takes up folders that have been replaced.
    fn watch_folders(&mut self) -> Result<(), Failure> {
        let strings = self.template.as_ref().map(|folder| folder.join(STRINGS_FOLDER));
        let files = self.files.iter().chain(&self.pictures).filter_map(|file| file.parent());
        let folders: BTreeSet<&Path> = files.chain(self.template.as_deref()).chain(strings.as_deref()).collect();
        // One that is not there belongs to a picture that is missing, of which a warning has told.
        for folder in folders.into_iter().filter(|folder| folder.is_dir()) {
            self.watcher
                .watch(folder, RecursiveMode::NonRecursive)
                .with_context(|| format!("cannot watch {}", folder.display()))?;
        }
        Ok(())
    }

    /// Waits for a source to change and for the burst of changes to end; returns when the first of them was seen.
    ///
    /// # Errors
    /// [`Failure::System`] where the operating system reports no more.
    pub(super) fn next_change(&mut self) -> Result<Instant, Failure> {
        let first = loop {
            let report = self.reports.recv().map_err(|_| anyhow!("files are no longer watched"))?;
            if self.concerns(&report) {
                break report.0;
            }
        };
        self.gather(first, QUIET);
        if !self.snapshot.exists() {
            self.gather(first, MISSING);
        }
        self.watch_folders()?;
        Ok(first)
    }

    /// Takes what follows a change, until nothing has for `quiet` or the burst has lasted too long.
    fn gather(&self, first: Instant, quiet: Duration) {
        let end = first + quiet.max(LONGEST_BURST);
        let mut quiet_at = Instant::now() + quiet;
        loop {
            let wait = quiet_at.min(end).saturating_duration_since(Instant::now());
            match self.reports.recv_timeout(wait) {
                Ok(report) if self.concerns(&report) => quiet_at = Instant::now() + QUIET,
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Whether a source may have changed. Where the operating system lost count, any may.
    fn concerns(&self, (_, report): &Report) -> bool {
        let Ok(event) = report else { return true };
        let written = matches!(event.kind, EventKind::Access(AccessKind::Close(AccessMode::Write)));
        if matches!(event.kind, EventKind::Access(_)) && !written {
            return false;
        }
        event.need_rescan() || event.paths.iter().any(|path| self.is_source(path))
    }

    fn is_source(&self, path: &Path) -> bool {
        let of_template = |folder: &Path| {
            let strings = folder.join(STRINGS_FOLDER);
            let is_json = path.extension().is_some_and(|extension| extension == "json");
            path == folder.join(DOCUMENT_FILE) || path == strings || is_json && path.starts_with(&strings)
        };
        self.files.contains(path) || self.pictures.contains(path) || self.template.as_deref().is_some_and(of_template)
    }
}

/// A file by its name in its real folder and, where it is a link, by the name of what it leads to.
fn names_of(file: &Path) -> BTreeSet<PathBuf> {
    let in_folder =
        fs::canonicalize(folder_of(file)).ok().zip(file.file_name()).map(|(folder, name)| folder.join(name));
    in_folder.into_iter().chain(fs::canonicalize(file).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with a snapshot and a template, watched.
    fn watched() -> (tempfile::TempDir, Sources) {
        let root = tempfile::tempdir().expect("a folder");
        let place = |name: &str| root.path().join(name);
        fs::create_dir_all(place("mine/strings")).expect("made");
        for file in ["q.json", "mine/template.json", "mine/strings/es.json"] {
            fs::write(place(file), "{}").expect("written");
        }
        let sources = Sources::watch(&place("q.json"), &Template::Folder(place("mine"))).expect("watched");
        (root, sources)
    }

    /// Whether anything was reported that concerns the picture, by the time a change of the snapshot is.
    fn reported_before_the_snapshot(sources: &Sources, root: &Path) -> bool {
        let last = fs::canonicalize(root).expect("there").join("q.json");
        fs::write(&last, "{}").expect("written");
        loop {
            let report = sources.reports.recv_timeout(Duration::from_secs(20)).expect("reports come");
            if report.1.as_ref().is_ok_and(|event| event.paths.contains(&last)) {
                return false;
            }
            if sources.concerns(&report) {
                return true;
            }
        }
    }

    #[test]
    fn sources_count_and_their_neighbours_do_not() {
        for (name, counts) in [
            ("mine/template.json", true),
            ("mine/strings/pt.json", true),
            ("q.png", false),
            (".quotereel-abc.part", false),
            ("mine/preview.png", false),
            ("mine/strings/notes.txt", false),
        ] {
            let (root, sources) = watched();
            fs::write(root.path().join(name), "x").expect("written");
            assert_eq!(reported_before_the_snapshot(&sources, root.path()), counts, "{name}");
        }
    }

    #[test]
    fn reading_a_source_is_no_change() {
        let (root, sources) = watched();
        fs::read(root.path().join("mine/template.json")).expect("readable");
        assert!(!reported_before_the_snapshot(&sources, root.path()));
    }

    #[test]
    fn a_renamed_replacement_and_what_a_link_leads_to_are_seen() {
        let (root, mut sources) = watched();
        fs::write(root.path().join("q.json.new"), "{ }").expect("written");
        fs::rename(root.path().join("q.json.new"), root.path().join("q.json")).expect("renamed");
        sources.next_change().expect("seen");

        fs::create_dir(root.path().join("elsewhere")).expect("made");
        fs::write(root.path().join("elsewhere/real.json"), "{}").expect("written");
        std::os::unix::fs::symlink(root.path().join("elsewhere/real.json"), root.path().join("link.json"))
            .expect("linked");
        let mut linked =
            Sources::watch(&root.path().join("link.json"), &Template::Builtin("any".to_owned())).expect("watched");
        fs::write(root.path().join("elsewhere/real.json"), "{ }").expect("written");
        linked.next_change().expect("seen");
    }

    #[test]
    fn a_snapshot_that_is_not_there_cannot_be_watched() {
        let missing = Path::new("/nowhere/at/all.json");
        assert!(matches!(Sources::watch(missing, &Template::Builtin(String::new())), Err(Failure::System(_))));
    }
}

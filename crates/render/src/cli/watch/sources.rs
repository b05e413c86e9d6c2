//! The files that a picture is made of, and waiting for changes of them.
//!
//! Folders are watched, not files: an editor that saves a file by renaming another over it leaves nothing to watch of the
//! old one. Of what happens in a folder only the names of sources count, so that a picture written beside them causes no work.
//! Changes that are not reported (a folder deleted and created again, a changed link further up, a network disk) are found by
//! checking all sources each second.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow};
use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use crate::cli::failure::{Failure, unreadable};
use quotereel::TemplateChoice;
use quotereel::files::folder_of;
use quotereel::snapshot::{AssetRef, Snapshot};
use quotereel::template::{DOCUMENT_FILE, PARTS_FOLDER, STRINGS_FOLDER};

/// A burst of changes is over after this time without any.
const QUIET: Duration = Duration::from_millis(20);
/// Maximum wait for the end of a burst.
const MAX_BURST: Duration = Duration::from_millis(100);
/// Grace for a missing quote or template: some editors move the old file away before they write the new one.
const MISSING: Duration = Duration::from_millis(300);
/// Interval of checks of all sources, a few dozen `stat` calls each.
const LOOK: Duration = Duration::from_secs(1);

/// A report of the operating system, with its time.
type Report = (Instant, notify::Result<Event>);

/// State of a file: device, inode, length, modification time in seconds and nanoseconds.
type Stamp = (u64, u64, u64, i64, i64);

/// The sources of one picture, watched.
pub(super) struct Sources {
    watcher: RecommendedWatcher,
    reports: Receiver<Report>,
    snapshot: PathBuf,
    /// The template's folder, as it was given.
    template: Option<PathBuf>,
    pictures: BTreeSet<PathBuf>,
    /// Where the template's folder is now, links followed.
    folder: Option<PathBuf>,
    /// The template's sound file by its name in that folder; the last one where the document cannot be read.
    sound: Option<String>,
    /// Names of sources as they were given and, where those are links, as they are.
    names: BTreeSet<PathBuf>,
    /// The sources that were there at the last look.
    seen: BTreeMap<PathBuf, Stamp>,
    seen_at: Instant,
}

impl Sources {
    /// Starts to watch the quote, and the template if it is a folder.
    ///
    /// # Errors
    /// [`Failure::NotFound`] where there is no such quote, [`Failure::System`] where a folder cannot be watched.
    pub(super) fn watch(snapshot: &Path, template: &TemplateChoice) -> Result<Self, Failure> {
        fs::metadata(snapshot).map_err(|error| unreadable("the quote", snapshot, error))?;
        let (send, reports) = channel();
        let watcher = notify::recommended_watcher(move |event| {
            // Nobody receives after the last wait.
            let _ = send.send((Instant::now(), event));
        });
        let mut sources = Self {
            watcher: watcher.context("cannot watch files")?,
            reports,
            snapshot: snapshot.to_owned(),
            template: match template {
                TemplateChoice::Builtin(_) => None,
                TemplateChoice::Folder(folder) => Some(folder.clone()),
            },
            pictures: BTreeSet::new(),
            folder: None,
            sound: None,
            names: BTreeSet::new(),
            seen: BTreeMap::new(),
            seen_at: Instant::now(),
        };
        sources.resolve()?;
        sources.seen = sources.look();
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
        let before = std::mem::replace(&mut self.pictures, files.collect());
        // The others keep the stamps they had before the picture was made: a change since then is one.
        self.seen.retain(|file, _| self.pictures.contains(file) || !before.contains(file));
        for file in self.pictures.difference(&before) {
            self.seen.extend(stamp_of(file).map(|stamp| (file.clone(), stamp)));
        }
        self.resolve()
    }

    /// Finds out what the names lead to, and watches every folder in which a source or a link to one lies. Doing so again
    /// takes up folders that have been replaced.
    fn resolve(&mut self) -> Result<(), Failure> {
        self.folder = self.template.as_ref().and_then(|folder| fs::canonicalize(folder).ok());
        self.names = self.pictures.iter().chain([&self.snapshot]).flat_map(|file| names_of(file)).collect();
        let mut folders: BTreeSet<PathBuf> = self.names.iter().map(|file| folder_of(file).to_owned()).collect();
        for name in self.template.iter().flat_map(|folder| names_of(folder)) {
            // A folder that may not be read holds no sources; without its reports a look finds the change.
            let _ = self.watcher.watch(folder_of(&name), RecursiveMode::NonRecursive);
            self.names.insert(name);
        }
        if let Some(folder) = &self.folder {
            let document = folder.join(DOCUMENT_FILE);
            self.sound = sound_of(&document, self.sound.take());
            self.names.extend(self.sound.iter().map(|file| folder.join(file)).chain([document]));
            folders.extend([STRINGS_FOLDER, PARTS_FOLDER].map(|inner| folder.join(inner)));
            folders.insert(folder.clone());
        }
        // A missing folder belongs to a missing picture, which a warning has reported.
        for folder in folders.iter().filter(|folder| folder.is_dir()) {
            let watched = self.watcher.watch(folder, RecursiveMode::NonRecursive);
            // It may have been deleted just now.
            if folder.is_dir() {
                watched.with_context(|| format!("cannot watch {}", folder.display()))?;
            }
        }
        Ok(())
    }

    /// Every source that is there, and its state.
    fn look(&self) -> BTreeMap<PathBuf, Stamp> {
        let mut files: Vec<PathBuf> = self.pictures.iter().chain([&self.snapshot]).cloned().collect();
        if let Some(folder) = &self.template {
            files.extend([DOCUMENT_FILE].into_iter().chain(self.sound.as_deref()).map(|file| folder.join(file)));
            for inner in [STRINGS_FOLDER, PARTS_FOLDER] {
                let entries = fs::read_dir(folder.join(inner)).into_iter().flatten().flatten();
                files.extend(entries.map(|entry| entry.path()).filter(|file| is_json(file)));
            }
        }
        files.into_iter().filter_map(|file| Some((stamp_of(&file)?, file))).map(|(stamp, file)| (file, stamp)).collect()
    }

    /// Waits for a source to change and for the burst of changes to end; returns when the first of them was seen.
    ///
    /// # Errors
    /// [`Failure::System`] where the operating system reports no more.
    pub(super) fn next_change(&mut self) -> Result<Instant, Failure> {
        let first = loop {
            match self.reports.recv_timeout(LOOK.saturating_sub(self.seen_at.elapsed())) {
                Ok(report) if self.concerns(&report) => break report.0,
                Err(RecvTimeoutError::Disconnected) => return Err(anyhow!("files are no longer watched").into()),
                Ok(_) | Err(RecvTimeoutError::Timeout) => {}
            }
            if self.seen_at.elapsed() >= LOOK {
                self.seen_at = Instant::now();
                if self.look() != self.seen {
                    break self.seen_at;
                }
            }
        };
        self.gather(first, QUIET);
        let document = self.template.as_ref().map(|folder| folder.join(DOCUMENT_FILE));
        if !self.snapshot.exists() || document.is_some_and(|document| !document.exists()) {
            self.gather(first, MISSING);
        }
        self.resolve()?;
        // Before anything is read: what changes from now on is seen again.
        (self.seen, self.seen_at) = (self.look(), Instant::now());
        Ok(first)
    }

    /// Takes what follows a change, until nothing has for `quiet` or the burst has lasted too long.
    fn gather(&self, first: Instant, quiet: Duration) {
        let end = first + quiet.max(MAX_BURST);
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
            [STRINGS_FOLDER, PARTS_FOLDER].into_iter().any(|inner| {
                let inner = folder.join(inner);
                path == inner || is_json(path) && path.starts_with(&inner)
            })
        };
        self.names.contains(path) || self.folder.as_deref().is_some_and(of_template)
    }
}

/// A file or folder by its name in its real folder and, where it is a link, by the name of what it leads to.
fn names_of(file: &Path) -> BTreeSet<PathBuf> {
    let in_folder =
        fs::canonicalize(folder_of(file)).ok().zip(file.file_name()).map(|(folder, name)| folder.join(name));
    in_folder.into_iter().chain(fs::canonicalize(file).ok()).collect()
}

fn is_json(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "json")
}

/// The sound file that a template's document names, whatever else is wrong with it; `last` if it is not JSON.
fn sound_of(document: &Path, last: Option<String>) -> Option<String> {
    let json: Option<serde_json::Value> = fs::read(document).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    json.map_or(last, |json| json["audio"].as_str().map(str::to_owned))
}

/// The state of a file, links followed; `None` if it does not exist.
fn stamp_of(file: &Path) -> Option<Stamp> {
    let about = fs::metadata(file).ok()?;
    Some((about.dev(), about.ino(), about.size(), about.mtime(), about.mtime_nsec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with a snapshot and a template, watched.
    fn watched() -> (tempfile::TempDir, Sources) {
        let root = tempfile::tempdir().expect("a folder");
        let place = |name: &str| root.path().join(name);
        fs::create_dir_all(place("mine/strings")).expect("made");
        fs::create_dir_all(place("mine/parts")).expect("made");
        for file in ["q.json", "mine/strings/es.json", "mine/parts/row.json"] {
            fs::write(place(file), "{}").expect("written");
        }
        fs::write(place("mine/template.json"), r#"{ "audio": "song.ogg" }"#).expect("written");
        let sources = Sources::watch(&place("q.json"), &TemplateChoice::Folder(place("mine"))).expect("watched");
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
            ("mine/parts/row.json", true),
            ("mine/parts/cell.json", true),
            ("mine/song.ogg", true),
            ("mine/other.ogg", false),
            ("mine/parts/notes.txt", false),
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
        let mut linked = Sources::watch(&root.path().join("link.json"), &TemplateChoice::Builtin("any".to_owned()))
            .expect("watched");
        fs::write(root.path().join("elsewhere/real.json"), "{ }").expect("written");
        linked.next_change().expect("seen");
    }

    /// What is reported about a folder that is gone is over; a look finds the one that comes back, or a link's new end.
    #[test]
    fn folders_that_come_back_and_links_that_lead_elsewhere_are_seen() {
        let (root, _) = watched();
        let place = |name: &str| root.path().join(name);
        std::os::unix::fs::symlink("mine", place("link")).expect("linked");
        fs::create_dir(place("quotes")).expect("made");
        fs::write(place("quotes/q.json"), "{}").expect("written");
        let mut sources =
            Sources::watch(&place("quotes/q.json"), &TemplateChoice::Folder(place("link"))).expect("watched");
        let mut edited = |file: &str| {
            fs::write(place(file), "{ }").expect("written");
            sources.next_change().expect("seen");
            // What is left of it must not stand for the next one.
            while sources.reports.recv_timeout(MISSING).is_ok() {}
            sources.seen = sources.look();
        };
        edited("mine/parts/row.json");

        fs::remove_dir_all(place("mine")).expect("removed");
        fs::create_dir_all(place("mine/parts")).expect("made");
        edited("mine/template.json");
        edited("mine/parts/row.json");

        fs::create_dir_all(place("other/parts")).expect("made");
        fs::remove_file(place("link")).expect("removed");
        std::os::unix::fs::symlink("other", place("link")).expect("linked");
        edited("other/template.json");
        edited("other/parts/new.json");

        fs::rename(place("quotes"), place("gone")).expect("renamed");
        fs::create_dir(place("quotes")).expect("made");
        edited("quotes/q.json");
        edited("quotes/q.json");
    }

    #[test]
    fn a_snapshot_that_is_not_there_cannot_be_watched() {
        let missing = Path::new("/nowhere/at/all.json");
        assert!(matches!(Sources::watch(missing, &TemplateChoice::Builtin(String::new())), Err(Failure::NotFound(_))));
    }
}

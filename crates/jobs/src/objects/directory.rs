//! Objects as files of a folder: one machine, no server. A file's description lies beside it as `.{name}.json`; names
//! that begin with a dot are no objects.
//!
//! A file appears whole or not at all: it is written beside its place, synced, renamed, and its folder synced.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::check::{self, StorageCheck};
use super::error::{Asked, Refusal, StorageError, source_error};
use super::key::ObjectKey;
use super::link::{check_life, percent_encoded};
use super::object::{FileMeta, ListedObject, Listing, StoredObject, copy_hashed};
use super::{ObjectStore, Result, check_limit};

/// Tells the folder from an empty place where it is usually mounted.
const MARKER: &str = ".quotereel-storage";
/// No description of ours is longer.
const MAX_SIDECAR_BYTES: u64 = 4096;
/// Deepest folder that a listing enters; keys have at most 1024 bytes.
const MAX_DEPTH: usize = 32;
/// How often a folder may vanish between its making and its use, by another's delete.
const FOLDER_RACES: usize = 8;

/// The folder.
#[derive(Clone, Debug)]
pub(super) struct Directory {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    root: PathBuf,
    target: String,
}

impl Directory {
    pub(super) async fn open(path: &Path) -> Result<Self> {
        let path = path.to_owned();
        let target = format!("folder `{}`", path.display());
        let opened = blocking({
            let target = target.clone();
            move || {
                let asked = Asked { target: &target, action: "use", key: MARKER };
                let open = || {
                    fs::create_dir_all(&path)?;
                    let root = path.canonicalize()?;
                    File::options().create(true).append(true).open(root.join(MARKER))?.sync_all()?;
                    File::open(&root)?.sync_all()?;
                    Ok(root)
                };
                open().map_err(|error: io::Error| match error.kind() {
                    ErrorKind::NotADirectory | ErrorKind::AlreadyExists => asked.refused(Refusal::Folder, error),
                    _ => io_error(asked, &error),
                })
            }
        });
        let root =
            opened.await.map_err(|error| Asked { target: &target, action: "use", key: "" }.unavailable(error))??;
        Ok(Self { inner: Arc::new(Inner { root, target }) })
    }

    /// Runs on a thread that may block.
    async fn run<T: Send + 'static>(
        &self,
        action: &'static str,
        key: &str,
        work: impl FnOnce(&Inner, Asked<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let inner = Arc::clone(&self.inner);
        let key_of_task = key.to_owned();
        let done = blocking(move || {
            let asked = Asked { target: &inner.target, action, key: &key_of_task };
            work(&inner, asked)
        });
        done.await.map_err(|error| Asked { target: &self.inner.target, action, key }.unavailable(error))?
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, tokio::task::JoinError> {
    tokio::task::spawn_blocking(work).await
}

impl Inner {
    /// A key has no parts that begin with a dot, so it cannot leave the root; links that lead out are somebody else's
    /// doing and are not followed by [`Self::open_inside`].
    fn path(&self, key: &ObjectKey) -> PathBuf {
        self.root.join(key.as_str())
    }

    /// Whether the folder is what it was when it was opened, and not the empty place that a lost mount leaves.
    fn present(&self, asked: Asked<'_>) -> Result<()> {
        match fs::symlink_metadata(self.root.join(MARKER)) {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Err(asked.refused(Refusal::Folder, format!("the folder or its {MARKER} is gone")))
            }
            Err(error) => Err(io_error(asked, &error)),
        }
    }

    /// Opens an object's file; `None` if it does not exist.
    fn open_inside(&self, asked: Asked<'_>, key: &ObjectKey) -> Result<Option<(File, fs::Metadata)>> {
        self.present(asked)?;
        let open = || {
            let path = self.path(key).canonicalize()?;
            if !path.starts_with(&self.root) {
                return Err(ErrorKind::NotFound.into());
            }
            let file = File::open(path)?;
            let metadata = file.metadata()?;
            if metadata.is_file() { Ok((file, metadata)) } else { Err(io::Error::from(ErrorKind::NotFound)) }
        };
        match open() {
            Ok(opened) => Ok(Some(opened)),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
            Err(error) => Err(io_error(asked, &error)),
        }
    }

    fn put(&self, asked: Asked<'_>, key: &ObjectKey, source: &Path, meta: &FileMeta) -> Result<()> {
        self.present(asked)?;
        let mut source_file = File::open(source).map_err(|error| source_error(asked, source, &error))?;
        let sidecar = serde_json::to_vec(meta).map_err(|error| asked.unavailable(error))?;
        let path = self.path(key);
        let folder = path.parent().unwrap_or(&self.root);
        let mut file = self.make_temporary(folder).map_err(|error| io_error(asked, &error))?;
        let copied = copy_hashed(&mut source_file, &mut file).map_err(|error| io_error(asked, &error))?;
        meta.compare(asked.key, &copied.0, copied.1)?;
        let finish = || {
            let mut description = self.make_temporary(folder)?;
            io::Write::write_all(&mut description, &sidecar)?;
            // The description first: without its file it means nothing.
            for (temporary, path) in [(description, &sidecar_of(&path)), (file, &path)] {
                temporary.as_file().sync_all()?;
                temporary.persist(path).map_err(|error| error.error)?;
            }
            File::open(folder)?.sync_all()
        };
        finish().map_err(|error: io::Error| io_error(asked, &error))
    }

    /// A file without its name yet, in a folder that is made where it is missing, itself synced into its parents.
    fn make_temporary(&self, folder: &Path) -> io::Result<tempfile::NamedTempFile> {
        for _ in 0..FOLDER_RACES {
            if !folder.is_dir() {
                fs::create_dir_all(folder).or_else(ignore_missing)?;
                for parent in folder.ancestors().skip(1).take_while(|parent| parent.starts_with(&self.root)) {
                    File::open(parent).and_then(|parent| parent.sync_all()).or_else(ignore_missing)?;
                }
            }
            // Readable as far as the umask allows: another user's program may serve the folder.
            let mode = fs::Permissions::from_mode(0o644);
            match tempfile::Builder::new().prefix(".").suffix(".tmp").permissions(mode).tempfile_in(folder) {
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                made => return made,
            }
        }
        Err(ErrorKind::NotFound.into())
    }

    fn delete(&self, asked: Asked<'_>, key: &ObjectKey) -> Result<()> {
        self.present(asked)?;
        let path = self.path(key);
        let remove = |path: &Path| match fs::remove_file(path) {
            Err(error) if error.kind() == ErrorKind::NotADirectory => Ok(()),
            Err(error) => ignore_missing(error),
            Ok(()) => Ok(()),
        };
        remove(&path).and_then(|()| remove(&sidecar_of(&path))).map_err(|error| io_error(asked, &error))?;
        // Folders that are empty now go too; the first that is not ends it.
        for folder in path.ancestors().skip(1).take_while(|folder| *folder != self.root) {
            if fs::remove_dir(folder).is_err_and(|error| error.kind() != ErrorKind::NotFound) {
                break;
            }
        }
        Ok(())
    }

    fn list(&self, asked: Asked<'_>, prefix: &str, after: Option<&str>, limit: usize) -> Result<Listing> {
        self.present(asked)?;
        let mut walk = Walk { prefix, after, wanted: limit + 1, found: Vec::new() };
        walk.enter(&self.root, "", 0).map_err(|error| io_error(asked, &error))?;
        let mut objects = walk.found;
        let more = objects.len() > limit;
        objects.truncate(limit);
        let next = objects.last().map(|object| object.key.clone()).filter(|_| more);
        Ok(Listing { objects, next })
    }
}

/// Finds objects in the order of their keys' bytes, which is that of S3.
struct Walk<'a> {
    prefix: &'a str,
    after: Option<&'a str>,
    wanted: usize,
    found: Vec<ListedObject>,
}

impl Walk<'_> {
    /// `base` is the folder's part of the keys, with its slash.
    fn enter(&mut self, folder: &Path, base: &str, depth: usize) -> io::Result<()> {
        let mut entries = Vec::new();
        let listing = match fs::read_dir(folder) {
            Err(error) if depth > 0 && error.kind() == ErrorKind::NotFound => return Ok(()),
            listing => listing?,
        };
        for entry in listing {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            let kind = entry.file_type()?;
            if !name.starts_with('.') && (kind.is_dir() || kind.is_file()) {
                let slash = if kind.is_dir() { "/" } else { "" };
                entries.push(format!("{base}{name}{slash}"));
            }
        }
        entries.sort_unstable();
        for key in entries {
            if self.found.len() >= self.wanted {
                break;
            }
            let path = folder.join(key[base.len()..].trim_end_matches('/'));
            if key.ends_with('/') {
                let may_match = key.starts_with(self.prefix) || self.prefix.starts_with(&key);
                // All keys below begin with this one, so they come before `after` together unless it lies among them.
                let may_follow = self.after.is_none_or(|after| key.as_str() > after || after.starts_with(&key));
                if may_match && may_follow && depth < MAX_DEPTH {
                    self.enter(&path, &key, depth + 1)?;
                }
            } else if key.starts_with(self.prefix) && self.after.is_none_or(|after| key.as_str() > after) {
                match fs::symlink_metadata(&path) {
                    Err(error) => ignore_missing(error)?,
                    Ok(metadata) => {
                        let modified = metadata.modified().ok();
                        self.found.push(ListedObject { key, bytes: metadata.len(), modified });
                    }
                }
            }
        }
        Ok(())
    }
}

#[async_trait]
impl ObjectStore for Directory {
    fn target(&self) -> &str {
        &self.inner.target
    }

    fn place(&self, key: &ObjectKey) -> String {
        self.inner.path(key).display().to_string()
    }

    async fn put_file(&self, key: &ObjectKey, path: &Path, meta: &FileMeta) -> Result<()> {
        meta.check()?;
        let (key_of_task, path, meta) = (key.clone(), path.to_owned(), meta.clone());
        self.run("write", key.as_str(), move |inner, asked| inner.put(asked, &key_of_task, &path, &meta)).await
    }

    async fn head(&self, key: &ObjectKey) -> Result<Option<StoredObject>> {
        let key_of_task = key.clone();
        let look_up = move |inner: &Inner, asked: Asked<'_>| {
            let Some((_, metadata)) = inner.open_inside(asked, &key_of_task)? else { return Ok(None) };
            let bytes = metadata.len();
            let mut text = Vec::new();
            let sidecar = File::open(sidecar_of(&inner.path(&key_of_task)));
            let read = sidecar.and_then(|file| file.take(MAX_SIDECAR_BYTES).read_to_end(&mut text));
            read.map(drop).or_else(ignore_missing).map_err(|error| io_error(asked, &error))?;
            let meta = serde_json::from_slice(&text).ok();
            // A description of another size belongs to a file that was never finished.
            let meta = meta.filter(|meta: &FileMeta| meta.bytes == bytes && meta.check().is_ok());
            Ok(Some(StoredObject { bytes, modified: metadata.modified().ok(), meta }))
        };
        self.run("look up", key.as_str(), look_up).await
    }

    async fn get(&self, key: &ObjectKey, max_bytes: u64) -> Result<Vec<u8>> {
        let key_of_task = key.clone();
        let read = move |inner: &Inner, asked: Asked<'_>| {
            let Some((file, _)) = inner.open_inside(asked, &key_of_task)? else {
                return Err(StorageError::Missing { key: key_of_task.to_string() });
            };
            let mut content = Vec::new();
            let read = file.take(max_bytes.saturating_add(1)).read_to_end(&mut content);
            read.map_err(|error| io_error(asked, &error))?;
            if content.len() as u64 > max_bytes {
                return Err(StorageError::TooLarge { key: key_of_task.to_string(), allowed_bytes: max_bytes });
            }
            Ok(content)
        };
        self.run("read", key.as_str(), read).await
    }

    async fn delete(&self, key: &ObjectKey) -> Result<()> {
        let key_of_task = key.clone();
        self.run("delete", key.as_str(), move |inner, asked| inner.delete(asked, &key_of_task)).await
    }

    async fn list(&self, prefix: &str, after: Option<&str>, limit: u32) -> Result<Listing> {
        check_limit(limit)?;
        let (prefix_of_task, after) = (prefix.to_owned(), after.map(str::to_owned));
        let list =
            move |inner: &Inner, asked: Asked<'_>| inner.list(asked, &prefix_of_task, after.as_deref(), limit as usize);
        self.run("list", prefix, list).await
    }

    async fn sign_get(&self, key: &ObjectKey, life: Duration, _download_name: Option<&str>) -> Result<String> {
        check_life(life)?;
        let path = self.inner.path(key);
        let path = path.to_str().ok_or_else(|| StorageError::invalid("folder", path.display(), "a path of UTF-8"))?;
        Ok(format!("file://{}", percent_encoded(path, b"/:")))
    }

    async fn check(&self) -> StorageCheck {
        check::run(self, Duration::from_secs(20)).await
    }
}

fn sidecar_of(path: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".json");
    path.with_file_name(name)
}

fn ignore_missing(error: io::Error) -> io::Result<()> {
    if error.kind() == ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

/// The verdict on what the operating system says of the storage's own files.
fn io_error(asked: Asked<'_>, error: &io::Error) -> StorageError {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => asked.full(error),
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => asked.refused(Refusal::Folder, error),
        _ => asked.unavailable(error),
    }
}

#[cfg(test)]
mod tests {
    use super::super::error::StorageErrorClass;
    use super::*;

    #[test]
    fn what_the_system_says_folds_into_classes() {
        let asked = Asked { target: "folder `/x`", action: "write", key: "k" };
        // Linux: ENOSPC, EDQUOT, EACCES, EROFS, EIO.
        for (number, class) in [
            (28, StorageErrorClass::Full),
            (122, StorageErrorClass::Full),
            (13, StorageErrorClass::Refused),
            (30, StorageErrorClass::Refused),
            (5, StorageErrorClass::Transient),
        ] {
            let error = io_error(asked, &io::Error::from_raw_os_error(number));
            assert_eq!(error.class(), class, "{error}");
        }
    }
}

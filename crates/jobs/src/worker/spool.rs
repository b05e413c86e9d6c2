//! Finished videos on this machine until storage has them: a folder per job and epoch, written through to the disk, so
//! that a worker that dies after a render costs an upload and never a second render.
//!
//! ```text
//! ROOT/spool-0/lock           held by the living owner (flock)
//!             /spool_id       a UUID, the name of this spool in job rows
//!             /JOB-eEPOCH/    video.mp4, thumbnail.jpg, and manifest.json, which comes last: with it, the render counts
//! ```
//! Whether a row still wants the video is not decided here.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::digest::{hex, is_sha256};
use crate::job::{JobId, LeaseEpoch, TenantScope};
use crate::objects::JobFile;

/// Name of the video in a job's folder.
pub(super) const VIDEO_FILE: &str = JobFile::Video.file_name();
/// Name of the thumbnail in a job's folder.
pub(super) const THUMBNAIL_FILE: &str = JobFile::Thumbnail.file_name();
const MANIFEST_FILE: &str = "manifest.json";
const ASSETS_FOLDER: &str = "assets";
const LOCK_FILE: &str = "lock";
const ID_FILE: &str = "spool_id";
/// Ending of a file that is still being written.
const UNFINISHED: &str = ".part";

/// Workers that may share a root.
const MAX_SPOOLS: u32 = 256;
/// Largest manifest that is read, in bytes; ours have about 1 kB.
const MAX_MANIFEST_BYTES: u64 = 64 * 1024;
/// Largest file that a manifest may claim, in bytes: four times the largest video.
const MAX_FILE_BYTES: u64 = 64 << 20;

/// The spool cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// The disk is full.
    #[error("the disk of `{}` is full", path.display())]
    Full {
        /// What was to be written.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A file or folder cannot be read or written.
    #[error("`{}`: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// Every spool of this root is in use.
    #[error("`{}` has {MAX_SPOOLS} spools and every one is in use: give this worker a root of its own", root.display())]
    AllTaken {
        /// The root.
        root: PathBuf,
    },
    /// A file is not what its maker said.
    #[error("`{}` has {found}, expected {expected}", path.display())]
    Mismatch {
        /// The file.
        path: PathBuf,
        /// What was found: size or hash.
        found: String,
        /// What should be there.
        expected: String,
    },
}

impl SpoolError {
    /// Whether the file is not the one that was written, or not there at all, and will not be later.
    fn is_about_content(&self) -> bool {
        match self {
            Self::Mismatch { .. } => true,
            Self::Io { source, .. } => {
                matches!(source.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidInput)
            }
            Self::Full { .. } | Self::AllTaken { .. } => false,
        }
    }

    fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full { path, source },
            _ => Self::Io { path, source },
        }
    }
}

/// A file and what is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RenderedFile {
    /// SHA-256, 64 lower case hexadecimal digits.
    pub sha256: String,
    /// Size in bytes, 1 or more.
    pub bytes: u64,
}

impl RenderedFile {
    /// What is in the file at `path`: one pass over it.
    ///
    /// # Errors
    /// When it cannot be read, or is no regular file.
    pub fn of(path: &Path) -> io::Result<Self> {
        // Looked at before it is opened: a named pipe would block, a link would lead elsewhere.
        if !fs::symlink_metadata(path)?.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
        }
        let mut file = File::open(path)?.take(MAX_FILE_BYTES + 1);
        let (mut hash, mut bytes, mut block) = (Sha256::new(), 0, vec![0; 1 << 16]);
        loop {
            match file.read(&mut block)? {
                0 => break,
                read => {
                    hash.update(&block[..read]);
                    bytes += read as u64;
                }
            }
        }
        let sha256 = hex(&hash.finalize());
        Ok(Self { sha256, bytes })
    }

    pub(super) fn is_plausible(&self) -> bool {
        (1..=MAX_FILE_BYTES).contains(&self.bytes) && is_sha256(&self.sha256)
    }

    /// Size first: it is known without reading the file.
    fn check(&self, path: &Path) -> Result<(), SpoolError> {
        let mismatch =
            |found: String, expected: String| SpoolError::Mismatch { path: path.to_owned(), found, expected };
        let size = fs::symlink_metadata(path).map_err(SpoolError::io(path))?.len();
        if size != self.bytes {
            return Err(mismatch(format!("{size} bytes"), format!("{} bytes", self.bytes)));
        }
        let found = Self::of(path).map_err(SpoolError::io(path))?;
        if found == *self { Ok(()) } else { Err(mismatch(found.sha256, self.sha256.clone())) }
    }
}

/// A finished render, as its worker describes it and as its manifest has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewRender {
    /// Id of the job.
    pub job: JobId,
    /// The tenant that owns it.
    #[serde(flatten)]
    pub scope: TenantScope,
    /// The claim that it was made under.
    pub epoch: LeaseEpoch,
    /// The row's hash of the snapshot.
    pub snapshot_hash: String,
    /// See [`quotereel::render_version`].
    pub render_version: String,
    /// Length of the video in milliseconds.
    pub duration_ms: u64,
    /// The video, as the renderer described it.
    pub video: RenderedFile,
    /// The thumbnail, likewise.
    pub thumbnail: RenderedFile,
}

impl NewRender {
    /// The render that a manifest describes, if the manifest is one that this program writes; else why it is not.
    fn of_manifest(json: &[u8]) -> Result<Self, String> {
        let written: serde_json::Value = serde_json::from_slice(json).map_err(|error| error.to_string())?;
        let render = Self::deserialize(&written).map_err(|error| error.to_string())?;
        let plausible = render.video.is_plausible() && render.thumbnail.is_plausible();
        // Fields that are not ours would be missing here.
        if plausible && serde_json::to_value(&render).is_ok_and(|own| own == written) {
            Ok(render)
        } else {
            Err("the manifest has values that no worker writes".to_owned())
        }
    }
}

/// A complete render that lies in the spool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinishedRender {
    /// What it is.
    pub render: NewRender,
    /// Its folder.
    pub folder: JobFolder,
}

/// The folder of one job and epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobFolder(PathBuf);

impl JobFolder {
    /// The folder itself, absolute if the spool's root is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Where the video is or will be.
    #[must_use]
    pub fn video(&self) -> PathBuf {
        self.0.join(VIDEO_FILE)
    }

    /// Where the thumbnail is or will be.
    #[must_use]
    pub fn thumbnail(&self) -> PathBuf {
        self.0.join(THUMBNAIL_FILE)
    }

    /// A folder for pictures that were fetched for this render; it goes with the end of the render.
    #[must_use]
    pub fn assets(&self) -> PathBuf {
        self.0.join(ASSETS_FOLDER)
    }
}

/// The spool of one worker, from [`Spool::open`] until it is dropped or the process dies.
#[derive(Debug)]
pub struct Spool {
    folder: PathBuf,
    id: String,
    /// Closing it gives the lock back; the kernel does so for a process that dies.
    _lock: File,
}

impl Spool {
    /// Takes the first spool below `root` that no living process holds; creates it if necessary.
    ///
    /// That the lock could be had proves that the former owner is dead, and so that its jobs are nobody's. The root
    /// must be on a local disk: over a network `flock` may prove nothing.
    ///
    /// # Errors
    /// [`SpoolError`].
    pub fn open(root: &Path) -> Result<Self, SpoolError> {
        let root = std::path::absolute(root).map_err(SpoolError::io(root))?;
        fs::create_dir_all(&root).map_err(SpoolError::io(&root))?;
        for number in 0..MAX_SPOOLS {
            let folder = root.join(format!("spool-{number}"));
            make_private_folder(&folder).map_err(SpoolError::io(&folder))?;
            let path = folder.join(LOCK_FILE);
            let lock = File::options().read(true).write(true).create(true).truncate(false).open(&path);
            let lock = lock.map_err(SpoolError::io(&path))?;
            match lock.try_lock() {
                Ok(()) => {
                    let id = own_id(&folder)?;
                    sync_folder(&folder)?;
                    sync_folder(&root)?;
                    return Ok(Self { folder, id, _lock: lock });
                }
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(source)) => return Err(SpoolError::io(&path)(source)),
            }
        }
        Err(SpoolError::AllTaken { root })
    }

    /// The name of this spool in job rows: a UUID that stays over restarts.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its folder, absolute.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// An empty folder for a render. What an earlier try of the same epoch left is removed.
    ///
    /// # Errors
    /// [`SpoolError`].
    pub fn begin(&self, job: JobId, epoch: LeaseEpoch) -> Result<JobFolder, SpoolError> {
        let folder = self.job_folder(job, epoch);
        remove_entry(&folder.0)?;
        make_private_folder(&folder.0).map_err(SpoolError::io(&folder.0))?;
        make_private_folder(&folder.assets()).map_err(SpoolError::io(&folder.assets()))?;
        Ok(folder)
    }

    /// Makes a render count: the files are compared with what the renderer said and written through to the disk, the
    /// manifest last. After this it survives a kill and a power cut.
    ///
    /// # Errors
    /// [`SpoolError`]; [`SpoolError::Mismatch`] where a file is not the one that was described.
    pub fn finish(&self, render: NewRender) -> Result<FinishedRender, SpoolError> {
        let folder = self.job_folder(render.job, render.epoch);
        remove_entry(&folder.assets())?;
        for (path, expected) in [(folder.video(), &render.video), (folder.thumbnail(), &render.thumbnail)] {
            expected.check(&path)?;
            File::open(&path).and_then(|file| file.sync_all()).map_err(SpoolError::io(&path))?;
        }
        write_manifest(&folder.0, &render)?;
        sync_folder(&self.folder)?;
        Ok(FinishedRender { render, folder })
    }

    /// Every complete render, oldest job first. A folder with a manifest that is torn, foreign or does not fit its files
    /// is removed; one without a manifest, a render at work, stays.
    ///
    /// Reads every file once: sizes and hashes have been compared when this returns.
    ///
    /// # Errors
    /// [`SpoolError`] where the spool itself cannot be listed.
    pub fn finished(&self) -> Result<Vec<FinishedRender>, SpoolError> {
        let mut found = Vec::new();
        for (job, epoch, folder) in self.job_folders()? {
            match read_finished(job, epoch, folder) {
                Reading::Complete(finished) => found.push(finished),
                Reading::Unfinished => {}
                Reading::Broken(folder, why) => {
                    tracing::warn!(folder = %folder.0.display(), why, "a broken render is removed from the spool");
                    remove_entry(&folder.0)?;
                }
            }
        }
        found.sort_by_key(|finished| (finished.render.job, finished.render.epoch));
        Ok(found)
    }

    /// The complete render of one job with the highest epoch; checked as in [`Spool::finished`].
    ///
    /// # Errors
    /// As [`Spool::finished`].
    pub fn finished_of(&self, job: JobId) -> Result<Option<FinishedRender>, SpoolError> {
        let mut folders: Vec<_> = self.job_folders()?.into_iter().filter(|(found, ..)| *found == job).collect();
        folders.sort_by_key(|(_, epoch, _)| std::cmp::Reverse(*epoch));
        for (job, epoch, folder) in folders {
            match read_finished(job, epoch, folder) {
                Reading::Complete(finished) => return Ok(Some(finished)),
                Reading::Unfinished => {}
                Reading::Broken(folder, why) => {
                    tracing::warn!(folder = %folder.0.display(), why, "a broken render is removed from the spool");
                    remove_entry(&folder.0)?;
                }
            }
        }
        Ok(None)
    }

    /// Removes every render that is not complete, and says how many. Only at start, before the first render.
    ///
    /// # Errors
    /// [`SpoolError`].
    pub fn remove_unfinished(&self) -> Result<usize, SpoolError> {
        let complete: Vec<JobFolder> = self.finished()?.into_iter().map(|finished| finished.folder).collect();
        let mut removed = 0;
        for (.., folder) in self.job_folders()? {
            if !complete.contains(&folder) {
                remove_entry(&folder.0)?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    /// Removes one render, complete or not; one that is not there is removed already.
    ///
    /// # Errors
    /// [`SpoolError`].
    pub fn remove(&self, job: JobId, epoch: LeaseEpoch) -> Result<(), SpoolError> {
        remove_entry(&self.job_folder(job, epoch).0)
    }

    /// Removes every render of a job whose epoch is not above `last`.
    ///
    /// # Errors
    /// [`SpoolError`].
    pub fn remove_up_to(&self, job: JobId, last: LeaseEpoch) -> Result<(), SpoolError> {
        for (found, epoch, folder) in self.job_folders()? {
            if found == job && epoch <= last {
                remove_entry(&folder.0)?;
            }
        }
        Ok(())
    }

    /// Bytes that this process may still write to the spool's disk.
    ///
    /// # Errors
    /// [`SpoolError::Io`].
    pub fn free_bytes(&self) -> Result<u64, SpoolError> {
        let found = rustix::fs::statvfs(&self.folder).map_err(|error| SpoolError::io(&self.folder)(error.into()))?;
        Ok(found.f_bavail.saturating_mul(found.f_frsize))
    }

    fn job_folder(&self, job: JobId, epoch: LeaseEpoch) -> JobFolder {
        JobFolder(self.folder.join(format!("{job}-e{epoch}")))
    }

    /// Everything here that has the name of a job's folder. What has another name is not ours and stays.
    fn job_folders(&self) -> Result<Vec<(JobId, LeaseEpoch, JobFolder)>, SpoolError> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(SpoolError::io(&self.folder))? {
            let entry = entry.map_err(SpoolError::io(&self.folder))?;
            if let Some((job, epoch)) = entry.file_name().to_str().and_then(job_and_epoch) {
                found.push((job, epoch, self.job_folder(job, epoch)));
            }
        }
        Ok(found)
    }
}

/// Reads `JOB-eEPOCH`, in exactly the form that is written.
fn job_and_epoch(name: &str) -> Option<(JobId, LeaseEpoch)> {
    let (job, epoch) = name.rsplit_once("-e")?;
    let (job, epoch) = (JobId::from_str(job).ok()?, LeaseEpoch(epoch.parse().ok()?));
    (format!("{job}-e{epoch}") == name).then_some((job, epoch))
}

/// What lies in a job's folder.
enum Reading {
    Complete(FinishedRender),
    Unfinished,
    Broken(JobFolder, String),
}

fn read_finished(job: JobId, epoch: LeaseEpoch, folder: JobFolder) -> Reading {
    let broken = |why: &str| Reading::Broken(folder.clone(), why.to_owned());
    match fs::symlink_metadata(&folder.0) {
        Ok(found) if found.is_dir() => {}
        Ok(_) => return broken("not a folder"),
        Err(_) => return Reading::Unfinished,
    }
    let path = folder.0.join(MANIFEST_FILE);
    let size = match fs::symlink_metadata(&path) {
        Ok(found) if found.is_file() => found.len(),
        Ok(_) => return broken("the manifest is no regular file"),
        // A disk that errs for a moment, or a process out of files, makes no render worthless.
        Err(_) => return Reading::Unfinished,
    };
    if size > MAX_MANIFEST_BYTES {
        return broken("the manifest is too large");
    }
    let render = match fs::read(&path).map(|json| NewRender::of_manifest(&json)) {
        Ok(Ok(render)) => render,
        Ok(Err(why)) => return broken(&why),
        Err(_) => return Reading::Unfinished,
    };
    if (render.job, render.epoch) != (job, epoch) {
        return broken("the manifest is of another job");
    }
    for (path, expected) in [(folder.video(), &render.video), (folder.thumbnail(), &render.thumbnail)] {
        match expected.check(&path) {
            Ok(()) => {}
            Err(error) if error.is_about_content() => return broken(&error.to_string()),
            Err(_) => return Reading::Unfinished,
        }
    }
    Reading::Complete(FinishedRender { render, folder })
}

/// The id of the spool in `folder`; a new one if the file is missing or is not a UUID.
fn own_id(folder: &Path) -> Result<String, SpoolError> {
    let path = folder.join(ID_FILE);
    let mut text = String::new();
    // A UUID and the end of a line; a longer file holds no id.
    let read = File::open(&path).and_then(|file| file.take(64).read_to_string(&mut text));
    match (read, Uuid::parse_str(text.trim())) {
        (Ok(_), Ok(id)) => return Ok(id.to_string()),
        (Err(error), _) if !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidData) => {
            return Err(SpoolError::io(&path)(error));
        }
        _ => {}
    }
    let id = Uuid::now_v7().to_string();
    write_whole(&path, format!("{id}\n").as_bytes())?;
    Ok(id)
}

fn write_manifest(folder: &Path, render: &NewRender) -> Result<(), SpoolError> {
    let path = folder.join(MANIFEST_FILE);
    let bytes = serde_json::to_vec(render).map_err(|error| SpoolError::io(&path)(error.into()))?;
    write_whole(&path, &bytes)
}

/// Writes a file that is there whole or not at all, also after a power cut.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), SpoolError> {
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(UNFINISHED);
    let unfinished = PathBuf::from(unfinished);
    let write = || {
        let mut file = File::create(&unfinished)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&unfinished, path)
    };
    write().map_err(SpoolError::io(path))?;
    sync_folder(path.parent().unwrap_or(Path::new("/")))
}

fn sync_folder(folder: &Path) -> Result<(), SpoolError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(SpoolError::io(folder))
}

/// Quotes are the customer's: nobody else on the machine may look.
fn make_private_folder(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    match fs::DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        other => other,
    }
}

/// Removes a folder with all that is in it, a file or a link; links are not followed.
fn remove_entry(path: &Path) -> Result<(), SpoolError> {
    let removed = match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => {
            // The manifest first: what is half removed must not count.
            let _ = fs::remove_file(path.join(MANIFEST_FILE));
            fs::remove_dir_all(path)
        }
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(SpoolError::io(path)(error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;

//! Files that appear whole or not at all: written beside their destination under a temporary name, synced, renamed.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::MutexGuard;
use std::sync::atomic::{AtomicU64, Ordering};

use tempfile::{Builder, NamedTempFile};

use super::disk::{folder_of, with_room};
use super::{Destination, Output, RenderError, RenderJob, Unfinished};
use crate::draw::stills::{THUMBNAIL_QUALITY, jpeg, small_thumbnail};
use crate::ground::frame::RgbaFrame;
use crate::ground::lock::lock;

/// The unfinished files of a job; dropped, they are gone.
pub(super) struct Spool {
    video: Option<Part>,
    thumbnails: Vec<(Part, PathBuf)>,
}

/// An unfinished file; dropped, it is gone.
struct Part {
    file: NamedTempFile,
    // Dropped after the file: what is there is always listed.
    _listed: Unfinished,
}

impl Part {
    fn create(make: impl FnOnce() -> io::Result<NamedTempFile>) -> io::Result<Self> {
        let (file, listed) = Unfinished::list(make, NamedTempFile::path)?;
        Ok(Self { file, _listed: listed })
    }

    /// The bare file: errors of [`NamedTempFile`]'s own writer name a path that nobody knows.
    fn writer(&mut self) -> &mut std::fs::File {
        self.file.as_file_mut()
    }

    fn persist(self, path: &Path) -> Result<(), RenderError> {
        self.file.persist(path).map_err(|error| write_error(path)(error.error))?;
        sync_folder(path);
        Ok(())
    }
}

impl Spool {
    /// Makes room beside the destination, so that a missing or read-only folder is reported before any work.
    pub(super) fn create(job: &RenderJob) -> Result<Self, RenderError> {
        let video = match (&job.output, job.output.destination()) {
            (_, Destination::File(path)) => Some(beside(path)?),
            (Output::Mp4(_), Destination::Stream(_)) => {
                Some(Part::create(|| builder().tempfile()).map_err(write_error(&std::env::temp_dir()))?)
            }
            (Output::Y4m(_), Destination::Stream(_)) => None,
        };
        let mut thumbnails = Vec::new();
        for path in [&job.thumbnail, &job.small_thumbnail].into_iter().flatten() {
            thumbnails.push((beside(path)?, path.clone()));
        }
        Ok(Self { video, thumbnails })
    }

    /// Path of the unfinished video.
    pub(super) fn video_path(&self) -> Result<&Path, RenderError> {
        let missing = || RenderError::SelfCheck("a stream of raw frames has no file".to_owned());
        Ok(self.video.as_ref().ok_or_else(missing)?.file.path())
    }

    /// Where raw frames go.
    pub(super) fn raw_writer<'a>(&'a mut self, job: &'a RenderJob) -> Result<Box<dyn Write + 'a>, RenderError> {
        match (&mut self.video, job.output.destination()) {
            (Some(file), _) => Ok(Box::new(BufWriter::with_capacity(1 << 20, file.writer()))),
            (None, Destination::Stream(stream)) => Ok(Box::new(Locked(lock(stream)))),
            (None, Destination::File(path)) => {
                Err(write_error(path)(io::Error::new(io::ErrorKind::NotFound, "the temporary file is gone")))
            }
        }
    }

    /// Writes the thumbnails into their unfinished files; `needed_bytes` becomes what the folder of each has to take.
    pub(super) fn write_thumbnails(
        &mut self,
        job: &RenderJob,
        thumbnails: &Thumbnails,
        needed_bytes: &AtomicU64,
    ) -> Result<(), RenderError> {
        for (file, path) in &mut self.thumbnails {
            let small = job.small_thumbnail.as_ref() == Some(path);
            let bytes = if small { &thumbnails.small } else { &thumbnails.large };
            let beside_video = job.output.path().is_some_and(|video| folder_of(video) == folder_of(path));
            let before = if beside_video { needed_bytes.load(Ordering::Relaxed) } else { 0 };
            needed_bytes.store(before + bytes.len() as u64, Ordering::Relaxed);
            file.writer().write_all(bytes).map_err(write_error(path))?;
        }
        Ok(())
    }
}

/// The thumbnails a job wants, as JPEG; empty where it does not want one.
pub(super) struct Thumbnails {
    large: Vec<u8>,
    small: Vec<u8>,
}

impl Thumbnails {
    pub(super) fn of(job: &RenderJob, picture: &RgbaFrame) -> Result<Self, RenderError> {
        let large = job.thumbnail.is_some().then(|| jpeg(picture, THUMBNAIL_QUALITY)).transpose()?;
        let small = job.small_thumbnail.is_some().then(|| small_thumbnail(picture)).transpose()?;
        Ok(Self { large: large.unwrap_or_default(), small: small.unwrap_or_default() })
    }
}

/// A stream held for the length of a render.
struct Locked<'a>(MutexGuard<'a, Box<dyn Write + Send>>);

impl Write for Locked<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

fn builder() -> Builder<'static, 'static> {
    let mut builder = Builder::new();
    builder.prefix(".quotereel-").suffix(".part");
    builder
}

fn beside(path: &Path) -> Result<Part, RenderError> {
    if path.file_name().is_none() || path.is_dir() {
        return Err(write_error(path)(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder, not a file")));
    }
    let folder = folder_of(path);
    let builder = &mut builder();
    // A temporary file is private by default; the finished one gets what the user's umask gives any new file.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    Part::create(|| builder.tempfile_in(folder)).map_err(write_error(path))
}

fn write_error(path: &Path) -> impl Fn(io::Error) -> RenderError {
    let target = path.display().to_string();
    move |source| RenderError::Write { target: target.clone(), source }
}

/// Writes `bytes` to a file that gets its name only when it is complete, and replaces what is there.
///
/// # Errors
/// [`RenderError::Write`] or [`RenderError::DiskFull`]; nothing is left behind then.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), RenderError> {
    write_together(&[(path, bytes)])
}

/// Writes several files that get their names when all are complete, in this order, and replace what is there. If a
/// rename fails, the files that were renamed before it are taken away again.
///
/// # Errors
/// As [`write_whole`].
pub fn write_together(files: &[(&Path, &[u8])]) -> Result<(), RenderError> {
    let write = |path: &Path, bytes: &[u8]| {
        let mut part = beside(path)?;
        part.writer().write_all(bytes).and_then(|()| part.writer().sync_all()).map_err(write_error(path))?;
        Ok(part)
    };
    let mut parts = Vec::with_capacity(files.len());
    for (path, bytes) in files {
        parts.push(write(path, bytes).map_err(|error| with_room(error, path, bytes.len() as u64))?);
    }
    for (at, part) in parts.into_iter().enumerate() {
        if let Err(error) = part.persist(files[at].0) {
            for (path, _) in &files[..at] {
                // The error that led here is the one to report.
                let _ = std::fs::remove_file(path);
            }
            return Err(error);
        }
    }
    Ok(())
}

/// Brings every file to its place, the video last: once it is there, so is the rest. Returns the video's size in bytes.
/// If a rename fails, the thumbnails that were renamed before it are taken away again.
pub(super) fn publish(spool: Spool, job: &RenderJob) -> Result<u64, RenderError> {
    for (part, path) in &spool.thumbnails {
        part.file.as_file().sync_all().map_err(write_error(path))?;
    }
    let bytes = match &spool.video {
        None => 0,
        Some(Part { file, .. }) => {
            let target = job.output.path().unwrap_or(file.path());
            // FFmpeg wrote through a handle of its own; syncing through this one covers the file all the same.
            file.as_file().sync_all().map_err(write_error(target))?;
            file.as_file().metadata().map_err(write_error(target))?.len()
        }
    };
    let mut published = Vec::new();
    let result = rename_all(spool, job, &mut published);
    if result.is_err() {
        for path in published {
            // The error that led here is the one to report.
            let _ = std::fs::remove_file(path);
        }
    }
    result.map(|()| bytes)
}

fn rename_all(spool: Spool, job: &RenderJob, published: &mut Vec<PathBuf>) -> Result<(), RenderError> {
    for (part, path) in spool.thumbnails {
        part.persist(&path)?;
        published.push(path);
    }
    match (spool.video, job.output.destination()) {
        (Some(part), Destination::File(path)) => part.persist(path),
        (Some(Part { file, _listed }), Destination::Stream(stream)) => {
            let failed = |source| RenderError::Write { target: job.output.describe(), source };
            let mut finished = file.reopen().map_err(failed)?;
            let mut out = lock(stream);
            io::copy(&mut finished, &mut *out).and_then(|_| out.flush()).map_err(failed)
        }
        (None, _) => Ok(()),
    }
}

/// Makes a rename last through a power cut. Some file systems cannot sync a folder; the file is whole either way.
fn sync_folder(path: &Path) {
    if let Ok(folder) = std::fs::File::open(folder_of(path)) {
        let _ = folder.sync_all();
    }
}

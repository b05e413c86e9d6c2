//! The worker's side: starts a child, feeds it, listens to it, and ends it.

use std::collections::BTreeMap;
use std::future::pending;
use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::super::spool::{RenderedFile, THUMBNAIL_FILE, VIDEO_FILE};
use super::limits::ChildLimits;
use super::products;
use super::protocol::{CANCEL, COMMAND, Done, Finding, MAX_LINE_BYTES, MAX_ORDER_BYTES, Message, Order, RenderTimes};
use super::verdict::{Verdict, one_line};
use crate::job::FailureCode;
use quotereel::FrameRate;
use quotereel::Size;
use quotereel::TemplateChoice;

/// What a child keeps of the worker's environment: where libraries and certificates lie, and nothing that may be secret.
const KEPT_ENVIRONMENT: [&str; 5] = ["LANG", "TZ", "LD_LIBRARY_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR"];
/// How long a child may take to obey a cancel; a frame takes some 10 ms.
const CANCEL_GRACE: Duration = Duration::from_secs(2);
/// How long a child may take to end after its last word.
const EXIT_GRACE: Duration = Duration::from_secs(5);
/// How long a dropped render waits for its killed child, in milliseconds.
const MAX_DYING_MS: u32 = 2000;
/// Bytes of a child's log that are kept.
const KEPT_LOG_BYTES: usize = 16 * 1024;
/// Characters of it that go into a failure's detail.
const LAST_WORDS_CHARS: usize = 400;

/// The program that renders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program(PathBuf);

impl Program {
    /// This very program; on Linux also after its file has been replaced by a newer one.
    ///
    /// # Errors
    /// When the operating system does not say which file that is.
    pub fn this() -> io::Result<Self> {
        if cfg!(target_os = "linux") { Ok(Self("/proc/self/exe".into())) } else { std::env::current_exe().map(Self) }
    }

    /// A `render` at some path, for callers that are other programs.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }
}

/// One render.
#[derive(Clone, Debug)]
pub struct RenderRequest {
    /// The snapshot's JSON, as the row has it.
    pub input: Arc<str>,
    /// The template.
    pub template: TemplateChoice,
    /// Folder of fonts for characters that no bundled one has.
    pub fonts: Option<PathBuf>,
    /// Canvas in px.
    pub size: Size,
    /// Frames a second.
    pub frame_rate: FrameRate,
    /// Threads that paint and encode.
    pub threads: NonZeroUsize,
    /// An existing folder for `video.mp4` and `thumbnail.jpg`, used by nobody else.
    pub output_folder: PathBuf,
    /// Files that hold the assets given by key; see [`quotereel::pictures::asset_keys`].
    pub asset_files: BTreeMap<String, PathBuf>,
    /// Whether pictures may come from private networks.
    pub allow_private_network: bool,
    /// What the child may use.
    pub limits: ChildLimits,
}

/// A finished render: the files are in the output folder.
#[derive(Clone, Debug, PartialEq)]
pub struct RenderedFiles {
    /// Where the video is.
    pub video_path: PathBuf,
    /// What the child wrote there.
    pub video: RenderedFile,
    /// Where the thumbnail is.
    pub thumbnail_path: PathBuf,
    /// What the child wrote there.
    pub thumbnail: RenderedFile,
    /// Length of the video in milliseconds.
    pub duration_ms: u64,
    /// Number of frames.
    pub frames: u32,
    /// What the sender should know: pictures that failed, texts that were cut.
    pub warnings: Vec<Finding>,
    /// Where the time went.
    pub times: RenderTimes,
}

/// Why a render left no files.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotRendered {
    /// It was cancelled.
    #[error("the render was cancelled")]
    Cancelled,
    /// It failed.
    #[error("{}", .0.failure)]
    Failed(Verdict),
}

impl From<Verdict> for NotRendered {
    fn from(verdict: Verdict) -> Self {
        Self::Failed(verdict)
    }
}

/// Renders in a child process and waits for it; `on_progress` gets ascending per cents of the frames, 0 to 99, the first
/// when drawing begins.
///
/// The render stops when `cancel` turns true; one that was done by then may still come out as done. A sender that is
/// dropped cancels nothing. Dropping the future kills the child and removes its files.
///
/// # Errors
/// [`NotRendered`]. Whatever the child does, the verdict comes within [`ChildLimits::wall`] and some seconds: a crash and
/// nonsense on stdout are [`FailureCode::RenderCrashed`], silence is [`FailureCode::RenderTimedOut`].
pub async fn render(
    program: &Program,
    request: RenderRequest,
    mut cancel: watch::Receiver<bool>,
    mut on_progress: impl FnMut(u8),
) -> Result<RenderedFiles, NotRendered> {
    if *cancel.borrow() {
        return Err(NotRendered::Cancelled);
    }
    let limits = request.limits;
    let order = Order::try_from(&request).map_err(|error| Verdict::io("the paths of the order", &error))?;
    let mut line = serde_json::to_vec(&order).map_err(|error| Verdict::io("the order", &error.into()))?;
    line.push(b'\n');
    let bytes = (line.len() + request.input.len()) as u64;
    if bytes > MAX_ORDER_BYTES {
        let detail = format!("the order has {bytes} bytes, at most are {MAX_ORDER_BYTES}");
        return Err(Verdict::new(FailureCode::SnapshotInvalid, detail).into());
    }
    let mut leftovers = Leftovers { folder: order.output_folder.clone(), armed: true };
    // Declared after `leftovers` and so dropped before it: first the child dies, then its files go.
    let mut running = Running::start(program, &limits, request.threads)?;

    let heard = {
        let heard = listen(&mut running.stdout, &mut on_progress);
        let fed = feed(&mut running.stdin, [line.as_slice(), request.input.as_bytes()], &mut cancel);
        tokio::select! {
            heard = heard => heard,
            () = fed => Heard { result: Some(Err(NotRendered::Cancelled)), is_over: false },
            () = sleep(limits.wall) => Heard { result: None, is_over: false },
        }
    };
    let exit = running.end(!heard.is_over).await;
    let reason: NotRendered = match heard.result {
        Some(Ok(done)) => match files_of(*done, &leftovers.folder) {
            Ok(files) => {
                leftovers.armed = false;
                return Ok(files);
            }
            Err(verdict) => verdict.into(),
        },
        // A child that gets no further because it was cancelled is not to blame for how it ended.
        _ if *cancel.borrow() => NotRendered::Cancelled,
        Some(Err(reason)) => reason,
        None if heard.is_over => exit.verdict().into(),
        None => {
            let detail = format!("no result after {} s; {}", limits.wall.as_secs_f64(), exit.last_words());
            Verdict::new(FailureCode::RenderTimedOut, detail).into()
        }
    };
    if let NotRendered::Failed(verdict) = &reason {
        tracing::warn!(failure = %verdict.failure, log = exit.log, "a render failed in its child");
    }
    Err(reason)
}

impl TryFrom<&RenderRequest> for Order {
    type Error = io::Error;

    fn try_from(request: &RenderRequest) -> io::Result<Self> {
        // The child's working folder is another.
        let asset_files = request.asset_files.iter().map(|(key, path)| Ok((key.clone(), std::path::absolute(path)?)));
        Ok(Self {
            snapshot_bytes: request.input.len() as u64,
            template: match &request.template {
                TemplateChoice::Builtin(name) => TemplateChoice::Builtin(name.clone()),
                TemplateChoice::Folder(path) => TemplateChoice::Folder(std::path::absolute(path)?),
            },
            fonts: request.fonts.as_deref().map(std::path::absolute).transpose()?,
            width: request.size.width,
            height: request.size.height,
            frames_a_second: request.frame_rate.numerator() / request.frame_rate.denominator(),
            threads: u16::try_from(request.threads.get()).unwrap_or(u16::MAX),
            output_folder: std::path::absolute(&request.output_folder)?,
            asset_files: asset_files.collect::<io::Result<_>>()?,
            allow_private_network: request.allow_private_network,
            wall_ms: u64::try_from(request.limits.wall.as_millis()).unwrap_or(u64::MAX / 2),
        })
    }
}

/// Removes the files of a render that does not end well, whichever way it ends.
struct Leftovers {
    folder: PathBuf,
    armed: bool,
}

impl Drop for Leftovers {
    fn drop(&mut self) {
        if self.armed {
            products::remove(&self.folder);
        }
    }
}

/// What came out of a child.
struct Heard {
    /// Its result; `None` if stdout was closed before one, or the time was up.
    result: Option<Result<Box<Done>, NotRendered>>,
    /// Whether the child has finished talking; one that has not is killed.
    is_over: bool,
}

/// Reads the child's lines up to its result.
async fn listen(stdout: &mut BufReader<ChildStdout>, on_progress: &mut impl FnMut(u8)) -> Heard {
    let over = |result| Heard { result, is_over: true };
    let nonsense = |detail: String| {
        let verdict = Verdict::new(FailureCode::RenderCrashed, detail);
        Heard { result: Some(Err(verdict.into())), is_over: false }
    };
    let mut line = Vec::new();
    let mut before = None;
    loop {
        match read_line(stdout, &mut line).await {
            Ok(true) => {}
            Ok(false) => return over(None),
            Err(error) => return nonsense(format!("the child's stdout: {error}")),
        }
        match serde_json::from_slice(&line) {
            Ok(Message::Progress(percent)) if percent <= 100 => {
                if before.is_none_or(|before| percent > before) {
                    before = Some(percent);
                    on_progress(percent);
                }
            }
            Ok(Message::Progress(percent)) => return nonsense(format!("a progress of {percent} per cent")),
            Ok(Message::Done(done)) => return over(Some(Ok(done))),
            Ok(Message::Failed(failed)) => {
                let reason = Verdict::from_message(failed).map_or(NotRendered::Cancelled, NotRendered::Failed);
                return over(Some(Err(reason)));
            }
            Err(error) => return nonsense(format!("a line on stdout that is no message: {error}")),
        }
    }
}

/// One line without its end, at most [`MAX_LINE_BYTES`] long; false at the end of the stream. A last line without an
/// end was cut off and does not count.
async fn read_line(input: &mut (impl AsyncBufRead + Unpin), line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    loop {
        let block = input.fill_buf().await?;
        if block.is_empty() {
            return Ok(false);
        }
        let end = block.iter().position(|&byte| byte == b'\n');
        let part = &block[..end.unwrap_or(block.len())];
        if line.len() + part.len() > MAX_LINE_BYTES {
            let why = format!("a line of more than {MAX_LINE_BYTES} bytes");
            return Err(io::Error::new(io::ErrorKind::InvalidData, why));
        }
        line.extend_from_slice(part);
        let used = part.len() + usize::from(end.is_some());
        input.consume(used);
        if end.is_some() {
            return Ok(true);
        }
    }
}

/// Writes order and snapshot, then waits for a cancel and passes it on; returns when the child had time to obey. A child
/// that does not take its order is left to [`listen`] and the time limit.
async fn feed(stdin: &mut ChildStdin, order: [&[u8]; 2], cancel: &mut watch::Receiver<bool>) {
    tokio::select! {
        written = write_order(stdin, order) => match written {
            Ok(()) => cancelled(cancel).await,
            Err(_) => pending().await,
        },
        () = cancelled(cancel) => {}
    }
    // An order half written would swallow the line: then only the grace is left.
    let _ = timeout(CANCEL_GRACE, stdin.write_all(CANCEL)).await;
    sleep(CANCEL_GRACE).await;
}

async fn write_order(stdin: &mut ChildStdin, order: [&[u8]; 2]) -> io::Result<()> {
    for part in order {
        stdin.write_all(part).await?;
    }
    stdin.flush().await
}

async fn cancelled(cancel: &mut watch::Receiver<bool>) {
    if cancel.wait_for(|cancelled| *cancelled).await.is_err() {
        pending().await
    }
}

/// A child and its streams. Dropped, it is killed.
struct Running {
    child: ChildGuard,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    log: tokio::task::JoinHandle<Vec<u8>>,
}

/// A child that does not outlive this: when it is dropped, the child is killed, and gone before anybody looks at the files
/// that it was writing.
struct ChildGuard(Child);

impl Drop for ChildGuard {
    fn drop(&mut self) {
        // A child that has been waited for has no id any more.
        if self.0.id().is_none() || self.0.start_kill().is_err() {
            return;
        }
        // Nothing survives this signal; how long that takes is the system's load. The wait has an end nevertheless.
        for _ in 0..MAX_DYING_MS {
            if !matches!(self.0.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// How a child's process ended.
struct Exit {
    status: io::Result<std::process::ExitStatus>,
    /// The end of its log.
    log: String,
}

impl Running {
    fn start(program: &Program, limits: &ChildLimits, threads: NonZeroUsize) -> Result<Self, Verdict> {
        let mut command = Command::new(&program.0);
        command
            .arg0("render")
            .arg(COMMAND)
            .args(limits.to_arguments())
            .current_dir("/")
            .env_clear()
            .envs(KEPT_ENVIRONMENT.into_iter().filter_map(|name| Some((name, std::env::var_os(name)?))))
            // Every arena of glibc reserves 64 MiB of address space, which is what the limit counts.
            .env("MALLOC_ARENA_MAX", "2")
            .env("RAYON_NUM_THREADS", threads.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A Ctrl-C is for the worker, which decides about its renders.
            .process_group(0)
            .kill_on_drop(true);
        let failed = |error: io::Error| Verdict::io(&format!("starting `{}`", program.0.display()), &error);
        let mut child = command.spawn().map_err(failed)?;
        let (Some(stdin), Some(stdout), Some(stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(failed(io::Error::other("a stream is missing")));
        };
        let log = tokio::spawn(end_of(stderr));
        Ok(Self { child: ChildGuard(child), stdin, stdout: BufReader::new(stdout), log })
    }

    /// Waits for the end of the child; kills it if asked to, or if it does not end by itself.
    async fn end(self, kill: bool) -> Exit {
        let Self { mut child, stdin, stdout, mut log } = self;
        drop((stdin, stdout));
        let ended = if kill { None } else { timeout(EXIT_GRACE, child.0.wait()).await.ok() };
        let status = match ended {
            Some(status) => status,
            None => match child.0.start_kill() {
                Ok(()) => child.0.wait().await,
                Err(error) => Err(error),
            },
        };
        // Whoever else holds the child's stderr must not hold up the worker.
        let log = match timeout(EXIT_GRACE, &mut log).await {
            Ok(log) => log.unwrap_or_default(),
            Err(_) => {
                log.abort();
                Vec::new()
            }
        };
        Exit { status, log: String::from_utf8_lossy(&log).into_owned() }
    }
}

impl Exit {
    /// What the end of a child without a result means.
    fn verdict(&self) -> Verdict {
        match &self.status {
            Ok(status) => Verdict::from_exit(*status, &self.last_words()),
            Err(error) => Verdict::io("waiting for the child", error),
        }
    }

    fn last_words(&self) -> String {
        let line =
            one_line(self.log.get(self.log.floor_char_boundary(self.log.len().saturating_sub(1200))..).unwrap_or(""));
        let skipped = line.chars().count().saturating_sub(LAST_WORDS_CHARS);
        line.chars().skip(skipped).collect()
    }
}

/// The last bytes of a stream.
async fn end_of(mut stream: impl AsyncRead + Unpin) -> Vec<u8> {
    let (mut kept, mut block) = (Vec::new(), vec![0; 4096]);
    while let Ok(read @ 1..) = stream.read(&mut block).await {
        kept.extend_from_slice(&block[..read]);
        if kept.len() > 2 * KEPT_LOG_BYTES {
            kept.drain(..kept.len() - KEPT_LOG_BYTES);
        }
    }
    kept.drain(..kept.len().saturating_sub(KEPT_LOG_BYTES));
    kept
}

/// The files that a child says it has made. Whether their content is what it says is checked when the spool takes them.
fn files_of(done: Done, folder: &Path) -> Result<RenderedFiles, Verdict> {
    let [video_path, thumbnail_path] = [VIDEO_FILE, THUMBNAIL_FILE].map(|name| folder.join(name));
    for (path, file) in [(&video_path, &done.video), (&thumbnail_path, &done.thumbnail)] {
        let there = std::fs::symlink_metadata(path).is_ok_and(|found| found.is_file() && found.len() == file.bytes);
        if !there || !file.is_plausible() {
            let detail = format!("the child says it is done, and `{}` is not as it says", path.display());
            return Err(Verdict::new(FailureCode::RenderCrashed, detail));
        }
    }
    Ok(RenderedFiles {
        video_path,
        video: done.video,
        thumbnail_path,
        thumbnail: done.thumbnail,
        duration_ms: done.duration_ms,
        frames: done.frames,
        warnings: done.warnings,
        times: done.times,
    })
}

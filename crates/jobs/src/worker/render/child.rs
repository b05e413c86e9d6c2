//! The child's side: one order, one render, and a thread that listens to the worker all the while.

use std::io::{self, BufRead, BufReader, Read as _, Write as _};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use super::super::spool::{RenderedFile, THUMBNAIL_FILE, VIDEO_FILE};
use super::products;
use super::protocol::{CANCEL, Done, Failed, MAX_ORDER_BYTES, Message, Order, RenderTimes, findings};
use super::verdict::{Verdict, cancelled};
use crate::job::FailureCode;
use crate::lock::lock;
use quotereel::{FrameRate, Options, Output, Progress as _, Quote, RenderError, Size};

/// How long a render may take to notice that its worker is gone, before it is ended in the middle of a frame.
const ABANDON_GRACE: Duration = Duration::from_secs(1);
/// By how much a child outlives its time limit, so that a worker that looks comes first.
const WALL_GRACE: Duration = Duration::from_secs(5);

/// Carries out the one order on stdin; see the module for what is said on stdout.
///
/// Returns once the render is over. Where the worker is gone or has no more use for it, the process ends inside.
///
/// # Errors
/// When stdin or stdout break, or no thread can be started: nobody is there to learn of it.
pub fn serve() -> io::Result<()> {
    let started = Instant::now();
    let mut stdin = BufReader::new(io::stdin());
    let mut line = Vec::new();
    (&mut stdin).take(MAX_ORDER_BYTES).read_until(b'\n', &mut line)?;
    let order: Order = match serde_json::from_slice(&line) {
        Ok(order) => order,
        Err(error) => {
            return refuse(format!("the order of {} bytes: {error}", line.len()));
        }
    };
    let mut snapshot = Vec::new();
    (&mut stdin).take(order.snapshot_bytes.min(MAX_ORDER_BYTES)).read_to_end(&mut snapshot)?;
    if snapshot.len() as u64 != order.snapshot_bytes {
        return refuse(format!("{} of {} bytes of the snapshot", snapshot.len(), order.snapshot_bytes));
    }
    let child = Arc::new(Child {
        folder: order.output_folder.clone(),
        phase: Mutex::new(Phase::Preparing),
        over: Condvar::new(),
        stop: AtomicBool::new(false),
    });
    let wall = Duration::from_millis(order.wall_ms) + WALL_GRACE;
    let [reader, timer] = [Arc::clone(&child), Arc::clone(&child)];
    thread::Builder::new().name("reader".to_owned()).spawn(move || reader.listen(stdin))?;
    thread::Builder::new().name("timer".to_owned()).spawn(move || {
        thread::sleep(wall);
        timer.abandon();
    })?;
    let outcome = child.work(order, snapshot, started);
    child.end(outcome)
}

/// An order that no worker sends.
fn refuse(detail: String) -> io::Result<()> {
    say(&Message::Failed(Verdict::new(FailureCode::Internal, detail).into()))
}

/// How far the work is. Files appear from `Rendering` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Preparing,
    Rendering,
    /// The result is being reported: it is too late to stop.
    Over,
    /// The worker is gone: there must be no result.
    Abandoned,
}

struct Child {
    folder: PathBuf,
    phase: Mutex<Phase>,
    over: Condvar,
    stop: AtomicBool,
}

impl Child {
    fn phase(&self) -> MutexGuard<'_, Phase> {
        lock(&self.phase)
    }

    /// Waits for a line `cancel` or the end of stdin.
    fn listen(&self, mut stdin: impl BufRead) {
        let mut line = Vec::new();
        loop {
            line.clear();
            match (&mut stdin).take(64).read_until(b'\n', &mut line) {
                Ok(0) | Err(_) => return self.abandon(),
                Ok(_) if line == CANCEL => self.cancel(),
                Ok(_) => {}
            }
        }
    }

    /// Stops the render within a frame; before the first one at once, even in the middle of a download.
    fn cancel(&self) {
        self.stop.store(true, Ordering::Relaxed);
        let phase = self.phase();
        if *phase == Phase::Preparing {
            // No file yet; a worker that is gone by now needs no answer.
            let _ = say(&Message::Failed(cancelled()));
            process::exit(0);
        }
    }

    /// Ends the process and leaves nothing, unless it has just reported its result.
    fn abandon(&self) {
        self.stop.store(true, Ordering::Relaxed);
        let mut phase = self.phase();
        if *phase == Phase::Over {
            return;
        }
        if *phase == Phase::Rendering {
            *phase = Phase::Abandoned;
            let waited = self.over.wait_timeout_while(phase, ABANDON_GRACE, |phase| *phase == Phase::Abandoned);
            drop(waited);
        }
        products::remove(&self.folder);
        process::exit(1);
    }

    fn work(&self, order: Order, snapshot: Vec<u8>, started: Instant) -> Result<Done, Failed> {
        let mut times = RenderTimes { start: ms_since(started), ..RenderTimes::default() };
        let preparing = Instant::now();
        let frame_rate = FrameRate::new(order.frames_a_second)
            .map_err(|error| Verdict::new(FailureCode::Internal, error.to_string()))?;
        let threads = NonZeroUsize::new(order.threads.into()).unwrap_or(NonZeroUsize::MIN);
        let mut quote = Quote::from_json(snapshot)
            .keyed_files(order.asset_files.into_iter().collect())
            .template(order.template)
            .size(Size::new(order.width, order.height))
            .frame_rate(frame_rate)
            .allow_private_network(order.allow_private_network)
            .threads(threads);
        if let Some(folder) = order.fonts {
            quote = quote.fonts(folder);
        }
        let prepared = quote.prepare().map_err(Verdict::from)?;
        times.prepare = ms_since(preparing);

        let [video, thumbnail] = [VIDEO_FILE, THUMBNAIL_FILE].map(|name| order.output_folder.join(name));
        let options = Options { thumbnail: Some(thumbnail.clone()), threads: Some(threads), ..Options::default() };
        let progress = Progress {
            frames: prepared.frame_count(),
            done: AtomicU32::new(0),
            reported: Mutex::new(None),
            stop: &self.stop,
        };
        *self.phase() = Phase::Rendering;
        let rendering = Instant::now();
        progress.frames_done(0);
        let rendered = prepared.write(Output::mp4_file(&video), &options, &progress).map_err(|error| match error {
            RenderError::Cancelled => cancelled(),
            error => Verdict::from(error).into(),
        })?;
        times.render = ms_since(rendering);
        (times.paint, times.convert) = (rendered.stages.raster, rendered.stages.convert);
        (times.encode, times.mux) = (rendered.stages.encode, rendered.stages.mux);
        let hashing = Instant::now();
        let [video, thumbnail] = [video, thumbnail].map(|path| RenderedFile::of(&path));
        let unreadable = |error: io::Error| Verdict::io("reading the finished files back", &error);
        let (video, thumbnail) = (video.map_err(unreadable)?, thumbnail.map_err(unreadable)?);
        times.hash = ms_since(hashing);
        times.wall = ms_since(started);
        Ok(Done {
            video,
            thumbnail,
            duration_ms: rendered.duration_ms,
            frames: rendered.frames,
            warnings: findings(prepared.warnings()),
            times,
        })
    }

    /// Reports the result. Files that nobody learns of are removed.
    fn end(&self, outcome: Result<Done, Failed>) -> io::Result<()> {
        let abandoned = {
            let mut phase = self.phase();
            std::mem::replace(&mut *phase, Phase::Over) == Phase::Abandoned
        };
        self.over.notify_all();
        let is_done = outcome.is_ok();
        let reported = if abandoned {
            Ok(())
        } else {
            say(&match outcome {
                Ok(done) => Message::Done(Box::new(done)),
                Err(failed) => Message::Failed(failed),
            })
        };
        if abandoned || reported.is_err() || !is_done {
            products::remove(&self.folder);
        }
        reported
    }
}

/// Counts frames and reports each new per cent once.
struct Progress<'a> {
    frames: u32,
    done: AtomicU32,
    reported: Mutex<Option<u8>>,
    stop: &'a AtomicBool,
}

impl quotereel::Progress for Progress<'_> {
    fn frames_done(&self, count: u32) {
        let done = self.done.fetch_add(count, Ordering::Relaxed) + count;
        // The hundredth is the `done` message. A video that is made again counts beyond its frames.
        let percent = u64::from(done) * 100 / u64::from(self.frames.max(1));
        let percent = u8::try_from(percent.min(99)).unwrap_or(99);
        let mut reported = lock(&self.reported);
        if reported.is_none_or(|before| percent > before) {
            *reported = Some(percent);
            if say(&Message::Progress(percent)).is_err() {
                self.stop.store(true, Ordering::Relaxed);
            }
        }
    }

    fn is_cancelled(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// Writes one line to stdout.
fn say(message: &Message) -> io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    let mut stdout = io::stdout().lock();
    stdout.write_all(&line)?;
    stdout.flush()
}

fn ms_since(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1000.0
}

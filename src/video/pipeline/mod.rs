//! From painted frames to a finished, checked file: segments in parallel, progress, cancel, and no partial file ever.
//! What a frame shows is the source's matter, how bytes are coded that of `encode`.

mod disk;
mod error;
mod job;
mod plan;
mod publish;
mod segment;
mod sound;
mod stages;
mod unfinished;

use std::cmp::Reverse;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use crate::ground::frame::FrameSource;
use crate::ground::lock::lock;
use crate::video::encode::{
    EncodedPicture, EncodedSound, EncoderConfig, Mp4Settings, Mp4Writer, PictureKind, Repeats, Y4mWriter,
};
use crate::video::probe::{self, CONSTANT_FRAME_RATE, Report};

pub use disk::{folder_of, free_bytes};
pub use error::RenderError;
pub use job::{Destination, Output, Progress, Quality, RenderJob, Rendered, StageMs};
pub use plan::{Segment, plan};
use publish::{Spool, Thumbnails, publish};
pub use publish::{write_together, write_whole};
use segment::{Common, Encoded, Workbench, render_segment};
use sound::Sound;
use stages::Stages;
pub use unfinished::{Unfinished, remove_unfinished};

/// How much higher the quantiser gets for each further try at a file that is too large: about half the bytes.
const QP_STEP: u8 = 6;
/// Further tries at a file that is too large.
const RETRIES: u8 = 2;

/// Renders a whole video: plan, paint and encode in parallel, mux in order, check, and publish all files at once.
///
/// The bytes are the same for any number of threads. Whatever goes wrong, nothing is left behind and files that were
/// at the destinations before are still there.
///
/// # Errors
/// [`RenderError`]; see there which are the caller's fault.
pub fn render(source: &dyn FrameSource, job: &RenderJob, progress: &dyn Progress) -> Result<Rendered, RenderError> {
    let needed_bytes = AtomicU64::new(0);
    make(source, job, progress, &needed_bytes).map_err(|error| match job.output.path() {
        Some(path) => disk::with_room(error, path, needed_bytes.into_inner()),
        None => error,
    })
}

/// The same; `needed_bytes` is what the output takes as soon as that is known.
fn make(
    source: &dyn FrameSource,
    job: &RenderJob,
    progress: &dyn Progress,
    needed_bytes: &AtomicU64,
) -> Result<Rendered, RenderError> {
    let started = Instant::now();
    let stages = Stages::default();
    let mut config = job.check(source)?;
    let segments = plan(source, config.max_idr_interval_frames());

    let mut spool = Spool::create(job)?;
    let mut retries = 0;
    let mut coded_frames = 0;
    let mut levels = None;
    let thumbnails = match &job.output {
        Output::Y4m(_) => {
            let pixels = u64::from(source.size().width) * u64::from(source.size().height);
            needed_bytes.store(u64::from(source.frame_count()) * (pixels * 3 / 2), Ordering::Relaxed);
            write_raw(source, job, &mut spool, progress, &stages)?
        }
        Output::Mp4(_) => {
            let sound = stages.sound.time(|| Sound::prepare(job, source))?;
            levels = sound.levels();
            loop {
                let encoded = render_segments(source, &config, &segments, &sound, job, progress, &stages)?;
                let coded_sound = sound.coded()?;
                needed_bytes.store(coded_bytes(&encoded, coded_sound), Ordering::Relaxed);
                stages.mux.time(|| mux(&encoded, coded_sound, &config, job, &spool))?;
                let report = stages.publish.time(|| Ok::<_, RenderError>(probe::probe(spool.video_path()?)?))?;
                let too_large = report.facts.bytes > job.quality.max_bytes;
                if too_large && retries < RETRIES && config.qp < EncoderConfig::MAX_QP {
                    retries += 1;
                    config.qp = (config.qp + QP_STEP).min(EncoderConfig::MAX_QP);
                    continue;
                }
                check(&report, source, job)?;
                let coded =
                    |picture: &&EncodedPicture| matches!(picture.kind, PictureKind::Idr | PictureKind::Predicted);
                let coded = encoded.iter().flat_map(|segment| &segment.pictures).filter(coded).count();
                coded_frames = u32::try_from(coded).unwrap_or(u32::MAX);
                break encoded.into_iter().find_map(|segment| segment.thumbnails);
            }
        }
    };
    if let Some(thumbnails) = thumbnails {
        stages.thumbnail.time(|| spool.write_thumbnails(job, &thumbnails, needed_bytes))?;
    }
    if progress.is_cancelled() {
        return Err(RenderError::Cancelled);
    }
    let bytes = stages.publish.time(|| publish(spool, job))?;
    Ok(Rendered {
        output: job.output.path().map(ToOwned::to_owned),
        thumbnail: job.thumbnail.clone(),
        small_thumbnail: job.small_thumbnail.clone(),
        bytes,
        frames: source.frame_count(),
        coded_frames,
        duration_ms: source.frame_rate().ms_of_frames(source.frame_count()),
        fps: source.frame_rate().to_string(),
        sound: levels,
        qp: config.qp,
        segments: segments.len(),
        stages: stages.report(started.elapsed()),
    })
}

/// Paints and encodes every segment on a pool of threads, and gives them back in order. A thread takes the next segment
/// when it has finished one, so no more are in work than there are threads; what waits is compressed. Those with the
/// most work come first: the short ones fill the gaps at the end. Before them all comes the soundtrack, which is
/// encoded in one piece.
fn render_segments(
    source: &dyn FrameSource,
    config: &EncoderConfig,
    segments: &[Segment],
    sound: &Sound,
    job: &RenderJob,
    progress: &dyn Progress,
    stages: &Stages,
) -> Result<Vec<Encoded>, RenderError> {
    let threads = job.threads.get().min(segments.len());
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
    let mut slots: Vec<Option<Result<Encoded, RenderError>>> = segments.iter().map(|_| None).collect();
    let abandoned = AtomicBool::new(false);
    let steps = source.steps();
    let common = Common { source, job, progress, abandoned: &abandoned, stages, steps: &steps };
    let benches = Mutex::new(Vec::new());
    pool.in_place_scope_fifo(|scope| {
        // What fails here fails again, and is reported, where the result is used.
        scope.spawn_fifo(|_| drop(stages.sound.time(|| sound.coded())));
        let mut queue: Vec<_> = segments.iter().zip(&mut slots).collect();
        queue.sort_by_key(|(segment, _)| Reverse(segment.work));
        for (segment, slot) in queue {
            let (benches, abandoned) = (&benches, &abandoned);
            scope.spawn_fifo(move |_| {
                let free = lock(benches).pop();
                let mut bench = free.unwrap_or_else(|| Workbench::new(source));
                let result = render_segment(common, config, *segment, &mut bench);
                // One that failed may have left it half done.
                if result.is_ok() {
                    lock(benches).push(bench);
                } else {
                    abandoned.store(true, Ordering::Relaxed);
                }
                *slot = Some(result);
            });
        }
    });
    let results: Vec<_> = slots.into_iter().flatten().collect();
    // Segments given up because of another's failure say `Cancelled`; the failure itself is what matters.
    let (encoded, errors): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    let mut errors = errors.into_iter().filter_map(Result::err);
    match errors.next() {
        None => Ok(encoded.into_iter().filter_map(Result::ok).collect()),
        Some(first @ RenderError::Cancelled) => {
            Err(errors.find(|error| !matches!(error, RenderError::Cancelled)).unwrap_or(first))
        }
        Some(first) => Err(first),
    }
}

/// Bytes of all that is coded; the file's own index comes on top.
fn coded_bytes(encoded: &[Encoded], sound: Option<&EncodedSound>) -> u64 {
    let pictures = encoded.iter().flat_map(|segment| &segment.pictures).map(|picture| picture.data.len() as u64);
    let packets = sound.into_iter().flat_map(|sound| &sound.packets).map(|packet| packet.len() as u64);
    pictures.chain(packets).sum()
}

fn mux(
    encoded: &[Encoded],
    sound: Option<&EncodedSound>,
    config: &EncoderConfig,
    job: &RenderJob,
    spool: &Spool,
) -> Result<(), RenderError> {
    let first = encoded.first().ok_or(RenderError::NoFrames)?;
    let settings = Mp4Settings { config, title: job.title.as_deref(), sound };
    let mut writer = Mp4Writer::create(spool.video_path()?, &settings, &first.parameter_sets)?;
    for segment in encoded {
        if segment.parameter_sets != first.parameter_sets {
            return Err(RenderError::SelfCheck("segments have different parameter sets".to_owned()));
        }
        let mut pictures = segment.pictures.iter().peekable();
        while let Some(picture) = pictures.next() {
            let mut frames = 1;
            while pictures.next_if(|next| next.kind == PictureKind::Omitted).is_some() {
                frames += 1;
            }
            writer.write(&picture.data, picture.kind == PictureKind::Idr, frames)?;
        }
    }
    Ok(writer.finish()?)
}

/// The finished file against the delivery rules and against what was asked for.
fn check(report: &Report, source: &dyn FrameSource, job: &RenderJob) -> Result<(), RenderError> {
    let facts = &report.facts;
    if facts.bytes > job.quality.max_bytes {
        return Err(RenderError::TooLarge { bytes: facts.bytes, max_bytes: job.quality.max_bytes });
    }
    let varies = job.quality.repeats == Repeats::Omitted;
    let duration_ms = source.frame_rate().ms_of_frames(source.frame_count());
    if facts.duration_ms.abs_diff(duration_ms) > 1 || !varies && facts.frame_count != source.frame_count() {
        let (found, expected) = (facts.frame_count, source.frame_count());
        let found_ms = facts.duration_ms;
        return Err(RenderError::SelfCheck(format!(
            "{found} frames in {found_ms} ms instead of {expected} in {duration_ms} ms"
        )));
    }
    let (tracks, expected) = (facts.audio.len(), usize::from(job.soundtrack.is_some()));
    if tracks != expected {
        return Err(RenderError::SelfCheck(format!("{tracks} sound tracks instead of {expected}")));
    }
    let broken = report.broken().filter(|rule| !(varies && rule.rule == CONSTANT_FRAME_RATE));
    let broken: Vec<String> =
        broken.map(|rule| format!("{}: {} instead of {}", rule.rule, rule.found, rule.expected)).collect();
    if broken.is_empty() { Ok(()) } else { Err(RenderError::SelfCheck(broken.join("; "))) }
}

/// Writes every frame uncompressed, one after another: there is nothing to encode in parallel, and frames held back
/// for their turn would fill the memory.
fn write_raw(
    source: &dyn FrameSource,
    job: &RenderJob,
    spool: &mut Spool,
    progress: &dyn Progress,
    stages: &Stages,
) -> Result<Option<Thumbnails>, RenderError> {
    let target = job.output.describe();
    let failed = |source| RenderError::Write { target: target.clone(), source };
    let mut out = spool.raw_writer(job)?;
    let mut writer = Y4mWriter::create(&mut out, source.size(), source.frame_rate()).map_err(&failed)?;
    let all = Segment { first: 0, frames: source.frame_count(), work: 0 };
    let abandoned = AtomicBool::new(false);
    let common = Common { source, job, progress, abandoned: &abandoned, stages, steps: &[] };
    let mut bench = Workbench::new(source);
    let mut thumbnails = None;
    segment::catch_panic(all, || {
        segment::paint_frames(common, all, &mut bench, &mut |frame| {
            if job.wants_still_of(frame.index, source) {
                thumbnails = Some(stages.thumbnail.time(|| Thumbnails::of(job, frame.picture))?);
            }
            stages.mux.time(|| writer.write(frame.planes)).map_err(&failed)
        })
    })?;
    stages.mux.time(|| writer.finish()).map_err(&failed)?;
    Ok(thumbnails)
}

#[cfg(test)]
mod tests;

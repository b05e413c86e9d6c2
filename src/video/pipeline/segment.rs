//! One segment: paint, convert, encode, with a painter and an encoder of its own, on one thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

use super::publish::Thumbnails;
use super::stages::Stages;
use super::{Progress, RenderError, RenderJob, Segment};
use crate::ground::frame::{Damage, FramePainter, FrameSource, RgbaFrame, Step, YuvFrame};
use crate::video::encode::{EncodedPicture, EncoderConfig, SegmentEncoder};
use crate::video::h264::AvcConfig;
use crate::video::yuv::Converter;

/// The coded frames of one segment.
pub(super) struct Encoded {
    pub(super) pictures: Vec<EncodedPicture>,
    pub(super) parameter_sets: AvcConfig,
    /// The thumbnails, when their picture lies in this segment.
    pub(super) thumbnails: Option<Thumbnails>,
}

/// What a thread paints with: a painter, its planes, and the way from one to the other. It serves one segment after
/// another, so that large buffers are allocated once for each thread.
pub(super) struct Workbench<'a> {
    painter: Box<dyn FramePainter + 'a>,
    converter: Converter,
    planes: YuvFrame,
    /// Whether the planes hold nothing of this painter's yet.
    fresh: bool,
}

impl<'a> Workbench<'a> {
    pub(super) fn new(source: &'a dyn FrameSource) -> Self {
        let size = source.size();
        let (painter, converter) = (source.painter(), Converter::new(size));
        Self { painter, converter, planes: YuvFrame::black(size), fresh: true }
    }
}

/// What all segments of a render have in common.
#[derive(Clone, Copy)]
pub(super) struct Common<'a> {
    pub(super) source: &'a dyn FrameSource,
    pub(super) job: &'a RenderJob,
    pub(super) progress: &'a dyn Progress,
    /// Set when another segment has failed.
    pub(super) abandoned: &'a AtomicBool,
    pub(super) stages: &'a Stages,
    /// What happens on every frame of the source.
    pub(super) steps: &'a [Step],
}

/// Runs the work of a segment. A panic in it, a bug, is caught here, once, and becomes an error.
pub(super) fn catch_panic<T>(
    segment: Segment,
    work: impl FnOnce() -> Result<T, RenderError>,
) -> Result<T, RenderError> {
    // Nothing that a panic can leave half done is used afterwards: painter, planes and encoder are dropped with it.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(panicked(segment, panic.as_ref())))
}

/// Renders one segment.
pub(super) fn render_segment(
    common: Common<'_>,
    config: &EncoderConfig,
    segment: Segment,
    bench: &mut Workbench<'_>,
) -> Result<Encoded, RenderError> {
    catch_panic(segment, || encode_frames(common, config, segment, bench))
}

fn panicked(segment: Segment, panic: &(dyn std::any::Any + Send)) -> RenderError {
    let message = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".to_owned());
    RenderError::Panicked { first: segment.first, last: segment.last(), message }
}

fn encode_frames(
    common: Common<'_>,
    config: &EncoderConfig,
    segment: Segment,
    bench: &mut Workbench<'_>,
) -> Result<Encoded, RenderError> {
    let Common { source, job, stages, steps, .. } = common;
    let frames = segment.first as usize..=segment.last() as usize;
    let moves: Vec<bool> = steps[frames].iter().map(|step| step.changed_px > 0).collect();
    let mut encoder = stages.encode.time(|| SegmentEncoder::open(config, &moves))?;
    let mut pictures = Vec::with_capacity(segment.frames as usize);
    let mut thumbnails = None;
    paint_frames(common, segment, bench, &mut |frame| {
        if job.wants_still_of(frame.index, source) {
            thumbnails = Some(stages.thumbnail.time(|| Thumbnails::of(job, frame.picture))?);
        }
        stages.encode.time(|| {
            encoder.send(frame.planes, frame.damage)?;
            drain(&mut encoder, &mut pictures)
        })
    })?;
    stages.encode.time(|| {
        encoder.flush()?;
        drain(&mut encoder, &mut pictures)
    })?;
    if pictures.len() != segment.frames as usize {
        return Err(RenderError::SelfCheck(format!(
            "{} coded pictures for {} frames from frame {}",
            pictures.len(),
            segment.frames,
            segment.first
        )));
    }
    Ok(Encoded { pictures, parameter_sets: encoder.parameter_sets().clone(), thumbnails })
}

fn drain(encoder: &mut SegmentEncoder, pictures: &mut Vec<EncodedPicture>) -> Result<(), RenderError> {
    while let Some(picture) = encoder.receive()? {
        pictures.push(picture);
    }
    Ok(())
}

/// A painted and converted frame.
pub(super) struct Painted<'a> {
    pub(super) index: u32,
    pub(super) picture: &'a RgbaFrame,
    pub(super) planes: &'a YuvFrame,
    pub(super) damage: &'a Damage,
}

/// Paints the frames of a segment in order, converts what changed, and hands each on.
pub(super) fn paint_frames(
    common: Common<'_>,
    segment: Segment,
    bench: &mut Workbench<'_>,
    take: &mut dyn FnMut(&Painted<'_>) -> Result<(), RenderError>,
) -> Result<(), RenderError> {
    let Common { progress, abandoned, stages, .. } = common;
    let Workbench { painter, converter, planes, fresh } = bench;
    for index in segment.first..=segment.last() {
        if progress.is_cancelled() || abandoned.load(Ordering::Relaxed) {
            return Err(RenderError::Cancelled);
        }
        let damage = stages.raster.time(|| painter.paint(index));
        let picture = painter.picture();
        stages.convert.time(|| match &damage {
            _ if *fresh => converter.convert(picture, planes),
            Damage::Nothing => {}
            Damage::Rects(rects) => {
                for rect in rects {
                    converter.convert_rect(picture, planes, *rect);
                }
            }
        });
        *fresh = false;
        take(&Painted { index, picture, planes, damage: &damage })?;
        progress.frames_done(1);
    }
    Ok(())
}

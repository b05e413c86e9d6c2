//! One segment: paint, convert, encode, with a painter and an encoder of its own, on one thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

use super::stages::Stages;
use super::{Monitor, RenderError, RenderJob, Segment};
use crate::convert::Converter;
use crate::encode::{EncodedPicture, EncoderConfig, SegmentEncoder};
use crate::frame::{Damage, FrameSource, RgbaFrame, YuvFrame};
use crate::h264::AvcConfig;

/// The coded frames of one segment.
pub(super) struct Encoded {
    pub(super) pictures: Vec<EncodedPicture>,
    pub(super) parameter_sets: AvcConfig,
    /// The picture for the thumbnails, when it lies in this segment.
    pub(super) still: Option<RgbaFrame>,
}

/// Runs the work of a segment. A panic in it, a bug, is caught here, once, and told as an error.
pub(super) fn catch_panic<T>(
    segment: Segment,
    work: impl FnOnce() -> Result<T, RenderError>,
) -> Result<T, RenderError> {
    // Nothing that a panic can leave half done is used afterwards: painter, planes and encoder are dropped with it.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(panicked(segment, panic.as_ref())))
}

/// Renders one segment.
pub(super) fn render_segment(
    source: &dyn FrameSource,
    config: &EncoderConfig,
    segment: Segment,
    job: &RenderJob,
    monitor: &dyn Monitor,
    abandoned: &AtomicBool,
    stages: &Stages,
) -> Result<Encoded, RenderError> {
    catch_panic(segment, || encode_frames(source, config, segment, job, monitor, abandoned, stages))
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
    source: &dyn FrameSource,
    config: &EncoderConfig,
    segment: Segment,
    job: &RenderJob,
    monitor: &dyn Monitor,
    abandoned: &AtomicBool,
    stages: &Stages,
) -> Result<Encoded, RenderError> {
    let mut encoder = stages.encode.time(|| SegmentEncoder::open(config))?;
    let mut pictures = Vec::with_capacity(segment.frames as usize);
    let mut still = None;
    paint_frames(source, segment, monitor, abandoned, stages, &mut |frame| {
        if job.wants_still_of(frame.index, source) {
            still = Some(frame.picture.clone());
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
    Ok(Encoded { pictures, parameter_sets: encoder.parameter_sets().clone(), still })
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
    source: &dyn FrameSource,
    segment: Segment,
    monitor: &dyn Monitor,
    abandoned: &AtomicBool,
    stages: &Stages,
    take: &mut dyn FnMut(&Painted<'_>) -> Result<(), RenderError>,
) -> Result<(), RenderError> {
    let mut painter = source.painter();
    let mut converter = Converter::new(source.size());
    let mut planes = YuvFrame::black(source.size());
    for index in segment.first..=segment.last() {
        if monitor.is_cancelled() || abandoned.load(Ordering::Relaxed) {
            return Err(RenderError::Cancelled);
        }
        let damage = stages.paint.time(|| painter.paint(index));
        let picture = painter.picture();
        stages.convert.time(|| match &damage {
            // The planes still hold nothing of this painter's, whatever it says of its first frame.
            _ if index == segment.first => converter.convert(picture, &mut planes),
            Damage::Nothing => {}
            Damage::Rects(rects) => {
                for rect in rects {
                    converter.convert_rect(picture, &mut planes, *rect);
                }
            }
        });
        take(&Painted { index, picture, planes: &planes, damage: &damage })?;
        monitor.frames_done(1);
    }
    Ok(())
}

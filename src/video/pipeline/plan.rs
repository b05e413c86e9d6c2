//! Where a video is cut into segments. Each starts with an IDR frame and is encoded on its own. The plan depends on
//! the source alone, never on threads, so the bytes do not either.
//!
//! A plan is the cheapest way through all cuts, by dynamic programming. Each segment costs what its IDR frame costs to
//! encode and to look at, which argues for few cuts, and as much for the square of its work, which argues for many of
//! equal work, so that no thread is left alone with a long one at the end. Work of [`SEGMENT`] makes both equal.

use crate::ground::frame::{FrameSource, Step};

/// Work of a frame on which anything changes, in units of which all others are multiples: the encoder looks at every
/// macroblock, whatever is in it.
const CODED: u64 = 100;
/// Work that a change of the whole canvas adds.
const WHOLE_CANVAS: u64 = 150;
/// Work of an IDR frame beyond that of any other.
const IDR: u64 = 200;
/// Price of a cut amid motion: bytes, and a change of sharpness that motion hides.
const CUT_IN_MOTION: u64 = 100;
/// Price of a cut in a picture that stands still, where the change of sharpness would be seen.
const CUT_IN_HOLD: u64 = 1_500;
/// Work aimed at in a segment, about 35 frames of a moving row.
const SEGMENT: u64 = 4_000;

/// Frames encoded together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Index of the first frame.
    pub first: u32,
    /// Number of frames, at least 1.
    pub frames: u32,
    /// How long it takes, compared with others.
    pub work: u64,
}

impl Segment {
    /// Index of the last frame.
    #[must_use]
    pub fn last(self) -> u32 {
        self.first + self.frames - 1
    }
}

/// Cuts a video into segments of at most `max_frames` (0 counts as 1), in order.
///
/// No segment has a single frame, since two IDR pictures in a row would carry the same `idr_pic_id`, which the standard
/// forbids; only a video of one frame, or `max_frames` of 1, has such segments.
#[must_use]
pub fn plan(source: &dyn FrameSource, max_frames: u32) -> Vec<Segment> {
    let canvas_px = u64::from(source.size().width) * u64::from(source.size().height);
    let steps = source.steps();
    let (most, count) = (max_frames.max(1) as usize, steps.len());
    let least = if most == 1 || count == 1 { 1 } else { 2 };
    let work_until: Vec<u64> = std::iter::once(0)
        .chain(steps.iter().scan(0, |sum, step| {
            *sum += work(*step, canvas_px);
            Some(*sum)
        }))
        .collect();
    // The cheapest way to cut the frames before each one, and where its last segment begins.
    let mut best: Vec<Option<(u64, usize)>> = vec![None; count + 1];
    best[0] = Some((0, 0));
    for end in least..=count {
        let starts = end.saturating_sub(most)..=end - least;
        let ways = starts.filter_map(|start| {
            let (before, _) = best[start]?;
            let work = IDR + work_until[end] - work_until[start];
            Some((before + cut_price(&steps, start) + IDR + IDR * work * work / (SEGMENT * SEGMENT), start))
        });
        best[end] = ways.min();
    }
    let mut segments = Vec::new();
    let mut end = count;
    while let Some((_, start)) = best[end].filter(|_| end > 0) {
        let index = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let work = IDR + work_until[end] - work_until[start];
        segments.push(Segment { first: index(start), frames: index(end - start), work });
        end = start;
    }
    segments.reverse();
    segments
}

fn work(step: Step, canvas_px: u64) -> u64 {
    if step.changed_px == 0 { 0 } else { CODED + WHOLE_CANVAS * u64::from(step.changed_px) / canvas_px.max(1) }
}

/// What a cut before the frame at `at` costs the eye. A scene that starts, or motion that sets in, hides it best.
fn cut_price(steps: &[Step], at: usize) -> u64 {
    let moves = |at: usize| steps[at].changed_px > 0;
    match at {
        0 => 0,
        _ if !moves(at) => CUT_IN_HOLD,
        _ if steps[at].scene_start || !moves(at - 1) => 0,
        _ => CUT_IN_MOTION,
    }
}

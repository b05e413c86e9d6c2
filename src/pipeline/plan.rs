//! Where a video is cut into segments. Each starts with an IDR frame and is encoded on its own. The plan depends on
//! the source alone, never on threads, so the bytes do not either.

use crate::frame::FrameSource;

/// Frames encoded together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Index of the first frame.
    pub first: u32,
    /// Number of frames, at least 1.
    pub frames: u32,
}

impl Segment {
    /// Index of the last frame.
    #[must_use]
    pub fn last(self) -> u32 {
        self.first + self.frames - 1
    }
}

/// Cuts where the source allows it, and further into equal parts so that none is longer than `max_frames`. A single
/// frame is joined to its neighbour: two IDR pictures in a row would carry the same `idr_pic_id`, which the standard
/// forbids. Only a video of one frame, or `max_frames` of 1, has such a segment.
#[must_use]
pub fn plan(source: &dyn FrameSource, max_frames: u32) -> Vec<Segment> {
    let count = source.frame_count();
    let mut starts = vec![0u32];
    for cut in source.cuts() {
        let last = starts.last().copied().unwrap_or(0);
        if cut >= last.saturating_add(2) && cut.saturating_add(2) <= count {
            starts.push(cut);
        }
    }
    let ends: Vec<u32> = starts.iter().skip(1).copied().chain([count]).collect();
    starts.into_iter().zip(ends).flat_map(|(first, end)| split(first, end - first, max_frames.max(1))).collect()
}

/// Equal parts of at most `max_frames`; the longer ones first.
fn split(first: u32, frames: u32, max_frames: u32) -> impl Iterator<Item = Segment> {
    let parts = frames.div_ceil(max_frames);
    let mut at = first;
    (0..parts).map(move |part| {
        let share = frames / parts + u32::from(part < frames % parts);
        let segment = Segment { first: at, frames: share };
        at += share;
        segment
    })
}

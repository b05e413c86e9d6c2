//! The frames of a video, one after another.

use std::time::Duration;

use super::Video;
use crate::ground::frame::{Damage, FramePainter, RgbaFrame};

/// One frame of a video.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Its place in the video, from 0.
    pub index: u32,
    /// When it is shown, from the start of the video.
    pub at: Duration,
    /// Whether it differs from the frame before. The first frame does.
    pub is_new: bool,
    /// Its pixels: premultiplied sRGB, opaque.
    pub picture: RgbaFrame,
}

/// An iterator over all frames of a video; see [`Video::frames`].
pub struct Frames<'a> {
    painter: Box<dyn FramePainter + 'a>,
    next: u32,
    video: &'a Video,
}

impl Video {
    /// All frames in order, painted one after another.
    #[must_use]
    pub fn frames(&self) -> Frames<'_> {
        Frames { painter: self.film().into_painter(), next: 0, video: self }
    }
}

impl Iterator for Frames<'_> {
    type Item = Frame;

    fn next(&mut self) -> Option<Frame> {
        let index = self.next;
        if index >= self.video.frame_count() {
            return None;
        }
        self.next += 1;
        let is_new = self.painter.paint(index) != Damage::Nothing;
        let at = Duration::from_secs_f64(self.video.frame_rate().seconds_at(index));
        Some(Frame { index, at, is_new, picture: self.painter.picture().clone() })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = (self.video.frame_count() - self.next) as usize;
        (left, Some(left))
    }
}

impl ExactSizeIterator for Frames<'_> {}

impl std::fmt::Debug for Frames<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Frames").field("next", &self.next).field("count", &self.video.frame_count()).finish()
    }
}

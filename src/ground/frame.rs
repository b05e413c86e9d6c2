//! Pixel buffers: one composed RGBA picture and its Y'CbCr planes. They are plain memory; drawing and converting live
//! above.

use crate::ground::geometry::{IntRect, Size};
use crate::ground::time::FrameRate;

/// A picture of premultiplied 8-bit sRGB RGBA, rows packed without padding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RgbaFrame {
    size: Size,
    pixels: Vec<u8>,
}

impl RgbaFrame {
    /// A fully transparent picture.
    #[must_use]
    pub fn new(size: Size) -> Self {
        Self { size, pixels: vec![0; size.width as usize * size.height as usize * 4] }
    }

    /// A picture around existing bytes; `None` unless there are exactly width x height x 4 of them.
    #[must_use]
    pub fn from_pixels(size: Size, pixels: Vec<u8>) -> Option<Self> {
        (pixels.len() == size.width as usize * size.height as usize * 4).then_some(Self { size, pixels })
    }

    /// Width and height in pixels.
    #[must_use]
    pub fn size(&self) -> Size {
        self.size
    }

    /// Bytes from one row to the next.
    #[must_use]
    pub fn stride_bytes(&self) -> usize {
        self.size.width as usize * 4
    }

    /// All pixels, row by row, in the order R G B A.
    #[must_use]
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// All pixels, to be written.
    #[must_use]
    pub fn pixels_mut(&mut self) -> &mut [u8] {
        &mut self.pixels
    }

    /// The pixel at column `x`, row `y` as `[r, g, b, a]`.
    ///
    /// # Panics
    /// When the position is outside the picture.
    #[must_use]
    pub fn pixel(&self, x: u32, y: u32) -> [u8; 4] {
        let at = y as usize * self.stride_bytes() + x as usize * 4;
        [self.pixels[at], self.pixels[at + 1], self.pixels[at + 2], self.pixels[at + 3]]
    }
}

/// A 4:2:0 picture in three planes: limited range, BT.709, rows packed without padding. Width and height are even.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct YuvFrame {
    size: Size,
    /// Luma, width x height bytes, black 16, white 235.
    pub y: Vec<u8>,
    /// Blue difference, (width/2) x (height/2) bytes, neutral 128.
    pub u: Vec<u8>,
    /// Red difference, (width/2) x (height/2) bytes, neutral 128.
    pub v: Vec<u8>,
}

impl YuvFrame {
    /// A black picture.
    ///
    /// # Panics
    /// When width or height is odd: 4:2:0 has no half samples.
    #[must_use]
    pub fn black(size: Size) -> Self {
        assert!(
            size.width.is_multiple_of(2) && size.height.is_multiple_of(2),
            "4:2:0 needs even dimensions, got {size}"
        );
        let luma = size.width as usize * size.height as usize;
        Self { size, y: vec![16; luma], u: vec![128; luma / 4], v: vec![128; luma / 4] }
    }

    /// Width and height in luma samples.
    #[must_use]
    pub fn size(&self) -> Size {
        self.size
    }

    /// Bytes from one luma row to the next.
    #[must_use]
    pub fn luma_stride(&self) -> usize {
        self.size.width as usize
    }

    /// Bytes from one chroma row to the next.
    #[must_use]
    pub fn chroma_stride(&self) -> usize {
        self.size.width as usize / 2
    }
}

/// What painting a frame changed since the frame painted before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Damage {
    /// Not one pixel: the frame equals the one before.
    Nothing,
    /// Pixels inside these rectangles, which lie on the canvas and have even edges; they may overlap.
    Rects(Vec<IntRect>),
}

/// Paints the frames of one video into a picture of its own. Frames may be asked for in any order; ascending is fast.
pub trait FramePainter: Send {
    /// Paints the frame at `frame_index` and says what differs from the frame painted before. The first call of a
    /// painter, whatever its index, damages the whole canvas.
    fn paint(&mut self, frame_index: u32) -> Damage;

    /// The frame painted last: opaque, of the size of the source.
    fn picture(&self) -> &RgbaFrame;
}

/// What happens from the frame before to a frame. Of the first frame, the whole canvas changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// Pixels that change, roughly; 0 only when it is certain that the frame equals the one before.
    pub changed_px: u32,
    /// Whether a scene starts here.
    pub scene_start: bool,
}

/// Everything the encoder's side needs to know about a video whose frames can be painted.
pub trait FrameSource: Sync {
    /// Canvas size in pixels, both even.
    fn size(&self) -> Size;

    /// Frames a second.
    fn frame_rate(&self) -> FrameRate;

    /// Exact number of frames.
    fn frame_count(&self) -> u32;

    /// What happens on every frame, known without painting: segments are planned from it.
    fn steps(&self) -> Vec<Step>;

    /// Whether gradients are seen, whose dither is worth some bytes.
    fn has_gradients(&self) -> bool {
        false
    }

    /// A painter with its own picture and caches, to be used on one thread.
    fn painter(&self) -> Box<dyn FramePainter + '_>;
}

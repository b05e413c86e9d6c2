//! A source with everything that troubles an encoder: moving blocks, strong colours, thin strokes, still stretches.

use quotereel::ground::frame::{Damage, FramePainter, FrameSource, RgbaFrame, Step};
use quotereel::ground::geometry::{IntRect, Size};
use quotereel::ground::time::FrameRate;

/// Number of colour patches.
pub const PATCHES: usize = 8;
/// Colour of the moving block.
pub const BLOCK: [u8; 3] = [245, 166, 35];

/// Colour of a patch.
pub fn patch_color(patch: usize) -> [u8; 3] {
    const COLORS: [[u8; 3]; PATCHES] = [
        [255, 255, 255],
        [0, 0, 0],
        [200, 30, 30],
        [30, 180, 60],
        [30, 60, 200],
        [245, 166, 35],
        [11, 31, 58],
        [128, 128, 128],
    ];
    COLORS[patch]
}

/// Where a patch lies, on canvases of at least 640 px in width.
pub fn patch_rect(patch: usize) -> IntRect {
    let left = i32::try_from(patch).expect("small") * 72 + 16;
    IntRect { left, top: 16, right: left + 64, bottom: 80 }
}

/// The synthetic video.
pub struct Synthetic {
    size: Size,
    rate: FrameRate,
    frames: u32,
    cuts: Vec<u32>,
    panic_at: Option<u32>,
    rest: std::ops::Range<u32>,
}

impl Synthetic {
    /// A video of so many frames whose scenes start at 0 and at `cuts`.
    pub fn new(size: Size, fps: u32, frames: u32, cuts: Vec<u32>) -> Self {
        Self { size, rate: FrameRate::new(fps).expect("offered"), frames, cuts, panic_at: None, rest: 0..0 }
    }

    /// The same, with a painter that panics at a frame.
    #[allow(dead_code, reason = "not every test file needs it")]
    pub fn panicking_at(self, frame: u32) -> Self {
        Self { panic_at: Some(frame), ..self }
    }

    /// The same, with nothing that moves on the frames of `rest`.
    #[allow(dead_code, reason = "not every test file needs it")]
    pub fn resting(self, rest: std::ops::Range<u32>) -> Self {
        Self { rest, ..self }
    }

    /// Where the moving block is: it rests for five frames of every ten.
    pub fn block(&self, frame: u32) -> IntRect {
        let frame = if self.rest.contains(&frame) { self.rest.start } else { frame };
        let steps = i32::try_from(frame / 10 * 5 + (frame % 10).min(5)).expect("small");
        let (width, height) =
            (i32::try_from(self.size.width).expect("small"), i32::try_from(self.size.height).expect("small"));
        let side = (width.min(height) / 4).max(8);
        let left = (steps * 7) % (width - side).max(1);
        let top = height / 2 + (steps * 3) % (height / 2 - side).max(1);
        IntRect { left, top, right: left + side, bottom: top + side }
    }

    fn color(&self, x: i32, y: i32, block: IntRect) -> [u8; 3] {
        let inside = |rect: IntRect| x >= rect.left && x < rect.right && y >= rect.top && y < rect.bottom;
        if inside(block) {
            // Strokes of two pixels, as small text has.
            return if (x - block.left) % 12 < 2 && (y - block.top) % 16 < 12 { [20, 20, 20] } else { BLOCK };
        }
        if let Some(patch) = (0..PATCHES).find(|patch| inside(patch_rect(*patch))) {
            return patch_color(patch);
        }
        let shade = u8::try_from((y / 8).clamp(0, 60)).expect("clamped");
        [11 + shade / 4, 31 + shade / 3, 58 + shade]
    }
}

impl FrameSource for Synthetic {
    fn size(&self) -> Size {
        self.size
    }

    fn frame_rate(&self) -> FrameRate {
        self.rate
    }

    fn frame_count(&self) -> u32 {
        self.frames
    }

    fn steps(&self) -> Vec<Step> {
        let step = |frame: u32| {
            let moves = frame == 0 || self.block(frame) != self.block(frame - 1);
            Step { changed_px: u32::from(moves) * 1000, scene_start: self.cuts.contains(&frame) }
        };
        (0..self.frames).map(step).collect()
    }

    fn painter(&self) -> Box<dyn FramePainter + '_> {
        Box::new(Painter { source: self, picture: RgbaFrame::new(self.size), painted: None })
    }
}

struct Painter<'a> {
    source: &'a Synthetic,
    picture: RgbaFrame,
    painted: Option<IntRect>,
}

impl FramePainter for Painter<'_> {
    fn paint(&mut self, frame_index: u32) -> Damage {
        if self.source.panic_at == Some(frame_index) {
            panic!("no frame {frame_index}");
        }
        let block = self.source.block(frame_index);
        let bounds = self.source.size.bounds();
        let rects = match self.painted.replace(block) {
            None => vec![bounds],
            Some(before) if before == block => return Damage::Nothing,
            Some(before) => [before, block].map(|rect| rect.aligned_to_chroma().intersect(bounds)).to_vec(),
        };
        let stride = self.picture.stride_bytes();
        for rect in &rects {
            for y in rect.top..rect.bottom {
                for x in rect.left..rect.right {
                    let [r, g, b] = self.source.color(x, y, block);
                    let at = usize::try_from(y).expect("inside") * stride + usize::try_from(x).expect("inside") * 4;
                    self.picture.pixels_mut()[at..at + 4].copy_from_slice(&[r, g, b, 255]);
                }
            }
        }
        Damage::Rects(rects)
    }

    fn picture(&self) -> &RgbaFrame {
        &self.picture
    }
}

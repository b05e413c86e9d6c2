//! The teaser: what e-mail shows instead of a video. A few seconds that loop, made of the video's own key moments, with
//! a play mark on the first picture, which is all that some readers of e-mail show.

mod cut;
mod error;
mod mark;

use std::ops::RangeInclusive;
use std::sync::Arc;

use serde::Serialize;

use super::Video;
use crate::draw::raster::Film;
use crate::draw::shrink::shrink_to_fit;
use crate::ground::executor;
use crate::ground::frame::{FrameSource as _, RgbaFrame};
use crate::ground::geometry::Size;
use crate::video::encode::{AnimationFrame, EncodeError, gif, webp};

pub use error::TeaserError;

/// Largest teaser, in bytes: what e-mail carries without harm.
pub const TEASER_MAX_BYTES: usize = 1_000_000;
/// Widest teaser, in pixels.
pub const TEASER_MAX_WIDTH_PX: u32 = 540;

/// Length of a teaser, in milliseconds.
const LENGTH_MS: u32 = 3_900;
/// How long the first picture is shown, the one with the mark.
const POSTER_MS: u32 = 800;
/// Time from one moment to the next.
const PASSAGE_MS: u32 = 600;

/// How a teaser is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TeaserFormat {
    /// Animated GIF: every reader of e-mail, coarse colours.
    Gif,
    /// Animated WebP: newer ones, a fraction of the bytes.
    WebP,
}

/// How well and how large: one step on the way down to a size that fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TeaserStep {
    /// Pictures between two moments, which lie 600 ms apart: 6 are 10 a second.
    pub passage_frames: u32,
    /// Colours of a GIF, quality of a WebP.
    pub quality: u16,
    /// Width in pixels; a smaller canvas keeps its own.
    pub width_px: u32,
}

/// A finished teaser.
#[derive(Clone, Debug)]
pub struct Teaser {
    /// The content of the file.
    pub bytes: Vec<u8>,
    /// Size in pixels.
    pub size: Size,
    /// Pictures; those that stand still count once.
    pub frames: usize,
    /// Length of a round, in milliseconds.
    pub duration_ms: u32,
    /// The step that fitted.
    pub step: TeaserStep,
}

/// A picture of the cut, and how long it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shot {
    frame_index: u32,
    duration_ms: u32,
}

impl TeaserFormat {
    /// The steps from the best to the smallest: fewer pictures first, then fewer colours, then fewer pixels.
    fn steps(self) -> Vec<TeaserStep> {
        let qualities: [u16; 3] = match self {
            Self::Gif => [256, 128, 80],
            Self::WebP => [82, 66, 50],
        };
        let step = |passage_frames, quality, width_px| TeaserStep { passage_frames, quality, width_px };
        let [best, middle, least] = qualities;
        let full = TEASER_MAX_WIDTH_PX;
        let mut steps = vec![step(6, best, full), step(4, best, full), step(3, best, full)];
        steps.extend([step(3, middle, full), step(3, least, full)]);
        steps.extend([480, 400, 320, 240].map(|width_px| step(3, least, width_px)));
        steps
    }

    fn encode(
        self,
        frames: &[AnimationFrame],
        quality: u16,
        executor: &dyn executor::Executor,
    ) -> Result<Vec<u8>, EncodeError> {
        match self {
            Self::Gif => gif(frames, quality, executor),
            Self::WebP => webp(frames, u8::try_from(quality).unwrap_or(u8::MAX), executor),
        }
    }
}

impl Video {
    /// The teaser, of at most [`TEASER_MAX_BYTES`]: made at one step after another until it fits.
    ///
    /// # Errors
    /// [`TeaserError`].
    pub fn teaser(&self, format: TeaserFormat) -> Result<Teaser, TeaserError> {
        self.teaser_within(format, TEASER_MAX_BYTES)
    }

    fn teaser_within(&self, format: TeaserFormat, max_bytes: usize) -> Result<Teaser, TeaserError> {
        let composition = cut::cut(self.composition());
        let film = Film::new(&composition, self.fonts(), Arc::clone(&self.glyphs));
        let moments = cut::moments(&composition, &film.steps());
        let mark = mark::place(composition.size, &cut::first_contents(&composition));
        let mut painted: Option<(u32, Vec<AnimationFrame>)> = None;
        let mut smallest = usize::MAX;
        for step in format.steps() {
            let frames = match painted.take() {
                Some((passage_frames, frames)) if passage_frames == step.passage_frames => frames,
                _ => self.paint(&film, &shots(&moments, step.passage_frames), mark),
            };
            let narrow = executor::map(self.executor.as_ref(), &frames, |frame| AnimationFrame {
                picture: shrink_to_width(&frame.picture, step.width_px),
                duration_ms: frame.duration_ms,
            });
            painted = Some((step.passage_frames, frames));
            let bytes = format.encode(&narrow, step.quality, self.executor.as_ref())?;
            tracing::debug!(?step, bytes = bytes.len(), "made a teaser");
            if bytes.len() <= max_bytes {
                return Ok(Teaser {
                    bytes,
                    size: narrow[0].picture.size(),
                    frames: narrow.len(),
                    duration_ms: narrow.iter().map(|frame| frame.duration_ms).sum(),
                    step,
                });
            }
            smallest = smallest.min(bytes.len());
        }
        Err(TeaserError::TooLarge { bytes: smallest, max_bytes })
    }

    /// The pictures at the widest a teaser may be, equal ones in a row joined; the first bears the mark at that place.
    fn paint(&self, film: &Film<'_>, shots: &[Shot], mark: (f32, f32)) -> Vec<AnimationFrame> {
        let places: Vec<(usize, Shot)> = shots.iter().copied().enumerate().collect();
        let pictures = executor::map(self.executor.as_ref(), &places, |&(place, shot)| {
            let mut painter = film.painter();
            painter.paint(shot.frame_index);
            let picture = painter.picture();
            if place == 0 {
                shrink_to_width(&mark::marked(picture, mark), TEASER_MAX_WIDTH_PX)
            } else {
                shrink_to_width(picture, TEASER_MAX_WIDTH_PX)
            }
        });
        let mut frames: Vec<AnimationFrame> = Vec::with_capacity(pictures.len());
        for (picture, Shot { duration_ms, .. }) in pictures.into_iter().zip(shots) {
            match frames.last_mut() {
                Some(last) if last.picture == picture => last.duration_ms += duration_ms,
                _ => frames.push(AnimationFrame { picture, duration_ms: *duration_ms }),
            }
        }
        frames
    }
}

/// Which frames are shown for how long: each moment held, `passage_frames` pictures from one to the next. All together
/// last [`LENGTH_MS`].
fn shots(moments: &[RangeInclusive<u32>], passage_frames: u32) -> Vec<Shot> {
    let Some(first) = moments.first() else { return Vec::new() };
    let mut shots = vec![Shot { frame_index: *first.start(), duration_ms: POSTER_MS }];
    let passages = u32::try_from(moments.len() - 1).unwrap_or(0);
    let held_ms = LENGTH_MS - POSTER_MS - passages * PASSAGE_MS;
    if passages == 0 {
        shots.push(Shot { frame_index: *first.start(), duration_ms: held_ms });
    }
    for pair in moments.windows(2) {
        let (leave, arrive) = (*pair[0].end(), *pair[1].start());
        for picture in 1..=passage_frames {
            let frame_index = leave + (arrive - leave) * picture / (passage_frames + 1);
            shots.push(Shot { frame_index, duration_ms: PASSAGE_MS / passage_frames });
        }
        shots.push(Shot { frame_index: arrive, duration_ms: held_ms / passages });
    }
    shots
}

/// The picture at most `width_px` wide, its proportions kept.
fn shrink_to_width(picture: &RgbaFrame, width_px: u32) -> RgbaFrame {
    let Size { width, height } = picture.size();
    if width <= width_px {
        return picture.clone();
    }
    let longest = if height > width { (width_px * height + width / 2) / width } else { width_px };
    shrink_to_fit(picture, longest)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use super::*;
    use crate::engine::Quote;

    #[test]
    fn every_teaser_is_as_long_as_said_and_in_hundredths_of_a_second() {
        let moments = [10..=60, 130..=200, 300..=320];
        for count in 1..=3 {
            for format in [TeaserFormat::Gif, TeaserFormat::WebP] {
                for step in format.steps() {
                    let shots = shots(&moments[..count], step.passage_frames);
                    assert_eq!(shots.iter().map(|shot| shot.duration_ms).sum::<u32>(), LENGTH_MS);
                    assert!(shots.iter().all(|shot| shot.duration_ms.is_multiple_of(10)), "{shots:?}");
                    assert!(shots.is_sorted_by_key(|shot| shot.frame_index), "{shots:?}");
                }
            }
        }
        let held: Vec<u32> =
            shots(&moments, 6).iter().filter(|shot| shot.duration_ms > 100).map(|s| s.frame_index).collect();
        assert_eq!(held, [10, 130, 300]);
    }

    #[test]
    fn a_teaser_gets_smaller_until_it_fits_and_an_impossible_limit_is_told() {
        let quote = Quote::from_json(include_bytes!("../../../fixtures/quotes/bare.json"));
        let video = quote.size(Size::SQUARE).threads(NonZeroUsize::MIN).prepare().expect("a fixture");
        let best = video.teaser(TeaserFormat::WebP).expect("fits");
        assert_eq!((best.step, best.duration_ms), (TeaserFormat::WebP.steps()[0], LENGTH_MS));
        let limit = best.bytes.len() * 3 / 5;
        let smaller = video.teaser_within(TeaserFormat::WebP, limit).expect("fits further down");
        assert!(smaller.bytes.len() <= limit && smaller.frames < best.frames && smaller.duration_ms == LENGTH_MS);
        let error = video.teaser_within(TeaserFormat::WebP, 100).expect_err("too small for any");
        assert!(matches!(error, TeaserError::TooLarge { bytes, max_bytes: 100 } if bytes < limit), "{error}");
    }

    #[test]
    fn no_teaser_is_wider_than_allowed() {
        for (size, expected) in [
            (Size::new(1080, 1920), Size::new(540, 960)),
            (Size::new(1080, 1350), Size::new(540, 675)),
            (Size::new(1080, 1080), Size::new(540, 540)),
            (Size::new(1920, 1080), Size::new(540, 304)),
            (Size::new(400, 800), Size::new(400, 800)),
        ] {
            assert_eq!(shrink_to_width(&RgbaFrame::new(size), 540).size(), expected);
        }
        assert_eq!(shrink_to_width(&RgbaFrame::new(Size::new(540, 960)), 240).size(), Size::new(240, 427));
    }
}

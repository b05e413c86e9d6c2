//! Animated GIF: one palette for all pictures, and of each picture only the pixels that changed.

use std::borrow::Cow;

use gif::{DisposalMethod, Encoder, Frame, Repeat};

use super::animation::Pixels;
use super::palette::{MIN_COLORS, Palette};
use super::{AnimationFrame, EncodeError};
use crate::ground::executor::{self, Executor};
use crate::ground::geometry::Size;

/// Most colours of a GIF; one of them stands for "as before".
const MAX_COLORS: u16 = 256;

/// The frames as a GIF that repeats for ever, with at most `colors` colours, 65 to 256. `executor` draws the pictures;
/// the bytes are the same on any executor.
///
/// # Errors
/// [`EncodeError::Config`] for colours outside of that range, a side above 65,535 px or no frame, [`EncodeError::Gif`]
/// from the encoder.
pub fn gif(frames: &[AnimationFrame], colors: u16, executor: &dyn Executor) -> Result<Vec<u8>, EncodeError> {
    let refused = |field, value: String, allowed| EncodeError::Config { field, value, allowed };
    if usize::from(colors) <= MIN_COLORS || colors > MAX_COLORS {
        return Err(refused("GIF colours", colors.to_string(), "65 to 256"));
    }
    let first = frames.first().ok_or_else(|| refused("GIF frames", "0".to_owned(), "1 or more"))?;
    let size = first.picture.size();
    let side = |px: u32| u16::try_from(px).map_err(|_| refused("GIF side", px.to_string(), "1 to 65535"));
    let (width, height) = (side(size.width)?, side(size.height)?);

    let palette = Palette::of(frames.iter().map(|frame| &frame.picture), usize::from(colors) - 1);
    let as_before = u8::try_from(palette.len()).unwrap_or(u8::MAX);
    let mut table = palette.bytes();
    table.extend_from_slice(&[0, 0, 0]);
    let drawn: Vec<Vec<u8>> = executor::map(executor, frames, |frame| palette.draw(&frame.picture));

    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, width, height, &table)?;
    encoder.set_repeat(Repeat::Infinite)?;
    let mut before: Option<&Vec<u8>> = None;
    for (frame, indices) in frames.iter().zip(&drawn) {
        let changed = Changed::since(before, indices, size, as_before);
        encoder.write_frame(&Frame {
            delay: u16::try_from(frame.duration_ms / 10).unwrap_or(u16::MAX),
            dispose: DisposalMethod::Keep,
            transparent: before.map(|_| as_before),
            left: changed.left,
            top: changed.top,
            width: changed.width,
            height: changed.height,
            buffer: Cow::Owned(changed.indices),
            ..Frame::default()
        })?;
        before = Some(indices);
    }
    drop(encoder);
    Ok(bytes)
}

/// The part of a picture that differs from the one before.
struct Changed {
    left: u16,
    top: u16,
    width: u16,
    height: u16,
    indices: Vec<u8>,
}

impl Changed {
    /// Pixels inside that are as before become `as_before`. Never empty: a frame has to last, whether or not anything
    /// changes.
    fn since(before: Option<&Vec<u8>>, indices: &[u8], size: Size, as_before: u8) -> Self {
        let pixels = |bytes| Pixels { bytes, width: size.width, pixel_bytes: 1 };
        let (rect, part) = match before {
            None => (size.bounds(), indices.to_vec()),
            Some(before) => {
                let changed = pixels(indices).changed_since(pixels(before));
                let rect = changed.unwrap_or_else(|| Size::new(1, 1).bounds());
                let rows = pixels(indices).rows(rect).zip(pixels(before).rows(rect));
                let part = rows.flat_map(|(new, old)| {
                    new.iter().zip(old).map(|(new, old)| if new == old { as_before } else { *new })
                });
                (rect, part.collect())
            }
        };
        let [left, top, right, bottom] =
            [rect.left, rect.top, rect.right, rect.bottom].map(|edge| u16::try_from(edge).unwrap_or(u16::MAX));
        Self { left, top, width: right - left, height: bottom - top, indices: part }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ground::executor::Sequential;
    use crate::ground::frame::RgbaFrame;

    #[test]
    fn a_reader_that_is_not_ours_sees_the_same_pictures() {
        let size = Size::new(20, 10);
        let picture = |x: usize| {
            let mut picture = RgbaFrame::from_pixels(size, [10, 20, 30, 255].repeat(200)).expect("200 pixels");
            picture.pixels_mut()[(5 * 20 + x) * 4..][..3].copy_from_slice(&[250, 240, 0]);
            picture
        };
        let frames: Vec<AnimationFrame> =
            [3, 9, 9].into_iter().map(|x| AnimationFrame { picture: picture(x), duration_ms: 120 }).collect();
        let bytes = gif(&frames, 256, &Sequential).expect("encodes");
        let mut options = gif::DecodeOptions::new();
        options.set_color_output(gif::ColorOutput::RGBA);
        let mut decoder = options.read_info(bytes.as_slice()).expect("a GIF");
        assert_eq!(decoder.repeat(), Repeat::Infinite);
        let mut canvas = vec![0; 20 * 10 * 4];
        let mut rects = Vec::new();
        for expected in &frames {
            let frame = decoder.read_next_frame().expect("readable").expect("a frame");
            assert_eq!(frame.delay, 12);
            for (at, pixel) in frame.buffer.chunks_exact(4).enumerate() {
                let (x, y) = (at % usize::from(frame.width), at / usize::from(frame.width));
                let place = ((y + usize::from(frame.top)) * 20 + x + usize::from(frame.left)) * 4;
                if pixel[3] > 0 {
                    canvas[place..place + 4].copy_from_slice(pixel);
                }
            }
            rects.push((frame.left, frame.top, frame.width, frame.height));
            assert_eq!(canvas, expected.picture.pixels());
        }
        assert_eq!(rects, [(0, 0, 20, 10), (3, 5, 7, 1), (0, 0, 1, 1)]);
        assert!(decoder.read_next_frame().expect("readable").is_none());
    }

    #[test]
    fn what_a_gif_cannot_be_is_refused() {
        let frame = AnimationFrame { picture: RgbaFrame::new(Size::new(70_000, 1)), duration_ms: 100 };
        for (frames, colors) in [(&[][..], 256), (std::slice::from_ref(&frame), 256), (&[], 64), (&[], 257)] {
            assert!(matches!(gif(frames, colors, &Sequential), Err(EncodeError::Config { .. })));
        }
    }
}

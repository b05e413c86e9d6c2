//! Animated WebP: libwebp codes the part of each picture that changed, this file puts the parts together.
//!
//! FFmpeg's `libwebp_anim` is not used: it takes no duration for the last picture, and it codes one picture after
//! the other. The container is small (RFC 9649, section 2.7).

use super::animation::Pixels;
use super::ffi::webp_still;
use super::{AnimationFrame, EncodeError};
use crate::ground::executor::{self, Executor};
use crate::ground::frame::RgbaFrame;
use crate::ground::geometry::{IntRect, Size};

/// Longest side of a WebP in pixels (RFC 9649).
const MAX_SIDE_PX: u32 = 16_383;
/// `VP8X` flag: the file is an animation.
const ANIMATION: u8 = 0b10;
/// `ANMF` flag: pixels replace what was there; nothing is disposed of.
const REPLACE: u8 = 0b10;

/// The frames as a WebP that repeats for ever, lossy with a `quality` of 1 to 100. `executor` codes the pictures; the
/// bytes are the same on any executor.
///
/// # Errors
/// [`EncodeError::Config`] for a quality outside of that range, a side above 16,383 px or no frame; what libwebp reports.
pub fn webp(frames: &[AnimationFrame], quality: u8, executor: &dyn Executor) -> Result<Vec<u8>, EncodeError> {
    let refused = |field, value: String, allowed| EncodeError::Config { field, value, allowed };
    if !(1..=100).contains(&quality) {
        return Err(refused("WebP quality", quality.to_string(), "1 to 100"));
    }
    let first = frames.first().ok_or_else(|| refused("WebP frames", "0".to_owned(), "1 or more"))?;
    let size = first.picture.size();
    let longest = size.width.max(size.height);
    if !(1..=MAX_SIDE_PX).contains(&longest) {
        return Err(refused("WebP side", longest.to_string(), "1 to 16383"));
    }
    let indices: Vec<usize> = (0..frames.len()).collect();
    let coded = executor::map(executor, &indices, |&index| {
        let before = index.checked_sub(1).map(|before| &frames[before].picture);
        coded_frame(before, &frames[index], quality)
    });

    let mut body = b"WEBP".to_vec();
    let mut header = vec![ANIMATION, 0, 0, 0];
    header.extend(u24(size.width - 1));
    header.extend(u24(size.height - 1));
    put_chunk(&mut body, b"VP8X", &header);
    // No background colour, repeated for ever.
    put_chunk(&mut body, b"ANIM", &[0; 6]);
    for frame in coded {
        put_chunk(&mut body, b"ANMF", &frame?);
    }
    let mut file = Vec::with_capacity(body.len() + 8);
    put_chunk(&mut file, b"RIFF", &body);
    Ok(file)
}

/// The content of an `ANMF` chunk.
fn coded_frame(before: Option<&RgbaFrame>, frame: &AnimationFrame, quality: u8) -> Result<Vec<u8>, EncodeError> {
    let rect = changed_rect(before, &frame.picture);
    let pixels: Vec<u8> = Pixels::of(&frame.picture).rows(rect).flatten().copied().collect();
    let still = webp_still(Size::new(rect.width(), rect.height()), &pixels, quality)?;
    let edge = |edge: i32| u32::try_from(edge).unwrap_or(0);
    let mut content = Vec::with_capacity(still.len());
    for value in [edge(rect.left) / 2, edge(rect.top) / 2, rect.width() - 1, rect.height() - 1, frame.duration_ms] {
        content.extend(u24(value));
    }
    content.push(REPLACE);
    content.extend_from_slice(picture_chunks(&still)?);
    Ok(content)
}

/// What differs, from an even column and an even row on, as the container asks for; never empty.
fn changed_rect(before: Option<&RgbaFrame>, picture: &RgbaFrame) -> IntRect {
    let Some(before) = before else { return picture.size().bounds() };
    match Pixels::of(picture).changed_since(Pixels::of(before)) {
        None => Size::new(1, 1).bounds(),
        Some(rect) => rect.aligned_to_chroma().intersect(picture.size().bounds()),
    }
}

/// The chunks of a still WebP that hold its picture: all there are behind the file's header.
fn picture_chunks(still: &[u8]) -> Result<&[u8], EncodeError> {
    match still {
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', chunks @ ..] if chunks.starts_with(b"VP8 ") => {
            Ok(chunks)
        }
        _ => Err(EncodeError::Stream("libwebp wrote something else than one lossy picture".to_owned())),
    }
}

/// Adds a chunk: its name, its length, its content, and a byte where that is odd.
fn put_chunk(to: &mut Vec<u8>, name: &[u8; 4], content: &[u8]) {
    to.extend_from_slice(name);
    to.extend_from_slice(&u32::try_from(content.len()).unwrap_or(u32::MAX).to_le_bytes());
    to.extend_from_slice(content);
    if !content.len().is_multiple_of(2) {
        to.push(0);
    }
}

/// The three low bytes, lowest first.
fn u24(value: u32) -> [u8; 3] {
    let [low, middle, high, _] = value.to_le_bytes();
    [low, middle, high]
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use image::AnimationDecoder as _;
    use image::codecs::webp::WebPDecoder;

    use super::*;
    use crate::ground::executor::Sequential;

    #[test]
    fn a_reader_that_is_not_ours_sees_the_same_pictures() {
        let size = Size::new(51, 33);
        let picture = |left: usize| {
            let mut picture = RgbaFrame::from_pixels(size, [40, 60, 90, 255].repeat(51 * 33)).expect("as many");
            for y in 9..17 {
                for x in left..left + 8 {
                    picture.pixels_mut()[(y * 51 + x) * 4..][..3].copy_from_slice(&[240, 240, 240]);
                }
            }
            picture
        };
        let frames: Vec<AnimationFrame> = [(3, 800), (21, 120), (21, 950), (43, 100)]
            .into_iter()
            .map(|(left, duration_ms)| AnimationFrame { picture: picture(left), duration_ms })
            .collect();
        let bytes = webp(&frames, 95, &Sequential).expect("encodes");
        let decoder = WebPDecoder::new(Cursor::new(&bytes)).expect("a WebP");
        assert!(decoder.has_animation());
        let decoded = decoder.into_frames().collect_frames().expect("readable");
        assert_eq!(decoded.len(), frames.len());
        for (found, expected) in decoded.iter().zip(&frames) {
            assert_eq!(found.delay().numer_denom_ms(), (expected.duration_ms, 1));
            let error = found.buffer().as_raw().iter().zip(expected.picture.pixels());
            let mean = error.map(|(old, new)| u64::from(old.abs_diff(*new))).sum::<u64>() as f64 / (51.0 * 33.0 * 3.0);
            assert!(mean < 2.0, "{mean} of 255");
        }
    }

    #[test]
    fn what_a_webp_cannot_be_is_refused() {
        let frame = AnimationFrame { picture: RgbaFrame::new(Size::new(16_384, 1)), duration_ms: 100 };
        for (frames, quality) in [(&[][..], 80), (std::slice::from_ref(&frame), 80), (&[], 0), (&[], 101)] {
            assert!(matches!(webp(frames, quality, &Sequential), Err(EncodeError::Config { .. })));
        }
    }
}

//! Still pictures: JPEG thumbnails and PNG.

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder};

use super::shrink::shrink_to_fit;
use crate::ground::frame::RgbaFrame;

/// A still picture could not be encoded.
#[derive(Debug, thiserror::Error)]
#[error("encoding a {format} picture failed")]
pub struct StillError {
    /// `JPEG` or `PNG`.
    pub format: &'static str,
    pub source: image::ImageError,
}

/// Longest side of the small thumbnail, in pixels (Telegram's limit).
pub const SMALL_THUMBNAIL_SIDE_PX: u32 = 320;
/// Largest small thumbnail, in bytes (Telegram's limit is 200 kB).
pub const SMALL_THUMBNAIL_MAX_BYTES: usize = 200_000;
/// JPEG quality of thumbnails, at which text edges show no ringing at arm's length.
pub const THUMBNAIL_QUALITY: u8 = 90;

/// The picture as a JPEG of `quality` 1 to 100; alpha is dropped.
///
/// # Errors
/// [`StillError`] when a side is above 65,535 px.
pub fn jpeg(picture: &RgbaFrame, quality: u8) -> Result<Vec<u8>, StillError> {
    let rgb = without_alpha(picture);
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, quality.clamp(1, 100))
        .write_image(&rgb, picture.size().width, picture.size().height, ExtendedColorType::Rgb8)
        .map_err(|source| StillError { format: "JPEG", source })?;
    Ok(bytes)
}

/// The picture as an opaque PNG; alpha is dropped.
///
/// # Errors
/// [`StillError`] from the encoder.
pub fn png(picture: &RgbaFrame) -> Result<Vec<u8>, StillError> {
    let rgb = without_alpha(picture);
    let mut bytes = Vec::new();
    PngEncoder::new_with_quality(&mut bytes, CompressionType::Fast, FilterType::Up)
        .write_image(&rgb, picture.size().width, picture.size().height, ExtendedColorType::Rgb8)
        .map_err(|source| StillError { format: "PNG", source })?;
    Ok(bytes)
}

fn without_alpha(picture: &RgbaFrame) -> Vec<u8> {
    let pixels = picture.pixels().as_chunks::<4>().0;
    let mut rgb = vec![[0; 3]; pixels.len()];
    for (out, [r, g, b, _]) in rgb.iter_mut().zip(pixels) {
        *out = [*r, *g, *b];
    }
    rgb.into_flattened()
}

/// The picture as a JPEG of at most 320 px on each side and 200,000 bytes.
///
/// # Errors
/// As [`jpeg`].
pub fn small_thumbnail(picture: &RgbaFrame) -> Result<Vec<u8>, StillError> {
    let small = shrink_to_fit(picture, SMALL_THUMBNAIL_SIDE_PX);
    // Noise over the whole of 320x320 px still fits at quality 30.
    let mut quality = THUMBNAIL_QUALITY;
    loop {
        let bytes = jpeg(&small, quality)?;
        if bytes.len() <= SMALL_THUMBNAIL_MAX_BYTES || quality <= 30 {
            return Ok(bytes);
        }
        quality -= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ground::geometry::Size;

    fn noise(size: Size) -> RgbaFrame {
        let mut state = 1u32;
        let pixels = (0..size.width * size.height * 4).map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        });
        RgbaFrame::from_pixels(size, pixels.collect()).expect("as many as the size has")
    }

    #[test]
    fn a_png_gives_the_pixels_back() {
        let picture = noise(Size::new(21, 13));
        let decoded = image::load_from_memory(&png(&picture).expect("encodes")).expect("decodes").to_rgb8();
        let expected: Vec<u8> = picture.pixels().chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]]).collect();
        assert_eq!(decoded.into_raw(), expected);
    }

    #[test]
    fn even_noise_fits_the_small_thumbnail() {
        let bytes = small_thumbnail(&noise(Size::new(640, 640))).expect("encodes");
        assert!(bytes.len() <= SMALL_THUMBNAIL_MAX_BYTES, "{} bytes", bytes.len());
        let decoded = image::load_from_memory(&bytes).expect("decodes");
        assert_eq!((decoded.width(), decoded.height()), (320, 320));
    }
}

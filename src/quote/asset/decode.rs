//! From bytes to a picture: the type by content, limits before pixels, orientation applied, reduced and premultiplied.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use image::codecs::jpeg::JpegDecoder;
use image::codecs::png::PngDecoder;
use image::codecs::webp::WebPDecoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, RgbaImage};

use super::{AssetError, Limits, reduce, svg};
use crate::ground::frame::RgbaFrame;
use crate::ground::geometry::Size;
use crate::ground::hex::hex;

/// Scans one JPEG may have. Progressive files of common encoders have about 10; thousands of empty scans, each over the
/// whole picture, are an attack.
const MAX_JPEG_SCANS: usize = 100;

/// The format of a picture, from its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Png,
    Jpeg,
    WebP,
    Svg,
}

/// Decodes `bytes`, whatever they are.
///
/// # Errors
/// Any of [`AssetError`]'s about content; a panic of a decoder becomes [`AssetError::Undecodable`].
pub(super) fn decode(bytes: &[u8], source_name: &str, limits: &Limits) -> Result<RgbaFrame, AssetError> {
    catch_unwind(AssertUnwindSafe(|| match sniff(bytes) {
        Some(Kind::Svg) => svg::decode(bytes, source_name, limits),
        Some(kind) => decode_bitmap(kind, bytes, source_name, limits),
        None => {
            let first: Vec<String> = bytes.iter().take(8).map(|byte| hex(&[*byte])).collect();
            let starts_with = if first.is_empty() { "nothing".to_owned() } else { first.join(" ") };
            Err(AssetError::NotAPicture { source_name: source_name.to_owned(), starts_with })
        }
    }))
    .unwrap_or_else(|_| Err(undecodable(source_name, "the decoder failed on it")))
}

fn sniff(bytes: &[u8]) -> Option<Kind> {
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        Some(Kind::Png)
    } else if bytes.starts_with(b"\xff\xd8\xff") {
        Some(Kind::Jpeg)
    } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        Some(Kind::WebP)
    } else {
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
        let names_svg = || text.windows(4).any(|window| window == b"<svg" || window == b":svg");
        (text.starts_with(b"<") && names_svg()).then_some(Kind::Svg)
    }
}

fn decode_bitmap(kind: Kind, bytes: &[u8], source_name: &str, limits: &Limits) -> Result<RgbaFrame, AssetError> {
    let failed = |e: ImageError| match e {
        ImageError::Limits(_) => undecodable(
            source_name,
            &format!("decoding it needs more than the allowed {} bytes of memory", limits.max_decode_bytes),
        ),
        other => undecodable(source_name, &super::printable(&other.to_string(), 160)),
    };
    let mut decoder_limits = image::Limits::no_limits();
    decoder_limits.max_image_width = Some(limits.max_dimension_px);
    decoder_limits.max_image_height = Some(limits.max_dimension_px);
    decoder_limits.max_alloc = Some(limits.max_decode_bytes);
    let reader = Cursor::new(bytes);
    let mut decoder: Box<dyn ImageDecoder + '_> = match kind {
        Kind::Png => {
            let (width, height) =
                png_dimensions(bytes).ok_or_else(|| undecodable(source_name, "its header is cut off"))?;
            check_dimensions(width, height, source_name, limits)?;
            Box::new(PngDecoder::with_limits(reader, decoder_limits.clone()).map_err(failed)?)
        }
        Kind::WebP => {
            if let Some(reason) = overlong_webp_chunk(bytes) {
                return Err(undecodable(source_name, &reason));
            }
            Box::new(WebPDecoder::new(reader).map_err(failed)?)
        }
        Kind::Jpeg | Kind::Svg => {
            if jpeg_scans(bytes).count > MAX_JPEG_SCANS {
                return Err(undecodable(source_name, &format!("a JPEG of more than {MAX_JPEG_SCANS} scans")));
            }
            Box::new(JpegDecoder::new(reader).map_err(failed)?)
        }
    };
    let (width, height) = decoder.dimensions();
    check_dimensions(width, height, source_name, limits)?;
    // The decoder fills what is missing with grey.
    if kind == Kind::Jpeg && !jpeg_scans(bytes).ended {
        return Err(undecodable(source_name, "it is cut off: a JPEG has an end marker after its pixels"));
    }
    decoder.set_limits(decoder_limits).map_err(failed)?;
    if decoder.total_bytes() > limits.max_decode_bytes {
        let reason = format!("{} bytes of pixels, allowed are {}", decoder.total_bytes(), limits.max_decode_bytes);
        return Err(undecodable(source_name, &reason));
    }
    // Broken metadata does not spoil a picture that is whole.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let pixels = DynamicImage::from_decoder(decoder).map_err(failed)?.into_rgba8().into_raw();
    let reduced = reduce::premultiply_and_reduce(pixels, Size::new(width, height), limits.longest_side_px);
    // Turning afterwards moves fewer pixels and mixes none.
    oriented(reduced, orientation).ok_or_else(|| undecodable(source_name, "its size and its pixels disagree"))
}

fn oriented(frame: RgbaFrame, orientation: Orientation) -> Option<RgbaFrame> {
    if orientation == Orientation::NoTransforms {
        return Some(frame);
    }
    let Size { width, height } = frame.size();
    let mut picture = DynamicImage::ImageRgba8(RgbaImage::from_raw(width, height, frame.pixels().to_vec())?);
    picture.apply_orientation(orientation);
    let size = Size::new(picture.width(), picture.height());
    RgbaFrame::from_pixels(size, picture.into_rgba8().into_raw())
}

fn check_dimensions(width: u32, height: u32, source_name: &str, limits: &Limits) -> Result<(), AssetError> {
    let source_name = source_name.to_owned();
    if width == 0 || height == 0 {
        return Err(undecodable(&source_name, &format!("{width}x{height} pixels, at least 1x1 are needed")));
    }
    let allowed = if width.max(height) > limits.max_dimension_px {
        format!("{} on a side", limits.max_dimension_px)
    } else if u64::from(width) * u64::from(height) > limits.max_pixels {
        format!("{} in all", limits.max_pixels)
    } else {
        return Ok(());
    };
    Err(AssetError::TooManyPixels { source_name, width, height, allowed })
}

/// Width and height from the IHDR chunk, which is the first (PNG, third edition, 5.6).
fn png_dimensions(bytes: &[u8]) -> Option<(u32, u32)> {
    if bytes.get(12..16)? != b"IHDR" {
        return None;
    }
    let number = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    Some((number(16)?, number(20)?))
}

/// What is wrong with a chunk that claims more bytes than the file has: the decoder makes room for metadata before it
/// reads them, up to 4 GiB (RIFF container: <https://developers.google.com/speed/webp/docs/riff_container>).
fn overlong_webp_chunk(bytes: &[u8]) -> Option<String> {
    let number = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?) as usize);
    // The decoder looks for chunks a little beyond the size that the file gives itself.
    let end = number(4)?.saturating_add(32).min(bytes.len());
    let mut at = 12;
    while at < end {
        let (length, left) = (number(at + 4)?, bytes.len() - at - 8);
        if length > left {
            let name = String::from_utf8_lossy(&bytes[at..at + 4]);
            let reason = format!("its chunk {name} claims {length} bytes, {left} are left");
            return Some(super::printable(&reason, 100));
        }
        at += 8 + length + length % 2;
    }
    None
}

/// What a JPEG says of its scans.
#[derive(Default)]
struct JpegScans {
    /// How many there are.
    count: usize,
    /// Whether the image ends after one of them. What follows that end (more pictures, padding) is not the decoder's.
    ended: bool,
}

/// Markers of scans outside other segments (ITU-T T.81 annex B): those of an embedded preview do not count, and
/// entropy-coded data cannot contain one.
fn jpeg_scans(bytes: &[u8]) -> JpegScans {
    let mut scans = JpegScans::default();
    let mut at = 2;
    while let Some(found) = bytes.get(at..).and_then(|rest| rest.iter().position(|byte| *byte == 0xff)) {
        at += found;
        match bytes.get(at + 1) {
            None => break,
            // A fill byte: the marker may begin at the next one.
            Some(0xff) => at += 1,
            // The end of the image.
            Some(0xd9) => {
                scans.ended |= scans.count > 0;
                at += 2;
            }
            // A stuffed byte, a restart marker, TEM, start of image: no length follows.
            Some(0x00 | 0x01 | 0xd0..=0xd8) => at += 2,
            Some(marker) => {
                scans.count += usize::from(*marker == 0xda);
                let length = match bytes.get(at + 2..at + 4) {
                    Some([high, low]) => usize::from(*high) << 8 | usize::from(*low),
                    _ => break,
                };
                at += 2 + length;
            }
        }
    }
    scans
}

fn undecodable(source_name: &str, reason: &str) -> AssetError {
    AssetError::Undecodable { source_name: source_name.to_owned(), reason: reason.to_owned() }
}

//! libwebp through FFmpeg: one still picture.

use super::{MESSAGES, c, dictionary, failure, ff, initialise, refuse_leftovers};
use crate::ground::geometry::Size;
use crate::video::encode::EncodeError;

/// How hard libwebp tries, 0 to 6: its default. Beyond it a picture takes twice the time for 2 % of the bytes.
const EFFORT: &str = "4";

/// A lossy WebP file of a picture: opaque RGBA, rows packed, as many pixels as `size` says; `quality` 1 to 100.
pub(in crate::video::encode) fn webp_still(size: Size, rgba: &[u8], quality: u8) -> Result<Vec<u8>, EncodeError> {
    initialise()?;
    MESSAGES.take();
    let codec = ff::encoder::find_by_name("libwebp").ok_or(EncodeError::Missing("libwebp encoder"))?;
    let mut encoder = ff::codec::Context::new_with_codec(codec)
        .encoder()
        .video()
        .map_err(|source| failure("preparing libwebp", source))?;
    encoder.set_width(size.width);
    encoder.set_height(size.height);
    encoder.set_format(PIXELS);
    encoder.set_time_base(ff::Rational(1, 1));
    let quality = quality.to_string();
    let options = dictionary([("lossless", "0"), ("quality", quality.as_str()), ("compression_level", EFFORT)]);
    // SAFETY: the context was allocated for this codec and is not open yet. The dictionary is given up to the call,
    // which frees what it uses and hands the rest back; that is owned and freed again at once.
    let (code, left) = unsafe {
        let mut raw = options.disown();
        let code = c::avcodec_open2(encoder.as_mut_ptr(), codec.as_ptr(), &raw mut raw);
        (code, ff::Dictionary::own(raw))
    };
    if code < 0 {
        return Err(failure("opening libwebp", ff::Error::from(code)));
    }
    refuse_leftovers("libwebp", &left)?;

    let mut frame = ff::frame::Video::new(PIXELS, size.width, size.height);
    let (padded, packed) = (frame.stride(0), size.width as usize * 4);
    for (row, source) in frame.data_mut(0).chunks_mut(padded).zip(rgba.chunks_exact(packed)) {
        for (pixel, [r, g, b, _]) in row.chunks_exact_mut(4).zip(source.as_chunks::<4>().0) {
            pixel.copy_from_slice(&[*b, *g, *r, 255]);
        }
    }
    frame.set_pts(Some(0));
    let failed = |source| failure("encoding a WebP picture", source);
    encoder.send_frame(&frame).map_err(failed)?;
    encoder.send_eof().map_err(failed)?;
    let mut packet = ff::Packet::empty();
    encoder.receive_packet(&mut packet).map_err(failed)?;
    Ok(packet.data().unwrap_or_default().to_vec())
}

/// FFmpeg's `RGB32`, the one RGB that libwebp takes, as it lies in memory: alpha in the highest byte of a word.
const PIXELS: ff::format::Pixel =
    if cfg!(target_endian = "little") { ff::format::Pixel::BGRA } else { ff::format::Pixel::ARGB };

//! libx264: one picture in, one coded picture out.

use std::ops::Range;

use ff::ffi as c;
use ffmpeg_next as ff;

use super::{MESSAGES, dictionary, extradata, failure, initialise, open_encoder, ratio_part};
use crate::ground::frame::YuvFrame;
use crate::video::encode::{EncodeError, EncoderConfig};

/// An open libx264 with one frame and one packet that are used over and over.
pub(in crate::video::encode) struct X264 {
    encoder: ff::encoder::video::Video,
    frame: ff::frame::Video,
    packet: ff::Packet,
}

impl X264 {
    pub(in crate::video::encode) fn open(
        config: &EncoderConfig,
        options: &[(&'static str, String)],
    ) -> Result<Self, EncodeError> {
        initialise()?;
        MESSAGES.take();
        let codec = ff::encoder::find_by_name("libx264").ok_or(EncodeError::Missing("libx264 encoder"))?;
        let mut encoder = ff::codec::Context::new_with_codec(codec)
            .encoder()
            .video()
            .map_err(|source| failure("preparing libx264", source))?;
        let (numerator, denominator) =
            (ratio_part(config.frame_rate.numerator()), ratio_part(config.frame_rate.denominator()));
        encoder.set_width(config.size.width);
        encoder.set_height(config.size.height);
        encoder.set_format(ff::format::Pixel::YUV420P);
        encoder.set_time_base(ff::Rational(denominator, numerator));
        encoder.set_frame_rate(Some(ff::Rational(numerator, denominator)));
        encoder.set_aspect_ratio(ff::Rational(1, 1));
        encoder.set_colorspace(ff::color::Space::BT709);
        encoder.set_color_range(ff::color::Range::MPEG);
        encoder.set_color_primaries(ff::color::Primaries::BT709);
        encoder.set_color_transfer_characteristic(ff::color::TransferCharacteristic::BT709);
        // SAFETY: the context is allocated, not open yet and owned by `encoder`.
        unsafe {
            (*encoder.as_mut_ptr()).chroma_sample_location = c::AVChromaLocation::AVCHROMA_LOC_LEFT;
        }
        let options = dictionary(options.iter().map(|(key, value)| (*key, value.as_str())));
        open_encoder("libx264", "opening libx264", &mut encoder, codec, options)?;
        let mut frame = ff::frame::Video::new(ff::format::Pixel::YUV420P, config.size.width, config.size.height);
        frame.set_color_range(ff::color::Range::MPEG);
        Ok(Self { encoder, frame, packet: ff::Packet::empty() })
    }

    /// The parameter sets as a byte stream.
    pub(in crate::video::encode) fn extradata(&self) -> &[u8] {
        extradata(&self.encoder)
    }

    /// Copies the luma rows `rows` (even edges) and the chroma rows under them, then sends the frame.
    pub(in crate::video::encode) fn send(
        &mut self,
        planes: &YuvFrame,
        rows: Range<u32>,
        index: u32,
    ) -> Result<(), EncodeError> {
        // SAFETY: the frame is allocated; the call gives it buffers of its own where the encoder still reads them.
        let code = unsafe { c::av_frame_make_writable(self.frame.as_mut_ptr()) };
        if code < 0 {
            return Err(failure("allocating a frame", ff::Error::from(code)));
        }
        let (from, to) = (rows.start as usize, rows.end as usize);
        let (luma, chroma) = (planes.luma_stride(), planes.chroma_stride());
        for (plane, source, stride, rows) in [
            (0, &planes.y, luma, from..to),
            (1, &planes.u, chroma, from / 2..to / 2),
            (2, &planes.v, chroma, from / 2..to / 2),
        ] {
            let padded = self.frame.stride(plane);
            let target = self.frame.data_mut(plane);
            for row in rows {
                target[row * padded..row * padded + stride].copy_from_slice(&source[row * stride..(row + 1) * stride]);
            }
        }
        self.frame.set_pts(Some(i64::from(index)));
        self.frame.set_kind(if index == 0 { ff::picture::Type::I } else { ff::picture::Type::None });
        self.encoder.send_frame(&self.frame).map_err(|source| failure("encoding a frame", source))
    }

    pub(in crate::video::encode) fn flush(&mut self) -> Result<(), EncodeError> {
        self.encoder.send_eof().map_err(|source| failure("flushing the encoder", source))
    }

    /// The next picture as a byte stream, `None` where there is none yet or none any more.
    pub(in crate::video::encode) fn receive(&mut self) -> Result<Option<&[u8]>, EncodeError> {
        match self.encoder.receive_packet(&mut self.packet) {
            Ok(()) => Ok(self.packet.data()),
            Err(ff::Error::Eof | ff::Error::Other { errno: ff::error::EAGAIN }) => Ok(None),
            Err(source) => Err(failure("encoding a frame", source)),
        }
    }
}

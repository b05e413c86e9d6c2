//! FFmpeg's own AAC encoder: stereo samples in, packets out.

use ff::ffi as c;
use ffmpeg_next as ff;

use super::{MESSAGES, dictionary, extradata, failure, initialise, open_encoder, ratio_part};
use crate::video::encode::EncodeError;
use crate::video::sound::Stereo;

/// An open encoder with one frame and one packet that are used over and over.
pub(in crate::video::encode) struct AacEncoder {
    encoder: ff::encoder::audio::Audio,
    sample_rate: u32,
    packet: ff::Packet,
}

impl AacEncoder {
    pub(in crate::video::encode) fn open(sample_rate: u32, options: &[(&str, &str)]) -> Result<Self, EncodeError> {
        initialise()?;
        MESSAGES.take();
        let codec = ff::encoder::find_by_name("aac").ok_or(EncodeError::Missing("AAC encoder"))?;
        let mut encoder = ff::codec::Context::new_with_codec(codec)
            .encoder()
            .audio()
            .map_err(|source| failure("preparing the AAC encoder", source))?;
        encoder.set_rate(ratio_part(sample_rate));
        encoder.set_format(ff::format::Sample::F32(ff::format::sample::Type::Planar));
        encoder.set_time_base(ff::Rational(1, ratio_part(sample_rate)));
        // SAFETY: the context is allocated, not open yet and owned by `encoder`; a default layout owns no memory.
        unsafe {
            c::av_channel_layout_default(&raw mut (*encoder.as_mut_ptr()).ch_layout, 2);
        }
        let options = dictionary(options.iter().copied());
        open_encoder("the AAC encoder", "opening the AAC encoder", &mut encoder, codec, options)?;
        Ok(Self { encoder, sample_rate, packet: ff::Packet::empty() })
    }

    /// The `AudioSpecificConfig`.
    pub(in crate::video::encode) fn config(&self) -> &[u8] {
        extradata(&self.encoder)
    }

    /// Samples that a packet holds.
    pub(in crate::video::encode) fn packet_samples(&self) -> usize {
        // SAFETY: the encoder is open; the field was set when it was opened.
        usize::try_from(unsafe { (*self.encoder.as_ptr()).frame_size }).unwrap_or(0)
    }

    /// Samples at the start of the stream that are none of the signal.
    pub(in crate::video::encode) fn priming_samples(&self) -> u32 {
        // SAFETY: the encoder is open; the field was set when it was opened.
        u32::try_from(unsafe { (*self.encoder.as_ptr()).initial_padding }).unwrap_or(0)
    }

    /// Sends samples, as many as a packet holds; the last ones may be fewer.
    pub(in crate::video::encode) fn send(&mut self, samples: &[Stereo], start: usize) -> Result<(), EncodeError> {
        let mut frame = ff::frame::Audio::empty();
        frame.set_format(ff::format::Sample::F32(ff::format::sample::Type::Planar));
        frame.set_samples(samples.len());
        frame.set_rate(self.sample_rate);
        // SAFETY: the frame is allocated and owned, with format and length set and no buffer yet; a default layout owns
        // no memory.
        let code = unsafe {
            c::av_channel_layout_default(&raw mut (*frame.as_mut_ptr()).ch_layout, 2);
            c::av_frame_get_buffer(frame.as_mut_ptr(), 0)
        };
        if code < 0 {
            return Err(failure("allocating sound", ff::Error::from(code)));
        }
        for side in 0..2 {
            // SAFETY: the frame has two planes of `samples.len()` floats each, aligned for them, which nobody else
            // sees.
            let plane = unsafe {
                let plane = (*frame.as_mut_ptr()).data[side].cast::<f32>();
                std::slice::from_raw_parts_mut(plane, samples.len())
            };
            for (target, sample) in plane.iter_mut().zip(samples) {
                *target = sample[side];
            }
        }
        frame.set_pts(i64::try_from(start).ok());
        self.encoder.send_frame(&frame).map_err(|source| failure("encoding sound", source))
    }

    pub(in crate::video::encode) fn flush(&mut self) -> Result<(), EncodeError> {
        self.encoder.send_eof().map_err(|source| failure("flushing the AAC encoder", source))
    }

    /// The next packet, `None` where there is none yet or none any more.
    pub(in crate::video::encode) fn receive(&mut self) -> Result<Option<&[u8]>, EncodeError> {
        match self.encoder.receive_packet(&mut self.packet) {
            Ok(()) => Ok(self.packet.data()),
            Err(ff::Error::Eof | ff::Error::Other { errno: ff::error::EAGAIN }) => Ok(None),
            Err(source) => Err(failure("encoding sound", source)),
        }
    }
}

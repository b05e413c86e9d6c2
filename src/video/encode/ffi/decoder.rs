//! FFmpeg's demuxers, decoders and resampler: the bytes of a sound file in, stereo samples at our rate out.

use std::ffi::c_int;
use std::io::Cursor;
use std::sync::Arc;

use ff::codec::Id;
use ff::ffi as c;
use ff::format::context::{Input, StreamIo};
use ff::format::stream::Disposition;
use ffmpeg_next as ff;

use super::{MESSAGES, dictionary, initialise, ratio_part};
use crate::video::sound::{SAMPLE_RATE, SoundError, Stereo};

/// Containers that are opened; FFmpeg knows hundreds, some of which open other files.
const CONTAINERS: &str = "wav,mp3,aac,flac,ogg,mov";
/// The same choice of decoders, for what FFmpeg decodes by itself while it looks at a file.
const DECODERS: &str = "mp3float,mp3,aac,alac,flac,vorbis,opus,pcm_u8,pcm_s16le,pcm_s24le,pcm_s32le,pcm_f32le,pcm_f64le,pcm_alaw,pcm_mulaw";
/// Codings that are decoded.
const CODINGS: [Id; 14] = [
    Id::MP3,
    Id::AAC,
    Id::ALAC,
    Id::FLAC,
    Id::VORBIS,
    Id::OPUS,
    Id::PCM_U8,
    Id::PCM_S16LE,
    Id::PCM_S24LE,
    Id::PCM_S32LE,
    Id::PCM_F32LE,
    Id::PCM_F64LE,
    Id::PCM_ALAW,
    Id::PCM_MULAW,
];
const CHANNELS: std::ops::RangeInclusive<c_int> = 1..=8;
const SAMPLE_RATES_HZ: std::ops::RangeInclusive<c_int> = 8_000..=192_000;

/// Decodes the start of a sound file, at most `length` samples. A file that ends early, or has parts that cannot be
/// decoded, gives what it has.
///
/// The bytes are all that is read: no path is opened, whatever the file says.
pub(in crate::video::encode) fn decode_sound(bytes: Arc<[u8]>, length: usize) -> Result<Vec<Stereo>, SoundError> {
    initialise().map_err(|_| SoundError::Unknown)?;
    let decoded = Decoding::open(bytes).and_then(|mut decoding| {
        decoding.run(length)?;
        let Decoding { mut samples, .. } = decoding;
        samples.truncate(length);
        Ok(samples)
    });
    // What FFmpeg logged about the file is no part of a later error.
    MESSAGES.take();
    decoded
}

struct Decoding {
    input: Input,
    stream: usize,
    decoder: ff::decoder::Audio,
    resampler: Option<Resampler>,
    samples: Vec<Stereo>,
    packets: u64,
    bad_packets: u64,
}

impl Decoding {
    fn open(bytes: Arc<[u8]>) -> Result<Self, SoundError> {
        let options = [("format_whitelist", CONTAINERS), ("codec_whitelist", DECODERS), ("protocol_whitelist", "none")];
        let input = StreamIo::from_read_seek(Cursor::new(bytes))
            .and_then(|io| ff::format::input_from_stream(io, None, Some(dictionary(options))))
            .map_err(|_| SoundError::Unknown)?;
        let is_film = |stream: &ff::format::stream::Stream<'_>| {
            // A cover is a picture that belongs to the sound.
            stream.parameters().medium() == ff::media::Type::Video
                && !stream.disposition().contains(Disposition::ATTACHED_PIC)
        };
        if input.streams().any(|stream| is_film(&stream)) {
            return Err(SoundError::Video);
        }
        let stream = input.streams().best(ff::media::Type::Audio).ok_or(SoundError::NoSound)?;
        let parameters = stream.parameters();
        if !CODINGS.contains(&parameters.id()) {
            return Err(SoundError::Unknown);
        }
        let mut context = ff::codec::Context::from_parameters(parameters).map_err(|_| SoundError::Unknown)?.decoder();
        context.set_packet_time_base(stream.time_base());
        let decoder = context.audio().map_err(|_| SoundError::Unknown)?;
        let stream = stream.index();
        Ok(Self { input, stream, decoder, resampler: None, samples: Vec::new(), packets: 0, bad_packets: 0 })
    }

    fn run(&mut self, length: usize) -> Result<(), SoundError> {
        let mut packet = ff::Packet::empty();
        while self.samples.len() < length && packet.read(&mut self.input).is_ok() {
            if packet.stream() == self.stream {
                self.packets += 1;
                let sent = self.decoder.send_packet(&packet).is_ok();
                let whole = self.drain()? && sent;
                self.bad_packets += u64::from(!whole);
            }
        }
        // A decoder that takes no end has nothing left.
        if self.samples.len() < length && self.decoder.send_eof().is_ok() {
            self.drain()?;
        }
        if let Some(mut resampler) = self.resampler.take() {
            resampler.finish(&mut self.samples);
        }
        if self.bad_packets > self.packets / 2 {
            return Err(SoundError::Damaged { bad_packets: self.bad_packets, packets: self.packets });
        }
        Ok(())
    }

    /// Takes all samples that the decoder has; whether it had no trouble with them.
    fn drain(&mut self) -> Result<bool, SoundError> {
        let mut frame = ff::frame::Audio::empty();
        loop {
            match self.decoder.receive_frame(&mut frame) {
                Ok(()) => self.take(&frame)?,
                Err(ff::Error::Eof | ff::Error::Other { errno: ff::error::EAGAIN }) => return Ok(true),
                Err(_) => return Ok(false),
            }
        }
    }

    fn take(&mut self, frame: &ff::frame::Audio) -> Result<(), SoundError> {
        let shape = Shape::of(frame)?;
        if self.resampler.as_ref().is_none_or(|resampler| resampler.shape != shape) {
            // Streams that are chained may change on the way.
            if let Some(mut before) = self.resampler.take() {
                before.finish(&mut self.samples);
            }
            self.resampler = Some(Resampler::open(shape)?);
        }
        if let Some(resampler) = &mut self.resampler {
            resampler.push(frame, &mut self.samples);
        }
        Ok(())
    }
}

/// How the samples of a frame lie in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shape {
    format: c::AVSampleFormat,
    rate: c_int,
    channels: c_int,
    /// Which channels they are; `None` where the file does not say, or in a way of its own.
    mask: Option<u64>,
}

impl Shape {
    fn of(frame: &ff::frame::Audio) -> Result<Self, SoundError> {
        // SAFETY: the frame is alive; the mask is what the union holds in the native order.
        let (rate, channels, mask) = unsafe {
            let frame = frame.as_ptr();
            let layout = &(*frame).ch_layout;
            let native = layout.order == c::AVChannelOrder::AV_CHANNEL_ORDER_NATIVE;
            ((*frame).sample_rate, layout.nb_channels, native.then_some(layout.u.mask))
        };
        let outside = |field, found, allowed| SoundError::OutOfRange { field, found: i64::from(found), allowed };
        if !CHANNELS.contains(&channels) {
            return Err(outside("number of channels", channels, "1 to 8"));
        }
        if !SAMPLE_RATES_HZ.contains(&rate) {
            return Err(outside("sample rate", rate, "8000 to 192000 Hz"));
        }
        Ok(Self { format: frame.format().into(), rate, channels, mask })
    }
}

/// FFmpeg's resampler on the way from one shape to stereo at our rate.
struct Resampler {
    context: *mut c::SwrContext,
    shape: Shape,
}

impl Resampler {
    fn open(shape: Shape) -> Result<Self, SoundError> {
        let mut context = std::ptr::null_mut();
        // SAFETY: the layouts are plain data that own no memory and outlive the call, which copies them; `context` is
        // set or stays null.
        let code = unsafe {
            let (mut from, mut to) = (std::mem::zeroed(), std::mem::zeroed());
            match shape.mask {
                Some(mask) => drop(c::av_channel_layout_from_mask(&raw mut from, mask)),
                None => c::av_channel_layout_default(&raw mut from, shape.channels),
            }
            c::av_channel_layout_default(&raw mut to, 2);
            let (packed, rate) = (c::AVSampleFormat::AV_SAMPLE_FMT_FLT, ratio_part(SAMPLE_RATE));
            let (format, own) = (shape.format, shape.rate);
            let nobody = std::ptr::null_mut();
            c::swr_alloc_set_opts2(&raw mut context, &raw mut to, packed, rate, &raw mut from, format, own, 0, nobody)
        };
        // Owned from here on, so that every way out frees it.
        let resampler = Self { context, shape };
        // SAFETY: the context is allocated where the call above succeeded, and not initialised yet.
        if code < 0 || unsafe { c::swr_init(resampler.context) } < 0 {
            return Err(SoundError::Unknown);
        }
        Ok(resampler)
    }

    /// Converts a frame of this resampler's shape.
    fn push(&mut self, frame: &ff::frame::Audio, samples: &mut Vec<Stereo>) {
        // SAFETY: the frame is alive, of the shape that the resampler was opened for, and as long as it says.
        unsafe {
            let frame = frame.as_ptr();
            self.convert((*frame).extended_data.cast(), (*frame).nb_samples, samples);
        }
    }

    /// Gives what it still holds back.
    fn finish(&mut self, samples: &mut Vec<Stereo>) {
        // SAFETY: no planes and no length mean the end.
        unsafe { self.convert(std::ptr::null_mut(), 0, samples) }
    }

    /// Appends what comes of `count` samples in `planes`; nothing where the resampler fails, which it does for lack of
    /// memory alone.
    ///
    /// # Safety
    /// `planes` has to hold as many channels as the shape says, of `count` samples each; or be null, and `count` 0.
    unsafe fn convert(&mut self, planes: *mut *const u8, count: c_int, samples: &mut Vec<Stereo>) {
        // SAFETY: the context is initialised.
        let room = usize::try_from(unsafe { c::swr_get_out_samples(self.context, count) }).unwrap_or(0);
        let start = samples.len();
        samples.resize(start + room, [0.0; 2]);
        let mut target = samples[start..].as_mut_ptr().cast::<u8>();
        // SAFETY: the target has room for as many packed stereo samples as are passed; the planes are the caller's
        // promise.
        let written =
            unsafe { c::swr_convert(self.context, &raw mut target, c_int::try_from(room).unwrap_or(0), planes, count) };
        samples.truncate(start + usize::try_from(written).unwrap_or(0).min(room));
    }
}

impl Drop for Resampler {
    fn drop(&mut self) {
        // SAFETY: the context is owned and freed once; a null pointer is left alone.
        unsafe { c::swr_free(&raw mut self.context) }
    }
}

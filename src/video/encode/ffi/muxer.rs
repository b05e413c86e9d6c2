//! FFmpeg's MP4 muxer: coded samples in, a file out.

use std::ffi::{CString, c_int};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use ff::ffi as c;
use ffmpeg_next as ff;

use super::{MESSAGES, dictionary, failure, initialise, ratio_part, refuse_leftovers};
use crate::video::encode::{EncodeError, EncoderConfig};

/// One video track to be written, as FFmpeg's muxer needs to know it.
pub(in crate::video::encode) struct Track<'a> {
    pub(in crate::video::encode) config: &'a EncoderConfig,
    pub(in crate::video::encode) avcc: &'a [u8],
    /// Ticks of the track in a second.
    pub(in crate::video::encode) timescale: u32,
}

/// The AAC track beside it.
pub(in crate::video::encode) struct SoundTrack<'a> {
    /// The `AudioSpecificConfig`.
    pub(in crate::video::encode) config: &'a [u8],
    /// Samples a second, which are the ticks of the track.
    pub(in crate::video::encode) sample_rate: u32,
    /// Samples in a packet.
    pub(in crate::video::encode) packet_samples: u32,
    /// Samples that decoders drop at the start.
    pub(in crate::video::encode) priming_samples: u32,
    /// Bits a second, as asked for.
    pub(in crate::video::encode) bit_rate: u32,
}

/// An MP4 file being written by FFmpeg.
pub(in crate::video::encode) struct Muxer {
    output: ff::format::context::Output,
}

/// Number of the video track, the first one.
const VIDEO: usize = 0;
/// Number of the track beside it.
const SOUND: usize = 1;

impl Muxer {
    pub(in crate::video::encode) fn create(
        path: &Path,
        track: &Track<'_>,
        sound: Option<&SoundTrack<'_>>,
        metadata: &[(&str, &str)],
        options: &[(&str, &str)],
    ) -> Result<Self, EncodeError> {
        initialise()?;
        MESSAGES.take();
        let mut output = open_file(path)?;
        output.set_metadata(dictionary(metadata.iter().copied()));
        add_track(&mut output, track)?;
        if let Some(sound) = sound {
            add_sound(&mut output, sound)?;
        }
        let written =
            output.write_header_with(dictionary(options.iter().copied())).map(|left| refuse_leftovers("mp4", &left));
        written.map_err(|source| failure("writing the MP4 header", source))??;
        Ok(Self { output })
    }

    /// Writes one picture that is shown from `start` for `duration` ticks of its track.
    pub(in crate::video::encode) fn write_picture(
        &mut self,
        data: &[u8],
        idr: bool,
        start: i64,
        duration: i64,
    ) -> Result<(), EncodeError> {
        self.write(VIDEO, data, idr, start, duration)
    }

    /// Writes one packet of sound that is heard from `start`, which may be below 0, for `duration` samples.
    pub(in crate::video::encode) fn write_sound(
        &mut self,
        data: &[u8],
        start: i64,
        duration: i64,
    ) -> Result<(), EncodeError> {
        self.write(SOUND, data, true, start, duration)
    }

    /// Samples land in the file in the order in which they come. The muxer keeps the clocks that the tracks were given:
    /// both are above the 10,000 ticks a second below which it would change them.
    fn write(&mut self, track: usize, data: &[u8], key: bool, start: i64, duration: i64) -> Result<(), EncodeError> {
        let mut packet = ff::Packet::copy(data);
        packet.set_stream(track);
        packet.set_pts(Some(start));
        packet.set_dts(Some(start));
        packet.set_duration(duration);
        if key {
            packet.set_flags(ff::packet::Flags::KEY);
        }
        packet.write(&mut self.output).map(drop).map_err(|source| failure("writing an MP4 sample", source))
    }

    /// Writes the index and closes the file.
    pub(in crate::video::encode) fn finish(mut self) -> Result<(), EncodeError> {
        self.output.write_trailer().map_err(|source| failure("writing the MP4 index", source))?;
        // SAFETY: the context is alive and was opened with a file of its own, so `pb` is set; flushing and closing are
        // what its destructor would do, but that one throws the error of the last write away. `avio_closep` clears
        // the pointer, and closing a null pointer again is harmless.
        let code = unsafe { c::avio_closep(&raw mut (*self.output.as_mut_ptr()).pb) };
        if code < 0 { Err(failure("closing the MP4 file", ff::Error::from(code))) } else { Ok(()) }
    }
}

fn open_file(path: &Path) -> Result<ff::format::context::Output, EncodeError> {
    let invalid = || EncodeError::Write {
        path: path.to_owned(),
        source: std::io::Error::new(std::io::ErrorKind::InvalidInput, "the path holds a zero byte"),
    };
    // With the protocol spelt out a colon in the path is only a colon.
    let url = CString::new([b"file:", path.as_os_str().as_bytes()].concat()).map_err(|_| invalid())?;
    let mut context = std::ptr::null_mut();
    // SAFETY: all strings end in a zero byte and outlive the call, which sets `context` or returns an error.
    let code = unsafe {
        c::avformat_alloc_output_context2(&raw mut context, std::ptr::null_mut(), c"mp4".as_ptr(), url.as_ptr())
    };
    if code < 0 || context.is_null() {
        return Err(EncodeError::Missing("MP4 muxer"));
    }
    // SAFETY: `context` was just allocated for output and is owned by nothing else; the wrapper frees it, and its file
    // once that is open.
    let mut output = unsafe { ff::format::context::Output::wrap(context) };
    // SAFETY: the context is alive; `pb` is null until this call sets it.
    let code = unsafe { c::avio_open(&raw mut (*output.as_mut_ptr()).pb, url.as_ptr(), c::AVIO_FLAG_WRITE) };
    if code < 0 { Err(failure("opening the MP4 file", ff::Error::from(code))) } else { Ok(output) }
}

fn add_track(output: &mut ff::format::context::Output, track: &Track<'_>) -> Result<(), EncodeError> {
    let mut stream =
        output.add_stream(None::<ff::Codec>).map_err(|source| failure("adding the video track", source))?;
    stream.set_time_base(ff::Rational(1, ratio_part(track.timescale)));
    let rate = ff::Rational(
        ratio_part(track.config.frame_rate.numerator()),
        ratio_part(track.config.frame_rate.denominator()),
    );
    stream.set_rate(rate);
    stream.set_avg_frame_rate(rate);
    set_extradata(&mut stream, track.avcc)?;
    // SAFETY: `codecpar` belongs to the stream, which `output` keeps alive.
    unsafe {
        let parameters = (*stream.as_mut_ptr()).codecpar;
        (*parameters).codec_type = c::AVMediaType::AVMEDIA_TYPE_VIDEO;
        (*parameters).codec_id = c::AVCodecID::AV_CODEC_ID_H264;
        (*parameters).width = ratio_part(track.config.size.width);
        (*parameters).height = ratio_part(track.config.size.height);
        (*parameters).sample_aspect_ratio = c::AVRational { num: 1, den: 1 };
        (*parameters).color_range = c::AVColorRange::AVCOL_RANGE_MPEG;
        (*parameters).color_primaries = c::AVColorPrimaries::AVCOL_PRI_BT709;
        (*parameters).color_trc = c::AVColorTransferCharacteristic::AVCOL_TRC_BT709;
        (*parameters).color_space = c::AVColorSpace::AVCOL_SPC_BT709;
    }
    Ok(())
}

fn add_sound(output: &mut ff::format::context::Output, sound: &SoundTrack<'_>) -> Result<(), EncodeError> {
    let mut stream =
        output.add_stream(None::<ff::Codec>).map_err(|source| failure("adding the sound track", source))?;
    stream.set_time_base(ff::Rational(1, ratio_part(sound.sample_rate)));
    set_extradata(&mut stream, sound.config)?;
    // SAFETY: `codecpar` belongs to the stream, which `output` keeps alive; a default layout owns no memory.
    unsafe {
        let parameters = (*stream.as_mut_ptr()).codecpar;
        (*parameters).codec_type = c::AVMediaType::AVMEDIA_TYPE_AUDIO;
        (*parameters).codec_id = c::AVCodecID::AV_CODEC_ID_AAC;
        (*parameters).sample_rate = ratio_part(sound.sample_rate);
        (*parameters).frame_size = ratio_part(sound.packet_samples);
        (*parameters).initial_padding = ratio_part(sound.priming_samples);
        (*parameters).bit_rate = i64::from(sound.bit_rate);
        c::av_channel_layout_default(&raw mut (*parameters).ch_layout, 2);
    }
    Ok(())
}

/// Gives a stream its header.
fn set_extradata(stream: &mut ff::format::stream::StreamMut<'_>, bytes: &[u8]) -> Result<(), EncodeError> {
    let padding = c::AV_INPUT_BUFFER_PADDING_SIZE as usize;
    // SAFETY: `codecpar` belongs to the stream, which is alive. The extradata is allocated by FFmpeg's own allocator
    // with the zeroed padding it asks for, filled within its length, and freed with the stream.
    unsafe {
        let parameters = (*stream.as_mut_ptr()).codecpar;
        let extradata = c::av_mallocz(bytes.len() + padding).cast::<u8>();
        if extradata.is_null() {
            return Err(failure("adding a track", ff::Error::Other { errno: ff::error::ENOMEM }));
        }
        std::ptr::copy_nonoverlapping(bytes.as_ptr(), extradata, bytes.len());
        (*parameters).extradata = extradata;
        (*parameters).extradata_size = c_int::try_from(bytes.len()).unwrap_or(0);
    }
    Ok(())
}

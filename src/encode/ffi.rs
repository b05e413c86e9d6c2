//! Every call into C code, wrapped so that the rest of the crate stays safe: FFmpeg, and one tunable of the allocator that
//! its pictures come from. Only calls and checks: what the options mean is told in `config` and `mp4`.

mod webp;

use std::cell::RefCell;
use std::ffi::{CStr, CString, c_char, c_int};
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Once;

use ff::ffi as c;
use ffmpeg_next as ff;

use super::{EncodeError, EncoderConfig};
use crate::frame::YuvFrame;

pub(super) use webp::webp_still;

thread_local! {
    /// What FFmpeg logged at level error on this thread, the newest last.
    static MESSAGES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Messages kept for one error: the first ones name the cause.
const MAX_MESSAGES: usize = 8;

/// Registers FFmpeg once for the process and takes its log over: it prints nothing.
fn initialise() -> Result<(), EncodeError> {
    static LOG: Once = Once::new();
    ff::init().map_err(|source| failure("initialising FFmpeg", source))?;
    LOG.call_once(|| {
        keep_large_blocks_apart();
        ff::log::set_level(ff::log::Level::Error);
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the callback has the signature FFmpeg asks for, is safe to call from any thread (it only touches
        // thread-local memory) and lives as long as the program.
        unsafe {
            c::av_log_set_callback(Some(keep_message));
        };
        // Elsewhere `va_list` has another shape: nothing is collected, and nothing printed.
        #[cfg(not(target_arch = "x86_64"))]
        ff::log::set_level(ff::log::Level::Quiet);
    });
    Ok(())
}

/// Smallest block that gets pages of its own, in bytes: below a plane of the smallest video, above all small things.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const LARGE_BLOCK_BYTES: c_int = 1 << 20;

/// Tells glibc to give blocks of pictures back to the system when they are freed. Left to itself it raises that limit to
/// 32 MiB as soon as a large block is freed, and the pictures of each encoder then stay behind in the heap of a thread:
/// 40 MB more at the peak of a render with two threads.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn keep_large_blocks_apart() {
    /// `M_MMAP_THRESHOLD` of glibc's `malloc.h`.
    const MMAP_THRESHOLD: c_int = -3;
    unsafe extern "C" {
        fn mallopt(parameter: c_int, value: c_int) -> c_int;
    }
    // SAFETY: glibc has this function with this signature; it may be called from any thread at any time and touches
    // nothing but a tunable of the allocator.
    unsafe {
        mallopt(MMAP_THRESHOLD, LARGE_BLOCK_BYTES);
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn keep_large_blocks_apart() {}

#[cfg(target_arch = "x86_64")]
unsafe extern "C" fn keep_message(
    source: *mut std::ffi::c_void,
    level: c_int,
    format: *const c_char,
    arguments: *mut c::__va_list_tag,
) {
    if level > c::AV_LOG_ERROR {
        return;
    }
    let mut line = [0u8; 512];
    let mut print_prefix: c_int = 1;
    // SAFETY: `source`, `format` and `arguments` are passed on as FFmpeg gave them; the buffer is as long as said, and
    // FFmpeg ends what it writes with a zero byte.
    unsafe {
        c::av_log_format_line(source, level, format, arguments, line.as_mut_ptr().cast(), 512, &raw mut print_prefix);
    }
    if let Ok(text) = CStr::from_bytes_until_nul(&line) {
        let text = text.to_string_lossy().trim().to_owned();
        // A thread that is ending has no memory of its own any more; the message is then lost.
        let _ = MESSAGES.try_with(|messages| {
            if let Ok(mut messages) = messages.try_borrow_mut()
                && messages.len() < MAX_MESSAGES
                && !text.is_empty()
            {
                messages.push(text);
            }
        });
    }
}

fn failure(action: &'static str, source: ff::Error) -> EncodeError {
    EncodeError::Ffmpeg { action, source, messages: MESSAGES.take() }
}

/// Version of the linked FFmpeg, for example `5.1.9-0+deb12u1`.
#[must_use]
pub fn ffmpeg_version() -> String {
    // SAFETY: the function returns a static string that ends in a zero byte.
    unsafe { CStr::from_ptr(c::av_version_info()) }.to_string_lossy().into_owned()
}

/// Licence of the linked FFmpeg, for example `GPL version 2 or later`: it follows from how FFmpeg was configured, and
/// binds whoever distributes a program linked to it.
#[must_use]
pub fn ffmpeg_license() -> String {
    // SAFETY: the function returns a static string that ends in a zero byte.
    unsafe { CStr::from_ptr(c::avcodec_license()) }.to_string_lossy().into_owned()
}

fn dictionary<'a>(options: impl IntoIterator<Item = (&'a str, &'a str)>) -> ff::Dictionary<'static> {
    let mut dictionary = ff::Dictionary::new();
    for (key, value) in options {
        dictionary.set(key, value);
    }
    dictionary
}

/// The error for the first option FFmpeg left in the dictionary because nothing knows it.
fn refuse_leftovers(target: &'static str, left: &ff::Dictionary<'_>) -> Result<(), EncodeError> {
    match left.iter().next() {
        None => Ok(()),
        Some((option, _)) => Err(EncodeError::UnknownOption { target, option: option.to_owned() }),
    }
}

/// An open libx264 with one frame and one packet that are used over and over.
pub(super) struct X264 {
    encoder: ff::encoder::video::Video,
    frame: ff::frame::Video,
    packet: ff::Packet,
}

impl X264 {
    pub(super) fn open(config: &EncoderConfig, options: &[(&'static str, String)]) -> Result<Self, EncodeError> {
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
        // SAFETY: the context was allocated for this codec and is not open yet. The dictionary is given up to the call,
        // which frees what it uses and hands the rest back; that is owned and freed again at once.
        let (code, left) = unsafe {
            let mut raw = options.disown();
            let code = c::avcodec_open2(encoder.as_mut_ptr(), codec.as_ptr(), &raw mut raw);
            (code, ff::Dictionary::own(raw))
        };
        if code < 0 {
            return Err(failure("opening libx264", ff::Error::from(code)));
        }
        refuse_leftovers("libx264", &left)?;
        let mut frame = ff::frame::Video::new(ff::format::Pixel::YUV420P, config.size.width, config.size.height);
        frame.set_color_range(ff::color::Range::MPEG);
        Ok(Self { encoder, frame, packet: ff::Packet::empty() })
    }

    /// The parameter sets as a byte stream.
    pub(super) fn extradata(&self) -> &[u8] {
        // SAFETY: FFmpeg sets both fields when it opens the encoder and changes neither while it is open; the slice
        // borrows `self`, which owns the context.
        unsafe {
            let context = self.encoder.as_ptr();
            match usize::try_from((*context).extradata_size) {
                Ok(length) if !(*context).extradata.is_null() => {
                    std::slice::from_raw_parts((*context).extradata, length)
                }
                _ => &[],
            }
        }
    }

    /// Copies the luma rows `rows` (even edges) and the chroma rows under them, then sends the frame.
    pub(super) fn send(&mut self, planes: &YuvFrame, rows: Range<u32>, index: u32) -> Result<(), EncodeError> {
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

    pub(super) fn flush(&mut self) -> Result<(), EncodeError> {
        self.encoder.send_eof().map_err(|source| failure("flushing the encoder", source))
    }

    /// The next picture as a byte stream, `None` where there is none yet or none any more.
    pub(super) fn receive(&mut self) -> Result<Option<&[u8]>, EncodeError> {
        match self.encoder.receive_packet(&mut self.packet) {
            Ok(()) => Ok(self.packet.data()),
            Err(ff::Error::Eof | ff::Error::Other { errno: ff::error::EAGAIN }) => Ok(None),
            Err(source) => Err(failure("encoding a frame", source)),
        }
    }
}

fn ratio_part(value: u32) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

/// One video track to be written, as FFmpeg's muxer needs to know it.
pub(super) struct Track<'a> {
    pub(super) config: &'a EncoderConfig,
    pub(super) avcc: &'a [u8],
    /// Ticks of the track in a second.
    pub(super) timescale: u32,
}

/// An MP4 file being written by FFmpeg.
pub(super) struct Muxer {
    output: ff::format::context::Output,
    timescale: i32,
}

impl Muxer {
    pub(super) fn create(
        path: &Path,
        track: &Track<'_>,
        metadata: &[(&str, &str)],
        options: &[(&str, &str)],
    ) -> Result<Self, EncodeError> {
        initialise()?;
        MESSAGES.take();
        let timescale = ratio_part(track.timescale);
        let mut output = open_file(path)?;
        output.set_metadata(dictionary(metadata.iter().copied()));
        add_track(&mut output, track, timescale)?;
        let written =
            output.write_header_with(dictionary(options.iter().copied())).map(|left| refuse_leftovers("mp4", &left));
        written.map_err(|source| failure("writing the MP4 header", source))??;
        Ok(Self { output, timescale })
    }

    /// Writes one sample that is shown from `start` for `duration` ticks of the track.
    pub(super) fn write(&mut self, data: &[u8], idr: bool, start: i64, duration: i64) -> Result<(), EncodeError> {
        let mut packet = ff::Packet::copy(data);
        packet.set_stream(0);
        packet.set_pts(Some(start));
        packet.set_dts(Some(start));
        packet.set_duration(duration);
        if idr {
            packet.set_flags(ff::packet::Flags::KEY);
        }
        let time_base = self.output.stream(0).map(|stream| stream.time_base());
        packet.rescale_ts(ff::Rational(1, self.timescale), time_base.unwrap_or(ff::Rational(1, self.timescale)));
        packet.write_interleaved(&mut self.output).map_err(|source| failure("writing an MP4 sample", source))
    }

    /// Writes the index and closes the file.
    pub(super) fn finish(mut self) -> Result<(), EncodeError> {
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

fn add_track(output: &mut ff::format::context::Output, track: &Track<'_>, timescale: i32) -> Result<(), EncodeError> {
    let mut stream =
        output.add_stream(None::<ff::Codec>).map_err(|source| failure("adding the video track", source))?;
    stream.set_time_base(ff::Rational(1, timescale));
    let rate = ff::Rational(
        ratio_part(track.config.frame_rate.numerator()),
        ratio_part(track.config.frame_rate.denominator()),
    );
    stream.set_rate(rate);
    stream.set_avg_frame_rate(rate);
    let padding = c::AV_INPUT_BUFFER_PADDING_SIZE as usize;
    // SAFETY: `codecpar` belongs to the stream, which `output` keeps alive. The extradata is allocated by FFmpeg's own
    // allocator with the zeroed padding it asks for, filled within its length, and freed with the stream.
    unsafe {
        let parameters = (*stream.as_mut_ptr()).codecpar;
        let extradata = c::av_mallocz(track.avcc.len() + padding).cast::<u8>();
        if extradata.is_null() {
            return Err(failure("adding the video track", ff::Error::Other { errno: ff::error::ENOMEM }));
        }
        std::ptr::copy_nonoverlapping(track.avcc.as_ptr(), extradata, track.avcc.len());
        (*parameters).extradata = extradata;
        (*parameters).extradata_size = c_int::try_from(track.avcc.len()).unwrap_or(0);
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

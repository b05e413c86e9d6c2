//! Every call into C code, wrapped so that the rest of the crate stays safe: FFmpeg, and one tunable of the allocator
//! that its pictures come from. Only calls and checks: what the options mean is documented in `config`, `mp4` and
//! `sound`.

mod aac;
mod decoder;
mod muxer;
mod webp;
mod x264;

use std::cell::RefCell;
use std::ffi::{CStr, c_char, c_int};
use std::sync::Once;

use ff::ffi as c;
use ffmpeg_next as ff;

pub(super) use aac::AacEncoder;
pub(super) use decoder::decode_sound;
pub(super) use muxer::{Muxer, SoundTrack, Track};
pub(super) use webp::webp_still;
pub(super) use x264::X264;

use super::EncodeError;

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

/// Makes glibc give blocks of pictures back to the system when they are freed. Left to itself it raises that limit to
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
/// binds everybody who distributes a program linked to it.
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

/// Opens an encoder with options, every one of which it must know.
fn open_encoder(
    target: &'static str,
    action: &'static str,
    context: &mut ff::codec::Context,
    codec: ff::Codec,
    options: ff::Dictionary<'static>,
) -> Result<(), EncodeError> {
    // SAFETY: the context was allocated for this codec and is not open yet. The dictionary is given up to the call,
    // which frees what it uses and hands the rest back; that is owned and freed again at once.
    let (code, left) = unsafe {
        let mut raw = options.disown();
        let code = c::avcodec_open2(context.as_mut_ptr(), codec.as_ptr(), &raw mut raw);
        (code, ff::Dictionary::own(raw))
    };
    if code < 0 {
        return Err(failure(action, ff::Error::from(code)));
    }
    refuse_leftovers(target, &left)
}

/// The stream header that an open encoder wrote.
fn extradata(context: &ff::codec::Context) -> &[u8] {
    // SAFETY: FFmpeg sets both fields when it opens the encoder and changes neither while it is open; the slice borrows
    // the owner of the context.
    unsafe {
        let context = context.as_ptr();
        match usize::try_from((*context).extradata_size) {
            Ok(length) if !(*context).extradata.is_null() => std::slice::from_raw_parts((*context).extradata, length),
            _ => &[],
        }
    }
}

fn ratio_part(value: u32) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

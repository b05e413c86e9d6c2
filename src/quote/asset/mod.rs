//! Logos and pictures from outside: fetched, checked, decoded and brought to one size. Everything here is hostile until
//! proven a picture; whatever goes wrong is an [`AssetError`] for one picture, never a panic and never a hang. What is
//! shown instead is the caller's affair.
//!
//! The type of a picture is decided by its content alone: neither a header, a declared media type nor a file extension
//! is believed. Colour profiles are not applied: samples are taken as sRGB. Of animated pictures the first frame is
//! used. Text in an SVG is not drawn (fonts of the machine would make the video depend on it), nor are pictures inside
//! one.

mod address;
mod data_uri;
mod decode;
mod error;
#[cfg(feature = "fetch")]
mod fetch;
mod file;
mod margins;
#[cfg(not(feature = "fetch"))]
mod offline;
mod reduce;
mod svg;
mod svg_budget;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rayon::prelude::*;
use url::Url;

#[cfg(not(feature = "fetch"))]
use self::offline as fetch;

pub use self::error::AssetError;
#[cfg(feature = "fetch")]
pub use self::fetch::ClientError;
pub use self::margins::{Trimmed, is_clear, without_margins};
use crate::ground::frame::RgbaFrame;

/// Where a picture comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// An `http` or `https` address.
    Url(String),
    /// A `data:` URI (RFC 2397).
    Data(String),
    /// A file below [`Policy::base_dir`], given relative to it.
    File(PathBuf),
    /// The key of an object in object storage.
    Key(String),
}

/// What loading may do.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Allows loopback, private (RFC 1918, RFC 4193) and carrier-grade NAT addresses, and any port: for previews in an
    /// intranet and for tests. Link-local and cloud metadata addresses stay refused. Default: false.
    pub allow_private_network: bool,
    /// The folder that [`Source::File`] is relative to and may not leave, symbolic links resolved. Default: none, which
    /// refuses every file.
    pub base_dir: Option<PathBuf>,
    /// Files that hold the objects of [`Source::Key`], by key, fetched beforehand by somebody who may: nothing here
    /// knows object storage. Default: none, which refuses every key.
    pub keyed_files: HashMap<String, PathBuf>,
    /// How much of everything.
    pub limits: Limits,
}

/// How large, how many and how long. The defaults suit a video of half a minute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one encoded picture. Default: 6 MiB.
    pub max_bytes: u64,
    /// Bytes of one SVG. Default: 256 KiB.
    pub max_svg_bytes: u64,
    /// Bytes of all encoded pictures together. Default: 64 MiB.
    pub max_total_bytes: u64,
    /// Longest side of a picture before it is reduced, pixels. Default: 8192.
    pub max_dimension_px: u32,
    /// Pixels of a picture before it is reduced. Default: 25 million.
    pub max_pixels: u64,
    /// Bytes that decoding one picture may allocate. Default: 128 MiB.
    pub max_decode_bytes: u64,
    /// Bytes of all decoded and reduced pictures together. Default: 256 MiB.
    pub max_kept_bytes: u64,
    /// Connecting to one address, name lookup included. Default: 1.2 s.
    pub connect_deadline: Duration,
    /// From asking to the head of the answer, including name lookup and connecting; each redirect has its own. A server
    /// that is there answers sooner, one that is silent is not worth the wait for the whole picture. Default: 1.5 s.
    pub answer_deadline: Duration,
    /// Fetching one picture, redirects included. Default: 4 s.
    pub per_asset_deadline: Duration,
    /// Fetching all pictures. Default: 10 s.
    pub total_deadline: Duration,
    /// Drawing one SVG; what it costs is bounded beforehand, so this is a backstop. Default: 5 s.
    pub svg_deadline: Duration,
    /// Redirects followed for one picture, each checked like the first address. Default: 3.
    pub max_redirects: u32,
    /// Longest side of a loaded picture; larger ones are reduced to it. Default: 1600.
    pub longest_side_px: u32,
    /// Longest side at which an SVG is drawn; a costly one is drawn at a half or a quarter of it. Default: 1200.
    pub svg_side_px: u32,
    /// Different pictures in one call. Default: 64.
    pub max_count: usize,
    /// Pictures fetched at the same time. Default: 8.
    pub max_parallel_fetches: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_bytes: 6 << 20,
            max_svg_bytes: 256 << 10,
            max_total_bytes: 64 << 20,
            max_dimension_px: 8192,
            max_pixels: 25_000_000,
            max_decode_bytes: 128 << 20,
            max_kept_bytes: 256 << 20,
            connect_deadline: Duration::from_millis(1200),
            answer_deadline: Duration::from_millis(1500),
            per_asset_deadline: Duration::from_secs(4),
            total_deadline: Duration::from_secs(10),
            svg_deadline: Duration::from_secs(5),
            max_redirects: 3,
            longest_side_px: 1600,
            svg_side_px: 1200,
            max_count: 64,
            max_parallel_fetches: 8,
        }
    }
}

impl Source {
    /// The source as messages name it: an address without user, password, query and fragment, the first characters of a
    /// data URI, at most about 120 characters, no control characters.
    #[must_use]
    pub fn display_name(&self) -> String {
        match self {
            Self::Url(url) => printable(&address::without_secrets(url), 120),
            Self::Data(uri) => format!("{} ({} bytes)", printable(data_uri::head(uri), 40), uri.len()),
            Self::File(path) => format!("file {}", printable(&path.to_string_lossy(), 120)),
            Self::Key(key) => format!("object key {}", printable(key, 120)),
        }
    }
}

/// A client for requests to addresses that customers give, webhooks for example: it follows no redirect, asks no proxy,
/// tries nothing twice, and connects only to addresses that `policy` allows, each checked as it is used. Addresses that
/// are written as numbers are not looked up: [`check_address`] judges those.
///
/// # Errors
/// When the TLS library cannot be set up.
#[cfg(feature = "fetch")]
pub fn guarded_client(policy: &Policy) -> Result<reqwest::Client, ClientError> {
    fetch::guarded_client(policy)
}

/// An address from outside, checked before anything is sent there: `http` or `https`, no user, a port and a host that
/// are allowed.
///
/// # Errors
/// Why not, as words for the one who gave it.
pub fn check_address(text: &str, allow_private_network: bool) -> Result<Url, String> {
    address::check_url(text, allow_private_network)
}

/// Loads every source and returns one result each, in the same order. Equal sources are loaded once and share a
/// picture.
///
/// Addresses are fetched concurrently, then everything is decoded in parallel. The call blocks for at most about
/// [`Limits::total_deadline`] plus the bounded time of decoding; it may be made from any thread.
#[must_use]
pub fn load_all(sources: &[Source], policy: &Policy) -> Vec<Result<Arc<RgbaFrame>, AssetError>> {
    let mut unique: Vec<&Source> = Vec::new();
    let mut index_of: HashMap<&Source, usize> = HashMap::new();
    let positions: Vec<usize> = sources
        .iter()
        .map(|source| {
            *index_of.entry(source).or_insert_with(|| {
                unique.push(source);
                unique.len() - 1
            })
        })
        .collect();
    let loaded = decode_all(&unique, read_all(&unique, policy), policy);
    positions.into_iter().map(|position| loaded[position].clone()).collect()
}

/// The encoded bytes of every source.
fn read_all(sources: &[&Source], policy: &Policy) -> Vec<Result<Vec<u8>, AssetError>> {
    let limits = &policy.limits;
    let mut left_bytes = limits.max_total_bytes;
    let mut urls = Vec::new();
    let mut results: Vec<Result<Vec<u8>, AssetError>> = Vec::with_capacity(sources.len());
    for (index, source) in sources.iter().enumerate() {
        if index >= limits.max_count {
            results.push(Err(AssetError::TooManyAssets {
                source_name: source.display_name(),
                reason: format!("at most {} different pictures are loaded", limits.max_count),
            }));
            continue;
        }
        let read = match source {
            Source::Url(url) => {
                urls.push((index, url.as_str()));
                Ok(Vec::new())
            }
            Source::Data(uri) => data_uri::read(uri, &source.display_name(), limits.max_bytes),
            Source::File(path) => {
                file::read(path, policy.base_dir.as_deref(), &source.display_name(), limits.max_bytes)
            }
            Source::Key(key) => match policy.keyed_files.get(key) {
                Some(path) => file::read_regular(path, &source.display_name(), limits.max_bytes),
                None => Err(AssetError::KeyNotAvailable { source_name: source.display_name() }),
            },
        };
        results.push(read.and_then(|bytes| {
            left_bytes = left_bytes.checked_sub(bytes.len() as u64).ok_or_else(|| over_total(source, limits))?;
            Ok(bytes)
        }));
    }
    for (index, fetched) in fetch::fetch_all(&urls, policy, left_bytes) {
        results[index] = fetched;
    }
    results
}

/// Pictures decoded at the same time; fixed, so that which one is the first too many does not depend on the machine.
const DECODE_BATCH: usize = 4;

/// Decodes in parallel, a batch at a time, and stops keeping pictures, in order, where the memory for all is used up.
fn decode_all(
    sources: &[&Source],
    read: Vec<Result<Vec<u8>, AssetError>>,
    policy: &Policy,
) -> Vec<Result<Arc<RgbaFrame>, AssetError>> {
    let limits = &policy.limits;
    let mut left_bytes = Some(limits.max_kept_bytes);
    let mut kept = Vec::with_capacity(read.len());
    let mut rest = sources.iter().zip(read).peekable();
    while rest.peek().is_some() {
        let batch: Vec<_> = rest.by_ref().take(DECODE_BATCH).collect();
        let decoded: Vec<_> = if left_bytes.is_some() {
            batch
                .into_par_iter()
                .map(|(source, read)| {
                    (source, read.and_then(|bytes| decode::decode(&bytes, &source.display_name(), limits)))
                })
                .collect()
        } else {
            batch.into_iter().map(|(source, read)| (source, read.and(Err(over_kept(source, limits))))).collect()
        };
        for (source, result) in decoded {
            kept.push(result.and_then(|frame| {
                left_bytes = left_bytes.and_then(|left| left.checked_sub(frame.pixels().len() as u64));
                if left_bytes.is_some() { Ok(Arc::new(frame)) } else { Err(over_kept(source, limits)) }
            }));
        }
    }
    kept
}

fn over_total(source: &Source, limits: &Limits) -> AssetError {
    AssetError::TooManyAssets {
        source_name: source.display_name(),
        reason: format!("all pictures together may have {} bytes", limits.max_total_bytes),
    }
}

fn over_kept(source: &Source, limits: &Limits) -> AssetError {
    AssetError::TooManyAssets {
        source_name: source.display_name(),
        reason: format!("all decoded pictures together may take {} bytes", limits.max_kept_bytes),
    }
}

/// At most `max_chars` characters of `text`, control characters shown as `?`.
fn printable(text: &str, max_chars: usize) -> String {
    let mut shown: String = text.chars().take(max_chars).map(|c| if c.is_control() { '?' } else { c }).collect();
    if text.chars().nth(max_chars).is_some() {
        shown.push('…');
    }
    shown
}

//! What can be wrong with a logo or picture. Every message names the source without its secrets, the value found and
//! the range allowed.

use std::time::Duration;

use crate::ground::problem::Warning;

/// Why a picture could not be had. A caller shows its designed placeholder and passes the message on as a warning.
///
/// `source_name` is the source as [`Source::display_name`](super::Source::display_name) writes it.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum AssetError {
    /// The address is not one to fetch from: its form, scheme, port, or where it points.
    #[error("{source_name}: address refused, {reason}")]
    AddressRefused {
        /// The picture asked for.
        source_name: String,
        /// What about the address, with the value and what is allowed.
        reason: String,
    },
    /// No connection, a broken one, or a name without an address.
    #[error("{source_name}: unreachable, {reason}")]
    Unreachable {
        /// The picture asked for.
        source_name: String,
        /// What happened on the way.
        reason: String,
    },
    /// The server answered with something other than success.
    #[error("{source_name}: the server answered {status}, expected 200")]
    BadStatus {
        /// The picture asked for.
        source_name: String,
        /// HTTP status code.
        status: u16,
    },
    /// More hops than allowed, or a hop without a target.
    #[error("{source_name}: {reason}")]
    BadRedirect {
        /// The picture asked for.
        source_name: String,
        /// What is wrong with the redirect.
        reason: String,
    },
    /// The server took the request, or not even that, and said nothing.
    #[error("{source_name}: no answer within {} ms", limit.as_millis())]
    NoAnswer {
        /// The picture asked for.
        source_name: String,
        /// The deadline that passed.
        limit: Duration,
    },
    /// Fetching or drawing took longer than allowed.
    #[error("{source_name}: not finished within {} ms", limit.as_millis())]
    TimedOut {
        /// The picture asked for.
        source_name: String,
        /// The deadline that passed.
        limit: Duration,
    },
    /// More bytes than allowed, before decoding.
    #[error("{source_name}: larger than the allowed {limit_bytes} bytes")]
    TooManyBytes {
        /// The picture asked for.
        source_name: String,
        /// The most bytes allowed.
        limit_bytes: u64,
    },
    /// More pixels than allowed; found in the header, before decoding.
    #[error("{source_name}: {width}x{height} pixels, allowed are {allowed}")]
    TooManyPixels {
        /// The picture asked for.
        source_name: String,
        /// Width in the header, pixels.
        width: u32,
        /// Height in the header, pixels.
        height: u32,
        /// The limit that was passed, in words.
        allowed: String,
    },
    /// All pictures of the video together are more than allowed.
    #[error("{source_name}: one too many, {reason}")]
    TooManyAssets {
        /// The picture asked for.
        source_name: String,
        /// Which limit on all pictures together was passed.
        reason: String,
    },
    /// The bytes are none of PNG, JPEG, WebP and SVG, whatever their name or declared type says.
    #[error("{source_name}: not a PNG, JPEG, WebP or SVG picture (starts with {starts_with})")]
    NotAPicture {
        /// The picture asked for.
        source_name: String,
        /// The first bytes in hexadecimal, or `nothing`.
        starts_with: String,
    },
    /// The bytes begin as a picture and then are not one, or use what is not supported.
    #[error("{source_name}: cannot be decoded, {reason}")]
    Undecodable {
        /// The picture asked for.
        source_name: String,
        /// What the decoder objected to.
        reason: String,
    },
    /// All of it is clear, or it is a logo of which all is white.
    #[error("{source_name}: nothing can be seen of it, {reason}")]
    Blank {
        /// The picture asked for.
        source_name: String,
        reason: String,
    },
    /// The drawing would cost more than a logo may.
    #[error("{source_name}: SVG refused, {reason}")]
    SvgRefused {
        /// The picture asked for.
        source_name: String,
        /// What there is too much of and how much is allowed, or which feature is not drawn.
        reason: String,
    },
    /// A `data:` URI that does not follow RFC 2397.
    #[error("{source_name}: not a data URI, {reason}")]
    BadDataUri {
        /// The picture asked for.
        source_name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The file lies outside the folder that pictures may come from.
    #[error("{source_name}: outside the folder of the snapshot; pictures may come only from inside it")]
    OutsideFolder {
        /// The picture asked for.
        source_name: String,
    },
    /// The file is missing, not a regular file, or unreadable.
    #[error("{source_name}: {reason}")]
    BadFile {
        /// The picture asked for.
        source_name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// An object that nobody has fetched from object storage, or that is not there.
    #[error("{source_name}: this object is not at hand; without object storage use url, data or file")]
    KeyNotAvailable {
        /// The picture asked for.
        source_name: String,
    },
}

impl AssetError {
    /// A stable name of the kind of failure, for warnings that machines read.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.warning().code()
    }

    /// The warning that the sender of the quote gets.
    #[must_use]
    pub fn warning(&self) -> Warning {
        match self {
            Self::AddressRefused { .. } => Warning::AddressRefused,
            Self::Unreachable { .. } => Warning::Unreachable,
            Self::BadStatus { .. } => Warning::BadStatus,
            Self::BadRedirect { .. } => Warning::BadRedirect,
            Self::NoAnswer { .. } | Self::TimedOut { .. } => Warning::Timeout,
            Self::TooManyBytes { .. } | Self::TooManyPixels { .. } => Warning::TooLarge,
            Self::TooManyAssets { .. } => Warning::TooMany,
            Self::NotAPicture { .. } => Warning::NotAPicture,
            Self::Undecodable { .. } => Warning::Undecodable,
            Self::Blank { .. } => Warning::Blank,
            Self::SvgRefused { .. } => Warning::SvgRefused,
            Self::BadDataUri { .. } => Warning::BadDataUri,
            Self::OutsideFolder { .. } => Warning::OutsideFolder,
            Self::BadFile { .. } => Warning::BadFile,
            Self::KeyNotAvailable { .. } => Warning::KeyNotAvailable,
        }
    }

    /// Whether trying again later may help: only where a network was the trouble.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::NoAnswer { .. } | Self::TimedOut { .. } => true,
            Self::BadStatus { status, .. } => *status >= 500 || matches!(status, 408 | 429),
            _ => false,
        }
    }
}

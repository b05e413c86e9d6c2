//! quotereel turns a sales quotation (a JSON document) into a short vertical video: an MP4 file that every phone plays,
//! with its thumbnail, a contact sheet, or a teaser for e-mail.
//!
//! ```no_run
//! use quotereel::{Quote, Size};
//!
//! let video = quotereel::Quote::read("quote.json")?   // pictures given by file lie beside it
//!     .template("quote-summary")
//!     .size(Size::PORTRAIT)
//!     .prepare()?;
//! for warning in video.warnings() {
//!     eprintln!("{warning}");                          // a photo that failed, a text that was cut
//! }
//! video.write_mp4("quote.mp4", &())?;
//! # Ok::<(), quotereel::Error>(())
//! ```
//!
//! # From a quote to a video
//!
//! 1. A [`Quote`] holds the JSON of a quotation and the choices for its video: template, size, frame rate, fonts, sound.
//!    [`Quote::check`] checks the JSON alone. The schema is [`snapshot::schema`].
//! 2. [`Quote::prepare`] checks the template, fetches and decodes pictures, and lays everything out. Every problem of the
//!    quote comes back at once, each with a stable code, a JSON pointer and what would be right: [`Problem`].
//! 3. The [`Video`] can be written ([`Video::write_mp4`], or [`Video::write`] with [`Options`]), shown
//!    ([`Video::still`], [`Video::sheet`]), cut to a [`Teaser`] ([`Video::teaser`]), or read frame by frame
//!    ([`Video::frames`]). Nothing but writing can fail any more.
//!
//! The same input gives the same bytes, whatever the number of threads; [`render_version`] names what else they depend on.
//! Files appear whole or not at all.
//!
//! ```
//! # use quotereel::Quote;
//! let problems = Quote::from_json(r#"{ "version": 1 }"#).check().expect_err("almost everything is missing");
//! assert!(problems.iter().any(|problem| problem.code == "missing_field" && problem.pointer == "/quote"));
//! ```
//!
//! # Progress and cancellation
//!
//! [`Video::write_mp4`] takes a [`Progress`]: `&()` for none, a closure that counts frames, an
//! [`AtomicBool`](std::sync::atomic::AtomicBool) that stops the render once it is `true`, or your own type.
//!
//! ```no_run
//! # let video = quotereel::Quote::read("quote.json")?.prepare()?;
//! use std::sync::atomic::{AtomicU32, Ordering};
//!
//! let done = AtomicU32::new(0);
//! video.write_mp4("quote.mp4", &|frames| {
//!     let done = done.fetch_add(frames, Ordering::Relaxed) + frames;
//!     eprint!("\r{done} of {}", video.frame_count());
//! })?;
//! # Ok::<(), quotereel::Error>(())
//! ```
//!
//! # Features
//!
//! Both are on by default.
//!
//! - `fetch`: pictures from `http` and `https` addresses. Without it the crate contains no network code, and such a
//!   picture becomes a placeholder, with a warning.
//! - `ffmpeg`: writing MP4 files, soundtracks and teasers, and checking MP4 files; links the system's FFmpeg (5.1 or later
//!   with libx264). Without it [`Video::frames`], [`Video::still`] and [`Video::sheet`] remain.
//!
//! # What may change
//!
//! Everything documented here follows semantic versioning. The modules that the documentation does not show are public
//! for this project's own tests and benchmarks, and may change in any release.
#![warn(missing_docs)]

#[doc(hidden)]
pub mod compose;
#[doc(hidden)]
pub mod draw;
#[doc(hidden)]
pub mod engine;
#[doc(hidden)]
pub mod ground;
#[doc(hidden)]
pub mod quote;
#[doc(hidden)]
pub mod video;

pub mod template;

pub use crate::draw::stills::{jpeg, png};
pub use crate::engine::{
    Error, FolderError, Frame, Frames, KnownFrames, KnownPictures, PackError, PrepareMs, Quote, SIZES, Sound,
    SoundFileError, TemplateChoice, Video, default_threads, render_version,
};
#[cfg(feature = "ffmpeg")]
pub use crate::engine::{
    Options, TEASER_MAX_BYTES, TEASER_MAX_WIDTH_PX, Teaser, TeaserError, TeaserFormat, TeaserStep,
};
pub use crate::ground::frame::RgbaFrame;
pub use crate::ground::geometry::Size;
pub use crate::ground::problem::{Problem, Problems, Severity, Warning};
pub use crate::ground::time::FrameRate;
#[cfg(feature = "ffmpeg")]
pub use crate::video::encode::{Profile, Repeats, Tuning};
#[cfg(feature = "ffmpeg")]
pub use crate::video::pipeline::{Destination, Output, Progress, Quality, RenderError, Rendered, StageMs};

/// The quote as a document: its types, and its JSON Schema.
pub mod snapshot {
    pub use crate::quote::locale::Date;
    pub use crate::quote::snapshot::{
        AssetRef, ParseOptions, Parsed, QuoteStatus, Snapshot, parse, parse_with, schema,
    };
}

/// Pictures from outside: their limits, and the guard against addresses that must not be asked.
pub mod pictures {
    pub use crate::engine::asset_keys;
    #[cfg(feature = "fetch")]
    pub use crate::quote::asset::{ClientError, guarded_client};
    pub use crate::quote::asset::{Limits, Policy, check_address};
}

/// Folders of fonts for characters that no bundled font has.
pub mod fonts {
    pub use crate::engine::{HOW_TO_ADD, PackSummary, inspect_pack};
}

/// Checks a finished MP4 file against the delivery rules.
#[cfg(feature = "ffmpeg")]
pub mod probe {
    pub use crate::video::probe::{ProbeError, Report, Severity, probe, probe_reader};
}

/// Files that appear whole or not at all.
#[cfg(feature = "ffmpeg")]
pub mod files {
    pub use crate::video::pipeline::{
        Unfinished, folder_of, free_bytes, remove_unfinished, write_together, write_whole,
    };
}

//! Reads any MP4 file and says whether it keeps the delivery rules. Our own parser over bounded reads: no FFmpeg, no
//! decoding, and nothing a hostile file says is believed before it is checked against the bytes there are.

mod boxes;
mod edits;
mod entry;
mod movie;
mod report;
mod rules;
mod samples;
mod stream;
mod table;

use std::io::{Read, Seek};
use std::path::Path;

pub use report::{AudioTrack, ColourTags, Facts, Report, RuleResult, Severity};
pub use rules::{CONSTANT_FRAME_RATE, MAX_BYTES};

/// A file that cannot be examined.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// Reading failed.
    #[error("the file cannot be read")]
    Read(#[from] std::io::Error),
    /// It does not begin like an MP4 file.
    #[error("not an MP4 file: {0}")]
    NotMp4(String),
    /// A structure goes on where its surroundings end.
    #[error("damaged MP4: {what} at byte {at} goes beyond its end")]
    Truncated {
        /// What is cut off, for example the name of a box.
        what: String,
        /// Position in the file, or in the index for what lies inside it.
        at: u64,
    },
    /// A structure contradicts itself or the standard.
    #[error("damaged MP4: {0}")]
    Damaged(String),
    /// A count or size is above what is examined.
    #[error("{what} is {found}, examined are at most {limit}")]
    TooLarge {
        /// What is counted.
        what: &'static str,
        /// What the file says.
        found: u64,
        /// Largest value that is examined.
        limit: u64,
    },
}

/// Examines the file at `path`.
///
/// # Errors
/// [`ProbeError`] when it cannot be read or is no MP4 file that can be followed to its pictures.
pub fn probe(path: &Path) -> Result<Report, ProbeError> {
    probe_reader(&mut std::fs::File::open(path)?)
}

/// Examines an MP4 file behind a reader, from its start.
///
/// # Errors
/// As [`probe`].
pub fn probe_reader<R: Read + Seek>(reader: &mut R) -> Result<Report, ProbeError> {
    let layout = boxes::FileLayout::read(reader)?;
    let movie = movie::Movie::parse(&layout.moov)?;
    let facts = stream::examine(reader, &layout, &movie)?;
    Ok(Report { rules: rules::check(&facts), facts })
}

#[cfg(test)]
mod tests;

//! Edit lists (`elst`): when a track sets in, and for how long it goes on.

use super::ProbeError;
use super::boxes::{children, required};
use super::table::{Fields, word};

/// `media_time` of an edit that shows nothing.
const EMPTY: i64 = -1;

/// The edits of one track (ISO/IEC 14496-12, clause 8.6.6); none for a track that is shown as it lies.
#[derive(Debug, Default)]
pub(super) struct Edits {
    /// Ticks a second of their durations.
    timescale: u32,
    list: Vec<Edit>,
}

#[derive(Debug)]
struct Edit {
    /// How long it goes on, in ticks of the movie; of the last edit 0 means to the end of the track.
    duration: u64,
    /// Where in the track it begins, in ticks of the track, or [`EMPTY`].
    media_time: i64,
}

/// A stretch of time, rounded to milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) start_ms: u64,
    pub(super) duration_ms: u64,
}

impl Edits {
    /// Reads `edts`; `timescale` is that of the whole movie.
    pub(super) fn parse(edts: &[u8], timescale: u32) -> Result<Self, ProbeError> {
        let boxes = children(edts)?;
        let mut fields = Fields::new(required(&boxes, b"elst", "edts")?, "elst");
        let version = fields.version()?;
        let count = fields.u32()?;
        let list = if version == 1 {
            let wide = |entry: &[u8; 20], at| (u64::from(word(entry, at)) << 32) | u64::from(word(entry, at + 1));
            let edit = |entry: &[u8; 20]| Edit { duration: wide(entry, 0), media_time: wide(entry, 2).cast_signed() };
            fields.entries::<20>(count)?.iter().map(edit).collect()
        } else {
            let edit = |entry: &[u8; 12]| Edit {
                duration: u64::from(word(entry, 0)),
                media_time: i64::from(word(entry, 1).cast_signed()),
            };
            fields.entries::<12>(count)?.iter().map(edit).collect()
        };
        Ok(Self { timescale, list })
    }

    /// When a track of so many ticks is heard.
    pub(super) fn apply(&self, track_ticks: u64, track_timescale: u32) -> Stretch {
        let empty = self.list.iter().take_while(|edit| edit.media_time == EMPTY).count();
        let (before, shown) = self.list.split_at(empty);
        let sum = |edits: &[Edit]| edits.iter().fold(0u64, |sum, edit| sum.saturating_add(edit.duration));
        let start_ms = milliseconds(sum(before), self.timescale);
        let to_the_end = |edit: &Edit| {
            let skipped = u64::try_from(edit.media_time).unwrap_or(0);
            milliseconds(track_ticks.saturating_sub(skipped), track_timescale)
        };
        let duration_ms = match shown.last() {
            None if self.list.is_empty() => milliseconds(track_ticks, track_timescale),
            None => 0,
            Some(last) if last.duration == 0 => {
                milliseconds(sum(shown), self.timescale).saturating_add(to_the_end(last))
            }
            Some(_) => milliseconds(sum(shown), self.timescale),
        };
        Stretch { start_ms, duration_ms }
    }
}

fn milliseconds(ticks: u64, timescale: u32) -> u64 {
    let timescale = u128::from(timescale.max(1));
    u64::try_from((u128::from(ticks) * 1000 + timescale / 2) / timescale).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(version: u8, count: u32, words: &[u32]) -> Result<Edits, ProbeError> {
        let entries: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
        let body = [&[version, 0, 0, 0][..], &count.to_be_bytes(), &entries].concat();
        let length = u32::try_from(body.len() + 8).expect("small");
        Edits::parse(&[&length.to_be_bytes()[..], b"elst", &body].concat(), 1000)
    }

    fn heard(version: u8, count: u32, words: &[u32]) -> (u64, u64) {
        let stretch = parsed(version, count, words).expect("well formed").apply(480_000, 48_000);
        (stretch.start_ms, stretch.duration_ms)
    }

    #[test]
    fn edits_say_when_a_track_is_heard() {
        let one = 0x0001_0000;
        let untouched = Edits::default().apply(480_000, 48_000);
        assert_eq!((untouched.start_ms, untouched.duration_ms), (0, 10_000));
        assert_eq!(heard(0, 1, &[9000, 1024, one]), (0, 9000));
        assert_eq!(heard(0, 2, &[250, u32::MAX, one, 9000, 0, one]), (250, 9000));
        assert_eq!(heard(0, 1, &[0, 48_000, one]), (0, 9000));
        assert_eq!(heard(0, 1, &[700, u32::MAX, one]), (700, 0));
        assert_eq!(heard(1, 2, &[0, 250, u32::MAX, u32::MAX, one, 0, 9000, 0, 0, one]), (250, 9000));
        assert_eq!(heard(0, 0, &[]), (0, 10_000));
    }

    #[test]
    fn lists_that_lie_about_their_length_are_refused() {
        assert!(parsed(0, 2, &[9000, 1024, 1]).is_err());
        assert!(parsed(0, u32::MAX, &[]).is_err());
        assert!(Edits::parse(b"", 1000).is_err());
    }
}

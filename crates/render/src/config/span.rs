//! Durations as people write them: `90s`, `2m`, `12h`, `90d`, `500ms`, and `never`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A duration, or `never`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span(pub Option<Duration>);

/// A text that is not a duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a duration: write a whole number with ms, s, m, h or d, such as 90s or 30d")]
pub(crate) struct SpanError(String);

/// Units, longest first, in milliseconds.
const UNITS_MS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

/// Maximum: 100 years, in milliseconds. Sums with dates of today stay in range.
const MAX_SPAN_MS: u64 = 36_500 * 86_400_000;

impl Span {
    /// Parses a finite duration.
    ///
    /// # Errors
    /// [`SpanError`], for `never` too.
    pub(crate) fn finite(text: &str) -> Result<Duration, SpanError> {
        text.parse::<Self>()?.0.ok_or_else(|| SpanError(text.to_owned()))
    }
}

impl FromStr for Span {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Self, SpanError> {
        if text == "never" {
            return Ok(Self(None));
        }
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let unit_ms = UNITS_MS.iter().find(|(name, _)| *name == unit).map(|(_, ms)| *ms);
        let ms = number.parse::<u64>().ok().zip(unit_ms).and_then(|(number, ms)| number.checked_mul(ms));
        match ms.filter(|ms| *ms <= MAX_SPAN_MS) {
            Some(ms) => Ok(Self(Some(Duration::from_millis(ms)))),
            None => Err(SpanError(text.chars().take(40).collect())),
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(duration) = self.0 else { return f.write_str("never") };
        let ms = duration.as_millis();
        let (name, unit_ms) =
            UNITS_MS.into_iter().find(|(_, unit)| ms > 0 && ms % u128::from(*unit) == 0).unwrap_or(("s", 1000));
        write!(f, "{}{name}", ms / u128::from(unit_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_round_trip() {
        for text in ["0s", "1ms", "1500ms", "90s", "2m", "12h", "90d", "never"] {
            assert_eq!(text.parse::<Span>().map(|span| span.to_string()).as_deref(), Ok(text));
        }
        assert_eq!("120s".parse::<Span>().expect("a span").to_string(), "2m");
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "5", "s", "-1s", "1.5s", "1 s", "1S", "99999999999999999999s", "36501d", "forever"] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
        assert!(Span::finite("never").is_err());
    }
}

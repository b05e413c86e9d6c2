//! Calendar dates of the ISO 8601 form `YYYY-MM-DD`. No times, no zones: a quote is valid through a day.

use std::borrow::Cow;
use std::fmt;

use icu_calendar::Iso;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

/// A day of the Gregorian calendar, years 1900 to 2999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: i32,
    month: u8,
    day: u8,
}

/// A text that is no date.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidDate {
    /// Not four, two and two digits with hyphens between.
    #[error("`{0}` is not a date: write YYYY-MM-DD without a time, like 2026-11-20")]
    Form(String),
    /// The form is right, the day does not exist or lies outside the years 1900 to 2999.
    #[error("`{0}` is not in the calendar: months are 01-12, days fit the month, years are 1900-2999")]
    Impossible(String),
}

impl Date {
    /// A date from its numbers.
    ///
    /// # Errors
    /// [`InvalidDate::Impossible`] when the day is not in the calendar or the year not in 1900-2999.
    pub fn new(year: i32, month: u8, day: u8) -> Result<Self, InvalidDate> {
        let date = Self { year, month, day };
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let last = match month {
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => 31,
        };
        if !(1900..=2999).contains(&year) || !(1..=12).contains(&month) || !(1..=last).contains(&day) {
            return Err(InvalidDate::Impossible(date.to_string()));
        }
        Ok(date)
    }

    /// Reads `YYYY-MM-DD`.
    ///
    /// # Errors
    /// [`InvalidDate::Form`] for another form, a date-time included; [`InvalidDate::Impossible`] as [`Date::new`].
    pub fn parse(text: &str) -> Result<Self, InvalidDate> {
        let form = || InvalidDate::Form(text.chars().take(40).collect());
        let bytes = text.as_bytes();
        let well_formed = bytes.len() == 10
            && bytes
                .iter()
                .enumerate()
                .all(|(at, byte)| if matches!(at, 4 | 7) { *byte == b'-' } else { byte.is_ascii_digit() });
        if !well_formed {
            return Err(form());
        }
        let year = text[0..4].parse().map_err(|_| form())?;
        let month = text[5..7].parse().map_err(|_| form())?;
        let day = text[8..10].parse().map_err(|_| form())?;
        Self::new(year, month, day)
    }

    /// Year, 1900-2999.
    #[must_use]
    pub const fn year(self) -> i32 {
        self.year
    }

    /// Month, 1-12.
    #[must_use]
    pub const fn month(self) -> u8 {
        self.month
    }

    /// Day of the month, 1-31.
    #[must_use]
    pub const fn day(self) -> u8 {
        self.day
    }

    /// Days from this day to `other`; negative when `other` is earlier.
    #[must_use]
    pub fn days_until(self, other: Self) -> i32 {
        other.day_number() - self.day_number()
    }

    /// Days since 0000-03-01, by counting whole years that begin in March (leap days then fall at their end).
    fn day_number(self) -> i32 {
        let month = i32::from(self.month);
        let year = if month <= 2 { self.year - 1 } else { self.year };
        let month_from_march = (month + 9) % 12;
        365 * year + year / 4 - year / 100 + year / 400 + (153 * month_from_march + 2) / 5 + i32::from(self.day) - 1
    }

    pub(super) fn to_icu(self) -> Option<icu_calendar::Date<Iso>> {
        icu_calendar::Date::try_new_iso(self.year, self.month, self.day).ok()
    }
}

impl fmt::Display for Date {
    /// `YYYY-MM-DD`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for Date {
    fn schema_name() -> Cow<'static, str> {
        "Date".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A calendar date, YYYY-MM-DD, years 1900 to 2999.",
            "type": "string",
            "format": "date",
            "pattern": "^(19|2[0-9])[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_days_of_the_calendar() {
        assert_eq!(Date::parse("2028-02-29").unwrap().to_string(), "2028-02-29");
        for impossible in
            ["2026-02-29", "2100-02-29", "2026-04-31", "2026-13-01", "2026-00-10", "2026-01-00", "1899-12-31"]
        {
            assert_eq!(Date::parse(impossible), Err(InvalidDate::Impossible(impossible.into())));
        }
        for form in ["2026-11-20T10:00:00Z", "20/11/2026", "2026-1-2", "", "２０２６-11-20", "+026-11-20"] {
            assert!(matches!(Date::parse(form), Err(InvalidDate::Form(_))), "{form}");
        }
    }

    #[test]
    fn days_are_counted_over_leap_years() {
        let day = |text| Date::parse(text).unwrap();
        assert_eq!(day("2026-11-20").days_until(day("2026-12-15")), 25);
        assert_eq!(day("2028-02-28").days_until(day("2028-03-01")), 2);
        assert_eq!(day("2000-01-01").days_until(day("2400-01-01")), 146_097); // one Gregorian cycle
        assert_eq!(day("2026-03-01").days_until(day("2026-02-28")), -1);
    }
}

//! `render validate`: every problem of a quote with its template, without rendering.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;

use super::failure::Failure;
use super::options::{Input, Source};
use super::prepare::prepare;
use super::reporter::Reporter;
use quotereel::quote::locale::Date;
use quotereel::snapshot::{QuoteStatus, Snapshot};
use quotereel::{Problem, Sound, Warning, default_threads};

/// Hours by which the last place on Earth is behind UTC: a quote is valid until its last day has ended there too.
const LAST_PLACE_HOURS: u64 = 12;

/// Resolves everything a render would, so that everything a render refuses or warns about is reported here; and whether the quote has expired,
/// which a render does not look at.
///
/// # Errors
/// [`Failure::Invalid`] with every problem, [`Failure::System`] when something cannot be read.
pub(super) fn run(source: &Source, reporter: Reporter) -> Result<(), Failure> {
    let video = prepare(source, &Sound::Template, default_threads())?;
    let mut warnings = video.warnings().clone();
    warnings.extend(expiry(video.snapshot(), SystemTime::now()));
    reporter.warn(&warnings);
    let name = match &source.snapshot {
        Input::Stdin => "stdin".to_owned(),
        Input::File(path) => path.display().to_string(),
    };
    reporter.result(true, &format!("{name} is valid{}\n", counted(warnings.len())), json!({ "warnings": warnings }))
}

/// How many warnings there are; nothing where there is none.
fn counted(warnings: usize) -> String {
    match warnings {
        0 => String::new(),
        1 => ", with 1 warning".to_owned(),
        more => format!(", with {more} warnings"),
    }
}

/// The warning that a quote has expired at `now`.
fn expiry(snapshot: &Snapshot, now: SystemTime) -> Option<Problem> {
    let quote = &snapshot.quote;
    let hint = "jobs refuse it unless --allow-expired is given; all other commands render it";
    let warning = |pointer: &str, found: String, expected: &str| {
        Some(Problem::warning(Warning::QuoteExpired, pointer, found, expected).with_hint(hint))
    };
    let days_over = quote.valid_until.and_then(|last| days_since(last, now));
    match (quote.status, days_over) {
        (QuoteStatus::Expired, _) => warning("/quote/status", "`EXPIRED`".to_owned(), "a quote that can be accepted"),
        (_, Some(days @ 1..)) => {
            let last = quote.valid_until.map(|last| last.to_string()).unwrap_or_default();
            let found = format!("`{last}`, {days} day{} ago", if days == 1 { "" } else { "s" });
            warning("/quote/validUntil", found, "today or a later day")
        }
        _ => None,
    }
}

/// Days from `day` to the day that `now` is in the last place on Earth; negative for a day to come.
fn days_since(day: Date, now: SystemTime) -> Option<i64> {
    let unix_hours = now.duration_since(UNIX_EPOCH).ok()?.as_secs() / 3600;
    let today = i64::try_from(unix_hours.checked_sub(LAST_PLACE_HOURS)? / 24).ok()?;
    let epoch = Date::parse("1970-01-01").ok()?;
    Some(today - i64::from(epoch.days_until(day)))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// 2026-12-16, 00:00 UTC.
    const MIDNIGHT: u64 = 1_797_379_200;

    fn found(status: &str, valid_until: &str, unix_seconds: u64) -> Option<String> {
        let quote = serde_json::json!({
            "schemaVersion": 1, "companyId": "c", "locale": "es-CL", "currency": "CLP",
            "quote": { "id": "q", "number": "1", "status": status, "issuedAt": "2026-11-20", "validUntil": valid_until },
            "company": { "name": "A" }, "customer": { "name": "B" },
            "items": [{ "name": "C", "quantity": "1", "unitPrice": "1", "total": "1" }], "totals": { "total": "1" }
        });
        let snapshot = quotereel::snapshot::parse(quote.to_string().as_bytes()).expect("a good quote");
        expiry(&snapshot, UNIX_EPOCH + Duration::from_secs(unix_seconds)).map(|problem| problem.found)
    }

    #[test]
    fn a_quote_is_valid_until_its_last_day_has_ended_everywhere() {
        assert_eq!(found("ISSUED", "2026-12-15", MIDNIGHT), None);
        assert_eq!(found("ISSUED", "2026-12-15", MIDNIGHT + 12 * 3600 - 1), None);
        assert_eq!(found("ISSUED", "2026-12-15", MIDNIGHT + 12 * 3600).as_deref(), Some("`2026-12-15`, 1 day ago"));
        assert_eq!(found("ISSUED", "2026-11-30", MIDNIGHT).as_deref(), Some("`2026-11-30`, 15 days ago"));
        assert_eq!(found("EXPIRED", "2099-12-31", MIDNIGHT).as_deref(), Some("`EXPIRED`"));
    }
}

//! Whether a quote may become a video: the rules about its owner, its state and its dates. Pure; the same for an enqueue
//! and for a worker that finds a row which another program wrote.

use ::time::Date;

use crate::job::{Failure, FailureCode, TenantScope};
use quotereel::Problems;
use quotereel::snapshot::{ParseOptions, Parsed, QuoteStatus, Snapshot, parse_with};

/// Problems that a failure's detail names; the rest is counted.
const MAX_NAMED: usize = 12;

/// Characters of a JSON pointer in a failure's detail.
const MAX_PLACE_CHARS: usize = 120;

/// What passes besides an issued, valid quote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Admission {
    /// Quotes in any state but expired ones. Default: only `ISSUED`.
    pub allow_not_issued: bool,
    /// Quotes past their last day. Default: no.
    pub allow_expired: bool,
}

/// Reads the JSON of a row's snapshot. Assets given as files are refused: they would be files of the worker's machine.
///
/// # Errors
/// [`FailureCode::SnapshotInvalid`]; the detail names code and JSON pointer of the first problems and no value of the
/// quote.
pub fn read_snapshot(input: &[u8]) -> Result<Parsed, Failure> {
    parse_with(input, ParseOptions::default()).map_err(|problems| invalid(&problems))
}

/// The failure of a snapshot with these problems.
pub(super) fn invalid(problems: &Problems) -> Failure {
    let errors = || problems.iter().filter(|problem| problem.severity == quotereel::Severity::Error);
    let mut named: Vec<String> =
        errors().take(MAX_NAMED).map(|problem| format!("{} at `{}`", problem.code, place(&problem.pointer))).collect();
    let more = errors().count().saturating_sub(MAX_NAMED);
    if more > 0 {
        named.push(format!("{more} more"));
    }
    Failure::new(FailureCode::SnapshotInvalid, named.join(", "))
}

/// A JSON pointer fit for a log line: names of fields are the author's, and may be anything.
fn place(pointer: &str) -> String {
    pointer.chars().take(MAX_PLACE_CHARS).map(|c| if c.is_control() { '?' } else { c }).collect()
}

/// Checks a quote against the row that holds it.
///
/// `scope` is the row's. The snapshot's company must equal the row's; where the snapshot names an organization, it must
/// equal the row's as well. `today` decides about expiry: a quote is valid through its last day, so callers pass a day
/// that has come everywhere on Earth.
///
/// # Errors
/// [`FailureCode::TenantMismatch`], [`FailureCode::QuoteNotIssued`] or [`FailureCode::QuoteExpired`]; the first of these
/// in this order.
pub fn admit(snapshot: &Snapshot, scope: &TenantScope, rules: Admission, today: Date) -> Result<(), Failure> {
    let foreign_company = snapshot.company_id != scope.company_id();
    let foreign_organization =
        snapshot.organization_id.as_deref().is_some_and(|named| scope.organization_id() != Some(named));
    if foreign_company || foreign_organization {
        let field = if foreign_company { "companyId" } else { "organizationId" };
        let detail = format!("the snapshot's {field} is not that of the row of company {}", scope.company_id());
        return Err(Failure::new(FailureCode::TenantMismatch, detail));
    }
    let quote = &snapshot.quote;
    match quote.status {
        QuoteStatus::Issued => {}
        QuoteStatus::Expired if rules.allow_expired => {}
        QuoteStatus::Expired => return Err(Failure::new(FailureCode::QuoteExpired, "the quote's status is EXPIRED")),
        _ if rules.allow_not_issued => {}
        other => {
            let detail = format!("the quote's status is {}, expected ISSUED", other.code());
            return Err(Failure::new(FailureCode::QuoteNotIssued, detail));
        }
    }
    match quote.valid_until {
        Some(last) if !rules.allow_expired && days(last) < (today.year(), today.month().into(), today.day()) => {
            Err(Failure::new(FailureCode::QuoteExpired, format!("validUntil is {last}, today is {today}")))
        }
        _ => Ok(()),
    }
}

/// Year, month and day: compared in this order, two dates are compared.
fn days(date: quotereel::snapshot::Date) -> (i32, u8, u8) {
    (date.year(), date.month(), date.day())
}

#[cfg(test)]
mod tests {
    use ::time::Month;
    use serde_json::{Value, json};

    use super::*;

    fn input() -> Value {
        json!({
            "schemaVersion": 1, "organizationId": "org_1", "companyId": "cmp_1", "locale": "es-CL", "currency": "CLP",
            "quote": { "id": "q", "number": "1", "status": "ISSUED", "issuedAt": "2026-11-20", "validUntil": "2026-12-15" },
            "company": { "name": "A" }, "customer": { "name": "B" }, "items": [{ "name": "C" }],
            "totals": { "total": "1" }
        })
    }

    fn read(input: &Value) -> Result<Parsed, Failure> {
        read_snapshot(input.to_string().as_bytes())
    }

    fn scope(organization: Option<&str>, company: &str) -> TenantScope {
        TenantScope::new(organization, company).expect("legal ids")
    }

    fn on(month: Month, day: u8) -> Date {
        Date::from_calendar_date(2026, month, day).expect("a day")
    }

    fn verdict(
        change: impl FnOnce(&mut Value),
        scope: &TenantScope,
        rules: Admission,
        today: Date,
    ) -> Option<FailureCode> {
        let mut input = input();
        change(&mut input);
        let snapshot = read(&input).expect("a valid snapshot").snapshot;
        admit(&snapshot, scope, rules, today).err().map(|failure| failure.code)
    }

    #[test]
    fn a_quote_belongs_to_its_rows_tenant() {
        let strict = Admission::default();
        let today = on(Month::December, 1);
        let ours = scope(Some("org_1"), "cmp_1");
        assert_eq!(verdict(|_| (), &ours, strict, today), None);
        for other in [scope(Some("org_1"), "cmp_2"), scope(Some("org_2"), "cmp_1"), scope(None, "cmp_1")] {
            let lax = Admission { allow_not_issued: true, allow_expired: true };
            assert_eq!(verdict(|_| (), &other, lax, today), Some(FailureCode::TenantMismatch), "{other:?}");
        }
        let unnamed =
            |input: &mut Value| drop(input.as_object_mut().and_then(|fields| fields.remove("organizationId")));
        assert_eq!(verdict(unnamed, &ours, strict, today), None);
        assert_eq!(verdict(unnamed, &scope(None, "cmp_1"), strict, today), None);
    }

    #[test]
    fn only_issued_quotes_pass_unless_allowed() {
        let ours = scope(Some("org_1"), "cmp_1");
        let any = Admission { allow_not_issued: true, allow_expired: false };
        for status in QuoteStatus::ALL {
            let set = |input: &mut Value| input["quote"]["status"] = status.code().into();
            let (strict, lax) = match status {
                QuoteStatus::Issued => (None, None),
                QuoteStatus::Expired => (Some(FailureCode::QuoteExpired), Some(FailureCode::QuoteExpired)),
                _ => (Some(FailureCode::QuoteNotIssued), None),
            };
            let today = on(Month::December, 1);
            assert_eq!(verdict(set, &ours, Admission::default(), today), strict, "{status:?}");
            assert_eq!(verdict(set, &ours, any, today), lax, "{status:?}");
        }
    }

    #[test]
    fn a_quote_is_valid_through_its_last_day() {
        let ours = scope(Some("org_1"), "cmp_1");
        let strict = Admission::default();
        assert_eq!(verdict(|_| (), &ours, strict, on(Month::December, 15)), None);
        assert_eq!(verdict(|_| (), &ours, strict, on(Month::December, 16)), Some(FailureCode::QuoteExpired));
        let old = Admission { allow_expired: true, ..strict };
        assert_eq!(verdict(|_| (), &ours, old, on(Month::December, 16)), None);
        let open =
            |input: &mut Value| drop(input["quote"].as_object_mut().and_then(|quote| quote.remove("validUntil")));
        assert_eq!(verdict(open, &ours, strict, on(Month::December, 31)), None);
    }

    #[test]
    fn a_bad_snapshot_is_reported_by_places_and_not_by_values() {
        let mut input = input();
        input["company"]["apiKey"] = "s3cr3t-value".into();
        input["currency"] = "Doubloons".into();
        let failure = read(&input).expect_err("two problems");
        assert_eq!(failure.code, FailureCode::SnapshotInvalid);
        assert!(failure.detail.contains("/company/apiKey") && failure.detail.contains("/currency"), "{failure}");
        assert!(!failure.detail.contains("s3cr3t") && !failure.detail.contains("Doubloons"), "{failure}");
        for broken in [Value::Null, json!([]), json!("x"), json!({})] {
            assert_eq!(read(&broken).expect_err("nothing").code, FailureCode::SnapshotInvalid);
        }
        input = json!({ "items": (0..40).map(|_| json!({ "nope": 1 })).collect::<Vec<_>>() });
        assert!(read(&input).expect_err("many").detail.ends_with("more"));
    }
}

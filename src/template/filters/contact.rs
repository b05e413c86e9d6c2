//! Filters for what people reach a company by: `link_text` and `phone`.

use minijinja::value::{Kwargs, Value};
use minijinja::{Environment, Error};
use unicode_segmentation::UnicodeSegmentation as _;

use super::{invalid, optional};
use crate::template::sandbox::shown;

/// Digits of an international number without its plus sign (ITU-T E.164 allows 15).
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;
/// Shortest that `link_text(max=…)` makes a link, in characters.
const MIN_LINK_CHARS: usize = 8;

/// Adds the filters.
///
/// `link_text` gives an address as people write it: without scheme, `www.` and trailing slash. `www=true` keeps `www.`;
/// `max=30` cuts the path of a longer one, never its host, which says where the link leads.
///
/// `phone` gives a number as people write it: one that has separators as it is, one without in groups.
pub(super) fn add(environment: &mut Environment<'static>) {
    environment.add_filter("link_text", |value: Value, options: Kwargs| {
        let (max, www): (Option<usize>, Option<bool>) = (options.get("max")?, options.get("www")?);
        options.assert_all_used()?;
        if max.is_some_and(|max| max < MIN_LINK_CHARS) {
            return Err(invalid(format!("`link_text` takes a `max` of at least {MIN_LINK_CHARS} characters")));
        }
        optional(&value, || Ok(link_text(&shown(&value)?, max, www.unwrap_or(false))))
    });
    environment.add_filter("phone", |value: Value| optional(&value, || Ok::<_, Error>(phone(&shown(&value)?))));
}

/// `text` without a beginning, in whichever case that is written.
fn without_start<'t>(text: &'t str, start: &str) -> Option<&'t str> {
    text.get(..start.len()).filter(|found| found.eq_ignore_ascii_case(start)).and_then(|_| text.get(start.len()..))
}

fn link_text(address: &str, max: Option<usize>, keep_www: bool) -> String {
    let address = address.trim();
    let text = ["https://", "http://"].iter().find_map(|scheme| without_start(address, scheme)).unwrap_or(address);
    let text = without_start(text, "www.").filter(|rest| !keep_www && rest.contains('.')).unwrap_or(text);
    let text = text.trim_end_matches('/');
    let host = text.find(['/', '?', '#']).unwrap_or(text.len());
    let is_longer = |max: &usize| text.graphemes(true).count() > *max;
    let Some(max) = max.filter(|max| host < text.len() && is_longer(max)) else { return text.to_owned() };
    // The slash after the host stays, or a cut address would look like one of a whole site.
    let kept = max.saturating_sub(1).max(text[..host].graphemes(true).count() + 1);
    let cut: String = text.graphemes(true).take(kept).collect();
    if cut.len() == text.len() { cut } else { format!("{cut}…") }
}

fn phone(number: &str) -> String {
    let number = number.trim();
    let number = without_start(number, "tel:").unwrap_or(number).trim_start();
    let international = number.strip_prefix('+').or_else(|| number.strip_prefix("00"));
    match international
        .filter(|digits| PHONE_DIGITS.contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()))
    {
        Some(digits) => grouped(digits),
        None => number.split_whitespace().collect::<Vec<_>>().join(" "),
    }
}

/// `+`, the country's code, then groups of three or four.
fn grouped(digits: &str) -> String {
    let (country, mut rest) = digits.split_at(country_code_digits(digits));
    let mut text = format!("+{country}");
    while !rest.is_empty() {
        let group = match rest.len() {
            length @ (1..=4) => length,
            5 => 2,
            8 => 4,
            _ => 3,
        };
        let (next, after) = rest.split_at(group);
        text.push(' ');
        text.push_str(next);
        rest = after;
    }
    text
}

/// How many digits the country's code has (ITU-T E.164, list of assigned codes): one in North America and the zone of
/// Russia, two where that is assigned, otherwise three.
fn country_code_digits(digits: &str) -> usize {
    const OF_TWO: [&str; 44] = [
        "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "47", "48", "49",
        "51", "52", "53", "54", "55", "56", "57", "58", "60", "61", "62", "63", "64", "65", "66", "81", "82", "84",
        "86", "90", "91", "92", "93", "94", "95", "98",
    ];
    match digits.as_bytes().first() {
        Some(b'1' | b'7') => 1,
        _ if digits.get(..2).is_some_and(|code| OF_TWO.contains(&code)) => 2,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_shown_as_people_write_them() {
        for (address, text) in [
            ("https://solnorte.example/cotizaciones/COT-1", "solnorte.example/cotizaciones/COT-1"),
            ("HTTP://WWW.Solnorte.example/", "Solnorte.example"),
            ("www.solnorte.example", "solnorte.example"),
            ("www.example", "www.example"),
            ("solnorte.example", "solnorte.example"),
            ("https://a.example/?to=https://b.example", "a.example/?to=https://b.example"),
            ("", ""),
        ] {
            assert_eq!(link_text(address, None, false), text, "{address}");
        }
        assert_eq!(link_text("https://www.solnorte.example/", None, true), "www.solnorte.example");
    }

    /// A cut host could name another one: `bank.example.evil.example` as `bank.example…`.
    #[test]
    fn the_path_is_cut_and_the_host_never() {
        let cut = |address: &str, max: usize| link_text(address, Some(max), false);
        assert_eq!(cut("https://solnorte.example/cotizaciones/COT-1", 24), "solnorte.example/cotiza…");
        assert_eq!(cut("https://solnorte.example/cotizaciones/COT-1", 35), "solnorte.example/cotizaciones/COT-1");
        assert_eq!(cut("https://solnorte.example/cotizaciones/COT-1", 8), "solnorte.example/…");
        assert_eq!(cut("https://bank.example.evil.example", 12), "bank.example.evil.example");
        assert_eq!(cut("https://bank.example.evil.example?a=b", 12), "bank.example.evil.example?…");
        assert_eq!(cut("https://a.example/áéíóúáéíóú", 15), "a.example/áéíó…");
    }

    #[test]
    fn numbers_are_grouped_where_nobody_did() {
        for (number, text) in [
            ("+56 9 5550 0147", "+56 9 5550 0147"),
            ("+1 (415) 555-0132", "+1 (415) 555-0132"),
            ("+55  11\u{a0}5550-0500 ", "+55 11 5550-0500"),
            ("+56955500147", "+56 955 500 147"),
            ("+14155550132", "+1 415 555 0132"),
            ("0049302312501", "+49 302 312 501"),
            ("tel:+97235550140", "+972 3555 0140"),
            ("+9715055501", "+971 505 5501"),
            ("+525555501984", "+52 555 550 1984"),
            ("800 123 456", "800 123 456"),
            ("5550147", "5550147"),
            ("+56", "+56"),
            ("llamar a Ana", "llamar a Ana"),
        ] {
            assert_eq!(phone(number), text, "{number}");
        }
    }
}

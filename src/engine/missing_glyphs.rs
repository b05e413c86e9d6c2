//! What is done about characters that no font has: what to add, another language for what the program writes itself,
//! and which names must not be missing.

use super::fonts::{HOW_TO_ADD, HOW_TO_ADD_ONE};
use crate::compose::text::pack::is_east_asian;
use crate::ground::problem::{Problem, Warning, quoted};
use crate::quote::locale::{Amount, DateLength, Locale};
use crate::quote::snapshot::Snapshot;
use crate::template::Template;

/// The language that every video can be written in.
const ENGLISH: &str = "en";

/// How to get what Chinese, Japanese and Korean texts are drawn with, where characters of theirs are missing.
pub(super) fn advice(missing: &[char]) -> Option<Problem> {
    let count = missing.iter().filter(|c| is_east_asian(**c)).count();
    let found = format!("{count} characters of Chinese, Japanese or Korean without a font");
    let problem = Problem::warning(Warning::FontPackMissing, "", found, "a folder with fonts that have them");
    (count > 0).then(|| problem.with_hint(HOW_TO_ADD))
}

/// The locale to write in instead, where no font has a letter or figure with which the quote's own writes amounts,
/// dates or the words of the template: a date without its month is another date. It is English, with what its region
/// needs.
pub(super) fn instead(snapshot: &Snapshot, template: &Template, missing: &[char]) -> Option<Locale> {
    let locale = &snapshot.locale;
    if missing.is_empty() || locale.language() == ENGLISH {
        return None;
    }
    let quote = &snapshot.quote;
    let dates = [Some(quote.issued_at), quote.valid_until].into_iter().flatten();
    let dates = dates.map(|date| locale.date(date, DateLength::Long));
    let amounts =
        [locale.money(snapshot.totals.total, snapshot.currency), locale.number(Amount::from_integer(1_234_567_890))];
    let is_missing = |text: &str| text.contains(|c: char| missing.contains(&c));
    let unwritten = dates.chain(amounts).any(|text| is_missing(&text)) || template.words(locale).any(is_missing);
    let region = locale.region().and_then(|region| Locale::parse(&format!("{ENGLISH}-{region}")).ok());
    unwritten.then(|| region.or_else(|| Locale::parse(ENGLISH).ok())).flatten()
}

/// The warning that goes with [`instead`].
pub(super) fn without_font(locale: &Locale, instead: &Locale) -> Problem {
    let hint = if matches!(locale.language(), "ja" | "ko" | "zh" | "yue") { HOW_TO_ADD } else { HOW_TO_ADD_ONE };
    let found =
        format!("{locale}, for which no font has the letters; dates, amounts and headings are written as in {instead}");
    Problem::warning(Warning::LocaleWithoutFont, "/locale", found, "a locale whose script has a font").with_hint(hint)
}

/// Names without which a video says nothing, and of which no letter can be shown.
pub(super) fn names(snapshot: &Snapshot, missing: &[char]) -> Vec<Problem> {
    let parties = [("/company/name", &snapshot.company.name), ("/customer/name", &snapshot.customer.name)];
    let items = snapshot.items.iter().enumerate().map(|(at, item)| (format!("/items/{at}/name"), &item.name));
    let names = parties.into_iter().map(|(pointer, name)| (pointer.to_owned(), name)).chain(items);
    let wordless = |name: &str| {
        let mut letters = name.chars().filter(|c| c.is_alphabetic()).peekable();
        letters.peek().is_some() && letters.all(|c| missing.contains(&c))
    };
    let problems = names.filter(|(_, name)| wordless(name)).map(|(pointer, name)| {
        let found = format!("{}, of which no font has a letter", quoted(name, 60));
        Problem::error("no_font", pointer, found, "a name that can be shown").with_hint(HOW_TO_ADD)
    });
    problems.collect()
}

//! The filters, tests and functions that expressions may call besides those of Jinja.

mod colors;
mod contact;
mod quantity;

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::value::{Kwargs, Value};
use minijinja::{Environment, Error, ErrorKind, State};
use unicode_segmentation::UnicodeSegmentation as _;

use super::isolates::{LEFT_TO_RIGHT_ISOLATE, POP_DIRECTIONAL_ISOLATE, is_left_to_right};
use super::sandbox::{self, shown};
use super::strings::StringEntry;
use crate::quote::locale::{Amount, Currency, Date, DateLength, Locale, initials, is_ignorable};

/// Names bound for one evaluation besides the roots: `page`, `loop`, the entry of a repeat, `count`.
pub(super) type Locals = BTreeMap<String, Value>;

/// Functions by name, for checks ahead of evaluation.
pub(super) const FUNCTIONS: [&str; 8] = ["t", "mix", "alpha", "lightness", "readable", "is_dark", "range", "contrast"];

/// Bytes of a string of the template that are read for one step.
const BYTES_READ_PER_FUEL: u64 = 64;
/// How deep strings may refer to strings.
const MAX_STRING_DEPTH: i64 = 8;
const DEPTH: &str = "_depth";

pub(super) fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, message.into())
}

/// An amount from a decimal text or a number.
pub(super) fn amount(value: &Value) -> Result<Amount, Error> {
    let text = shown(value)?;
    Amount::parse(&text).map_err(|error| invalid(format!("`{text}` is no amount: {error}")))
}

pub(super) fn optional<T>(value: &Value, then: impl FnOnce() -> Result<T, Error>) -> Result<Option<T>, Error> {
    if value.is_undefined() || value.is_none() { Ok(None) } else { then().map(Some) }
}

/// Adds all of them for one locale, currency and set of strings.
pub(super) fn add(
    environment: &mut Environment<'static>,
    locale: Locale,
    currency: Currency,
    strings: BTreeMap<String, StringEntry>,
) {
    let locale = Arc::new(locale);
    add_formats(environment, &locale, currency);
    add_lists(environment);
    add_tests(environment);
    quantity::add(environment, Arc::clone(&locale), currency);
    contact::add(environment);
    colors::add(environment);
    add_strings(environment, locale, strings);
}

/// How the locale writes amounts, numbers and dates.
fn add_formats(environment: &mut Environment<'static>, locale: &Arc<Locale>, currency: Currency) {
    let by = Arc::clone(locale);
    environment.add_filter("money", move |value: Value| {
        optional(&value, || amount(&value).map(|amount| by.money(amount, currency)))
    });
    let by = Arc::clone(locale);
    environment
        .add_filter("number", move |value: Value| optional(&value, || amount(&value).map(|amount| by.number(amount))));
    let by = Arc::clone(locale);
    environment.add_filter("percent", move |value: Value| {
        optional(&value, || amount(&value).map(|amount| by.percent(amount)))
    });
    let by = Arc::clone(locale);
    environment.add_filter("date", move |value: Value, length: Option<String>| {
        let length = match length.as_deref() {
            None | Some("long") => DateLength::Long,
            Some("medium") => DateLength::Medium,
            Some("short") => DateLength::Short,
            Some(other) => return Err(invalid(format!("date length `{other}` is unknown: long, medium or short"))),
        };
        optional(&value, || {
            let text = shown(&value)?;
            let date = Date::parse(&text).map_err(|error| invalid(error.to_string()))?;
            Ok(by.date(date, length))
        })
    });
    let by = Arc::clone(locale);
    environment.add_filter("plural", move |value: Value, forms: Kwargs| {
        let category = by.plural(amount(&value)?);
        let chosen: Option<String> = forms.get(category)?;
        let other: String = forms.get("other").map_err(|_| invalid("plural needs a form `other`"))?;
        for form in ["zero", "one", "two", "few", "many"] {
            let _of_other_locales: Option<String> = forms.get(form)?;
        }
        forms.assert_all_used()?;
        Ok(chosen.unwrap_or(other))
    });
}

/// Amounts and lists of them.
fn add_lists(environment: &mut Environment<'static>) {
    environment
        .add_filter("negated", |value: Value| optional(&value, || amount(&value).map(|amount| (-amount).to_string())));
    environment.add_filter("sum_of", |entries: Value, field: String| {
        let mut sum = Amount::ZERO;
        for entry in entries.try_iter()? {
            let one = entry.get_attr(&field)?;
            let Some(one) = optional(&one, || amount(&one))? else { return Ok(None) };
            sum = sum.checked_add(one).ok_or_else(|| invalid("the sum is too large"))?;
        }
        Ok::<_, Error>(Some(sum.to_string()))
    });
    environment.add_filter("largest_last", |entries: Value, field: String| {
        let mut all: Vec<Value> = entries.try_iter()?.collect();
        let mut largest: Option<(usize, Amount)> = None;
        for (at, entry) in all.iter().enumerate() {
            let one = entry.get_attr(&field)?;
            let Some(one) = optional(&one, || amount(&one))? else { continue };
            if largest.is_none_or(|(_, most)| one >= most) {
                largest = Some((at, one));
            }
        }
        if let Some((at, _)) = largest {
            let entry = all.remove(at);
            all.push(entry);
        }
        Ok::<_, Error>(all)
    });
    environment.add_filter("shown_length", |value: Value| {
        Ok::<_, Error>(shown(&value)?.graphemes(true).filter(|cluster| !cluster.chars().all(is_ignorable)).count())
    });
    environment.add_filter("initials", |value: Value| Ok::<_, Error>(initials(&shown(&value)?)));
}

fn add_tests(environment: &mut Environment<'static>) {
    environment.add_test("nonzero", |value: Value| {
        Ok::<_, Error>(optional(&value, || amount(&value))?.is_some_and(|amount| !amount.is_zero()))
    });
    environment.add_test("negative", |value: Value| {
        Ok::<_, Error>(optional(&value, || amount(&value))?.is_some_and(Amount::is_negative))
    });
}

/// The function that gives a string of the language.
fn add_strings(environment: &mut Environment<'static>, locale: Arc<Locale>, strings: BTreeMap<String, StringEntry>) {
    environment.add_function("t", move |state: &State<'_, '_>, key: String, arguments: Kwargs| {
        let depth = state.lookup(DEPTH).and_then(|value| i64::try_from(value).ok()).unwrap_or(0);
        if depth >= MAX_STRING_DEPTH {
            return Err(invalid(format!("string `{key}` refers to itself")));
        }
        let mut locals = Locals::new();
        for name in arguments.args() {
            let value: Value = arguments.peek(name)?;
            sandbox::check_size(&value).map_err(invalid)?;
            locals.insert(name.to_owned(), value);
        }
        let source = match strings.get(&key) {
            None => return Err(invalid(format!("no string `{key}` in this language or the default one"))),
            Some(StringEntry::Plain(text)) => text,
            Some(StringEntry::Plural(forms)) => {
                let n = locals.get("n").ok_or_else(|| invalid(format!("string `{key}` has plurals: pass n=…")))?;
                let category = locale.plural(amount(n)?);
                forms.get(category).or_else(|| forms.get("other")).ok_or_else(|| invalid("no plural form `other`"))?
            }
        };
        locals.insert(DEPTH.to_owned(), Value::from(depth + 1));
        // A string is rendered with fuel of its own: what it and its reading take goes off the caller's, or strings that
        // call strings in loops would go on for ever.
        state.consume_fuel(source.len() as u64 / BYTES_READ_PER_FUEL)?;
        let rendered = state.env().template_from_str(source)?.render_captured(&locals)?;
        state.consume_fuel(rendered.state().fuel_levels().map_or(0, |(consumed, _)| consumed))?;
        let words = rendered.into_output();
        // English words in an Arabic video: their question mark stands at their own end.
        let foreign = locale.is_rtl() && is_left_to_right(source);
        let words = if foreign { format!("{LEFT_TO_RIGHT_ISOLATE}{words}{POP_DIRECTIONAL_ISOLATE}") } else { words };
        Ok(Value::from_safe_string(words))
    });
}

//! Reading the members of JSON objects one by one, noting every problem and going on.
//!
//! It knows kinds of values (texts, amounts, dates) and not the contract.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::invisible::{Cleaned, clean};
use super::limits;
use crate::ground::problem::{Problem, Problems, Severity, Warning, member, nearest, quoted};
use crate::quote::locale::{Amount, Date};

/// Collects problems while a document is read.
pub(super) struct Reader {
    problems: Problems,
    /// Places of secrets: nothing is said about what stands there.
    secrets: HashSet<String>,
    /// Errors that no longer fit the list; such warnings are dropped.
    unlisted: usize,
    /// Problems that refuse the document, secrets included.
    errors: usize,
    warnings: usize,
}

/// An object being read, and where it stands.
pub(super) struct Object<'a> {
    members: &'a Map<String, Value>,
    pointer: String,
}

/// What a text may be.
#[derive(Clone, Copy)]
pub(super) struct Text {
    max_chars: usize,
    lines: bool,
}

impl Text {
    /// One line of at most `max_chars` characters.
    pub(super) const fn line(max_chars: usize) -> Self {
        Self { max_chars, lines: false }
    }

    /// Several lines of at most `max_chars` characters in all.
    pub(super) const fn lines(max_chars: usize) -> Self {
        Self { max_chars, lines: true }
    }
}

impl Object<'_> {
    /// The pointer of a member.
    pub(super) fn at(&self, key: &str) -> String {
        member(&self.pointer, key)
    }
}

impl Reader {
    /// A reader that already knows of `secrets`.
    pub(super) fn new(secrets: Problems) -> Self {
        let places = secrets.iter().map(|problem| problem.pointer.clone()).collect();
        let mut reader =
            Self { problems: Problems::new(), secrets: HashSet::new(), unlisted: 0, errors: 0, warnings: 0 };
        for problem in secrets {
            reader.note(problem);
        }
        reader.secrets = places;
        reader
    }

    /// Notes a problem, unless it is about a place that holds a secret.
    pub(super) fn note(&mut self, problem: Problem) {
        let listed = match problem.severity {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
        };
        *listed += 1;
        if *listed > limits::PROBLEMS {
            self.unlisted += usize::from(problem.severity == Severity::Error);
        } else if !self.holds_secret(&problem.pointer) {
            self.problems.push(problem);
        }
    }

    fn holds_secret(&self, pointer: &str) -> bool {
        let mut ancestors = pointer.match_indices('/').map(|(end, _)| &pointer[..end]).chain([pointer]);
        !self.secrets.is_empty() && ancestors.any(|place| self.secrets.contains(place))
    }

    /// Everything noted.
    pub(super) fn finish(mut self) -> Problems {
        if self.unlisted > 0 {
            let found = format!("{} more errors", self.unlisted);
            self.problems.push(Problem::error("too_many_problems", "", found, "a document with fewer"));
        }
        self.problems
    }

    /// How many errors there are so far: to see whether a part was read without any.
    pub(super) fn errors(&self) -> usize {
        self.errors
    }

    /// The members of an object; every member that is not `known` is a problem.
    pub(super) fn object<'a>(&mut self, value: &'a Value, pointer: String, known: &[&str]) -> Option<Object<'a>> {
        let Value::Object(members) = value else {
            self.wrong_type(value, pointer, "an object");
            return None;
        };
        for key in members.keys().filter(|key| !known.contains(&key.as_str())) {
            let hint = match nearest(key, known.iter().copied().filter(|name| !members.contains_key(*name))) {
                Some(name) => format!("did you mean `{name}`?"),
                None => format!("known here: {}", known.join(", ")),
            };
            let problem =
                Problem::error("unknown_field", member(&pointer, key), quoted(key, 60), "a field of the contract");
            self.note(problem.with_hint(hint));
        }
        Some(Object { members, pointer })
    }

    /// A member that must be there.
    pub(super) fn required<'a>(&mut self, object: &Object<'a>, key: &str) -> Option<&'a Value> {
        let value = object.members.get(key);
        if value.is_none() {
            self.note(Problem::error(
                "missing_field",
                object.at(key),
                "nothing",
                format!("the required field `{key}`"),
            ));
        }
        value
    }

    /// A member that may be missing or null.
    pub(super) fn optional<'a>(&mut self, object: &Object<'a>, key: &str) -> Option<&'a Value> {
        object.members.get(key).filter(|value| !value.is_null())
    }

    /// Notes that a value is of the wrong kind.
    pub(super) fn wrong_type(&mut self, value: &Value, pointer: String, expected: &str) {
        let found = match value {
            Value::Null => "null".to_owned(),
            Value::Bool(value) => format!("the boolean {value}"),
            Value::Number(number) => format!("the number {number}"),
            Value::String(text) => format!("the string {}", quoted(text, 40)),
            Value::Array(elements) => format!("an array of {}", elements.len()),
            Value::Object(_) => "an object".to_owned(),
        };
        self.note(Problem::error("wrong_type", pointer, found, expected));
    }

    /// A text that must be there and not blank; an empty string where it is not, so that reading can go on.
    pub(super) fn required_text(&mut self, object: &Object<'_>, key: &str, text: Text) -> String {
        let Some(value) = self.required(object, key) else { return String::new() };
        let before = self.errors;
        let read = self.text(value, object.at(key), text);
        if read.is_none() && self.errors == before {
            self.note(Problem::error("empty_field", object.at(key), "a blank string", "a text"));
        }
        read.unwrap_or_default()
    }

    /// A text that may be missing, null or blank.
    pub(super) fn optional_text(&mut self, object: &Object<'_>, key: &str, text: Text) -> Option<String> {
        let value = self.optional(object, key)?;
        self.text(value, object.at(key), text)
    }

    /// A text without the spaces around it; nothing when it is blank or faulty.
    pub(super) fn text(&mut self, value: &Value, pointer: String, text: Text) -> Option<String> {
        let Value::String(given) = value else {
            self.wrong_type(value, pointer, "a string");
            return None;
        };
        let chars = given.chars().count();
        if chars > text.max_chars {
            let expected = format!("at most {} characters", text.max_chars);
            self.note(Problem::error("too_long", pointer, format!("{chars} characters"), expected));
            return None;
        }
        let mut printable = String::with_capacity(given.len());
        for (index, c) in given.replace("\r\n", "\n").chars().enumerate() {
            match c {
                '\t' => printable.push(' '),
                '\n' | '\u{2028}' | '\u{2029}' if text.lines => printable.push('\n'),
                '\u{2028}' | '\u{2029}' => printable.push(' '),
                c if c.is_control() => {
                    let found = format!("the control character U+{:04X} as character {}", u32::from(c), index + 1);
                    let expected =
                        if text.lines { "printable text and line feeds" } else { "one line of printable text" };
                    self.note(Problem::error("control_character", pointer, found, expected));
                    return None;
                }
                c => printable.push(c),
            }
        }
        let cleaned = clean(&printable);
        self.note_left_out(&cleaned, &pointer);
        let trimmed = cleaned.text.trim();
        (!trimmed.is_empty()).then(|| trimmed.to_owned())
    }

    /// Warns of characters that were left out of a text.
    fn note_left_out(&mut self, cleaned: &Cleaned, pointer: &str) {
        let Cleaned { direction, invisible, marks, .. } = cleaned;
        let kinds = [
            (
                *direction,
                Warning::BidiControl,
                "invisible characters that steer text direction (U+202A-202E, U+2066-2069)".to_owned(),
                "they are left out; direction follows from the text and the locale",
            ),
            (
                *invisible,
                Warning::InvisibleCharacter,
                "characters that show nothing, such as U+200B or U+FEFF".to_owned(),
                "they are left out; two names that look the same should be the same",
            ),
            (
                *marks,
                Warning::StackedMarks,
                "marks piled up on letters that have two in that place already".to_owned(),
                "they are left out: they would cover the lines above and below",
            ),
        ];
        for (count, warning, what, hint) in kinds.into_iter().filter(|(count, ..)| *count > 0) {
            let problem = Problem::warning(warning, pointer, format!("{count} {what}"), "text without them");
            self.note(problem.with_hint(hint));
        }
    }

    /// An amount that must be there.
    pub(super) fn required_amount(&mut self, object: &Object<'_>, key: &str) -> Option<Amount> {
        let value = self.required(object, key)?;
        self.amount(value, object.at(key))
    }

    /// An amount that may be missing or null.
    pub(super) fn optional_amount(&mut self, object: &Object<'_>, key: &str) -> Option<Amount> {
        let value = self.optional(object, key)?;
        self.amount(value, object.at(key))
    }

    fn amount(&mut self, value: &Value, pointer: String) -> Option<Amount> {
        let read = match value {
            Value::String(text) => Amount::parse(text),
            Value::Number(number) => Amount::from_json_number(number),
            other => {
                self.wrong_type(other, pointer, "a decimal amount like \"1234.50\"");
                return None;
            }
        };
        match read {
            Ok(amount) => Some(amount),
            Err(error) => {
                let found = match value {
                    Value::String(text) => format!("the string {}", quoted(text, 40)),
                    other => format!("the number {other}"),
                };
                let expected = "a decimal amount: at most 18 digits, then at most 6 decimals, like \"1234.50\"";
                let hint = match error {
                    crate::quote::locale::InvalidAmount::NotDecimal(text) if text.is_empty() => {
                        "leave the field out instead"
                    }
                    crate::quote::locale::InvalidAmount::NotDecimal(_) => {
                        "write a point before the decimals, and no thousands separators, currency signs or exponents"
                    }
                    crate::quote::locale::InvalidAmount::TooLong(_) => "round it to what the customer is charged",
                    crate::quote::locale::InvalidAmount::Inexact(_) => "write it as a string: JSON numbers lose digits",
                };
                self.note(Problem::error("invalid_amount", pointer, found, expected).with_hint(hint));
                None
            }
        }
    }

    /// A date, given the member's value.
    pub(super) fn date(&mut self, value: &Value, pointer: String) -> Option<Date> {
        let Value::String(text) = value else {
            self.wrong_type(value, pointer, "a date, YYYY-MM-DD");
            return None;
        };
        match Date::parse(text) {
            Ok(date) => Some(date),
            Err(error) => {
                let problem = Problem::error("invalid_date", pointer, quoted(text, 40), "a calendar date, YYYY-MM-DD");
                let date_time = text.get(..10).filter(|start| Date::parse(start).is_ok() && text.contains('T'));
                self.note(match (error, date_time) {
                    (_, Some(date)) => problem.with_hint(format!("dates have no time here: write {date}")),
                    (crate::quote::locale::InvalidDate::Impossible(_), None) => {
                        problem.with_hint("there is no such day in the years 1900-2999")
                    }
                    (crate::quote::locale::InvalidDate::Form(_), None) => problem,
                });
                None
            }
        }
    }
}

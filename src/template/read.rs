//! Reading a template: from the bytes of its files to a document and strings, each mistake of form with its place.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::document::{Document, Part};
use super::error::{TemplateError, TemplateProblem};
use super::files::{DOCUMENT_FILE, PARTS_FOLDER, STRINGS_FOLDER, TemplateFiles};
use super::json::Wrong;
use super::strict::{Strict, pointer, split_pointer};
use super::strings::{Strings, Unreadable, strings};
use super::{json, numbers, strict, words};
use crate::ground::problem::nearest;

/// A template as read, nothing checked.
pub(super) struct Read {
    /// The document, parts from files included.
    pub(super) document: Document,
    /// Strings by language, completed with the words that every template has.
    pub(super) strings: Strings,
}

/// Reads all files of a template.
pub(super) fn read(files: &TemplateFiles) -> Result<Read, TemplateError> {
    let problem = |file: &str, pointer: String, reason: String| TemplateProblem {
        template: files.source.clone(),
        file: file.to_owned(),
        pointer,
        reason,
    };
    let all = |file: &str, wrong: Vec<Wrong>| -> Vec<TemplateProblem> {
        wrong.into_iter().map(|(pointer, reason)| problem(file, pointer, reason)).collect()
    };
    let value =
        json::read(&files.document).map_err(|wrong| TemplateError::Invalid { problems: all(DOCUMENT_FILE, wrong) })?;
    let named = numbers::of(&value);
    let mut document: Document =
        typed(value, &named).map_err(|(pointer, reason)| problem(DOCUMENT_FILE, pointer, reason))?;
    let mut problems = Vec::new();
    let mut unreadable =
        |all: Vec<Unreadable>| {
            problems.extend(all.into_iter().map(|(language, pointer, reason)| {
                problem(&format!("{STRINGS_FOLDER}/{language}.json"), pointer, reason)
            }));
            Strings::new()
        };
    let own = files.strings.iter().map(|(language, bytes)| (language.as_str(), bytes.as_slice()));
    let own = strings(own).unwrap_or_else(&mut unreadable);
    let words = strings(words::files()).unwrap_or_else(&mut unreadable);
    let strings = words::complete(own, words, &document.default_language);
    for (name, bytes) in &files.parts {
        let file = format!("{PARTS_FOLDER}/{name}.json");
        match json::read(bytes).and_then(|value| typed::<Part>(value, &named).map_err(|wrong| vec![wrong])) {
            Ok(_) if document.parts.contains_key(name) => {
                let reason = format!("part `{name}` is in {DOCUMENT_FILE} too");
                problems.push(problem(&file, String::new(), reason));
            }
            Ok(part) => {
                document.parts.insert(name.clone(), part);
            }
            Err(wrong) => problems.extend(all(&file, wrong)),
        }
    }
    if problems.is_empty() { Ok(Read { document, strings }) } else { Err(TemplateError::Invalid { problems }) }
}

/// A document as `T`, names of numbers replaced, or the pointer to what is wrong with it and why.
fn typed<T: DeserializeOwned>(mut value: Value, named: &BTreeMap<String, Value>) -> Result<T, Wrong> {
    numbers::put_in(&mut value, named)?;
    serde_path_to_error::deserialize(Strict(value)).map_err(|error| {
        let (inner, reason) = split_pointer(&error.inner().to_string());
        (format!("{}{inner}", pointer(error.path())), with_suggestion(strict::in_words(reason)))
    })
}

/// serde names what it knows: "unknown field `colour`, expected one of `color`, …". The nearest of them is the likely one.
fn with_suggestion(reason: String) -> String {
    let mut names = reason.split('`').skip(1).step_by(2);
    let starts = reason.starts_with("unknown field") || reason.starts_with("unknown variant");
    match (starts, names.next()) {
        (true, Some(word)) => match nearest(word, names) {
            Some(near) => format!("{reason}; did you mean `{near}`?"),
            None => reason,
        },
        _ => reason,
    }
}

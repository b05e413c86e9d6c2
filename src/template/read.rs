//! Reading a template: from the bytes of its files to a document and strings, each mistake of form with its place.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::document::{Document, Part};
use super::error::{TemplateError, TemplateProblem};
use super::expression::StringEntry;
use super::parts::PARTS_FOLDER;
use super::value::{pointer, split_pointer};
use super::{DOCUMENT_FILE, LARGEST_FILE_BYTES, STRINGS_FOLDER, TemplateFiles};
use super::{numbers, words};
use crate::problem::nearest;

/// Deepest nesting of JSON; serde_json itself stops at 128.
const DEEPEST_JSON: usize = 100;

/// Strings by key, by language.
pub(super) type Strings = BTreeMap<String, BTreeMap<String, StringEntry>>;

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
    let value = json(&files.document).map_err(|reason| problem(DOCUMENT_FILE, String::new(), reason))?;
    let named = numbers::of(&value);
    let mut document: Document =
        typed(value, &named).map_err(|(pointer, reason)| problem(DOCUMENT_FILE, pointer, with_suggestion(reason)))?;
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
        let read = json(bytes).map_err(|reason| (String::new(), reason));
        match read.and_then(|value| typed::<Part>(value, &named)) {
            Ok(_) if document.parts.contains_key(name) => {
                let reason = format!("part `{name}` is in {DOCUMENT_FILE} too");
                problems.push(problem(&file, String::new(), reason));
            }
            Ok(part) => {
                document.parts.insert(name.clone(), part);
            }
            Err((pointer, reason)) => problems.push(problem(&file, pointer, with_suggestion(reason))),
        }
    }
    if problems.is_empty() { Ok(Read { document, strings }) } else { Err(TemplateError::Invalid { problems }) }
}

/// A document as `T`, names of numbers replaced, or the pointer to what is wrong with it and why.
fn typed<T: DeserializeOwned>(mut value: Value, named: &BTreeMap<String, Value>) -> Result<T, (String, String)> {
    numbers::put_in(&mut value, named)?;
    serde_path_to_error::deserialize(value).map_err(|error| {
        let (inner, reason) = split_pointer(&error.inner().to_string());
        (format!("{}{inner}", pointer(error.path())), reason)
    })
}

/// A file of strings that cannot be used: its language, the place in it, and why.
type Unreadable = (String, String, String);

/// The strings of each file.
///
/// # Errors
/// The first mistake of every file that has one.
pub(super) fn strings<'a>(files: impl Iterator<Item = (&'a str, &'a [u8])>) -> Result<Strings, Vec<Unreadable>> {
    let (mut strings, mut failed) = (Strings::new(), Vec::new());
    for (language, bytes) in files {
        match json(bytes).map_err(|reason| (String::new(), reason)).and_then(|value| entries(&value)) {
            Ok(entries) => {
                strings.insert(language.to_owned(), entries);
            }
            Err((pointer, reason)) => failed.push((language.to_owned(), pointer, reason)),
        }
    }
    if failed.is_empty() { Ok(strings) } else { Err(failed) }
}

fn json(bytes: &[u8]) -> Result<Value, String> {
    if bytes.len() > LARGEST_FILE_BYTES {
        return Err(format!("the file has {} bytes; at most {LARGEST_FILE_BYTES} are allowed", bytes.len()));
    }
    let value: Value = serde_json::from_slice(bytes).map_err(|error| format!("not valid JSON: {error}"))?;
    if depth(&value) > DEEPEST_JSON {
        return Err(format!("nested deeper than {DEEPEST_JSON} levels"));
    }
    Ok(value)
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(list) => 1 + list.iter().map(depth).max().unwrap_or(0),
        Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
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

fn entries(value: &Value) -> Result<BTreeMap<String, StringEntry>, (String, String)> {
    const FORMS: [&str; 6] = ["zero", "one", "two", "few", "many", "other"];
    let fields = value.as_object().ok_or_else(|| (String::new(), "expected an object of strings".to_owned()))?;
    let mut entries = BTreeMap::new();
    for (key, value) in fields {
        let at = crate::problem::member("", key);
        let entry = match value {
            Value::String(text) => StringEntry::Plain(text.clone()),
            Value::Object(forms) => {
                let mut texts = BTreeMap::new();
                for (form, text) in forms {
                    let text = text.as_str().filter(|_| FORMS.contains(&form.as_str()));
                    let text = text.ok_or_else(|| {
                        (crate::problem::member(&at, form), format!("expected texts for {}", FORMS.join(", ")))
                    })?;
                    texts.insert(form.clone(), text.to_owned());
                }
                if !texts.contains_key("other") {
                    return Err((at, "plural forms need `other`".to_owned()));
                }
                StringEntry::Plural(texts)
            }
            _ => return Err((at, "expected a text or plural forms".to_owned())),
        };
        entries.insert(key.clone(), entry);
    }
    Ok(entries)
}

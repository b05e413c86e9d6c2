//! Reading a template: from the bytes of its files to documents and strings, each mistake of form with its place.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::document::{Document, Part};
use super::error::{TemplateError, TemplateProblem};
use super::files::{DOCUMENT_FILE, PARTS_FOLDER, STRINGS_FOLDER, TemplateFiles};
use super::json::Wrong;
use super::overrides::CanvasShape;
use super::places::Places;
use super::strict::{Strict, pointer, split_pointer};
use super::strings::{Strings, Unreadable, strings};
use super::{json, numbers, overrides, shared, strict, words};
use crate::ground::problem::nearest;

/// A template as read, nothing checked.
pub(super) struct Read {
    /// The document without any override, parts from files and shared parts included.
    pub(super) document: Document,
    /// The document of each shape of canvas, in the order of [`CanvasShape::ALL`]; empty where no node has overrides.
    pub(super) by_shape: Vec<Document>,
    /// Where everything was written.
    pub(super) places: Places,
    /// Strings by language, completed with the words that every template has.
    pub(super) strings: Strings,
}

/// Reads all files of a template.
pub(super) fn read(files: &TemplateFiles) -> Result<Read, TemplateError> {
    let invalid = |problems: Vec<TemplateProblem>| TemplateError::Invalid { problems };
    let problem = |file: &str, (pointer, reason): Wrong| TemplateProblem {
        template: files.source.clone(),
        file: file.to_owned(),
        pointer,
        reason,
    };
    let all = |file: &str, wrong: Vec<Wrong>| -> Vec<TemplateProblem> {
        wrong.into_iter().map(|wrong| problem(file, wrong)).collect()
    };
    let mut whole = json::read(&files.document).map_err(|wrong| invalid(all(DOCUMENT_FILE, wrong)))?;
    let named = numbers::of(&whole);
    let document = numbers::put_in(&mut whole, &named).and_then(|()| typed::<Document>(&whole, None));
    let mut document = document.map_err(|wrong| problem(DOCUMENT_FILE, wrong))?;
    let mut problems = Vec::new();
    let mut unreadable = |all: Vec<Unreadable>| {
        problems.extend(all.into_iter().map(|(language, pointer, reason)| {
            problem(&format!("{STRINGS_FOLDER}/{language}.json"), (pointer, reason))
        }));
        Strings::new()
    };
    let own = files.strings.iter().map(|(language, bytes)| (language.as_str(), bytes.as_slice()));
    let own = strings(own).unwrap_or_else(&mut unreadable);
    let words = strings(words::files()).unwrap_or_else(&mut unreadable);
    let strings = words::complete(own, words, &document.default_language);

    let mut parts = match whole["parts"].take() {
        Value::Object(parts) => parts,
        _ => Map::new(),
    };
    let (mut part_files, mut shared_parts) = (BTreeSet::new(), BTreeSet::new());
    let mut add = |parts: &mut Map<String, Value>, (name, bytes): (&str, &[u8]), file: &str| match json::read(bytes)
        .and_then(|part| of_part(part, &named).map_err(|wrong| vec![wrong]))
    {
        Ok((written, part)) => {
            parts.insert(name.to_owned(), written);
            document.parts.insert(name.to_owned(), part);
        }
        Err(wrong) => problems.extend(all(file, wrong)),
    };
    let mut twice = Vec::new();
    for (name, bytes) in &files.parts {
        let file = format!("{PARTS_FOLDER}/{name}.json");
        if parts.contains_key(name) {
            let reason = format!("part `{name}` is in {DOCUMENT_FILE} too");
            twice.push(problem(&file, (String::new(), reason)));
        } else {
            part_files.insert(name.clone());
            add(&mut parts, (name, bytes), &file);
        }
    }
    for (name, bytes) in shared::missing(&whole, &parts) {
        shared_parts.insert(name.to_owned());
        add(&mut parts, (name, bytes), &shared::file_name(name));
    }
    problems.extend(twice);
    whole["parts"] = Value::Object(parts);
    if !problems.is_empty() {
        return Err(invalid(problems));
    }
    let has_overrides = overrides::are_in(&whole);
    let places = Places::new(part_files, shared_parts, has_overrides.then(|| whole.clone()));
    let mut by_shape = Vec::new();
    for shape in CanvasShape::ALL.into_iter().filter(|_| has_overrides) {
        by_shape.push(typed(&whole, Some(shape)).map_err(|(pointer, reason)| {
            let (file, pointer) = places.written(Some(shape), DOCUMENT_FILE, &pointer);
            problem(&file, (pointer, reason))
        })?);
    }
    Ok(Read { document, by_shape, places, strings })
}

/// A part from a file: as it is written, with numbers for their names, and by type.
fn of_part(mut part: Value, named: &BTreeMap<String, Value>) -> Result<(Value, Part), Wrong> {
    numbers::put_in(&mut part, named)?;
    typed(&part, None).map(|read| (part, read))
}

/// A document or part as `T`, with the overrides for a shape of canvas; or the pointer to what is wrong with it and why.
fn typed<T: DeserializeOwned>(written: &Value, shape: Option<CanvasShape>) -> Result<T, Wrong> {
    let mut value = written.clone();
    overrides::put_in(&mut value, shape)?;
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

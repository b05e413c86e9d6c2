//! Checks of the strings: each is called by what it is given, and every language has those of the default one.

use std::collections::{BTreeMap, BTreeSet};

use super::{Checker, names};
use crate::ground::problem::{member, nearest, quoted};
use crate::quote::locale::Locale;
use crate::template::context::KNOWN_PATHS;
use crate::template::expression::names_in_text;
use crate::template::files::STRINGS_FOLDER;
use crate::template::filters::FUNCTIONS;
use crate::template::strings::StringEntry;

impl Checker<'_> {
    /// What is wrong with the names that a string uses: one that no call gives it.
    fn ungiven(&self, key: &str, used: Vec<String>) -> Option<String> {
        // Nobody calls it by its name: what it would be given is not known.
        let given = self.given.get(key)?;
        let is_known = |name: &str| {
            given.contains(name)
                || FUNCTIONS.contains(&name)
                || name == "params"
                || self.document.theme.colors.iter().any(|color| color.name == name)
                || KNOWN_PATHS.iter().any(|path| path.split('.').next() == Some(name))
        };
        let root = |path: &String| path.split('.').next().unwrap_or_default().to_owned();
        let unknown = used.iter().map(root).find(|name| !is_known(name))?;
        let hint = match nearest(&unknown, given.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None if given.is_empty() => "calls of it give it nothing".to_owned(),
            None => format!("it is given {}", given.iter().map(String::as_str).collect::<Vec<_>>().join(", ")),
        };
        Some(format!("nothing called {} is given to this string; {hint}", quoted(&unknown, 40)))
    }

    pub(super) fn strings(&mut self) {
        let all: BTreeSet<&String> = self.strings.values().flat_map(BTreeMap::keys).collect();
        let by_language = self.strings.iter();
        let texts: Vec<(&String, &String, &StringEntry)> = by_language
            .flat_map(|(language, strings)| strings.iter().map(move |(key, entry)| (language, key, entry)))
            .collect();
        // Strings may call strings.
        for call in texts.iter().flat_map(|(.., entry)| entry.texts()).flat_map(calls_of_t) {
            self.given.entry(call.key).or_default().extend(call.arguments);
        }
        for language in self.strings.keys() {
            if let Some(reason) = misnamed(language) {
                self.fail_in(&format!("{STRINGS_FOLDER}/{language}.json"), "", reason);
            }
        }
        for (language, key, entry) in &texts {
            for text in entry.texts() {
                let reason = match names_in_text(text) {
                    Ok(used) => self.ungiven(key, used),
                    Err(reason) => Some(reason),
                };
                if let Some(reason) = reason {
                    let file = format!("{STRINGS_FOLDER}/{language}.json");
                    self.fail_in(&file, member("", key), format!("in {}: {reason}", quoted(text, 80)));
                }
            }
        }
        let default = &self.document.default_language;
        let Some(strings) = self.strings.get(default) else { return };
        for missing in all.into_iter().filter(|key| !strings.contains_key(*key)) {
            let reason = format!("string {} is missing; another language has it", quoted(missing, 60));
            self.fail_in(&format!("{STRINGS_FOLDER}/{default}.json"), "", reason);
        }
    }
}

/// What is wrong with the name of a file of strings.
fn misnamed(language: &str) -> Option<String> {
    let expected = "expected a language and perhaps a region, such as `es.json` or `pt-PT.json`";
    match Locale::parse(&language.replace('_', "-")) {
        Ok(locale) if locale.tag() == language => None,
        Ok(locale) => Some(format!("no locale is written so; did you mean `{}.json`?", locale.tag())),
        Err(_) => Some(format!("{} is no language that a quote can be in; {expected}", quoted(language, 40))),
    }
}

/// A call `t('key', name=…)` with a literal key.
pub(super) struct Call {
    pub(super) key: String,
    /// The names of its arguments.
    pub(super) arguments: Vec<String>,
}

/// All such calls in a text or expression.
pub(super) fn calls_of_t(source: &str) -> Vec<Call> {
    let mut calls = Vec::new();
    let mut rest = source;
    while let Some(at) = rest.find("t(") {
        let before = rest[..at].chars().next_back();
        let argument = rest[at + 2..].trim_start();
        rest = &rest[at + 2..];
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let Some(quote) = argument.chars().next().filter(|c| matches!(c, '\'' | '"')) else { continue };
        if let Some((key, after)) = argument[1..].split_once(quote) {
            calls.push(Call { key: key.to_owned(), arguments: names::keywords(after) });
        }
    }
    calls
}

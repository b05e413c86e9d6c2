//! The strings of a template, by language and key: the form of their files.

use std::collections::BTreeMap;

use serde_json::Value;

use super::json::{self, Wrong};
use crate::ground::problem::member;

/// Strings by key, by language.
pub(super) type Strings = BTreeMap<String, BTreeMap<String, StringEntry>>;

/// A string of a language: one text, or one for each plural category.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum StringEntry {
    /// One text.
    Plain(String),
    /// Texts by CLDR plural category of the argument `n`; `other` is always there.
    Plural(BTreeMap<String, String>),
}

impl StringEntry {
    /// All its texts.
    pub(super) fn texts(&self) -> Vec<&str> {
        match self {
            Self::Plain(text) => vec![text],
            Self::Plural(forms) => forms.values().map(String::as_str).collect(),
        }
    }
}

/// A file of strings that cannot be used: its language, the place in it, and why.
pub(super) type Unreadable = (String, String, String);

/// The strings of each file.
///
/// # Errors
/// The first mistake of every file that has one; of keys that come twice all.
pub(super) fn strings<'a>(files: impl Iterator<Item = (&'a str, &'a [u8])>) -> Result<Strings, Vec<Unreadable>> {
    let (mut strings, mut failed) = (Strings::new(), Vec::new());
    for (language, bytes) in files {
        match json::read(bytes).and_then(|value| entries(&value).map_err(|wrong| vec![wrong])) {
            Ok(entries) => {
                strings.insert(language.to_owned(), entries);
            }
            Err(wrong) => {
                failed.extend(wrong.into_iter().map(|(pointer, reason)| (language.to_owned(), pointer, reason)));
            }
        }
    }
    if failed.is_empty() { Ok(strings) } else { Err(failed) }
}

fn entries(value: &Value) -> Result<BTreeMap<String, StringEntry>, Wrong> {
    const FORMS: [&str; 6] = ["zero", "one", "two", "few", "many", "other"];
    let fields = value.as_object().ok_or_else(|| (String::new(), "expected an object of strings".to_owned()))?;
    let mut entries = BTreeMap::new();
    for (key, value) in fields {
        let at = member("", key);
        let entry = match value {
            Value::String(text) => StringEntry::Plain(text.clone()),
            Value::Object(forms) => {
                let mut texts = BTreeMap::new();
                for (form, text) in forms {
                    let text = text.as_str().filter(|_| FORMS.contains(&form.as_str()));
                    let text =
                        text.ok_or_else(|| (member(&at, form), format!("expected texts for {}", FORMS.join(", "))))?;
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

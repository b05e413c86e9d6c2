//! A template that passed its checks, with the parameters of one render.

use std::collections::{BTreeMap, BTreeSet};

use super::check;
use super::document::{Document, ParamValue};
use super::error::{TemplateError, TemplateProblem};
use super::files::TemplateFiles;
use super::strings::{StringEntry, Strings};
use super::{params, parts, read, words};
use crate::quote::locale::Locale;

/// A template that passed its checks.
#[derive(Clone, Debug)]
pub struct Template {
    source: String,
    document: Document,
    strings: Strings,
    fields: check::Fields,
    pub(super) params: BTreeMap<String, ParamValue>,
    /// Parts that came from files of their own.
    part_files: BTreeSet<String>,
}

impl Template {
    /// Parses and checks a template.
    ///
    /// # Errors
    /// [`TemplateError::Invalid`] with every problem found: where the document does not parse only the first, otherwise
    /// all of them.
    pub fn parse(files: &TemplateFiles) -> Result<Self, TemplateError> {
        let read::Read { document, strings } = read::read(files)?;
        let part_files: BTreeSet<String> = files.parts.keys().cloned().collect();
        let (problems, fields) = check::check(&files.source, &document, &strings, &part_files);
        if problems.is_empty() {
            let params = params::defaults(&document.params);
            Ok(Self { source: files.source.clone(), document, strings, fields, params, part_files })
        } else {
            Err(TemplateError::Invalid { problems })
        }
    }

    /// The template with parameters set; the others keep their defaults.
    ///
    /// # Errors
    /// [`TemplateError::Param`] for a name it does not have or a value it does not take.
    pub fn with_params(mut self, given: &BTreeMap<String, String>) -> Result<Self, TemplateError> {
        for (name, text) in given {
            let value = params::value(&self.document.params, name, text)?;
            self.params.insert(name.clone(), value);
        }
        Ok(self)
    }

    /// The document as written.
    #[must_use]
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// Languages it has strings for, and the regions and scripts in which some of them are others.
    pub fn languages(&self) -> impl Iterator<Item = &str> {
        self.strings.keys().map(String::as_str)
    }

    /// Snapshot fields it uses, as dotted paths in alphabetical order.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        self.fields.global.iter().map(String::as_str)
    }

    /// Whether it shows the picture at this JSON pointer of a snapshot; what it does not show is not fetched.
    #[must_use]
    pub fn shows_picture(&self, pointer: &str) -> bool {
        let below =
            |path: &str| self.fields.global.iter().any(|field| field == path || field.starts_with(&format!("{path}.")));
        let inside =
            |name: &str| self.fields.local.iter().any(|field| field.split('.').skip(1).any(|part| part == name));
        match pointer {
            // A part may have been given the company or the seller as a whole.
            "/company/logo" => below("company.logo") || inside("logo"),
            "/seller/photo" => below("seller.photo") || inside("photo"),
            _ => inside("image"),
        }
    }

    /// The language its words come in for a snapshot in `locale`: the region's or the script's where there are strings
    /// for it, else that language's, otherwise the template's default language.
    #[must_use]
    pub fn language_for(&self, locale: &Locale) -> &str {
        let known = words::lineage(locale.tag()).into_iter().find_map(|tag| self.strings.get_key_value(&tag));
        known.map_or(&self.document.default_language, |(tag, _)| tag)
    }

    /// The words it says to a reader of `locale`, as they are written, what is put into them included.
    pub fn words(&self, locale: &Locale) -> impl Iterator<Item = &str> {
        self.strings.get(self.language_for(locale)).into_iter().flat_map(BTreeMap::values).flat_map(StringEntry::texts)
    }

    /// Strings for `locale`: those of its region, completed from those of its language, then from the default language.
    pub(super) fn strings_for(&self, locale: &Locale) -> BTreeMap<String, StringEntry> {
        let mut strings = self.strings.get(&self.document.default_language).cloned().unwrap_or_default();
        for own in words::lineage(locale.tag()).iter().rev().filter_map(|tag| self.strings.get(tag)) {
            strings.extend(own.clone());
        }
        strings
    }

    /// A problem of this template at a place in one of its files.
    pub(crate) fn problem(&self, file: &str, pointer: impl Into<String>, reason: impl Into<String>) -> TemplateProblem {
        let pointer = pointer.into();
        let (file, pointer) =
            parts::place_in_file(&self.part_files, &pointer).unwrap_or_else(|| (file.to_owned(), pointer));
        TemplateProblem { template: self.source.clone(), file, pointer, reason: reason.into() }
    }
}

//! A template that passed its checks, with the parameters of one render.

use std::collections::BTreeMap;

use super::check;
use super::context::Picture;
use super::document::{Document, ParamValue};
use super::error::{TemplateError, TemplateProblem};
use super::files::TemplateFiles;
use super::overrides::CanvasShape;
use super::places::Places;
use super::strings::{StringEntry, Strings};
use super::{params, read, shared, words};
use crate::quote::locale::Locale;

/// A template that passed its checks.
#[derive(Clone, Debug)]
pub struct Template {
    source: String,
    document: Document,
    /// The document of each shape of canvas; empty where all have the same.
    by_shape: Vec<Document>,
    places: Places,
    strings: Strings,
    fields: check::Fields,
    pub(super) params: BTreeMap<String, ParamValue>,
}

impl Template {
    /// Parses and checks a template.
    ///
    /// # Errors
    /// [`TemplateError::Invalid`] with every problem found: where the document does not parse only the first, otherwise
    /// all of them.
    pub fn parse(files: &TemplateFiles) -> Result<Self, TemplateError> {
        let read = read::read(files)?;
        let (problems, fields) = check::check(&files.source, &read);
        if !problems.is_empty() {
            return Err(TemplateError::Invalid { problems });
        }
        let read::Read { document, by_shape, places, strings } = read;
        let params = params::defaults(&document.params);
        Ok(Self { source: files.source.clone(), document, by_shape, places, strings, fields, params })
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

    /// The document, without what nodes say of some canvases.
    #[must_use]
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// The document for canvases of one shape.
    pub(super) fn document_for(&self, shape: CanvasShape) -> &Document {
        let at = CanvasShape::ALL.iter().position(|one| *one == shape);
        at.and_then(|at| self.by_shape.get(at)).unwrap_or(&self.document)
    }

    /// The shared parts that it uses, by name, with their files.
    pub fn shared_parts(&self) -> impl Iterator<Item = (&'static str, &'static [u8])> {
        shared::shared_parts().filter(|(name, _)| self.places.is_shared(name))
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
        Picture::at(pointer).is_some_and(|picture| self.fields.pictures.contains(&picture))
    }

    /// The language its words come in for a snapshot in `locale`: the region's or the script's where there are strings
    /// for it, else that language's, otherwise the template's default language.
    #[must_use]
    pub fn language_for(&self, locale: &Locale) -> &str {
        let known = words::lineage(locale.tag()).into_iter().find_map(|tag| self.strings.get_key_value(&tag));
        known.map_or(&self.document.default_language, |(tag, _)| tag)
    }

    /// Keys of the strings that it uses and does not have in the language of `locale`: a reader gets them in its default
    /// language. Strings of another region or script of a language are strings of that language.
    pub fn foreign_strings(&self, locale: &Locale) -> impl Iterator<Item = &str> {
        let language = |tag: &str| tag.split('-').next().map(str::to_owned);
        let default = &self.document.default_language;
        let is_default = language(default) == language(locale.tag());
        let own: Vec<_> = words::lineage(locale.tag()).iter().filter_map(|tag| self.strings.get(tag)).collect();
        let known = self.strings.get(default);
        let used = self.fields.strings.iter().map(String::as_str).filter(move |_| !is_default);
        used.filter(move |key| {
            known.is_some_and(|strings| strings.contains_key(*key)) && !own.iter().any(|own| own.contains_key(*key))
        })
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
        self.problem_on(None, file, &pointer.into(), reason)
    }

    /// The same at a place of the document for canvases of one shape.
    pub(super) fn problem_on(
        &self,
        shape: Option<CanvasShape>,
        file: &str,
        pointer: &str,
        reason: impl Into<String>,
    ) -> TemplateProblem {
        let (file, pointer) = self.places.written(shape, file, pointer);
        TemplateProblem { template: self.source.clone(), file, pointer, reason: reason.into() }
    }
}

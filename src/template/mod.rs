//! Templates: the document as written, its checks, and its binding to a snapshot.
//!
//! `document` is what an author writes, `check` finds every mistake that needs no snapshot, `bind` evaluates a scene
//! for one snapshot into `bound`. Where things land is decided by layout, above.

mod bind;
mod bound;
mod builtin;
mod check;
mod context;
mod document;
mod error;
mod expression;
mod icons;
mod look;
mod numbers;
mod params;
mod parts;
mod read;
mod tank;
mod theme;
mod value;
mod words;

use std::collections::{BTreeMap, BTreeSet};

pub use bind::{Binder, Page, Paging, PlannedScene};
pub use bound::{
    Align, BoundCount, BoundGroup, BoundImage, BoundKeyframe, BoundKeyframes, BoundKind, BoundMask, BoundMonogram,
    BoundMotion, BoundNode, BoundPaint, BoundPassage, BoundPlacement, BoundScene, BoundShadow, BoundShape,
    BoundSurface, BoundText, BoundTransition, Direction, DurationRange, ImageAlign, ImageFit, Justify, Length,
    MaskShape, Piecewise, Preset, ShapeKind, TextAlign, TransitionKind,
};
pub use builtin::{builtin, builtin_files, builtin_names};
pub use context::{Bindings, LoadedPicture};
pub use document::{Document, Param, ParamKind, ParamValue};
pub use error::{TemplateError, TemplateProblem};
pub use icons::icon_names;
pub use params::ParamError;
pub use parts::PARTS_FOLDER;

pub use theme::safe_area;

use expression::StringEntry;

/// The file of a template that holds its document.
pub const DOCUMENT_FILE: &str = "template.json";
/// The folder of a template that holds its strings, one file a language.
pub const STRINGS_FOLDER: &str = "strings";
/// Largest file of a template, in bytes.
pub const LARGEST_FILE_BYTES: usize = 1024 * 1024;

/// A template that passed its checks.
#[derive(Clone, Debug)]
pub struct Template {
    source: String,
    document: Document,
    strings: BTreeMap<String, BTreeMap<String, StringEntry>>,
    fields: check::Fields,
    params: BTreeMap<String, ParamValue>,
    /// Parts that came from files of their own.
    part_files: BTreeSet<String>,
}

/// The files of a template, read but not parsed.
#[derive(Clone, Debug)]
pub struct TemplateFiles {
    /// Name or folder, for messages.
    pub source: String,
    /// `template.json`.
    pub document: Vec<u8>,
    /// Strings files by language (`es`, `en`, …).
    pub strings: BTreeMap<String, Vec<u8>>,
    /// Files of parts by name.
    pub parts: BTreeMap<String, Vec<u8>>,
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

    /// Languages it has strings for.
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

    /// The language its words come in for a snapshot in `language`: that one where there are strings for it,
    /// otherwise the template's default language.
    #[must_use]
    pub fn language_for<'a>(&'a self, language: &'a str) -> &'a str {
        if self.strings.contains_key(language) { language } else { &self.document.default_language }
    }

    /// Strings of `language`, completed from the default language.
    fn strings_for(&self, language: &str) -> BTreeMap<String, StringEntry> {
        let mut strings = self.strings.get(&self.document.default_language).cloned().unwrap_or_default();
        if let Some(own) = self.strings.get(language) {
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

/// The JSON Schema of `template.json`, for editors.
#[must_use]
pub fn schema() -> serde_json::Value {
    let mut schema = schemars::schema_for!(Document).to_value();
    numbers::allow_in(&mut schema);
    schema
}

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
mod fence;
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

use crate::quote::locale::Locale;
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
    /// Strings files by language (`es`, `en`, `pt-PT`, …).
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
    fn strings_for(&self, locale: &Locale) -> BTreeMap<String, StringEntry> {
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

/// The JSON Schema of `template.json`, for editors.
#[must_use]
pub fn schema() -> serde_json::Value {
    let mut schema = schemars::schema_for!(Document).to_value();
    numbers::allow_in(&mut schema);
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The language of a template for a locale, and what a string says in it.
    fn spoken(template: &Template, tag: &str, key: &str) -> (String, String) {
        let locale = Locale::parse(tag).expect("known locale");
        let text = match &template.strings_for(&locale)[key] {
            StringEntry::Plain(text) => text.clone(),
            StringEntry::Plural(forms) => forms["other"].clone(),
        };
        (template.language_for(&locale).to_owned(), text)
    }

    fn classic(strings: &[(&str, &str)]) -> Template {
        let own = strings.iter().map(|(language, text)| ((*language).to_owned(), text.as_bytes().to_vec()));
        let files = TemplateFiles { strings: own.collect(), ..builtin_files("quote-classic").expect("built in") };
        Template::parse(&files).expect("a good template")
    }

    #[test]
    fn regions_and_scripts_have_words_of_their_own() {
        let template = classic(&[]);
        for (tag, language, key, text) in [
            ("zh-TW", "zh-Hant", "quote", "報價單"),
            ("zh-Hant-HK", "zh-Hant", "nextStep", "可以開始了嗎？"),
            ("zh-CN", "zh", "quote", "报价单"),
            ("pt-PT", "pt-PT", "yourContact", "O seu contacto"),
            ("pt-PT", "pt-PT", "quote", "Orçamento"),
            ("pt-BR", "pt", "yourContact", "Seu contato"),
            ("es-ES", "es-ES", "quote", "Presupuesto"),
            ("es-AR", "es-AR", "quote", "Presupuesto"),
            ("es-CL", "es", "quote", "Cotización"),
            ("hu-HU", "en", "quote", "Quote"),
        ] {
            assert_eq!(spoken(&template, tag, key), (language.to_owned(), text.to_owned()), "{key} in {tag}");
        }
    }

    #[test]
    fn strings_of_a_template_win_over_words_of_a_region() {
        let template =
            classic(&[("en", "{}"), ("es", r#"{"quote": "Oferta"}"#), ("pt-PT", r#"{"quote": "Proposta"}"#)]);
        assert_eq!(spoken(&template, "es-ES", "quote").1, "Oferta");
        assert_eq!(spoken(&template, "es-ES", "validUntil").1, "Válido hasta el {{ date }}");
        assert_eq!(spoken(&template, "pt-PT", "quote").1, "Proposta");
        assert_eq!(spoken(&template, "pt-PT", "shipping").1, "Portes");
        assert_eq!(spoken(&template, "pt-BR", "quote").1, "Orçamento");
    }
}

//! A locale: a checked BCP 47 tag of a language that the locale data covers.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

/// Longest accepted tag, in characters: language, script, region, variants and extensions of any real tag fit.
pub(super) const MAX_TAG_CHARS: usize = 40;

/// Languages written from right to left unless the tag names another script (CLDR likely scripts).
const RTL_LANGUAGES: [&str; 14] =
    ["ar", "arc", "ckb", "dv", "fa", "he", "khw", "ks", "nqo", "ps", "sd", "syr", "ug", "ur"];
/// Scripts written from right to left (Unicode `Bidi_Class` R and AL) that living languages use.
const RTL_SCRIPTS: [&str; 8] = ["Adlm", "Arab", "Hebr", "Mand", "Nkoo", "Rohg", "Syrc", "Thaa"];

/// Where a document's reader lives: decides how amounts, numbers, dates and plurals are written.
///
/// Cheap to clone and safe to share; formatters are kept per thread.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Locale {
    icu: icu_locale_core::Locale,
    tag: String,
    rtl: bool,
}

impl Locale {
    /// The locale of a tag that is well formed; whether there is data for it is another question.
    pub(super) fn of(icu: icu_locale_core::Locale) -> Self {
        let language = icu.id.language.as_str();
        let rtl = match icu.id.script {
            Some(script) => RTL_SCRIPTS.contains(&script.as_str()),
            None => RTL_LANGUAGES.contains(&language),
        };
        Self { tag: icu.to_string(), rtl, icu }
    }

    /// The tag in its usual letter case: `es-CL`.
    #[must_use]
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// The language subtag alone: `es`.
    #[must_use]
    pub fn language(&self) -> &str {
        self.icu.id.language.as_str()
    }

    /// The region subtag where there is one: `CL`.
    #[must_use]
    pub fn region(&self) -> Option<&str> {
        self.icu.id.region.as_ref().map(|region| region.as_str())
    }

    /// Whether its text runs from right to left.
    #[must_use]
    pub const fn is_rtl(&self) -> bool {
        self.rtl
    }

    pub(super) const fn icu(&self) -> &icu_locale_core::Locale {
        &self.icu
    }
}

impl fmt::Display for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.tag)
    }
}

impl Serialize for Locale {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.tag)
    }
}

impl JsonSchema for Locale {
    fn schema_name() -> Cow<'static, str> {
        "Locale".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A BCP 47 locale of a language that CLDR covers.",
            "type": "string",
            "maxLength": MAX_TAG_CHARS,
            "pattern": "^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$",
            "examples": ["es-CL", "es-MX", "en-US", "pt-BR"]
        })
    }
}

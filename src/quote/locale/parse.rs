//! Reading a locale: a tag counts where the locale data covers its language.

use super::Locale;
use super::format::is_covered;
use super::tag::MAX_TAG_CHARS;

/// A text that is no locale we can write for.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidLocale {
    /// Not a BCP 47 tag.
    #[error("`{0}` is not a BCP 47 locale: write language-REGION, like es-CL or pt-BR")]
    Form(String),
    /// A tag of a language without locale data.
    #[error("there is no locale data for the language of `{0}`: write a language of CLDR, like es, en-US or pt-BR")]
    Uncovered(String),
}

impl Locale {
    /// Reads a BCP 47 tag such as `es-CL`, `pt-BR`, `zh-Hant-TW` or `ar-EG-u-nu-latn`; letter case does not matter.
    ///
    /// # Errors
    /// [`InvalidLocale::Form`] for a malformed tag, [`InvalidLocale::Uncovered`] for a language without locale data.
    pub fn parse(text: &str) -> Result<Self, InvalidLocale> {
        let shown = || text.chars().take(MAX_TAG_CHARS).collect::<String>();
        let plausible = text.len() <= MAX_TAG_CHARS
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && text.split('-').next().is_some_and(|language| matches!(language.len(), 2 | 3));
        let icu = if plausible { icu_locale_core::Locale::try_from_str(text).ok() } else { None };
        let icu = icu.ok_or_else(|| InvalidLocale::Form(shown()))?;
        let locale = Self::of(icu);
        if is_covered(&locale) { Ok(locale) } else { Err(InvalidLocale::Uncovered(shown())) }
    }
}

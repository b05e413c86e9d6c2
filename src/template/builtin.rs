//! The templates that are part of the program.

use std::collections::BTreeMap;

use super::checked::Template;
use super::error::TemplateError;
use super::files::TemplateFiles;
use crate::ground::problem::nearest;

struct Builtin {
    name: &'static str,
    document: &'static [u8],
}

macro_rules! builtins {
    ($($name:literal),+) => {
        &[$(Builtin {
            name: $name,
            document: include_bytes!(concat!("../../templates/", $name, "/template.json")),
        }),+]
    };
}

const BUILTINS: &[Builtin] = builtins!("quote-classic", "quote-compact", "quote-showcase", "quote-summary");

/// Names of the built-in templates, in alphabetical order.
pub fn builtin_names() -> impl Iterator<Item = &'static str> {
    BUILTINS.iter().map(|builtin| builtin.name)
}

/// The built-in template of that name.
///
/// # Errors
/// [`TemplateError::NotFound`] for an unknown name. A test parses them all, so they are never invalid.
pub fn builtin(name: &str) -> Result<Template, TemplateError> {
    Template::parse(&builtin_files(name)?)
}

/// The files of the built-in template of that name.
///
/// # Errors
/// [`TemplateError::NotFound`] for an unknown name.
pub fn builtin_files(name: &str) -> Result<TemplateFiles, TemplateError> {
    let Some(found) = BUILTINS.iter().find(|builtin| builtin.name == name) else {
        return Err(TemplateError::NotFound {
            name: name.chars().take(80).collect(),
            known: builtin_names().map(str::to_owned).collect(),
            hint: nearest(name, builtin_names()).map(|near| format!("; did you mean `{near}`?")),
        });
    };
    let (strings, parts) = (BTreeMap::new(), BTreeMap::new());
    Ok(TemplateFiles { source: name.to_owned(), document: found.document.to_vec(), strings, parts })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quote::locale::Locale;
    use crate::template::strings::StringEntry;

    #[test]
    fn every_builtin_template_passes_its_checks() {
        for name in builtin_names() {
            let template = builtin(name).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(template.document().name, name);
            for language in ["en", "es", "pt"] {
                assert!(template.languages().any(|known| known == language), "{name} speaks no {language}");
            }
        }
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        let error = builtin("quote-sumary").expect_err("misspelt").to_string();
        assert!(error.contains("did you mean `quote-summary`?"), "{error}");
    }

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

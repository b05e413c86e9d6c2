//! What the sender is told where a template has no words in the language of the quote.

use std::collections::BTreeSet;

use crate::ground::problem::{Problem, Warning, quoted};
use crate::quote::locale::Locale;
use crate::template::{STRINGS_FOLDER, Template};

/// The warning that strings of the template come in another language than the quote's, with the file that mends it.
pub(super) fn warning(locale: &Locale, template: &Template) -> Option<Problem> {
    let foreign: Vec<String> = template.foreign_strings(locale).map(|key| quoted(key, 40)).collect();
    if foreign.is_empty() {
        return None;
    }
    let language = |tag: &str| tag.split('-').next().unwrap_or_default().to_owned();
    let instead = &template.document().default_language;
    let is_partial = language(template.language_for(locale)) == language(locale.tag());
    let lacking = if is_partial { format!("no words for {}", listed(&foreign)) } else { "no words".to_owned() };
    let found = format!("{locale}, in which the template has {lacking}; it uses those of `{instead}`");
    let languages: BTreeSet<String> =
        template.languages().map(language).filter(|one| *one != locale.language()).collect();
    let languages: Vec<String> = languages.into_iter().collect();
    let expected = format!("a language that the template speaks: {}", languages.join(", "));
    let file = format!("{STRINGS_FOLDER}/{}.json", locale.language());
    let hint = if is_partial {
        format!("add what is missing to {file} in the template's folder")
    } else {
        format!(
            "add {file} to the template's folder; `render templates export NAME FOLDER` makes one of a built-in template"
        )
    };
    Some(Problem::warning(Warning::LocaleWithoutWords, "/locale", found, expected).with_hint(hint))
}

/// The first few of a list, and how many more there are.
fn listed(keys: &[String]) -> String {
    const MAX: usize = 3;
    let more = keys.len().saturating_sub(MAX);
    let first = keys[..keys.len() - more].join(", ");
    if more == 0 { first } else { format!("{first} and {more} more") }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::template::{TemplateFiles, builtin};

    fn warns(template: &Template, tag: &str) -> bool {
        warning(&Locale::parse(tag).expect("a locale"), template).is_some()
    }

    /// A template of one text, with strings of its own.
    fn template(text: &str, language: &str, strings: &[(&str, &str)]) -> Template {
        let document = serde_json::json!({
            "formatVersion": 1, "name": "one-text", "version": "1", "description": "One text.",
            "duration": { "min": 2, "max": 4 }, "defaultLanguage": language,
            "theme": { "fonts": { "body": { "family": "Inter", "weight": 500 } } },
            "scenes": [{ "id": "only", "children": [{ "type": "text", "text": text }] }]
        });
        let strings = strings.iter().map(|(language, text)| ((*language).to_owned(), text.as_bytes().to_vec()));
        let (source, document) = ("x".to_owned(), document.to_string().into_bytes());
        let files = TemplateFiles { source, document, strings: strings.collect(), parts: BTreeMap::new() };
        Template::parse(&files).expect("a good template")
    }

    #[test]
    fn a_language_without_words_is_reported_with_what_to_write() {
        let summary = builtin("quote-summary").expect("built in");
        let problem = warning(&Locale::parse("da-DK").expect("a locale"), &summary).expect("a warning");
        assert_eq!((problem.code, problem.pointer.as_str()), ("locale_without_words", "/locale"));
        assert_eq!(problem.found, "da-DK, in which the template has no words; it uses those of `en`");
        assert!(problem.expected.contains("ar, bn, de, el, en, es"), "{}", problem.expected);
        assert!(problem.hint.is_some_and(|hint| hint.contains("add strings/da.json to the template's folder")));
    }

    #[test]
    fn languages_with_words_and_their_regions_are_not() {
        let summary = builtin("quote-summary").expect("built in");
        for tag in ["en-US", "en-IN", "es-CL", "es-PY", "pt-AO", "de-LI", "zh-TW", "zh-Hant-HK", "zh-CN", "ar-AE"] {
            assert!(!warns(&summary, tag), "{tag}");
        }
        for tag in ["da-DK", "sv-SE", "hu-HU", "cs-CZ"] {
            assert!(warns(&summary, tag), "{tag}");
        }
    }

    #[test]
    fn strings_of_a_template_are_words() {
        let own = template("{{ t('hello') }}", "en", &[("en", r#"{"hello": "Hello"}"#), ("da", r#"{"hello": "Hej"}"#)]);
        assert!(!warns(&own, "da-DK"));
        assert!(warns(&own, "fr-FR"), "French has no `hello`");
        let half = template(
            "{{ t('hello') }}, {{ t('total') }}",
            "en",
            &[("en", r#"{"hello": "Hello"}"#), ("da", r#"{"hello": "Hej", "quote": "Tilbud"}"#)],
        );
        let problem = warning(&Locale::parse("da-DK").expect("a locale"), &half).expect("a warning");
        assert_eq!(problem.found, "da-DK, in which the template has no words for `total`; it uses those of `en`");
        let portuguese = template("{{ t('hello') }}", "pt-PT", &[("pt-PT", r#"{"hello": "Olá"}"#)]);
        assert!(!warns(&portuguese, "pt-BR"), "another region of the default language");
    }

    #[test]
    fn a_template_that_says_nothing_lacks_nothing() {
        assert!(!warns(&template("{{ customer.name }}", "en", &[]), "da-DK"));
    }
}

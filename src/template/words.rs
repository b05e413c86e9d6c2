//! The words every quote needs, in many languages: a template uses them without strings of its own.
//!
//! `templates/words/LANGUAGE.json` holds them, in the form of a template's own strings, which win over these.

use super::read::Strings;

macro_rules! words {
    ($($language:literal),+) => {
        &[$(($language, include_bytes!(concat!("../../templates/words/", $language, ".json")))),+]
    };
}

const WORDS: &[(&str, &[u8])] = words!(
    "ar", "bn", "de", "el", "en", "es", "fr", "he", "hi", "id", "it", "ja", "ko", "nl", "pl", "pt", "ru", "ta", "th",
    "tr", "vi", "zh"
);

/// The files, by language.
pub(super) fn files() -> impl Iterator<Item = (&'static str, &'static [u8])> {
    WORDS.iter().copied()
}

/// Completes a template's own strings with `words`: in the languages it has, and in those in which every string of its
/// own would be there too, so that no video speaks two languages.
pub(super) fn complete(own: Strings, words: Strings, default_language: &str) -> Strings {
    let needed = own.get(default_language).cloned().unwrap_or_default();
    if !words.contains_key(default_language) {
        return own;
    }
    let mut all = own;
    for (language, words) in words {
        let covered = needed.keys().all(|key| words.contains_key(key));
        match all.get_mut(&language) {
            Some(strings) => {
                let mut completed = words;
                completed.append(strings);
                *strings = completed;
            }
            None if covered => {
                all.insert(language, words);
            }
            None => {}
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::read::strings;
    use super::*;

    fn parsed(files: &[(&str, &str)]) -> Strings {
        let files: BTreeMap<String, Vec<u8>> =
            files.iter().map(|(language, text)| ((*language).to_owned(), text.as_bytes().to_vec())).collect();
        strings(files.iter().map(|(language, bytes)| (language.as_str(), bytes.as_slice()))).expect("good strings")
    }

    fn languages(strings: &Strings) -> Vec<&str> {
        strings.keys().map(String::as_str).collect()
    }

    #[test]
    fn every_language_has_every_word_and_names_the_same_values() {
        let all = strings(files()).expect("good strings");
        let english = &all["en"];
        for (language, words) in &all {
            assert_eq!(words.keys().collect::<Vec<_>>(), english.keys().collect::<Vec<_>>(), "{language}");
            for (key, entry) in words {
                for (of, expected) in [("{{ name }}", "attention"), ("{{ date }}", "validUntil")] {
                    assert_eq!(format!("{entry:?}").contains(of), key == expected, "{language}: {key}");
                }
            }
        }
        let named: Vec<&str> = files().map(|(language, _)| language).collect();
        assert!(named.is_sorted());
    }

    #[test]
    fn own_strings_win_and_bring_their_languages() {
        let words = || {
            parsed(&[("en", r#"{"total": "Total"}"#), ("es", r#"{"total": "Total"}"#), ("fr", r#"{"total": "Total"}"#)])
        };
        let none = complete(Strings::new(), words(), "en");
        assert_eq!(languages(&none), ["en", "es", "fr"]);

        let own = parsed(&[("en", r#"{"hello": "Hello", "total": "Sum"}"#), ("es", r#"{"hello": "Hola"}"#)]);
        let all = complete(own, words(), "en");
        assert_eq!(languages(&all), ["en", "es"], "French has no `hello`");
        assert_eq!(all["en"].len(), 2);
        assert!(format!("{:?}", all["en"]["total"]).contains("Sum"));
        assert!(format!("{:?}", all["es"]["total"]).contains("Total"));
    }

    #[test]
    fn a_template_in_a_language_without_words_stands_alone() {
        let own = parsed(&[("cs", r#"{"hello": "Ahoj"}"#)]);
        let all = complete(own, parsed(&[("en", r#"{"total": "Total"}"#)]), "cs");
        assert_eq!(languages(&all), ["cs"]);
    }
}

//! The words every quote needs, in many languages: a template uses them without strings of its own.
//!
//! `templates/words/LANGUAGE.json` holds them, in the form of a template's own strings, which win over these. A file that is
//! named by a region (`pt-PT`) has only what is said otherwise there; one named by a script (`zh-Hant`) is whole.

use super::strings::Strings;

macro_rules! words {
    ($($language:literal),+) => {
        &[$(($language, include_bytes!(concat!("../../templates/words/", $language, ".json")))),+]
    };
}

const WORDS: &[(&str, &[u8])] = words!(
    "ar", "bn", "de", "de-CH", "el", "en", "es", "es-AR", "es-ES", "fr", "fr-CA", "he", "hi", "id", "it", "ja", "ko",
    "nl", "pl", "pt", "pt-PT", "ru", "ta", "th", "tr", "vi", "zh", "zh-Hant"
);

/// Regions that speak a language as another region does, where CLDR (`parentLocales`) or, for de and es, usage says so.
const SPEAK_AS: [(&str, &[&str], &str); 3] = [
    ("de", &["LI"], "CH"),
    ("es", &["EA", "GQ", "IC"], "ES"),
    ("pt", &["AO", "CH", "CV", "FR", "GQ", "GW", "LU", "MO", "MZ", "ST", "TL"], "PT"),
];

/// The files, by language.
pub(super) fn files() -> impl Iterator<Item = (&'static str, &'static [u8])> {
    WORDS.iter().copied()
}

/// The script that a language is written in where its tag names none; known of those that are written in several.
fn usual_script(language: &str, region: Option<&str>) -> Option<&'static str> {
    match (language, region) {
        ("zh", Some("HK" | "MO" | "TW")) => Some("Hant"),
        ("zh", _) => Some("Hans"),
        _ => None,
    }
}

/// Language, script where it is given or known, and region of a tag in its usual letter case. What follows a single letter
/// is an extension, which has no bearing on words.
fn parts(tag: &str) -> (&str, Option<&str>, Option<&str>) {
    let subtags = || tag.split('-').take_while(|subtag| subtag.len() > 1);
    let language = subtags().next().unwrap_or_default();
    let region = subtags().skip(1).find(|subtag| matches!(subtag.len(), 2 | 3));
    let script = subtags().skip(1).find(|subtag| subtag.len() == 4 && subtag.bytes().all(|b| b.is_ascii_alphabetic()));
    (language, script.or_else(|| usual_script(language, region)), region)
}

/// The tags whose strings serve a tag, from its own to that of the language alone: for `zh-TW` they are `zh-Hant-TW`,
/// `zh-TW`, `zh-Hant` and `zh`, for `pt-AO` `pt-AO`, `pt-PT` and `pt`.
pub(super) fn lineage(tag: &str) -> Vec<String> {
    let (language, script, region) = parts(tag);
    let mut tags = Vec::new();
    if let Some(region) = region {
        tags.extend(script.map(|script| format!("{language}-{script}-{region}")));
        let usual = usual_script(language, Some(region));
        if usual.is_none() || usual == script {
            tags.push(format!("{language}-{region}"));
            let like = SPEAK_AS.iter().find(|(of, regions, _)| *of == language && regions.contains(&region));
            tags.extend(like.map(|(.., like)| format!("{language}-{like}")));
        }
    }
    tags.extend(script.map(|script| format!("{language}-{script}")));
    tags.push(language.to_owned());
    tags
}

/// The tags behind `tag` in its [`lineage`] that are written in its script.
fn more_general(tag: &str) -> impl Iterator<Item = String> {
    let script = parts(tag).1;
    lineage(tag).into_iter().skip_while(move |general| general != tag).skip(1).filter(move |one| parts(one).1 == script)
}

/// Completes a template's own strings with `words`: in the languages it has, and in those in which every string of its
/// own would be there too, so that no video speaks two languages. What a template says itself in a language, no region of
/// it says otherwise.
pub(super) fn complete(own: Strings, words: Strings, default_language: &str) -> Strings {
    let spoken = |tag: &str| lineage(tag).into_iter().rev().filter_map(|tag| words.get(&tag)).flatten();
    if spoken(default_language).next().is_none() {
        return own;
    }
    let said = |tag: &str, key: &str| own.get(tag).is_some_and(|strings| strings.contains_key(key));
    let mut all = Strings::new();
    for (tag, strings) in &own {
        let general: Vec<String> = more_general(tag).collect();
        let unsaid = spoken(tag).filter(|(key, _)| !general.iter().any(|general| said(general, key)));
        all.insert(tag.clone(), unsaid.chain(strings).map(|(key, entry)| (key.clone(), entry.clone())).collect());
    }
    let needed = own.get(default_language).cloned().unwrap_or_default();
    // Sorted by tag: a language comes before its regions.
    for (tag, entries) in words.iter().filter(|(tag, _)| !own.contains_key(*tag)) {
        if tag == default_language {
            all.insert(tag.clone(), spoken(tag).map(|(key, entry)| (key.clone(), entry.clone())).collect());
            continue;
        }
        let general: Vec<String> = more_general(tag).collect();
        let is_spoken = if general.is_empty() {
            // A template that has Chinese of its own is not joined by words in the other script.
            needed.keys().all(|key| entries.contains_key(key)) && !lineage(tag).iter().any(|tag| own.contains_key(tag))
        } else {
            general.iter().any(|general| all.contains_key(general))
        };
        if is_spoken {
            let unsaid = entries.iter().filter(|(key, _)| !general.iter().any(|general| said(general, key)));
            all.insert(tag.clone(), unsaid.map(|(key, entry)| (key.clone(), entry.clone())).collect());
        }
    }
    all.retain(|tag, strings| !strings.is_empty() || own.contains_key(tag));
    all
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::strings::strings;
    use super::*;

    fn parsed(files: &[(&str, &str)]) -> Strings {
        let files: BTreeMap<String, Vec<u8>> =
            files.iter().map(|(language, text)| ((*language).to_owned(), text.as_bytes().to_vec())).collect();
        strings(files.iter().map(|(language, bytes)| (language.as_str(), bytes.as_slice()))).expect("good strings")
    }

    fn languages(strings: &Strings) -> Vec<&str> {
        strings.keys().map(String::as_str).collect()
    }

    /// What `key` says in `tag`, as a template looks it up.
    fn says(all: &Strings, tag: &str, key: &str) -> String {
        let found = lineage(tag).into_iter().find_map(|tag| all.get(&tag)?.get(key).cloned());
        found.map_or_else(String::new, |entry| format!("{entry:?}"))
    }

    #[test]
    fn every_language_has_every_word_and_names_the_same_values() {
        let all = strings(files()).expect("good strings");
        let english = &all["en"];
        for (language, words) in &all {
            if more_general(language).next().is_none() {
                assert_eq!(words.keys().collect::<Vec<_>>(), english.keys().collect::<Vec<_>>(), "{language}");
            }
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
    fn regions_have_words_of_the_language_and_no_more_than_they_say_otherwise() {
        let all = strings(files()).expect("good strings");
        for (tag, words) in &all {
            for general in more_general(tag) {
                for (key, entry) in words {
                    let other = all[&general].get(key);
                    assert!(other.is_some_and(|other| other != entry), "{tag}: {key} is no other than in {general}");
                }
            }
        }
    }

    #[test]
    fn tags_lead_from_the_region_to_the_language() {
        for (tag, wanted) in [
            ("es-CL", "es-CL es"),
            ("pt-AO", "pt-AO pt-PT pt"),
            ("de-LI", "de-LI de-CH de"),
            ("zh-TW", "zh-Hant-TW zh-TW zh-Hant zh"),
            ("zh-Hant-HK", "zh-Hant-HK zh-HK zh-Hant zh"),
            ("zh-Hant", "zh-Hant zh"),
            ("zh-CN", "zh-Hans-CN zh-CN zh-Hans zh"),
            ("zh-Hans-HK", "zh-Hans-HK zh-Hans zh"),
            ("sr-Latn-RS", "sr-Latn-RS sr-RS sr-Latn sr"),
            ("ar-EG-u-nu-latn", "ar-EG ar"),
            ("es-419", "es-419 es"),
            ("ca-ES-valencia", "ca-ES ca"),
        ] {
            assert_eq!(lineage(tag).join(" "), wanted);
        }
    }

    #[test]
    fn regions_speak_as_they_do() {
        let all = complete(Strings::new(), strings(files()).expect("good strings"), "en");
        for (tag, key, wanted) in [
            ("zh-TW", "quote", "報價單"),
            ("zh-HK", "total", "合計"),
            ("zh-Hant-MO", "preparedFor", "客戶"),
            ("zh-CN", "quote", "报价单"),
            ("zh-Hans-HK", "quote", "报价单"),
            ("pt-BR", "yourContact", "Seu contato"),
            ("pt-PT", "yourContact", "O seu contacto"),
            ("pt-MZ", "shipping", "Portes"),
            ("pt-PT", "total", "Total"),
            ("es-CL", "quote", "Cotización"),
            ("es-ES", "quote", "Presupuesto"),
            ("es-AR", "quote", "Presupuesto"),
            ("es-AR", "more", "ítem"),
            ("es-ES", "more", "partida"),
            ("fr-CA", "quote", "Soumission"),
            ("fr-FR", "quote", "Devis"),
            ("de-CH", "quote", "Offerte"),
        ] {
            assert!(says(&all, tag, key).contains(wanted), "{key} in {tag}: {}", says(&all, tag, key));
        }
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

    fn of_regions() -> Strings {
        parsed(&[
            ("en", r#"{"quote": "Quote", "total": "Total"}"#),
            ("pt", r#"{"quote": "Orçamento", "total": "Total"}"#),
            ("pt-PT", r#"{"quote": "Proposta"}"#),
            ("zh", r#"{"quote": "报价单", "total": "总计"}"#),
            ("zh-Hant", r#"{"quote": "報價單", "total": "總計"}"#),
        ])
    }

    #[test]
    fn own_strings_of_a_language_win_over_words_of_its_regions() {
        let own =
            parsed(&[("en", r#"{"quote": "Bid"}"#), ("pt", r#"{"quote": "Cotação"}"#), ("zh", r#"{"quote": "标书"}"#)]);
        let all = complete(own, of_regions(), "en");
        assert_eq!(
            languages(&all),
            ["en", "pt", "zh"],
            "nothing is left of pt-PT, and zh-Hant would be another language"
        );
        assert!(says(&all, "pt-PT", "quote").contains("Cotação"));
        assert!(says(&all, "zh-TW", "quote").contains("标书"));
        assert!(says(&all, "zh-TW", "total").contains("总计"));
    }

    #[test]
    fn a_region_is_spoken_where_its_language_is() {
        let own = parsed(&[("en", r#"{"hello": "Hello"}"#), ("zh", r#"{"hello": "你好"}"#)]);
        assert_eq!(languages(&complete(own, of_regions(), "en")), ["en", "zh"], "Portuguese has no `hello`");
        let own = parsed(&[("en", r#"{"total": "Sum"}"#)]);
        assert_eq!(languages(&complete(own, of_regions(), "en")), ["en", "pt", "pt-PT", "zh", "zh-Hant"]);
    }

    #[test]
    fn a_template_may_bring_strings_of_a_region() {
        let own = parsed(&[
            ("en", r#"{"hello": "Hello"}"#),
            ("pt", r#"{"hello": "Oi", "total": "Soma"}"#),
            ("pt-PT", r#"{"hello": "Olá"}"#),
            ("zh-TW", r#"{"hello": "您好"}"#),
        ]);
        let all = complete(own, of_regions(), "en");
        assert_eq!(languages(&all), ["en", "pt", "pt-PT", "zh-TW"]);
        for (tag, key, wanted) in [
            ("pt-PT", "hello", "Olá"),
            ("pt-PT", "total", "Soma"),
            ("pt-PT", "quote", "Proposta"),
            ("pt-BR", "hello", "Oi"),
            ("pt-BR", "quote", "Orçamento"),
            ("zh-TW", "hello", "您好"),
            ("zh-TW", "quote", "報價單"),
        ] {
            assert!(says(&all, tag, key).contains(wanted), "{key} in {tag}: {}", says(&all, tag, key));
        }
        assert_eq!(says(&all, "zh-CN", "quote"), "");
    }

    #[test]
    fn a_region_may_be_the_default() {
        let all = complete(Strings::new(), of_regions(), "pt-PT");
        assert_eq!(all["pt-PT"].len(), 2, "what others are completed from is whole");
        let own = parsed(&[("pt-AO", r#"{"hello": "Olá"}"#)]);
        assert_eq!(languages(&complete(own.clone(), of_regions(), "pt-AO")), ["pt-AO"]);
        assert!(says(&complete(own, of_regions(), "pt-AO"), "pt-AO", "quote").contains("Proposta"));
    }

    #[test]
    fn a_template_in_a_language_without_words_stands_alone() {
        let own = parsed(&[("cs", r#"{"hello": "Ahoj"}"#)]);
        let all = complete(own, parsed(&[("en", r#"{"total": "Total"}"#)]), "cs");
        assert_eq!(languages(&all), ["cs"]);
    }
}

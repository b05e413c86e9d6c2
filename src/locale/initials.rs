//! The letters that stand for a name where there is no picture of it.

use icu_properties::props::{EnumeratedProperty as _, GeneralCategory, GeneralCategoryGroup, LogicalOrderException};
use icu_properties::{CodePointSetData, CodePointSetDataBorrowed};
use unicode_segmentation::UnicodeSegmentation as _;

/// Vowels that are written before the consonant they follow, as in Thai: no word is called by one.
const WRITTEN_BEFORE: CodePointSetDataBorrowed<'static> = CodePointSetData::new::<LogicalOrderException>();

/// What stands before a name and is none of it, without points, lower case: titles and forms of address, which are told by
/// the point they are written with.
const TITLES: &[&str] = &[
    "abg", "arch", "arq", "avv", "bc", "dipl-ing", "dott", "dr", "dra", "eng", "hr", "ing", "inż", "lic", "mag", "mgr",
    "mr", "mrs", "ms", "mx", "prof", "profa", "sig", "sr", "sra", "srta", "д-р",
];

/// Those of them that are written without a point as well.
const PLAIN_TITLES: &[&str] = &["dr", "dra", "frau", "herr", "mlle", "mme", "mr", "mrs", "ms"];

/// Legal forms at the end of a company's name, without points, lower case. They are told by a point or by two capitals:
/// `SpA` is one, `Spa` is a place.
const LEGAL_FORMS: &[&str] = &[
    "ab", "ag", "aps", "as", "bv", "cia", "cía", "co", "cv", "dev", "eirl", "epp", "esp", "eu", "eurl", "gbr", "kft",
    "kg", "lda", "llp", "me", "mei", "nv", "ohg", "oy", "plc", "pte", "rl", "sa", "sac", "sapi", "sarl", "sas", "sasu",
    "sca", "sl", "slu", "snc", "spa", "srl", "sro", "ug", "зао",
];

/// Those that nothing else is written like.
const PLAIN_FORMS: &[&str] =
    &["corp", "eireli", "gmbh", "inc", "limitada", "limited", "llc", "ltd", "ltda", "private", "pty", "pvt", "ооо"];

/// Words between names, as they are written: articles, prepositions, conjunctions.
const JOINING: &[&str] = &[
    "&", "and", "da", "das", "de", "degli", "dei", "del", "della", "der", "des", "di", "do", "dos", "du", "e", "en",
    "et", "i", "of", "u", "und", "van", "von", "y", "и",
];

/// Up to two initials of a name, upper case: those of its first and last word that have a letter or digit. What stands in
/// brackets, titles before a name, legal forms after it and the words between are none of it, unless nothing else is there.
pub fn initials(name: &str) -> String {
    let outside = without_brackets(name);
    let words: Vec<&str> = outside.split_whitespace().filter(|word| initial(word).is_some()).collect();
    if words.is_empty() && outside != name {
        return letters(name.split_whitespace());
    }
    let mut core = words.as_slice();
    while let [first, rest @ ..] = core
        && !rest.is_empty()
        && is_title(first)
    {
        core = rest;
    }
    let named = core.len();
    while let [rest @ .., last] = core
        && !rest.is_empty()
        // The `S.` of `S. de R.L.` is a company; that of `Juan S.` is a person.
        && (is_legal_form(last) || JOINING.contains(last) || (core.len() < named && *last == "S."))
    {
        core = rest;
    }
    letters(core.iter().copied())
}

/// The initials of the first and the last of these words that have one.
fn letters<'n>(words: impl DoubleEndedIterator<Item = &'n str>) -> String {
    let mut found = words.filter_map(initial);
    let first = found.next();
    first.into_iter().chain(found.next_back()).flat_map(|letter| letter.chars().flat_map(char::to_uppercase)).collect()
}

/// The name without what stands in brackets; a bracket that is not closed brackets nothing.
fn without_brackets(name: &str) -> String {
    let mut outside = String::with_capacity(name.len());
    let mut rest = name;
    while let Some((before, after)) = rest.split_once(['(', '[', '（']) {
        let Some((_, behind)) = after.split_once([')', ']', '）']) else { break };
        outside.push_str(before);
        outside.push(' ');
        rest = behind;
    }
    outside.push_str(rest);
    outside
}

fn is_title(word: &str) -> bool {
    let bare = bare(word);
    PLAIN_TITLES.contains(&bare.as_str()) || (word.ends_with('.') && TITLES.contains(&bare.as_str()))
}

fn is_legal_form(word: &str) -> bool {
    let bare = bare(word);
    let is_marked = word.trim_end_matches(',').ends_with('.') || word.chars().filter(|c| c.is_uppercase()).count() > 1;
    PLAIN_FORMS.contains(&bare.as_str()) || (is_marked && LEGAL_FORMS.contains(&bare.as_str()))
}

/// A word in lower case without points and commas.
fn bare(word: &str) -> String {
    word.chars().filter(|c| !matches!(c, '.' | ',')).flat_map(char::to_lowercase).collect()
}

/// The first letter or digit of a word with the marks that belong to it: accents, and the vowels of the scripts of India.
/// In Thai and Lao the consonant stands alone.
fn initial(word: &str) -> Option<&str> {
    word.graphemes(true).find_map(|cluster| {
        let letter = cluster.chars().next().filter(|c| begins_a_name(*c))?;
        Some(if is_thai_or_lao(letter) { &cluster[..letter.len_utf8()] } else { cluster })
    })
}

/// Whether a character is a letter or digit that may stand alone, which a mark may not.
fn begins_a_name(c: char) -> bool {
    let mark = GeneralCategoryGroup::Mark.contains(GeneralCategory::for_char(c));
    c.is_alphanumeric() && !mark && !WRITTEN_BEFORE.contains(c)
}

const fn is_thai_or_lao(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_are_those_of_the_first_and_the_last_word() {
        for (name, wanted) in [
            ("Sol del Norte SpA", "SN"),
            ("Dra. Helena Siqueira", "HS"),
            ("Gráfica Moderna Ltda. ME", "GM"),
            ("Transporte Andino (Ley 21.118)", "TA"),
            ("Pérez y Cía.", "P"),
            ("Comercial Los Andes S. de R.L. de C.V.", "CA"),
            ("Urban Spa", "US"),
            ("SpA", "S"),
            ("The Green Co.", "TG"),
            ("(Ana)", "A"),
            ("D. García", "DG"),
            ("Clínica A", "CA"),
            ("Juan S.", "JS"),
            ("Don Quijote (", "DQ"),
            ("La Casa", "LC"),
            ("  «acme» ", "A"),
            ("…", ""),
            ("", ""),
            ("3 hermanos", "3H"),
            ("e\u{301}lite ñandú", "E\u{301}Ñ"),
        ] {
            assert_eq!(initials(name), wanted, "{name}");
        }
    }

    #[test]
    fn initials_of_other_scripts_are_letters_that_may_stand_alone() {
        for (name, wanted) in [
            ("किरण शर्मा", "किश"),
            ("क्षमा", "क्ष"),
            ("เชียงใหม่ สปา", "ชส"),
            ("ที่ปรึกษา", "ท"),
            ("\u{e34}ก", "ก"),
            ("\u{301}\u{947} b", "B"),
            ("شركة النور", "شا"),
            ("株式会社", "株"),
        ] {
            assert_eq!(initials(name), wanted, "{name}");
        }
    }
}

//! The letters that stand for a name where there is no picture of it.

use icu_properties::props::{EnumeratedProperty as _, GeneralCategory, GeneralCategoryGroup, LogicalOrderException};
use icu_properties::{CodePointSetData, CodePointSetDataBorrowed};
use unicode_segmentation::UnicodeSegmentation as _;

/// Vowels that are written before the consonant they follow, as in Thai: no word is called by one.
const WRITTEN_BEFORE: CodePointSetDataBorrowed<'static> = CodePointSetData::new::<LogicalOrderException>();

/// Up to two initials of a name, upper case: those of its first and last word that have a letter or digit.
pub fn initials(name: &str) -> String {
    let mut words = name.split_whitespace().filter_map(initial);
    let first = words.next();
    first.into_iter().chain(words.next_back()).flat_map(|letter| letter.chars().flat_map(char::to_uppercase)).collect()
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
            ("Sol del Norte SpA", "SS"),
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

//! Characters that show nothing or pile up: whatever could hide in a name is left out, and counted, so that the sender
//! can be told. What letters and emoji need to look as they should stays.

use icu_properties::props::{CanonicalCombiningClass, EnumeratedProperty as _, GeneralCategory};
use unicode_segmentation::UnicodeSegmentation as _;

use crate::ground::bidi::is_bidi_control;
use crate::quote::locale::is_ignorable;

/// Most characters of one letter with its marks, or of one emoji with all its joined parts. Words of any language need
/// fewer.
pub(super) const MAX_CLUSTER_CHARS: usize = 16;

/// Most marks one above the other, or one below the other, on one letter: Vietnamese, polytonic Greek and Pinyin take
/// two. What goes beyond is a tower of marks over the neighbouring lines.
const TALLEST_TOWER: usize = 2;
/// Most marks in a row of those that stand in no such order: vowels and nasal signs of the scripts of India, variation
/// selectors, keycaps.
const MAX_UNORDERED: usize = 3;

/// A text without what shows nothing, and how many characters were left out.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Cleaned {
    /// What is left.
    pub(super) text: String,
    /// Characters that steer text direction.
    pub(super) direction: usize,
    /// Other characters that show nothing.
    pub(super) invisible: usize,
    /// Marks beyond [`TALLEST_TOWER`] and [`MAX_CLUSTER_CHARS`] of one letter.
    pub(super) marks: usize,
}

/// Leaves out what shows nothing.
pub(super) fn clean(text: &str) -> Cleaned {
    if text.is_ascii() {
        return Cleaned { text: text.to_owned(), ..Cleaned::default() };
    }
    let mut cleaned = Cleaned::default();
    let mut visible = String::with_capacity(text.len());
    for (c, after) in with_next_shown(text) {
        if is_bidi_control(c) {
            cleaned.direction += 1;
        } else if is_needed(c, visible.chars().next_back(), after) {
            visible.push(c);
        } else {
            cleaned.invisible += 1;
        }
    }
    for cluster in visible.graphemes(true) {
        let before = cleaned.text.len();
        let kept = without_towers(cluster).take(MAX_CLUSTER_CHARS);
        cleaned.text.extend(kept);
        cleaned.marks += cluster.chars().count() - cleaned.text[before..].chars().count();
    }
    cleaned
}

/// The characters of a letter with its marks, but of those marks that stand one above the other no more than
/// [`TALLEST_TOWER`]: marks of one combining class do (Unicode, chapter 3.11).
fn without_towers(cluster: &str) -> impl Iterator<Item = char> {
    let mut tower: Vec<CanonicalCombiningClass> = Vec::new();
    cluster.chars().filter(move |c| {
        match GeneralCategory::for_char(*c) {
            GeneralCategory::NonspacingMark | GeneralCategory::EnclosingMark => {}
            GeneralCategory::Format => return true,
            _ => {
                tower.clear();
                return true;
            }
        }
        let class = CanonicalCombiningClass::for_char(*c);
        let is_unordered = class == CanonicalCombiningClass::NotReordered;
        tower.push(class);
        tower.iter().filter(|other| **other == class).count()
            <= if is_unordered { MAX_UNORDERED } else { TALLEST_TOWER }
    })
}

/// Each character with the next one that shows something.
fn with_next_shown(text: &str) -> Vec<(char, Option<char>)> {
    let mut next = None;
    let mut all: Vec<(char, Option<char>)> = Vec::with_capacity(text.len());
    for c in text.chars().rev() {
        all.push((c, next));
        if !shows_nothing(c) {
            next = Some(c);
        }
    }
    all.reverse();
    all
}

/// Whether a character shows something, or makes those around it look as they should. `before` is the character kept
/// before it, `after` the next one that shows something.
fn is_needed(c: char, before: Option<char>, after: Option<char>) -> bool {
    // Below U+0590 stand the alphabets that neither join nor run from right to left: Latin, Greek, Cyrillic, Armenian.
    let joins = |c: Option<char>| c.is_some_and(|c| c >= '\u{590}' && !shows_nothing(c));
    match c {
        // Joiners, their opposites and marks of direction, and the break opportunity of scripts without spaces; one
        // each.
        '\u{200b}'..='\u{200f}' | '\u{61c}' => before != Some(c) && (joins(before) || joins(after)),
        // One variation selector chooses a form of the character before it.
        '\u{180b}'..='\u{180d}' | '\u{180f}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' => {
            before.is_some_and(|before| !shows_nothing(before) && !before.is_whitespace())
        }
        // Tags spell the region of a flag.
        '\u{e0020}'..='\u{e007f}' => matches!(before, Some('\u{1f3f4}' | '\u{e0020}'..='\u{e007e}')),
        c => !shows_nothing(c),
    }
}

/// Whether a character draws nothing by itself: the ignorable ones without the soft hyphen, which words may carry,
/// interlinear annotations, and the empty pattern of Braille.
fn shows_nothing(c: char) -> bool {
    c != '\u{ad}' && (is_ignorable(c) || matches!(c, '\u{2800}' | '\u{fff9}'..='\u{fffb}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hides_in_a_name_is_left_out_and_counted() {
        for (text, left, direction, invisible) in [
            ("Banco", "Banco", 0, 0),
            ("Ban\u{200b}co\u{feff} Ñ\u{200d}", "Banco Ñ", 0, 3),
            ("\u{202e}ocnaB\u{202c} é", "ocnaB é", 2, 0),
            ("\u{3164}\u{2800}\u{200b}\u{e0041}", "", 0, 4),
            ("é\u{fe0f}\u{fe0f}\u{e0100}", "é\u{fe0f}", 0, 2),
            ("a\u{2066}\u{200f}b", "ab", 1, 1),
            ("👩\u{200d}\u{200d}\u{200d}💻", "👩\u{200d}💻", 0, 2),
        ] {
            let cleaned = clean(text);
            assert_eq!((cleaned.text.as_str(), cleaned.direction, cleaned.invisible), (left, direction, invisible));
        }
    }

    #[test]
    fn what_letters_and_emoji_need_stays() {
        for text in [
            "👩\u{200d}💻 ❤\u{fe0f}\u{200d}🔥 🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f} 🇨🇱 👍🏽",
            "می\u{200c}خواهم",
            "क्\u{200d}ष क्ष्म्य",
            "ภาษา\u{200b}ไทย",
            "Größen\u{ad}wahn e\u{301}\u{323} ve\u{302}\u{301} ω\u{314}\u{342}\u{345}",
            "בְּשָׁ\u{5bd}",
            "مُحَمَّدٌ",
            "हूँ ड़ाँ 1\u{fe0f}\u{20e3}",
            "葛\u{e0100}城",
        ] {
            assert_eq!(clean(text), Cleaned { text: text.to_owned(), ..Cleaned::default() });
        }
    }

    #[test]
    fn towers_of_marks_are_cut() {
        let cleaned = clean(&format!("a{}b", "\u{301}".repeat(400)));
        assert_eq!((cleaned.text.as_str(), cleaned.marks), ("a\u{301}\u{301}b", 398));
        let cleaned = clean(&"\u{301}\u{323}".repeat(3));
        assert_eq!((cleaned.text.as_str(), cleaned.marks), ("\u{301}\u{323}\u{301}\u{323}", 2));
        // Family members without end: no mark among them, and still one cluster.
        let cleaned = clean(&"👩\u{200d}".repeat(40));
        assert_eq!(cleaned.text.chars().count(), MAX_CLUSTER_CHARS);
    }
}

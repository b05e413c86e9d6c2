//! Directional isolates around what is put into a text, so that a name or an amount in another script never reorders its
//! neighbours.

const LEFT_TO_RIGHT_MARK: char = '\u{200e}';
pub(super) const LEFT_TO_RIGHT_ISOLATE: char = '\u{2066}';
const RIGHT_TO_LEFT_ISOLATE: char = '\u{2067}';
const FIRST_STRONG_ISOLATE: char = '\u{2068}';
pub(super) const POP_DIRECTIONAL_ISOLATE: char = '\u{2069}';

/// Whether a letter is written from right to left. In a language that is, a value with such a letter reads that way even where
/// it begins with a Latin word: `LED` before an Arabic name of a lamp stands at its right.
fn is_right_to_left(character: char) -> bool {
    matches!(character, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}' | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
        && character.is_alphabetic()
}

/// Whether the words of a string, without what is put into it, have letters, and none that is written from right to left.
pub(super) fn is_left_to_right(source: &str) -> bool {
    let mut words =
        source.split("{{").flat_map(|part| part.rsplit_once("}}").map_or(Some(part), |(_, words)| Some(words)));
    words.clone().any(|words| words.contains(char::is_alphabetic))
        && !words.any(|words| words.contains(is_right_to_left))
}

/// A value in an isolate of its direction, in a language that is written from right to left or not.
pub(super) fn isolated(value: &str, right_to_left: bool) -> String {
    // Amounts of some locales begin with a mark that says otherwise.
    let turned = right_to_left && !value.starts_with(LEFT_TO_RIGHT_MARK) && value.contains(is_right_to_left);
    let isolate = if turned { RIGHT_TO_LEFT_ISOLATE } else { FIRST_STRONG_ISOLATE };
    format!("{isolate}{value}{POP_DIRECTIONAL_ISOLATE}")
}

/// The text without isolates: what is counted, searched or encoded instead of shown.
pub(super) fn without_isolates(text: &str) -> String {
    text.chars()
        .filter(|c| !matches!(*c, RIGHT_TO_LEFT_ISOLATE | FIRST_STRONG_ISOLATE | POP_DIRECTIONAL_ISOLATE))
        .collect()
}

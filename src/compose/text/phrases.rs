//! Where lines had better not end: inside of a word of a language that is written without spaces, and at the hyphen of
//! a name in a heading. Such places get a word joiner; fitting drops it where it costs too much.

use crate::ground::bidi::WORD_JOINER;
use crate::quote::locale::is_ignorable;

/// Invisible, and a line may end at it.
const ZERO_WIDTH_SPACE: char = '\u{200b}';
/// Length in bytes from which an address is given places to break at; shorter ones have room.
const LONG_ADDRESS: usize = 24;

/// What a character of a Japanese text is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Hiragana,
    Katakana,
    Han,
    Figure,
    Other,
}

fn kind(character: char) -> Kind {
    match character {
        'ぁ'..='ゖ' | 'ゝ' | 'ゞ' => Kind::Hiragana,
        // Written small, it is a counter: 12ヶ月.
        'ヶ' | '々' | '〆' => Kind::Han,
        'ァ'..='ヺ' | 'ー' | 'ヽ' | 'ヾ' | '\u{ff66}'..='\u{ff9f}' => Kind::Katakana,
        '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}' => {
            Kind::Han
        }
        _ if character.is_numeric() => Kind::Figure,
        _ => Kind::Other,
    }
}

/// The text with word joiners where a phrase of its language would be torn, or `None` where there is no such place.
/// `heading` keeps hyphenated names together as well.
///
/// A Japanese phrase begins with a word in kanji or katakana and goes on with its endings and particles in hiragana;
/// kanji and katakana side by side are two words. `お` and `ご` belong to the word behind them.
pub(super) fn keep_whole(text: &str, language: &str, heading: bool) -> Option<String> {
    let japanese = language.split('-').next().is_some_and(|primary| primary.eq_ignore_ascii_case("ja"));
    if !(japanese || heading && text.contains(['-', '‐'])) {
        return None;
    }
    let characters: Vec<char> = text.chars().collect();
    let mut kept = String::with_capacity(text.len() * 2);
    let mut any = false;
    for (at, character) in characters.iter().enumerate() {
        kept.push(*character);
        let Some(next) = characters.get(at + 1) else { break };
        let before = at.checked_sub(1).map(|at| characters[at]);
        let torn = (japanese && tears_phrase(*character, *next, characters.get(at + 2).copied()))
            || (heading && tears_name(before, *character, *next));
        if torn {
            kept.push(WORD_JOINER);
            any = true;
        }
    }
    any.then_some(kept)
}

/// Whether a line that ends between these would tear a Japanese phrase.
fn tears_phrase(character: char, next: char, after: Option<char>) -> bool {
    let polite = |c: char| matches!(c, 'お' | 'ご');
    match (kind(character), kind(next)) {
        (Kind::Hiragana, Kind::Hiragana) => {
            !(polite(next) && after.is_some_and(|after| matches!(kind(after), Kind::Han | Kind::Katakana)))
        }
        (Kind::Hiragana, Kind::Han | Kind::Katakana) => polite(character),
        (Kind::Katakana | Kind::Han | Kind::Figure, Kind::Hiragana)
        | (Kind::Katakana, Kind::Katakana)
        | (Kind::Han, Kind::Han)
        | (Kind::Figure, Kind::Han | Kind::Katakana) => true,
        _ => false,
    }
}

/// Whether a text is an e-mail or web address and nothing else.
pub(crate) fn is_address(text: &str) -> bool {
    let shown = || text.chars().filter(|c| !is_ignorable(*c));
    let is_plain = shown().all(|c| c.is_ascii_graphic());
    is_plain
        && (text.contains('@') || text.contains("://") || shown().any(|c| c == '.'))
        && shown().any(char::is_alphabetic)
}

/// Whether a word is a number of a document or the like, in parts: `COT-2026-0147`.
pub(super) fn is_code(word: &str) -> bool {
    let mut shown = word.chars().filter(|c| !is_ignorable(*c));
    word.contains('-') && shown.all(|c| c.is_ascii_graphic())
}

/// The text with places to break long addresses and codes at: before `@` and points, behind slashes and hyphens, before
/// figures too.
pub(super) fn break_addresses(text: &str) -> String {
    let mut broken = String::with_capacity(text.len() + 16);
    for word in text.split_inclusive([' ', '\n']) {
        let plain = word.trim_end();
        if word.len() < LONG_ADDRESS || !(is_address(plain) || is_code(plain)) {
            broken.push_str(word);
            continue;
        }
        let mut characters = word.chars().peekable();
        while let Some(character) = characters.next() {
            match character {
                '-' if characters.peek().is_some_and(char::is_ascii_digit) => {
                    broken.extend([character, ZERO_WIDTH_SPACE])
                }
                '@' | '.' => broken.extend([ZERO_WIDTH_SPACE, character]),
                '/' | '_' | '=' | '&' => broken.extend([character, ZERO_WIDTH_SPACE]),
                _ => broken.push(character),
            }
        }
    }
    broken
}

/// Whether a line that ends between these would tear a hyphenated name.
fn tears_name(before: Option<char>, hyphen: char, next: char) -> bool {
    matches!(hyphen, '-' | '‐') && before.is_some_and(char::is_alphanumeric) && next.is_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where lines may end is shown by a bar.
    fn phrases(text: &str) -> String {
        let kept = keep_whole(text, "ja-JP", true).unwrap_or_else(|| text.to_owned());
        let characters: Vec<char> = kept.chars().collect();
        let mut shown = String::new();
        for (at, character) in characters.iter().enumerate().filter(|(_, c)| **c != WORD_JOINER) {
            let joined = at > 0 && characters[at - 1] == WORD_JOINER;
            if at > 0 && !joined {
                shown.push('|');
            }
            shown.push(*character);
        }
        shown
    }

    #[test]
    fn phrases_stay_whole() {
        for (text, wanted) in [
            ("進めてよろしいですか", "進めてよろしいですか"),
            ("移転に伴うネットワーク構築および保守", "移転に|伴う|ネットワーク|構築および|保守"),
            ("内装リフォーム工事", "内装|リフォーム|工事"),
            ("銀行振込でお支払い", "銀行振込で|お支払い"),
            ("12ヶ月", "1|2ヶ月"),
        ] {
            assert_eq!(phrases(text), wanted, "{text}");
        }
    }

    #[test]
    fn addresses_break_at_their_joints() {
        let address = "departamento.comercial@equipos-medicos.example";
        let broken = break_addresses(&format!("Mail {address} now"));
        assert_eq!(broken.replace(ZERO_WIDTH_SPACE, "|"), "Mail departamento|.comercial|@equipos-medicos|.example now");
        let broken = break_addresses("COT-2026-0000147-REV.03-BIOBIO");
        assert_eq!(broken.replace(ZERO_WIDTH_SPACE, "|"), "COT-|2026-|0000147-REV|.03-BIOBIO");
        for text in ["a@b.example", "Instalaci\u{f3}n el\u{e9}ctrica completa", "1.234.567.890.123.456.789.012"] {
            assert_eq!(break_addresses(text), text);
        }
        assert!(is_address("\u{2068}a@b.example\u{2069}") && !is_address("a b.example") && !is_address("12.50"));
    }

    #[test]
    fn names_with_hyphens_stay_whole_in_headings() {
        assert_eq!(keep_whole("Al-Mansoori & Sons", "ar", true).as_deref(), Some("Al-\u{2060}Mansoori & Sons"));
        assert_eq!(keep_whole("Al-Mansoori", "ar", false), None);
        assert_eq!(keep_whole("so - so, 10-", "en", true), None);
        assert_eq!(keep_whole("报价单", "zh", true), None);
    }
}

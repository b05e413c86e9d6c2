//! Cleaning a text before it is shaped: white space, control characters, length. Pure string work.

use unicode_segmentation::UnicodeSegmentation as _;

use super::Direction;
use super::phrases::break_addresses;
use crate::ground::bidi::{LEFT_TO_RIGHT_ISOLATE, POP_DIRECTIONAL_ISOLATE, WORD_JOINER, begins_isolate};
use crate::quote::locale::is_ignorable;

/// Most characters of one text that are laid out. A canvas full of 40 px letters holds about 1500; whatever is longer
/// would never fit and only costs time.
pub(super) const MAX_CHARACTERS: usize = 5_000;

/// Deepest nesting of isolates that is kept. A value inside a sentence inside a bidirectional document needs 3;
/// thousands make bidirectional ordering slow.
const MAX_ISOLATES: usize = 8;

/// Longest unit, in letters, that stays on the line of its number: `550 W`, `6,6 kWp`, `90 min`. Longer ones are words.
const MAX_UNIT_LETTERS: usize = 3;

/// Least figures of what is taken for a telephone number.
const MIN_PHONE_FIGURES: usize = 7;

/// The sign of omission.
pub(super) const ELLIPSIS: char = '…';

/// A text that is safe to shape.
pub(super) struct Prepared {
    pub(super) text: String,
    /// Whether it was longer than [`MAX_CHARACTERS`].
    pub(super) cut: bool,
}

/// Every kind of line break becomes `\n`, other control characters vanish, runs of spaces and tabs become one space,
/// and spaces at the ends of lines go, as in CSS `white-space: pre-line`. No-break spaces stay. Soft hyphens vanish:
/// nothing is hyphenated. Embeddings and overrides (U+202A to U+202E) vanish: they can turn the digits of an amount
/// around, and isolates do all they are needed for. Telephone numbers stay on one line; in a text that is read from
/// right to left they and codes are isolated, or their groups would change places.
pub(super) fn prepare(text: &str, direction: Direction) -> Prepared {
    let mut clean = String::with_capacity(text.len().min(4 * MAX_CHARACTERS));
    let mut characters = 0;
    let mut cut = false;
    let mut space = false;
    let mut previous = '\n';
    let mut depth = 0usize;
    for character in text.chars() {
        let returned = std::mem::replace(&mut previous, character) == '\r';
        match character {
            '\n' if returned => continue,
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
                space = false;
                depth = 0;
                clean.push('\n');
            }
            ' ' | '\t' => {
                space = !(clean.is_empty() || clean.ends_with('\n'));
                continue;
            }
            '\u{ad}' | '\u{202a}'..='\u{202e}' => continue,
            _ if character.is_control() => continue,
            _ => {
                match character {
                    c if begins_isolate(c) => {
                        depth += 1;
                        if depth > MAX_ISOLATES {
                            continue;
                        }
                    }
                    POP_DIRECTIONAL_ISOLATE => {
                        depth = depth.saturating_sub(1);
                        if depth >= MAX_ISOLATES {
                            continue;
                        }
                    }
                    _ => {}
                }
                if std::mem::take(&mut space) {
                    clean.push(' ');
                    characters += 1;
                }
                clean.push(character);
            }
        }
        characters += 1;
        if characters > MAX_CHARACTERS {
            cut = true;
            break;
        }
    }
    if cut {
        // The last grapheme may have lost its end.
        let end = clean.grapheme_indices(true).next_back().map_or(0, |(start, _)| start);
        clean = omit_after(&clean[..end]);
    }
    while clean.ends_with('\n') {
        clean.pop();
    }
    let kept = break_addresses(&keep_together(&clean));
    Prepared { text: if direction == Direction::Rtl { isolate_numbers(&kept) } else { hold_phones(&kept) }, cut }
}

/// Puts telephone numbers and codes of several groups into left-to-right isolates: amid Arabic words `+971 50 555 0177`
/// would read `0177 555 50 971+`, and `2026-0045-1234` `1234-0045-2026`.
fn isolate_numbers(text: &str) -> String {
    rewritten(text, |rest, may_be_phone| {
        let length = if may_be_phone { phone_length(rest) } else { 0 };
        let length = if length == 0 { code_length(rest) } else { length };
        let number = rest[..length].replace(' ', "\u{a0}");
        (length, format!("{LEFT_TO_RIGHT_ISOLATE}{number}{POP_DIRECTIONAL_ISOLATE}"))
    })
}

/// Keeps telephone numbers on one line.
fn hold_phones(text: &str) -> String {
    rewritten(text, |rest, may_be_phone| {
        let length = if may_be_phone { phone_length(rest) } else { 0 };
        (length, rest[..length].replace(' ', "\u{a0}"))
    })
}

/// The text with `found` put in place of the number that begins at a word's beginning: bytes it has there, 0 for none,
/// and what takes its place. The second argument of `found` says whether a telephone number may begin there, which it
/// may not behind a figure: `0331` in `AE07 0331 2345 6789` is a group of something longer.
fn rewritten(text: &str, found: impl Fn(&str, bool) -> (usize, String)) -> String {
    let mut whole = String::with_capacity(text.len() + 8);
    let mut rest = text;
    let (mut may_begin, mut behind_figure, mut behind_word) = (true, false, false);
    while let Some(first) = rest.chars().next() {
        let (length, number) = if may_begin { found(rest, !behind_figure) } else { (0, String::new()) };
        if length > 0 {
            whole.push_str(&number);
            (may_begin, behind_figure, behind_word) = (false, true, true);
            rest = &rest[length..];
            continue;
        }
        whole.push(first);
        rest = &rest[first.len_utf8()..];
        if is_ignorable(first) {
            continue;
        }
        may_begin = first.is_whitespace()
            || matches!(first, '(' | '[' | '"' | '«' | '“' | '#')
            || (first == ':' && !behind_word);
        if !first.is_whitespace() {
            behind_figure = first.is_numeric();
            behind_word = first.is_ascii_alphanumeric();
        }
    }
    whole
}

/// Bytes of the telephone number that a text begins with, or 0: it begins with `+`, `(` or `0`, has spaces, hyphens,
/// points or brackets between its figures, and at least [`MIN_PHONE_FIGURES`] of them.
fn phone_length(text: &str) -> usize {
    let mut figures = 0;
    let mut groups = 0;
    let mut end = 0;
    let mut between = true;
    for (at, character) in text.char_indices() {
        match character {
            '0'..='9' => {
                figures += 1;
                groups += usize::from(std::mem::take(&mut between));
                end = at + 1;
            }
            '+' if at == 0 || (at == 1 && text.starts_with('(')) => {}
            ' ' | '\u{a0}' | '-' | '.' | '(' | ')' => between = true,
            _ => break,
        }
    }
    let is_phone = text.starts_with(['+', '(', '0']) && figures >= MIN_PHONE_FIGURES && groups > 1;
    if is_phone && ends_word(&text[end..]) { end } else { 0 }
}

/// Bytes of the code that a text begins with, or 0: figures and perhaps letters in groups, with a hyphen or a sign of
/// multiplication among what stands between them. Two groups of figures with a hyphen between are a range, which is
/// read as the words around it, unless one begins with a zero.
fn code_length(text: &str) -> usize {
    let joins = |c: char| matches!(c, '-' | '/' | '.' | '×' | '*');
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || joins(c))).unwrap_or(text.len());
    let code = text[..end].trim_end_matches(joins);
    let groups: Vec<&str> = code.split(joins).collect();
    let is_range = groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_digit()))
        && !code.contains(['×', '*'])
        && !(groups.len() > 2 || groups.iter().any(|group| group.len() > 1 && group.starts_with('0')));
    let is_code = code.starts_with(|c: char| c.is_ascii_digit())
        && code.contains(['-', '×', '*'])
        && groups.len() > 1
        && groups.iter().all(|group| !group.is_empty())
        && !is_range;
    if is_code && ends_word(&text[code.len()..]) { code.len() } else { 0 }
}

/// Whether a number ends before `rest`: no letter or figure follows, not even behind a point or comma.
fn ends_word(rest: &str) -> bool {
    let mut next = rest.chars().filter(|c| !is_ignorable(*c));
    match next.next() {
        Some(',' | '.' | '-' | '/' | '\'' | '٫' | '٬') => !next.next().is_some_and(char::is_alphanumeric),
        next => !next.is_some_and(char::is_alphanumeric),
    }
}

/// Puts characters that forbid a line break into the text.
///
/// A space between a number and its unit, its percent sign or the currency sign before it becomes a no-break space: a
/// line that begins with `% advance` or `W`, or ends in `$`, looks like a mistake. A slash between short words
/// (`CC/CA`, `and/or`) ends no line either; a slash in an address may.
fn keep_together(text: &str) -> String {
    let mut kept = String::with_capacity(text.len() + 8);
    let mut number = false;
    let mut currency = false;
    // Letters since the last other character.
    let mut letters = 0;
    for (at, character) in text.char_indices() {
        let rest = &text[at + character.len_utf8()..];
        match character {
            ' ' if number && begins_with_unit(rest) => kept.push('\u{a0}'),
            ' ' if currency && rest.starts_with(|c: char| c.is_ascii_digit()) => kept.push('\u{a0}'),
            '/' if (1..=MAX_UNIT_LETTERS).contains(&letters) && begins_with_short_word(rest) => {
                kept.extend([character, WORD_JOINER]);
            }
            _ => kept.push(character),
        }
        if !is_ignorable(character) {
            number = character.is_numeric();
            currency = is_currency_sign(character);
            letters = if character.is_alphabetic() { letters + 1 } else { 0 };
        }
    }
    kept
}

/// Signs of the block of currencies and those of Latin-1 (general category Sc of Unicode 16).
const fn is_currency_sign(character: char) -> bool {
    matches!(character, '$' | '¢'..='¥' | '฿' | '\u{20a0}'..='\u{20c0}')
}

/// Whether a word of few letters comes first, with a space or nothing behind it.
fn begins_with_short_word(rest: &str) -> bool {
    let letters = rest.chars().take(MAX_UNIT_LETTERS + 1).take_while(|character| character.is_alphabetic()).count();
    let behind = rest.chars().nth(letters);
    (1..=MAX_UNIT_LETTERS).contains(&letters) && behind.is_none_or(|next| next.is_whitespace() || is_ignorable(next))
}

/// Whether the first word is a unit: a sign such as `%`, or a few letters, `²` and `³` among them.
fn begins_with_unit(rest: &str) -> bool {
    let mut word = rest.chars().filter(|character| !is_ignorable(*character));
    let mut letters = 0;
    for character in word.by_ref().take_while(|character| !character.is_whitespace()) {
        match character {
            '%' | '‰' | '°' if letters == 0 => return true,
            '²' | '³' | '/' if letters > 0 => {}
            '.' | ',' | ';' | ':' | ')' | '!' | '?' => break,
            _ if character.is_alphabetic() && letters < MAX_UNIT_LETTERS => letters += 1,
            _ => return false,
        }
    }
    letters > 0
}

/// A text that ends here, with the isolates it opened closed and an ellipsis behind them.
pub(super) fn omit_after(kept: &str) -> String {
    let kept = kept.trim_end_matches(|c: char| {
        c.is_whitespace() || matches!(c, '.' | ',' | ';' | ':' | '-' | '–' | '—' | ELLIPSIS)
    });
    let mut text = kept.to_owned();
    let mut open = 0usize;
    for character in kept.chars() {
        match character {
            c if begins_isolate(c) => open += 1,
            POP_DIRECTIONAL_ISOLATE => open = open.saturating_sub(1),
            '\n' => open = 0,
            _ => {}
        }
    }
    text.extend(std::iter::repeat_n(POP_DIRECTIONAL_ISOLATE, open));
    text.push(ELLIPSIS);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_units() {
        let cases = [
            ("25 % now", "25\u{a0}% now"),
            ("panel 550 W", "panel 550\u{a0}W"),
            ("6,6 kWp, 2 m²", "6,6\u{a0}kWp, 2\u{a0}m²"),
            ("\u{2068}40\u{2069} \u{2068}h\u{2069}", "\u{2068}40\u{2069}\u{a0}\u{2068}h\u{2069}"),
            ("7 days 24 x7 12 34", "7 days 24 x7 12 34"),
            ("a %", "a %"),
            ("CC/CA and/or", "CC/\u{2060}CA and/\u{2060}or"),
            ("a.example/laboratory/x 2026/XI", "a.example/laboratory/x 2026/XI"),
        ];
        for (text, wanted) in cases {
            assert_eq!(prepare(text, Direction::Ltr).text, wanted, "{text}");
        }
    }

    #[test]
    fn numbers_of_groups_amid_right_to_left_words_keep_their_order() {
        // Isolated stretches are shown in braces, no-break spaces as underscores.
        let cases = [
            ("اتصل +971 50 555 0177 الآن", "اتصل {+971_50_555_0177} الآن"),
            ("הטלפון (02) 555-0177.", "הטלפון {(02)_555-0177}."),
            ("الهاتف: 0555 123 4567", "الهاتف: {0555_123_4567}"),
            ("المقاسات 10 20 30 40 50", "المقاسات 10 20 30 40 50"),
            ("20 نوفمبر 2026", "20 نوفمبر 2026"),
            ("0555", "0555"),
            // The middle of a number is not a number.
            ("IBAN: AE07 0331 2345 6789 0123 456", "IBAN: AE07 0331 2345 6789 0123 456"),
            ("فاتورة 2026-0045-1234", "فاتورة {2026-0045-1234}"),
            ("الحساب 1001-0234-5678-90،", "الحساب {1001-0234-5678-90}،"),
            ("SN 1-0555-0123-44", "SN {1-0555-0123-44}"),
            ("1.000.617.282,75", "1.000.617.282,75"),
            ("5.000.500.000,00", "5.000.500.000,00"),
            ("0.000.617.282,75", "0.000.617.282,75"),
            ("120×60×75 سم", "{120×60×75}_سم"),
            ("1920×1080", "{1920×1080}"),
            ("5*10 م", "{5*10}_م"),
            ("رقم 12-AB و 45-XK-9.", "رقم {12-AB} و {45-XK-9}."),
            ("220-240V", "{220-240V}"),
            ("(+212) 6 12 34 56 78", "{(+212)_6_12_34_56_78}"),
            ("10-20 يومًا", "10-20 يومًا"),
            ("AB-0045-1234-5678", "AB-0045-1234-5678"),
        ];
        for (text, wanted) in cases {
            let shown = prepare(text, Direction::Rtl).text;
            let shown =
                shown.replace(LEFT_TO_RIGHT_ISOLATE, "{").replace(POP_DIRECTIONAL_ISOLATE, "}").replace('\u{a0}', "_");
            assert_eq!(shown, wanted);
        }
    }

    #[test]
    fn telephone_numbers_and_amounts_stay_on_a_line() {
        for (text, wanted) in [
            ("Call +56 9 5555 0147 today", "Call +56_9_5555_0147 today"),
            ("from $ 1.234.567 onwards", "from $_1.234.567 onwards"),
            ("€ and 5", "€ and 5"),
            ("AE07 0331 2345 6789", "AE07 0331 2345 6789"),
        ] {
            assert_eq!(prepare(text, Direction::Ltr).text.replace('\u{a0}', "_"), wanted);
        }
    }
}

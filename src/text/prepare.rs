//! Cleaning a text before it is shaped: white space, control characters, length. Pure string work.

use unicode_segmentation::UnicodeSegmentation as _;

/// Most characters of one text that are laid out. The longest field of a snapshot is far below it; whatever is longer
/// would never fit a video and only costs time.
pub(super) const MAX_CHARACTERS: usize = 20_000;

/// The sign of omission.
pub(super) const ELLIPSIS: char = '…';

/// A text that is safe to shape.
pub(super) struct Prepared {
    pub(super) text: String,
    /// Whether it was longer than [`MAX_CHARACTERS`].
    pub(super) cut: bool,
}

/// Every kind of line break becomes `\n`, other control characters vanish, runs of spaces and tabs become one space,
/// and spaces at the ends of lines go, as in CSS `white-space: pre-line`. No-break spaces stay.
pub(super) fn prepare(text: &str) -> Prepared {
    let mut clean = String::with_capacity(text.len().min(4 * MAX_CHARACTERS));
    let mut characters = 0;
    let mut cut = false;
    let mut space = false;
    let mut previous = '\n';
    for character in text.chars() {
        let returned = std::mem::replace(&mut previous, character) == '\r';
        match character {
            '\n' if returned => continue,
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
                space = false;
                clean.push('\n');
            }
            ' ' | '\t' => {
                space = !(clean.is_empty() || clean.ends_with('\n'));
                continue;
            }
            _ if character.is_control() => continue,
            _ => {
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
    Prepared { text: clean, cut }
}

/// A text that ends here, with the isolates it opened closed and an ellipsis behind them.
pub(super) fn omit_after(kept: &str) -> String {
    let kept =
        kept.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | ':' | '-' | '–' | '—' | ELLIPSIS));
    let mut text = kept.to_owned();
    let mut open = 0usize;
    for character in kept.chars() {
        match character {
            '\u{2066}'..='\u{2068}' => open += 1,
            '\u{2069}' => open = open.saturating_sub(1),
            '\n' => open = 0,
            _ => {}
        }
    }
    text.extend(std::iter::repeat_n('\u{2069}', open));
    text.push(ELLIPSIS);
    text
}

/// Whether a character shows nothing by itself: Unicode property `Default_Ignorable_Code_Point`
/// (DerivedCoreProperties.txt, Unicode 16).
pub(super) fn is_ignorable(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

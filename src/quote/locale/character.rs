//! What Unicode says of a single character.

use icu_properties::props::DefaultIgnorableCodePoint;
use icu_properties::{CodePointSetData, CodePointSetDataBorrowed};

const IGNORABLE: CodePointSetDataBorrowed<'static> = CodePointSetData::new::<DefaultIgnorableCodePoint>();

/// Whether a character draws nothing by itself: Unicode property `Default_Ignorable_Code_Point`. Joiners, variation
/// selectors and marks of direction are among them, white space is not.
pub fn is_ignorable(c: char) -> bool {
    !c.is_ascii() && IGNORABLE.contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignorable_characters_draw_nothing() {
        let ignorable =
            ['\u{ad}', '\u{34f}', '\u{200b}', '\u{200d}', '\u{2066}', '\u{3164}', '\u{fe0f}', '\u{feff}', '\u{e0041}'];
        assert_eq!(ignorable.map(is_ignorable), [true; 9]);
        assert_eq!(['a', ' ', '\u{a0}', '\u{301}', '\u{2028}', '\u{2800}'].map(is_ignorable), [false; 6]);
    }
}

//! Invisible characters that steer the direction of text (Unicode Standard Annex 9) and where lines end.

/// Begins a stretch that runs from left to right and leaves its surroundings alone.
pub const LEFT_TO_RIGHT_ISOLATE: char = '\u{2066}';
/// Begins a stretch that runs from right to left.
pub const RIGHT_TO_LEFT_ISOLATE: char = '\u{2067}';
/// Begins a stretch that runs as its first letter does.
pub const FIRST_STRONG_ISOLATE: char = '\u{2068}';
/// Ends an isolated stretch.
pub const POP_DIRECTIONAL_ISOLATE: char = '\u{2069}';
/// No line ends here.
pub const WORD_JOINER: char = '\u{2060}';

/// Whether `c` begins an isolated stretch.
#[must_use]
pub const fn begins_isolate(c: char) -> bool {
    matches!(c, LEFT_TO_RIGHT_ISOLATE..=FIRST_STRONG_ISOLATE)
}

/// Whether `c` steers text direction invisibly: embeddings and overrides U+202A-202E, isolates U+2066-2069.
#[must_use]
pub const fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | LEFT_TO_RIGHT_ISOLATE..=POP_DIRECTIONAL_ISOLATE)
}

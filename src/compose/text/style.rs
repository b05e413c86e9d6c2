//! What a caller asks of text layout: the look of a text and the box it has to fit. Plain data, no behaviour.

/// Where the lines of a text stand in their box.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Align {
    /// At the side where reading starts: left in [`Direction::Ltr`], right in [`Direction::Rtl`].
    #[default]
    Start,
    /// In the middle.
    Center,
    /// At the side where a line ends.
    End,
}

/// Base direction of a paragraph, known from the locale and never guessed from the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Left to right.
    #[default]
    Ltr,
    /// Right to left.
    Rtl,
}

/// Look of a text. One style per block.
#[derive(Clone, Debug, PartialEq)]
pub struct TextStyle {
    /// Family of the library, compared without regard to ASCII case; an unknown one falls back to Inter.
    pub family: String,
    /// Weight, 1 to 1000; the nearest bundled one is used and nothing is emboldened artificially.
    pub weight: u16,
    /// Font size in px per em, above 0.
    pub size_px: f32,
    /// Line height as a multiple of the font size.
    pub line_height: f32,
    /// Space added after characters, as a multiple of the font size, -2 to 2. Any but zero switches ligatures off.
    /// Scripts whose letters join (Arabic, Devanagari, Bengali) take none.
    pub letter_spacing_em: f32,
    /// Figures of equal width (OpenType `tnum` with `lnum`), for amounts and counting numbers.
    pub tabular: bool,
    /// Where lines stand in the box.
    pub align: Align,
    /// Language as a BCP 47 tag, for localised letter forms; a tag that does not parse counts as unknown.
    pub language: String,
    /// Base direction of every paragraph of the text.
    pub direction: Direction,
}

impl Default for TextStyle {
    /// Inter Regular, 48 px, line height 1.25, left to right.
    fn default() -> Self {
        Self {
            family: "Inter".to_owned(),
            weight: 400,
            size_px: 48.0,
            line_height: 1.25,
            letter_spacing_em: 0.0,
            tabular: false,
            align: Align::Start,
            language: String::new(),
            direction: Direction::Ltr,
        }
    }
}

/// The box a text has to fit, and what may be done to make it fit. All lengths in px; `None` means no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Fit {
    /// Width to wrap in and to align within; without it only newline characters break lines.
    pub width: Option<f32>,
    /// Most lines allowed; 0 counts as 1.
    pub max_lines: Option<u32>,
    /// Greatest height of all lines together. One line is always kept, however low the box is.
    pub max_height: Option<f32>,
    /// Size down to which the text may shrink; without it the text keeps its size.
    pub min_size_px: Option<f32>,
    /// Make lines about equally long: the narrowest width that keeps the number of lines. For headings.
    pub balance: bool,
}

/// Where a line may end when no word boundary helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Wrap {
    /// Nowhere: a long word sticks out.
    Words,
    /// Between any two characters.
    Anywhere,
}

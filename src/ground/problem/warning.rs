//! The list of warnings: every code that a [`Problem`](super::Problem) can warn with, what it means and what to do.
//!
//! `docs/warnings.md` is written from it, and `fixtures/warnings` has a quote that provokes each.

/// What a warning points to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WarningPlace {
    /// A field of the quote, by its JSON pointer.
    Field,
    /// A node of the template, by scene, node and a moment at which it is on view.
    Node,
    /// A scene of the video, by its name and a moment at which it is on view.
    Scene,
    /// The video as a whole.
    Video,
}

/// Each warning: its name here, its code, what it points to, what it means, what to do.
macro_rules! warnings {
    ($($name:ident $code:literal $place:ident $meaning:literal $remedy:literal)+) => {
        /// What a warning is about. There are no others.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Warning {
            $(#[doc = $meaning] $name,)+
        }

        impl Warning {
            /// All of them: those of the quote, of its pictures, of the video.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// Its stable name, which programs may compare.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// What it points to.
            #[must_use]
            pub const fn place(self) -> WarningPlace {
                match self { $(Self::$name => WarningPlace::$place,)+ }
            }

            /// What it means: a sentence in Markdown.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)+ }
            }

            /// What to do about it: a sentence in Markdown.
            #[must_use]
            pub const fn remedy(self) -> &'static str {
                match self { $(Self::$name => $remedy,)+ }
            }
        }
    };
}

warnings! {
    BidiControl "bidi_control" Field
        "A text has invisible characters that steer its direction (U+202A to 202E, U+2066 to 2069). They are left out."
        "Send the text without them: direction follows from the letters and the locale."
    ExcessDecimals "excess_decimals" Field
        "An amount has more decimals than its currency. It is shown with all of them, never rounded."
        "Round it where the quote is made, if that is what is meant."
    InvisibleCharacter "invisible_character" Field
        "A text has characters that show nothing, such as U+200B or U+FEFF, where no letter needs them. They are left out."
        "Send the text without them: two names that look the same should be the same."
    OddEmail "odd_email" Field
        "An e-mail address does not look like one. It is shown as it is."
        "Correct it, or leave it out."
    OddPhone "odd_phone" Field
        "A telephone number does not look like one. It is shown as it is."
        "Write it like `+56 9 5555 0147`, or leave it out."
    OddPictureType "odd_picture_type" Field
        "A `data:` URI declares a media type other than PNG, JPEG, WebP and SVG. Its content decides all the same."
        "Declare the type that the picture has."
    QuoteExpired "quote_expired" Field
        "The last day on which the quote is valid is over, or its status is EXPIRED. Only `render validate` looks at today's date; a video is rendered all the same."
        "Send a new quote, or a later `validUntil`."
    StackedMarks "stacked_marks" Field
        "A letter carries more marks than any language writes; they would cover the lines above and below. They are left out."
        "Send the text without them."
    TaxMismatch "tax_mismatch" Field
        "The amount of a tax is not its rate of the subtotal, with or without discount and shipping. It is shown as it is."
        "Check rate and amount. If a part of the quote is exempt, nothing is wrong."

    AddressRefused "asset_address_refused" Field
        "A picture's URL may not be fetched: it has a bad form, scheme or port, or leads to a private network. A placeholder is shown."
        "Use a public `https` address; in a network of one's own, `--allow-private-network`."
    BadDataUri "asset_bad_data_uri" Field
        "A `data:` URI cannot be read. A placeholder is shown."
        "Encode the picture again, as `data:image/png;base64,` and base64."
    BadFile "asset_bad_file" Field
        "A picture's file is missing, unreadable, or no regular file. A placeholder is shown."
        "Put it where the quote says, relative to the quote's own file."
    BadRedirect "asset_bad_redirect" Field
        "The URL redirects more than three times, or to an invalid target. A placeholder is shown."
        "Give the URL of the picture itself."
    BadStatus "asset_bad_status" Field
        "The server answered with something other than 200. A placeholder is shown."
        "Open the address in a browser without being signed in: it must show the picture."
    Blank "asset_blank" Field
        "A picture shows nothing: all of it is transparent, or it is a logo and all of it is white. A placeholder is shown."
        "Export the picture again; a white logo needs a transparent background."
    KeyNotAvailable "asset_key_not_available" Field
        "No object with that key is available. On the command line there are none. A placeholder is shown."
        "Upload it first; on the command line use `url`, `data` or `file`."
    NotAPicture "asset_not_a_picture" Field
        "The bytes are not a PNG, JPEG, WebP or SVG picture, whatever name and type say. A placeholder is shown."
        "Convert the picture."
    OutsideFolder "asset_outside_folder" Field
        "A file lies outside the folder of the quote, symbolic links resolved. A placeholder is shown."
        "Put it beside the quote, or below."
    SvgRefused "asset_svg_refused" Field
        "An SVG costs too much to draw, or uses something that is not drawn. A placeholder is shown."
        "Simplify it (no patterns, no markers, fewer shapes), or export it as PNG."
    Timeout "asset_timeout" Field
        "A server did not answer in time or not to the end, or an SVG took too long. A placeholder is shown."
        "Serve the picture faster, or send it along as `data`."
    TooLarge "asset_too_large" Field
        "A picture has more bytes or pixels than are read: 6 MiB (an SVG 256 KiB), 8192 px a side, 25 million px. A placeholder is shown."
        "Reduce it: no picture shows larger than 1600 px."
    TooMany "asset_too_many" Field
        "There are more than 64 different pictures, or together they are too large. Placeholders are shown for the rest."
        "Send fewer or smaller ones."
    Undecodable "asset_undecodable" Field
        "The bytes begin like a picture, but cannot be decoded. A placeholder is shown."
        "Export the picture again; its file may be incomplete."
    Unreachable "asset_unreachable" Field
        "The server cannot be reached, or the connection broke. A placeholder is shown."
        "Check name and port; trying again may help."

    CodeTooFine "code_too_fine" Node
        "A QR code is so fine that phones may not read it."
        "Use a shorter address, or a larger code in the template."
    CodeTooLong "code_too_long" Node
        "An address is too long for a QR code. The code is left out."
        "Use an address of at most 2,331 bytes."
    LowContrast "low_contrast" Node
        "A text hardly stands out from what is behind it, and no correction of its colour helps: it is both dark and light there."
        "Put a plain surface behind it in the template."
    PictureSmall "picture_small" Node
        "A picture has far fewer pixels than the area it fills. It looks soft."
        "Send a larger one; a photograph that fills the screen needs 1080 px across."
    MissingGlyph "missing_glyph" Node
        "No font has some characters. They are left out. Reported once for each field of the quote, which the pointer names, and for each text of the template."
        "Write it differently, or add a font: [fonts](../fonts/README.md)."
    OutsideSafeArea "outside_safe_area" Node
        "A text lies where chat programs and stories put their controls."
        "Keep the distances `safeTop`, `safeEnd`, `safeBottom` and `safeStart` in the template."
    TextCut "text_cut" Node
        "A text does not fit, however small. It ends in an ellipsis."
        "Shorten it."
    Overflow "overflow" Scene
        "A scene has more content than room, even tightened as far as possible."
        "Use a smaller `size`, fewer rows, or a `when` that leaves something out, in the template."
    RowsLeftOut "rows_left_out" Scene
        "Not every line of the quote fits into the video. The last row says how many more there are."
        "Group the lines, unless the reader has the document as well."
    TextSmall "text_small" Scene
        "A scene has so much content that its texts are below their minimum size. All of them show, but they are hard to read on a phone."
        "Shorten the longest texts; in the template, give the scene a list that pages, or a `when` that leaves something out."
    TooBrief "too_brief" Scene
        "A scene has so much text, and so little time, that it cannot even be skimmed."
        "Shorten the text, or give fewer rows a page or a longer `duration` in the template."
    LocaleWithoutWords "locale_without_words" Field
        "The template has no words in the quote's language, or lacks some. Dates and amounts are in that language, the missing words in the template's default one."
        "Add the language to the template, as a file such as `strings/da.json`: [how](templates.md#add-a-language)."
    LocaleWithoutFont "locale_without_font" Field
        "No font has the letters or figures of the quote's language. Dates, amounts and the template's words are written in English: a date without its month would be another date."
        "Add a font ([fonts](../fonts/README.md)), or choose a locale whose script is bundled."
    FontPackMissing "font_pack_missing" Video
        "There are Chinese, Japanese or Korean characters, and no fonts for them."
        "Add a font pack (`--fonts`, `QUOTEREEL_FONTS`): [how](../fonts/README.md#chinese-japanese-korean)."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_there_once() {
        let mut codes: Vec<&str> = Warning::ALL.iter().map(|warning| warning.code()).collect();
        codes.sort_unstable();
        assert!(codes.windows(2).all(|pair| pair[0] != pair[1]), "{codes:?}");
    }
}

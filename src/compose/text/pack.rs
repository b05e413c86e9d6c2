//! Font packs: what the faces of a font file are, which of them a text needs, and one face taken out of a collection.
//!
//! A pack is what an operator adds for scripts that are not bundled, Chinese, Japanese and Korean above all. Reading
//! its files is not done here: this module touches no disk.

use skrifa::attribute::Style;
use skrifa::raw::FileRef;
use skrifa::string::StringId;
use skrifa::{FontRef, MetadataProvider as _};

use super::{FontError, guard};

/// Largest font file of a pack, in bytes. The largest of Noto CJK has 27 MB.
pub const MAX_FONT_BYTES: u64 = 64 << 20;

/// Most faces of one file. Noto Sans CJK has 10 in one.
const MAX_FACES: u32 = 64;

/// Longest family name that is kept, in characters.
const MAX_FAMILY_CHARS: usize = 80;

/// Most faces that one text takes from a pack: two weights of four families.
const MAX_CHOSEN: usize = 8;

/// Weights that a family of a pack serves; a text takes the nearer one.
const SERVED_WEIGHTS: [u16; 2] = [400, 700];

/// A face of a font file, and what it can do for a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackFace {
    /// Its place in the file; 0 unless the file is a collection.
    pub index: u32,
    pub family: String,
    /// Weight, 1 to 1000.
    pub weight: u16,
    /// Those of the characters asked for that it has.
    pub has: Vec<char>,
}

/// The upright faces of a TrueType or OpenType file or collection, and which of the `wanted` characters each has.
///
/// # Errors
/// [`FontError`] for bytes that are no font, more than 64 faces, or a variable font.
pub fn inspect(file: &str, data: &[u8], wanted: &[char]) -> Result<Vec<PackFace>, FontError> {
    guard::caught(|| read(file, data, wanted))
        .unwrap_or_else(|| Err(FontError::Unreadable { file: file.to_owned(), reason: guard::FAILED.to_owned() }))
}

fn read(file: &str, data: &[u8], wanted: &[char]) -> Result<Vec<PackFace>, FontError> {
    let unreadable = |reason: String| FontError::Unreadable { file: file.to_owned(), reason };
    let opened = FileRef::new(data).map_err(|error| unreadable(error.to_string()))?;
    if let FileRef::Collection(collection) = &opened
        && !(1..=MAX_FACES).contains(&collection.len())
    {
        return Err(unreadable(format!("a collection of {} faces; 1 to {MAX_FACES} are right", collection.len())));
    }
    let mut faces = Vec::new();
    for (index, font) in (0u32..).zip(opened.fonts()) {
        let font = font.map_err(|error| unreadable(error.to_string()))?;
        let attributes = font.attributes();
        if attributes.style != Style::Normal {
            continue;
        }
        if !font.axes().is_empty() {
            return Err(FontError::Variable { file: file.to_owned() });
        }
        let family = family_name(&font).ok_or_else(|| unreadable("it names no family".to_owned()))?;
        let charmap = font.charmap();
        let has = |c: &char| charmap.map(*c).is_some_and(|glyph| glyph.to_u32() != 0);
        faces.push(PackFace {
            index,
            family,
            weight: whole_weight(attributes.weight.value()),
            has: wanted.iter().copied().filter(has).collect(),
        });
    }
    Ok(faces)
}

/// The typographic family, or the older name that some fonts have alone.
fn family_name(font: &FontRef<'_>) -> Option<String> {
    [StringId::TYPOGRAPHIC_FAMILY_NAME, StringId::FAMILY_NAME]
        .into_iter()
        .filter_map(|id| font.localized_strings(id).english_or_first())
        .map(|name| name.chars().filter(|c| !c.is_control()).take(MAX_FAMILY_CHARS).collect::<String>())
        .find(|name| !name.is_empty())
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 1 to 1000")]
fn whole_weight(weight: f32) -> u16 {
    weight.clamp(1.0, 1000.0) as u16
}

/// The faces that a text of `language` (a BCP 47 tag) with these characters needs, as indices into `faces`, in the
/// order in which they are to stand in for each other.
///
/// Families of the Han variant of the language come first, then those of no particular one. A family is taken only for
/// characters that those before it lack, and of a family the faces nearest to Regular and Bold.
#[must_use]
pub fn choose(faces: &[PackFace], wanted: &[char], language: &str) -> Vec<usize> {
    let variant = Han::of_text(language, wanted);
    let mut families: Vec<&str> = Vec::new();
    for face in faces {
        if !families.contains(&face.family.as_str()) {
            families.push(&face.family);
        }
    }
    families.sort_by_key(|family| match Han::of_family(family) {
        Some(own) if own == variant => 0,
        None => 1,
        Some(_) => 2,
    });
    let mut left: Vec<char> = wanted.to_vec();
    let mut chosen = Vec::new();
    for family in families {
        let of_family = || faces.iter().enumerate().filter(|(_, face)| face.family == family);
        let nearest = SERVED_WEIGHTS.map(|weight| of_family().min_by_key(|(_, face)| face.weight.abs_diff(weight)));
        let adds = nearest.iter().flatten().any(|(_, face)| face.has.iter().any(|c| left.contains(c)));
        if !adds || chosen.len() + SERVED_WEIGHTS.len() > MAX_CHOSEN {
            continue;
        }
        for (index, face) in nearest.into_iter().flatten() {
            left.retain(|c| !face.has.contains(c));
            if !chosen.contains(&index) {
                chosen.push(index);
            }
        }
    }
    chosen
}

/// Whether no further file can make [`choose`] do better: one family of the right Han variant has every character, in
/// Regular and in Bold.
#[must_use]
pub fn is_complete(faces: &[PackFace], wanted: &[char], language: &str) -> bool {
    let variant = Han::of_text(language, wanted);
    let whole =
        |face: &&PackFace| Han::of_family(&face.family) == Some(variant) && wanted.iter().all(|c| face.has.contains(c));
    faces.iter().filter(whole).any(|one| {
        let has = |weight: u16| faces.iter().filter(whole).any(|f| f.family == one.family && f.weight == weight);
        SERVED_WEIGHTS.into_iter().all(has)
    })
}

/// The file with only one of its faces: a collection keeps its bytes and forgets the others; any other file stays as it
/// is.
#[must_use]
pub fn take_out(mut file: Vec<u8>, index: u32) -> Vec<u8> {
    // TTC header: tag, version, number of faces at byte 8, their offsets from byte 12 on, all big-endian.
    // https://learn.microsoft.com/en-us/typography/opentype/spec/otff#ttc-header
    let offset = 12 + 4 * index as usize;
    if file.starts_with(b"ttcf") && file.len() >= offset + 4 {
        file.copy_within(offset..offset + 4, 12);
        file[8..12].copy_from_slice(&1u32.to_be_bytes());
    }
    file
}

/// Whether a character belongs to the writing of China, Japan or Korea: letters, syllables, ideographs, and the
/// punctuation and full-width forms that come with them (blocks of Unicode 16).
#[must_use]
pub fn is_east_asian(character: char) -> bool {
    matches!(character,
        '\u{1100}'..='\u{11ff}' | '\u{2e80}'..='\u{2fdf}' | '\u{2ff0}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{a960}'..='\u{a97f}' | '\u{ac00}'..='\u{d7ff}' | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe4f}'
        | '\u{ff00}'..='\u{ffef}' | '\u{1f200}'..='\u{1f2ff}' | '\u{20000}'..='\u{3ffff}')
}

/// How the characters that the languages of East Asia share are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Han {
    Japanese,
    Korean,
    Simplified,
    Taiwan,
    HongKong,
}

impl Han {
    /// The variant of a language; of another language, what the characters themselves say.
    fn of_text(language: &str, characters: &[char]) -> Self {
        let mut tags = language.split('-').map(str::to_ascii_lowercase);
        let primary = tags.next().unwrap_or_default();
        let rest: Vec<String> = tags.take_while(|tag| tag.len() > 1).collect();
        let tagged = |tag: &str| rest.iter().any(|own| own == tag);
        let any = |from: char, to: char| characters.iter().any(|c| (from..=to).contains(c));
        match primary.as_str() {
            "ja" => Self::Japanese,
            "ko" => Self::Korean,
            "zh" | "yue" | "cmn" => match primary.as_str() {
                _ if tagged("hans") => Self::Simplified,
                _ if tagged("hk") || tagged("mo") => Self::HongKong,
                _ if tagged("hant") || tagged("tw") => Self::Taiwan,
                "yue" if !tagged("cn") => Self::HongKong,
                _ => Self::Simplified,
            },
            _ if any('\u{3040}', '\u{30ff}') => Self::Japanese,
            _ if any('\u{1100}', '\u{11ff}') || any('\u{ac00}', '\u{d7a3}') => Self::Korean,
            _ if any('\u{3100}', '\u{312f}') => Self::Taiwan,
            _ => Self::Simplified,
        }
    }

    /// The variant that a family is for, as the last word of its name says: `Noto Sans CJK JP`, `Source Han Sans K`.
    fn of_family(name: &str) -> Option<Self> {
        Some(match name.rsplit(' ').next()? {
            "JP" | "J" => Self::Japanese,
            "KR" | "K" => Self::Korean,
            "SC" | "CN" => Self::Simplified,
            "TC" | "TW" => Self::Taiwan,
            "HK" | "HC" => Self::HongKong,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn face(family: &str, weight: u16, has: &str) -> PackFace {
        PackFace { index: 0, family: family.to_owned(), weight, has: has.chars().collect() }
    }

    fn chosen(faces: &[PackFace], wanted: &str, language: &str) -> Vec<String> {
        let wanted: Vec<char> = wanted.chars().collect();
        let name = |index: usize| format!("{} {}", faces[index].family, faces[index].weight);
        choose(faces, &wanted, language).into_iter().map(name).collect()
    }

    #[test]
    fn the_han_variant_follows_the_locale() {
        let wanted: Vec<char> = "直".chars().collect();
        for (language, variant) in [
            ("ja-JP", Han::Japanese),
            ("ko", Han::Korean),
            ("zh-CN", Han::Simplified),
            ("zh", Han::Simplified),
            ("zh-SG", Han::Simplified),
            ("zh-Hans-HK", Han::Simplified),
            ("zh-TW", Han::Taiwan),
            ("zh-Hant", Han::Taiwan),
            ("zh-HK", Han::HongKong),
            ("zh-Hant-MO", Han::HongKong),
            ("yue", Han::HongKong),
            ("yue-CN", Han::Simplified),
            ("zh-CN-u-nu-hant", Han::Simplified),
            ("es-CL", Han::Simplified),
        ] {
            assert_eq!(Han::of_text(language, &wanted), variant, "{language}");
        }
    }

    #[test]
    fn in_another_locale_the_characters_tell_the_variant() {
        for (text, variant) in
            [("東京タワー", Han::Japanese), ("한국 韓國", Han::Korean), ("ㄅ", Han::Taiwan), ("东京", Han::Simplified)]
        {
            assert_eq!(Han::of_text("es-CL", &text.chars().collect::<Vec<_>>()), variant, "{text}");
        }
    }

    #[test]
    fn only_the_families_and_weights_that_a_text_needs_are_chosen() {
        let all = "あ漢한";
        let faces = [
            face("Noto Sans CJK JP", 700, all),
            face("Noto Sans CJK SC", 700, all),
            face("Noto Sans CJK JP", 350, all),
            face("Noto Sans CJK JP", 400, all),
            face("Noto Sans CJK SC", 400, all),
            face("Noto Serif CJK SC", 400, all),
            face("Plain Kana", 500, "あ"),
        ];
        assert_eq!(chosen(&faces, "あ漢", "ja-JP"), ["Noto Sans CJK JP 400", "Noto Sans CJK JP 700"]);
        assert_eq!(chosen(&faces, "漢", "zh-CN"), ["Noto Sans CJK SC 400", "Noto Sans CJK SC 700"]);
        assert_eq!(chosen(&faces, "あ", "zh-TW"), ["Plain Kana 500"], "no variant is better than a wrong one");
        assert_eq!(chosen(&faces, "ლ", "ja"), [""; 0]);
        let apart = [face("Noto Sans JP", 400, "あ漢"), face("Noto Sans KR", 400, "漢한")];
        assert_eq!(chosen(&apart, "あ漢한", "ja"), ["Noto Sans JP 400", "Noto Sans KR 400"]);
        assert_eq!(chosen(&apart, "あ漢한", "ko"), ["Noto Sans KR 400", "Noto Sans JP 400"]);
    }

    #[test]
    fn reading_goes_on_until_regular_and_bold_of_the_right_variant_are_there() {
        let wanted = ['漢'];
        let mut faces = vec![face("Noto Sans CJK JP", 700, "漢"), face("Noto Sans CJK SC", 700, "漢")];
        assert!(!is_complete(&faces, &wanted, "ja"));
        faces.push(face("Noto Sans CJK SC", 400, "漢"));
        assert!(!is_complete(&faces, &wanted, "ja") && is_complete(&faces, &wanted, "zh-CN"));
        faces.push(face("Noto Sans CJK JP", 400, ""));
        assert!(!is_complete(&faces, &wanted, "ja"));
    }

    #[test]
    fn more_families_than_a_text_may_take_are_left_out() {
        let letters: Vec<char> = ('一'..).take(12).collect();
        let faces: Vec<PackFace> = letters
            .iter()
            .flat_map(|c| [400, 700].map(|weight| face(&format!("F{c}"), weight, &c.to_string())))
            .collect();
        assert_eq!(choose(&faces, &letters, "zh").len(), MAX_CHOSEN);
    }

    #[test]
    fn bytes_that_are_no_font_are_refused_with_their_name() {
        let thai: &[u8] = include_bytes!("../../../fonts/noto/NotoSansThai-Regular.ttf");
        let good = inspect("thai.ttf", thai, &['ก', '漢']).expect("a font");
        assert_eq!(good.len(), 1);
        assert_eq!((good[0].family.as_str(), good[0].weight), ("Noto Sans Thai", 400));
        assert_eq!(good[0].has, ['ก']);
        let endless = [b"ttcf".as_slice(), &[0, 1, 0, 0, 0, 1, 0, 0], &[0; 65_536 * 4]].concat();
        for bytes in [&b""[..], b"ttcf", b"OTTO", &[0; 64], &thai[..200], b"ttcf\0\x01\0\0\xff\xff\xff\xff", &endless] {
            let error = inspect("bad.ttc", bytes, &['漢']).expect_err("no font").to_string();
            assert!(error.contains("bad.ttc"), "{error}");
        }
    }

    /// A collection of these fonts: their tables' offsets count from the beginning of the file.
    fn collection(fonts: &[&[u8]]) -> Vec<u8> {
        let word = |value: usize| u32::try_from(value).expect("small").to_be_bytes();
        let mut file = [b"ttcf".as_slice(), &[0, 1, 0, 0], &word(fonts.len())].concat();
        let mut at = 12 + 4 * fonts.len();
        for font in fonts {
            file.extend(word(at));
            at += font.len();
        }
        for font in fonts {
            let start = file.len();
            file.extend_from_slice(font);
            let tables = usize::from(u16::from_be_bytes([font[4], font[5]]));
            for record in (0..tables).map(|table| start + 12 + 16 * table + 8) {
                let offset = u32::from_be_bytes(file[record..record + 4].try_into().expect("four bytes"));
                file[record..record + 4].copy_from_slice(&word(start + offset as usize));
            }
        }
        file
    }

    #[test]
    fn a_face_is_taken_out_of_a_collection() {
        let fonts: [&[u8]; 3] = [
            include_bytes!("../../../fonts/noto/NotoSansThai-Regular.ttf"),
            include_bytes!("../../../fonts/noto/NotoSansThai-Bold.ttf"),
            include_bytes!("../../../fonts/noto/NotoSansHebrew-Bold.ttf"),
        ];
        let file = collection(&fonts);
        let faces = inspect("three.ttc", &file, &['א', 'ก']).expect("a collection");
        let found: Vec<_> = faces.iter().map(|face| (face.index, face.family.as_str(), face.weight)).collect();
        assert_eq!(found, [(0, "Noto Sans Thai", 400), (1, "Noto Sans Thai", 700), (2, "Noto Sans Hebrew", 700)]);
        for (wanted, index) in faces.iter().zip(0u32..) {
            let alone = inspect("one.ttc", &take_out(file.clone(), index), &['א', 'ก']).expect("a font");
            assert_eq!(alone, [PackFace { index: 0, ..wanted.clone() }]);
        }
        assert_eq!(take_out(fonts[0].to_vec(), 0), fonts[0]);
    }
}

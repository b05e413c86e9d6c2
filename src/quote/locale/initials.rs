//! The letters that stand for a name where there is no picture of it.

use icu_properties::props::{
    CanonicalCombiningClass, EnumeratedProperty as _, GeneralCategory, GeneralCategoryGroup, JoiningType,
    LogicalOrderException,
};
use icu_properties::{CodePointSetData, CodePointSetDataBorrowed};
use unicode_segmentation::UnicodeSegmentation as _;

use super::titles::{COMPANY_PHRASES, JOINING, LEGAL_FORMS, PLAIN_FORMS, PLAIN_TITLES, TITLES, UNSPACED_FORMS};

/// Vowels that are written before the consonant they follow, as in Thai: no word is called by one.
const WRITTEN_BEFORE: CodePointSetDataBorrowed<'static> = CodePointSetData::new::<LogicalOrderException>();

/// Between two letters it keeps each in the form in which it stands alone.
const ZERO_WIDTH_NON_JOINER: char = '\u{200c}';

/// Up to two initials of a name, upper case: those of its first and last word that have a letter or digit. What stands
/// in brackets, titles before a name, legal forms before and after it and the words between are none of it, unless
/// nothing else is there.
pub fn initials(name: &str) -> String {
    let outside = without_brackets(name);
    let words: Vec<&str> = outside.split_whitespace().filter(|word| initial(word).is_some()).collect();
    if words.is_empty() && outside != name {
        return letters(name.split_whitespace());
    }
    let mut core = words;
    while let Some(rest) = without_first(&core) {
        core = rest;
    }
    let named = core.len();
    while let [rest @ .., last] = core.as_slice()
        && !rest.is_empty()
        // The `S.` of `S. de R.L.` is a company; that of `Juan S.` is a person.
        && (is_legal_form(last) || JOINING.contains(last) || (core.len() < named && *last == "S."))
    {
        core.pop();
    }
    letters(core.iter().copied())
}

/// The words without a title or a legal form that they begin with; nothing where they begin with none, or are no more.
fn without_first<'n>(words: &[&'n str]) -> Option<Vec<&'n str>> {
    let (first, rest) = words.split_first()?;
    if !rest.is_empty() && (is_title(first) || UNSPACED_FORMS.contains(first)) {
        return Some(rest.to_vec());
    }
    if let Some(name) =
        UNSPACED_FORMS.iter().find_map(|form| first.strip_prefix(form)).filter(|name| initial(name).is_some())
    {
        return Some(std::iter::once(name).chain(rest.iter().copied()).collect());
    }
    let begins =
        |phrase: &&&[&str]| words.len() > phrase.len() && words.iter().zip(**phrase).all(|(a, b)| bare(a) == *b);
    COMPANY_PHRASES.iter().find(begins).map(|phrase| words[phrase.len()..].to_vec())
}

/// The initials of the first and the last of these words that have one. Where one of them is consonants upon each
/// other, as in the scripts of India, it is as wide as two and stands alone.
fn letters<'n>(words: impl DoubleEndedIterator<Item = &'n str>) -> String {
    let mut found = words.filter_map(initial);
    let Some(first) = found.next() else { return String::new() };
    let last = found.next_back().filter(|last| !is_conjunct(first) && !is_conjunct(last));
    let mut letters: String = first.chars().flat_map(char::to_uppercase).collect();
    if let Some(last) = last {
        if joins(first) && joins(last) {
            letters.push(ZERO_WIDTH_NON_JOINER);
        }
        letters.extend(last.chars().flat_map(char::to_uppercase));
    }
    letters
}

/// Whether an initial is of a script whose letters run together, as those of Arabic do.
fn joins(initial: &str) -> bool {
    initial.chars().next().is_some_and(|letter| JoiningType::for_char(letter) != JoiningType::NonJoining)
}

/// Whether an initial has a consonant behind a virama, which takes the vowel out of the one before.
fn is_conjunct(initial: &str) -> bool {
    let mut bare = false;
    initial.chars().any(|c| {
        let conjunct = bare && GeneralCategory::for_char(c) == GeneralCategory::OtherLetter;
        bare |= CanonicalCombiningClass::for_char(c) == CanonicalCombiningClass::Virama;
        conjunct
    })
}

/// The name without what stands in brackets; a bracket that is not closed brackets nothing. Brackets end a word unless
/// they stand between letters that have no case: Chinese sets none apart.
fn without_brackets(name: &str) -> String {
    let caseless = |c: Option<char>| c.is_some_and(|c| c.is_alphabetic() && !c.is_uppercase() && !c.is_lowercase());
    let mut outside = String::with_capacity(name.len());
    let mut rest = name;
    while let Some((before, after)) = rest.split_once(['(', '[', '（']) {
        let Some((_, behind)) = after.split_once([')', ']', '）']) else { break };
        outside.push_str(before);
        if !(caseless(before.chars().next_back()) && caseless(behind.chars().next())) {
            outside.push(' ');
        }
        rest = behind;
    }
    outside.push_str(rest);
    outside
}

fn is_title(word: &str) -> bool {
    let bare = bare(word);
    PLAIN_TITLES.contains(&bare.as_str()) || (word.ends_with('.') && TITLES.contains(&bare.as_str()))
}

fn is_legal_form(word: &str) -> bool {
    let bare = bare(word);
    let is_marked = word.trim_end_matches(',').ends_with('.') || word.chars().filter(|c| c.is_uppercase()).count() > 1;
    PLAIN_FORMS.contains(&bare.as_str()) || (is_marked && LEGAL_FORMS.contains(&bare.as_str()))
}

/// A word in lower case without points and commas.
fn bare(word: &str) -> String {
    word.chars().filter(|c| !matches!(c, '.' | ',')).flat_map(char::to_lowercase).collect()
}

/// The first letter or digit of a word with the marks that belong to it: accents, and the vowels of the scripts of
/// India. In Thai and Lao the consonant stands alone. The Arabic article does not distinguish names.
fn initial(word: &str) -> Option<&str> {
    let word = word.strip_prefix("ال").filter(|name| name.chars().count() > 1).unwrap_or(word);
    word.graphemes(true).find_map(|cluster| {
        let letter = cluster.chars().next().filter(|c| begins_a_name(*c))?;
        Some(if is_thai_or_lao(letter) { &cluster[..letter.len_utf8()] } else { cluster })
    })
}

/// Whether a character is a letter or digit that may stand alone, which a mark may not.
fn begins_a_name(c: char) -> bool {
    let mark = GeneralCategoryGroup::Mark.contains(GeneralCategory::for_char(c));
    c.is_alphanumeric() && !mark && !WRITTEN_BEFORE.contains(c)
}

const fn is_thai_or_lao(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_are_those_of_the_first_and_the_last_word() {
        for (name, wanted) in [
            ("Sol del Norte SpA", "SN"),
            ("Dra. Helena Siqueira", "HS"),
            ("Gráfica Moderna Ltda. ME", "GM"),
            ("Transporte Andino (Ley 21.118)", "TA"),
            ("Pérez y Cía.", "P"),
            ("Comercial Los Andes S. de R.L. de C.V.", "CA"),
            ("Urban Spa", "US"),
            ("SpA", "S"),
            ("The Green Co.", "TG"),
            ("(Ana)", "A"),
            ("D. García", "DG"),
            ("Clínica A", "CA"),
            ("Juan S.", "JS"),
            ("Don Quijote (", "DQ"),
            ("La Casa", "LC"),
            ("  «acme» ", "A"),
            ("…", ""),
            ("", ""),
            ("3 hermanos", "3H"),
            ("e\u{301}lite ñandú", "E\u{301}Ñ"),
        ] {
            assert_eq!(initials(name), wanted, "{name}");
        }
    }

    #[test]
    fn initials_of_other_scripts_are_letters_that_may_stand_alone() {
        for (name, wanted) in [
            ("किरण शर्मा", "किश"),
            ("क्षमा", "क्ष"),
            ("เชียงใหม่ สปา", "ชส"),
            ("ที่ปรึกษา", "ท"),
            ("\u{e34}ก", "ก"),
            ("\u{301}\u{947} b", "B"),
            ("شركة النور", "ن"),
            ("株式会社", "株"),
        ] {
            assert_eq!(initials(name), wanted, "{name}");
        }
    }

    #[test]
    fn companies_of_other_scripts_are_called_by_their_names() {
        for (name, wanted) in [
            ("株式会社あおぞら工務店", "あ"),
            ("あおぞら工務店株式会社", "あ"),
            ("株式会社 青空 工務店", "青工"),
            ("青空 株式会社", "青"),
            ("(株)青空", "青"),
            ("（株）青空", "青"),
            ("㈱青空", "青"),
            ("青空㈱", "青"),
            ("有限会社山田", "山"),
            ("合同会社ひかりデザイン 御中", "ひ"),
            ("주식회사 달빛커피", "달"),
            ("주식회사달빛커피", "달"),
            ("달빛커피 주식회사", "달"),
            ("(주)한빛", "한"),
            ("㈜한빛", "한"),
            ("유한회사 한빛", "한"),
            ("한빛 인테리어 디자인", "한디"),
            ("上海直角装饰有限公司", "上"),
            ("骏马科技（上海）股份有限公司", "骏"),
            ("骏马(上海)科技有限责任公司", "骏"),
            ("海灣金融控股 股份有限公司", "海"),
            ("บริษัท ทะเลใต้ โลจิสติกส์ จำกัด", "ทล"),
            ("บริษัททะเลใต้ จำกัด (มหาชน)", "ท"),
            ("ห้างหุ้นส่วนจำกัด สยาม", "ส"),
            ("หจก. สยาม", "ส"),
            ("Công ty TNHH Đỉnh Gió", "ĐG"),
            ("Công ty TNHH Một thành viên Hương", "H"),
            ("Công ty Cổ phần Sông Đà", "SĐ"),
            ("CÔNG TY CP SÔNG ĐÀ", "SĐ"),
            ("Tập đoàn Hòa Phát", "HP"),
            ("Công ty", "CT"),
            ("مؤسسة البناء", "ب"),
            ("مجموعة شركات الفجر ذ.م.م", "ف"),
            ("גן ירוק בע\"מ", "גי"),
            ("גן ירוק בע״מ", "גי"),
            ("श्रीमती सुनीता शर्मा", "सुश"),
            ("श्री किरण", "कि"),
            ("सूरज ऊर्जा प्रा. लि.", "सूऊ"),
            ("सूरज लिमिटेड", "सू"),
            ("শ্রী রাহুল", "রা"),
            ("মেঘনা লিমিটেড", "মে"),
            ("মেঘনা প্রা. লি.", "মে"),
            ("ஸ்ரீ முருகன் லிமிடெட்", "மு"),
            ("Αιγαίο Ιστιοπλοΐα Α.Ε.", "ΑΙ"),
            ("Αιγαίο ΕΠΕ", "Α"),
            ("Παπαδόπουλος και Υιοί Ο.Ε.", "ΠΥ"),
        ] {
            assert_eq!(initials(name), wanted, "{name}");
        }
    }

    #[test]
    fn arabic_initials_do_not_run_together() {
        assert_eq!(initials("عبد الرحمن بن سالم المنصوري"), "ع\u{200c}م");
        assert_eq!(initials("دار الصقر للتصميم الداخلي"), "د\u{200c}د");
        assert_eq!(initials("سالم 3"), "س3");
        assert_eq!(initials("ال"), "ا");
    }

    #[test]
    fn consonants_upon_each_other_stand_alone() {
        for (name, wanted) in [
            ("ज्ञानदीप कोचिंग संस्थान", "ज्ञा"),
            ("किरण क्षत्रिय", "कि"),
            ("स्टार होम्स", "स्टा"),
            ("প্রভা রায়", "প্র"),
            ("நிலா ஸ்டோர்ஸ்", "நிஸ்"),
        ] {
            assert_eq!(initials(name), wanted, "{name}");
        }
    }
}

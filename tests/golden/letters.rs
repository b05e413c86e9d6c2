//! Letters: a picture for each script, and emoji.

use std::path::PathBuf;
use std::sync::Arc;

use quotereel::compose::text::{Direction, FaceRole, FaceSource, FontLibrary, TextStyle, pack};
use quotereel::ground::color::Color;
use quotereel::ground::geometry::Size;

use super::{NAVY, PAPER, check, check_with, layer, style, text, text_with};

#[test]
fn text_scripts() {
    let left = [
        ("Cotización Nº 147", "es"),
        ("Žluťoučký kůň", "cs"),
        ("Ελληνικά Ωμέγα", "el"),
        ("Смета №12", "ru"),
        ("Báo giá điện tử", "vi"),
        ("$1.234 ₹12,50", "es"),
    ];
    let right = [
        ("عرض سعر جديد", "ar"),
        ("הצעת מחיר", "he"),
        ("क्षत्रिय मूल्य", "hi"),
        ("মূল্য তালিকা", "bn"),
        ("விலை பட்டியல்", "ta"),
        ("ใบเสนอราคา", "th"),
    ];
    let mut all = Vec::new();
    for (column, words) in [(8.0, left), (240.0, right)] {
        for ((words, language), row) in words.into_iter().zip(0u8..) {
            let direction = if matches!(language, "ar" | "he") { Direction::Rtl } else { Direction::Ltr };
            let style = TextStyle { direction, ..style(26.0, 400, language) };
            all.push(text(words, column, 6.0 + f32::from(row) * 38.0, &style, NAVY));
        }
    }
    check("text_scripts", Size::new(470, 240), PAPER, vec![layer(all)]);
}

/// Three lines, the last one bold, in the language's direction.
fn script_with(fonts: &FontLibrary, name: &str, lines: [(&str, &str); 3]) {
    let mut all = Vec::new();
    for ((words, language), row) in lines.into_iter().zip(0u8..) {
        let direction = if matches!(language, "ar" | "he" | "ur") { Direction::Rtl } else { Direction::Ltr };
        let style = TextStyle { direction, ..style(22.0, if row == 2 { 700 } else { 400 }, language) };
        all.push(text_with(fonts, words, 8.0, 2.0 + f32::from(row) * 34.0, &style, NAVY));
    }
    check_with(fonts, name, Size::new(236, 104), PAPER, vec![layer(all)]);
}

fn script(name: &str, lines: [(&str, &str); 3]) {
    script_with(FontLibrary::bundled(), name, lines);
}

#[test]
fn script_latin() {
    script("script_latin", [("Łódź Žluťoučký", "cs"), ("İğdır Ñandú Åse", "tr"), ("Fjörð ſtraße ÆŒ", "is")]);
}

#[test]
fn script_greek() {
    script("script_greek", [("Ελληνικά ΐ", "el"), ("ΑΆ ΈΉ ΊΌ ΎΏ", "el"), ("Πρόταση τιμής", "el")]);
}

#[test]
fn script_cyrillic() {
    script("script_cyrillic", [("Смета №12 ё", "ru"), ("Ціна ґанок її", "uk"), ("Ђорђе Ћирић", "sr")]);
}

#[test]
fn script_vietnamese() {
    script("script_vietnamese", [("Báo giá điện", "vi"), ("ẫ ặ ỡ ự ễ Ẵ Ổ", "vi"), ("Nguyễn Hưởng", "vi")]);
}

#[test]
fn script_marks() {
    script(
        "script_marks",
        [
            ("e\u{301}\u{323} o\u{302}\u{301} x\u{30c}", "en"),
            ("и\u{306} α\u{301} ẹ\u{300}", "en"),
            ("n\u{303} u\u{31b}\u{301} a\u{306}\u{323}", "vi"),
        ],
    );
}

#[test]
fn script_arabic() {
    script("script_arabic", [("عرض سعر جديد", "ar"), ("بِسْمِ اللَّهِ لا", "ar"), ("الإجمالي ٪٢٠", "ar")]);
}

#[test]
fn script_urdu() {
    script("script_urdu", [("پیشکش ٹکڑے", "ur"), ("کیک گھڑی ہے", "ur"), ("قیمت ۱۲۳", "ur")]);
}

#[test]
fn script_hebrew() {
    script("script_hebrew", [("הצעת מחיר", "he"), ("שָׁלוֹם בְּרֵאשִׁית", "he"), ("סה״כ (כולל)", "he")]);
}

/// Amounts and names of another direction keep their order inside a line, and brackets turn with it.
#[test]
fn script_directions() {
    script(
        "script_directions",
        [
            ("السعر \u{2068}US$ 12\u{2069} (فقط)", "ar"),
            ("מחיר \u{2068}₪1,234\u{2069} (A-1)", "he"),
            ("A \u{2068}شركة (دبي)\u{2069}: 3", "es"),
        ],
    );
}

#[test]
fn script_devanagari() {
    script("script_devanagari", [("क्षत्रिय मूल्य", "hi"), ("र्म्य र्कि ज्ञान द्ध", "hi"), ("श्री हिन्दी कीमत", "hi")]);
}

#[test]
fn script_bengali() {
    script("script_bengali", [("মূল্য তালিকা", "bn"), ("ক্ষ র্ক স্ত্রী কৌ", "bn"), ("বাংলাদেশ ৳১২", "bn")]);
}

#[test]
fn script_tamil() {
    script("script_tamil", [("விலை பட்டியல்", "ta"), ("ஸ்ரீ க்ஷ கௌ ணை", "ta"), ("தமிழ்நாடு", "ta")]);
}

#[test]
fn script_thai() {
    script("script_thai", [("ใบเสนอราคา", "th"), ("น้ำ ผู้ ที่ ญู ป่า", "th"), ("เปี๊ยะ ๑๒๓ ฿", "th")]);
}

/// Skin tones, flags, a keycap, a family, a flag of tags, and a sign that is not coloured.
#[test]
fn script_emoji() {
    script("script_emoji", [("👍🏽👋🏿🧑🏿‍🚀", "es"), ("🇨🇱🇯🇵🏴󠁧󠁢󠁳󠁣󠁴󠁿 1️⃣", "es"), ("👩‍👩‍👧‍👦❤️‍🔥 ✔\u{fe0e}", "es")]);
}

/// The bundled fonts and the faces of Debian's `fonts-noto-cjk` that are for a variant of Han.
fn with_pack(variant: &str) -> FontLibrary {
    let mut faces = Vec::new();
    for file in ["NotoSansCJK-Regular.ttc", "NotoSansCJK-Bold.ttc"] {
        let path = PathBuf::from("/usr/share/fonts/opentype/noto").join(file);
        let data = std::fs::read(&path)
            .unwrap_or_else(|error| panic!("{}: {error}; `make setup-tests` installs it", path.display()));
        let found = pack::inspect(file, &data, &[]).expect("a collection");
        let face = found.into_iter().find(|face| face.family == format!("Noto Sans CJK {variant}")).expect("in there");
        faces.push(FaceSource {
            family: face.family,
            weight: face.weight,
            file: file.to_owned(),
            license: "OFL-1.1".to_owned(),
            role: FaceRole::Pack,
            data: Arc::new(pack::take_out(data, face.index)),
        });
    }
    FontLibrary::with_faces(faces).expect("usable")
}

#[test]
fn script_japanese() {
    let lines = [("日本語の御見積", "ja"), ("直骨角「税」。", "ja"), ("サクラ株式会社", "ja")];
    script_with(&with_pack("JP"), "script_japanese", lines);
}

#[test]
fn script_korean() {
    let lines = [("한국어 견적서", "ko"), ("뷁 쀍 \u{1112}\u{1161}\u{11ab} 直骨", "ko"), ("합계 ₩1,234", "ko")];
    script_with(&with_pack("KR"), "script_korean", lines);
}

/// The same ideographs in the forms of the mainland and of Taiwan: the language picks them out of one face.
#[test]
fn script_chinese() {
    let lines = [("直角门骨报价单", "zh-CN"), ("直角門骨報價單", "zh-TW"), ("合计（含税）。", "zh-CN")];
    script_with(&with_pack("SC"), "script_chinese", lines);
}

#[test]
fn text_opacity() {
    // Joined letters of one text overlap; a translucent colour must not show where.
    let arabic = TextStyle { direction: Direction::Rtl, ..style(48.0, 700, "ar") };
    let all = vec![
        text("سلام بيت", 8.0, 4.0, &arabic, Color::WHITE.with_alpha(0.4)),
        text("Total $990", 8.0, 70.0, &style(40.0, 800, "es"), Color::WHITE.with_alpha(0.6)),
    ];
    check("text_opacity", Size::new(240, 130), NAVY, vec![layer(all)]);
}

#[test]
fn emoji() {
    let all = vec![
        text("👍🏽 🇨🇱 👩‍🔧", 8.0, 6.0, &style(40.0, 400, "es"), NAVY),
        text("Ok ✅ 100 %", 8.0, 64.0, &style(32.0, 400, "es"), NAVY),
    ];
    check("emoji", Size::new(240, 112), PAPER, vec![layer(all)]);
}

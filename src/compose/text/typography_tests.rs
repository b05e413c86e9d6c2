//! Typography: figures, signs, spaces, line ends of every writing, headings without widows, positions between pixels.

use super::prepare::prepare;
use super::shape::shape;
use super::style::Wrap;
use super::*;

fn fonts() -> &'static FontLibrary {
    FontLibrary::bundled()
}

fn style(size_px: f32, language: &str) -> TextStyle {
    TextStyle { size_px, language: language.to_owned(), ..TextStyle::default() }
}

fn wide(text: &str, style: &TextStyle) -> TextBlock {
    layout(fonts(), text, style, &Fit::default())
}

/// The lines of a text in a box, as their characters.
fn lines(text: &str, language: &str, width: f32) -> Vec<String> {
    let text = prepare(text, Direction::Ltr).text;
    let style = style(40.0, language);
    let mut shaped = fonts().with_shaper(|shaper| shape(fonts(), shaper, &text, &style, 40.0, Wrap::Words));
    shaped.break_at(Some(width));
    shaped.lines().map(|line| text[line.text].trim_end().to_owned()).collect()
}

#[test]
fn every_voice_has_the_signs_of_amounts() {
    for (id, face) in fonts().faces().filter(|(_, face)| face.role == FaceRole::Brand) {
        let bold = TextStyle { family: face.family.clone(), weight: face.weight, ..style(100.0, "es") };
        let tabular = TextStyle { tabular: true, ..bold.clone() };
        let signs = wide("−×%$€", &bold);
        assert_eq!(signs.missing, Vec::<char>::new(), "{}", face.file);
        assert!(signs.glyphs[..2].iter().all(|glyph| glyph.face == id), "{} has no − or ×", face.file);
        assert_ne!(wide("−", &bold).glyphs[0].id, wide("-", &bold).glyphs[0].id, "{}", face.file);
        // Amounts below and above zero end at the same place where they stand right-aligned, whatever the figures.
        let widths: Vec<f32> = ["−1.111,11", "−9.876,54"].map(|amount| wide(amount, &tabular).width).to_vec();
        assert!((widths[0] - widths[1]).abs() < 0.001, "{}: {widths:?}", face.file);
    }
}

#[test]
fn spaces_that_do_not_break_are_kept_and_do_not_break() {
    for amount in
        ["12\u{a0}345,50\u{a0}€", "1\u{202f}234\u{202f}567,50\u{a0}€", "R$\u{a0}1.234,56", "CHF\u{a0}1'234'567.50"]
    {
        let (min, max) = content_widths(fonts(), amount, &style(48.0, "fr"));
        assert_eq!(min, max, "{amount} stays on one line");
        let tight: String = amount.chars().filter(|c| !c.is_whitespace()).collect();
        assert!(wide(&tight, &style(48.0, "fr")).width + 2.0 < max, "{amount}: the space is there");
    }
    assert_eq!(lines("Precio 1.234,5\u{a0}m² útiles", "es", 1.0), ["Precio", "1.234,5\u{a0}m²", "útiles"]);
}

#[test]
fn words_are_never_hyphenated() {
    let hyphen = |block: &TextBlock| {
        let hyphens = ["-", "\u{2010}"].map(|sign| wide(sign, &style(40.0, "de")).glyphs[0].id);
        block.glyphs.iter().any(|glyph| hyphens.contains(&glyph.id))
    };
    let word = "Donau\u{ad}dampf\u{ad}schifffahrts\u{ad}gesellschafts\u{ad}kapitän";
    assert_eq!(lines(word, "de", 1.0).len(), 1, "a soft hyphen ends no line");
    let narrow = Fit { width: Some(300.0), min_size_px: Some(40.0), ..Fit::default() };
    let broken = layout(fonts(), word, &style(40.0, "de"), &narrow);
    assert!(broken.lines.len() > 2 && !hyphen(&broken));
    assert_eq!(wide(word, &style(40.0, "de")), wide(&word.replace('\u{ad}', ""), &style(40.0, "de")));
}

#[test]
fn a_balanced_heading_has_no_widow() {
    let titles = [
        "Propuesta de remodelación para la cocina y el living de su nueva casa",
        "Instalación solar de 12 paneles con inversor híbrido y respaldo",
        "Tailored brand identity and website for your second store",
        "Ремонт кухни и ванной комнаты в новой квартире под ключ",
        "عرض سعر لتجهيز المكاتب الجديدة في الطابق الثالث من البرج",
    ];
    let mut wrapped = 0;
    for title in titles {
        for width in (260..1000).step_by(20) {
            let fit = Fit { width: Some(width as f32), balance: true, ..Fit::default() };
            let block = layout(fonts(), title, &style(56.0, "es"), &fit);
            let longest = block.lines.iter().map(|line| line.width).fold(0.0, f32::max);
            let last = block.lines.last().expect("a line").width;
            wrapped += usize::from(block.lines.len() > 1);
            assert!(last > longest * 0.3, "{title} in {width}: {:?}", block.lines);
        }
    }
    assert!(wrapped > 100, "{wrapped}");
}

#[test]
fn glyphs_stand_between_pixels() {
    let block = wide("Illuminación", &style(20.3, "es"));
    let between = block.glyphs.iter().filter(|glyph| (glyph.x - glyph.x.round()).abs() > 0.05).count();
    assert!(between > block.glyphs.len() / 2, "{:?}", block.glyphs);
    let large = wide("Illuminación", &style(203.0, "es"));
    for (small, large) in block.glyphs.iter().zip(&large.glyphs) {
        assert!((small.x * 10.0 - large.x).abs() < 0.05, "advances grow with the size: {small:?} {large:?}");
    }
}

#[test]
fn japanese_and_chinese_lines_keep_their_punctuation() {
    let never_first = "、。，．・：；？！）」』】〉》ー々っゃゅょァィゥェォッャュョ…％";
    let never_last = "（「『【〈《￥";
    for (language, text) in [
        (
            "ja",
            "株式会社サクラ様、御見積書（第二版）をお送りします。ッフォー「消費税」は１０％です！よろしいでしょうか？人々のシャツ、￥１２３。",
        ),
        (
            "zh-CN",
            "尊敬的客户：您好！请查收《装修工程报价单》（第二版），合计￥１２３，含税“普通”发票；如有疑问，请致电……谢谢。",
        ),
        ("zh-TW", "敬啟者：「裝修工程」報價單（第二版），合計１２３元，含稅；如有疑問，請來電！謝謝。"),
    ] {
        let mut broken = 0;
        for width in (130..900).step_by(10) {
            let lines = lines(text, language, width as f32);
            broken += lines.len();
            for line in &lines[1..] {
                assert!(!line.starts_with(|c| never_first.contains(c)), "{line} of {lines:?}");
            }
            for line in &lines[..lines.len() - 1] {
                assert!(!line.ends_with(|c| never_last.contains(c)), "{line} of {lines:?}");
            }
        }
        assert!(broken > 200, "{language}: {broken}");
    }
}

#[test]
fn korean_lines_end_between_words() {
    let text = "신축 매장 인테리어 공사를 위한 견적서를 보내드립니다";
    for width in (1..900).step_by(25) {
        assert_eq!(lines(text, "ko-KR", width as f32).join(" "), text, "{width}");
    }
    assert_eq!(lines(text, "ko", 1.0).len(), 7);
}

#[test]
fn thai_lines_end_between_words_of_the_dictionary() {
    // As `Intl.Segmenter` of ICU 78 cuts them.
    for (text, words) in [("การปรับปรุงห้องครัว", "การ|ปรับปรุง|ห้อง|ครัว"), ("ใบเสนอราคาสำหรับลูกค้า", "ใบ|เสนอ|ราคา|สำหรับ|ลูกค้า")]
    {
        assert_eq!(lines(text, "th", 1.0).join("|"), words);
    }
}

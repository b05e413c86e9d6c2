//! Tests of text layout through its public face: scripts, fit, cutting, determinism.

use proptest::prelude::*;

use super::*;

fn fonts() -> &'static FontLibrary {
    FontLibrary::bundled()
}

fn style(size_px: f32) -> TextStyle {
    TextStyle { size_px, ..TextStyle::default() }
}

fn rtl(language: &str) -> TextStyle {
    TextStyle { direction: Direction::Rtl, language: language.to_owned(), ..style(48.0) }
}

fn wide(text: &str, style: &TextStyle) -> TextBlock {
    layout(fonts(), text, style, &Fit::default())
}

fn wrapped(text: &str, style: &TextStyle, width: f32) -> TextBlock {
    layout(fonts(), text, style, &Fit { width: Some(width), ..Fit::default() })
}

fn families(block: &TextBlock) -> Vec<&'static str> {
    let mut seen: Vec<&str> = Vec::new();
    for glyph in &block.glyphs {
        let family = fonts().face(glyph.face).family.as_str();
        if !seen.contains(&family) {
            seen.push(family);
        }
    }
    seen
}

fn ids(block: &TextBlock) -> Vec<u16> {
    block.glyphs.iter().map(|glyph| glyph.id).collect()
}

#[test]
fn every_supported_script_is_drawn_with_bundled_faces_alone() {
    for (text, language, family) in [
        ("Ñandú, açaí, Łódź, İstanbul", "es", "Inter"),
        ("Ελληνικά — Τιμή", "el", "Inter"),
        ("Кириллица, ґ, ў", "ru", "Inter"),
        ("Tiếng Việt: báo giá nhà bếp", "vi", "Inter"),
        ("देवनागरी कीमत की", "hi", "Noto Sans Devanagari"),
        ("বাংলা মূল্য", "bn", "Noto Sans Bengali"),
        ("தமிழ் விலை", "ta", "Noto Sans Tamil"),
        ("ใบเสนอราคา", "th", "Noto Sans Thai"),
        ("عرض سعر", "ar", "Noto Sans Arabic"),
        ("הצעת מחיר", "he", "Noto Sans Hebrew"),
        ("$1.234.568 · UF 38.123,46 · R$ 1.234,56 · ₹12,34,567.50 · CHF 1'234 · ₫ ₿ → ✓ •", "es-CL", "Inter"),
    ] {
        let block = wide(text, &TextStyle { language: language.to_owned(), ..style(48.0) });
        assert_eq!(block.missing, Vec::<char>::new(), "{text}");
        assert!(families(&block).contains(&family), "{text}: {:?}", families(&block));
    }
}

#[test]
fn arabic_letters_join() {
    let word = wide("بيت", &rtl("ar"));
    let isolated: Vec<u16> = ["ب", "ي", "ت"].iter().flat_map(|letter| ids(&wide(letter, &rtl("ar")))).collect();
    assert_ne!(ids(&word).into_iter().rev().collect::<Vec<_>>(), isolated, "visual order is the reverse");
    let letters: f32 = ["ب", "ي", "ت"].iter().map(|letter| wide(letter, &rtl("ar")).width).sum();
    assert!(word.width < 0.9 * letters, "{} {letters}: an initial form is narrower than an isolated one", word.width);
    let spaced = TextStyle { letter_spacing_em: 0.2, ..rtl("ar") };
    assert_eq!(wide("بيت", &spaced).width, word.width, "spacing would tear the letters apart");
}

#[test]
fn hebrew_runs_from_right_to_left_and_starts_on_the_right() {
    let block = wrapped("אב", &rtl("he"), 600.0);
    let alef = ids(&wide("א", &rtl("he")))[0];
    assert_eq!(block.glyphs.last().map(|glyph| glyph.id), Some(alef), "the first letter is the rightmost");
    let line = &block.lines[0];
    assert!((line.x + line.width - 600.0).abs() < 0.01, "{line:?}");
    let last = block.glyphs.last().expect("two letters");
    assert!(last.x > line.x && last.x < 600.0);
}

#[test]
fn trailing_spaces_of_wrapped_right_to_left_lines_stay_outside() {
    let block = wrapped("הצעת מחיר עבור לקוח חשוב מאוד", &rtl("he"), 300.0);
    assert!(block.lines.len() > 1);
    for line in &block.lines {
        assert!((line.x + line.width - 300.0).abs() < 0.01, "{line:?}");
    }
}

#[test]
fn thai_wraps_between_words_without_spaces() {
    let text = "ใบเสนอราคาสำหรับการปรับปรุงห้องครัวและห้องน้ำ";
    let thai = TextStyle { language: "th".to_owned(), ..style(48.0) };
    let (min, max) = content_widths(fonts(), text, &thai);
    assert!(min < max / 3.0, "{min} of {max}");
    assert!(wrapped(text, &thai, 420.0).lines.len() >= 2);
}

#[test]
fn emoji_sequences_are_one_picture() {
    for text in ["👩‍👩‍👧‍👦", "👍🏽", "🇨🇱", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "1️⃣", "❤️", "❤️‍🔥", "✅", "🧑🏿‍🚀", "☎️", "✔️"]
    {
        let block = wide(text, &style(48.0));
        assert_eq!(families(&block), ["Noto Color Emoji"], "{text}");
        assert_eq!(block.glyphs.len(), 1, "{text}: {:?}", block.glyphs);
        assert_eq!(block.missing, Vec::<char>::new(), "{text}");
        let glyph = block.glyphs[0];
        let bitmap = GlyphCache::new().get(fonts(), glyph.face, glyph.id, 48.0, 0).expect("a picture");
        assert!(matches!(bitmap.pixels, GlyphPixels::Color(_)), "{text}");
    }
}

#[test]
fn text_presentation_is_drawn_in_the_colour_of_the_text() {
    for text in ["✔\u{fe0e}", "✔", "☎", "❤"] {
        assert_ne!(families(&wide(text, &style(48.0))), ["Noto Color Emoji"], "{text}");
    }
    // A sign that the family itself has is drawn by it.
    assert_eq!(families(&wide("©™", &style(48.0))), ["Inter"]);
}

#[test]
fn tabular_figures_are_equally_wide_and_others_are_not() {
    for family in ["Inter", "Inter Display", "Plus Jakarta Sans"] {
        let proportional = TextStyle { family: family.to_owned(), weight: 700, ..style(100.0) };
        let tabular = TextStyle { tabular: true, ..proportional.clone() };
        let widths: Vec<f32> = (0..10).map(|digit| wide(&digit.to_string(), &tabular).width).collect();
        assert!(widths.iter().all(|width| (width - widths[0]).abs() < 0.001), "{family}: {widths:?}");
        assert!(wide("1", &proportional).width + 1.0 < wide("0", &proportional).width, "{family}");
    }
}

#[test]
fn kerning_is_on() {
    let sum: f32 = ["A", "V"].iter().map(|letter| wide(letter, &style(100.0)).width).sum();
    assert!(wide("AV", &style(100.0)).width < sum - 1.0);
}

#[test]
fn isolates_take_no_room_and_show_nothing() {
    for (plain, isolated) in [("Total 1.234 CLP", "Total \u{2068}1.234 CLP\u{2069}"), ("abc", "\u{2066}abc\u{2069}")] {
        let (plain, isolated) = (wide(plain, &style(48.0)), wide(isolated, &style(48.0)));
        assert!((plain.width - isolated.width).abs() < 0.001, "{} {}", plain.width, isolated.width);
        assert_eq!(isolated.missing, Vec::<char>::new());
        let cache = GlyphCache::new();
        let inked = |block: &TextBlock| -> Vec<(u16, u32)> {
            let ink = |glyph: &&Glyph| cache.get(fonts(), glyph.face, glyph.id, glyph.size_px, 0).is_some();
            block.glyphs.iter().filter(ink).map(|glyph| (glyph.id, glyph.x.to_bits())).collect()
        };
        assert_eq!(inked(&plain), inked(&isolated));
    }
}

#[test]
fn letter_spacing_does_not_see_isolates() {
    let spaced = TextStyle { letter_spacing_em: 0.1, ..style(48.0) };
    let (plain, isolated) = (wide("Nº 12 CLP", &spaced), wide("Nº \u{2068}12\u{2069} CLP", &spaced));
    assert!((plain.width - isolated.width).abs() < 0.01, "{} {}", plain.width, isolated.width);
    assert!(plain.width > wide("Nº 12 CLP", &style(48.0)).width + 30.0);
}

#[test]
fn an_isolated_amount_keeps_its_order_in_arabic() {
    let block = wide("السعر \u{2068}US$ 12.50\u{2069}", &rtl("ar"));
    let latin: Vec<u16> = ids(&wide("US$ 12.50", &style(48.0)));
    let found: Vec<u16> = ids(&block);
    assert!(found.windows(latin.len()).any(|window| window == latin), "{found:?} has no {latin:?}");
}

/// Rule L1 of the Unicode bidirectional algorithm: the space at which a line ends is at its end, also within a value.
#[test]
fn the_space_at_which_a_value_is_wrapped_leaves_no_hole_in_it() {
    let value = "Sistema fotovoltaico residencial con respaldo";
    let style = rtl("ar");
    let width = wide("Sistema fotovoltaico", &style).width + 20.0;
    let (plain, isolated) =
        (wrapped(value, &rtl("ar"), width), wrapped(&format!("\u{2068}{value}\u{2069}"), &style, width));
    assert!(plain.lines.len() > 1, "one line");
    let rights = |block: &TextBlock| -> Vec<f32> { block.lines.iter().map(|line| line.width).collect() };
    assert_eq!(plain.lines.len(), isolated.lines.len());
    for (line, (plain, isolated)) in rights(&plain).into_iter().zip(rights(&isolated)).enumerate() {
        assert!((plain - isolated).abs() < 0.5, "line {line}: {plain} and {isolated}");
    }
    let ink = |block: &TextBlock| block.glyphs.iter().map(|glyph| glyph.x).fold(f32::INFINITY, f32::min);
    assert!((ink(&plain) - ink(&isolated)).abs() < 0.5, "{} and {}", ink(&plain), ink(&isolated));
}

#[test]
fn a_character_without_a_glyph_is_named_and_never_drawn() {
    let block = wide("Hola 漢字漢 ok", &style(48.0));
    assert_eq!(block.missing, ['漢', '字']);
    assert!(block.glyphs.iter().all(|glyph| glyph.id != 0));
}

#[test]
fn half_leading_centres_the_line_and_does_not_depend_on_fallback() {
    let tall = TextStyle { line_height: 2.0, ..style(100.0) };
    let plain = wide("Hxg", &tall);
    // Inter: ascender 1984, descender -494, 2048 units per em.
    let (ascent, descent) = (100.0 * 1984.0 / 2048.0, 100.0 * 494.0 / 2048.0);
    let expected = (200.0 - (ascent + descent)) / 2.0 + ascent;
    assert!((plain.lines[0].baseline - expected).abs() < 0.01, "{} {expected}", plain.lines[0].baseline);
    assert_eq!(plain.height, 200.0);
    let mixed = wide("Hxg 👍 देव ไทย", &tall);
    assert_eq!((mixed.lines[0].baseline, mixed.height), (plain.lines[0].baseline, plain.height));
    let three = wide("a\nb\r\nc", &tall);
    assert_eq!((three.lines.len(), three.height), (3, 600.0));
    assert!((three.lines[2].baseline - (400.0 + expected)).abs() < 0.01);
}

#[test]
fn a_text_at_its_content_width_keeps_one_line() {
    for text in ["Cotización Nº COT-2026-0147", "عرض سعر للعميل", "Total: $1.234.568 👍"] {
        let (_, max) = content_widths(fonts(), text, &style(47.3));
        assert_eq!(wrapped(text, &style(47.3), max).lines.len(), 1, "{text}");
    }
}

#[test]
fn a_text_shrinks_before_it_is_cut() {
    let name = "Constructora e Inmobiliaria Los Alerces del Sur SpA";
    let room = Fit { width: Some(600.0), max_lines: Some(1), min_size_px: Some(20.0), ..Fit::default() };
    let block = layout(fonts(), name, &style(80.0), &room);
    assert!(!block.truncated && block.size_px < 80.0 && block.size_px >= 20.0, "{}", block.size_px);
    assert!(block.lines[0].width <= 600.5 && block.lines[0].width > 560.0, "{}", block.lines[0].width);
    let cut = layout(fonts(), name, &style(80.0), &Fit { min_size_px: Some(60.0), ..room });
    assert!(cut.truncated && cut.size_px == 60.0 && cut.lines.len() == 1);
    assert!(cut.lines[0].width <= 600.5, "{}", cut.lines[0].width);
    let ellipsis = ids(&wide("…", &style(60.0)))[0];
    assert_eq!(cut.glyphs.last().map(|glyph| glyph.id), Some(ellipsis));
}

#[test]
fn a_text_at_its_least_size_takes_the_lines_that_the_larger_ones_had_room_for() {
    let name = "Mantención preventiva y correctiva de equipos de climatización central para edificios de oficinas";
    let room = Fit { width: Some(700.0), max_lines: Some(2), min_size_px: Some(40.0), ..Fit::default() };
    let block = layout(fonts(), name, &style(80.0), &room);
    assert!(!block.truncated && block.size_px == 40.0 && (3..=4).contains(&block.lines.len()), "{block:?}");
    let two = layout(fonts(), "Mantención preventiva central", &style(80.0), &room);
    assert!(
        two.size_px > 70.0 && block.height <= two.height * 80.0 / two.size_px + 1.0,
        "{} {}",
        block.height,
        two.height
    );
    let long = layout(fonts(), &[name; 3].join(", "), &style(80.0), &room);
    assert!(long.truncated && long.lines.len() == 4, "{long:?}");
    let one = layout(fonts(), name, &style(80.0), &Fit { max_lines: Some(1), ..room });
    assert!(one.truncated && one.lines.len() == 1, "what belongs on one line stays there: {one:?}");
}

#[test]
fn a_cut_prefers_the_end_of_a_word() {
    let fit = Fit { width: Some(430.0), max_lines: Some(1), ..Fit::default() };
    let block = layout(fonts(), "Remodelación integral", &style(48.0), &fit);
    assert_eq!(block.glyphs.len(), wide("Remodelación…", &style(48.0)).glyphs.len(), "{block:?}");
}

#[test]
fn a_number_is_never_cut_in_two() {
    let text = "Total a pagar: US$ 1.234.567,50 con despacho";
    let whole = wide("Total a pagar: US$ 1.234.567,50…", &style(48.0)).width;
    for width in [whole - 1.0, whole - 40.0, whole - 150.0] {
        let fit = Fit { width: Some(width), max_lines: Some(1), ..Fit::default() };
        let block = layout(fonts(), text, &style(48.0), &fit);
        assert_eq!(ids(&block), ids(&wide("Total a pagar…", &style(48.0))), "{width}");
    }
}

#[test]
fn a_code_is_cut_where_its_room_ends() {
    let code = "INV-Q-2026-000000000000187-REV-B";
    for width in [300.0, 420.0, 534.0] {
        for text in [code.to_owned(), format!("\u{2068}{code}\u{2069}")] {
            let fit = Fit { width: Some(width), max_lines: Some(1), ..Fit::default() };
            let line = &layout(fonts(), &text, &style(40.0), &fit).lines[0];
            assert!(line.width > width - 50.0, "{text}: {} of {width}", line.width);
        }
    }
    let fit = Fit { width: Some(560.0), max_lines: Some(2), ..Fit::default() };
    assert!(!layout(fonts(), &format!("\u{2068}{code}\u{2069}"), &style(40.0), &fit).truncated);
}

#[test]
fn no_line_has_a_few_letters_of_a_word_or_an_address_alone() {
    for (text, width, max_lines) in [
        ("Treppenhausgeländerrestaurierung", 610.0, None),
        ("Erneuerung Wärmedämmverbundsystem", 420.0, None),
        ("wanderlust.example/a", 350.0, Some(2)),
        ("https://casanorte.example/cotizaciones/118", 690.0, Some(3)),
    ] {
        for less in [0.0, 20.0, 40.0, 60.0] {
            let fit = Fit { width: Some(width - less), max_lines, ..Fit::default() };
            let block = layout(fonts(), text, &style(40.0), &fit);
            let lines: Vec<usize> = block.lines.iter().map(|line| line.glyphs.len()).collect();
            assert!(
                !block.truncated && lines.len() > 1 && lines.iter().all(|glyphs| *glyphs >= 4),
                "{text}: {lines:?}"
            );
        }
    }
}

#[test]
fn controls_that_turn_digits_around_are_dropped() {
    assert_eq!(wide("Total \u{202e}1234\u{202c}", &style(48.0)), wide("Total 1234", &style(48.0)));
    let deep = format!("{}א1{}", "\u{2068}".repeat(3_000), "\u{2069}".repeat(1_000));
    assert_eq!(wide(&deep, &style(48.0)).missing, Vec::<char>::new());
}

#[test]
fn an_overlong_word_shrinks_then_breaks_and_stays_inside() {
    let word = "https://ejemplo.cl/cotizaciones/aceptar/";
    let fit = Fit { width: Some(500.0), min_size_px: Some(10.0), ..Fit::default() };
    let shrunk = layout(fonts(), "Donaudampfschifffahrtsgesellschaft", &style(60.0), &fit);
    assert_eq!((shrunk.lines.len(), shrunk.truncated), (1, false));
    assert!(shrunk.size_px < 60.0);
    let broken = wrapped(&word.repeat(3).replace('/', "x"), &style(60.0), 500.0);
    assert!(broken.lines.len() > 3 && !broken.truncated);
    assert!(broken.lines.iter().all(|line| line.width <= 500.5));
}

#[test]
fn balanced_lines_are_about_equally_long() {
    let title = "Propuesta de remodelación para la cocina y el living de su nueva casa";
    let fit = Fit { width: Some(900.0), ..Fit::default() };
    let ragged = layout(fonts(), title, &style(60.0), &fit);
    let even = layout(fonts(), title, &style(60.0), &Fit { balance: true, ..fit });
    let spread = |block: &TextBlock| {
        let widths = block.lines.iter().map(|line| line.width);
        widths.clone().fold(0.0, f32::max) - widths.fold(f32::MAX, f32::min)
    };
    assert_eq!(ragged.lines.len(), even.lines.len());
    assert!(even.lines.len() > 1 && spread(&even) < spread(&ragged), "{} {}", spread(&even), spread(&ragged));
    assert_eq!((even.width, ragged.width), (900.0, 900.0));
}

#[test]
fn alignment_places_lines_in_the_box() {
    for (align, direction, share) in [
        (Align::Start, Direction::Ltr, 0.0),
        (Align::Center, Direction::Ltr, 0.5),
        (Align::End, Direction::Ltr, 1.0),
        (Align::Start, Direction::Rtl, 1.0),
        (Align::End, Direction::Rtl, 0.0),
    ] {
        let block = wrapped("Total", &TextStyle { align, direction, ..style(48.0) }, 800.0);
        let line = &block.lines[0];
        assert!((line.x - (800.0 - line.width) * share).abs() < 0.01, "{align:?} {direction:?} {line:?}");
        let bearing = line.x - block.glyphs[0].x;
        assert!((0.5..5.0).contains(&bearing), "the ink of the T stands at the edge: {bearing}");
    }
}

#[test]
fn signs_stand_at_the_edge_with_their_ink_and_tabular_figures_with_their_advance() {
    let tabular = TextStyle { tabular: true, ..style(168.0) };
    let pen = |text: &str, style: &TextStyle| wide(text, style).glyphs[0].x;
    for sign in ["$5", "\u{2068}$5\u{2069}", "H5", "€ 5"] {
        assert!((-20.0..-4.0).contains(&pen(sign, &tabular)), "{sign}: {}", pen(sign, &tabular));
    }
    assert_eq!(pen("5 €", &tabular), 0.0, "a counted figure must not sway");
    assert!(pen("5 €", &style(168.0)) < -4.0, "a date is no column");
    let end = TextStyle { align: Align::End, ..tabular };
    let edges = ["5", "5 €"].map(|text| wrapped(text, &end, 800.0).lines[0].clone()).map(|line| line.x + line.width);
    assert!(edges.iter().all(|edge| (edge - 800.0).abs() < 0.01), "{edges:?}");
}

#[test]
fn white_space_and_controls_are_tidied() {
    let clean = wide("Mesa de centro\nroble", &style(48.0));
    assert_eq!(wide("  Mesa \t de  centro \r\n roble\u{7} \n\n", &style(48.0)), clean);
    let empty = wide("", &style(48.0));
    assert_eq!((empty.lines.len(), empty.glyphs.len(), empty.missing.len()), (1, 0, 0));
    assert_eq!(empty.height, 60.0);
}

#[test]
fn a_text_beyond_the_limit_is_cut() {
    let block = wrapped(&"palabra ".repeat(1_000), &style(20.0), 10_000.0);
    assert!(block.truncated && (4_900..5_100).contains(&block.glyphs.len()), "{}", block.glyphs.len());
    assert_eq!(block.glyphs.last().map(|glyph| glyph.id), Some(ids(&wide("…", &style(20.0)))[0]));
}

#[test]
fn hostile_numbers_do_no_harm() {
    for number in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -1.0, 0.0, 1e30] {
        let mut strange = style(number);
        strange.line_height = number;
        strange.letter_spacing_em = number;
        let fit = Fit {
            width: Some(number),
            max_lines: Some(0),
            max_height: Some(number),
            min_size_px: Some(number),
            balance: true,
        };
        let block = layout(fonts(), "Hola 👍 عرض", &strange, &fit);
        assert!(block.glyphs.iter().all(|glyph| glyph.x.is_finite() && glyph.y.is_finite()), "{number}");
        assert!(block.width.is_finite() && block.height.is_finite(), "{number}");
    }
}

#[test]
fn threads_agree() {
    let texts = ["Total $1.234.568", "عرض سعر 12", "ใบเสนอราคา", "👩‍👩‍👧‍👦 हिन्दी"];
    let run = || texts.map(|text| wrapped(text, &style(48.0), 300.0));
    let here = run();
    let there: Vec<_> = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..4).map(|_| scope.spawn(run)).collect();
        handles.into_iter().map(|handle| handle.join().expect("no panic")).collect()
    });
    assert!(there.iter().all(|blocks| *blocks == here));
    assert_eq!(run(), here);
}

#[test]
fn families_are_found_without_regard_to_case() {
    assert!(fonts().has_family("inter display") && !fonts().has_family("Arial"));
    assert_eq!(fonts().families().next(), Some("Inter"));
    let unknown = TextStyle { family: "No \"such\\ font".to_owned(), ..style(48.0) };
    assert_eq!(families(&wide("Hola", &unknown)), ["Inter"]);
}

#[test]
fn each_bundled_weight_is_used_as_it_is() {
    for (id, face) in fonts().faces().filter(|(_, face)| face.role == FaceRole::Brand) {
        let asked = TextStyle { family: face.family.clone(), weight: face.weight, ..style(48.0) };
        assert_eq!(wide("Hg", &asked).glyphs[0].face, id, "{face:?}");
    }
}

#[test]
fn a_pack_adds_faces_and_refuses_what_is_no_font() {
    let face = |family: &str, data: &'static [u8]| FaceSource {
        family: family.to_owned(),
        weight: 400,
        file: "pack.ttf".to_owned(),
        license: "OFL-1.1".to_owned(),
        role: FaceRole::Script,
        data: std::sync::Arc::new(data),
    };
    let thai: &'static [u8] = include_bytes!("../../../fonts/noto/NotoSansThai-Regular.ttf");
    let library = FontLibrary::with_faces(vec![face("Pack Thai", thai)]).expect("a font");
    assert!(library.has_family("Pack Thai") && !fonts().has_family("Pack Thai"));
    let block = layout(&library, "ไทย", &TextStyle { family: "Pack Thai".to_owned(), ..style(48.0) }, &Fit::default());
    assert!(block.glyphs.iter().all(|glyph| library.face(glyph.face).family == "Pack Thai"));
    assert!(GlyphCache::new().get(&library, block.glyphs[0].face, block.glyphs[0].id, 48.0, 0).is_some());
    let refused = FontLibrary::with_faces(vec![face("Pack", &thai[..64])]).expect_err("cut off");
    assert!(matches!(&refused, FontError::Unreadable { file, .. } if file == "pack.ttf"), "{refused}");
}

/// Words of many scripts, with what usually hurts: isolates, emoji sequences, long words, line breaks, no-break spaces.
fn hostile_text() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "casa",
        "Remodelación",
        "a",
        "W",
        " ",
        " ",
        " ",
        "\n",
        "\u{a0}",
        "\u{202f}",
        "-",
        ",",
        "1.234.568",
        "₹12,34,567.50",
        "عرض",
        "سعر",
        "הצעת",
        "देवनागरी",
        "বাংলা",
        "தமிழ்",
        "ใบเสนอราคา",
        "👩‍👩‍👧‍👦",
        "👍🏽",
        "🇨🇱",
        "\u{2068}",
        "\u{2069}",
        "\u{2067}",
        "漢字",
        "ﷺ",
        "Donaudampfschifffahrtsgesellschaftskapitän",
        "e\u{301}\u{302}\u{303}",
        "\u{200d}",
        "\u{ad}",
        "fi",
        "…",
        "→",
        "\u{202e}",
        "\u{fe0f}",
        "क्ष्म्य",
    ]);
    prop::collection::vec(pieces, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn text_never_leaves_its_box(
        text in hostile_text(),
        size in 12.0f32..160.0,
        shrink in 0.2f32..1.0,
        width in 0.0f32..1000.0,
        max_lines in prop::option::of(1u32..5),
        lines_high in prop::option::of(1.0f32..6.0),
        balance: bool,
        right: bool,
        align in prop::sample::select(vec![Align::Start, Align::Center, Align::End]),
        spacing in prop::sample::select(vec![0.0f32, 0.05, -0.02]),
    ) {
        let direction = if right { Direction::Rtl } else { Direction::Ltr };
        let style = TextStyle { align, direction, letter_spacing_em: spacing, ..style(size) };
        let min_size = (size * shrink).max(1.0);
        let max_height = lines_high.map(|lines| lines * min_size * style.line_height);
        let fit = Fit { width: Some(width), max_lines, max_height, min_size_px: Some(min_size), balance };
        let block = layout(fonts(), &text, &style, &fit);
        prop_assert!(block.size_px <= size && block.size_px >= min_size - 0.001);
        prop_assert!(block.height <= max_height.unwrap_or(f32::MAX) + 0.5, "{block:?}");
        // At its least size a text of several lines may have as many as fit where they would have been at full size.
        let at_least_size = block.size_px <= min_size + 0.001;
        let most = max_lines.map_or(f32::MAX, |most| if most > 1 && at_least_size { most as f32 * size / min_size } else { most as f32 });
        prop_assert!(block.lines.len() as f32 <= most + 0.01, "{} lines of {most}", block.lines.len());
        prop_assert!(!block.lines.is_empty());
        for line in &block.lines {
            prop_assert!(line.x >= -0.5 && line.x + line.width <= width + 0.5, "{line:?} in {width}");
            for glyph in &block.glyphs[line.glyphs.clone()] {
                prop_assert!(glyph.id != 0);
                prop_assert!(glyph.y > line.baseline - 2.0 * size && glyph.y < line.baseline + 2.0 * size);
            }
        }
        prop_assert_eq!(block.lines.last().map(|line| line.glyphs.end), Some(block.glyphs.len()));
    }
}

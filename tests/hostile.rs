//! Hostile input as a list: bombs, nesting, loops, endless texts, characters that hide. Each is answered by a named error
//! or a named warning; what takes for ever or all memory fails here, because the run of a test ends at last.
//!
//! Addresses, redirects and SVGs that multiply are in `asset.rs`, mistakes of form in `snapshot.rs` and `template.rs`.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use quotereel::compose::scene::{ComposeError, Composed, Ingredients, compose};
use quotereel::compose::text::pack::inspect;
use quotereel::compose::text::{FaceRole, FaceSource, Fit, FontLibrary, GlyphCache, TextStyle, layout};
use quotereel::ground::executor::Sequential;
use quotereel::ground::frame::RgbaFrame;
use quotereel::ground::geometry::Size;
use quotereel::ground::problem::Problems;
use quotereel::ground::time::FrameRate;
use quotereel::quote::asset::{AssetError, Policy, Source, load_all};
use quotereel::quote::logo::LogoLook;
use quotereel::quote::snapshot::{ParseOptions, parse, parse_with};
use quotereel::template::{Bindings, Template, TemplateError, TemplateFiles, builtin};
use serde_json::{Value, json};

/// Cuts of bundled fonts, under a family name of their own.
const THAI: &[u8] = include_bytes!("../fixtures/fuzz/font/thai.ttf");
const EMOJI: &[u8] = include_bytes!("../fixtures/fuzz/font/emoji.ttf");

// Pictures and SVGs.

fn load(bytes: &[u8]) -> Result<Arc<RgbaFrame>, AssetError> {
    let source = Source::Data(format!("data:;base64,{}", STANDARD.encode(bytes)));
    load_all(&[source], &Policy::default()).remove(0)
}

fn code_of(bytes: &[u8]) -> &'static str {
    load(bytes).as_ref().map_or_else(AssetError::code, |_| "loaded")
}

/// A chunk of a PNG with its length and checksum (PNG, third edition, 5.3).
fn chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut checksum = u32::MAX;
    for byte in name.iter().chain(data) {
        checksum ^= u32::from(*byte);
        for _ in 0..8 {
            checksum = checksum >> 1 ^ if checksum & 1 == 1 { 0xedb8_8320 } else { 0 };
        }
    }
    let length = u32::try_from(data.len()).expect("short").to_be_bytes();
    [&length[..], name, data, &(!checksum).to_be_bytes()].concat()
}

/// A PNG of that many grey pixels a side, with `extra` chunks before its pixels.
fn png(side: u32, extra: &[u8]) -> Vec<u8> {
    let grey = image::GrayImage::from_pixel(side, side, image::Luma([90]));
    let mut bytes = Vec::new();
    grey.write_to(&mut std::io::Cursor::new(&mut bytes), image::ImageFormat::Png).expect("encodes");
    // Signature and header have 8 and 25 bytes.
    [&bytes[..33], extra, &bytes[33..]].concat()
}

#[test]
fn dimensions_are_judged_by_the_header() {
    let mut jpeg = Vec::new();
    let grey = image::GrayImage::new(8, 8);
    grey.write_to(&mut std::io::Cursor::new(&mut jpeg), image::ImageFormat::Jpeg).expect("encodes");
    let frame = jpeg.windows(2).position(|pair| pair == b"\xff\xc0").expect("a frame header");
    jpeg[frame + 5..frame + 9].fill(0xff);
    assert_eq!(code_of(&jpeg), "asset_too_large");
    // A lossy WebP has 14 bits for each side, an extended one 24: 16383 and 16777216 px.
    let lossy = b"RIFF\x1e\0\0\0WEBPVP8 \x12\0\0\0\x30\x01\0\x9d\x01\x2a\xff\x3f\xff\x3f\0\0\0\0\0\0\0\0";
    let extended = b"RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff";
    for webp in [&lossy[..], extended] {
        let told = load(webp).expect_err("too large or cut off");
        assert!(["asset_too_large", "asset_undecodable"].contains(&told.code()), "{told}");
    }
}

/// 50 KB that unpack to 49 MB, in chunks that no decoder needs.
#[test]
fn packed_metadata_stays_packed() {
    // The pixels of a black picture are zeros, packed as such chunks are.
    let mut black = Vec::new();
    let picture = image::GrayImage::new(7000, 7000);
    picture.write_to(&mut std::io::Cursor::new(&mut black), image::ImageFormat::Png).expect("encodes");
    let mut packed = b"name\0\0".to_vec();
    let mut rest = &black[8..];
    while let [a, b, c, d, name @ ..] = rest {
        let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        if name.starts_with(b"IDAT") {
            packed.extend_from_slice(&name[4..4 + length]);
        }
        rest = &name[4 + length + 4..];
    }
    assert!((1_000..1_000_000).contains(&packed.len()), "{}", packed.len());
    for name in [b"iCCP", b"zTXt"] {
        assert_eq!(code_of(&png(4, &chunk(name, &packed))), "loaded");
    }
}

/// The decoder makes room for metadata by what their chunk claims, up to 4 GiB.
#[test]
fn metadata_longer_than_the_file_are_named() {
    let mut webp = include_bytes!("../fixtures/fuzz/picture/exif.webp").to_vec();
    assert_eq!(code_of(&webp), "loaded");
    let exif = webp.windows(4).position(|name| name == b"EXIF").expect("metadata");
    webp[exif + 4..exif + 8].fill(0xff);
    let refused = load(&webp).expect_err("overlong");
    assert_eq!(refused.code(), "asset_undecodable");
    assert!(refused.to_string().contains("its chunk EXIF claims 4294967295 bytes"), "{refused}");
}

#[test]
fn of_a_thousand_frames_the_first_one_is_decoded() {
    let control = |sequence: u32| {
        let number = u32::to_be_bytes;
        let place = [number(sequence), number(4), number(4), number(0), number(0)].concat();
        chunk(b"fcTL", &[&place[..], &[0, 1, 0, 1, 0, 0]].concat())
    };
    let announced = chunk(b"acTL", &[1000u32.to_be_bytes(), 0u32.to_be_bytes()].concat());
    let mut bytes = png(4, &[announced, control(0)].concat());
    let end = bytes.split_off(bytes.len() - 12);
    for sequence in 1..1000 {
        bytes.extend(control(sequence));
    }
    bytes.extend(end);
    assert_eq!(load(&bytes).map(|frame| frame.pixel(1, 1)), Ok([90, 90, 90, 255]));
}

#[test]
fn pictures_cut_off_anywhere_are_named() {
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'><style>.a{fill:#00f}</style><g opacity='.5'><path class='a' d='M0 0h9v9z'/></g></svg>";
    for whole in [png(40, &[]), svg.to_vec()] {
        assert_eq!(code_of(&whole), "loaded");
        for kept in (0..whole.len() - 12).step_by(7) {
            let code = code_of(&whole[..kept]);
            assert!(
                ["asset_undecodable", "asset_not_a_picture", "asset_svg_refused"].contains(&code),
                "{kept}: {code}"
            );
        }
    }
}

/// A decoder fills what a JPEG lacks with grey. A preview in its metadata ends before the picture does, and what follows the
/// end of the picture says nothing.
#[test]
fn a_jpeg_cut_off_after_its_header_is_not_half_a_picture() {
    let mut plain = Vec::new();
    let noise =
        image::RgbImage::from_fn(64, 64, |x, y| image::Rgb([x * y, x * 7, y * 5].map(|n| (n % 251).to_le_bytes()[0])));
    noise.write_to(&mut std::io::Cursor::new(&mut plain), image::ImageFormat::Jpeg).expect("encodes");
    let length = u16::try_from(plain.len() + 2).expect("a short segment").to_be_bytes();
    let with_preview = [&plain[..2], b"\xff\xe1", &length, &plain, &plain[2..]].concat();
    let photo = include_bytes!("../fixtures/quotes/assets/camila.jpg").to_vec();
    let progressive = include_bytes!("../fixtures/fuzz/picture/progressive.jpg").to_vec();
    for whole in [plain, with_preview, photo, progressive] {
        assert_eq!(code_of(&whole), "loaded");
        assert_eq!(code_of(&[&whole[..], b"\0\0\xff\xd8\xff\xda\0\x04\0\0more"].concat()), "loaded");
        for kept in (3..whole.len() - 1).step_by(whole.len() / 40) {
            assert_eq!(code_of(&whole[..kept]), "asset_undecodable", "{kept} of {}", whole.len());
        }
    }
    assert_eq!(code_of(&include_bytes!("../fixtures/quotes/assets/camila.jpg")[..4000]), "asset_undecodable");
}

// Fonts.

/// The place of a table in a font, and its length.
fn table(font: &[u8], tag: &[u8; 4]) -> (usize, usize) {
    let record = font[12..].as_chunks::<16>().0.iter().find(|record| record.starts_with(tag)).expect("a table");
    let number = |at: usize| u32::from_be_bytes(record[at..at + 4].try_into().expect("four bytes")) as usize;
    (number(8), number(12))
}

/// The font with some bytes of a table replaced.
fn spoilt(font: &[u8], tag: &[u8; 4], at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut font = font.to_vec();
    let start = table(&font, tag).0 + at;
    font[start..start + bytes.len()].copy_from_slice(bytes);
    font
}

/// Sets and draws a line in a font of a pack; says how many of its glyphs have ink, or why the font is refused.
fn drawn(font: Vec<u8>) -> Result<usize, String> {
    let text = "ครั้ง 👩";
    let wanted: Vec<char> = text.chars().collect();
    let faces = inspect("hostile.ttf", &font, &wanted).map_err(|error| error.to_string())?;
    let family = faces.first().ok_or("no upright face in hostile.ttf")?.family.clone();
    let source = FaceSource {
        family: family.clone(),
        weight: 400,
        file: "hostile.ttf".to_owned(),
        license: "OFL-1.1".to_owned(),
        role: FaceRole::Pack,
        data: Arc::new(font),
    };
    let library = FontLibrary::with_faces(vec![source]).map_err(|error| error.to_string())?;
    let style = TextStyle { family, size_px: 300.0, ..TextStyle::default() };
    let fit = Fit { width: Some(900.0), min_size_px: Some(40.0), max_lines: Some(1), ..Fit::default() };
    let block = layout(&library, text, &style, &fit);
    let cache = GlyphCache::new();
    let of_pack = block.glyphs.iter().filter(|glyph| library.face(glyph.face).role == FaceRole::Pack);
    Ok(of_pack.filter(|glyph| cache.get(&library, glyph.face, glyph.id, 300.0, 0).is_some()).count())
}

#[test]
fn a_whole_font_draws_and_a_cut_one_is_named_or_draws_less() {
    let whole = drawn(THAI.to_vec()).expect("a font");
    assert!(whole > 0);
    for kept in (0..THAI.len()).step_by(31) {
        match drawn(THAI[..kept].to_vec()) {
            Ok(count) => assert!(count <= whole, "{kept}"),
            Err(reason) => assert!(reason.contains("hostile.ttf"), "{kept}: {reason}"),
        }
    }
}

#[test]
fn absurd_numbers_in_a_font_end_in_a_name_or_a_drawing() {
    let mut tables = THAI.to_vec();
    tables[4..6].fill(0xff);
    let mut overlong = THAI.to_vec();
    overlong[12 + 12..12 + 16].fill(0xff);
    let fonts = [
        ("65535 tables", tables),
        ("a table of 4 GB", overlong),
        ("no units", spoilt(THAI, b"head", 18, &[0, 0])),
        ("one unit", spoilt(THAI, b"head", 18, &[0, 1])),
        ("65535 units", spoilt(THAI, b"head", 18, &[0xff, 0xff])),
        ("65535 glyphs", spoilt(THAI, b"maxp", 4, &[0xff, 0xff])),
        ("no glyphs", spoilt(THAI, b"maxp", 4, &[0, 0])),
        ("65535 widths", spoilt(THAI, b"hhea", 34, &[0xff, 0xff])),
        ("no character map", spoilt(THAI, b"cmap", 2, &[0xff, 0xff])),
        ("65535 names", spoilt(THAI, b"name", 2, &[0xff, 0xff])),
        ("long offsets", spoilt(THAI, b"head", 50, &[0, 1])),
        ("endless lookups", spoilt(THAI, b"GSUB", 8, &[0, 0])),
        ("a tall line", spoilt(THAI, b"hhea", 4, &[0x7f, 0xff, 0x80, 0])),
    ];
    for (name, font) in fonts {
        match drawn(font) {
            Ok(count) => assert!(count <= 16, "{name}: {count}"),
            Err(reason) => assert!(reason.contains("hostile.ttf"), "{name}: {reason}"),
        }
    }
}

/// A strike of one pixel an em would be drawn 40,000 px wide at 300 px, and one of none without end.
#[test]
fn pictures_of_emoji_keep_to_the_size_of_the_text() {
    assert_eq!(drawn(EMOJI.to_vec()), Ok(1));
    // The sizes of the first strike are bytes 44 and 45 of its record, which begins after a header of 8 bytes.
    for pixels in [0, 1] {
        assert_eq!(drawn(spoilt(EMOJI, b"CBLC", 8 + 44, &[pixels; 2])), Ok(0), "{pixels}");
    }
    let (data, length) = table(EMOJI, b"CBDT");
    let png = data + EMOJI[data..data + length].windows(4).position(|name| name == b"IHDR").expect("a PNG");
    let mut huge = EMOJI.to_vec();
    huge[png + 4..png + 12].copy_from_slice(&[0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff]);
    assert_eq!(drawn(huge), Ok(0));
}

/// Every glyph becomes a composite of the glyph itself, and then of the next one, twice: a circle and 2^n parts.
#[test]
fn glyphs_made_of_themselves_draw_nothing() {
    let (glyf, length) = table(THAI, b"glyf");
    let (loca, _) = table(THAI, b"loca");
    let long = THAI[table(THAI, b"head").0 + 51] == 1;
    let glyphs = u16::from_be_bytes(THAI[table(THAI, b"maxp").0 + 4..][..2].try_into().expect("two bytes"));
    for next in [0, 1] {
        let mut font = THAI.to_vec();
        font[glyf..glyf + length].fill(0);
        for glyph in 0..glyphs {
            // Header of 10 bytes with -1 contours, then two components with offsets of one byte: flags, glyph, x, y.
            let component =
                |flags: u16| [flags.to_be_bytes(), ((glyph + next) % glyphs).to_be_bytes(), [1, 1]].concat();
            let record =
                [&[0xff, 0xff, 0, 0, 0, 0, 0x03, 0xe8, 0x03, 0xe8], &component(0x22)[..], &component(0x02)].concat();
            let at = usize::from(glyph) * 24;
            if at + 24 <= length {
                font[glyf + at..][..record.len()].copy_from_slice(&record);
            }
            let place = |at: usize| u32::try_from(at.min(length)).expect("small");
            for entry in [usize::from(glyph), usize::from(glyph) + 1] {
                let at = place((entry * 24).min(length));
                if long {
                    font[loca + entry * 4..][..4].copy_from_slice(&at.to_be_bytes());
                } else {
                    let half = u16::try_from(at / 2).expect("short offsets reach 128 KB").to_be_bytes();
                    font[loca + entry * 2..][..2].copy_from_slice(&half);
                }
            }
        }
        assert_eq!(drawn(font).map_err(|reason| assert!(reason.contains("hostile.ttf"), "{reason}")), Ok(0));
    }
}

// Templates.

/// A template of one scene with these nodes, and strings of its own.
fn template(nodes: Value, strings: &Value) -> Result<Template, TemplateError> {
    with_lets(nodes, strings, &json!({}), &json!({}))
}

/// The same with names for the document and for the scene.
fn with_lets(nodes: Value, strings: &Value, document: &Value, scene: &Value) -> Result<Template, TemplateError> {
    let document = json!({
        "let": document,
        "formatVersion": 1, "name": "hostile", "version": "1", "description": "d", "duration": { "min": 1, "max": 60 },
        "theme": { "fonts": { "body": { "family": "Inter", "weight": 500 } } },
        "scenes": [{ "id": "only", "let": scene, "children": nodes }]
    });
    Template::parse(&TemplateFiles {
        source: "hostile".to_owned(),
        document: document.to_string().into_bytes(),
        strings: BTreeMap::from([("en".to_owned(), strings.to_string().into_bytes())]),
        parts: BTreeMap::new(),
    })
}

fn quote() -> Value {
    serde_json::from_slice(include_bytes!("../fixtures/quotes/bare.json")).expect("JSON")
}

fn composed(quote: &Value, template: &Template) -> Result<Composed, ComposeError> {
    let snapshot = parse(quote.to_string().as_bytes()).expect("a valid quote");
    compose(Ingredients {
        template,
        bindings: Bindings { snapshot: &snapshot, pictures: &BTreeMap::new(), logo: LogoLook::default() },
        pictures: &[],
        fonts: FontLibrary::bundled(),
        canvas: Size::new(1080, 1920),
        frame_rate: FrameRate::DEFAULT,
        executor: &Sequential,
    })
}

fn shown(nodes: Value, strings: &Value) -> Result<Composed, String> {
    let template = template(nodes, strings).map_err(|error| error.to_string())?;
    composed(&quote(), &template).map_err(|error| error.to_string())
}

fn codes(problems: &Problems) -> Vec<&'static str> {
    problems.iter().map(|problem| problem.code).collect()
}

#[test]
fn ten_thousand_nodes_are_a_video_and_one_more_is_an_error() {
    let nodes = |count: usize| json!(vec![json!({ "type": "shape" }); count]);
    shown(nodes(10_000), &json!({})).expect("as many as are allowed");
    let reason = shown(nodes(10_001), &json!({})).expect_err("one more");
    assert!(reason.contains("more than 10000 nodes"), "{reason}");
}

#[test]
fn thousands_of_texts_come_to_an_end() {
    let texts = json!(vec![json!({ "type": "text", "text": "{{ quote.number }}" }); 2_000]);
    let made = shown(texts, &json!({}));
    let told = made.as_ref().map_or_else(Clone::clone, |composed| codes(&composed.warnings).join(" "));
    assert!(["overflow", "TooLong", "needs at least"].iter().any(|word| told.contains(word)), "{told}");
}

#[test]
fn strings_that_call_each_other_in_loops_run_out_of_fuel() {
    let call = |next: &str| format!("{{% for i in range(9999) %}}{{{{ t('{next}') }}}}{{% endfor %}}");
    let strings = json!({ "a": call("b"), "b": call("c"), "c": call("d"), "d": call("e"), "e": "" });
    let reason = shown(json!([{ "type": "text", "text": "{{ t('a') }}" }]), &strings).expect_err("endless");
    assert!(reason.contains("/scenes/0/children/0/text") && reason.contains("fuel"), "{reason}");
}

#[test]
fn many_small_expressions_are_bounded_as_one_endless_one_is() {
    let costly = "{% for i in range(9999) %}{% endfor %}";
    let texts = |count: usize| json!(vec![json!({ "type": "text", "text": costly }); count]);
    shown(texts(10), &json!({})).expect("a few");
    let reason = shown(texts(1_000), &json!({})).expect_err("many");
    assert!(reason.contains("steps for this quote"), "{reason}");
}

/// Names cannot make a value that grows by doubling, nor spend without bounds.
#[test]
fn names_that_double_or_never_end_are_bounded() {
    let lets = |expressions: Vec<String>| -> Value {
        expressions.into_iter().enumerate().map(|(at, value)| (format!("n{at:02}"), json!(value))).collect()
    };
    let nodes = || json!([{ "type": "text", "text": "{{ quote.number }}" }]);
    let reason = |document: &Value, scene: &Value| {
        let made = with_lets(nodes(), &json!({}), document, scene).map_err(|error| error.to_string());
        made.and_then(|template| composed(&quote(), &template).map_err(|error| error.to_string()))
            .expect_err("too much")
    };
    let doubled = |text: bool| {
        let next = |at: usize| match (text, at) {
            (true, 0) => "'x' * 1000".to_owned(),
            (true, at) => format!("n{0:02} ~ n{0:02}", at - 1),
            (false, 0) => "range(10)".to_owned(),
            (false, at) => format!("[n{0:02}, n{0:02}]", at - 1),
        };
        lets((0..50).map(next).collect())
    };
    for (doubled, words) in [(doubled(true), "65536"), (doubled(false), "20000 others")] {
        for (document, scene, place) in [(&doubled, &json!({}), "#/let/n"), (&json!({}), &doubled, "#/scenes/0/let/n")]
        {
            let reason = reason(document, scene);
            assert!(reason.contains(words) && reason.contains(place), "{reason}");
        }
    }
    let chain = lets((0..60).map(|at| format!("n{:02}", (at + 1) % 60)).collect());
    assert!(reason(&chain, &json!({})).contains("without end: n00 -> n01"));
}

/// Overrides inside overrides are put in once for each shape of canvas, not once for each path through them.
#[test]
fn overrides_within_overrides_do_not_multiply() {
    let nested = (0..30).fold(json!({ "type": "shape" }), |inner, at| {
        json!({ "type": "group", "landscape": { "clip": true }, "square": { "clip": at % 2 == 0 },
            "portrait": { "clip": false }, "tall": { "layout": { "grow": 1 } }, "children": [inner] })
    });
    shown(json!([nested]), &json!({})).expect("thirty groups");
    let inside = (0..15).fold(
        json!({ "type": "shape" }),
        |inner, _| json!({ "type": "group", "portrait": { "children": [inner] }, "children": [inner] }),
    );
    let reason = shown(json!([inside]), &json!({})).expect_err("no file of a template is that large");
    assert!(reason.contains("1048576 are allowed"), "{reason}");
}

#[test]
fn a_scene_has_64_masked_or_blurred_groups_and_no_more() {
    let blurred = json!({ "type": "group", "blur": 8, "layout": { "width": 40, "height": 40 }, "children": [] });
    let groups = |count: usize| json!(vec![blurred.clone(); count]);
    shown(groups(64), &json!({})).expect("as many as are allowed");
    let reason = shown(groups(65), &json!({})).expect_err("one more");
    assert!(reason.contains("more than 64 masked or blurred groups"), "{reason}");
}

#[test]
fn a_text_of_100_000_characters_is_cut_with_a_warning() {
    let text = "many words ".repeat(9_091);
    let composed = shown(json!([{ "type": "text", "text": text, "set": { "maxLines": 3 } }]), &json!({})).expect("cut");
    assert_eq!(codes(&composed.warnings).iter().filter(|code| **code == "text_cut").count(), 1);
    let grown = json!([{ "type": "text", "text": "{% for i in range(9999) %}many words {% endfor %}" }]);
    let reason = shown(grown, &json!({})).expect_err("grown");
    assert!(reason.contains("fuel") || reason.contains("at most 65536"), "{reason}");
}

// Quotes.

/// Pointers of all texts of a document.
fn texts(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::String(_) => found.push(at.to_owned()),
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(index, one)| texts(one, &format!("{at}/{index}"), found))
        }
        Value::Object(fields) => fields.iter().for_each(|(key, one)| texts(one, &format!("{at}/{key}"), found)),
        _ => {}
    }
}

#[test]
fn no_field_takes_100_000_characters() {
    let solar: Value = serde_json::from_slice(include_bytes!("../fixtures/quotes/solar-es-cl.json")).expect("JSON");
    let mut pointers = Vec::new();
    texts(&solar, "", &mut pointers);
    assert!(pointers.len() > 40);
    for pointer in pointers {
        let mut quote = solar.clone();
        *quote.pointer_mut(&pointer).expect("there") = json!("x".repeat(100_000));
        let problems =
            parse_with(quote.to_string().as_bytes(), ParseOptions { allow_files: true }).expect_err(&pointer);
        let named = problems.iter().find(|problem| problem.pointer == pointer).unwrap_or_else(|| panic!("{pointer}"));
        assert!(named.to_string().len() < 600, "{named}");
    }
}

/// The longest texts that are allowed, in every free field, are made into a video.
#[test]
fn the_longest_texts_fit_or_are_cut_with_a_warning() {
    let mut quote = quote();
    quote["quote"]["title"] = json!("W".repeat(500));
    quote["quote"]["notes"] = json!("notes and ".repeat(500));
    quote["paymentTerms"] = json!("漢字".repeat(2_500));
    quote["deliveryTerms"] = json!("ก".repeat(5_000));
    quote["company"]["name"] = json!("Unternehmens".repeat(41));
    quote["customer"]["name"] = json!("م".repeat(500));
    quote["items"] = json!(vec![json!({ "name": "N".repeat(500), "description": "d ".repeat(2_500) }); 500]);
    let composed = composed(&quote, &builtin("quote-summary").expect("built in")).expect("a video");
    let codes = codes(&composed.warnings);
    assert!(codes.contains(&"text_cut") && codes.contains(&"rows_left_out"), "{codes:?}");
}

/// What a viewer sees of names that try to look like others: the same glyphs as of the plain names.
#[test]
fn names_that_hide_something_look_like_what_they_say() {
    let template = builtin("quote-summary").expect("built in");
    let glyphs = |company: &str, item: &str| {
        let mut quote = quote();
        quote["company"]["name"] = json!(company);
        quote["items"][0]["name"] = json!(item);
        let parsed = parse_with(quote.to_string().as_bytes(), ParseOptions::default()).expect("valid");
        (composed(&quote, &template).expect("a video").composition, codes(&parsed.warnings))
    };
    let (plain, none) = glyphs("Banco Sol", "100 panels");
    assert!(none.is_empty());
    for (company, item, warned) in [
        ("Ban\u{200b}co\u{feff} Sol", "100\u{2060} panels", ["invisible_character", "invisible_character"]),
        ("\u{202d}Banco Sol\u{202c}", "\u{2067}100 panels\u{2069}", ["bidi_control", "bidi_control"]),
        ("\u{3164}Banco Sol", "100 panels\u{e0041}\u{e0042}", ["invisible_character", "invisible_character"]),
    ] {
        let (hidden, warnings) = glyphs(company, item);
        assert_eq!(warnings, warned);
        assert_eq!(format!("{hidden:?}"), format!("{plain:?}"), "{company:?}");
    }
    for nothing in ["\u{200b}", "\u{3164}\u{2800}", "\u{200d}\u{fe0f}"] {
        let mut quote = quote();
        quote["company"]["name"] = json!(nothing);
        let problems = parse(quote.to_string().as_bytes()).expect_err("blank");
        assert!(codes(&problems).contains(&"empty_field"), "{problems}");
    }
}

//! Small frames, one concern each, compared with the accepted pictures in `tests/golden`.
//!
//! `QUOTEREEL_ACCEPT=1` writes them instead; look at what it wrote. A picture without a test is an error.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use quotereel::color::Color;
use quotereel::crew::Alone;
use quotereel::frame::RgbaFrame;
use quotereel::geometry::{Rect, Size};
use quotereel::raster;
use quotereel::scene::{
    Composition, Content, Edge, Geometry, Isolated, Layer, MotionLink, Paint, PathSegment, Picture, Polyline,
    Primitive, Reveal, RoundedRect, Scene, Shadow, Shape, Stencil, Stop, Stroke, Text,
};
use quotereel::text::{Direction, FaceRole, FaceSource, Fit, FontLibrary, GlyphCache, TextStyle, layout, pack};
use quotereel::time::FrameRate;
use quotereel::timeline::Track;

/// Largest difference of one channel of one pixel. Everything is rounded to fixed steps before it reaches a pixel;
/// what is left are glyph outlines and path edges, whose float arithmetic may differ by one sample between targets.
const MAX_DIFFERENCE: u8 = 2;

/// By how much a value of a picture may differ from the mean of the four at twice the size, and how many in 1000 may differ
/// by more: glyphs and moves keep to fractions of a pixel, which are finer there.
const FAR: i32 = 48;
const MAX_FAR_PER_MILLE: usize = 40;

/// All accepted pictures.
const NAMES: [&str; 33] = [
    "rounded_rect_radii",
    "gradient",
    "conic",
    "shadow",
    "clip",
    "reveal",
    "rotation",
    "subpixel_move",
    "text_scripts",
    "script_arabic",
    "script_bengali",
    "script_chinese",
    "script_cyrillic",
    "script_devanagari",
    "script_directions",
    "script_emoji",
    "script_greek",
    "script_hebrew",
    "script_japanese",
    "script_korean",
    "script_latin",
    "script_marks",
    "script_tamil",
    "script_thai",
    "script_urdu",
    "script_vietnamese",
    "text_opacity",
    "emoji",
    "picture_fit",
    "strokes",
    "stretch",
    "mask",
    "blur",
];

const NAVY: Color = Color::rgb(0x0B, 0x1F, 0x3A);
const AMBER: Color = Color::rgb(0xF5, 0xA6, 0x23);
const PAPER: Color = Color::rgb(0xF4, 0xF1, 0xEA);

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn check(name: &str, size: Size, background: Color, layers: Vec<Layer>) {
    check_with(FontLibrary::bundled(), name, size, background, layers);
}

fn check_with(fonts: &FontLibrary, name: &str, size: Size, background: Color, layers: Vec<Layer>) {
    assert!(NAMES.contains(&name), "`{name}` is missing in NAMES");
    let scene = Scene { id: name.into(), first_frame: 0, frame_count: 1, layers };
    let frame_rate = FrameRate::DEFAULT;
    let composition =
        Composition { size, frame_rate, frame_count: 1, background, scenes: vec![scene], title: String::new() };
    let frame = raster::still(&composition, fonts, Arc::new(GlyphCache::new()), 0, &Alone);
    let path = folder().join(format!("{name}.png"));
    if std::env::var_os("QUOTEREEL_ACCEPT").is_some_and(|value| value == "1") {
        image::save_buffer(&path, frame.pixels(), size.width, size.height, image::ColorType::Rgba8).expect("writable");
        return;
    }
    let accepted = image::open(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display())).into_rgba8();
    assert_eq!(accepted.dimensions(), (size.width, size.height), "{name}: another size");
    let differences = frame.pixels().iter().zip(accepted.as_raw()).map(|(a, b)| a.abs_diff(*b));
    let (worst, at) = differences.zip(0u32..).max_by_key(|(difference, _)| *difference).expect("a frame has pixels");
    let (x, y) = (at / 4 % size.width, at / 4 / size.width);
    assert!(worst <= MAX_DIFFERENCE, "{name}: differs by {worst} at {x},{y}; accept with QUOTEREEL_ACCEPT=1");
    let twice = raster::still(&composition.scaled(2.0), fonts, Arc::new(GlyphCache::new()), 0, &Alone);
    expect_twice(name, &frame, &twice);
}

/// `twice` is the picture of a composition twice as large as that of `once`: everything in it has grown, and no more.
fn expect_twice(name: &str, once: &RgbaFrame, twice: &RgbaFrame) {
    let Size { width, height } = once.size();
    assert_eq!(twice.size(), Size::new(2 * width, 2 * height), "{name}");
    let at = |x: usize, y: usize, channel: usize| i32::from(twice.pixels()[y * twice.stride_bytes() + x * 4 + channel]);
    let mut far = 0;
    for (y, row) in once.pixels().chunks_exact(once.stride_bytes()).enumerate() {
        for (index, code) in row.iter().enumerate() {
            let (x, channel) = (index / 4 * 2, index % 4);
            let [left, right] = [x, x + 1].map(|x| at(x, 2 * y, channel) + at(x, 2 * y + 1, channel));
            far += usize::from((4 * i32::from(*code) - left - right).abs() > 4 * FAR);
        }
    }
    let per_mille = far * 1000 / once.pixels().len();
    assert!(per_mille <= MAX_FAR_PER_MILLE, "{name}: at twice the size {per_mille} of 1000 values differ");
}

#[test]
fn no_accepted_picture_is_orphaned() {
    let files = std::fs::read_dir(folder()).expect("the folder is there");
    let found: BTreeSet<String> =
        files.map(|file| file.expect("readable").file_name().to_string_lossy().into_owned()).collect();
    let expected: BTreeSet<String> = NAMES.iter().map(|name| format!("{name}.png")).collect();
    if std::env::var_os("QUOTEREEL_ACCEPT").is_none() {
        assert_eq!(found, expected);
    }
}

fn rounded(x: f32, y: f32, width: f32, height: f32, radii: [f32; 4]) -> RoundedRect {
    RoundedRect { rect: Rect::new(x, y, width, height), radii }
}

fn shape(geometry: Geometry, fill: Paint) -> Shape {
    Shape { geometry, fill: Some(fill), stroke: None, shadow: None, clip: None }
}

fn card(area: RoundedRect, fill: Paint) -> Shape {
    shape(Geometry::RoundedRect(area), fill)
}

fn layer(content: Vec<Primitive>) -> Layer {
    Layer { node: "n".into(), content: Content::Still(content), motion: Vec::new() }
}

fn rest() -> MotionLink {
    MotionLink {
        pivot: (0.0, 0.0),
        x: Track::constant(0.0),
        y: Track::constant(0.0),
        scale: Track::constant(1.0),
        rotation: Track::constant(0.0),
        opacity: Track::constant(1.0),
        clip: None,
        reveal: None,
    }
}

fn stops(colors: &[Color]) -> Vec<Stop> {
    let last = (colors.len() - 1) as f32;
    colors.iter().zip(0u8..).map(|(color, i)| Stop { at: f32::from(i) / last, color: *color }).collect()
}

fn text(words: &str, x: f32, y: f32, style: &TextStyle, color: Color) -> Primitive {
    text_with(FontLibrary::bundled(), words, x, y, style, color)
}

fn text_with(fonts: &FontLibrary, words: &str, x: f32, y: f32, style: &TextStyle, color: Color) -> Primitive {
    let block = Arc::new(layout(fonts, words, style, &Fit { width: Some(220.0), ..Fit::default() }));
    assert!(block.missing.is_empty(), "no glyph for {:?} in {words}", block.missing);
    assert_eq!(block.lines.len(), 1, "{words} wraps");
    Primitive::Text(Text { block, origin: (x, y), color })
}

fn style(size_px: f32, weight: u16, language: &str) -> TextStyle {
    TextStyle { size_px, weight, language: language.into(), ..TextStyle::default() }
}

#[test]
fn rounded_rect_radii() {
    let solid = |area, color| Primitive::Shape(card(area, Paint::Solid(color)));
    let all = vec![
        solid(rounded(6.0, 6.0, 60.0, 40.0, [0.0; 4]), AMBER),
        solid(rounded(74.0, 6.0, 60.0, 40.0, [4.0, 12.0, 20.0, 0.0]), AMBER),
        solid(rounded(6.5, 54.25, 60.0, 40.0, [10.0; 4]), NAVY),
        solid(rounded(74.0, 54.0, 60.0, 40.0, [99.0; 4]), NAVY),
        solid(rounded(142.0, 6.0, 12.0, 88.0, [6.0; 4]), NAVY),
        Primitive::Shape(shape(Geometry::Ellipse(Rect::new(6.0, 100.0, 60.0, 16.0)), Paint::Solid(AMBER))),
        Primitive::Shape(shape(Geometry::Ellipse(Rect::new(74.0, 98.0, 20.0, 20.0)), Paint::Solid(NAVY))),
    ];
    check("rounded_rect_radii", Size::new(160, 124), PAPER, vec![layer(all)]);
}

#[test]
fn gradient() {
    let dark = Paint::Linear { from: (0.0, 0.0), to: (160.0, 60.0), stops: stops(&[NAVY, Color::rgb(4, 9, 18)]) };
    let three = Paint::Linear {
        from: (10.0, 0.0),
        to: (70.0, 0.0),
        stops: stops(&[AMBER, Color::rgb(0xC2, 0x2E, 0x5A), NAVY]),
    };
    let glow = Paint::Radial { center: (118.0, 80.0), radius: 34.0, stops: stops(&[AMBER, AMBER.with_alpha(0.0)]) };
    let all = vec![
        Primitive::Shape(card(rounded(0.0, 0.0, 160.0, 120.0, [0.0; 4]), dark)),
        Primitive::Shape(card(rounded(10.0, 54.0, 60.0, 50.0, [10.0; 4]), three)),
        Primitive::Shape(shape(Geometry::Ellipse(Rect::new(84.0, 46.0, 68.0, 68.0)), glow)),
    ];
    check("gradient", Size::new(160, 120), Color::BLACK, vec![layer(all)]);
}

#[test]
fn conic() {
    let wheel = Paint::Conic { center: (60.0, 60.0), start: 0.0, stops: stops(&[NAVY, AMBER, PAPER, NAVY]) };
    let half = Paint::Conic { center: (110.0, 90.0), start: 0.25, stops: stops(&[AMBER, AMBER.with_alpha(0.0)]) };
    let all = vec![
        Primitive::Shape(shape(Geometry::Ellipse(Rect::new(10.0, 10.0, 100.0, 100.0)), wheel)),
        Primitive::Shape(card(rounded(70.0, 60.0, 80.0, 60.0, [8.0; 4]), half)),
    ];
    check("conic", Size::new(160, 130), PAPER, vec![layer(all)]);
}

#[test]
fn shadow() {
    let below = |dx, dy, blur, spread| Shadow { dx, dy, blur, spread, color: NAVY.with_alpha(0.5) };
    let with =
        |area, shadow| Primitive::Shape(Shape { shadow: Some(shadow), ..card(area, Paint::Solid(Color::WHITE)) });
    let star = [
        PathSegment::MoveTo(130.0, 66.0),
        PathSegment::LineTo(150.0, 104.0),
        PathSegment::LineTo(110.0, 104.0),
        PathSegment::Close,
    ];
    let all = vec![
        with(rounded(20.0, 16.0, 44.0, 30.0, [6.0; 4]), below(0.0, 6.0, 16.0, 0.0)),
        with(rounded(94.0, 16.0, 44.0, 30.0, [0.0; 4]), below(5.0, 5.0, 0.0, 0.0)),
        with(rounded(20.0, 70.0, 44.0, 30.0, [15.0; 4]), below(0.0, 0.0, 10.0, 4.0)),
        Primitive::Shape(Shape {
            shadow: Some(below(0.0, 3.0, 8.0, 0.0)),
            ..shape(Geometry::Path(star.to_vec()), Paint::Solid(AMBER))
        }),
    ];
    check("shadow", Size::new(160, 120), PAPER, vec![layer(all)]);
}

#[test]
fn clip() {
    let full = || rounded(0.0, 0.0, 160.0, 120.0, [0.0; 4]);
    let own = Shape { clip: Some(rounded(8.0, 8.0, 64.0, 48.0, [16.0; 4])), ..card(full(), Paint::Solid(AMBER)) };
    let link = MotionLink { clip: Some(rounded(80.0, 8.0, 64.0, 48.0, [4.0, 24.0, 4.0, 24.0])), ..rest() };
    let turned = MotionLink {
        clip: Some(rounded(48.0, 72.0, 64.0, 36.0, [10.0; 4])),
        pivot: (80.0, 90.0),
        rotation: Track::constant(-12.0),
        ..rest()
    };
    let navy = || vec![Primitive::Shape(card(full(), Paint::Solid(NAVY)))];
    let layers = vec![
        layer(vec![Primitive::Shape(own)]),
        Layer { motion: vec![link], ..layer(navy()) },
        Layer { motion: vec![turned], ..layer(navy()) },
    ];
    check("clip", Size::new(160, 120), PAPER, layers);
}

#[test]
fn reveal() {
    let edges = [Edge::Left, Edge::Top, Edge::Right, Edge::Bottom];
    let places = [(8.0, 8.0), (84.0, 8.0), (8.0, 64.0), (84.0, 64.0)];
    let layers = edges.into_iter().zip(places).map(|(from, (x, y))| {
        let area = rounded(x, y, 68.0, 48.0, [12.0; 4]);
        let reveal = Reveal { rect: area.rect, from, amount: Track::constant(0.6) };
        let motion = vec![MotionLink { reveal: Some(reveal), ..rest() }];
        Layer { motion, ..layer(vec![Primitive::Shape(card(area, Paint::Solid(NAVY)))]) }
    });
    check("reveal", Size::new(160, 120), PAPER, layers.collect());
}

#[test]
fn rotation() {
    let content = |x: f32| {
        vec![
            Primitive::Shape(card(rounded(x, 40.0, 50.0, 30.0, [6.0; 4]), Paint::Solid(NAVY))),
            text("Ag", x + 6.0, 40.0, &style(24.0, 600, "en"), AMBER),
        ]
    };
    let turned = |x: f32, degrees, scale| {
        let (rotation, scale) = (Track::constant(degrees), Track::constant(scale));
        Layer { motion: vec![MotionLink { pivot: (x + 25.0, 55.0), rotation, scale, ..rest() }], ..layer(content(x)) }
    };
    let layers =
        vec![turned(8.0, 15.0, 1.0), turned(78.0, 90.0, 1.0), turned(148.0, -30.0, 1.4), turned(218.0, 0.0, 0.6)];
    check("rotation", Size::new(280, 110), PAPER, layers);
}

#[test]
fn subpixel_move() {
    let layers = (0u8..4).map(|quarter| {
        let y = 6.0 + f32::from(quarter) * 28.0;
        let content = vec![
            Primitive::Shape(card(rounded(8.0, y, 20.0, 20.0, [0.0; 4]), Paint::Solid(NAVY))),
            text("Illuminación", 36.0, y - 2.0, &style(18.0, 500, "es"), NAVY),
        ];
        let part = f32::from(quarter) / 4.0;
        let motion = vec![MotionLink { x: Track::constant(part), y: Track::constant(part), ..rest() }];
        Layer { motion, ..layer(content) }
    });
    check("subpixel_move", Size::new(160, 116), PAPER, layers.collect());
}

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

/// A test card: a circle on diagonal stripes with a one-pixel frame.
fn test_card(width: u32, height: u32) -> Arc<RgbaFrame> {
    let pixel = |x: u32, y: u32| {
        let (dx, dy) = (f64::from(x) - f64::from(width) / 2.0, f64::from(y) - f64::from(height) / 2.0);
        if x == 0 || y == 0 || x == width - 1 || y == height - 1 {
            [200, 30, 60, 255]
        } else if dx.hypot(dy) < f64::from(height) * 0.4 {
            [245, 166, 35, 255]
        } else if ((x + y) / 12).is_multiple_of(2) {
            [11, 31, 58, 255]
        } else {
            [0, 0, 0, 0]
        }
    };
    let pixels = (0..height).flat_map(|y| (0..width).flat_map(move |x| pixel(x, y))).collect();
    Arc::new(RgbaFrame::from_pixels(Size::new(width, height), pixels).expect("of this size"))
}

#[test]
fn picture_fit() {
    let pixels = test_card(180, 120);
    let place = |rect: Rect, clip: RoundedRect| Primitive::Picture(Picture { pixels: Arc::clone(&pixels), rect, clip });
    let all = vec![
        // Contained: the whole picture, smaller.
        place(Rect::new(8.0, 8.0, 60.0, 40.0), rounded(8.0, 8.0, 60.0, 40.0, [0.0; 4])),
        // Covering: cut to a square with round corners.
        place(Rect::new(65.0, 8.0, 96.0, 64.0), rounded(81.0, 8.0, 64.0, 64.0, [16.0; 4])),
        // A round portrait.
        place(Rect::new(2.0, 60.0, 72.0, 48.0), rounded(14.0, 60.0, 48.0, 48.0, [24.0; 4])),
        // Larger than it is, off the pixel grid.
        place(Rect::new(60.5, 20.25, 270.0, 180.0), rounded(84.0, 80.0, 66.0, 34.0, [4.0; 4])),
    ];
    check("picture_fit", Size::new(160, 120), PAPER, vec![layer(all)]);
}

fn isolated(primitives: Vec<Primitive>, blur: f32, stencils: Vec<Stencil>) -> Primitive {
    Primitive::Isolated(Box::new(Isolated { primitives, blur, stencils }))
}

#[test]
fn mask() {
    let content = |x: f32, y: f32| {
        let stripes = (0u8..6).map(move |i| {
            let left = x + f32::from(i) * 12.0;
            Primitive::Shape(card(
                rounded(left, y, 8.0, 48.0, [0.0; 4]),
                Paint::Solid(if i % 2 == 0 { NAVY } else { AMBER }),
            ))
        });
        stripes.collect::<Vec<_>>()
    };
    let place = |x: f32, y: f32| Rect::new(x, y, 68.0, 48.0);
    let cut = |geometry: Geometry, rect: Rect, fade: [f32; 4]| Stencil { geometry, rect, fade, opacity: None };
    let whole = |rect: Rect| Geometry::RoundedRect(RoundedRect { rect, radii: [10.0; 4] });
    let (a, b, c, d) = (place(8.0, 8.0), place(84.0, 8.0), place(8.0, 64.0), place(84.0, 64.0));
    let drop = vec![
        PathSegment::MoveTo(42.0, 64.0),
        PathSegment::LineTo(76.0, 112.0),
        PathSegment::LineTo(8.0, 112.0),
        PathSegment::Close,
    ];
    let towards = Paint::Linear { from: (84.0, 0.0), to: (152.0, 0.0), stops: stops(&[NAVY, NAVY.with_alpha(0.0)]) };
    let all = vec![
        isolated(content(8.0, 8.0), 0.0, vec![cut(whole(a), a, [0.0, 24.0, 0.0, 24.0])]),
        isolated(content(84.0, 8.0), 0.0, vec![cut(Geometry::Ellipse(b), b, [0.0; 4])]),
        isolated(content(8.0, 64.0), 0.0, vec![cut(Geometry::Path(drop), c, [0.0; 4])]),
        isolated(content(84.0, 64.0), 0.0, vec![Stencil { opacity: Some(towards), ..cut(whole(d), d, [0.0; 4]) }]),
    ];
    check("mask", Size::new(160, 120), PAPER, vec![layer(all)]);
}

#[test]
fn blur() {
    let content = |x: f32| {
        vec![
            Primitive::Shape(card(rounded(x, 24.0, 50.0, 60.0, [8.0; 4]), Paint::Solid(NAVY))),
            text("Ag", x + 6.0, 30.0, &style(30.0, 600, "en"), AMBER),
        ]
    };
    let all = vec![
        isolated(content(20.0), 0.0, Vec::new()),
        isolated(content(100.0), 6.0, Vec::new()),
        isolated(content(184.0), 24.0, Vec::new()),
    ];
    check("blur", Size::new(256, 110), PAPER, vec![layer(all)]);
}

/// A group that is neither blurred nor cut is what its primitives are; a blur keeps flat colours as they are.
#[test]
fn apart_and_not_apart_are_equal() {
    let content = || {
        vec![
            Primitive::Shape(card(rounded(-60.0, -60.0, 320.0, 260.0, [0.0; 4]), Paint::Solid(AMBER))),
            text("Ag", 20.0, 20.0, &style(40.0, 600, "en"), NAVY),
        ]
    };
    let frame = |primitives: Vec<Primitive>| {
        let scene = Scene { id: "s".into(), first_frame: 0, frame_count: 1, layers: vec![layer(primitives)] };
        let (size, frame_rate) = (Size::new(120, 90), FrameRate::DEFAULT);
        let background = Color::BLACK;
        let composition =
            Composition { size, frame_rate, frame_count: 1, background, scenes: vec![scene], title: String::new() };
        raster::still(&composition, FontLibrary::bundled(), Arc::new(GlyphCache::new()), 0, &Alone).pixels().to_vec()
    };
    let rect = Rect::new(-60.0, -60.0, 320.0, 260.0);
    let geometry = Geometry::RoundedRect(RoundedRect { rect, radii: [0.0; 4] });
    let everything = Stencil { geometry, rect, fade: [0.0; 4], opacity: None };
    assert_eq!(frame(content()), frame(vec![isolated(content(), 0.0, vec![everything])]));
    let flat = || vec![content().remove(0)];
    assert_eq!(frame(flat()), frame(vec![isolated(flat(), 16.0, Vec::new())]));
}

#[test]
fn stretch() {
    let zigzag = vec![(10.0, 60.0), (40.0, 10.0), (70.0, 60.0), (100.0, 10.0)];
    let bar = vec![(112.0, 10.0), (112.0, 60.0)];
    let length = 3.0 * 3_400.0f32.sqrt() + 50.0;
    let line = Arc::new(Polyline { contours: vec![zigzag, bar], length });
    let part = |y: f32, from, to, color, width| {
        let moved = line.contours.iter().map(|contour| contour.iter().map(|(a, b)| (*a, b + y)).collect()).collect();
        let line = Arc::new(Polyline { contours: moved, length });
        let stroke = Some(Stroke { paint: Paint::Solid(color), width, round: true });
        let geometry = Geometry::Stretch { line, from, to };
        Primitive::Shape(Shape { geometry, fill: None, stroke, shadow: None, clip: None })
    };
    let all = vec![
        part(0.0, 0.0, 1.0, AMBER, 8.0),
        part(0.0, 0.2, 0.9, NAVY, 3.0),
        part(64.0, 0.0, 0.5, NAVY, 6.0),
        part(64.0, 0.5, 0.5, AMBER, 6.0),
    ];
    check("stretch", Size::new(122, 132), PAPER, vec![layer(all)]);
}

#[test]
fn strokes() {
    let line = |from, to, width, round| {
        let stroke = Some(Stroke { paint: Paint::Solid(NAVY), width, round });
        Primitive::Shape(Shape { geometry: Geometry::Line { from, to }, fill: None, stroke, shadow: None, clip: None })
    };
    let outlined = |geometry, width, round| {
        let stroke = Some(Stroke { paint: Paint::Solid(NAVY), width, round });
        Primitive::Shape(Shape { stroke, ..shape(geometry, Paint::Solid(AMBER)) })
    };
    let zigzag = |y: f32| {
        vec![
            PathSegment::MoveTo(84.0, y),
            PathSegment::LineTo(104.0, y + 26.0),
            PathSegment::LineTo(124.0, y),
            PathSegment::CubicTo(130.0, y + 40.0, 146.0, y + 40.0, 150.0, y),
        ]
    };
    let open = |y: f32, round| {
        let stroke = Some(Stroke { paint: Paint::Solid(NAVY), width: 6.0, round });
        let geometry = Geometry::Path(zigzag(y));
        Primitive::Shape(Shape { geometry, fill: None, stroke, shadow: None, clip: None })
    };
    let all = vec![
        line((8.0, 8.0), (72.0, 8.0), 2.0, false),
        line((8.0, 20.0), (72.0, 20.0), 8.0, true),
        line((10.0, 34.0), (70.0, 52.0), 1.0, false),
        line((10.0, 44.0), (70.0, 62.0), 7.0, true),
        outlined(Geometry::RoundedRect(rounded(8.0, 72.0, 30.0, 24.0, [0.0; 4])), 3.0, false),
        outlined(Geometry::RoundedRect(rounded(46.0, 72.0, 30.0, 24.0, [8.0; 4])), 3.0, false),
        outlined(Geometry::Ellipse(Rect::new(8.0, 104.0, 30.0, 16.0)), 2.0, false),
        outlined(Geometry::Ellipse(Rect::new(50.0, 102.0, 20.0, 20.0)), 2.0, false),
        open(14.0, false),
        open(70.0, true),
    ];
    check("strokes", Size::new(160, 128), PAPER, vec![layer(all)]);
}

//! Small frames, one concern each, compared with the accepted pictures in `tests/golden/pictures`.
//!
//! `QUOTEREEL_ACCEPT=1` writes them instead; look at what it wrote. A picture without a test is an error.

mod language;
mod letters;
mod shapes;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use quotereel::compose::scene::{
    Composition, Content, Geometry, Layer, MotionLink, Paint, Primitive, RoundedRect, Scene, Shape, Stop, Text,
};
use quotereel::compose::text::{Fit, FontLibrary, GlyphCache, TextStyle, layout};
use quotereel::draw::raster;
use quotereel::ground::color::Color;
use quotereel::ground::executor::Sequential;
use quotereel::ground::frame::RgbaFrame;
use quotereel::ground::geometry::{Rect, Size};
use quotereel::ground::time::FrameRate;
use quotereel::ground::timeline::Track;

/// Largest difference of one channel of one pixel. Everything is rounded to fixed steps before it reaches a pixel;
/// what is left are glyph outlines and path edges, whose float arithmetic may differ by one sample between targets.
const MAX_DIFFERENCE: u8 = 2;

/// By how much a value of a picture may differ from the mean of the four at twice the size, and how many in 1000 may differ
/// by more: glyphs and moves keep to fractions of a pixel, which are finer there.
const FAR: i32 = 48;
const MAX_FAR_PER_MILLE: usize = 40;

/// All accepted pictures.
const NAMES: [&str; 44] = [
    "language_names_and_canvases",
    "language_names_and_canvases_mirrored",
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
    "language_count",
    "language_drawing",
    "language_effects",
    "language_groups",
    "language_icons",
    "language_icons_mirrored",
    "language_pictures",
    "language_repeats_and_parts",
    "language_reveals",
];

const NAVY: Color = Color::rgb(0x0B, 0x1F, 0x3A);
const AMBER: Color = Color::rgb(0xF5, 0xA6, 0x23);
const PAPER: Color = Color::rgb(0xF4, 0xF1, 0xEA);

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/pictures")
}

fn check(name: &str, size: Size, background: Color, layers: Vec<Layer>) {
    check_with(FontLibrary::bundled(), name, size, background, layers);
}

fn check_with(fonts: &FontLibrary, name: &str, size: Size, background: Color, layers: Vec<Layer>) {
    let scene = Scene { id: name.into(), first_frame: 0, frame_count: 1, layers };
    let frame_rate = FrameRate::DEFAULT;
    let composition =
        Composition { size, frame_rate, frame_count: 1, background, scenes: vec![scene], title: String::new() };
    compare(fonts, name, &composition, 0);
}

/// Compares a frame of a composition with the accepted picture of that name, and with itself at twice the size.
fn compare(fonts: &FontLibrary, name: &str, composition: &Composition, index: u32) {
    assert!(NAMES.contains(&name), "`{name}` is missing in NAMES");
    let size = composition.size;
    let frame = raster::still(composition, fonts, Arc::new(GlyphCache::new()), index, &Sequential);
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
    let twice = raster::still(&composition.scaled(2.0), fonts, Arc::new(GlyphCache::new()), index, &Sequential);
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

//! Shaping against HarfBuzz's own program: the same runs of the same fonts give the same glyphs at the same places.
//!
//! `hb-shape` is in Debian's `libharfbuzz-bin`, the East Asian fonts are in `fonts-noto-cjk`; `make setup-tests`
//! installs both.

use std::fmt::Write as _;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use super::{Shaped, Wrap, shape};
use crate::compose::text::pack::{inspect, take_out};
use crate::compose::text::prepare::prepare;
use crate::compose::text::{Direction, FaceId, FaceRole, FaceSource, FontLibrary, TextStyle};

/// Where Debian puts the East Asian fonts.
const PACK: &str = "/usr/share/fonts/opentype/noto";

/// Size at which texts are shaped, in px per em: at 1000 a px is about a font unit.
const SIZE_PX: f32 = 1000.0;

/// How far a position may be off, in px at [`SIZE_PX`]: HarfBuzz counts in whole font units and sums them up.
const TOLERANCE_PX: f32 = 1.0;

/// A glyph as both programs describe it; lengths in px at [`SIZE_PX`], y upwards.
#[derive(Clone, Copy, Debug)]
struct Placed {
    id: u32,
    x: f32,
    y: f32,
    advance: f32,
}

/// A stretch of one face and direction.
struct Run {
    face: FaceId,
    text: Range<usize>,
    rtl: bool,
    glyphs: Vec<Placed>,
}

/// The runs of a text that stands on one line, as our itemiser makes them.
fn our_runs(fonts: &FontLibrary, text: &str, style: &TextStyle) -> Vec<Run> {
    let mut shaped: Shaped = fonts.with_shaper(|shaper| shape(fonts, shaper, text, style, SIZE_PX, Wrap::Words));
    shaped.break_at(None);
    assert_eq!(shaped.missing(fonts, text), Vec::<char>::new(), "{text}");
    let mut runs = Vec::new();
    for run in shaped.layout.lines().flat_map(|line| line.runs().collect::<Vec<_>>()) {
        let mut glyphs = Vec::new();
        for glyph in run.visual_clusters().flat_map(|cluster| cluster.glyphs().collect::<Vec<_>>()) {
            // parley turns y downwards.
            glyphs.push(Placed { id: glyph.id, x: glyph.x, y: -glyph.y, advance: glyph.advance });
        }
        let face = fonts.face_of(run.font().data.id()).expect("a face of the library");
        runs.push(Run { face, text: run.text_range(), rtl: run.is_rtl(), glyphs });
    }
    runs
}

/// What `hb-shape` makes of a run.
fn theirs(file: &Path, units_per_em: f32, text: &str, rtl: bool, language: &str) -> Vec<Placed> {
    let unicodes = text.chars().fold(String::new(), |mut list, c| {
        write!(list, "U+{:04X},", u32::from(c)).expect("a String takes everything");
        list
    });
    let mut command = Command::new("hb-shape");
    // A run of figures and signs alone has the script of the text around it; HarfBuzz sees only the run.
    if !text.chars().any(char::is_alphabetic) {
        command.arg(format!("--script={}", script_of(language)));
    }
    let output = command
        .arg(format!("--font-file={}", file.display()))
        .arg(format!("--unicodes={}", unicodes.trim_end_matches(',')))
        .arg(format!("--language={language}"))
        .arg(format!("--direction={}", if rtl { "rtl" } else { "ltr" }))
        .args(["--output-format=json", "--no-glyph-names", "--no-clusters"])
        .output()
        .expect("hb-shape is installed: `make setup-tests` does it");
    assert!(output.status.success(), "{text}: {}", String::from_utf8_lossy(&output.stderr));
    let glyphs: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).expect("a JSON array");
    let px = |value: &serde_json::Value| value.as_i64().map_or(0.0, |units| units as f32) * SIZE_PX / units_per_em;
    let placed = |glyph: &serde_json::Value| Placed {
        id: glyph["g"].as_u64().and_then(|id| u32::try_from(id).ok()).expect("a glyph number"),
        x: px(&glyph["dx"]),
        y: px(&glyph["dy"]),
        advance: px(&glyph["ax"]),
    };
    glyphs.iter().map(placed).collect()
}

/// The script that texts of a language begin with here (ISO 15924).
fn script_of(language: &str) -> &'static str {
    match language {
        "ar" | "fa" | "ur" => "Arab",
        "he" => "Hebr",
        "hi" | "mr" => "Deva",
        "bn" => "Beng",
        "ta" => "Taml",
        "th" => "Thai",
        "el" => "Grek",
        "ru" | "uk" | "sr" => "Cyrl",
        "ja" => "Hani",
        "ko" => "Hang",
        _ => "Latn",
    }
}

/// Why two runs differ, or nothing.
fn difference(ours: &[Placed], theirs: &[Placed]) -> Option<String> {
    let ids = |glyphs: &[Placed]| glyphs.iter().map(|glyph| glyph.id).collect::<Vec<_>>();
    if ids(ours) != ids(theirs) {
        return Some(format!("glyphs {:?}, HarfBuzz has {:?}", ids(ours), ids(theirs)));
    }
    let far = |a: f32, b: f32| (a - b).abs() > TOLERANCE_PX;
    let pairs = ours.iter().zip(theirs);
    let mut apart = pairs.filter(|(a, b)| far(a.x, b.x) || far(a.y, b.y) || far(a.advance, b.advance));
    apart.next().map(|(a, b)| format!("{a:?}, HarfBuzz has {b:?}"))
}

/// Compares every run of every line; tells all that differ.
fn compare(fonts: &FontLibrary, file_of: impl Fn(FaceId) -> PathBuf, language: &str, lines: &[&str]) {
    let mut wrong = Vec::new();
    let direction = if matches!(language, "ar" | "ur" | "fa" | "he") { Direction::Rtl } else { Direction::Ltr };
    for (line, weight) in lines.iter().flat_map(|line| [(line, 400), (line, 700)]) {
        let style = TextStyle { language: language.to_owned(), weight, direction, ..TextStyle::default() };
        let text = prepare(line, direction).text;
        let runs = our_runs(fonts, &text, &style);
        let shaped: usize = runs.iter().map(|run| run.text.len()).sum();
        assert_eq!(shaped, text.len(), "every character of {line} is in a run");
        for run in runs {
            let part = &text[run.text.clone()];
            let font = fonts.entry(run.face).font();
            let units_per_em =
                f32::from(skrifa::raw::TableProvider::head(&font).expect("every font has a head table").units_per_em());
            let theirs = theirs(&file_of(run.face), units_per_em, part, run.rtl, language);
            if let Some(why) = difference(&run.glyphs, &theirs) {
                wrong.push(format!("`{part}` of `{line}` in {}: {why}", fonts.face(run.face).file));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Compares with the bundled fonts.
fn bundled(language: &str, lines: &[&str]) {
    let fonts = FontLibrary::bundled();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fonts");
    compare(fonts, |face| folder.join(&fonts.face(face).file), language, lines);
}

/// Compares with the faces of the East Asian fonts that are for a variant of Han, each in a file of its own.
fn packed(variant: &str, language: &str, lines: &[&str]) {
    let mut sources = Vec::new();
    let folder = tempfile::tempdir().expect("a folder");
    for file in ["NotoSansCJK-Regular.ttc", "NotoSansCJK-Bold.ttc"] {
        let data = std::fs::read(Path::new(PACK).join(file))
            .unwrap_or_else(|error| panic!("{PACK}/{file}: {error}; `make setup-tests` installs it"));
        let faces = inspect(file, &data, &[]).expect("a collection");
        let face = faces.into_iter().find(|face| face.family == format!("Noto Sans CJK {variant}")).expect("in there");
        let alone = take_out(data, face.index);
        std::fs::write(folder.path().join(file), &alone).expect("written");
        sources.push(FaceSource {
            family: face.family,
            weight: face.weight,
            file: file.to_owned(),
            license: "OFL-1.1".to_owned(),
            role: FaceRole::Pack,
            data: Arc::new(alone),
        });
    }
    let fonts = FontLibrary::with_faces(sources).expect("usable");
    let bundled = Path::new(env!("CARGO_MANIFEST_DIR")).join("fonts");
    let file_of = |face: FaceId| match fonts.face(face) {
        info if info.role == FaceRole::Pack => folder.path().join(&info.file),
        info => bundled.join(&info.file),
    };
    compare(&fonts, file_of, language, lines);
}

#[test]
fn latin() {
    let lines = [
        "Łódź, Žluťoučký kůň",
        "AVATAR To. Ty Wá Ľ’",
        "fi ffi → <= 1/2",
        "Ǫ̀yọ́ ẹ̀kọ́",
        "e\u{301}\u{323} x\u{302}\u{30c} ő Ḗ",
    ];
    bundled("cs", &lines);
}

#[test]
fn turkish_and_romanian() {
    bundled("tr", &["İstanbul ığdır", "fiyat ŞĞÜ fi"]);
    bundled("ro", &["şţ șț ŞŢ", "Preț și știință"]);
}

#[test]
fn greek() {
    bundled("el", &["Ελληνικά Ωμέγα", "Πρόταση τιμής", "α\u{301}ι\u{308}\u{301}ς", "ΆΈΉΊΌΎΏ ΐΰ", "ΑΥΤΟ ΑΫΛΟΣ"]);
}

#[test]
fn cyrillic() {
    bundled(
        "ru",
        &["Смета №12", "Коммерческое предложение", "и\u{306} е\u{308} а\u{301}", "Объём, счёт-фактура", "ГУТА"],
    );
    bundled("uk", &["ґ є ї й ґанок", "Ціна з ПДВ"]);
    bundled("sr", &["Ђорђе, Љубав, Ћирилица", "бгдпт"]);
}

#[test]
fn vietnamese() {
    let lines = [
        "Báo giá điện tử",
        "Nguyễn Thị Ưng",
        "ẫ ặ ỡ ự ễ Ẵ",
        "e\u{302}\u{301} o\u{31b}\u{301} a\u{306}\u{323}",
        "ĐƯỢC HƯỞNG",
    ];
    bundled("vi", &lines);
}

#[test]
fn arabic() {
    bundled("ar", &["عرض سعر جديد", "لا لإ لأ الله", "بِسْمِ اللَّهِ الرَّحْمٰنِ", "شركة ١٢٣ ٢٠٪", "ﷺ ـــ مـحـمـد"]);
    bundled("ur", &["پیشکش ٹکڑے ہے", "کیک گھڑی ڑ"]);
    bundled("fa", &["پیش‌فاکتور می‌شود", "قیمت ۱۲٬۳۴۵ ریال"]);
}

#[test]
fn hebrew() {
    bundled("he", &["הצעת מחיר", "שָׁלוֹם עֲלֵיכֶם", "בְּרֵאשִׁית", "ייִדיש אָ וּ", "צ׳ק ש״ח"]);
}

#[test]
fn devanagari() {
    let lines = ["क्षत्रिय मूल्य", "र्म्य र्कि क्ष्म्य", "ज्ञान द्ध्र श्री", "क्‍ष र्‍य ङ्‌ग", "हिन्दी की कीमत", "कॄष्ण किं र्कीं"];
    bundled("hi", &lines);
    bundled("mr", &["ऱ्य झाला ल श", "किंमत रुपये"]);
}

#[test]
fn bengali() {
    bundled("bn", &["মূল্য তালিকা", "ক্ষ র্ক স্ত্রী", "কো কৌ কি কৈ", "বাংলাদেশ ৎ", "ন্ত্র্য হৃদয়"]);
}

#[test]
fn tamil() {
    bundled("ta", &["விலை பட்டியல்", "ஸ்ரீ க்ஷ", "கொ கோ கௌ", "தமிழ்நாடு", "மணி டி ணை"]);
}

#[test]
fn thai() {
    bundled("th", &["ใบเสนอราคา", "น้ำ ผู้ ที่", "กี่ ปู่ ญู ฐู", "ฟ้า ป่า ฝ้าย", "เปี๊ยะ ๑๒๓ ฿"]);
}

#[test]
fn emoji() {
    let lines = ["👩‍👩‍👧‍👦", "👍🏽👋🏿", "🇨🇱🇯🇵🇧🇷", "1️⃣#️⃣*️⃣", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "🧑🏿‍🚀❤️‍🔥🏳️‍🌈"];
    bundled("es", &lines);
}

#[test]
fn scripts_in_one_line() {
    bundled("es", &["Total ₹12,34,567.50 · कुल 👍🏽", "Cotización عرض سعر №12"]);
    bundled("ar", &["السعر \u{2068}US$ 12.50\u{2069} فقط", "نموذج \u{2068}iPhone 15\u{2069} (جديد)"]);
    bundled("he", &["מחיר \u{2068}₪1,234.50\u{2069} (כולל)"]);
}

#[test]
fn japanese() {
    packed(
        "JP",
        "ja",
        &["日本語の御見積書、合計。", "がぎ か\u{3099}は\u{309a}", "（株）「消費税」ー", "￥1,234 直骨角", "ﾊﾝｶｸ ①②"],
    );
}

#[test]
fn korean() {
    packed(
        "KR",
        "ko",
        &["한국어 견적서", "\u{1112}\u{1161}\u{11ab}\u{1100}\u{116e}\u{11a8}", "합계 ₩1,234,568", "骨 直 樂", "뷁쀍"],
    );
}

#[test]
fn chinese() {
    packed("SC", "zh-CN", &["报价单：直角门骨", "“合计”￥1,234", "人民币（含税）", "装修工程……"]);
    packed("TC", "zh-TW", &["報價單：直角門骨", "「合計」NT$1,234", "ㄅㄆㄇ", "裝修工程——"]);
    packed("HK", "zh-HK", &["報價單：嘅咗", "裝修工程"]);
}

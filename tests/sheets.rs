//! A contact sheet of every template, size and quote, left in `target/sheets/TEMPLATE/SIZE/QUOTE.jpg` for people to look
//! through. The frames are laid out as small as a sheet shows them, so that all of it takes a minute or two.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use quotereel::compose::scene::Composition;
use quotereel::draw::stills::jpeg;
use quotereel::ground::geometry::Size;
use quotereel::template::builtin_names;
use quotereel::{KnownFrames, Quote, Video, default_threads};

/// The canvases by the names of `--size`, the longer side as long as a frame on a sheet.
const SIZES: [(&str, Size); 4] = [
    ("story", Size::new(270, 480)),
    ("portrait", Size::new(384, 480)),
    ("square", Size::new(480, 480)),
    ("landscape", Size::new(480, 270)),
];
/// Where Debian's `fonts-noto-cjk` is; `make setup-tests` installs it.
const FONT_PACK: &str = "/usr/share/fonts/opentype/noto";
/// Good enough to judge a layout by.
const QUALITY: u8 = 80;
/// Between the frames of a sheet and around them, and the line of words below each, in px.
const GAP_PX: u32 = 24;
const LABEL_PX: u32 = 34;

/// Templates, quotes and what comes of them; empty names stand for all. Nothing else may come of any.
const EXPECTED: &[(&str, &str, &[&str])] = &[
    ("", "broken-logo", &["asset_bad_file", "asset_not_a_picture"]),
    ("", "five-hundred-items", &["rows_left_out", "text_cut", "too_brief"]),
    ("", "long-names", &["rows_left_out", "text_cut", "too_brief"]),
    ("", "sixty-items", &["rows_left_out", "text_cut", "too_brief"]),
    // It shows four lines, whatever there is.
    ("quote-compact", "", &["rows_left_out"]),
    // Thai words count by their letters, and 15 seconds are short.
    ("quote-compact", "spa-th-th", &["too_brief"]),
];

/// A sheet to make.
struct Sheet<'a> {
    template: &'a str,
    size: (&'static str, Size),
    quote: &'a Path,
}

impl Sheet<'_> {
    fn quote_name(&self) -> &str {
        self.quote.file_stem().and_then(|name| name.to_str()).expect("a name")
    }

    /// Whether it is known to bring that warning.
    fn is_expected(&self, code: &str) -> bool {
        let is = |pattern: &str, name: &str| pattern.is_empty() || pattern == name;
        EXPECTED.iter().any(|(template, quote, codes)| {
            is(template, self.template) && is(quote, self.quote_name()) && codes.contains(&code)
        })
    }

    fn path(&self) -> PathBuf {
        folder().join(self.template).join(self.size.0).join(format!("{}.jpg", self.quote_name()))
    }

    /// Makes it, through the same door as `render sheet`, and looks at what lies there then; the warnings on the way.
    fn make(&self) -> Vec<&'static str> {
        let video = self.prepared(std::fs::read(self.quote).expect("a quote"));
        let picture = jpeg(&video.sheet(), QUALITY).expect("encodes");
        std::fs::create_dir_all(self.path().parent().expect("a folder")).expect("made");
        std::fs::write(self.path(), picture).expect("written");
        self.expect_picture(video.composition());
        video.warnings().iter().map(|problem| problem.code).collect()
    }

    fn prepared(&self, snapshot: Vec<u8>) -> Video {
        let quote = Quote::from_json(snapshot)
            .base_dir(self.quote.parent().expect("a folder"))
            .template(self.template)
            .fonts(FONT_PACK)
            .size(self.size.1)
            .threads(NonZeroUsize::MIN);
        quote.prepare().unwrap_or_else(|error| panic!("{}: {error}", self.path().display()))
    }

    /// The file is a picture of two frames a scene, of which the second, that stands still, shows something.
    fn expect_picture(&self, composition: &Composition) {
        let path = self.path();
        let picture = image::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).to_rgb8();
        let scenes = composition.scenes.iter().filter(|scene| scene.id != "backdrop").count();
        let frames = u32::try_from(scenes * 2).expect("a few");
        let Size { width, height } = self.size.1;
        let columns = frames.min(if width > height { 3 } else { 6 });
        let expected =
            (GAP_PX + columns * (width + GAP_PX), GAP_PX + frames.div_ceil(columns) * (height + LABEL_PX + GAP_PX));
        assert_eq!(picture.dimensions(), expected, "{}", path.display());
        for frame in (1..frames).step_by(2) {
            let (left, top) = (frame % columns * (width + GAP_PX), frame / columns * (height + LABEL_PX + GAP_PX));
            let within = image::imageops::crop_imm(&picture, left + GAP_PX, top + GAP_PX, width, height).to_image();
            let colors: BTreeSet<[u8; 3]> = within.pixels().map(|pixel| pixel.0).collect();
            assert!(colors.len() > 16, "{}: frame {frame} is empty", path.display());
        }
    }
}

/// Where the sheets are left.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("sheets")
}

fn quotes() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/quotes");
    let paths = std::fs::read_dir(folder).expect("the fixtures").map(|entry| entry.expect("readable").path());
    let mut quotes: Vec<PathBuf> = paths.filter(|path| path.extension().is_some_and(|end| end == "json")).collect();
    quotes.sort();
    quotes
}

/// Makes them, on as many threads as there are processors; each with its warnings.
fn make_all<'a>(sheets: &'a [Sheet<'a>]) -> Vec<(&'a Sheet<'a>, Vec<&'static str>)> {
    let next = AtomicUsize::new(0);
    let work = || {
        let own = std::iter::from_fn(|| sheets.get(next.fetch_add(1, Ordering::Relaxed)));
        own.map(|sheet| (sheet, sheet.make())).collect::<Vec<_>>()
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..default_threads().get()).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("every sheet can be made")).collect()
    })
}

#[test]
fn every_template_size_and_quote_has_a_sheet() {
    if folder().exists() {
        std::fs::remove_dir_all(folder()).expect("the sheets of the run before");
    }
    let quotes = quotes();
    let mut sheets = Vec::new();
    for template in builtin_names() {
        for size in SIZES {
            sheets.extend(quotes.iter().map(|quote| Sheet { template, size, quote }));
        }
    }
    let mut surprises = Vec::new();
    for (sheet, warnings) in make_all(&sheets) {
        let found: BTreeSet<&str> = warnings.into_iter().filter(|code| !sheet.is_expected(code)).collect();
        if !found.is_empty() {
            surprises.push(format!("{}: {found:?}", sheet.path().display()));
        }
    }
    assert!(surprises.is_empty(), "{}", surprises.join("\n"));
}

/// A heading that is long in some language must not cost rows.
#[test]
fn seven_short_items_take_two_pages_in_every_language() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let quote = root.join("fixtures/quotes/agency-en-us.json");
    let sheet = Sheet { template: "quote-summary", size: SIZES[0], quote: &quote };
    let mut snapshot: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&quote).expect("a quote")).expect("JSON");
    let item = snapshot["items"][0].clone();
    snapshot["items"] = vec![item; 7].into();
    snapshot["totals"] = serde_json::json!({ "total": "40600.00" });
    let words = std::fs::read_dir(root.join("templates/words")).expect("the words of all templates");
    let mut languages = 0;
    for file in words.map(|entry| entry.expect("readable").path()) {
        let language = file.file_stem().and_then(|name| name.to_str()).expect("a name");
        snapshot["locale"] = language.into();
        let video = sheet.prepared(snapshot.to_string().into_bytes());
        let scenes = &video.composition().scenes;
        let pages = scenes.iter().filter(|scene| scene.id.split('/').next() == Some("items")).count();
        assert_eq!(pages, 2, "{language}");
        languages += 1;
    }
    assert!(languages >= 22, "{languages}");
}

#[test]
fn a_sheet_made_again_is_the_one_that_is_made_anew() {
    let quote = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/quotes/agency-en-us.json");
    let sheet = Sheet { template: "quote-summary", size: SIZES[0], quote: &quote };
    let words = std::fs::read_to_string(&quote).expect("a quote");
    let with = |field: &str, value: &str| {
        let mut snapshot: serde_json::Value = serde_json::from_str(&words).expect("JSON");
        *snapshot.pointer_mut(field).expect("the quote says it") = value.into();
        snapshot.to_string()
    };
    let changed = [
        words.clone(),
        with("/items/0/name", "Another thing, of which there is more to tell than of the one before"),
        with("/customer/name", "Somebody else"),
        with("/company/brand/primary", "#7A1F1F"),
        words.clone(),
    ];
    let mut known = KnownFrames::default();
    for snapshot in changed {
        let video = sheet.prepared(snapshot.into_bytes());
        assert!(video.sheet_again(&mut known) == video.sheet(), "{}", video.title());
    }
}

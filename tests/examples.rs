//! Runs every program in `examples/` and looks at what it made. `cargo test` and `cargo nextest run` build them first;
//! for this file alone: `cargo build --examples && cargo nextest run --test examples`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use quotereel::probe::probe;
use tempfile::TempDir;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Runs the example `name` in `folder`.
fn run(name: &str, folder: &Path, arguments: &[&Path]) -> Output {
    let here = std::env::current_exe().expect("a test program");
    let profile = here.ancestors().nth(2).expect("target/PROFILE/deps/program");
    let program = profile.join("examples").join(name);
    assert!(program.exists(), "{} is not built: cargo build --examples", program.display());
    Command::new(program).current_dir(folder).args(arguments).output().expect("it starts")
}

/// The same; it must succeed. Returns what it printed.
fn succeed(name: &str, folder: &Path, arguments: &[&Path]) -> String {
    let output = run(name, folder, arguments);
    let printed = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{name}: {printed}");
    printed
}

fn quote() -> PathBuf {
    root().join("examples/quote.json")
}

fn deliverable(video: &Path) {
    let report = probe(video).unwrap_or_else(|error| panic!("{}: {error}", video.display()));
    assert!(report.deliverable(), "{}: {:?}", video.display(), report.broken().collect::<Vec<_>>());
}

#[test]
fn render_quote_writes_a_video_and_its_thumbnail() {
    let folder = TempDir::new().expect("a folder");
    let printed = succeed("render_quote", folder.path(), &[&quote(), Path::new("out.mp4")]);
    deliverable(&folder.path().join("out.mp4"));
    let thumbnail = image::open(folder.path().join("out.jpg")).expect("a JPEG");
    assert_eq!((thumbnail.width(), thumbnail.height()), (1080, 1920));
    assert!(printed.contains(" frames") && printed.contains("out.mp4: "), "{printed}");
}

#[test]
fn still_to_png_writes_a_still_and_a_sheet() {
    let folder = TempDir::new().expect("a folder");
    succeed("still_to_png", folder.path(), &[&quote(), Path::new("a.png"), Path::new("b.png")]);
    let still = image::open(folder.path().join("a.png")).expect("a PNG").to_rgb8();
    assert_eq!(still.dimensions(), (1080, 1080));
    assert!(still.pixels().map(|pixel| pixel.0).collect::<BTreeSet<_>>().len() > 50, "the still shows something");
    assert!(image::open(folder.path().join("b.png")).expect("a PNG").width() > 480);
}

#[test]
fn frames_iterator_sees_every_frame_once() {
    let folder = TempDir::new().expect("a folder");
    let printed = succeed("frames_iterator", folder.path(), &[&quote()]);
    let last = printed.lines().last().expect("a summary");
    let numbers: Vec<u32> = last.split(' ').filter_map(|word| word.parse().ok()).collect();
    let [new, all] = numbers.as_slice() else { panic!("{last}") };
    assert!(*new > 30 && new < all, "{last}");
    let video = quotereel::Quote::read(quote()).and_then(|quote| quote.prepare()).expect("a good quote");
    assert_eq!(*all, video.frame_count());
}

#[test]
fn own_template_renders_its_two_scenes() {
    let folder = TempDir::new().expect("a folder");
    let printed = succeed("own_template", folder.path(), &[&quote(), Path::new("out.mp4")]);
    deliverable(&folder.path().join("out.mp4"));
    assert!(printed.contains("parameter accent: "), "{printed}");
}

#[test]
fn batch_from_csv_makes_every_good_line_and_names_the_bad_one() {
    let folder = TempDir::new().expect("a folder");
    let list = folder.path().join("list.csv");
    let header = "customer, item, quantity, price";
    fs::write(&list, format!("{header}\nCafé Lastarria, Naranjas, 12, 1890\nHotel Plaza, Paltas, many, 2490\n"))
        .expect("written");
    let output = run("batch_from_csv", folder.path(), &[&list, Path::new("videos")]);
    let printed = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && printed.contains("line 3: "), "{printed}");
    deliverable(&folder.path().join("videos/quote-1.mp4"));
    assert!(!folder.path().join("videos/quote-2.mp4").exists());
}

#[test]
fn every_example_is_run_here() {
    let tests = fs::read_to_string(root().join("tests/examples.rs")).expect("this file");
    for entry in fs::read_dir(root().join("examples")).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            let runs = [format!("succeed(\"{name}\","), format!("run(\"{name}\",")];
            assert!(runs.iter().any(|run| tests.contains(run)), "no test runs {name}");
        }
    }
}

//! What the fuzzers have found worth keeping, run again on every test: each file of `fixtures/fuzz/` through the body of its
//! target, without a fuzzer. `make fuzz` looks for more.

use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

#[path = "fuzz/bodies/composing.rs"]
mod composing;
#[path = "fuzz/bodies/font.rs"]
mod font;
#[path = "fuzz/bodies/picture.rs"]
mod picture;
#[path = "fuzz/bodies/snapshot.rs"]
mod snapshot;
#[path = "fuzz/bodies/svg.rs"]
mod svg;
#[path = "fuzz/bodies/template.rs"]
mod template;

/// Fewest files of a corpus: one that is nearly empty tests nothing.
const FEWEST: usize = 8;

/// Runs every file of a corpus; names those that `body` fails on.
fn run_all(target: &str, body: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/fuzz").join(target);
    let (mut count, mut failed) = (0, Vec::new());
    for entry in fs::read_dir(&folder).expect("a corpus") {
        let path = entry.expect("readable").path();
        let data = fs::read(&path).expect("a file");
        count += 1;
        if catch_unwind(|| body(&data)).is_err() {
            failed.push(path);
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
    assert!(count >= FEWEST, "{} has {count} files", folder.display());
}

#[test]
fn fonts() {
    run_all("font", font::run);
}

#[test]
fn pictures() {
    run_all("picture", picture::run);
}

#[test]
fn snapshots() {
    run_all("snapshot", snapshot::run);
}

#[test]
fn svgs() {
    run_all("svg", svg::run);
}

#[test]
fn templates() {
    run_all("template", template::run);
}

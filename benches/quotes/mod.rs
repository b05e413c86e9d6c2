//! The quotes that benches render: fixtures, with the built-in template at its usual size and rate.

use std::path::Path;

use quotereel::{Quote, Video};

/// A fixture by its name, ready to be rendered.
pub(crate) fn prepared(quote: &str) -> Video {
    let quotes = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/quotes");
    Quote::read(quotes.join(format!("{quote}.json"))).and_then(|quote| quote.prepare()).expect("a good quote")
}

/// Names of all good fixtures.
#[allow(dead_code, reason = "not every bench wants all of them")]
pub(crate) fn all() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/quotes");
    let files = std::fs::read_dir(folder).expect("the fixtures").filter_map(|entry| Some(entry.ok()?.path()));
    let quotes = files.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    let mut names: Vec<String> = quotes.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())).collect();
    names.sort();
    names
}

//! The quotes that benches render: fixtures, with the built-in template at its usual size and rate.

use std::path::Path;

use quotereel::engine::{self, Order, Production, TemplateChoice};
use quotereel::ground::geometry::Size;
use quotereel::ground::time::FrameRate;
use quotereel::quote::asset::Limits;

/// A fixture by its name, ready to be rendered.
pub(crate) fn prepared(quote: &str) -> Production {
    let quotes = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/quotes");
    engine::prepare(&Order {
        snapshot: std::fs::read(quotes.join(format!("{quote}.json"))).expect("a fixture"),
        base_dir: Some(quotes),
        keyed_files: std::collections::HashMap::new(),
        template: TemplateChoice::Builtin("quote-summary".to_owned()),
        params: std::collections::BTreeMap::new(),
        fonts: None,
        size: Size::new(1080, 1920),
        frame_rate: FrameRate::DEFAULT,
        allow_private_network: false,
        limits: Limits::default(),
        threads: quotereel::video::pipeline::default_threads(),
    })
    .expect("a good quote")
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

//! The quotes that benches render: fixtures, with the built-in template at its usual size and rate.

use std::path::Path;

use quotereel::asset::Limits;
use quotereel::geometry::Size;
use quotereel::studio::{self, Order, Production, TemplateChoice};
use quotereel::time::FrameRate;

/// A fixture by its name, ready to be rendered.
pub(crate) fn prepared(quote: &str) -> Production {
    let quotes = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/quotes");
    studio::prepare(&Order {
        snapshot: std::fs::read(quotes.join(format!("{quote}.json"))).expect("a fixture"),
        base_dir: Some(quotes),
        keyed_files: std::collections::HashMap::new(),
        template: TemplateChoice::Builtin("quote-summary".to_owned()),
        size: Size::new(1080, 1920),
        frame_rate: FrameRate::DEFAULT,
        allow_private_network: false,
        limits: Limits::default(),
    })
    .expect("a good quote")
}

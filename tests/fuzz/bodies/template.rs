//! Bytes that claim to be the files of a template: read and checked, and, where they are one, composed with a small quote.

use std::collections::BTreeMap;

use quotereel::ground::geometry::Size;
use quotereel::quote::snapshot::parse;
use quotereel::template::{Template, TemplateFiles};

use super::composing;

/// What the template shows.
const QUOTE: &[u8] = include_bytes!("../../../fixtures/quotes/discounts.json");

/// Splits `data` at its NUL bytes into `template.json`, `strings/en.json` and `parts/row.json`, then reads, checks,
/// composes and paints them.
pub(crate) fn run(data: &[u8]) {
    let mut files = data.split(|byte| *byte == 0).map(<[u8]>::to_vec);
    let named = |name: &str, file: Option<Vec<u8>>| file.map(|file| (name.to_owned(), file)).into_iter().collect();
    let files = TemplateFiles {
        source: "fuzz".to_owned(),
        document: files.next().unwrap_or_default(),
        strings: named("en", files.next()),
        parts: named("row", files.next()),
    };
    match Template::parse(&files).and_then(|template| template.with_params(&BTreeMap::new())) {
        Ok(template) => {
            let snapshot = parse(QUOTE).expect("a valid quote");
            match composing::compose(&snapshot, &template, Size::new(180, 320)) {
                Ok(composed) => composing::paint(&composed),
                Err(error) => assert!(!error.to_string().is_empty()),
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

//! Bytes that claim to be a snapshot: read and checked, and, where they are one, composed with a built-in template.

use quotereel::ground::geometry::Size;
use quotereel::quote::snapshot::{ParseOptions, parse_with};
use quotereel::template::{builtin, builtin_names};

use super::composing;

/// Reads `data`, and composes what it says. Template and canvas follow from its length, so that all are met.
pub(crate) fn run(data: &[u8]) {
    match parse_with(data, ParseOptions::default()) {
        Ok(parsed) => {
            let names: Vec<&str> = builtin_names().collect();
            let template = builtin(names[data.len() % names.len()]).expect("a built-in template");
            let canvas = if (data.len() / names.len()).is_multiple_of(2) {
                Size::new(1080, 1920)
            } else {
                Size::new(1920, 1080)
            };
            composing::compose(&parsed.snapshot, &template, canvas).expect("a valid quote makes a video");
        }
        Err(problems) => {
            assert!(!problems.is_empty());
            let told = serde_json::to_string(&problems).expect("problems are JSON");
            assert!(!told.is_empty() && !problems.to_string().is_empty());
        }
    }
}

//! Bytes that claim to be a picture of any kind, loaded as a quote's data URI would be.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use quotereel::quote::asset::{Limits, Policy, Source, load_all};

/// Loads `data` under the limits of production, but for two: an SVG is drawn small, because sanitizers are slow with pixels,
/// and it may take as long as it likes, so that what does not end is seen. What is loaded keeps to the limits, what is not
/// says why.
pub(crate) fn run(data: &[u8]) {
    let limits = Limits { svg_side_px: 150, svg_deadline: Duration::from_secs(60), ..Limits::default() };
    let policy = Policy { limits, ..Policy::default() };
    let source = Source::Data(format!("data:;base64,{}", STANDARD.encode(data)));
    for loaded in load_all(&[source], &policy) {
        match loaded {
            Ok(frame) => {
                let Limits { longest_side_px, .. } = policy.limits;
                assert!((1..=longest_side_px).contains(&frame.size().width.max(frame.size().height)));
                let premultiplied = |[r, g, b, a]: &[u8; 4]| r <= a && g <= a && b <= a;
                assert!(frame.pixels().as_chunks::<4>().0.iter().all(premultiplied));
            }
            Err(error) => {
                let message = error.to_string();
                assert!(message.len() < 1000 && !message.contains(char::is_control), "{message}");
                // What decoding costs is bounded beforehand.
                assert_ne!(error.code(), "asset_timeout", "{message}");
            }
        }
    }
}

//! Text that claims to be an SVG.

use super::picture;

/// Loads `data` as the picture body does, where it begins as an SVG may.
pub(crate) fn run(data: &[u8]) {
    if data.trim_ascii_start().starts_with(b"<") {
        picture::run(data);
    }
}

//! Bytes that claim to be a font of a pack: read, taken into a library, shaped and drawn.

use std::sync::Arc;

use quotereel::compose::text::pack::{choose, inspect, is_complete, take_out};
use quotereel::compose::text::{
    FaceRole, FaceSource, Fit, FontError, FontLibrary, GlyphCache, GlyphPixels, TextStyle, layout,
};

/// A line with what makes shaping work: ligatures, marks, joining, conjuncts, emoji, and letters that no bundled font has.
const LINE: &str = "Afi ffi 12/3 e\u{301} 漢字かな한 ครั้ง क्ष्म्य עִבְרִית عرض 👩‍💻";

/// Looks at the faces in `data` as for a text that lacks them, then sets that text in those that are chosen.
pub(crate) fn run(data: &[u8]) {
    let wanted: Vec<char> = LINE.chars().filter(|c| !c.is_whitespace()).collect();
    let faces = match inspect("fuzz.ttc", data, &wanted) {
        Ok(faces) => faces,
        Err(error) => return assert!(error.to_string().contains("fuzz.ttc")),
    };
    assert!(!is_complete(&faces, &wanted, "ja-JP") || faces.len() > 1);
    for index in choose(&faces, &wanted, "ja-JP") {
        let face = &faces[index];
        let source = FaceSource {
            family: face.family.clone(),
            weight: face.weight,
            file: "fuzz.ttc".to_owned(),
            license: "LicenseRef-font-pack".to_owned(),
            role: FaceRole::Pack,
            data: Arc::new(take_out(data.to_vec(), face.index)),
        };
        match FontLibrary::with_faces(vec![source]) {
            Ok(library) => set_and_draw(&library, &face.family),
            Err(FontError::TooMany { count }) => panic!("{count} faces of one"),
            Err(error) => assert!(error.to_string().contains("fuzz.ttc")),
        }
    }
}

/// Sets the line at two sizes, wrapped and shrunk, and draws every glyph of the pack's face once.
fn set_and_draw(library: &FontLibrary, family: &str) {
    let cache = GlyphCache::new();
    for size_px in [40.0, 300.0] {
        let style = TextStyle { family: family.to_owned(), size_px, ..TextStyle::default() };
        let fit = Fit { width: Some(900.0), max_lines: Some(2), min_size_px: Some(size_px / 2.0), ..Fit::default() };
        let block = layout(library, LINE, &style, &fit);
        assert!(!block.lines.is_empty());
        for glyph in block.glyphs.iter().filter(|glyph| library.face(glyph.face).role == FaceRole::Pack) {
            if let Some(bitmap) = cache.get(library, glyph.face, glyph.id, glyph.size_px, 1) {
                let pixels = bitmap.width as usize * bitmap.height as usize;
                match &bitmap.pixels {
                    GlyphPixels::Coverage(coverage) => assert_eq!(coverage.len(), pixels),
                    GlyphPixels::Color(rgba) => assert_eq!(rgba.len(), pixels * 4),
                }
            }
        }
    }
}

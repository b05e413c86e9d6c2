//! Tests of glyph pictures: every bundled glyph has ink where its outline has, phases move it, emoji keep their colour.

use rayon::prelude::*;
use skrifa::bitmap::BitmapStrikes;
use skrifa::instance::{LocationRef, Size};
use skrifa::outline::{DrawSettings, OutlinePen};
use skrifa::{GlyphId, MetadataProvider as _};

use crate::compose::text::coverage::PathPen;
use crate::compose::text::{FaceId, Fit, FontLibrary, Glyph, GlyphBitmap, GlyphCache, GlyphPixels, TextStyle, layout};

/// Size at which every glyph is looked at, in px per em: that of small text.
const WALK_PX: f32 = 40.0;

fn fonts() -> &'static FontLibrary {
    FontLibrary::bundled()
}

fn glyph_of(character: &str, weight: u16) -> Glyph {
    let style = TextStyle { weight, ..TextStyle::default() };
    layout(fonts(), character, &style, &Fit::default()).glyphs[0]
}

fn coverage(bitmap: &GlyphBitmap) -> &[u8] {
    match &bitmap.pixels {
        GlyphPixels::Coverage(coverage) => coverage,
        GlyphPixels::Color(_) => panic!("expected coverage"),
    }
}

/// Box around all points of an outline, control points included.
#[derive(Debug, Default)]
struct Extent {
    left: f32,
    right: f32,
    bottom: f32,
    top: f32,
    any: bool,
}

impl Extent {
    fn add(&mut self, x: f32, y: f32) {
        if !self.any {
            (self.left, self.right, self.bottom, self.top, self.any) = (x, x, y, y, true);
        }
        self.left = self.left.min(x);
        self.right = self.right.max(x);
        self.bottom = self.bottom.min(y);
        self.top = self.top.max(y);
    }
}

impl OutlinePen for Extent {
    fn move_to(&mut self, x: f32, y: f32) {
        self.add(x, y);
    }
    fn line_to(&mut self, x: f32, y: f32) {
        self.add(x, y);
    }
    fn quad_to(&mut self, cx0: f32, cy0: f32, x: f32, y: f32) {
        self.add(cx0, cy0);
        self.add(x, y);
    }
    fn curve_to(&mut self, cx0: f32, cy0: f32, cx1: f32, cy1: f32, x: f32, y: f32) {
        self.add(cx0, cy0);
        self.add(cx1, cy1);
        self.add(x, y);
    }
    fn close(&mut self) {}
}

/// What is wrong with the picture of a glyph, measured against its outline or its embedded bitmap.
fn fault(id: FaceId, glyph: u16) -> Option<String> {
    let font = fonts().entry(id).font();
    let bitmap = GlyphCache::new().get(fonts(), id, glyph, WALK_PX, 0);
    if BitmapStrikes::new(&font).glyph_for_size(Size::new(WALK_PX), GlyphId::from(glyph)).is_some() {
        let inked = bitmap.is_some_and(|bitmap| match &bitmap.pixels {
            GlyphPixels::Color(rgba) => rgba.chunks_exact(4).any(|pixel| pixel[3] == 255),
            GlyphPixels::Coverage(_) => false,
        });
        return (!inked).then(|| "its picture is blank".to_owned());
    }
    let mut extent = Extent::default();
    if let Some(outline) = font.outline_glyphs().get(GlyphId::from(glyph)) {
        let settings = DrawSettings::unhinted(Size::new(WALK_PX), LocationRef::default());
        outline.draw(settings, &mut extent).expect("a drawable outline");
    }
    // Thinner than this, an outline may leave less than half a level of coverage.
    let visible = extent.any && extent.right - extent.left > 0.3 && extent.top - extent.bottom > 0.3;
    let Some(bitmap) = bitmap else { return visible.then(|| "it is blank".to_owned()) };
    if !extent.any {
        return Some("it has ink without an outline".to_owned());
    }
    let (left, bottom) = (bitmap.left as f32, -(bitmap.top as f32) - bitmap.height as f32);
    let (right, top) = (left + bitmap.width as f32, -(bitmap.top as f32));
    let inside = left > extent.left - 1.5
        && right < extent.right + 1.5
        && bottom > extent.bottom - 1.5
        && top < extent.top + 1.5;
    (!inside).then(|| format!("{left} {bottom} {right} {top} is not {extent:?}"))
}

#[test]
fn every_glyph_of_every_face_has_ink_where_its_outline_has() {
    let all: Vec<(FaceId, u16)> =
        fonts().faces().flat_map(|(id, info)| (1..info.glyph_count).map(move |glyph| (id, glyph))).collect();
    let faults: Vec<String> = all
        .par_iter()
        .filter_map(|(id, glyph)| Some(format!("{} glyph {glyph}: {}", fonts().face(*id).file, fault(*id, *glyph)?)))
        .collect();
    assert!(faults.is_empty(), "{} of {} glyphs\n{}", faults.len(), all.len(), faults.join("\n"));
    assert!(all.len() > 30_000, "{} glyphs", all.len());
}

#[test]
fn vowel_signs_that_the_rasteriser_loses_are_drawn() {
    let (id, _) =
        fonts().faces().find(|(_, face)| face.file.ends_with("NotoSansDevanagari-Bold.ttf")).expect("bundled");
    let cache = GlyphCache::new();
    for glyph in [627, 639, 651, 755, 782] {
        let bitmap = cache.get(fonts(), id, glyph, 60.0, 0).expect("ink");
        assert!(coverage(&bitmap).contains(&255), "glyph {glyph}");
    }
}

#[test]
fn indices_and_sizes_out_of_range_draw_nothing() {
    let cache = GlyphCache::new();
    for (id, info) in fonts().faces() {
        for glyph in [0, info.glyph_count, u16::MAX] {
            assert_eq!(cache.get(fonts(), id, glyph, 40.0, 0), None);
        }
    }
    let letter = glyph_of("A", 400);
    for size in [0.0, -3.0, f32::NAN, f32::INFINITY, 5_000.0] {
        assert_eq!(cache.get(fonts(), letter.face, letter.id, size, 0), None);
    }
    let space = layout(fonts(), "a b", &TextStyle::default(), &Fit::default()).glyphs[1];
    assert_eq!(cache.get(fonts(), space.face, space.id, 40.0, 0), None);
}

#[test]
fn a_phase_moves_ink_by_a_quarter_of_a_pixel() {
    let letter = glyph_of("O", 700);
    let cache = GlyphCache::new();
    let centre = |phase: u8| {
        let bitmap = cache.get(fonts(), letter.face, letter.id, 50.0, phase).expect("ink");
        let (mut mass, mut moment) = (0.0f64, 0.0f64);
        for (index, value) in coverage(&bitmap).iter().enumerate() {
            mass += f64::from(*value);
            moment += f64::from(*value) * (f64::from(bitmap.left) + (index % bitmap.width as usize) as f64 + 0.5);
        }
        (mass, moment / mass)
    };
    let (mass, start) = centre(0);
    for phase in 1..4u8 {
        let (moved_mass, moved) = centre(phase);
        assert!((moved - start - f64::from(phase) * 0.25).abs() < 0.005, "phase {phase}: {}", moved - start);
        assert!((moved_mass / mass - 1.0).abs() < 0.002);
    }
}

#[test]
fn a_rectangle_has_exact_edges() {
    // U+2588 FULL BLOCK of Noto Sans Symbols2 or U+007C of Inter: straight edges with known positions.
    let bar = glyph_of("|", 700);
    let font = fonts().entry(bar.face).font();
    let mut extent = Extent::default();
    let outline = font.outline_glyphs().get(GlyphId::from(bar.id)).expect("an outline");
    outline.draw(DrawSettings::unhinted(Size::new(100.0), LocationRef::default()), &mut extent).expect("drawable");
    let bitmap = GlyphCache::new().get(fonts(), bar.face, bar.id, 100.0, 0).expect("ink");
    let total: f32 = coverage(&bitmap).iter().map(|value| f32::from(*value) / 255.0).sum();
    let area = (extent.right - extent.left) * (extent.top - extent.bottom);
    assert!((total / area - 1.0).abs() < 0.01, "{total} px covered of {area}");
    let row = &coverage(&bitmap)[bitmap.width as usize * (bitmap.height as usize / 2)..][..bitmap.width as usize];
    let width: f32 = row.iter().map(|value| f32::from(*value) / 255.0).sum();
    assert!((width - (extent.right - extent.left)).abs() < 0.02, "{width}");
}

#[test]
fn large_figures_are_round() {
    let zero = glyph_of("O", 400);
    let large = GlyphCache::new().get(fonts(), zero.face, zero.id, 400.0, 0).expect("ink");
    let font = fonts().entry(zero.face).font();
    // The outline filled directly at four times the resolution is the reference.
    let mut pen = PathPen::default();
    let outline = font.outline_glyphs().get(GlyphId::from(zero.id)).expect("an outline");
    outline.draw(DrawSettings::unhinted(Size::new(1_600.0), LocationRef::default()), &mut pen).expect("drawable");
    let path = pen.into_path().expect("a path");
    let mut mask = tiny_skia::Mask::new(large.width * 4, large.height * 4).expect("small enough");
    let shift = tiny_skia::Transform::from_translate(-4.0 * large.left as f32, -4.0 * large.top as f32);
    mask.fill_path(&path, tiny_skia::FillRule::Winding, true, shift);
    let stride = mask.width() as usize;
    let worst = (0..large.width as usize * large.height as usize).map(|index| {
        let (x, y) = (index % large.width as usize * 4, index / large.width as usize * 4);
        let sum: u32 = (0..16).map(|part| u32::from(mask.data()[(y + part / 4) * stride + x + part % 4])).sum();
        (sum / 16).abs_diff(u32::from(coverage(&large)[index]))
    });
    let worst = worst.max().expect("pixels");
    assert!(worst <= 24, "{worst} of 255 off the curve");
}

#[test]
fn emoji_are_scaled_to_the_font_size() {
    let cache = GlyphCache::new();
    let emoji = glyph_of("🟥", 400);
    assert_eq!(fonts().face(emoji.face).family, "Noto Color Emoji");
    for size in [24.0f32, 48.0, 109.0, 240.0] {
        let bitmap = cache.get(fonts(), emoji.face, emoji.id, size, 1).expect("a picture");
        let GlyphPixels::Color(rgba) = &bitmap.pixels else { panic!("an emoji is coloured") };
        assert_eq!(rgba.len(), (bitmap.width * bitmap.height * 4) as usize);
        // The strike is 136 x 128 px at 109 px per em.
        assert!((bitmap.height as f32 - size * 128.0 / 109.0).abs() <= 2.0, "{size}: {}", bitmap.height);
        assert!((bitmap.width as f32 - size * 136.0 / 109.0).abs() <= 2.0, "{size}: {}", bitmap.width);
        assert!(bitmap.top < 0 && bitmap.top + bitmap.height.cast_signed() > 0, "it stands on the baseline");
        assert!(rgba.chunks_exact(4).all(|pixel| pixel[..3].iter().all(|value| *value <= pixel[3])), "premultiplied");
        let middle = ((bitmap.height / 2 * bitmap.width + bitmap.width / 2) * 4) as usize;
        let [red, green, blue, alpha] = rgba[middle..middle + 4] else { panic!("four components") };
        assert!(red > 150 && green < 100 && blue < 100 && alpha == 255, "{red} {green} {blue} {alpha}");
    }
}

#[test]
fn the_cache_returns_the_same_picture_and_stays_bounded() {
    let cache = GlyphCache::new();
    let letter = glyph_of("g", 500);
    let first = cache.get(fonts(), letter.face, letter.id, 48.0, 2).expect("ink");
    let again = cache.get(fonts(), letter.face, letter.id, 48.0, 2).expect("ink");
    assert!(std::sync::Arc::ptr_eq(&first, &again));
    assert_eq!(GlyphCache::new().get(fonts(), letter.face, letter.id, 48.0, 2).as_ref(), Some(&first));
    let limit = 100_000;
    let small = GlyphCache::with_limit(limit);
    let mut fullest = 0;
    for step in 0..200u16 {
        small.get(fonts(), letter.face, letter.id, 40.0 + f32::from(step) * 0.25, 0).expect("ink");
        assert!(small.bytes() <= limit, "{}", small.bytes());
        fullest = fullest.max(small.bytes());
    }
    assert!(fullest > limit / 2, "it keeps what it has room for: {fullest}");
}

#[test]
fn threads_draw_the_same_pictures() {
    let cache = GlyphCache::new();
    let block = layout(fonts(), "Total $1.234 عرض 👍 की", &TextStyle::default(), &Fit::default());
    let draw = || -> Vec<_> {
        let picture = |glyph: &Glyph| cache.get(fonts(), glyph.face, glyph.id, glyph.size_px, 3);
        block.glyphs.iter().map(picture).collect()
    };
    let here = draw();
    std::thread::scope(|scope| {
        for handle in (0..4).map(|_| scope.spawn(draw)).collect::<Vec<_>>() {
            assert_eq!(handle.join().expect("no panic"), here);
        }
    });
}

//! Coverage of an outlined glyph: fontdue's exact areas, and the outline itself where fontdue has lost it.

use fontdue::{Font, FontSettings};
use skrifa::instance::{LocationRef, Size};
use skrifa::outline::{DrawSettings, OutlinePen};
use skrifa::{FontRef, GlyphId, MetadataProvider as _};

use super::bitmap::{GlyphBitmap, GlyphPixels};

/// Samples per pixel, both ways, before the box filter. A quarter-pixel phase is then a shift by whole samples, so the
/// result is the exact area coverage of the shifted outline, up to the rounding of samples to 8 bits.
const SAMPLES: i32 = 4;

/// Size in px per em up to which curves are flattened without visible corners. The largest figures of a template are
/// about 300 px; four times as fine as that is not needed, since corners are judged after the box filter.
const FLATTEN_PX: f32 = 320.0;

/// Faces with more glyphs are drawn from their outlines one glyph at a time: fontdue parses all glyphs when it opens a
/// face, which takes 30 to 40 ms and 15 MB for Inter, of which a video shows a hundred glyphs, and 2 s and 400 MB for a
/// CJK font.
const FONTDUE_MAX_GLYPHS: u16 = 1_024;

/// Most samples of one glyph, in squares of the font size. The widest ligature of Arabic has 14; what a broken outline
/// asks for has no bound.
const MAX_SQUARE_EMS: f64 = 32.0;

/// Fewest and most samples that this limit comes to: specks are rounded up to whole samples, and memory ends somewhere.
const SAMPLES_LIMIT: (f64, f64) = (65_536.0, 268_435_456.0);

/// A face made ready for drawing outlines.
pub(super) struct OutlineFace {
    font: Option<Font>,
}

/// Sampled coverage: `SAMPLES` times the final resolution, rows from the top.
struct Samples {
    left: i32,
    top: i32,
    width: usize,
    height: usize,
    values: Vec<u8>,
}

impl OutlineFace {
    /// A face of ours. fontdue has not been made for bytes that may be hostile: [`OutlineFace::foreign`].
    pub(super) fn bundled(data: &[u8], glyph_count: u16) -> Self {
        let settings = FontSettings { scale: FLATTEN_PX, ..FontSettings::default() };
        let font = (glyph_count <= FONTDUE_MAX_GLYPHS).then(|| Font::from_bytes(data, settings).ok()).flatten();
        Self { font }
    }

    /// A face from outside, drawn from its outlines alone.
    pub(super) const fn foreign() -> Self {
        Self { font: None }
    }

    /// Coverage of a glyph; `None` where it has no outline.
    pub(super) fn rasterize(&self, font: &FontRef<'_>, glyph: u16, size_px: f32, phase: u8) -> Option<GlyphBitmap> {
        let samples = self.sample(glyph, size_px).or_else(|| sample_outline(font, glyph, size_px))?;
        reduce(&samples, i32::from(phase))
    }

    #[expect(clippy::cast_possible_truncation, reason = "bitmaps are far below 2^31 px wide")]
    fn sample(&self, glyph: u16, size_px: f32) -> Option<Samples> {
        let font = self.font.as_ref().filter(|font| glyph < font.glyph_count())?;
        let (metrics, values) = font.rasterize_indexed(glyph, size_px * SAMPLES as f32);
        if metrics.width == 0 || metrics.height == 0 {
            return None;
        }
        let top = -(metrics.ymin + metrics.height as i32);
        Some(Samples { left: metrics.xmin, top, width: metrics.width, height: metrics.height, values })
    }
}

/// fontdue never loads the last glyph of some substitution ranges (five vowel signs of Noto Sans Devanagari) and gives
/// them no width. Such a glyph, and every glyph of a face that is too large for fontdue, is filled from its outline.
#[expect(clippy::cast_possible_truncation, reason = "bounds of a glyph in px are small integers")]
fn sample_outline(font: &FontRef<'_>, glyph: u16, size_px: f32) -> Option<Samples> {
    let outline = font.outline_glyphs().get(GlyphId::from(glyph))?;
    let mut pen = PathPen::default();
    let size = Size::new(size_px * SAMPLES as f32);
    outline.draw(DrawSettings::unhinted(size, LocationRef::default()), &mut pen).ok()?;
    let path = pen.into_path()?;
    let bounds = path.bounds();
    let (left, top) = (bounds.left().floor(), bounds.top().floor());
    let (width, height) = ((bounds.right().ceil() - left) as u32, (bounds.bottom().ceil() - top) as u32);
    let em = f64::from(size_px) * f64::from(SAMPLES);
    let most = (em * em * MAX_SQUARE_EMS).clamp(SAMPLES_LIMIT.0, SAMPLES_LIMIT.1);
    if f64::from(width) * f64::from(height) > most {
        return None;
    }
    let mut mask = tiny_skia::Mask::new(width, height)?;
    mask.fill_path(&path, tiny_skia::FillRule::Winding, true, tiny_skia::Transform::from_translate(-left, -top));
    let (width, height) = (width as usize, height as usize);
    Some(Samples { left: left as i32, top: top as i32, width, height, values: mask.take() })
}

/// Moves by `phase` samples to the right and averages squares of samples.
#[expect(clippy::cast_possible_truncation, reason = "bitmaps are far below 2^31 px wide; averages stay within 8 bits")]
fn reduce(samples: &Samples, phase: i32) -> Option<GlyphBitmap> {
    let first = samples.left + phase;
    let (left, top) = (first.div_euclid(SAMPLES), samples.top.div_euclid(SAMPLES));
    let (skip_x, skip_y) = (first.rem_euclid(SAMPLES) as usize, samples.top.rem_euclid(SAMPLES) as usize);
    let step = SAMPLES as usize;
    let width = (samples.width + skip_x).div_ceil(step);
    let height = (samples.height + skip_y).div_ceil(step);
    let mut sums = vec![0u16; width * height];
    for (y, row) in samples.values.chunks_exact(samples.width).enumerate() {
        let out = &mut sums[(y + skip_y) / step * width..][..width];
        for (x, value) in row.iter().enumerate() {
            out[(x + skip_x) / step] += u16::from(*value);
        }
    }
    let area = (SAMPLES * SAMPLES) as u16;
    let coverage: Vec<u8> = sums.into_iter().map(|sum| ((sum + area / 2) / area) as u8).collect();
    coverage.iter().any(|value| *value != 0).then_some(GlyphBitmap {
        left,
        top,
        width: width as u32,
        height: height as u32,
        pixels: GlyphPixels::Coverage(coverage),
    })
}

/// Turns font space (y upwards) into image space.
#[derive(Default)]
pub(super) struct PathPen(tiny_skia::PathBuilder);

impl PathPen {
    /// `None` if nothing was drawn.
    pub(super) fn into_path(self) -> Option<tiny_skia::Path> {
        self.0.finish()
    }
}

impl OutlinePen for PathPen {
    fn move_to(&mut self, x: f32, y: f32) {
        self.0.move_to(x, -y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.0.line_to(x, -y);
    }

    fn quad_to(&mut self, cx0: f32, cy0: f32, x: f32, y: f32) {
        self.0.quad_to(cx0, -cy0, x, -y);
    }

    fn curve_to(&mut self, cx0: f32, cy0: f32, cx1: f32, cy1: f32, x: f32, y: f32) {
        self.0.cubic_to(cx0, -cy0, cx1, -cy1, x, -y);
    }

    fn close(&mut self) {
        self.0.close();
    }
}

//! Primitives drawn onto a tile: first where each of them may leave ink, then the ink itself.

use std::sync::Arc;

use super::blur;
use super::isolated::Effects;
use super::mask::Mask;
use super::outline::Outline;
use super::paint::{self, Shader};
use super::picture;
use super::rounded::RoundedBox;
use super::tile::Sheet;
use crate::compose::scene::{Picture, Primitive, Shadow, Shape, Text};
use crate::compose::text::{FontLibrary, GlyphBitmap, GlyphCache, GlyphPixels};
use crate::ground::color::Color;
use crate::ground::geometry::IntRect;

/// Where glyphs come from.
#[derive(Clone, Copy)]
pub(super) struct Glyphs<'a> {
    /// The faces the glyphs belong to.
    pub(super) fonts: &'a FontLibrary,
    pub(super) cache: &'a GlyphCache,
}

/// A primitive made ready: its ink is known, nothing is drawn yet.
enum Ink<'a> {
    Shape { parts: Vec<(Outline, Fill)>, clip: Option<RoundedBox> },
    Text { glyphs: Vec<(i32, i32, Arc<GlyphBitmap>)>, color: Color },
    Picture(&'a Picture),
    Isolated { inks: Vec<Ink<'a>>, effects: Effects<'a> },
}

/// How an outline is painted.
enum Fill {
    Sharp(Shader),
    /// Blurred with this standard deviation in px.
    Soft(f32, Color),
}

/// Draws `primitives` onto a sheet as large as their ink, but within `limit`.
pub(super) fn draw(primitives: &[Primitive], limit: IntRect, glyphs: Glyphs<'_>) -> Sheet {
    let inks: Vec<Ink<'_>> = primitives.iter().map(|primitive| prepare(primitive, glyphs)).collect();
    let bounds = inks.iter().map(|ink| ink.bounds().intersect(limit)).fold(IntRect::default(), IntRect::union);
    let gradients = primitives.iter().any(Primitive::has_gradient);
    let mut sheet = if gradients { Sheet::for_gradients(bounds) } else { Sheet::new(bounds) };
    for ink in &inks {
        ink.draw(&mut sheet);
    }
    sheet
}

fn prepare<'a>(primitive: &'a Primitive, glyphs: Glyphs<'_>) -> Ink<'a> {
    match primitive {
        Primitive::Shape(shape) => prepare_shape(shape),
        Primitive::Text(text) => Ink::Text { glyphs: place_glyphs(text, glyphs), color: text.color },
        Primitive::Picture(picture) => Ink::Picture(picture),
        Primitive::Isolated(group) => {
            let inks = group.primitives.iter().map(|primitive| prepare(primitive, glyphs)).collect();
            Ink::Isolated { inks, effects: Effects::of(group) }
        }
    }
}

fn prepare_shape(shape: &Shape) -> Ink<'_> {
    let mut parts = Vec::new();
    let filled = shape.fill.as_ref().and_then(|_| Outline::filled(&shape.geometry));
    let stroked = shape.stroke.as_ref().and_then(|stroke| Outline::stroked(&shape.geometry, stroke));
    if let Some(shadow) = &shape.shadow {
        let reach = shape.stroke.as_ref().map_or(0.0, |stroke| stroke.width.max(0.0) / 2.0);
        let solid = filled.clone().map(|outline| outline.grown(reach)).or_else(|| stroked.clone());
        parts.extend(solid.and_then(|outline| cast(outline, shadow)));
    }
    if let (Some(outline), Some(paint)) = (filled, &shape.fill) {
        parts.push((outline, Fill::Sharp(Shader::new(paint))));
    }
    if let (Some(outline), Some(stroke)) = (stroked, &shape.stroke) {
        parts.push((outline, Fill::Sharp(Shader::new(&stroke.paint))));
    }
    Ink::Shape { parts, clip: shape.clip.as_ref().map(RoundedBox::of) }
}

/// The shadow an outline casts; `None` when it cannot be seen.
fn cast(outline: Outline, shadow: &Shadow) -> Option<(Outline, Fill)> {
    let numbers = [shadow.dx, shadow.dy, shadow.blur, shadow.spread];
    if shadow.color.a == 0 || !numbers.iter().all(|n| n.is_finite()) {
        return None;
    }
    let sigma = shadow.blur.max(0.0) / 2.0;
    Some((outline.grown(shadow.spread).moved(shadow.dx, shadow.dy), Fill::Soft(sigma, shadow.color)))
}

/// Glyph pictures with the canvas position of their top left pixel. Pens stand on quarter pixels across and on whole
/// pixels down, so that all letters of a line share one baseline.
fn place_glyphs(text: &Text, glyphs: Glyphs<'_>) -> Vec<(i32, i32, Arc<GlyphBitmap>)> {
    let mut placed = Vec::with_capacity(text.block.glyphs.len());
    for glyph in &text.block.glyphs {
        let (x, y) = (text.origin.0 + glyph.x, text.origin.1 + glyph.y);
        if !(x.abs() < 1e6 && y.abs() < 1e6) {
            continue;
        }
        #[expect(clippy::cast_possible_truncation, reason = "below 4e6 in amount, checked above")]
        let (quarters, baseline) = ((x * 4.0).round() as i32, y.round() as i32);
        let phase = u8::try_from(quarters.rem_euclid(4)).unwrap_or(0);
        if let Some(bitmap) = glyphs.cache.get(glyphs.fonts, glyph.face, glyph.id, glyph.size_px, phase) {
            placed.push((quarters.div_euclid(4) + bitmap.left, baseline + bitmap.top, bitmap));
        }
    }
    placed
}

fn glyph_bounds(x: i32, y: i32, bitmap: &GlyphBitmap) -> IntRect {
    let end = |start: i32, length: u32| start.saturating_add(i32::try_from(length).unwrap_or(i32::MAX));
    IntRect { left: x, top: y, right: end(x, bitmap.width), bottom: end(y, bitmap.height) }
}

/// The pixels that any of them may touch.
fn bounds_of(inks: &[Ink<'_>]) -> IntRect {
    inks.iter().map(Ink::bounds).fold(IntRect::default(), IntRect::union)
}

impl Ink<'_> {
    /// The pixels it may touch.
    fn bounds(&self) -> IntRect {
        match self {
            Self::Shape { parts, clip } => {
                let all = parts.iter().map(|(outline, fill)| fill.bounds(outline));
                let all = all.fold(IntRect::default(), IntRect::union);
                clip.as_ref().map_or(all, |clip| all.intersect(clip.bounds()))
            }
            Self::Text { glyphs, .. } => glyphs
                .iter()
                .map(|(x, y, bitmap)| glyph_bounds(*x, *y, bitmap))
                .fold(IntRect::default(), IntRect::union),
            Self::Picture(picture) => picture::bounds(picture),
            Self::Isolated { inks, effects } => effects.bounds(bounds_of(inks)),
        }
    }

    /// Draws the part that lies on the sheet.
    fn draw(&self, sheet: &mut Sheet) {
        let area = self.bounds().intersect(sheet.bounds());
        if area.is_empty() {
            return;
        }
        match self {
            Self::Shape { parts, clip } => {
                for (outline, fill) in parts {
                    fill.draw(outline, clip.as_ref(), area, sheet);
                }
            }
            Self::Text { glyphs, color } => draw_text(glyphs, *color, area, sheet),
            Self::Picture(picture) => picture::draw(sheet, picture),
            Self::Isolated { inks, effects } => {
                let mut inside = Sheet::new(bounds_of(inks).intersect(effects.wanted(area)));
                for ink in inks {
                    ink.draw(&mut inside);
                }
                effects.lay(&inside, area, sheet);
            }
        }
    }
}

impl Fill {
    fn bounds(&self, outline: &Outline) -> IntRect {
        match self {
            Self::Sharp(_) => outline.bounds(),
            Self::Soft(sigma, _) => blur::widened(outline.bounds(), blur::reach_px(*sigma)),
        }
    }

    fn draw(&self, outline: &Outline, clip: Option<&RoundedBox>, area: IntRect, sheet: &mut Sheet) {
        match self {
            Self::Sharp(shader) => {
                let area = area.intersect(outline.bounds());
                if area.is_empty() {
                    return;
                }
                let mut mask = outline.mask(area);
                if let Some(clip) = clip {
                    mask.clip(clip);
                }
                sheet.paint(&mask, shader);
            }
            Self::Soft(sigma, color) => draw_soft(outline, *sigma, *color, clip, area, sheet),
        }
    }
}

fn draw_soft(outline: &Outline, sigma: f32, color: Color, clip: Option<&RoundedBox>, area: IntRect, sheet: &mut Sheet) {
    let reach = blur::reach_px(sigma);
    let area = area.intersect(blur::widened(outline.bounds(), reach));
    if area.is_empty() {
        return;
    }
    let soft = match outline {
        Outline::Box(shape) => blur::blur_box(shape, area, sigma),
        // What is blurred reaches further than what is seen, or the blur would darken towards an edge that does not
        // exist.
        _ => blur::blur(&outline.mask(blur::widened(area, reach)), sigma),
    };
    let solid = paint::premultiplied(color).map(u32::from);
    let width = area.width() as usize;
    let (mut pixels, mut coverage, mut inside) = (vec![0u8; width * 4], vec![0u16; width], vec![0u8; width]);
    for y in area.top..area.bottom {
        soft.copy_row(y, area.left, &mut coverage);
        let Some(first) = coverage.iter().position(|share| *share > 0) else { continue };
        let last = coverage.iter().rposition(|share| *share > 0).unwrap_or(first) + 1;
        let thresholds = paint::thresholds(area.left, y);
        for (i, (share, pixel)) in coverage.iter().zip(pixels.as_chunks_mut::<4>().0).enumerate() {
            let threshold = u32::from(thresholds[i % 8]);
            // A share of 255 parts in 8.8 fixed point times a channel, rounded down with the dither.
            *pixel = solid.map(|channel| (((channel * u32::from(*share)) / 255 + threshold) >> 8).min(255) as u8);
        }
        if let Some(clip) = clip {
            clip.cover_row(y, area.left, &mut inside);
            super::blend::cover(&mut pixels, &inside);
        }
        let x = area.left.saturating_add(i32::try_from(first).unwrap_or(0));
        sheet.lay_row(x, y, &pixels[first * 4..last * 4]);
    }
}

/// Draws all letters as one area, so that the joins of a translucent script do not show, then the glyphs that have
/// colours of their own.
fn draw_text(glyphs: &[(i32, i32, Arc<GlyphBitmap>)], color: Color, area: IntRect, sheet: &mut Sheet) {
    let mut mask = Mask::new(area);
    for (x, y, bitmap) in glyphs {
        if let GlyphPixels::Coverage(coverage) = &bitmap.pixels {
            mask.add_bitmap(glyph_bounds(*x, *y, bitmap), coverage);
        }
    }
    sheet.paint(&mask, &Shader::Solid(paint::premultiplied(color)));
    for (x, y, bitmap) in glyphs {
        if let GlyphPixels::Color(pixels) = &bitmap.pixels {
            draw_color_glyph(glyph_bounds(*x, *y, bitmap), pixels, color.a, sheet);
        }
    }
}

fn draw_color_glyph(bounds: IntRect, pixels: &[u8], alpha: u8, sheet: &mut Sheet) {
    let area = bounds.intersect(sheet.bounds());
    if area.is_empty() {
        return;
    }
    let skipped = (area.left - bounds.left).unsigned_abs() as usize * 4;
    let (stride, bytes) = (bounds.width() as usize * 4, area.width() as usize * 4);
    let shares = vec![alpha; area.width() as usize];
    for y in area.top..area.bottom {
        let start = super::mask::row_index(bounds, y) * stride + skipped;
        let mut row = pixels[start..start + bytes].to_vec();
        super::blend::cover(&mut row, &shares);
        sheet.lay_row(area.left, y, &row);
    }
}

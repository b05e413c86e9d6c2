//! Tiles: what a layer looks like, drawn once and then only moved.
//!
//! A tile knows which of its pixels are clear and which are solid, so that laying it down skips the former and copies
//! the latter. A border of one clear pixel on every side spares the samplers all questions about edges.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::blend;
use super::buffer::blank;
use super::deep::Deep;
use super::mask::{Mask, row_index};
use super::paint::Shader;
use crate::ground::geometry::IntRect;

/// Shorter runs of clear or solid pixels are not worth a span of their own.
const MIN_RUN: usize = 16;

/// A finished picture of a layer at rest.
#[derive(Debug)]
pub(super) struct Tile {
    bounds: IntRect,
    pixels: Vec<u8>,
    spans: Vec<Span>,
    /// For each row, where its spans begin in `spans`; one more entry than rows.
    row_spans: Vec<usize>,
    opaque: IntRect,
    /// Bytes held by all tiles of a film; given back when this one goes.
    held_bytes: Arc<AtomicUsize>,
}

/// A run of pixels of one row that are not all clear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// First column, in canvas px at rest.
    pub(super) left: i32,
    /// One past the last column.
    pub(super) right: i32,
    /// Whether every pixel in it is solid.
    pub(super) opaque: bool,
}

impl Tile {
    /// The pixels that may hold ink, in canvas coordinates at rest.
    pub(super) fn bounds(&self) -> IntRect {
        self.bounds
    }

    /// A rectangle in which every pixel is solid; may be empty.
    pub(super) fn opaque(&self) -> IntRect {
        self.opaque
    }

    /// The spans of row `y` from left to right.
    pub(super) fn spans(&self, y: i32) -> &[Span] {
        let row = row_index(self.bounds, y);
        &self.spans[self.row_spans[row]..self.row_spans[row + 1]]
    }

    /// The bytes of row `y` from column `left` up to `right`; one pixel beyond the bounds is allowed on every side.
    pub(super) fn row(&self, y: i32, left: i32, right: i32) -> &[u8] {
        let range = padded_range(self.bounds, y, left, right);
        &self.pixels[range]
    }

    /// All pixels with the border, and the bytes from one row to the next.
    pub(super) fn padded(&self) -> (&[u8], usize) {
        (&self.pixels, padded_stride(self.bounds))
    }
}

impl Drop for Tile {
    fn drop(&mut self) {
        self.held_bytes.fetch_sub(self.pixels.len(), Ordering::Relaxed);
    }
}

fn padded_stride(bounds: IntRect) -> usize {
    (bounds.width() as usize + 2) * 4
}

fn padded_range(bounds: IntRect, y: i32, left: i32, right: i32) -> std::ops::Range<usize> {
    let row = (y - bounds.top + 1).unsigned_abs() as usize * padded_stride(bounds);
    let at = |x: i32| row + (x - bounds.left + 1).unsigned_abs() as usize * 4;
    at(left)..at(right)
}

/// A tile being drawn.
pub(super) struct Sheet {
    bounds: IntRect,
    pixels: Vec<u8>,
    scratch: Vec<u8>,
    /// Where gradients are drawn; `pixels` then stay clear until all is.
    deep: Option<Deep>,
}

impl Sheet {
    /// A clear sheet.
    pub(super) fn new(bounds: IntRect) -> Self {
        let bounds = if bounds.is_empty() { IntRect::default() } else { bounds };
        let bytes = padded_stride(bounds) * (bounds.height() as usize + 2);
        Self { bounds, pixels: blank(bytes), scratch: vec![0; bounds.width() as usize * 4], deep: None }
    }

    /// A clear sheet for gradients, which are laid over each other as they are and dithered once, in the end.
    pub(super) fn for_gradients(bounds: IntRect) -> Self {
        let sheet = Self::new(bounds);
        Self { deep: Some(Deep::new(sheet.bounds)), ..sheet }
    }

    /// The pixels that can be drawn on.
    pub(super) fn bounds(&self) -> IntRect {
        self.bounds
    }

    /// The pixels of row `y` from column `left` up to `right`, which lie within the bounds; clear on a sheet for
    /// gradients.
    pub(super) fn row(&self, y: i32, left: i32, right: i32) -> &[u8] {
        &self.pixels[padded_range(self.bounds, y, left, right)]
    }

    /// Lays one row of premultiplied pixels over the sheet, from (`x`, `y`) on; it must lie within the bounds.
    pub(super) fn lay_row(&mut self, x: i32, y: i32, row: &[u8]) {
        if let Some(deep) = &mut self.deep {
            return deep.lay_bytes(x, y, row);
        }
        let start = padded_range(self.bounds, y, x, x).start;
        blend::over(&mut self.pixels[start..start + row.len()], row);
    }

    /// Paints what `mask` covers.
    pub(super) fn paint(&mut self, mask: &Mask, shader: &Shader) {
        let area = self.bounds.intersect(mask.bounds);
        if area.is_empty() {
            return;
        }
        let mut row = std::mem::take(&mut self.scratch);
        let mut spans = Vec::new();
        let opaque = shader.is_opaque();
        let skipped = (area.left - mask.bounds.left).unsigned_abs() as usize;
        for y in area.top..area.bottom {
            let coverage = &mask.row(y)[skipped..][..area.width() as usize];
            let Some(first) = coverage.iter().position(|share| *share != 0) else { continue };
            let last = coverage.iter().rposition(|share| *share != 0).unwrap_or(first) + 1;
            let (coverage, pixels) = (&coverage[first..last], &mut row[..(last - first) * 4]);
            let x = area.left + i32::try_from(first).unwrap_or(0);
            if let Some(deep) = &mut self.deep {
                deep.paint_row(x, y, coverage, shader);
                continue;
            }
            shader.shade_row(y, x, pixels);
            spans.clear();
            find_spans(coverage, |share| *share, x, &mut spans);
            for span in &spans {
                let within = (span.left - x).unsigned_abs() as usize..(span.right - x).unsigned_abs() as usize;
                let part = &mut pixels[within.start * 4..within.end * 4];
                if span.opaque && opaque {
                    let start = padded_range(self.bounds, y, span.left, span.left).start;
                    self.pixels[start..start + part.len()].copy_from_slice(part);
                    continue;
                }
                if !span.opaque {
                    blend::cover(part, &coverage[within]);
                }
                self.lay_row(span.left, y, part);
            }
        }
        self.scratch = row;
    }

    /// Closes the drawing: finds clear and solid runs and adds its size to `held_bytes`.
    pub(super) fn finish(self, held_bytes: Arc<AtomicUsize>) -> Tile {
        let Self { bounds, mut pixels, deep, .. } = self;
        if let Some(deep) = deep {
            for y in bounds.top..bounds.bottom {
                deep.settle_row(y, &mut pixels[padded_range(bounds, y, bounds.left, bounds.right)]);
            }
        }
        let (mut spans, mut row_spans) = (Vec::new(), vec![0]);
        for y in bounds.top..bounds.bottom {
            let row = pixels[padded_range(bounds, y, bounds.left, bounds.right)].as_chunks::<4>().0;
            find_spans(row, |pixel| pixel[3], bounds.left, &mut spans);
            row_spans.push(spans.len());
        }
        held_bytes.fetch_add(pixels.len(), Ordering::Relaxed);
        let mut tile = Tile { bounds, pixels, spans, row_spans, opaque: IntRect::default(), held_bytes };
        tile.opaque = largest_opaque(&tile);
        tile
    }
}

/// Cuts a row into spans by the opacity of its pixels. Clear and solid runs shorter than [`MIN_RUN`] join what is
/// around them.
fn find_spans<T>(row: &[T], opacity: impl Fn(&T) -> u8, left: i32, spans: &mut Vec<Span>) {
    let first = spans.len();
    let (mut at, mut rest) = (left, row);
    while let Some(pixel) = rest.first() {
        let kind = Kind::of(opacity(pixel));
        let (run, after) = rest.split_at(run_of(rest, kind, &opacity));
        let end = at + i32::try_from(run.len()).unwrap_or(0);
        let long = run.len() >= MIN_RUN;
        match kind {
            Kind::Clear if long || at == left => {}
            kind => {
                let opaque = long && kind == Kind::Solid;
                match spans[first..].last_mut() {
                    Some(last) if last.right == at && !last.opaque && !opaque => last.right = end,
                    _ => spans.push(Span { left: at, right: end, opaque }),
                }
            }
        }
        (at, rest) = (end, after);
    }
}

/// How many pixels at the beginning of `row` are of that kind.
fn run_of<T>(row: &[T], kind: Kind, opacity: impl Fn(&T) -> u8) -> usize {
    // Blocks are folded whole, which compilers do many pixels at a time; then the end is looked for.
    let blocks = row.chunks_exact(MIN_RUN);
    let same = match kind {
        Kind::Clear => blocks.take_while(|block| block.iter().fold(0, |all, pixel| all | opacity(pixel)) == 0).count(),
        Kind::Solid => {
            blocks.take_while(|block| block.iter().fold(255, |all, pixel| all & opacity(pixel)) == 255).count()
        }
        Kind::Mixed => 0,
    };
    let begun = same * MIN_RUN;
    let after = row[begun..].iter().position(|pixel| Kind::of(opacity(pixel)) != kind);
    after.map_or(row.len(), |after| begun + after)
}

/// What a run of pixels has in common.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Clear,
    Solid,
    Mixed,
}

impl Kind {
    fn of(opacity: u8) -> Self {
        match opacity {
            0 => Self::Clear,
            255 => Self::Solid,
            _ => Self::Mixed,
        }
    }
}

/// The rows around the middle one in which its longest solid run is solid too. Not the largest rectangle there is,
/// but the right one for backgrounds and cards.
fn largest_opaque(tile: &Tile) -> IntRect {
    let bounds = tile.bounds;
    if bounds.is_empty() {
        return IntRect::default();
    }
    let middle = (bounds.top + bounds.bottom).div_euclid(2);
    let solid = tile.spans(middle).iter().filter(|span| span.opaque);
    let Some(run) = solid.max_by_key(|span| span.right - span.left).copied() else {
        return IntRect::default();
    };
    let holds =
        |y: &i32| tile.spans(*y).iter().any(|span| span.opaque && span.left <= run.left && span.right >= run.right);
    let above = (bounds.top..middle).rev().take_while(holds).last().unwrap_or(middle);
    let below = (middle..bounds.bottom).take_while(holds).last().unwrap_or(middle);
    IntRect { left: run.left, top: above, right: run.right, bottom: below + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::scene::Paint;
    use crate::draw::raster::rounded::RoundedBox;
    use crate::ground::color::Color;

    #[test]
    fn spans_tell_clear_from_mixed_from_solid() {
        let alphas = [vec![0; 20], vec![255; 30], vec![90; 3], vec![255; 5], vec![0; 40], vec![7; 2]].concat();
        let row: Vec<u8> = alphas.iter().flat_map(|a| [0, 0, 0, *a]).collect();
        let mut spans = Vec::new();
        find_spans(row.as_chunks::<4>().0, |pixel| pixel[3], 100, &mut spans);
        let expected = [(120, 150, true), (150, 158, false), (198, 200, false)];
        assert_eq!(spans, expected.map(|(left, right, opaque)| Span { left, right, opaque }));
    }

    #[test]
    fn a_single_row_above_the_canvas_is_a_tile_too() {
        let bounds = IntRect { left: -40, top: -3, right: 8, bottom: -2 };
        let mut sheet = Sheet::new(bounds);
        sheet.lay_row(-40, -3, &[255; 48 * 4]);
        assert_eq!(sheet.finish(Arc::default()).opaque(), bounds);
    }

    #[test]
    fn a_rounded_card_is_solid_but_for_its_corners() {
        let bounds = IntRect { left: 10, top: 20, right: 110, bottom: 80 };
        let mut sheet = Sheet::new(bounds);
        let card = RoundedBox::new(10.0, 20.0, 110.0, 80.0, [12.0; 4]);
        sheet.paint(&Mask::of_box(&card, bounds), &Shader::new(&Paint::Solid(Color::WHITE)));
        let held = Arc::new(AtomicUsize::new(0));
        let tile = sheet.finish(Arc::clone(&held));
        assert_eq!(tile.opaque(), IntRect { left: 10, top: 32, right: 110, bottom: 68 });
        assert_eq!(held.load(Ordering::Relaxed), 102 * 62 * 4);
        drop(tile);
        assert_eq!(held.load(Ordering::Relaxed), 0);
    }
}

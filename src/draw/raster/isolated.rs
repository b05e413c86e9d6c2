//! Primitives drawn apart, blurred and masked as one picture, then laid down: once for each tile, never on a frame.

use super::blur;
use super::mask::Mask;
use super::outline::Outline;
use super::paint::{self, Shader};
use super::tile::Sheet;
use crate::compose::scene::{Isolated, Stencil};
use crate::ground::geometry::{IntRect, Rect};

/// A stencil made ready.
struct Ready<'a> {
    /// What it leaves; `None` where that is nothing.
    outline: Option<Outline>,
    opacity: Option<Shader>,
    stencil: &'a Stencil,
}

/// What is done to a group once it is drawn: its blur and its stencils, made ready.
pub(super) struct Effects<'a> {
    sigma: f32,
    stencils: Vec<Ready<'a>>,
}

impl<'a> Effects<'a> {
    /// Those of `group`.
    pub(super) fn of(group: &'a Isolated) -> Self {
        let stencils = group.stencils.iter().map(|stencil| Ready {
            outline: Outline::filled(&stencil.geometry),
            opacity: stencil.opacity.as_ref().map(Shader::new),
            stencil,
        });
        let sigma = if group.blur.is_finite() { group.blur.max(0.0) / 2.0 } else { 0.0 };
        Self { sigma, stencils: stencils.collect() }
    }

    /// The pixels that a group may touch whose ink lies in `ink`.
    pub(super) fn bounds(&self, ink: IntRect) -> IntRect {
        let ink = blur::widened(ink, blur::reach_px(self.sigma));
        self.stencils.iter().fold(ink, |bounds, ready| {
            bounds.intersect(ready.outline.as_ref().map_or(IntRect::default(), Outline::bounds))
        })
    }

    /// What has to be drawn of a group for `area` to be right: what is blurred reaches further than what is seen.
    pub(super) fn wanted(&self, area: IntRect) -> IntRect {
        blur::widened(area, blur::reach_px(self.sigma))
    }

    /// Lays the part in `area` of a group that is drawn on `inside` onto `sheet`. The area lies on the sheet and within
    /// the bounds.
    pub(super) fn lay(&self, inside: &Sheet, area: IntRect, sheet: &mut Sheet) {
        let mut picture = Picture::of(inside, area);
        if self.sigma > 0.0 {
            picture.blur(inside, self.wanted(area), self.sigma);
        }
        for ready in &self.stencils {
            picture.cut(ready);
        }
        for (y, row) in (area.top..).zip(picture.pixels.chunks_exact(area.width() as usize * 4)) {
            sheet.lay_row(area.left, y, row);
        }
    }
}

/// Premultiplied pixels of an area, rows packed.
struct Picture {
    area: IntRect,
    pixels: Vec<u8>,
}

impl Picture {
    /// What lies on `sheet` within `area`; clear where it does not reach.
    fn of(sheet: &Sheet, area: IntRect) -> Self {
        let width = area.width() as usize;
        let mut pixels = vec![0; width * area.height() as usize * 4];
        let shared = area.intersect(sheet.bounds());
        if !shared.is_empty() {
            let from = (shared.left - area.left).unsigned_abs() as usize * 4;
            for y in shared.top..shared.bottom {
                let row = sheet.row(y, shared.left, shared.right);
                let at = super::mask::row_index(area, y) * width * 4 + from;
                pixels[at..at + row.len()].copy_from_slice(row);
            }
        }
        Self { area, pixels }
    }

    /// Replaces it by what lies on `sheet` within `wanted`, blurred with standard deviation `sigma`.
    fn blur(&mut self, sheet: &Sheet, wanted: IntRect, sigma: f32) {
        let sharp = Self::of(sheet, wanted);
        let width = self.area.width() as usize;
        let mut row = vec![0u16; width];
        for channel in 0..4 {
            let mut mask = Mask::new(wanted);
            let bytes = sharp.pixels.as_chunks::<4>().0.chunks_exact(wanted.width() as usize);
            for (y, pixels) in (wanted.top..).zip(bytes) {
                for (share, pixel) in mask.row_mut(y).iter_mut().zip(pixels) {
                    *share = pixel[channel];
                }
            }
            let soft = blur::blur(&mask, sigma);
            for (y, out) in (self.area.top..).zip(self.pixels.as_chunks_mut::<4>().0.chunks_exact_mut(width)) {
                soft.copy_row(y, self.area.left, &mut row);
                // One threshold for all channels, so that none can exceed alpha.
                let thresholds = paint::thresholds(self.area.left, y);
                for (i, (pixel, value)) in out.iter_mut().zip(&row).enumerate() {
                    pixel[channel] = ((u32::from(*value) + u32::from(thresholds[i % 8])) >> 8).min(255) as u8;
                }
            }
        }
    }

    /// Leaves what the stencil leaves.
    fn cut(&mut self, ready: &Ready<'_>) {
        let Some(outline) = &ready.outline else { return self.pixels.fill(0) };
        let area = self.area;
        let width = area.width() as usize;
        let mask = outline.mask(area);
        let across: Vec<f32> = (area.left..area.right).map(|x| ready.stencil.share_across(x as f32 + 0.5)).collect();
        let mut shade = vec![0u8; width * 4];
        for (y, pixels) in (area.top..).zip(self.pixels.chunks_exact_mut(width * 4)) {
            let down = ready.stencil.share_down(y as f32 + 0.5);
            if let Some(shader) = &ready.opacity {
                shader.shade_row(y, area.left, &mut shade);
            }
            let thresholds = paint::thresholds(area.left, y);
            for (i, (pixel, share)) in pixels.as_chunks_mut::<4>().0.iter_mut().zip(mask.row(y)).enumerate() {
                let opacity = if ready.opacity.is_some() { f32::from(shade[i * 4 + 3]) / 255.0 } else { 1.0 };
                let kept = f32::from(*share) * across[i] * down * opacity;
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 255 in 8.8")]
                let kept = (kept * 256.0 + 0.5) as u32;
                let threshold = u32::from(thresholds[i % 8]);
                let cut = |c: u8| u8::try_from((u32::from(c) * kept / 255 + threshold) >> 8).map_or(c, |v| v.min(c));
                *pixel = pixel.map(cut);
            }
        }
    }
}

impl Stencil {
    /// How much stays at height `y`, for the edges above and below.
    fn share_down(&self, y: f32) -> f32 {
        let [top, _, bottom, _] = self.fade;
        ramp(y - self.rect.y, top) * ramp(self.rect.bottom() - y, bottom)
    }

    /// How much stays at column `x`, for the edges on both sides.
    fn share_across(&self, x: f32) -> f32 {
        let [_, right, _, left] = self.fade;
        let Rect { x: edge, .. } = self.rect;
        ramp(x - edge, left) * ramp(self.rect.right() - x, right)
    }
}

/// From nothing at an edge to all at `length` px from it, gently at both ends.
fn ramp(distance: f32, length: f32) -> f32 {
    if length.is_nan() || length <= 0.0 {
        return 1.0;
    }
    let t = (distance / length).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

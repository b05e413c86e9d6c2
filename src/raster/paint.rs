//! What colour a paint has at a pixel: solid colours and dithered gradients.
//!
//! Gradients are mixed premultiplied in sRGB, as CSS Images 3 does, and rounded by an ordered dither that is fixed to
//! the canvas: a dark gradient then shows no steps, and a still picture stays still for the encoder.

use crate::color::Color;
use crate::scene::{Paint, Stop};

/// Thresholds of the 8x8 ordered dither (Bayer, 1973), in 1/64.
const BAYER: [[u8; 8]; 8] = bayer();

/// Largest stop position computed with; one beyond 1.0 makes no sense anyway.
const MAX_STOP: f32 = 16.0;

/// Builds the matrix from its definition: the bits of x xor y and of y, interleaved, lowest bit first.
const fn bayer() -> [[u8; 8]; 8] {
    let mut matrix = [[0u8; 8]; 8];
    let mut y = 0;
    while y < 8 {
        let mut x = 0;
        while x < 8 {
            let mixed = x ^ y;
            let mut bit = 0;
            let mut value = 0u8;
            while bit < 3 {
                value |= if (mixed >> bit) & 1 == 1 { 1 << (5 - 2 * bit) } else { 0 };
                value |= if (y >> bit) & 1 == 1 { 1 << (4 - 2 * bit) } else { 0 };
                bit += 1;
            }
            matrix[y][x] = value;
            x += 1;
        }
        y += 1;
    }
    matrix
}

/// What is added before rounding down at a pixel: from 1/128 to 127/128, on average one half.
pub(super) fn threshold(x: i32, y: i32) -> f32 {
    let (x, y) = (x.rem_euclid(8).unsigned_abs() as usize, y.rem_euclid(8).unsigned_abs() as usize);
    (f32::from(BAYER[y][x]) + 0.5) / 64.0
}

/// A colour premultiplied, rounded to the nearest.
pub(super) fn premultiplied(color: Color) -> [u8; 4] {
    let by_alpha = |channel| super::blend::mul255(channel, color.a);
    [by_alpha(color.r), by_alpha(color.g), by_alpha(color.b), color.a]
}

/// A paint made ready: stops premultiplied, geometry turned into a share per pixel.
pub(super) enum Shader {
    /// The same everywhere.
    Solid([u8; 4]),
    /// Varies from pixel to pixel.
    Gradient(Gradient),
}

/// A gradient made ready.
pub(super) struct Gradient {
    course: Course,
    /// From stop to stop; never empty.
    stretches: Vec<Stretch>,
}

/// The part of a gradient between two stops. Colours are premultiplied, channels 0.0-255.0.
struct Stretch {
    from: f32,
    to: f32,
    color: [f32; 4],
    slope: [f32; 4],
}

enum Course {
    /// `x * step_x + y * step_y + offset` is the position.
    Linear {
        step_x: f32,
        step_y: f32,
        offset: f32,
    },
    Radial {
        center: (f32, f32),
        per_px: f32,
    },
}

impl Shader {
    /// Makes `paint` ready. A gradient without extent or stops is one colour: that of its last stop, or clear.
    pub(super) fn new(paint: &Paint) -> Self {
        let (course, stops) = match paint {
            Paint::Solid(color) => return Self::Solid(premultiplied(*color)),
            Paint::Linear { from, to, stops } => {
                let (dx, dy) = (to.0 - from.0, to.1 - from.1);
                let (step_x, step_y) = (dx / (dx * dx + dy * dy), dy / (dx * dx + dy * dy));
                (Course::Linear { step_x, step_y, offset: -(from.0 * step_x + from.1 * step_y) }, stops)
            }
            Paint::Radial { center, radius, stops } => {
                (Course::Radial { center: *center, per_px: 1.0 / radius }, stops)
            }
        };
        let usable = match &course {
            Course::Linear { step_x, step_y, offset } => [step_x, step_y, offset].iter().all(|v| v.is_finite()),
            Course::Radial { center, per_px } => {
                center.0.is_finite() && center.1.is_finite() && per_px.is_finite() && *per_px > 0.0
            }
        };
        let last = stops.last().map_or(Color::TRANSPARENT, |stop| stop.color);
        if !usable || stops.is_empty() || stops.iter().all(|stop| stop.color == last) {
            return Self::Solid(premultiplied(last));
        }
        Self::Gradient(Gradient { course, stretches: stretches(stops) })
    }

    /// Writes the pixels of row `y` from column `x0` on.
    pub(super) fn shade_row(&self, y: i32, x0: i32, out: &mut [u8]) {
        match self {
            Self::Solid(pixel) => out.as_chunks_mut::<4>().0.fill(*pixel),
            Self::Gradient(gradient) => {
                let pixels = out.as_chunks_mut::<4>().0;
                if let Course::Linear { step_x: 0.0, .. } = gradient.course {
                    let color = gradient.at(x0, y);
                    let pattern: [[u8; 4]; 8] = std::array::from_fn(|x| {
                        dithered(color, threshold(x0.wrapping_add(i32::try_from(x).unwrap_or(0)), y))
                    });
                    for eight in pixels.chunks_mut(8) {
                        eight.copy_from_slice(&pattern[..eight.len()]);
                    }
                    return;
                }
                for (x, pixel) in (x0..).zip(pixels) {
                    *pixel = dithered(gradient.at(x, y), threshold(x, y));
                }
            }
        }
    }
}

/// Rounds a premultiplied colour with one threshold for all channels, so that no channel can exceed alpha.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates, which is the wanted limit"
)]
pub(super) fn dithered(color: [f32; 4], threshold: f32) -> [u8; 4] {
    let rounded = color.map(|channel| (channel + threshold) as u8);
    rounded.map(|channel| channel.min(rounded[3]))
}

fn ready(stop: &Stop) -> (f32, [f32; 4]) {
    let Color { r, g, b, a } = stop.color;
    let by_alpha = |channel: u8| f32::from(channel) * f32::from(a) / 255.0;
    (stop.at, [by_alpha(r), by_alpha(g), by_alpha(b), f32::from(a)])
}

impl Gradient {
    /// The colour at the centre of a pixel, premultiplied, channels 0.0-255.0.
    fn at(&self, x: i32, y: i32) -> [f32; 4] {
        let (x, y) = (x as f32 + 0.5, y as f32 + 0.5);
        let position = match self.course {
            Course::Linear { step_x, step_y, offset } => x * step_x + y * step_y + offset,
            Course::Radial { center, per_px } => {
                let (dx, dy) = (x - center.0, y - center.1);
                (dx * dx + dy * dy).sqrt() * per_px
            }
        };
        let last = self.stretches.len() - 1;
        let index = self.stretches[..last].iter().position(|stretch| position < stretch.to).unwrap_or(last);
        let stretch = &self.stretches[index];
        let within = position.clamp(stretch.from, stretch.to) - stretch.from;
        std::array::from_fn(|channel| stretch.color[channel] + within * stretch.slope[channel])
    }
}

/// The stretches between stops; stops that go back or are no number are pulled to the one before.
fn stretches(stops: &[Stop]) -> Vec<Stretch> {
    let mut from = (f32::NEG_INFINITY, [0.0; 4]);
    let mut all = Vec::with_capacity(stops.len());
    for (index, stop) in stops.iter().enumerate() {
        let (at, color) = ready(stop);
        let at = if index == 0 && !at.is_finite() { 0.0 } else { at.min(MAX_STOP).max(from.0) };
        if index > 0 || stops.len() == 1 {
            let span = at - from.0;
            let rise = |channel: usize| if span > 0.0 { (color[channel] - from.1[channel]) / span } else { 0.0 };
            let start = if span > 0.0 { from.1 } else { color };
            all.push(Stretch { from: from.0, to: at, color: start, slope: std::array::from_fn(rise) });
        }
        from = (at, color);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dither_holds_each_threshold_once() {
        let mut all: Vec<u8> = BAYER.iter().flatten().copied().collect();
        all.sort_unstable();
        assert_eq!(all, (0..64).collect::<Vec<u8>>());
    }

    #[test]
    fn a_dark_gradient_has_no_steps() {
        // 12 levels over 960 px: undithered bands would be 80 px wide.
        let width = 960;
        let stops = vec![Stop { at: 0.0, color: Color::rgb(8, 8, 8) }, Stop { at: 1.0, color: Color::rgb(20, 20, 20) }];
        let paint = Paint::Linear { from: (0.0, 0.0), to: (width as f32, 0.0), stops };
        let shader = Shader::new(&paint);
        let rows: Vec<Vec<u8>> = (0..8)
            .map(|y| {
                let mut row = vec![0; width * 4];
                shader.shade_row(y, 0, &mut row);
                row.chunks_exact(4).map(|pixel| pixel[1]).collect()
            })
            .collect();
        let means: Vec<u32> = (0..width / 8)
            .map(|b| rows.iter().map(|r| r[b * 8..][..8].iter().map(|v| u32::from(*v)).sum::<u32>()).sum())
            .collect();
        assert!(means.is_sorted(), "block means go back: {means:?}");
        let widest = means.chunk_by(|a, b| a == b).map(<[u32]>::len).max();
        assert!(widest <= Some(2), "a band of {widest:?} blocks");
        // Each block is within half a level (in sums of 64: 32) of the exact gradient.
        for (b, mean) in means.iter().enumerate() {
            let exact = (8.0 + 12.0 * (b as f64 * 8.0 + 4.0) / width as f64) * 64.0;
            assert!((f64::from(*mean) - exact).abs() < 4.0, "block {b}: {mean}, exactly {exact}");
        }
    }

    #[test]
    fn exact_colours_are_not_disturbed() {
        for level in 0..=255u8 {
            for t in [1.0 / 128.0, 0.5, 127.0 / 128.0] {
                assert_eq!(dithered([f32::from(level); 4], t), [level; 4]);
            }
        }
    }

    #[test]
    fn degenerate_gradients_are_their_last_colour() {
        let stops = vec![Stop { at: 0.0, color: Color::WHITE }, Stop { at: 1.0, color: Color::rgb(1, 2, 3) }];
        for paint in [
            Paint::Linear { from: (5.0, 5.0), to: (5.0, 5.0), stops: stops.clone() },
            Paint::Radial { center: (5.0, 5.0), radius: 0.0, stops: stops.clone() },
            Paint::Radial { center: (f32::NAN, 5.0), radius: 9.0, stops },
        ] {
            assert!(matches!(Shader::new(&paint), Shader::Solid([1, 2, 3, 255])), "{paint:?}");
        }
    }

    #[test]
    fn channels_never_exceed_alpha() {
        let stops = vec![Stop { at: 0.0, color: Color::WHITE.with_alpha(0.0) }, Stop { at: 1.0, color: Color::WHITE }];
        let shader = Shader::new(&Paint::Radial { center: (20.0, 20.0), radius: 30.0, stops });
        let mut row = vec![0; 60 * 4];
        for y in 0..40 {
            shader.shade_row(y, 0, &mut row);
            assert!(row.chunks_exact(4).all(|p| p[0] <= p[3] && p[1] <= p[3] && p[2] <= p[3]));
        }
    }
}

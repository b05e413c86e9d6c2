//! What colour a paint has at a pixel: solid colours and dithered gradients.
//!
//! Gradients are mixed premultiplied in sRGB, as CSS Images 3 does, and rounded by an ordered dither that is fixed to
//! the canvas: a dark gradient then shows no steps, and a still picture stays still for the encoder.

use crate::compose::scene::{Paint, Stop};
use crate::ground::color::Color;
use crate::ground::geometry::turn;

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

/// What is added to 8.8 fixed-point channels before rounding down, for the pixels of row `y` from column `x` on; after
/// eight it repeats. From 2/256 to 254/256, on average one half.
pub(super) fn thresholds(x: i32, y: i32) -> [u16; 8] {
    let row = BAYER[y.rem_euclid(8).unsigned_abs() as usize];
    let first = x.rem_euclid(8).unsigned_abs() as usize;
    std::array::from_fn(|i| u16::from(row[(first + i) % 8]) * 4 + 2)
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

/// Places of a [`Ramp`]. Between two of them even black to white rises by a sixteenth of a level.
const PLACES: usize = 4096;

/// Pixels that are looked up at once.
const RUN: usize = 64;

/// A gradient made ready.
pub(super) struct Gradient {
    course: Course,
    /// The colours from the first to the last stop: premultiplied, a channel in each 16 bits, 8 of them fractional, red
    /// lowest.
    ramp: Box<[u64]>,
}

/// The part of a gradient between two stops. Colours are premultiplied, channels 0.0-255.0.
struct Stretch {
    from: f32,
    to: f32,
    color: [f32; 4],
    slope: [f32; 4],
}

/// Where on the ramp a pixel lies: 0 at the first stop, `PLACES - 1` at the last.
enum Course {
    /// `x * step_x + y * step_y + offset` is the place.
    Linear { step_x: f32, step_y: f32, offset: f32 },
    /// The distance from the centre times `per_px`, plus `offset`.
    Radial { center: (f32, f32), per_px: f32, offset: f32 },
    /// The share of a turn from `start` on, times `per_turn`, plus `offset`.
    Conic { center: (f32, f32), start: f32, per_turn: f32, offset: f32 },
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
                (Course::Radial { center: *center, per_px: 1.0 / radius, offset: 0.0 }, stops)
            }
            Paint::Conic { center, start, stops } => {
                (Course::Conic { center: *center, start: *start, per_turn: 1.0, offset: 0.0 }, stops)
            }
        };
        let usable = match &course {
            Course::Linear { step_x, step_y, offset } => [step_x, step_y, offset].iter().all(|v| v.is_finite()),
            Course::Radial { center, per_px, .. } => {
                center.0.is_finite() && center.1.is_finite() && per_px.is_finite() && *per_px > 0.0
            }
            Course::Conic { center, start, .. } => center.0.is_finite() && center.1.is_finite() && start.is_finite(),
        };
        let last = stops.last().map_or(Color::TRANSPARENT, |stop| stop.color);
        if !usable || stops.is_empty() || stops.iter().all(|stop| stop.color == last) {
            return Self::Solid(premultiplied(last));
        }
        Self::Gradient(Gradient::new(course, &stretches(stops)))
    }

    /// Writes the pixels of row `y` from column `x0` on.
    pub(super) fn shade_row(&self, y: i32, x0: i32, out: &mut [u8]) {
        match self {
            Self::Solid(pixel) => out.as_chunks_mut::<4>().0.fill(*pixel),
            Self::Gradient(gradient) => gradient.shade_row(y, x0, out.as_chunks_mut::<4>().0),
        }
    }

    /// As [`Shader::shade_row`], in 8.8 fixed point and not dithered: a row each for red, green, blue and alpha.
    pub(super) fn shade_deep_row(&self, y: i32, x0: i32, out: [&mut [u16]; 4]) {
        match self {
            Self::Solid(pixel) => {
                for (plane, channel) in out.into_iter().zip(pixel) {
                    plane.fill(u16::from(*channel) << 8);
                }
            }
            Self::Gradient(gradient) => gradient.shade_deep_row(y, x0, out),
        }
    }

    /// Whether every pixel it paints is solid.
    pub(super) fn is_opaque(&self) -> bool {
        match self {
            Self::Solid(pixel) => pixel[3] == 255,
            Self::Gradient(gradient) => gradient.ramp.iter().all(|color| color >> 56 == 255),
        }
    }
}

/// Length of the ramp of a gradient whose stops all stand at one place, as a share of the gradient: an edge.
const EDGE: f32 = 1e-3;

fn ready(stop: &Stop) -> (f32, [f32; 4]) {
    let Color { r, g, b, a } = stop.color;
    let by_alpha = |channel: u8| f32::from(channel) * f32::from(a) / 255.0;
    (stop.at, [by_alpha(r), by_alpha(g), by_alpha(b), f32::from(a)])
}

impl Gradient {
    fn new(course: Course, stretches: &[Stretch]) -> Self {
        let first = stretches.first().map_or(0.0, |stretch| stretch.from);
        let first = if first.is_finite() { first } else { 0.0 };
        let last = stretches.last().map_or(first, |stretch| stretch.to).max(first);
        // Stops at one place part the paint there: what lies before has the first colour, what lies behind the last.
        let (first, last) = if last > first { (first, last) } else { (first - EDGE / 2.0, first + EDGE / 2.0) };
        let end = (PLACES - 1) as f32;
        let per_place = (last - first) / end;
        let color = |place: usize| lanes(color_at(stretches, first + place as f32 * per_place));
        let scale = end / (last - first);
        let course = match course {
            Course::Linear { step_x, step_y, offset } => {
                Course::Linear { step_x: step_x * scale, step_y: step_y * scale, offset: (offset - first) * scale }
            }
            Course::Radial { center, per_px, .. } => {
                Course::Radial { center, per_px: per_px * scale, offset: -first * scale }
            }
            Course::Conic { center, start, .. } => {
                Course::Conic { center, start, per_turn: scale, offset: -first * scale }
            }
        };
        Self { course, ramp: (0..PLACES).map(color).collect() }
    }

    fn shade_row(&self, y: i32, x0: i32, pixels: &mut [[u8; 4]]) {
        let lift = thresholds(x0, y).map(|t| u64::from(t) * 0x0001_0001_0001_0001);
        for (run, pixels) in pixels.chunks_mut(RUN).enumerate() {
            for (i, (pixel, color)) in pixels.iter_mut().zip(self.run(y, x0, run)).enumerate() {
                // One threshold for all channels, so that none can exceed alpha.
                let [r, _, g, _, b, _, a, _] = ((color + lift[i % 8]) >> 8).to_le_bytes();
                *pixel = [r, g, b, a];
            }
        }
    }

    fn shade_deep_row(&self, y: i32, x0: i32, [red, green, blue, alpha]: [&mut [u16]; 4]) {
        let halves =
            red.chunks_mut(RUN).zip(green.chunks_mut(RUN)).zip(blue.chunks_mut(RUN).zip(alpha.chunks_mut(RUN)));
        for (run, ((red, green), (blue, alpha))) in halves.enumerate() {
            let colors = self.run(y, x0, run);
            for (channel, plane) in [red, green, blue, alpha].into_iter().enumerate() {
                for (out, color) in plane.iter_mut().zip(&colors) {
                    *out = (color >> (16 * channel) & 0xFFFF) as u16;
                }
            }
        }
    }

    /// The colours on the ramp of the pixels in row `y` from column `x0` on, those of the run of that number.
    fn run(&self, y: i32, x0: i32, number: usize) -> [u64; RUN] {
        let mut places = [0; RUN];
        let x = x0.saturating_add(i32::try_from(number * RUN).unwrap_or(i32::MAX));
        self.course.places(x, y, &mut places);
        places.map(|place| self.ramp[usize::from(place) % PLACES])
    }
}

impl Course {
    /// The places of the pixels of row `y` from column `x0` on, rounded to the nearest and kept within the ramp.
    fn places(&self, x0: i32, y: i32, out: &mut [u16]) {
        let center = |v: i32| v as f32 + 0.5;
        let (x0, y) = (center(x0), center(y));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the ramp first")]
        let place = |at: f32| (at.clamp(0.0, (PLACES - 1) as f32) + 0.5) as i32 as u16;
        match *self {
            Self::Linear { step_x, step_y, offset } => {
                let begin = y * step_y + offset;
                for (i, out) in out.iter_mut().enumerate() {
                    *out = place((x0 + i as f32) * step_x + begin);
                }
            }
            Self::Radial { center: (cx, cy), per_px, offset } => {
                let down = (y - cy) * (y - cy);
                for (i, out) in out.iter_mut().enumerate() {
                    let across = x0 + i as f32 - cx;
                    *out = place((across * across + down).sqrt() * per_px + offset);
                }
            }
            Self::Conic { center: (cx, cy), start, per_turn, offset } => {
                for (i, out) in out.iter_mut().enumerate() {
                    let share = (turn(x0 + i as f32 - cx, y - cy) - start).rem_euclid(1.0);
                    *out = place(share * per_turn + offset);
                }
            }
        }
    }
}

/// The colour at a position between stops, premultiplied, channels 0.0-255.0.
fn color_at(stretches: &[Stretch], position: f32) -> [f32; 4] {
    let found = stretches.iter().find(|stretch| position < stretch.to).or(stretches.last());
    found.map_or([0.0; 4], |stretch| {
        let within = position.clamp(stretch.from, stretch.to) - stretch.from;
        std::array::from_fn(|channel| stretch.color[channel] + within * stretch.slope[channel])
    })
}

/// A colour as four 8.8 fixed-point channels in one word.
fn lanes(color: [f32; 4]) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 8.8 first")]
    let fixed = color.map(|channel| (channel.clamp(0.0, 255.0) * 256.0).round() as u64);
    let [r, g, b, a] = fixed.map(|channel| channel.min(fixed[3]));
    r | g << 16 | b << 32 | a << 48
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
        for level in 0..=255u16 {
            for threshold in (0..8).flat_map(|y| thresholds(0, y)) {
                assert_eq!(((level << 8) + threshold) >> 8, level);
            }
        }
    }

    #[test]
    fn a_row_does_not_depend_on_where_it_is_begun() {
        let stops = vec![Stop { at: 0.1, color: Color::rgb(9, 80, 200) }, Stop { at: 0.9, color: Color::WHITE }];
        for paint in [
            Paint::Linear { from: (3.0, 8.0), to: (170.0, 90.0), stops: stops.clone() },
            Paint::Radial { center: (70.0, 20.0), radius: 120.0, stops: stops.clone() },
            Paint::Conic { center: (70.0, 20.0), start: 0.3, stops },
        ] {
            let shader = Shader::new(&paint);
            let mut whole = vec![0; 200 * 4];
            shader.shade_row(13, 0, &mut whole);
            for start in [1, 7, 64, 131] {
                let mut part = vec![0; (200 - start) * 4];
                shader.shade_row(13, i32::try_from(start).expect("small"), &mut part);
                assert_eq!(part, whole[start * 4..]);
            }
        }
    }

    #[test]
    fn degenerate_gradients_are_their_last_colour() {
        let stops = vec![Stop { at: 0.0, color: Color::WHITE }, Stop { at: 1.0, color: Color::rgb(1, 2, 3) }];
        for paint in [
            Paint::Linear { from: (5.0, 5.0), to: (5.0, 5.0), stops: stops.clone() },
            Paint::Radial { center: (5.0, 5.0), radius: 0.0, stops: stops.clone() },
            Paint::Radial { center: (f32::NAN, 5.0), radius: 9.0, stops: stops.clone() },
            Paint::Conic { center: (5.0, 5.0), start: f32::NAN, stops },
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

//! Up to 256 colours for many, and pictures drawn with those. What a pixel becomes depends on its colour and its place
//! alone, so that what stands still stays as it is from one picture to the next.
//!
//! The palette is NeuQuant's (A. Dekker, 1994), after colours that fill large areas have been given a place of their
//! own. Pictures are dithered by Knoll's ordered method (T. Knoll, 1999): a colour of the palette stays without a
//! pattern.

use std::collections::HashMap;

use color_quant::NeuQuant;

use crate::ground::frame::RgbaFrame;

/// A colour as red, green, blue.
type Rgb = [u8; 3];

/// Fewest colours that the quantiser makes well (its documentation).
pub(super) const MIN_COLORS: usize = 64;
/// A colour that fills more than one in so many pixels is kept exactly.
const LARGE_AREA: u64 = 400;
/// Most colours that are kept exactly: one in so many.
const EXACT_SHARE: usize = 4;
/// Samples the quantiser learns from: every colour that occurs, several times where it fills more than one in so many.
const SAMPLES: u64 = 60_000;
/// Places in the pattern of the dither, in each direction.
const PATTERN_SIDE: usize = 4;
/// Which of the eight candidates a place of the pattern takes: a Bayer matrix of 16 levels, halved.
const PATTERN: [[u8; PATTERN_SIDE]; PATTERN_SIDE] = [[0, 4, 1, 5], [6, 2, 7, 3], [1, 5, 0, 4], [7, 3, 6, 2]];
/// Candidates of a colour.
const CANDIDATES: usize = 8;
/// How much of the error of one candidate the next one makes good, in sixteenths: all of it shows as a grain.
const STRENGTH: i32 = 10;

/// The colours of an animation.
#[derive(Debug)]
pub(super) struct Palette(Vec<Rgb>);

impl Palette {
    /// At most `colors` colours, at least [`MIN_COLORS`], for all of `pictures`.
    pub(super) fn of<'a>(pictures: impl IntoIterator<Item = &'a RgbaFrame>, colors: usize) -> Self {
        let mut counts: HashMap<Rgb, u64> = HashMap::new();
        let mut total = 0;
        for picture in pictures {
            for pixel in picture.pixels().chunks_exact(4) {
                *counts.entry([pixel[0], pixel[1], pixel[2]]).or_default() += 1;
                total += 1;
            }
        }
        // By number, then by colour: the same whatever the order of the map.
        let mut counted: Vec<(Rgb, u64)> = counts.into_iter().collect();
        counted.sort_unstable_by_key(|&(color, count)| (std::cmp::Reverse(count), color));
        if counted.len() <= colors {
            return Self(counted.into_iter().map(|(color, _)| color).collect());
        }
        let large = counted.iter().take_while(|(_, count)| count * LARGE_AREA > total).count();
        let exact = large.min(colors / EXACT_SHARE).min(colors.saturating_sub(MIN_COLORS));
        let mut palette: Vec<Rgb> = counted[..exact].iter().map(|(color, _)| *color).collect();
        let rest: u64 = counted[exact..].iter().map(|(_, count)| count).sum();
        let mut samples = Vec::new();
        for ([r, g, b], count) in &counted[exact..] {
            for _ in 0..(count * SAMPLES / rest.max(1)).max(1) {
                samples.extend_from_slice(&[*r, *g, *b, 255]);
            }
        }
        let learned = NeuQuant::new(1, colors - exact, &samples).color_map_rgb();
        palette.extend(learned.chunks_exact(3).map(|rgb| [rgb[0], rgb[1], rgb[2]]));
        Self(palette)
    }

    /// How many colours.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The colours one after another, three bytes each.
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.0.concat()
    }

    /// The picture in this palette: an index for each pixel.
    pub(super) fn draw(&self, picture: &RgbaFrame) -> Vec<u8> {
        let width = picture.size().width as usize;
        let mut known: HashMap<Rgb, [u8; CANDIDATES]> = HashMap::new();
        let mut indices = Vec::with_capacity(picture.pixels().len() / 4);
        for (y, row) in picture.pixels().chunks_exact(width * 4).enumerate() {
            for (x, pixel) in row.chunks_exact(4).enumerate() {
                let color = [pixel[0], pixel[1], pixel[2]];
                let candidates = known.entry(color).or_insert_with(|| self.candidates(color));
                let place = PATTERN[y % PATTERN_SIDE][x % PATTERN_SIDE];
                indices.push(candidates[usize::from(place)]);
            }
        }
        indices
    }

    /// Colours of the palette whose mean is close to `color`, dark ones first.
    fn candidates(&self, color: Rgb) -> [u8; CANDIDATES] {
        let wanted = color.map(i32::from);
        let mut missing = [0; 3];
        let mut candidates = [0; CANDIDATES];
        for candidate in &mut candidates {
            let target: [i32; 3] = std::array::from_fn(|channel| wanted[channel] + missing[channel] * STRENGTH / 16);
            let nearest = self.nearest(target);
            let found = self.0[usize::from(nearest)].map(i32::from);
            for channel in 0..3 {
                missing[channel] += wanted[channel] - found[channel];
            }
            *candidate = nearest;
        }
        candidates.sort_unstable_by_key(|&index| (luma(self.0[usize::from(index)]), index));
        candidates
    }

    /// The colour nearest to `target`, whose channels may lie outside of what a byte holds.
    fn nearest(&self, target: [i32; 3]) -> u8 {
        let distance = |color: Rgb| {
            let [r, g, b] = std::array::from_fn(|channel| (target[channel] - i32::from(color[channel])).pow(2));
            // Weights of the eye, about.
            2 * r + 4 * g + 3 * b
        };
        let nearest = (0..self.0.len()).min_by_key(|&index| distance(self.0[index])).unwrap_or(0);
        u8::try_from(nearest).unwrap_or(u8::MAX)
    }
}

/// Brightness as the order of candidates needs it: BT.709's weights in 65536ths.
fn luma([r, g, b]: Rgb) -> u32 {
    13_933 * u32::from(r) + 46_871 * u32::from(g) + 4_732 * u32::from(b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ground::geometry::Size;

    /// White with an area of one accent, and a dark gradient in two directions.
    fn card(side: u32) -> RgbaFrame {
        let mut pixels = Vec::new();
        for y in 0..side {
            for x in 0..side {
                let shade = |place: u32, most: u32| u8::try_from(place * most / side).expect("a byte");
                let color = match (x * 3 / side, y * 3 / side) {
                    (0, _) => [255, 255, 255],
                    (1, 0) => [245, 166, 35],
                    _ => [shade(x, 40), shade(y, 90), 60 + shade(x + y, 90)],
                };
                pixels.extend_from_slice(&[color[0], color[1], color[2], 255]);
            }
        }
        RgbaFrame::from_pixels(Size::new(side, side), pixels).expect("as many as the size has")
    }

    #[test]
    fn large_areas_keep_their_colour_and_the_rest_comes_close() {
        let picture = card(240);
        for colors in [64, 128, 256] {
            let palette = Palette::of([&picture], colors);
            assert!(palette.len() <= colors);
            let drawn = palette.draw(&picture);
            let mut error = 0;
            for (pixel, index) in picture.pixels().chunks_exact(4).zip(&drawn) {
                let found = palette.0[usize::from(*index)];
                if colors > 64 && (pixel[..3] == [255, 255, 255] || pixel[..3] == [245, 166, 35]) {
                    assert_eq!(found, pixel[..3], "{colors} colours");
                }
                error += pixel.iter().zip(found).map(|(old, new)| u64::from(old.abs_diff(new))).sum::<u64>();
            }
            let mean = error as f64 / (drawn.len() * 3) as f64;
            assert!(mean < 3.0, "{mean} of 255 with {colors} colours");
        }
    }

    #[test]
    fn few_colours_are_kept_as_they_are() {
        let picture = RgbaFrame::from_pixels(Size::new(2, 1), vec![9, 8, 7, 255, 1, 2, 3, 255]).expect("two pixels");
        let palette = Palette::of([&picture], 256);
        assert_eq!((palette.len(), palette.bytes()), (2, vec![1, 2, 3, 9, 8, 7]));
        assert_eq!(palette.draw(&picture), [1, 0]);
    }
}

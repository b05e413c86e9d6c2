//! The colours a picture is known by: those of a logo, for a company that names none.

use std::collections::BTreeMap;

use crate::color::Color;
use crate::frame::RgbaFrame;

/// Most pixels looked at; a larger picture is sampled evenly.
const MOST_SAMPLES: usize = 1 << 16;
/// Opacity from which a pixel counts, 0-255: below are the edges of shapes.
const SOLID: u8 = 224;
/// Least chroma of a colour, in Oklab: below are greys, which no brand is known by.
const LEAST_CHROMA: f32 = 0.035;
/// Chroma beyond which a colour is no stronger than another.
const STRONG_CHROMA: f32 = 0.16;
/// Distance in Oklab within which colours are shades of one.
const ALIKE: f32 = 0.13;
/// Distance in Oklab from which two colours set each other off.
const APART: f32 = 0.2;
/// Least share of the coloured pixels that make a colour more than a detail.
const LEAST_SHARE: f32 = 0.04;

/// One or two colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Palette {
    /// The darker one, or the only one.
    pub primary: Color,
    /// One that stands out from it, where there is one.
    pub accent: Option<Color>,
}

/// Pixels that are nearly equal.
#[derive(Clone, Copy, Debug)]
struct Bin {
    color: Color,
    count: f32,
}

impl Bin {
    /// How much it catches the eye.
    fn weight(&self) -> f32 {
        self.count * self.color.chroma().min(STRONG_CHROMA)
    }
}

/// The colours of `picture`; `None` where it has only greys.
#[must_use]
pub fn palette(picture: &RgbaFrame) -> Option<Palette> {
    let mut bins = bins(picture);
    let all: f32 = bins.iter().map(|bin| bin.count).sum();
    let first = take_heaviest(&mut bins)?;
    bins.retain(|bin| bin.color.distance(first.color) >= APART);
    let second = take_heaviest(&mut bins).filter(|second| second.count >= LEAST_SHARE * all);
    Some(match second {
        Some(second) if second.color.lightness() < first.color.lightness() => {
            Palette { primary: second.color, accent: Some(first.color) }
        }
        second => Palette { primary: first.color, accent: second.map(|second| second.color) },
    })
}

/// The heaviest colour and the shades of it, as their mean; they are taken away.
fn take_heaviest(bins: &mut Vec<Bin>) -> Option<Bin> {
    let heaviest = *bins.iter().max_by(|a, b| a.weight().total_cmp(&b.weight()))?;
    let (alike, others): (Vec<Bin>, Vec<Bin>) = bins.iter().partition(|bin| bin.color.distance(heaviest.color) < ALIKE);
    *bins = others;
    Some(mean(&alike))
}

/// The coloured pixels of a picture by colour, four bits a channel.
fn bins(picture: &RgbaFrame) -> Vec<Bin> {
    let pixels = picture.pixels().as_chunks::<4>().0;
    let step = pixels.len().div_ceil(MOST_SAMPLES).max(1);
    // Red, green, blue and how many.
    let mut sums: BTreeMap<[u32; 3], [u32; 4]> = BTreeMap::new();
    for [r, g, b, a] in pixels.iter().step_by(step).filter(|pixel| pixel[3] >= SOLID) {
        let straight = [r, g, b].map(|channel| (u32::from(*channel) * 255 / u32::from(*a)).min(255));
        let sum = sums.entry(straight.map(|channel| channel >> 4)).or_default();
        for (sum, value) in sum.iter_mut().zip(straight.into_iter().chain([1])) {
            *sum += value;
        }
    }
    let means = sums.values().map(|[r, g, b, count]| {
        let [r, g, b] = [r, g, b].map(|sum| u8::try_from((sum + count / 2) / count).unwrap_or(255));
        #[expect(clippy::cast_precision_loss, reason = "at most MOST_SAMPLES")]
        let count = *count as f32;
        Bin { color: Color::rgb(r, g, b), count }
    });
    means.filter(|bin| bin.color.chroma() >= LEAST_CHROMA).collect()
}

/// All of them as one.
fn mean(bins: &[Bin]) -> Bin {
    let count: f32 = bins.iter().map(|bin| bin.count).sum();
    let channel = |of: fn(&Color) -> u8| {
        let sum: f32 = bins.iter().map(|bin| f32::from(of(&bin.color)) * bin.count).sum();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a mean of bytes")]
        let byte = (sum / count.max(1.0)).round() as u8;
        byte
    };
    Bin { color: Color::rgb(channel(|c| c.r), channel(|c| c.g), channel(|c| c.b)), count }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Size;

    /// A picture of 100 columns: so many of each colour.
    fn stripes(colors: &[(u32, [u8; 4])]) -> RgbaFrame {
        let row: Vec<u8> = colors.iter().flat_map(|(columns, color)| color.repeat(*columns as usize)).collect();
        RgbaFrame::from_pixels(Size::new(100, 40), row.repeat(40)).expect("100 columns")
    }

    const NAVY: [u8; 4] = [0x0B, 0x1F, 0x3A, 255];
    const ORANGE: [u8; 4] = [0xF5, 0xA6, 0x23, 255];
    const WHITE: [u8; 4] = [255; 4];
    const CLEAR: [u8; 4] = [0; 4];

    #[test]
    fn the_darker_of_two_colours_leads() {
        let expected = Palette { primary: Color::rgb(0x0B, 0x1F, 0x3A), accent: Some(Color::rgb(0xF5, 0xA6, 0x23)) };
        for (navy, orange) in [(20, 40), (40, 20)] {
            let found = palette(&stripes(&[(navy, NAVY), (orange, ORANGE), (40, WHITE)]));
            assert_eq!(found, Some(expected));
        }
    }

    #[test]
    fn shades_are_one_colour_and_details_are_none() {
        let lighter = [0xF8, 0xB2, 0x3A, 255];
        let found = palette(&stripes(&[(30, ORANGE), (30, lighter), (2, NAVY), (38, CLEAR)])).expect("colours");
        assert!(found.primary.distance(Color::rgb(0xF6, 0xAC, 0x2E)) < 0.02, "{found:?}");
        assert_eq!(found.accent, None);
    }

    #[test]
    fn greys_and_edges_are_not_looked_at() {
        assert_eq!(palette(&stripes(&[(30, [40, 40, 40, 255]), (70, WHITE)])), None);
        assert_eq!(palette(&stripes(&[(50, [60, 10, 10, 120]), (50, CLEAR)])), None);
        assert_eq!(palette(&RgbaFrame::new(Size::new(1, 1))), None);
    }

    #[test]
    fn translucency_does_not_darken_a_colour() {
        let premultiplied = [0xF5, 0xA6, 0x23].map(|c: u32| u8::try_from(c * 230 / 255).expect("a byte"));
        let [r, g, b] = premultiplied;
        let found = palette(&stripes(&[(100, [r, g, b, 230])])).expect("a colour");
        assert!(found.primary.distance(Color::rgb(0xF5, 0xA6, 0x23)) < 0.02, "{found:?}");
    }
}

//! What a logo is known by: its colours, for a company that names none, and what has to lie behind it.

use std::collections::BTreeMap;

use crate::ground::color::Color;
use crate::ground::frame::RgbaFrame;

/// Most pixels looked at; a larger picture is sampled evenly.
const MAX_SAMPLES: usize = 1 << 16;
/// Opacity from which a pixel counts, 0-255: below are the edges of shapes.
const SOLID: u8 = 224;
/// Opacity from which a pixel shows nothing of what lies behind, and up to which it shows nothing else, 0-255.
const OPAQUE: u8 = 250;
const CLEAR: u8 = 32;
/// Contrast to white below which a shape on white paper is hard to see (a yellow has 1.3), and from which it carries
/// the logo by itself.
const VANISHES: f32 = 1.7;
const STANDS_OUT: f32 = 3.0;
/// Contrast to white from which a colour is lost on dark paper.
const DEEP: f32 = 7.5;
/// Least channel of what is white, 0-255.
const MIN_WHITE: u8 = 225;
/// Least channel of white paper in a photograph, 0-255.
const MIN_PAPER: u8 = 240;
/// One part in so many is a part of a logo that is missed.
const PART: u8 = 8;
/// Contrast to white from which a ground shows on white paper.
const TINTED: f32 = 1.03;
/// Least chroma of a colour, in Oklab: below are greys, which a brand is known by only where there is nothing else.
const MIN_CHROMA: f32 = 0.035;
/// Lightest grey, in Oklab, that is ink and not ground.
const LIGHTEST_INK: f32 = 0.85;
/// What stands for a logo that is white.
const BLACK: Color = Color::rgb(0x14, 0x15, 0x17);
/// Chroma beyond which a colour is no stronger than another.
const STRONG_CHROMA: f32 = 0.16;
/// Distance in Oklab within which colours are shades of one.
const ALIKE: f32 = 0.13;
/// Distance in Oklab from which two colours set each other off.
const APART: f32 = 0.2;
/// Least share of the coloured pixels that make a colour more than a detail.
const MIN_SHARE: f32 = 0.04;

/// One or two colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Palette {
    /// The darker one, or the only one.
    pub primary: Color,
    /// One that stands out from it, where there is one.
    pub accent: Option<Color>,
}

/// What a logo looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogoLook {
    /// Its colours; `None` where nothing of it is solid.
    pub palette: Option<Palette>,
    /// It is white, or a good part of it is, and nothing lies behind that: on white paper it could not be seen.
    pub is_light: bool,
    /// A part of it is white with nothing behind, as in `is_light`, and another so dark that dark paper would hide it.
    pub is_mixed: bool,
    /// It brings a ground of its own that is not white, out to its edges.
    pub is_opaque: bool,
}

/// What `picture`, a logo, looks like.
#[must_use]
pub fn look(picture: &RgbaFrame) -> LogoLook {
    let samples = Samples::of(picture);
    let lies_bare = samples.clear * 20 > samples.clear + samples.solid;
    let is_pale = samples.pale * 5 >= samples.solid * 2 && samples.dark * 5 <= samples.solid;
    let loses_white = lies_bare && samples.solid > 0 && bare_white(picture) * f32::from(PART) >= 1.0;
    let has_deep = samples.deep * u32::from(PART) >= samples.solid;
    LogoLook {
        palette: palette(picture),
        is_light: lies_bare && samples.solid > 0 && (is_pale || loses_white && !has_deep),
        is_mixed: !is_pale && loses_white && has_deep,
        is_opaque: has_ground(picture),
    }
}

/// How many of the pixels looked at are what.
#[derive(Clone, Copy, Debug, Default)]
struct Samples {
    clear: u32,
    solid: u32,
    /// Solid, and hard to see on white paper.
    pale: u32,
    /// Solid, and plain to see on white paper.
    dark: u32,
    /// Solid, and hard to see on dark paper.
    deep: u32,
}

impl Samples {
    fn of(picture: &RgbaFrame) -> Self {
        let pixels = picture.pixels().as_chunks::<4>().0;
        let step = pixels.len().div_ceil(MAX_SAMPLES).max(1);
        let mut samples = Self::default();
        for pixel in pixels.iter().step_by(step) {
            if pixel[3] < SOLID {
                samples.clear += u32::from(pixel[3] < CLEAR);
                continue;
            }
            let contrast = straight(*pixel).contrast(Color::WHITE);
            samples.solid += 1;
            samples.pale += u32::from(contrast < VANISHES);
            samples.dark += u32::from(contrast >= STANDS_OUT);
            samples.deep += u32::from(contrast >= DEEP);
        }
        samples
    }
}

/// The share of a picture's solid pixels that are white and reach, in their row, to what is clear or to the edge: white
/// letters on a badge do not.
#[expect(clippy::cast_precision_loss, reason = "a share, roughly")]
fn bare_white(picture: &RgbaFrame) -> f32 {
    let width = (picture.size().width as usize).max(1);
    let pixels = picture.pixels().as_chunks::<4>().0;
    let step = pixels.len().div_ceil(MAX_SAMPLES).max(1);
    let is_white = |pixel: &[u8; 4]| {
        let Color { r, g, b, .. } = straight(*pixel);
        pixel[3] >= SOLID && [r, g, b].iter().all(|channel| *channel >= MIN_WHITE)
    };
    let (mut solid, mut bare) = (0usize, 0usize);
    for row in pixels.chunks_exact(width).step_by(step) {
        solid += row.iter().filter(|pixel| pixel[3] >= SOLID).count();
        let mut at = 0;
        while let Some(begin) = row[at..].iter().position(is_white).map(|begin| at + begin) {
            let end = row[begin..].iter().position(|pixel| !is_white(pixel)).map_or(width, |length| begin + length);
            // Between what is solid and what is clear lie the softened pixels of an edge.
            let ends_clear = |pixel: Option<&[u8; 4]>| pixel.is_none_or(|pixel| pixel[3] < CLEAR);
            let is_soft = |pixel: &&[u8; 4]| (CLEAR..SOLID).contains(&pixel[3]);
            let before = row[..begin].iter().rev().find(|pixel| !is_soft(pixel));
            let behind = row[end..].iter().find(|pixel| !is_soft(pixel));
            if ends_clear(before) || ends_clear(behind) {
                bare += end - begin;
            }
            at = end;
        }
    }
    bare as f32 / solid.max(1) as f32
}

/// Whether a picture is opaque, out to all its edges, and most of those are not white. A frame around clear ink is no
/// ground.
fn has_ground(picture: &RgbaFrame) -> bool {
    let pixels = picture.pixels().as_chunks::<4>().0;
    let seen_through = pixels.iter().filter(|pixel| pixel[3] < OPAQUE).count();
    let edge = edge(picture);
    let coloured = edge.iter().filter(|pixel| straight(**pixel).contrast(Color::WHITE) >= TINTED).count();
    edge.iter().all(|pixel| pixel[3] >= OPAQUE) && coloured * 2 > edge.len() && seen_through * 20 <= pixels.len()
}

/// Whether most of a picture's edge is clear: what it shows stands on no ground.
#[must_use]
pub fn is_cut_out(picture: &RgbaFrame) -> bool {
    let edge = edge(picture);
    edge.iter().filter(|pixel| pixel[3] < CLEAR).count() * 2 > edge.len()
}

/// Whether nearly all of a picture's edge is white: what it shows stands on paper, as in a catalogue.
#[must_use]
pub fn is_on_white(picture: &RgbaFrame) -> bool {
    let edge = edge(picture);
    let white =
        edge.iter().filter(|[r, g, b, a]| *a >= OPAQUE && [r, g, b].into_iter().all(|c| *c >= MIN_PAPER)).count();
    white * 20 >= edge.len() * 19 && white > 0
}

/// The pixels along the four sides of a picture.
fn edge(picture: &RgbaFrame) -> Vec<[u8; 4]> {
    let width = picture.size().width as usize;
    let rows: Vec<&[[u8; 4]]> = picture.pixels().as_chunks::<4>().0.chunks_exact(width.max(1)).collect();
    let sides = rows.iter().flat_map(|row| [row[0], row[width - 1]]);
    let [top, .., bottom] = rows.as_slice() else { return sides.collect() };
    top.iter().chain(*bottom).copied().chain(sides).collect()
}

/// A pixel's colour by itself, its opacity taken off.
fn straight([r, g, b, a]: [u8; 4]) -> Color {
    let [r, g, b] =
        [r, g, b].map(|channel| u8::try_from((u32::from(channel) * 255 / u32::from(a.max(1))).min(255)).unwrap_or(255));
    Color::rgb(r, g, b)
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

/// The colours of `picture`: the grey it is drawn in where it has no others, black where that is white; `None` where
/// nothing of it is solid.
#[must_use]
pub fn palette(picture: &RgbaFrame) -> Option<Palette> {
    let (mut bins, greys): (Vec<Bin>, Vec<Bin>) =
        bins(picture).into_iter().partition(|bin| bin.color.chroma() >= MIN_CHROMA);
    let count = |bins: &[Bin]| bins.iter().map(|bin| bin.count).sum::<f32>();
    let all = count(&bins);
    let ink: Vec<Bin> = greys.iter().copied().filter(|bin| bin.color.lightness() < LIGHTEST_INK).collect();
    if all < MIN_SHARE * (all + count(&ink)) || bins.is_empty() {
        let primary = if ink.is_empty() { BLACK } else { mean(&ink).color };
        return (!greys.is_empty()).then_some(Palette { primary, accent: None });
    }
    let first = take_heaviest(&mut bins)?;
    bins.retain(|bin| bin.color.distance(first.color) >= APART);
    let second = take_heaviest(&mut bins).filter(|second| second.count >= MIN_SHARE * all);
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

/// The solid pixels of a picture by colour, four bits a channel.
fn bins(picture: &RgbaFrame) -> Vec<Bin> {
    let pixels = picture.pixels().as_chunks::<4>().0;
    let step = pixels.len().div_ceil(MAX_SAMPLES).max(1);
    // Red, green, blue and how many.
    let mut sums: BTreeMap<[u32; 3], [u32; 4]> = BTreeMap::new();
    for pixel in pixels.iter().step_by(step).filter(|pixel| pixel[3] >= SOLID) {
        let Color { r, g, b, .. } = straight(*pixel);
        let straight = [r, g, b].map(u32::from);
        let sum = sums.entry(straight.map(|channel| channel >> 4)).or_default();
        for (sum, value) in sum.iter_mut().zip(straight.into_iter().chain([1])) {
            *sum += value;
        }
    }
    let means = sums.values().map(|[r, g, b, count]| {
        let [r, g, b] = [r, g, b].map(|sum| u8::try_from((sum + count / 2) / count).unwrap_or(255));
        #[expect(clippy::cast_precision_loss, reason = "at most MAX_SAMPLES")]
        let count = *count as f32;
        Bin { color: Color::rgb(r, g, b), count }
    });
    means.collect()
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
    use crate::ground::geometry::Size;

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
    fn a_white_logo_without_ground_is_light() {
        const CLEAR: [u8; 4] = [0; 4];
        let is_light = |colors: &[(u32, [u8; 4])]| look(&stripes(colors)).is_light;
        assert!(is_light(&[(40, CLEAR), (60, [255, 255, 255, 255])]));
        assert!(
            is_light(&[(40, CLEAR), (40, [250, 250, 250, 255]), (20, [245, 166, 35, 255])]),
            "white words, amber sign"
        );
        assert!(is_light(&[(40, CLEAR), (60, [255, 220, 0, 255])]), "yellow");
        assert!(
            !is_light(&[(40, CLEAR), (20, [255, 255, 255, 255]), (40, [11, 31, 58, 255])]),
            "white letters on a badge"
        );
        assert!(!is_light(&[(100, [255, 255, 255, 255])]), "its own white ground");
        assert!(!is_light(&[(100, CLEAR)]) && !is_light(&[(50, CLEAR), (50, [0, 0, 0, 255])]));
    }

    #[test]
    fn a_logo_that_is_white_in_part_loses_nothing() {
        let white = |channel: u8| [channel, channel, channel, 255];
        let light_mixed = |colors: &[(u32, [u8; 4])]| {
            let look = look(&stripes(colors));
            (look.is_light, look.is_mixed)
        };
        let red = [0xDC, 0x14, 0x3C, 255];
        assert_eq!(light_mixed(&[(30, NAVY), (40, CLEAR), (30, WHITE)]), (false, true), "navy sign, white words");
        assert_eq!(
            light_mixed(&[(30, NAVY), (38, CLEAR), (2, [100; 4]), (30, white(230))]),
            (false, true),
            "soft edges"
        );
        assert_eq!(light_mixed(&[(40, red), (30, CLEAR), (30, WHITE)]), (true, false), "red shows on dark paper");
        assert_eq!(
            light_mixed(&[(20, CLEAR), (20, NAVY), (30, WHITE), (30, NAVY)]),
            (false, false),
            "white on a badge"
        );
        assert_eq!(light_mixed(&[(40, CLEAR), (56, NAVY), (4, WHITE)]), (false, false), "a white rim");
        assert_eq!(light_mixed(&[(50, NAVY), (50, WHITE)]), (false, false), "a white ground of its own");
    }

    #[test]
    fn a_logo_with_a_ground_of_its_own_is_opaque() {
        let is_opaque = |colors: &[(u32, [u8; 4])]| look(&stripes(colors)).is_opaque;
        assert!(is_opaque(&[(100, [240, 220, 190, 255])]));
        assert!(!is_opaque(&[(100, [255, 255, 255, 255])]), "white on white paper needs room");
        assert!(!is_opaque(&[(99, [240, 220, 190, 255]), (1, [0; 4])]));
        let framed = |x: u32, y: u32| !((4..=35).contains(&x) && (4..=35).contains(&y));
        let frame = (0..40).flat_map(|y| (0..40).flat_map(move |x| if framed(x, y) { NAVY } else { CLEAR }));
        let frame = RgbaFrame::from_pixels(Size::new(40, 40), frame.collect()).expect("40 by 40");
        assert!(!look(&frame).is_opaque, "a line around nothing");
    }

    #[test]
    fn a_thing_on_no_ground_is_cut_out() {
        assert!(is_cut_out(&stripes(&[(30, CLEAR), (40, NAVY), (30, CLEAR)])));
        assert!(!is_cut_out(&stripes(&[(10, CLEAR), (90, NAVY)])));
    }

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
    fn greys_are_looked_at_where_there_is_nothing_else_and_edges_never() {
        let primary = |colors: &[(u32, [u8; 4])]| palette(&stripes(colors)).map(|palette| palette.primary);
        assert_eq!(primary(&[(30, [40, 40, 40, 255]), (70, WHITE)]), Some(Color::rgb(40, 40, 40)));
        assert_eq!(primary(&[(30, CLEAR), (70, WHITE)]), Some(BLACK), "white on nothing");
        let sprinkled = [(1, ORANGE), (49, [40, 40, 40, 255]), (50, CLEAR)];
        assert_eq!(primary(&sprinkled), Some(Color::rgb(40, 40, 40)), "a detail makes no brand");
        assert_eq!(primary(&[(50, [60, 10, 10, 120]), (50, CLEAR)]), None);
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

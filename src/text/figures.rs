//! Figures of equal width in faces that have none by themselves: those of Arabic and its relatives, of Thai, of Tamil.
//!
//! OpenType `tnum` does it where a face has it, as Inter does. Elsewhere the narrower figures of a text get space behind
//! them, so that a counted amount stands still and amounts below each other line up.

use skrifa::MetadataProvider as _;
use skrifa::instance::{LocationRef, Size};

use super::library::Face;
use super::{FaceRole, FontLibrary};

/// Figures of a script, 0 to 9, which Unicode has in a row.
const FIGURES: u32 = 10;

/// Space behind a figure that makes it as wide as the widest of its script, in em. `None` for what is no figure of a
/// script other than Latin.
pub(super) fn space_behind_em(fonts: &FontLibrary, family: &str, weight: u16, figure: char) -> Option<f32> {
    let value = value(figure)?;
    let face = face_of(fonts, family, weight, figure)?.font();
    let (charmap, metrics) = (face.charmap(), face.glyph_metrics(Size::new(1.0), LocationRef::default()));
    let zero = u32::from(figure) - value;
    let advance = |value: u32| metrics.advance_width(charmap.map(zero + value)?);
    let widest = (0..FIGURES).filter_map(advance).fold(0.0, f32::max);
    Some((widest - advance(value)?).max(0.0))
}

/// The value of a decimal figure that is not one of ASCII; the ranges are those of Unicode 16 for the scripts that can be set.
fn value(figure: char) -> Option<u32> {
    const ZEROS: [char; 13] = ['٠', '۰', '߀', '०', '০', '੦', '૦', '୦', '௦', '౦', '೦', '๐', '໐'];
    let code = u32::from(figure);
    ZEROS.iter().map(|zero| code.wrapping_sub(u32::from(*zero))).find(|value| *value < FIGURES)
}

/// The face that shows a character in a style: the nearest weight of the first family that has it.
fn face_of<'f>(fonts: &'f FontLibrary, family: &str, weight: u16, character: char) -> Option<&'f Face> {
    let faces = || fonts.faces().map(|(id, _)| fonts.entry(id));
    let has = |face: &&Face| face.font().charmap().map(character).is_some_and(|glyph| glyph.to_u32() != 0);
    let asked = faces().filter(|face| face.info.family.eq_ignore_ascii_case(family)).find(has);
    let script = || faces().filter(|face| matches!(face.info.role, FaceRole::Script | FaceRole::Pack)).find(has);
    let first = asked.or_else(script)?;
    faces().filter(|face| face.info.family == first.info.family).min_by_key(|face| distance(weight, face.info.weight))
}

/// How far a weight is from the one that is wanted, by the rules of CSS Fonts 4, 5.2.
fn distance(wanted: u16, weight: u16) -> (u8, u16) {
    let (below, above) = (wanted.saturating_sub(weight), weight.saturating_sub(wanted));
    match wanted {
        400..=500 if (wanted..=500).contains(&weight) => (0, above),
        400..=500 if weight < wanted => (1, below),
        400..=500 => (2, above),
        0..400 if weight <= wanted => (0, below),
        0..400 => (1, above),
        _ if weight >= wanted => (0, above),
        _ => (1, below),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Fit, TextStyle, layout};

    #[test]
    fn weights_are_chosen_as_css_does() {
        for (wanted, order) in
            [(450, [500, 400, 700]), (500, [500, 400, 700]), (600, [700, 500, 400]), (300, [400, 500, 700])]
        {
            let mut weights = [400, 500, 700];
            weights.sort_by_key(|weight| distance(wanted, *weight));
            assert_eq!(weights, order, "{wanted}");
        }
    }

    /// Every figure of a script is as wide as the others, in both weights, and Latin ones keep what `tnum` gives.
    #[test]
    fn figures_of_every_script_are_equally_wide() {
        let fonts = FontLibrary::bundled();
        for weight in [400, 700] {
            for figures in ["0123456789", "٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹", "०१२३४५६७८९", "০১২৩৪৫৬৭৮৯", "๐๑๒๓๔๕๖๗๘๙"]
            {
                let width = |text: &str| {
                    let style = TextStyle { size_px: 100.0, weight, tabular: true, ..TextStyle::default() };
                    let text = format!("{text}{text}|");
                    let block = layout(fonts, &text, &style, &Fit::default());
                    assert!(block.missing.is_empty(), "{text}");
                    block.glyphs[2].x - block.glyphs[0].x
                };
                let widths: Vec<f32> = figures.chars().map(|figure| width(&figure.to_string())).collect();
                let (least, most) =
                    (widths.iter().fold(f32::MAX, |a, b| a.min(*b)), widths.iter().fold(0.0f32, |a, b| a.max(*b)));
                assert!(most - least < 0.05, "{figures} at {weight}: {widths:?}");
            }
        }
    }
}

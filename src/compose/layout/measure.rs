//! Natural sizes of leaves: how wide and high a text, picture or code wants to be.

use taffy::{AvailableSpace, Size};

use super::Surroundings;
use crate::compose::text::{self, Align, Direction, Fit, TextStyle};
use crate::template::{BoundKind, BoundNode, BoundText, TextAlign};

/// A leaf that has a natural size.
pub(super) enum Measured<'n> {
    /// Words; sizes already found are kept by the width they were found for.
    Text {
        text: &'n BoundText,
        /// Narrowest and widest, once asked for.
        widths: Option<(f32, f32)>,
        /// Heights and widths by width asked for.
        known: Vec<(f32, Size<f32>)>,
    },
    /// Something that keeps its proportions.
    Proportional {
        /// Width divided by height.
        aspect: f32,
    },
}

impl<'n> Measured<'n> {
    /// What `node` is measured as; `None` for what has no natural size.
    pub(super) fn of(node: &'n BoundNode, around: Surroundings<'_>) -> Option<Self> {
        match &node.kind {
            BoundKind::Text(text) => Some(Self::Text { text, widths: None, known: Vec::new() }),
            BoundKind::Image(image) => {
                Some(Self::Proportional { aspect: around.aspects.get(image.asset).copied().unwrap_or(1.0) })
            }
            BoundKind::Monogram(_) | BoundKind::Qr { .. } | BoundKind::Icon { .. } => {
                Some(Self::Proportional { aspect: 1.0 })
            }
            BoundKind::Shape(_) | BoundKind::Group(_) => None,
        }
    }

    /// The size in the space at hand; sides that are known stay as they are.
    pub(super) fn size(
        &mut self,
        known: Size<Option<f32>>,
        available: Size<AvailableSpace>,
        around: Surroundings<'_>,
    ) -> Size<f32> {
        match self {
            Self::Text { text, widths, known: sizes } => {
                let width = known.width.unwrap_or_else(|| {
                    let (narrowest, widest) = *widths.get_or_insert_with(|| {
                        let (narrowest, widest) = text::content_widths(around.fonts, &text.text, &style(text, around));
                        // A single line may shrink: its narrowest form is at the smallest size.
                        let shrunk = narrowest * text.min_size_px / text.size_px;
                        (shrunk, widest + widest_count(text, around, widest))
                    });
                    match available.width {
                        // Never wider than the space: a word that has no room shrinks and breaks rather than stick out.
                        AvailableSpace::Definite(space) => widest.ceil().min(space),
                        AvailableSpace::MinContent => narrowest.ceil(),
                        AvailableSpace::MaxContent => widest.ceil(),
                    }
                });
                let found = sizes.iter().find(|(asked, _)| (asked - width).abs() < 0.01).map(|(_, size)| *size);
                let size = found.unwrap_or_else(|| {
                    let fit = Fit { width: Some(width), ..fit(text) };
                    let block = text::layout(around.fonts, &text.text, &style(text, around), &fit);
                    let size = Size { width, height: block.height.ceil() };
                    sizes.push((width, size));
                    size
                });
                Size { width, height: known.height.unwrap_or(size.height) }
            }
            Self::Proportional { aspect } => match (known.width, known.height) {
                (Some(width), Some(height)) => Size { width, height },
                (Some(width), None) => Size { width, height: width / *aspect },
                (None, Some(height)) => Size { width: height * *aspect, height },
                (None, None) => {
                    let side = |space| match space {
                        AvailableSpace::Definite(px) => px,
                        AvailableSpace::MinContent => 0.0,
                        AvailableSpace::MaxContent => 200.0,
                    };
                    let width = side(available.width).min(200.0 * *aspect);
                    Size { width, height: width / *aspect }
                }
            },
        }
    }
}

/// How much wider than its last form a counted number gets on its way; with figures of equal width, which only Latin
/// ones have, not at all unless a form has more characters.
fn widest_count(text: &BoundText, around: Surroundings<'_>, last: f32) -> f32 {
    let Some(count) = &text.count else { return 0.0 };
    let wider = |form: &String| text::content_widths(around.fonts, form, &style(text, around)).1 - last;
    if !text.tabular || text.text.contains(|c: char| c.is_numeric() && !c.is_ascii()) {
        return count.texts.iter().map(wider).fold(0.0, f32::max);
    }
    let longest = count.texts.iter().max_by_key(|form| form.chars().count());
    let longer = longest.filter(|form| form.chars().count() > text.text.chars().count());
    longer.map_or(0.0, |form| wider(form).max(0.0))
}

/// The look of a text for the text engine.
pub(super) fn style(text: &BoundText, around: Surroundings<'_>) -> TextStyle {
    TextStyle {
        family: text.family.clone(),
        weight: text.weight,
        size_px: text.size_px,
        line_height: text.line_height,
        letter_spacing_em: text.letter_spacing_em,
        tabular: text.tabular,
        align: match text.align {
            TextAlign::Start => Align::Start,
            TextAlign::Center => Align::Center,
            TextAlign::End => Align::End,
        },
        language: around.language.to_owned(),
        direction: if around.right_to_left { Direction::Rtl } else { Direction::Ltr },
    }
}

/// What may be done to make a text fit; the box comes later.
pub(super) fn fit(text: &BoundText) -> Fit {
    Fit {
        width: None,
        max_lines: text.max_lines,
        max_height: None,
        min_size_px: (text.min_size_px < text.size_px).then_some(text.min_size_px),
        balance: text.balance,
    }
}

/// The look and the box rules of a text, to set other forms of it: those of a counted number.
#[must_use]
pub fn setting(text: &BoundText, around: Surroundings<'_>) -> (TextStyle, Fit) {
    (style(text, around), fit(text))
}

//! The theme, resolved for one canvas and one brand: names to colours, fonts and lengths.

use std::collections::BTreeMap;

use minijinja::value::Value;

use super::bound::Length;
use super::document::{Document, Font};
use super::error::unknown;
use super::expression::Evaluator;
use super::filters::Locals;
use super::value::{ColorSpec, Measure};
use crate::ground::color::Color;
use crate::ground::geometry::{Rect, Size};

/// Shorter side of the canvas that templates are designed on, in px.
const DESIGN_SIDE_PX: f32 = 1080.0;

/// Which names a length may use besides numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scale {
    /// `theme.sizes`
    Sizes,
    /// `theme.spaces`
    Spaces,
    /// `theme.radii`
    Radii,
}

/// Names to values, for one canvas and one brand.
#[derive(Clone, Debug)]
pub(super) struct Theme {
    colors: BTreeMap<String, Color>,
    fonts: BTreeMap<String, Font>,
    sizes: BTreeMap<String, f32>,
    spaces: BTreeMap<String, f32>,
    radii: BTreeMap<String, f32>,
    unit: f32,
}

/// Insets of the area that chat and story chrome leaves free, in design px: top, end, bottom, start.
///
/// Portrait stories: text within x 65-1015 and y 270-1540 of 1080 x 1920 (Meta's safe zones for Reels and Stories,
/// 2026). Feed formats carry no chrome on the picture; 6 % keeps text off the edge.
#[must_use]
pub(super) fn safe_insets(canvas: Size) -> [f32; 4] {
    let unit = unit(canvas);
    #[expect(clippy::cast_precision_loss, reason = "canvas sides are a few thousand px")]
    let (width, height) = (canvas.width as f32 / unit, canvas.height as f32 / unit);
    if height / width > 1.6 {
        [270.0 / 1920.0 * height, 65.0, 380.0 / 1920.0 * height, 65.0]
    } else {
        [0.06 * height, 0.06 * width, 0.06 * height, 0.06 * width]
    }
}

/// The area that chat and story chrome leaves free, in canvas px.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "canvas sides are a few thousand px")]
pub fn safe_area(canvas: Size) -> Rect {
    let [top, right, bottom, left] = safe_insets(canvas).map(|inset| inset * unit(canvas));
    Rect::new(left, top, canvas.width as f32 - left - right, canvas.height as f32 - top - bottom)
}

/// Canvas px in one design px.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "canvas sides are a few thousand px")]
pub(super) fn unit(canvas: Size) -> f32 {
    canvas.width.min(canvas.height) as f32 / DESIGN_SIDE_PX
}

impl Theme {
    /// Resolves the theme; adds each colour to the evaluator's names, so that those after it may use it.
    ///
    /// # Errors
    /// The JSON pointer and the reason, where an expression fails or gives no colour.
    pub(super) fn resolve(
        document: &Document,
        canvas: Size,
        evaluator: &mut Evaluator,
    ) -> Result<Self, (String, String)> {
        let mut theme = Self {
            colors: BTreeMap::new(),
            fonts: document.theme.fonts.clone(),
            sizes: document.theme.sizes.clone(),
            spaces: document.theme.spaces.clone(),
            radii: document.theme.radii.clone(),
            unit: unit(canvas),
        };
        let insets = safe_insets(canvas);
        for (name, px) in ["safeTop", "safeEnd", "safeBottom", "safeStart"].into_iter().zip(insets) {
            theme.spaces.insert(name.to_owned(), px);
        }
        for (index, variant) in document.canvases.iter().enumerate() {
            let at = format!("/canvases/{index}/when");
            if evaluator.holds(&variant.when, &Locals::new()).map_err(|reason| (at, reason))? {
                theme.sizes.extend(variant.sizes.clone());
                theme.spaces.extend(variant.spaces.clone());
                theme.radii.extend(variant.radii.clone());
            }
        }
        for (index, named) in document.theme.colors.iter().enumerate() {
            let at = || format!("/theme/colors/{index}/value");
            let text = if named.value.starts_with('#') {
                named.value.clone()
            } else {
                let value = evaluator.value(&named.value, &Locals::new()).map_err(|reason| (at(), reason))?;
                value.to_string()
            };
            let color = Color::parse(&text).map_err(|error| (at(), error.to_string()))?;
            evaluator.set_root(&named.name, Value::from(color.to_string()));
            theme.colors.insert(named.name.clone(), color);
        }
        Ok(theme)
    }

    /// Canvas px in one design px.
    pub(super) fn unit(&self) -> f32 {
        self.unit
    }

    /// The colour of that name, with its opacity.
    pub(super) fn color(&self, spec: &ColorSpec) -> Result<Color, String> {
        let text = spec.0.as_str();
        if text.starts_with('#') {
            return Color::parse(text).map_err(|error| error.to_string());
        }
        let (name, percent) = match text.split_once('/') {
            Some((name, percent)) => {
                let opacity = percent.parse::<u8>().ok().filter(|percent| *percent <= 100);
                let opacity = opacity.ok_or_else(|| format!("opacity `{percent}` in `{text}` is not 0 to 100"))?;
                (name, Some(opacity))
            }
            None => (text, None),
        };
        let color = self.colors.get(name).copied().ok_or_else(|| unknown("colour", name, self.colors.keys()))?;
        Ok(match percent {
            Some(percent) => color.with_alpha(f32::from(color.a) / 255.0 * f32::from(percent) / 100.0),
            None => color,
        })
    }

    /// The font of that role.
    pub(super) fn font(&self, role: &str) -> Result<&Font, String> {
        self.fonts.get(role).ok_or_else(|| unknown("font", role, self.fonts.keys()))
    }

    /// A length in canvas px, a share or `Auto`.
    pub(super) fn length(&self, measure: &Measure, scale: Scale) -> Result<Length, String> {
        Ok(match measure {
            Measure::Px(px) => Length::Px(px * self.unit),
            Measure::Share(share) => Length::Share(*share),
            Measure::Auto => Length::Auto,
            Measure::Token(name) if scale == Scale::Radii && name == "full" => Length::Px(f32::MAX),
            Measure::Token(name) => {
                let (names, kind) = match scale {
                    Scale::Sizes => (&self.sizes, "size"),
                    Scale::Spaces => (&self.spaces, "space"),
                    Scale::Radii => (&self.radii, "radius"),
                };
                let px = names.get(name).ok_or_else(|| unknown(kind, name, names.keys()))?;
                Length::Px(px * self.unit)
            }
        })
    }

    /// A length that must be in px.
    pub(super) fn px(&self, measure: &Measure, scale: Scale) -> Result<f32, String> {
        match self.length(measure, scale)? {
            Length::Px(px) => Ok(px),
            Length::Share(_) | Length::Auto => {
                Err("a share or `auto` is not possible here: write design px or a name of the theme".to_owned())
            }
        }
    }
}

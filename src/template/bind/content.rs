//! Binding of what a node shows: texts, numbers that count, pictures, icons and codes.

use minijinja::value::Value;

use super::super::bound::{BoundCount, BoundImage, BoundKind, BoundMonogram, BoundPaint, BoundText};
use super::super::document::{IconNode, ImageNode, QrNode, TextAlign, TextNode, TextStyle};
use super::super::error::unknown;
use super::super::filters::Locals;
use super::super::icons;
use super::super::isolates::without_isolates;
use super::super::theme::Scale;
use super::super::value::Measure;
use super::{Binder, Bound, Scope};
use crate::ground::color::Color;
use crate::ground::timeline::Easing;
use crate::quote::locale::{Amount, initials};

impl Binder<'_> {
    pub(super) fn text(&self, node: &TextNode, at: &str, scope: &Scope<'_>) -> Bound<Option<BoundKind>> {
        let fail = |field: &str, reason: String| self.problem(format!("{at}/{field}"), reason);
        let styles = &self.document.styles;
        let base = match &node.style {
            None => TextStyle::default(),
            Some(name) => {
                styles.get(name).cloned().ok_or_else(|| fail("style", unknown("style", name, styles.keys())))?
            }
        };
        let style = merged(&node.overrides, base);
        let (count, locals) = match &node.count {
            None => (None, scope.locals.clone()),
            Some(count) => {
                let value = self.evaluator.value(&count.to, scope.locals).map_err(|why| fail("count/to", why))?;
                if value.is_undefined() || value.is_none() {
                    return Ok(None);
                }
                let to = Amount::parse(&value.to_string())
                    .map_err(|error| fail("count/to", format!("`{value}` is no amount: {error}")))?;
                let mut locals = scope.locals.clone();
                locals.insert("count".to_owned(), Value::from(to.to_string()));
                let easing = self.easing(count.easing.as_ref(), "quint-out", &format!("{at}/count/easing"))?;
                let frames = self.frame_rate.frames_in_seconds(count.duration).max(1);
                (Some((to, count.from, easing, frames)), locals)
            }
        };
        let (text, fields) = self.words(&node.text, &locals).map_err(|why| fail("text", why))?;
        if without_isolates(&text).trim().is_empty() {
            return Ok(None);
        }
        let count = match count {
            None => None,
            Some((to, from, easing, frames)) => {
                Some(self.count(node, locals, to, from, easing, frames).map_err(|why| fail("text", why))?)
            }
        };
        let role = style.font.as_deref().unwrap_or("body");
        let font = self.theme.font(role).map_err(|why| fail("set/font", why))?;
        let px = |measure: &Option<Measure>, field: &str| match measure {
            None => Ok(None),
            Some(measure) => self.theme.px(measure, Scale::Sizes).map(Some).map_err(|why| fail(field, why)),
        };
        let size_px = px(&style.size, "set/size")?.unwrap_or(40.0 * self.theme.unit());
        let min_size_px = px(&style.min_size, "set/minSize")?.unwrap_or(size_px).min(size_px);
        let color = match &style.color {
            Some(spec) => self.theme.color(spec).map_err(|why| fail("set/color", why))?,
            None => Color::WHITE,
        };
        Ok(Some(BoundKind::Text(Box::new(BoundText {
            text,
            family: font.family.clone(),
            weight: style.weight.unwrap_or(font.weight),
            size_px,
            min_size_px,
            color,
            line_height: style.line_height.unwrap_or(1.2),
            letter_spacing_em: style.letter_spacing.unwrap_or(0.0),
            align: style.align.unwrap_or(TextAlign::Start),
            max_lines: style.max_lines,
            balance: style.balance.unwrap_or(false),
            tabular: style.tabular.unwrap_or(count.is_some()),
            contrast: style.contrast.unwrap_or(4.5),
            count,
            fields,
        }))))
    }

    fn count(
        &self,
        node: &TextNode,
        mut locals: Locals,
        to: Amount,
        from: f64,
        easing: Easing,
        frames: u32,
    ) -> Result<BoundCount, String> {
        let mut texts: Vec<String> = Vec::new();
        let mut index = Vec::new();
        let seconds = self.frame_rate.seconds_at(frames);
        for frame in 0..=frames {
            let progress = easing.progress(f64::from(frame) / f64::from(frames), seconds);
            let share = (from + (1.0 - from) * progress).clamp(0.0, 1.0);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1,000,000")]
            let millionths = if frame == frames { 1_000_000 } else { (share * 1e6) as u32 };
            let running = to.partial(millionths, to.decimals());
            locals.insert("count".to_owned(), Value::from(running.to_string()));
            let text = self.evaluator.text(&node.text, &locals)?;
            if texts.last() != Some(&text) {
                texts.push(text);
            }
            index.push(u16::try_from(texts.len() - 1).unwrap_or(u16::MAX));
        }
        Ok(BoundCount { texts, index })
    }

    pub(super) fn image(&self, node: &ImageNode, at: &str, scope: &Scope<'_>) -> Bound<Option<BoundKind>> {
        let fail = |field: &str, reason: String| self.problem(format!("{at}/{field}"), reason);
        let source = self.evaluator.value(&node.source, scope.locals).map_err(|reason| fail("source", reason))?;
        let asset = if source.is_undefined() || source.is_none() {
            None
        } else {
            let index = source.get_attr("asset").ok().and_then(|index| usize::try_from(index).ok());
            Some(index.ok_or_else(|| fail("source", format!("`{}` gives no picture", node.source)))?)
        };
        if let Some(asset) = asset {
            let surface = self.surface(&node.surface, at)?;
            let image = BoundImage { asset, fit: node.fit, focus: node.focus, align: node.align, surface };
            return Ok(Some(BoundKind::Image(Box::new(image))));
        }
        let Some(words) = &node.monogram else { return Ok(None) };
        let (words, fields) = self.words(words, scope.locals).map_err(|reason| fail("monogram", reason))?;
        let letters = initials(&without_isolates(&words));
        let fill = match &node.monogram_fill {
            Some(spec) => self.theme.color(spec).map_err(|reason| fail("monogramFill", reason))?,
            None => Color::rgb(0x33, 0x41, 0x55),
        };
        let (family, weight) = self.monogram_font();
        let radius_px = self.surface(&node.surface, at)?.radius_px;
        Ok(Some(BoundKind::Monogram(Box::new(BoundMonogram {
            letters,
            fill,
            radius_px,
            align: node.align,
            family,
            weight,
            fields,
        }))))
    }

    /// Family and weight of the first heading-like role there is.
    fn monogram_font(&self) -> (String, u16) {
        let font = ["display", "heading", "body"].iter().find_map(|role| self.theme.font(role).ok());
        font.map_or_else(|| ("Inter".to_owned(), 700), |font| (font.family.clone(), font.weight.max(700)))
    }

    pub(super) fn icon(&self, node: &IconNode, at: &str) -> Bound<BoundKind> {
        let own = &self.document.icons;
        let (path, stroke) = match (own.get(&node.icon), icons::icon(&node.icon)) {
            (Some(path), _) => (path.clone(), node.stroke),
            (None, Some(path)) => (path.to_owned(), Some(node.stroke.unwrap_or(icons::STROKE))),
            (None, None) => return Err(self.problem(format!("{at}/icon"), unknown("icon", &node.icon, own.keys()))),
        };
        let color = self.theme.color(&node.color).map_err(|reason| self.problem(format!("{at}/color"), reason))?;
        Ok(BoundKind::Icon { path, color, stroke })
    }

    pub(super) fn qr(&self, node: &QrNode, at: &str, scope: &Scope<'_>) -> Bound<Option<BoundKind>> {
        let fail = |field: &str, reason: String| self.problem(format!("{at}/{field}"), reason);
        let data = self.evaluator.text(&node.data, scope.locals).map_err(|reason| fail("data", reason))?;
        let data = without_isolates(&data).trim().to_owned();
        if data.is_empty() {
            return Ok(None);
        }
        let color = match &node.color {
            Some(spec) => self.theme.color(spec).map_err(|reason| fail("color", reason))?,
            None => Color::rgb(0x11, 0x18, 0x27),
        };
        let mut surface = self.surface(&node.surface, at)?;
        surface.fill.get_or_insert(BoundPaint::Solid(Color::WHITE));
        Ok(Some(BoundKind::Qr { data, color, surface: Box::new(surface) }))
    }
}

/// A style's fields where set, otherwise those of the style it is based on.
fn merged(over: &TextStyle, base: TextStyle) -> TextStyle {
    let over = over.clone();
    TextStyle {
        note: None,
        font: over.font.or(base.font),
        weight: over.weight.or(base.weight),
        size: over.size.or(base.size),
        min_size: over.min_size.or(base.min_size),
        color: over.color.or(base.color),
        line_height: over.line_height.or(base.line_height),
        letter_spacing: over.letter_spacing.or(base.letter_spacing),
        align: over.align.or(base.align),
        max_lines: over.max_lines.or(base.max_lines),
        balance: over.balance.or(base.balance),
        tabular: over.tabular.or(base.tabular),
        contrast: over.contrast.or(base.contrast),
    }
}

//! Checks of what a node looks like: every colour, size, font and space has a name that exists, every path is one.

use super::super::document::{
    Flex, GradientStop, Mask, MaskShape, Paint, Placement, ShapeKind, ShapeNode, Surface, TextStyle,
};
use super::super::error::unknown;
use super::super::value::{ColorSpec, Edges, Measure};
use super::Checker;
use crate::ground::problem::quoted;

/// Spaces that every template has.
pub(super) const SAFE_SPACES: [&str; 4] = ["safeTop", "safeEnd", "safeBottom", "safeStart"];

impl Checker<'_> {
    pub(super) fn style(&mut self, style: &TextStyle, at: &str) {
        let fonts = &self.document.theme.fonts;
        if let Some(role) = style.font.as_ref().filter(|role| !fonts.contains_key(*role)) {
            self.fail(format!("{at}/font"), unknown("font", role, fonts.keys()));
        }
        self.size(style.size.as_ref(), &format!("{at}/size"));
        self.size(style.min_size.as_ref(), &format!("{at}/minSize"));
        if let (Some(Measure::Px(least)), Some(Measure::Px(size))) = (&style.min_size, &style.size)
            && least > size
        {
            self.fail(
                format!("{at}/minSize"),
                format!("{least} is above `size`, {size}: a text shrinks from `size` to it"),
            );
        }
        self.color(style.color.as_ref(), &format!("{at}/color"));
        if style.max_lines == Some(0) {
            self.fail(format!("{at}/maxLines"), "at least 1 line");
        }
        self.style_numbers(style, at);
    }

    pub(super) fn color(&mut self, spec: Option<&ColorSpec>, at: &str) {
        let Some(ColorSpec(text)) = spec else { return };
        if text.starts_with('#') {
            if let Err(error) = crate::ground::color::Color::parse(text) {
                self.fail(at, error.to_string());
            }
            return;
        }
        let (name, percent) = text.split_once('/').map_or((text.as_str(), None), |(name, rest)| (name, Some(rest)));
        if percent.is_some_and(|percent| {
            percent.parse::<u8>().is_ok_and(|percent| percent > 100) || percent.parse::<u8>().is_err()
        }) {
            self.fail(at, format!("the opacity in {} is not 0 to 100", quoted(text, 60)));
        }
        let known: Vec<String> = self.document.theme.colors.iter().map(|color| color.name.clone()).collect();
        if !known.iter().any(|color| color == name) {
            self.fail(at, unknown("colour", name, known.iter()));
        }
    }

    pub(super) fn size(&mut self, measure: Option<&Measure>, at: &str) {
        let sizes = &self.document.theme.sizes;
        match measure {
            None => {}
            Some(Measure::Px(px)) if *px > 0.0 => {}
            Some(Measure::Token(name)) if sizes.contains_key(name) => {}
            Some(Measure::Token(name)) => self.fail(at, unknown("size", name, sizes.keys())),
            Some(_) => self.fail(at, "expected design px above 0 or a name of theme.sizes"),
        }
    }

    fn space(&mut self, measure: Option<&Measure>, at: &str) {
        if let Some(Measure::Token(name)) = measure {
            let mut known: Vec<String> = self.document.theme.spaces.keys().cloned().collect();
            known.extend(self.document.canvases.iter().flat_map(|variant| variant.spaces.keys().cloned()));
            known.extend(SAFE_SPACES.map(str::to_owned));
            if !known.contains(name) {
                self.fail(at, unknown("space", name, known.iter()));
            }
        }
    }

    fn edges(&mut self, edges: Option<&Edges>, at: &str) {
        for side in edges.iter().flat_map(|edges| edges.sides()) {
            self.space(Some(side), at);
        }
    }

    pub(super) fn flex(&mut self, flex: &Flex, at: &str) {
        self.space(flex.gap.as_ref(), &format!("{at}/flex/gap"));
        self.edges(flex.padding.as_ref(), &format!("{at}/flex/padding"));
    }

    pub(super) fn placement(&mut self, layout: &Placement, at: &str) {
        self.placement_numbers(layout, at);
        let lengths = [
            (&layout.width, "width"),
            (&layout.height, "height"),
            (&layout.min_width, "minWidth"),
            (&layout.min_height, "minHeight"),
            (&layout.max_width, "maxWidth"),
            (&layout.max_height, "maxHeight"),
        ];
        for (measure, field) in lengths {
            self.space(measure.as_ref(), &format!("{at}/layout/{field}"));
        }
        self.edges(layout.margin.as_ref(), &format!("{at}/layout/margin"));
        if let Some(inset) = &layout.at {
            for (measure, side) in
                [(&inset.top, "top"), (&inset.end, "end"), (&inset.bottom, "bottom"), (&inset.start, "start")]
            {
                self.space(measure.as_ref(), &format!("{at}/layout/at/{side}"));
            }
        }
    }

    pub(super) fn surface(&mut self, surface: &Surface, at: &str) {
        if let Some(fill) = &surface.fill {
            self.paint(fill, &format!("{at}/surface/fill"));
        }
        self.color(surface.stroke.as_ref().map(|stroke| &stroke.color), &format!("{at}/surface/stroke/color"));
        self.color(surface.shadow.as_ref().map(|shadow| &shadow.color), &format!("{at}/surface/shadow/color"));
        if let Some(shadow) = surface.shadow.as_ref().filter(|shadow| !(0.0..=200.0).contains(&shadow.blur)) {
            self.fail(format!("{at}/surface/shadow/blur"), format!("{} is not 0 to 200 design px", shadow.blur));
        }
        self.surface_numbers(surface, at);
        self.radius(surface.radius.as_ref(), &format!("{at}/surface/radius"));
    }

    pub(super) fn paint(&mut self, paint: &Paint, at: &str) {
        self.paint_numbers(paint, at);
        let stops = match paint {
            Paint::Color(spec) => return self.color(Some(spec), at),
            Paint::Linear { linear } => &linear.stops,
            Paint::Radial { radial } => &radial.stops,
            Paint::Conic { conic } => &conic.stops,
        };
        if stops.len() < 2 || stops.len() > 16 {
            self.fail(at, format!("{} stops; a gradient has 2 to 16", stops.len()));
        }
        for stop in stops {
            let (GradientStop::Even(spec) | GradientStop::At { color: spec, .. }) = stop;
            self.color(Some(spec), at);
        }
    }

    pub(super) fn shape(&mut self, shape: &ShapeNode, at: &str) {
        match (&shape.path, shape.shape == ShapeKind::Path) {
            (None, true) => {
                self.fail(format!("{at}/path"), "a path needs `path`: SVG path data on a grid of 100 x 100")
            }
            (Some(_), false) => self.fail(format!("{at}/path"), "`path` is for \"shape\": \"path\""),
            (Some(path), true) => self.path_data(path, &format!("{at}/path")),
            (None, false) => {}
        }
    }

    pub(super) fn effects(&mut self, mask: Option<&Mask>, blur: Option<f32>, at: &str) {
        if let Some(blur) = blur.filter(|blur| !(0.0..=200.0).contains(blur)) {
            self.fail(format!("{at}/blur"), format!("{blur} is not 0 to 200 design px"));
        }
        let Some(mask) = mask else { return };
        let at = format!("{at}/mask");
        match (&mask.path, mask.shape == MaskShape::Path) {
            (None, true) => {
                self.fail(format!("{at}/path"), "a path needs `path`: SVG path data on a grid of 100 x 100")
            }
            (Some(_), false) => self.fail(format!("{at}/path"), "`path` is for \"shape\": \"path\""),
            (Some(path), true) => self.path_data(path, &format!("{at}/path")),
            (None, false) => {}
        }
        self.radius(mask.radius.as_ref(), &format!("{at}/radius"));
        self.edges(mask.fade.as_ref(), &format!("{at}/fade"));
        if let Some(paint) = &mask.opacity {
            self.paint(paint, &format!("{at}/opacity"));
        }
    }

    fn radius(&mut self, radius: Option<&Measure>, at: &str) {
        if let Some(Measure::Token(name)) = radius {
            let radii = &self.document.theme.radii;
            if name != "full" && !radii.contains_key(name) {
                self.fail(at, unknown("radius", name, radii.keys()));
            }
        }
    }

    pub(super) fn path_data(&mut self, path: &str, at: &str) {
        if let Some(error) = svgtypes::PathParser::from(path).find_map(Result::err) {
            self.fail(at, format!("not SVG path data: {error}"));
        }
    }
}

//! What a composition shows, as boxes that can be compared.

use quotereel::compose::scene::{Content, Geometry, PathSegment, Primitive, Text};
use quotereel::compose::text::{Align, Direction, TextStyle};
use quotereel::quote::locale::Locale;
use quotereel::template::Template;

/// Left, top, right, bottom in px.
pub(crate) type Box = [f32; 4];

/// Every drawing of a layer: one, or all forms of a counted number.
pub(crate) fn contents(content: &Content) -> impl Iterator<Item = &[Primitive]> {
    match content {
        Content::Still(primitives) => std::slice::from_ref(primitives).iter().map(Vec::as_slice),
        Content::Sequence { variants, .. } => variants.iter().map(Vec::as_slice),
    }
}

/// Everything in a drawing, also what is drawn apart.
pub(crate) fn flat(primitives: &[Primitive]) -> Vec<&Primitive> {
    let parts = primitives.iter().map(|primitive| match primitive {
        Primitive::Isolated(isolated) => flat(&isolated.primitives),
        Primitive::Shape(_) | Primitive::Picture(_) | Primitive::Text(_) => vec![primitive],
    });
    parts.flatten().collect()
}

/// The texts of a drawing.
pub(crate) fn texts(primitives: &[Primitive]) -> impl Iterator<Item = &Text> {
    flat(primitives).into_iter().filter_map(|primitive| match primitive {
        Primitive::Text(text) => Some(text),
        Primitive::Shape(_) | Primitive::Picture(_) | Primitive::Isolated(_) => None,
    })
}

/// The lines of a text: as wide as their advance, as high as the line height.
pub(crate) fn boxes(text: &Text) -> impl Iterator<Item = Box> {
    let (left, top) = text.origin;
    #[expect(clippy::cast_precision_loss, reason = "a block has a few lines")]
    let height = text.block.height / text.block.lines.len().max(1) as f32;
    text.block.lines.iter().filter(|line| line.width > 0.0).scan(top, move |y, line| {
        let at = [left + line.x, *y, left + line.x + line.width, *y + height];
        *y += height;
        Some(at)
    })
}

/// Where a picture, icon or code lies; nothing for texts and for the surfaces that texts stand on.
pub(crate) fn picture(primitive: &Primitive) -> Option<Box> {
    match primitive {
        Primitive::Picture(picture) => {
            let rect = picture.clip.rect;
            Some([rect.x, rect.y, rect.right(), rect.bottom()])
        }
        Primitive::Shape(shape) => match &shape.geometry {
            Geometry::Path(segments) => around(segments),
            _ => None,
        },
        Primitive::Text(_) | Primitive::Isolated(_) => None,
    }
}

fn around(segments: &[PathSegment]) -> Option<Box> {
    let ends = segments.iter().filter_map(|segment| match *segment {
        PathSegment::MoveTo(x, y)
        | PathSegment::LineTo(x, y)
        | PathSegment::QuadTo(_, _, x, y)
        | PathSegment::CubicTo(_, _, _, _, x, y) => Some((x, y)),
        PathSegment::Close => None,
    });
    ends.fold(None, |found: Option<Box>, (x, y)| {
        let [left, top, right, bottom] = found.unwrap_or([x, y, x, y]);
        Some([left.min(x), top.min(y), right.max(x), bottom.max(y)])
    })
}

/// Whether `inner` passes an edge of `outer` by more than `slack`.
pub(crate) fn outside(inner: Box, outer: Box, slack: f32) -> bool {
    inner[0] < outer[0] - slack
        || inner[1] < outer[1] - slack
        || inner[2] > outer[2] + slack
        || inner[3] > outer[3] + slack
}

/// Whether both share an area more than `slack` wide and high.
pub(crate) fn overlaps(a: Box, b: Box, slack: f32) -> bool {
    a[2].min(b[2]) - a[0].max(b[0]) > slack && a[3].min(b[3]) - a[1].max(b[1]) > slack
}

/// The template's style `total`, as far as it decides which glyphs are taken.
pub(crate) fn total_style(template: &Template, size_px: f32, locale: &Locale) -> TextStyle {
    let style = &template.document().styles["total"];
    let font = &template.document().theme.fonts[style.font.as_deref().expect("a font")];
    TextStyle {
        family: font.family.clone(),
        weight: style.weight.unwrap_or(font.weight),
        size_px,
        letter_spacing_em: style.letter_spacing.unwrap_or(0.0),
        tabular: true,
        align: Align::Start,
        language: locale.tag().to_owned(),
        direction: if locale.is_rtl() { Direction::Rtl } else { Direction::Ltr },
        ..TextStyle::default()
    }
}

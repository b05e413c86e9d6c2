//! Outlines made from data: icons from SVG path data, and QR codes.

use fast_qr::{ECL, QRBuilder};
use svgtypes::{SimplePathSegment, SimplifyingPathParser};

use super::composition::PathSegment;
use crate::ground::geometry::Rect;

/// Side of the grid icons are drawn on.
pub(super) const ICON_GRID: f32 = 24.0;
/// Sides of the grid that a shape's path is drawn on.
const PATH_GRID: f32 = 100.0;
/// Light modules around a code that ISO/IEC 18004 asks for, on each side.
const QUIET_MODULES: f32 = 4.0;

/// SVG path data on the icon grid, scaled into `rect`. Data that was checked with the template always parses.
pub(super) fn icon(data: &str, rect: Rect) -> Vec<PathSegment> {
    let scale = rect.width.min(rect.height) / ICON_GRID;
    let (cx, cy) = rect.center();
    segments(data, (cx - scale * ICON_GRID / 2.0, cy - scale * ICON_GRID / 2.0), (scale, scale))
}

/// SVG path data on the grid of shapes, stretched over `rect`.
pub(super) fn path(data: &str, rect: Rect) -> Vec<PathSegment> {
    segments(data, (rect.x, rect.y), (rect.width / PATH_GRID, rect.height / PATH_GRID))
}

#[expect(clippy::cast_possible_truncation, reason = "coordinates on a small grid")]
fn segments(data: &str, (left, top): (f32, f32), (across, down): (f32, f32)) -> Vec<PathSegment> {
    let x = |value: f64| left + value as f32 * across;
    let y = |value: f64| top + value as f32 * down;
    SimplifyingPathParser::from(data)
        .map_while(Result::ok)
        .map(|segment| match segment {
            SimplePathSegment::MoveTo { x: a, y: b } => PathSegment::MoveTo(x(a), y(b)),
            SimplePathSegment::LineTo { x: a, y: b } => PathSegment::LineTo(x(a), y(b)),
            SimplePathSegment::Quadratic { x1, y1, x: a, y: b } => PathSegment::QuadTo(x(x1), y(y1), x(a), y(b)),
            SimplePathSegment::CurveTo { x1, y1, x2, y2, x: a, y: b } => {
                PathSegment::CubicTo(x(x1), y(y1), x(x2), y(y2), x(a), y(b))
            }
            SimplePathSegment::ClosePath => PathSegment::Close,
        })
        .collect()
}

/// A QR code in a box.
pub(super) struct Code {
    /// Field with the quiet zone, on whole pixels.
    pub(super) field: Rect,
    /// Dark modules, runs of a row joined.
    pub(super) modules: Vec<PathSegment>,
    /// Side of a module in px.
    pub(super) module_px: f32,
}

/// The QR code that says `data`, as large as whole pixels a module allow inside `rect`; `None` where the data is too
/// long for any code.
#[expect(clippy::cast_precision_loss, reason = "at most 177 modules")]
pub(super) fn code(data: &str, rect: Rect) -> Option<Code> {
    let code = QRBuilder::new(data).ecl(ECL::M).build().ok()?;
    let side = rect.width.min(rect.height);
    let modules = code.size as f32 + 2.0 * QUIET_MODULES;
    let module_px = (side / modules).floor().max(1.0);
    let field_px = module_px * modules;
    let (cx, cy) = rect.center();
    let field = Rect::new((cx - field_px / 2.0).round(), (cy - field_px / 2.0).round(), field_px, field_px);
    let mut segments = Vec::new();
    for row in 0..code.size {
        let y = field.y + (row as f32 + QUIET_MODULES) * module_px;
        let mut column = 0;
        while column < code.size {
            let start = column;
            while column < code.size && code[row][column].value() {
                column += 1;
            }
            if column > start {
                let x = |at: usize| field.x + (at as f32 + QUIET_MODULES) * module_px;
                segments.extend([
                    PathSegment::MoveTo(x(start), y),
                    PathSegment::LineTo(x(column), y),
                    PathSegment::LineTo(x(column), y + module_px),
                    PathSegment::LineTo(x(start), y + module_px),
                    PathSegment::Close,
                ]);
            }
            column += 1;
        }
    }
    Some(Code { field, modules: segments, module_px })
}

//! Emoji pictures: embedded PNG bitmaps, scaled to the font size. Outlines are drawn elsewhere.

use skrifa::bitmap::{BitmapData, BitmapGlyph, BitmapStrikes, Origin};
use skrifa::instance::Size;
use skrifa::{FontRef, GlyphId};

use super::bitmap::{GlyphBitmap, GlyphPixels};

/// Sides of an embedded picture above this are refused. Noto Color Emoji has 136 x 128 px.
const MAX_SIDE_PX: u32 = 1_024;

/// Farthest from the pen position, and largest, that a picture is drawn, in multiples of the font size. Noto Color
/// Emoji takes 1.25; what a broken font asks for has no bound.
const MAX_EMS: f32 = 4.0;

/// A premultiplied picture with 32-bit components, so that scaling rounds once.
struct Picture {
    width: usize,
    height: usize,
    rgba: Vec<[f32; 4]>,
}

/// The embedded picture of a glyph at a size and quarter-pixel phase; `None` where the face has none.
#[expect(clippy::cast_possible_truncation, reason = "sizes are at most 1024 px per em and sides at most 1024 px")]
pub(super) fn rasterize(font: &FontRef<'_>, glyph: u16, size_px: f32, phase: u8) -> Option<GlyphBitmap> {
    let strikes = BitmapStrikes::new(font);
    if strikes.is_empty() {
        return None;
    }
    let embedded = strikes.glyph_for_size(Size::new(size_px), GlyphId::from(glyph))?;
    let picture = decode(&embedded)?;
    let (scale_x, scale_y) = (size_px / embedded.ppem_x, size_px / embedded.ppem_y);
    // Edges of the picture in px, from the pen position and the baseline.
    let left = embedded.inner_bearing_x * scale_x + f32::from(phase) * 0.25;
    let height = picture.height as f32 * scale_y;
    let top = match embedded.placement_origin {
        Origin::TopLeft => -embedded.inner_bearing_y * scale_y,
        Origin::BottomLeft => -embedded.inner_bearing_y * scale_y - height,
    };
    let (first_x, first_y) = (left.floor(), top.floor());
    let width = (left + picture.width as f32 * scale_x).ceil() - first_x;
    let height = (top + height).ceil() - first_y;
    let reach = (size_px * MAX_EMS).max(1.0);
    let is_near = [first_x, first_y].iter().all(|edge| edge.abs() <= reach);
    if !(is_near && (1.0..=reach).contains(&width) && (1.0..=reach).contains(&height)) {
        return None;
    }
    let columns = weights(width as usize, first_x - left, scale_x, picture.width);
    let rows = weights(height as usize, first_y - top, scale_y, picture.height);
    Some(GlyphBitmap {
        left: first_x as i32,
        top: first_y as i32,
        width: columns.len() as u32,
        height: rows.len() as u32,
        pixels: GlyphPixels::Color(resample(&picture, &columns, &rows)),
    })
}

fn decode(embedded: &BitmapGlyph<'_>) -> Option<Picture> {
    let BitmapData::Png(bytes) = &embedded.data else { return None };
    let mut reader = image::ImageReader::with_format(std::io::Cursor::new(*bytes), image::ImageFormat::Png);
    let mut limits = image::Limits::default();
    limits.max_image_width = Some(MAX_SIDE_PX);
    limits.max_image_height = Some(MAX_SIDE_PX);
    reader.limits(limits);
    let decoded = reader.decode().ok()?.into_rgba8();
    let (width, height) = (decoded.width() as usize, decoded.height() as usize);
    let rgba = decoded
        .pixels()
        .map(|pixel| {
            let [red, green, blue, alpha] = pixel.0.map(f32::from);
            let cover = alpha / 255.0;
            [red * cover, green * cover, blue * cover, alpha]
        })
        .collect();
    Some(Picture { width, height, rgba })
}

/// For every pixel of one axis, the first source pixel and the share of it and its followers.
///
/// Shrinking takes the overlap of the pixel with each source pixel (area average); enlarging interpolates linearly
/// between the two nearest. Outside the picture is transparent.
#[expect(clippy::cast_possible_truncation, reason = "positions are clamped to the picture")]
fn weights(count: usize, offset: f32, scale: f32, source: usize) -> Vec<(usize, Vec<f32>)> {
    let limit = source as f32;
    (0..count)
        .map(|index| {
            let start = (offset + index as f32) / scale;
            let end = (offset + index as f32 + 1.0) / scale;
            if scale <= 1.0 {
                let first = start.max(0.0).floor() as usize;
                let last = (end.min(limit).ceil().max(0.0) as usize).max(first);
                let share = |pixel: usize| {
                    let pixel = pixel as f32;
                    ((end.min(pixel + 1.0) - start.max(pixel)) / (end - start)).max(0.0)
                };
                (first.min(source), (first..last.min(source)).map(share).collect())
            } else {
                let centre = (start + end) * 0.5 - 0.5;
                let first = centre.floor();
                let fraction = centre - first;
                let pair = [(first, 1.0 - fraction), (first + 1.0, fraction)];
                let inside: Vec<(f32, f32)> = pair.into_iter().filter(|(at, _)| *at >= 0.0 && *at < limit).collect();
                let begin = inside.first().map_or(0, |(at, _)| *at as usize);
                (begin, inside.into_iter().map(|(_, share)| share).collect())
            }
        })
        .collect()
}

#[expect(clippy::cast_possible_truncation, reason = "an average of bytes is a byte")]
fn resample(picture: &Picture, columns: &[(usize, Vec<f32>)], rows: &[(usize, Vec<f32>)]) -> Vec<u8> {
    let mut pixels = Vec::with_capacity(columns.len() * rows.len() * 4);
    for (first_row, row_shares) in rows {
        for (first_column, column_shares) in columns {
            let mut sum = [0.0f32; 4];
            for (y, row_share) in row_shares.iter().enumerate() {
                let row = &picture.rgba[(first_row + y) * picture.width..][..picture.width];
                for (x, column_share) in column_shares.iter().enumerate() {
                    let share = row_share * column_share;
                    for (total, value) in sum.iter_mut().zip(row[first_column + x]) {
                        *total += share * value;
                    }
                }
            }
            pixels.extend(sum.map(|value| (value + 0.5).min(255.0) as u8));
        }
    }
    pixels
}

//! SVG to pixels: parsed without DTD, without access to anything outside the text, drawn at one size under a deadline.
//!
//! Refused: text (fonts of the machine would decide how it looks) and pictures, since a logo without its name is
//! another logo; patterns and markers, since few logos use them and they multiply work. Filters such as drop shadows
//! are left out.

use std::any::Any;
use std::sync::mpsc;
use std::thread;

use resvg::tiny_skia::{Pixmap, Transform};

use super::{AssetError, Limits, svg_budget};
use crate::ground::frame::RgbaFrame;
use crate::ground::geometry::Size;

/// Stack of the drawing thread, bytes. Parser and renderer recurse; [`svg_budget`] bounds how deep.
const STACK_BYTES: usize = 8 << 20;

/// Filters cost time in ways that are hard to bound, and a logo on a designed card needs no shadow of its own.
const STYLE_SHEET: &str = "* { filter: none !important }";

/// Why there is no picture: content that is not drawn, or broken content.
enum Failure {
    Refused(String),
    Broken(String),
}

/// Draws the SVG in `bytes` so that its longer side has [`Limits::svg_side_px`], or a half or a quarter of it.
///
/// The drawing runs in a thread of its own, for its stack and its deadline. What it may cost is bounded beforehand, so
/// the deadline is a backstop; a thread that passes it is left to end by itself.
///
/// # Errors
/// [`AssetError::TooManyBytes`], [`AssetError::SvgRefused`], [`AssetError::Undecodable`] or [`AssetError::TimedOut`].
pub(super) fn decode(bytes: &[u8], source_name: &str, limits: &Limits) -> Result<RgbaFrame, AssetError> {
    let source_name = source_name.to_owned();
    if bytes.len() as u64 > limits.max_svg_bytes {
        return Err(AssetError::TooManyBytes { source_name, limit_bytes: limits.max_svg_bytes });
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Err(AssetError::Undecodable { source_name, reason: "an SVG that is not UTF-8".to_owned() });
    };
    let (text, side_px) = (text.to_owned(), limits.svg_side_px.min(limits.longest_side_px).max(1));
    let (sender, receiver) = mpsc::sync_channel(1);
    let spawned = thread::Builder::new().name("asset-svg".to_owned()).stack_size(STACK_BYTES).spawn(move || {
        let drawn = std::panic::catch_unwind(|| draw(&text, side_px));
        // Nobody listens any more where the deadline has passed.
        let _: Result<(), mpsc::SendError<_>> = sender.send(drawn);
    });
    if let Err(e) = spawned {
        return Err(AssetError::Undecodable { source_name, reason: format!("no thread to draw it in ({e})") });
    }
    let drawn: Result<Result<RgbaFrame, Failure>, Box<dyn Any + Send>> = receiver
        .recv_timeout(limits.svg_deadline)
        .map_err(|_| AssetError::TimedOut { source_name: source_name.clone(), limit: limits.svg_deadline })?;
    match drawn {
        Ok(Ok(frame)) => Ok(frame),
        Ok(Err(Failure::Refused(reason))) => Err(AssetError::SvgRefused { source_name, reason }),
        Ok(Err(Failure::Broken(reason))) => Err(AssetError::Undecodable { source_name, reason }),
        Err(_) => Err(AssetError::Undecodable { source_name, reason: "the SVG renderer failed on it".to_owned() }),
    }
}

fn draw(text: &str, side_px: u32) -> Result<RgbaFrame, Failure> {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let text = svg_budget::check_text(text).map_err(Failure::Refused)?;
    let parsing = roxmltree::ParsingOptions {
        allow_dtd: false,
        nodes_limit: svg_budget::MAX_NODES,
        ..roxmltree::ParsingOptions::default()
    };
    let document = roxmltree::Document::parse_with_options(&text, parsing).map_err(|e| match e {
        roxmltree::Error::NodesLimitReached => {
            Failure::Refused(format!("more than {} XML nodes", svg_budget::MAX_NODES))
        }
        other => Failure::Broken(super::printable(&format!("not XML ({other})"), 160)),
    })?;
    svg_budget::check_document(&document).map_err(Failure::Refused)?;
    if let Some(reason) = undrawable(&document) {
        return Err(Failure::Refused(reason.to_owned()));
    }
    let options = usvg::Options {
        image_href_resolver: usvg::ImageHrefResolver {
            resolve_data: Box::new(|_, _, _| None),
            resolve_string: Box::new(|_, _| None),
        },
        style_sheet: Some(STYLE_SHEET.to_owned()),
        ..usvg::Options::default()
    };
    let tree = usvg::Tree::from_xmltree(&document, &options)
        .map_err(|e| Failure::Broken(super::printable(&e.to_string(), 160)))?;
    let (width, height) = (tree.size().width(), tree.size().height());
    if !(width.is_finite() && height.is_finite() && width > 0.0 && height > 0.0) {
        return Err(Failure::Broken(format!("its size is {width}x{height}")));
    }
    let (scale, size) = affordable(&tree, side_px).map_err(Failure::Refused)?;
    let mut pixmap = Pixmap::new(size.width, size.height).ok_or_else(|| Failure::Broken("no canvas".to_owned()))?;
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixmap.as_mut());
    if pixmap.data().iter().all(|byte| *byte == 0) {
        return Err(Failure::Refused(
            "nothing visible is left; text and embedded pictures are not drawn, convert text to outlines".to_owned(),
        ));
    }
    // Both sides are premultiplied sRGB RGBA without padding.
    RgbaFrame::from_pixels(size, pixmap.take()).ok_or_else(|| Failure::Broken("no canvas".to_owned()))
}

/// What shows in the document and cannot be drawn.
fn undrawable(document: &roxmltree::Document<'_>) -> Option<&'static str> {
    const NOT_SHOWN: [&str; 4] = ["defs", "symbol", "metadata", "foreignObject"];
    let mut shown = document.descendants().filter(|node| {
        node.is_element() && !node.ancestors().any(|above| NOT_SHOWN.contains(&above.tag_name().name()))
    });
    shown.find_map(|node| match node.tag_name().name() {
        "text" if node.descendants().any(|part| part.text().is_some_and(|words| !words.trim().is_empty())) => {
            Some("it has text, which is not drawn; convert the text to outlines")
        }
        "image" => Some("it has a picture in it, which is not drawn; use that picture, or only shapes"),
        _ => None,
    })
}

/// The scale and size at which the tree is drawn: what costs too much in full is drawn at a half or a quarter of the
/// side, which is still more than a logo on a card takes up.
fn affordable(tree: &usvg::Tree, side_px: u32) -> Result<(f32, Size), String> {
    let (width, height) = (tree.size().width(), tree.size().height());
    let at = |side_px: u32| {
        let scale = side(side_px) / width.max(height);
        let size = Size::new(pixels(width * scale, side_px), pixels(height * scale, side_px));
        svg_budget::check_tree(tree, scale, size).map(|()| (scale, size))
    };
    at(side_px).or_else(|_| at((side_px / 2).max(1))).or_else(|_| at((side_px / 4).max(1)))
}

/// A side in pixels as a factor; sides are at most a few thousand.
fn side(side_px: u32) -> f32 {
    u16::try_from(side_px).map_or(f32::from(u16::MAX), f32::from)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts of f32 saturate, then clamped")]
fn pixels(length: f32, side_px: u32) -> u32 {
    (length.round() as u32).clamp(1, side_px)
}

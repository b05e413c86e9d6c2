//! What an SVG may cost, checked three times before anything is drawn: in the text (nesting overflows a stack), in the
//! document (references multiply elements), and in the resolved tree (pixels, layers and dashes). All checks are
//! counts, so the verdict does not depend on the machine.

use std::borrow::Cow;
use std::collections::HashMap;

use roxmltree::{Document, Node};
use usvg::{Group, Paint, Path, Transform, Tree};

use crate::ground::geometry::Size;

/// XML nodes, texts and comments included.
pub(super) const MAX_NODES: u32 = 20_000;
/// Nested elements in the text; drawing programs stay below 30.
const MAX_DEPTH: usize = 100;
/// Nested elements once references are followed.
const MAX_EXPANDED_DEPTH: u32 = 200;
/// Elements once references are followed.
const MAX_EXPANDED_ELEMENTS: u64 = 20_000;
/// Gradient stops in the document.
const MAX_STOPS: usize = 512;
/// Comparisons of elements with style sheet selectors and declarations.
const MAX_STYLE_WORK: u64 = 20_000_000;
/// Bytes of attributes once references are followed: a path is parsed and kept again for each `use` of it. Four times
/// the largest file.
const MAX_EXPANDED_BYTES: u64 = 1 << 20;
/// Work, in pixels blended with one translucent colour: 25 ns each on a busy core, so the worst takes under a second.
/// What everything else costs in that unit was measured too; `docs/performance.md` has the figures.
const MAX_WORK_PX: f64 = 3e7;
/// A row crossed by an edge, measured on zigzags; outlines of strokes have more edges.
const FILL_EDGE_PX: f64 = 5.0;
const STROKE_EDGE_PX: f64 = 15.0;
/// A pixel along a line too thin to have an area: each is blended by itself.
const HAIRLINE_PX: f64 = 20.0;
/// A path, however small.
const PATH_PX: f64 = 500.0;
/// A point of a path, however near to the one before.
const POINT_PX: f64 = 20.0;
/// A gradient's pixel, and what each of its stops adds.
const GRADIENT_PX: f64 = 2.0;
const STOP_PX: f64 = 1.0 / 16.0;
/// A pixel of a layer that is cleared and blended, whatever the blend mode; the same for a clip path; and for a mask.
const LAYER_PX: f64 = 1.0;
const CLIP_PX: f64 = 1.0;
const MASK_PX: f64 = 2.0;
/// Bytes of layers that exist at the same time.
const MAX_LAYER_BYTES: f64 = 192e6;
/// Dashes of all strokes.
const MAX_DASHES: f64 = 20_000.0;

/// Elements that multiply work and that logos rarely need.
const REFUSED_ELEMENTS: [&str; 3] = ["pattern", "marker", "tref"];

/// Checks nesting and removes a harmless document type declaration.
///
/// # Errors
/// What there is too much of, and how much is allowed.
pub(super) fn check_text(text: &str) -> Result<Cow<'_, str>, String> {
    let mut depth = 0usize;
    let mut doctype = None;
    let mut at = 0;
    while let Some(found) = text[at..].find('<') {
        let start = at + found;
        let tag = &text[start..];
        let skip_past = |end: &str| tag.find(end).map_or(text.len(), |found| start + found + end.len());
        if tag.starts_with("<!--") {
            at = skip_past("-->");
        } else if tag.starts_with("<![CDATA[") {
            at = skip_past("]]>");
        } else if tag.starts_with("<?") {
            at = skip_past("?>");
        } else if tag.starts_with("<!") {
            at = tag_end(text, start);
            if text[start..at].contains('[') || doctype.is_some() {
                return Err("a document type with declarations of its own (entities) is not read".to_owned());
            }
            doctype = Some(start..at);
        } else if tag.starts_with("</") {
            at = tag_end(text, start);
            depth = depth.saturating_sub(1);
        } else {
            at = tag_end(text, start);
            if !text[start..at].ends_with("/>") {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(format!("elements nested more than {MAX_DEPTH} deep"));
                }
            }
        }
    }
    Ok(match doctype {
        Some(range) => Cow::Owned(format!("{}{}", &text[..range.start], &text[range.end..])),
        None => Cow::Borrowed(text),
    })
}

/// Just past the `>` that ends the tag at `start`; quoted ones do not count.
fn tag_end(text: &str, start: usize) -> usize {
    let mut quote = None;
    for (offset, byte) in text[start..].bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return start + offset + 1,
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
    }
    text.len()
}

/// Checks what following references and applying style sheets would cost.
///
/// # Errors
/// What there is too much of, and how much is allowed, or which feature is not drawn.
pub(super) fn check_document(document: &Document<'_>) -> Result<(), String> {
    let elements: Vec<Node<'_, '_>> = document.descendants().filter(Node::is_element).collect();
    if let Some(name) = REFUSED_ELEMENTS.iter().find(|name| elements.iter().any(|e| e.tag_name().name() == **name)) {
        return Err(format!("the element `{name}` is not drawn"));
    }
    let stops = elements.iter().filter(|element| element.tag_name().name() == "stop").count();
    if stops > MAX_STOPS {
        return Err(format!("{stops} gradient stops, allowed are {MAX_STOPS}"));
    }
    let style = styles(document);
    check_style_work(&style, &elements)?;
    let mut targets: HashMap<&str, Vec<Node<'_, '_>>> = HashMap::new();
    for element in &elements {
        if let Some(id) = element.attribute("id") {
            targets.entry(id).or_default().push(*element);
        }
    }
    let mut expansion = Expansion { rules: referring_rules(&style), targets, known: HashMap::new() };
    let total = expansion.of(document.root_element(), 0)?;
    if total.elements > MAX_EXPANDED_ELEMENTS {
        return Err(format!(
            "{} elements once references are followed, allowed are {MAX_EXPANDED_ELEMENTS}",
            total.elements
        ));
    }
    if total.bytes > MAX_EXPANDED_BYTES {
        return Err(format!(
            "{} bytes of attributes once references are followed, allowed are {MAX_EXPANDED_BYTES}",
            total.bytes
        ));
    }
    Ok(())
}

/// All style sheets of a document, without comments.
fn styles(document: &Document<'_>) -> String {
    let mut style = String::new();
    for element in document.descendants().filter(|node| node.tag_name().name() == "style") {
        for text in element.children().filter_map(|child| child.text()) {
            style.push_str(text);
        }
    }
    let mut plain = String::with_capacity(style.len());
    let mut rest = style.as_str();
    while let Some((before, comment)) = rest.split_once("/*") {
        plain.push_str(before);
        rest = comment.split_once("*/").map_or("", |(_, after)| after);
    }
    plain.push_str(rest);
    plain
}

/// Selectors and declarations of each rule.
fn rules(style: &str) -> impl Iterator<Item = (&str, &str)> {
    style.split('}').filter_map(|rule| rule.rsplit_once('{'))
}

/// Bounds matching: a selector of n parts tries up to depth^(n-1) ancestors for each element.
fn check_style_work(style: &str, elements: &[Node<'_, '_>]) -> Result<(), String> {
    let depth = elements.iter().map(|element| element.ancestors().count() as u64).max().unwrap_or(1);
    let mut work = 0u64;
    for (selectors, declarations) in rules(style) {
        for selector in selectors.split(',') {
            let parts = selector.split([' ', '\t', '\n', '\r', '\x0c', '>', '+', '~']).filter(|part| !part.is_empty());
            let exponent = u32::try_from(parts.count().saturating_sub(1)).unwrap_or(u32::MAX);
            work = work.saturating_add(depth.saturating_pow(exponent));
            work = work.saturating_add(declarations.matches(';').count() as u64 + 1);
        }
    }
    let work = work.saturating_mul(elements.len() as u64);
    if work > MAX_STYLE_WORK {
        return Err(format!("a style sheet that takes {work} comparisons, allowed are {MAX_STYLE_WORK}"));
    }
    Ok(())
}

/// Rules that could attach a clip path or mask: their selectors, and the ids they refer to.
fn referring_rules(style: &str) -> Vec<(&str, Vec<&str>)> {
    rules(style)
        .map(|(selectors, declarations)| (selectors, ids_in(declarations).collect()))
        .filter(|(_, ids): &(&str, Vec<&str>)| !ids.is_empty())
        .collect()
}

/// Everything that could be a reference `#id` in a value.
fn ids_in(value: &str) -> impl Iterator<Item = &str> {
    value.split('#').skip(1).map(|rest| rest.split([')', '"', '\'', ' ', ';']).next().unwrap_or_default())
}

/// How large a part of a document becomes.
#[derive(Clone, Copy)]
struct Extent {
    elements: u64,
    /// Of the attributes' values.
    bytes: u64,
    depth: u32,
}

/// Follows `use`, clip paths and masks without building anything; each element is measured once.
struct Expansion<'a, 'input> {
    rules: Vec<(&'a str, Vec<&'a str>)>,
    targets: HashMap<&'a str, Vec<Node<'a, 'input>>>,
    /// `None` while an element is being measured: meeting it again is a cycle.
    known: HashMap<roxmltree::NodeId, Option<Extent>>,
}

impl<'a, 'input: 'a> Expansion<'a, 'input> {
    fn of(&mut self, element: Node<'a, 'input>, depth: u32) -> Result<Extent, String> {
        if depth > MAX_EXPANDED_DEPTH {
            return Err(too_deep());
        }
        match self.known.get(&element.id()) {
            Some(Some(known)) => return Ok(*known),
            Some(None) => return Err("an element refers to itself".to_owned()),
            None => {}
        }
        self.known.insert(element.id(), None);
        let bytes = element.attributes().map(|attribute| attribute.value().len() as u64).sum();
        let mut extent = Extent { elements: 1, bytes, depth: 1 };
        let parts: Vec<_> = element.children().filter(Node::is_element).chain(self.referred(element)?).collect();
        for part in parts {
            let inner = self.of(part, depth + 1)?;
            extent.elements = extent.elements.saturating_add(inner.elements);
            extent.bytes = extent.bytes.saturating_add(inner.bytes);
            extent.depth = extent.depth.max(inner.depth + 1);
            if extent.depth > MAX_EXPANDED_DEPTH {
                return Err(too_deep());
            }
        }
        self.known.insert(element.id(), Some(extent));
        Ok(extent)
    }

    /// The elements that `element` may pull in. Where a style sheet might apply, it is taken to apply.
    fn referred(&self, element: Node<'a, 'input>) -> Result<Vec<Node<'a, 'input>>, String> {
        let is_use = element.tag_name().name() == "use";
        let mut ids: Vec<&str> = Vec::new();
        for attribute in element.attributes() {
            let value = attribute.value();
            if value.contains("inherit")
                && ["clip", "mask", "style"].iter().any(|name| attribute.name().starts_with(name))
            {
                return Err("an inherited clip path or mask is not drawn".to_owned());
            }
            // Found through the element's own list of ids, since the attribute's text does not live long enough.
            for id in ids_in(value) {
                ids.extend(self.targets.get_key_value(id).map(|(key, _)| *key));
            }
        }
        let tag = element.tag_name().name();
        let names = [element.attribute("class").unwrap_or_default(), element.attribute("id").unwrap_or_default(), tag];
        for (selectors, referred) in &self.rules {
            let may_match = selectors.contains(['*', ':', '['])
                || names.iter().flat_map(|name| name.split_whitespace()).any(|name| selectors.contains(name));
            if may_match {
                ids.extend(referred);
            }
        }
        let counts = |target: &Node<'_, '_>| is_use || matches!(target.tag_name().name(), "clipPath" | "mask");
        let targets = ids.iter().filter_map(|id| self.targets.get(id)).flatten();
        Ok(targets.filter(|target| counts(target) && target.id() != element.id()).copied().collect())
    }
}

fn too_deep() -> String {
    format!("elements nested more than {MAX_EXPANDED_DEPTH} deep once references are followed")
}

/// Checks what drawing the resolved tree on a canvas of `size` would cost.
///
/// # Errors
/// What there is too much of, and how much is allowed.
pub(super) fn check_tree(tree: &Tree, scale: f32, size: Size) -> Result<(), String> {
    if !tree.filters().is_empty() || !tree.patterns().is_empty() {
        return Err("filters and patterns are not drawn".to_owned());
    }
    let canvas_px = f64::from(size.width) * f64::from(size.height);
    // The renderer lets a layer grow to five times the canvas in each direction.
    let mut work = Work { layer_cap_px: canvas_px * 25.0, touched_px: 0.0, dashes: 0.0 };
    work.add_group(tree.root(), Transform::from_scale(scale, scale), canvas_px, canvas_px * 4.0)
}

/// Sums of what drawing will touch.
struct Work {
    layer_cap_px: f64,
    touched_px: f64,
    dashes: f64,
}

impl Work {
    /// `target_px` is the area of the layer drawn on, `held_bytes` what the layers so far take.
    fn add_group(&mut self, group: &Group, outer: Transform, target_px: f64, held_bytes: f64) -> Result<(), String> {
        let transform = outer.pre_concat(group.transform());
        let (mut target_px, mut held_bytes) = (target_px, held_bytes);
        if group.should_isolate() {
            let layer = group.layer_bounding_box().transform(transform);
            let (width, height) = layer.map_or((0.0, 0.0), |bounds| (bounds.width(), bounds.height()));
            target_px = ((f64::from(width) + 4.0) * (f64::from(height) + 4.0)).min(self.layer_cap_px);
            // The layer, and what clip path and mask need beside it.
            held_bytes += target_px * 4.0 * 3.0;
            if held_bytes > MAX_LAYER_BYTES {
                return Err(format!("nested layers of {held_bytes:.0} bytes, allowed are {MAX_LAYER_BYTES:.0}"));
            }
            self.touch(target_px * LAYER_PX)?;
        }
        let mut clip_path = group.clip_path();
        while let Some(clip) = clip_path {
            self.touch(target_px * CLIP_PX)?;
            self.add_group(clip.root(), transform.pre_concat(clip.transform()), target_px, held_bytes)?;
            clip_path = clip.clip_path();
        }
        let mut mask = group.mask();
        while let Some(current) = mask {
            self.touch(target_px * MASK_PX)?;
            self.add_group(current.root(), transform, target_px, held_bytes)?;
            mask = current.mask();
        }
        for child in group.children() {
            match child {
                usvg::Node::Group(group) => self.add_group(group, transform, target_px, held_bytes)?,
                usvg::Node::Path(path) => self.add_path(path, transform, target_px)?,
                usvg::Node::Image(_) | usvg::Node::Text(_) => {}
            }
        }
        Ok(())
    }

    fn add_path(&mut self, path: &Path, transform: Transform, target_px: f64) -> Result<(), String> {
        let bounds = path.stroke_bounding_box().transform(transform);
        let (width, height) =
            bounds.map_or((0.0, 0.0), |bounds| (f64::from(bounds.width()), f64::from(bounds.height())));
        let area_px = (width * height).min(target_px);
        let stroke = path.stroke();
        let points = path.data().points();
        let rows = |dx: f32, dy: f32| f64::from(transform.ky * dx + transform.sy * dy).abs();
        // Control points bound the rows that a curve crosses from above.
        let crossed: f64 =
            points.windows(2).map(|pair| rows(pair[1].x - pair[0].x, pair[1].y - pair[0].y).min(height)).sum();
        let corners = u32::try_from(points.len()).map_or(f64::MAX, f64::from);
        let stroke_rows =
            stroke.map_or(0.0, |stroke| (rows(stroke.width().get(), stroke.width().get()) + 4.0).min(height));
        let fills = path.fill().map(|fill| (fill.paint(), crossed * FILL_EDGE_PX));
        // Control points bound the length of a curve from above.
        let length: f64 = points.windows(2).map(|pair| f64::from(pair[0].distance(pair[1]))).sum();
        let (scale_x, scale_y) = transform.get_scale();
        let strokes = stroke.map(|stroke| {
            let is_hairline = stroke.width().get() * scale_x.min(scale_y) <= 1.0;
            let hairline_px = if is_hairline { length * f64::from(scale_x.max(scale_y)) * HAIRLINE_PX } else { 0.0 };
            (stroke.paint(), (crossed + corners * stroke_rows) * STROKE_EDGE_PX + hairline_px)
        });
        for (paint, edges_px) in fills.into_iter().chain(strokes) {
            let gradient = |stops: usize| GRADIENT_PX + u32::try_from(stops).map_or(f64::MAX, f64::from) * STOP_PX;
            let pixel = match paint {
                Paint::LinearGradient(painted) => gradient(painted.stops().len()),
                Paint::RadialGradient(painted) => gradient(painted.stops().len()),
                Paint::Color(_) | Paint::Pattern(_) => 1.0,
            };
            self.touch(area_px * pixel + edges_px + corners * POINT_PX + PATH_PX)?;
        }
        if let Some(dasharray) = stroke.and_then(usvg::Stroke::dasharray) {
            let period = f64::from(dasharray.iter().sum::<f32>()).max(f64::MIN_POSITIVE);
            let pieces = u32::try_from(dasharray.len()).map_or(f64::MAX, f64::from);
            self.dashes += length / period * pieces;
            if self.dashes.is_nan() || self.dashes > MAX_DASHES {
                return Err(format!("strokes of {:.0} dashes, allowed are {MAX_DASHES:.0}", self.dashes));
            }
        }
        Ok(())
    }

    fn touch(&mut self, pixels: f64) -> Result<(), String> {
        self.touched_px += pixels;
        if self.touched_px.is_nan() || self.touched_px > MAX_WORK_PX {
            return Err(format!("drawing it costs more than {MAX_WORK_PX:.0} blended pixels"));
        }
        Ok(())
    }
}

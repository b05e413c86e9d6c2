//! Overrides for some canvases: `"landscape": { … }` on a node replaces fields of the node on wide canvases.
//!
//! They are put in before the document is read by type, once for each shape of canvas that there is; so the rest
//! of this module never meets them. The pointer of a problem is led back to where the field was written.

use serde_json::{Map, Value};

use super::json::Wrong;
use super::strict::kind_of;
use crate::ground::geometry::Size;
use crate::ground::problem::member;

/// Shapes of canvas that a template tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CanvasShape {
    /// Higher than wide by more than 1.6, as 9:16 is: chat and story chrome covers its ends.
    Tall,
    /// Higher than wide, otherwise.
    Portrait,
    /// As high as wide, within 5 %.
    Square,
    /// Wider than high.
    Landscape,
}

/// The fields that hold overrides, and which canvases they are for.
pub(super) const OVERRIDES: [(&str, &str); 4] = [
    ("portrait", "canvases that are higher than wide"),
    ("tall", "canvases that are more than 1.6 times as high as wide, where it wins over `portrait`"),
    ("square", "canvases that are as high as wide"),
    ("landscape", "canvases that are wider than high"),
];

/// Fields of a node whose own fields are replaced one by one. Every one of these may be left out.
const MERGED: [&str; 5] = ["layout", "motion", "flex", "surface", "set"];

/// Fields that say which node it is; they are the same on every canvas.
pub(super) const FIXED: [&str; 3] = ["type", "id", "note"];

impl CanvasShape {
    /// All of them.
    pub(super) const ALL: [Self; 4] = [Self::Tall, Self::Portrait, Self::Square, Self::Landscape];

    /// The shape of a canvas.
    pub(super) fn of(canvas: Size) -> Self {
        let aspect = f64::from(canvas.width) / f64::from(canvas.height);
        if aspect > 1.05 {
            Self::Landscape
        } else if aspect >= 0.95 {
            Self::Square
        } else if f64::from(canvas.height) / f64::from(canvas.width) > 1.6 {
            Self::Tall
        } else {
            Self::Portrait
        }
    }

    /// The overrides that apply, the one that wins last.
    fn overrides(self) -> &'static [&'static str] {
        match self {
            Self::Tall => &["portrait", "tall"],
            Self::Portrait => &["portrait"],
            Self::Square => &["square"],
            Self::Landscape => &["landscape"],
        }
    }
}

/// Whether any node of a document has overrides.
pub(super) fn are_in(document: &Value) -> bool {
    match document {
        Value::Object(fields) => {
            let node = fields.contains_key("type") && OVERRIDES.iter().any(|(name, _)| fields.contains_key(*name));
            node || fields.values().any(are_in)
        }
        Value::Array(list) => list.iter().any(are_in),
        _ => false,
    }
}

/// Puts in the overrides for one shape of canvas and takes all others out; for `None` it takes all out.
///
/// # Errors
/// The first override that is not an object of fields, with its place.
pub(super) fn put_in(document: &mut Value, shape: Option<CanvasShape>) -> Result<(), Wrong> {
    let applied = shape.map_or(&[][..], CanvasShape::overrides);
    let Some(fields) = document.as_object_mut() else { return Ok(()) };
    in_list(fields, "backdrop", applied, "")?;
    in_list(fields, "children", applied, "")?;
    for (index, scene) in fields.get_mut("scenes").and_then(Value::as_array_mut).into_iter().flatten().enumerate() {
        if let Some(scene) = scene.as_object_mut() {
            in_list(scene, "children", applied, &format!("/scenes/{index}"))?;
        }
    }
    for (name, part) in fields.get_mut("parts").and_then(Value::as_object_mut).into_iter().flatten() {
        if let Some(part) = part.as_object_mut() {
            in_list(part, "children", applied, &member("/parts", name))?;
        }
    }
    Ok(())
}

fn in_list(fields: &mut Map<String, Value>, name: &str, applied: &[&str], at: &str) -> Result<(), Wrong> {
    for (index, node) in fields.get_mut(name).and_then(Value::as_array_mut).into_iter().flatten().enumerate() {
        in_node(node, applied, &format!("{at}/{name}/{index}"))?;
    }
    Ok(())
}

fn in_node(node: &mut Value, applied: &[&str], at: &str) -> Result<(), Wrong> {
    let Some(fields) = node.as_object_mut() else { return Ok(()) };
    let mut found: Vec<(&str, Map<String, Value>)> = Vec::new();
    for (name, _) in OVERRIDES {
        match fields.remove(name) {
            None => {}
            Some(Value::Object(changes)) => {
                if let Some(field) = changes
                    .keys()
                    .find(|key| FIXED.contains(&key.as_str()) || OVERRIDES.iter().any(|(name, _)| name == key))
                {
                    let reason = format!("`{field}` is the same on every canvas; expected other fields of this node");
                    return Err((member(&format!("{at}/{name}"), field), reason));
                }
                found.push((name, changes));
            }
            Some(other) => {
                let reason = format!("found {}, expected an object with fields of this node", kind_of(&other));
                return Err((format!("{at}/{name}"), reason));
            }
        }
    }
    for name in applied {
        let changes = found.iter_mut().find(|(other, _)| other == name);
        merge(fields, changes.map(|(_, changes)| std::mem::take(changes)).unwrap_or_default());
    }
    in_list(fields, "children", applied, at)?;
    in_list(fields, "otherwise", applied, at)?;
    for (index, case) in fields.get_mut("cases").and_then(Value::as_array_mut).into_iter().flatten().enumerate() {
        if let Some(case) = case.as_object_mut() {
            in_list(case, "then", applied, &format!("{at}/cases/{index}"))?;
        }
    }
    Ok(())
}

fn merge(fields: &mut Map<String, Value>, changes: Map<String, Value>) {
    for (name, value) in changes {
        match (fields.get_mut(&name), value) {
            (Some(Value::Object(own)), Value::Object(new)) if MERGED.contains(&name.as_str()) => own.extend(new),
            (_, value) => drop(fields.insert(name, value)),
        }
    }
}

/// Where that was written which stands at `pointer` once the overrides for `shape` are put in.
pub(super) fn written_at(document: &Value, shape: CanvasShape, pointer: &str) -> String {
    let mut place = String::new();
    let mut here = document;
    let mut rest = pointer.split('/').skip(1).peekable();
    while let Some(key) = rest.next() {
        let name = key.replace("~1", "/").replace("~0", "~");
        let inner = rest.peek().map(|key| key.replace("~1", "/").replace("~0", "~"));
        let changes = shape.overrides().iter().rev().filter(|_| here.get("type").is_some()).find_map(|field| {
            let value = here.get(field)?.get(&name)?;
            // Of a field that is merged, only what the override says was written there.
            let merged =
                MERGED.contains(&name.as_str()) && value.is_object() && here.get(&name).is_some_and(Value::is_object);
            let said = !merged || inner.as_ref().is_some_and(|inner| value.get(inner).is_some());
            said.then_some((field, value))
        });
        if let Some((field, _)) = changes {
            place.push_str(&format!("/{field}"));
        }
        place.push('/');
        place.push_str(key);
        let next = changes.map(|(_, value)| value).or_else(|| match here {
            Value::Array(list) => list.get(name.parse::<usize>().ok()?),
            fields => fields.get(&name),
        });
        match next {
            Some(next) => here = next,
            None => {
                rest.for_each(|key| place.push_str(&format!("/{key}")));
                break;
            }
        }
    }
    place
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document() -> Value {
        json!({ "scenes": [{ "children": [{
            "type": "group", "layout": { "width": 1, "height": 2 }, "clip": true,
            "portrait": { "layout": { "width": 3 } },
            "tall": { "layout": { "height": 4 }, "clip": false },
            "landscape": { "children": [{ "type": "text", "text": "wide", "square": { "text": "no" }, "landscape": { "text": "wider" } }] },
            "children": [{ "type": "text", "text": "any", "square": { "text": "even" } }]
        }] }] })
    }

    fn node(shape: Option<CanvasShape>) -> Value {
        let mut document = document();
        put_in(&mut document, shape).expect("good overrides");
        document["scenes"][0]["children"][0].take()
    }

    fn group(width: u32, height: u32, clip: bool, text: &str) -> Value {
        json!({ "type": "group", "layout": { "width": width, "height": height }, "clip": clip,
            "children": [{ "type": "text", "text": text }] })
    }

    #[test]
    fn each_canvas_gets_its_own_fields() {
        assert_eq!(node(None), group(1, 2, true, "any"));
        assert_eq!(node(Some(CanvasShape::Tall)), group(3, 4, false, "any"));
        assert_eq!(node(Some(CanvasShape::Portrait)), group(3, 2, true, "any"));
        assert_eq!(node(Some(CanvasShape::Square)), group(1, 2, true, "even"));
        assert_eq!(node(Some(CanvasShape::Landscape)), group(1, 2, true, "wider"));
    }

    #[test]
    fn a_place_is_that_in_which_it_was_written() {
        let document = document();
        let place = |shape, pointer: &str| written_at(&document, shape, &format!("/scenes/0/children/0{pointer}"));
        let at = |pointer: &str| format!("/scenes/0/children/0{pointer}");
        assert_eq!(place(CanvasShape::Tall, "/layout/width"), at("/portrait/layout/width"));
        assert_eq!(place(CanvasShape::Tall, "/layout/height"), at("/tall/layout/height"));
        assert_eq!(place(CanvasShape::Tall, "/layout/grow"), at("/layout/grow"));
        assert_eq!(place(CanvasShape::Square, "/layout/width"), at("/layout/width"));
        assert_eq!(place(CanvasShape::Square, "/children/0/text"), at("/children/0/square/text"));
        assert_eq!(place(CanvasShape::Landscape, "/children/0/text"), at("/landscape/children/0/landscape/text"));
        assert_eq!(place(CanvasShape::Landscape, "/children/0/motion/enter"), at("/landscape/children/0/motion/enter"));
        assert_eq!(place(CanvasShape::Landscape, ""), at(""));
    }

    #[test]
    fn what_is_no_override_is_refused_at_its_place() {
        let mut bad = document();
        bad["scenes"][0]["children"][0]["square"] = json!([1]);
        let (pointer, reason) = put_in(&mut bad, None).expect_err("a list");
        assert_eq!(pointer, "/scenes/0/children/0/square");
        assert!(reason.contains("found a list, expected an object"), "{reason}");
        let mut bad = document();
        bad["scenes"][0]["children"][0]["square"] = json!({ "type": "text" });
        assert_eq!(put_in(&mut bad, None).expect_err("another kind").0, "/scenes/0/children/0/square/type");
    }

    #[test]
    fn shapes_agree_with_the_canvases_of_expressions() {
        for (size, shape) in [
            (Size::PORTRAIT, CanvasShape::Tall),
            (Size::FEED, CanvasShape::Portrait),
            (Size::SQUARE, CanvasShape::Square),
            (Size::LANDSCAPE, CanvasShape::Landscape),
        ] {
            assert_eq!(CanvasShape::of(size), shape, "{size}");
        }
    }
}

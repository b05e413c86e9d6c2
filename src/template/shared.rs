//! Parts that every template may use without having them: `templates/parts`, built into the program.
//!
//! A template's own part of the same name wins. Styles, spaces and colours that a shared part names are those of the
//! template that uses it, which must have them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::files::PARTS_FOLDER;

macro_rules! parts {
    ($($name:literal),+) => {
        &[$(($name, include_bytes!(concat!("../../templates/parts/", $name, ".json")))),+]
    };
}

const PARTS: &[(&str, &[u8])] = parts!("taxes");

/// Names and files of the shared parts, in alphabetical order.
pub fn shared_parts() -> impl Iterator<Item = (&'static str, &'static [u8])> {
    PARTS.iter().copied()
}

/// The file of a shared part, for messages: no file of the template has that name.
pub(super) fn file_name(name: &str) -> String {
    format!("shared/{PARTS_FOLDER}/{name}.json")
}

/// The shared parts that a document or its `own` parts use and do not have, those that they use in turn included.
pub(super) fn missing(document: &Value, own: &Map<String, Value>) -> BTreeMap<&'static str, &'static [u8]> {
    let mut found = BTreeMap::new();
    let mut wanted = BTreeSet::new();
    used(document, &mut wanted);
    own.values().for_each(|part| used(part, &mut wanted));
    while let Some(name) = wanted.pop_first() {
        let part = shared_parts().find(|(shared, _)| *shared == name && !own.contains_key(*shared));
        if let Some((name, bytes)) = part.filter(|(name, _)| !found.contains_key(name)) {
            found.insert(name, bytes);
            used(&serde_json::from_slice(bytes).unwrap_or_default(), &mut wanted);
        }
    }
    found
}

/// Adds the names of all parts that are used anywhere inside.
fn used(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            if fields.get("type").is_some_and(|kind| kind == "use") {
                names.extend(fields.get("part").and_then(Value::as_str).map(str::to_owned));
            }
            fields.values().for_each(|inner| used(inner, names));
        }
        Value::Array(list) => list.iter().for_each(|inner| used(inner, names)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn shared_parts_are_good_json_in_order() {
        for (name, bytes) in shared_parts() {
            let part: Value = serde_json::from_slice(bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(part["note"].is_string(), "{name} does not say what it is and needs");
        }
        assert!(shared_parts().map(|(name, _)| name).is_sorted());
    }

    #[test]
    fn only_what_is_used_and_not_there_comes_from_the_shared_ones() {
        let uses = json!([{ "type": "group", "children": [{ "type": "use", "part": "taxes" }] }]);
        let names = |document: Value, own: Value| {
            missing(&document, own.as_object().expect("parts")).into_keys().collect::<Vec<_>>()
        };
        let scenes = json!({ "scenes": [{ "children": uses }] });
        assert_eq!(names(scenes.clone(), json!({})), ["taxes"]);
        assert_eq!(names(json!({}), json!({ "own": { "children": uses } })), ["taxes"]);
        assert!(names(scenes, json!({ "taxes": {} })).is_empty());
        assert!(names(json!({ "scenes": [{ "children": [{ "type": "use", "part": "own" }] }] }), json!({})).is_empty());
    }
}

//! Numbers by name: `{"$number": "slow"}` stands for `theme.numbers.slow` wherever a template wants a number.
//!
//! Names are put in before the document is read by type, so that no field needs to know of them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::error::unknown;

/// The only key of an object that stands for a number.
const KEY: &str = "$number";

/// The numbers of a document that is not read by type yet; the reader reports what is not a number there.
pub(super) fn of(document: &Value) -> BTreeMap<String, Value> {
    let named = document.pointer("/theme/numbers").and_then(Value::as_object);
    let numbers = named.into_iter().flatten().filter(|(_, value)| value.is_number());
    numbers.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Puts numbers in the places of their names.
///
/// # Errors
/// The pointer to the first name that is not a number of the theme, and the reason.
pub(super) fn put_in(value: &mut Value, numbers: &BTreeMap<String, Value>) -> Result<(), (String, String)> {
    let within = |key: String, (inner, reason): (String, String)| (format!("{key}{inner}"), reason);
    match value {
        Value::Object(fields) if fields.len() == 1 && fields.contains_key(KEY) => {
            let name = fields[KEY].as_str().unwrap_or_default();
            let number = numbers.get(name).cloned();
            let unknown = || (String::new(), unknown("number", name, numbers.keys()));
            *value = number.ok_or_else(unknown)?;
            Ok(())
        }
        Value::Object(fields) => fields.iter_mut().try_for_each(|(key, inner)| {
            put_in(inner, numbers).map_err(|error| within(crate::ground::problem::member("", key), error))
        }),
        Value::Array(list) => list
            .iter_mut()
            .enumerate()
            .try_for_each(|(index, inner)| put_in(inner, numbers).map_err(|error| within(format!("/{index}"), error))),
        _ => Ok(()),
    }
}

/// Lets a JSON Schema take a name wherever it takes a number.
pub(super) fn allow_in(schema: &mut Value) {
    allow(schema);
    schema["$defs"]["NumberName"] = json!({
        "description": "A name of `theme.numbers` in the place of a number.",
        "type": "object",
        "properties": { KEY: { "type": "string", "minLength": 1 } },
        "required": [KEY],
        "additionalProperties": false
    });
}

fn allow(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            fields.values_mut().for_each(allow);
            let is_number = |kind: &Value| matches!(kind.as_str(), Some("number" | "integer"));
            let wants_number = fields.get("type").is_some_and(|kind| match kind {
                Value::Array(kinds) => kinds.iter().any(is_number),
                kind => is_number(kind),
            });
            if wants_number {
                let description = fields.remove("description");
                let default = fields.remove("default");
                let mut both = json!({ "anyOf": [schema.take(), { "$ref": "#/$defs/NumberName" }] });
                for (key, value) in [("description", description), ("default", default)] {
                    if let Some(value) = value {
                        both[key] = value;
                    }
                }
                *schema = both;
            }
        }
        Value::Array(list) => list.iter_mut().for_each(allow),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_numbers_and_unknown_ones_are_told() {
        let mut document = json!({
            "theme": { "numbers": { "slow": 0.9, "heavy": 700 } },
            "scenes": [{ "stagger": { "$number": "slow" }, "with": { "$number": "x", "other": 1 } }]
        });
        let numbers = of(&document);
        assert_eq!(put_in(&mut document["scenes"][0]["stagger"], &numbers), Ok(()));
        assert_eq!(document["scenes"][0]["stagger"], 0.9);
        assert_eq!(put_in(&mut document, &numbers), Ok(()), "an object with more keys is no name");
        document["scenes"][0]["stagger"] = json!({ "$number": "slo" });
        let (pointer, reason) = put_in(&mut document, &numbers).expect_err("misspelt");
        assert_eq!(pointer, "/scenes/0/stagger");
        assert!(reason.contains("did you mean `slow`"), "{reason}");
    }
}

//! JSON as quotes and templates are written: a byte order mark is skipped, and repeated keys are found.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::ground::problem::{element, member};

/// What a document holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// Its value; of keys that come twice the last.
    pub value: Value,
    /// Every key that an object names again, in the order of the text.
    pub repeated: Vec<Repeated>,
}

/// A key that its object has already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repeated {
    /// Where it stands, as a JSON pointer.
    pub pointer: String,
    /// The key itself.
    pub key: String,
}

/// Reads one document and nothing after it. Nesting ends at 128 levels; how long the text may be is the caller's
/// affair.
///
/// # Errors
/// What is no JSON (RFC 8259), with line and column.
pub fn read(bytes: &[u8]) -> Result<Document, serde_json::Error> {
    let bytes = bytes.strip_prefix("\u{FEFF}".as_bytes()).unwrap_or(bytes);
    let repeated = RefCell::new(Vec::new());
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = Element { pointer: String::new(), repeated: &repeated }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(Document { value, repeated: repeated.into_inner() })
}

/// Name of the member that links a document to its JSON Schema, for editors. Readers ignore it.
pub(crate) const SCHEMA_KEY: &str = "$schema";

/// States the ranges of numbers in a generated JSON Schema by `minimum` and `maximum`, instead of formats such as `uint32`
/// that no validator knows.
pub(crate) fn ranges_for_formats(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            members.values_mut().for_each(ranges_for_formats);
            let range: Option<(Option<i64>, Option<i64>)> = match members.get("format").and_then(Value::as_str) {
                Some("uint8") => Some((Some(0), Some(i64::from(u8::MAX)))),
                Some("uint16") => Some((Some(0), Some(i64::from(u16::MAX)))),
                Some("uint32") => Some((Some(0), Some(i64::from(u32::MAX)))),
                Some("uint64" | "uint") => Some((Some(0), None)),
                Some("int8") => Some((Some(i64::from(i8::MIN)), Some(i64::from(i8::MAX)))),
                Some("int16") => Some((Some(i64::from(i16::MIN)), Some(i64::from(i16::MAX)))),
                Some("int32") => Some((Some(i64::from(i32::MIN)), Some(i64::from(i32::MAX)))),
                Some("int64" | "int" | "float" | "double") => Some((None, None)),
                _ => None,
            };
            if let Some((least, most)) = range {
                members.remove("format");
                for (key, limit) in [("minimum", least), ("maximum", most)] {
                    if let Some(limit) = limit {
                        members.entry(key).or_insert_with(|| limit.into());
                    }
                }
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(ranges_for_formats),
        _ => {}
    }
}

/// Builds a value and notes where an object names a key twice; `serde_json` alone would keep the last one silently.
struct Element<'a> {
    pointer: String,
    repeated: &'a RefCell<Vec<Repeated>>,
}

impl<'de> DeserializeSeed<'de> for Element<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Element<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        loop {
            let pointer = element(&self.pointer, values.len());
            match access.next_element_seed(Element { pointer, repeated: self.repeated })? {
                Some(value) => values.push(value),
                None => return Ok(Value::Array(values)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut values = Map::new();
        while let Some(key) = access.next_key::<String>()? {
            let pointer = member(&self.pointer, &key);
            if values.contains_key(&key) {
                self.repeated.borrow_mut().push(Repeated { pointer: pointer.clone(), key: key.clone() });
            }
            let value = access.next_value_seed(Element { pointer, repeated: self.repeated })?;
            values.insert(key, value);
        }
        Ok(Value::Object(values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_repeated_key_is_told_and_a_byte_order_mark_passed_over() {
        let document =
            read("\u{FEFF}{\"a\": [{\"b/c\": 1, \"b/c\": 2}], \"d\": 0, \"d\": 1.5}".as_bytes()).expect("JSON");
        assert_eq!(document.value, serde_json::json!({ "a": [{ "b/c": 2 }], "d": 1.5 }));
        let found: Vec<(&str, &str)> =
            document.repeated.iter().map(|repeated| (repeated.pointer.as_str(), repeated.key.as_str())).collect();
        assert_eq!(found, [("/a/0/b~1c", "b/c"), ("/d", "d")]);
    }

    #[test]
    fn one_document_is_one_document() {
        for (text, reason) in [
            ("{} {}", "trailing characters at line 1"),
            ("", "EOF while parsing"),
            ("{\"a\": NaN}", "expected value"),
            ("[1e999]", "number out of range"),
            (&"[".repeat(10_000), "recursion limit exceeded"),
        ] {
            let error = read(text.as_bytes()).expect_err(text).to_string();
            assert!(error.starts_with(reason), "{error}");
        }
    }
}

//! From the bytes of a template's file to a JSON value: size, depth, every key once. What it means is none of its business.
//!
//! A quote's file is read by the same rules: a byte order mark is passed over, a key that comes twice is refused.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::problem::{element, member, quoted};
use crate::template::LARGEST_FILE_BYTES;

/// Deepest nesting of JSON; serde_json itself stops at 128.
const DEEPEST: usize = 100;

/// A place in a file, as a JSON pointer, and what is wrong there.
pub(super) type Wrong = (String, String);

/// Reads one file.
///
/// # Errors
/// What is wrong with it as a whole, or every key that comes a second time.
pub(super) fn read(bytes: &[u8]) -> Result<Value, Vec<Wrong>> {
    let whole = |reason: String| vec![(String::new(), reason)];
    if bytes.len() > LARGEST_FILE_BYTES {
        return Err(whole(format!("the file has {} bytes; at most {LARGEST_FILE_BYTES} are allowed", bytes.len())));
    }
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let repeated = RefCell::new(Vec::new());
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = Element { pointer: String::new(), repeated: &repeated }.deserialize(&mut deserializer);
    let value = value.and_then(|value| deserializer.end().map(|()| value));
    let value = value.map_err(|error| whole(format!("not valid JSON: {error}")))?;
    if depth(&value) > DEEPEST {
        return Err(whole(format!("nested deeper than {DEEPEST} levels")));
    }
    let repeated = repeated.into_inner();
    if repeated.is_empty() { Ok(value) } else { Err(repeated) }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(list) => 1 + list.iter().map(depth).max().unwrap_or(0),
        Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// Builds a value and notes where an object names a key twice; `serde_json` alone would keep the last one silently.
struct Element<'a> {
    pointer: String,
    repeated: &'a RefCell<Vec<Wrong>>,
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
                let reason = format!("{} a second time; expected every key once", quoted(&key, 60));
                self.repeated.borrow_mut().push((pointer.clone(), reason));
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
    fn a_byte_order_mark_is_passed_over_and_every_repeated_key_is_told() {
        assert_eq!(read("\u{feff}{\"a\": [1.5, null]}".as_bytes()), Ok(serde_json::json!({ "a": [1.5, null] })));
        let wrong = read(br#"{"a": [{"b": 1, "b": 2}], "c": 0, "c": 0, "a": 1}"#).expect_err("repeated keys");
        let places: Vec<&str> = wrong.iter().map(|(pointer, _)| pointer.as_str()).collect();
        assert_eq!(places, ["/a/0/b", "/c", "/a"]);
        assert_eq!(wrong[1].1, "`c` a second time; expected every key once");
        assert!(read(b"{} {}").is_err_and(|wrong| wrong[0].1.starts_with("not valid JSON: trailing characters")));
    }
}

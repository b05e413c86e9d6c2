//! JSON values as the types of a document, strictly: serde reads a list as an object field by field, by position; here a list
//! is never an object. And in plain words: serde names what it expects as Rust does.

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{DeserializeOwned, Deserializer, Error as _, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Error, Value};

/// A JSON value of which lists are no objects.
pub(super) struct Strict(pub(super) Value);

impl IntoDeserializer<'_, Error> for Strict {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Strict {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Array(list) => {
                let mut list = SeqDeserializer::new(list.into_iter().map(Strict));
                let value = visitor.visit_seq(&mut list)?;
                list.end().map(|()| value)
            }
            Value::Object(fields) => {
                visitor.visit_map(MapDeserializer::new(fields.into_iter().map(|(key, value)| (key, Strict(value)))))
            }
            plain => plain.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        if self.0.is_object() {
            self.deserialize_any(visitor)
        } else {
            Err(Error::custom(format!("found {}, expected an object", kind_of(&self.0))))
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        enumeration: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.0 {
            name @ Value::String(_) => name.deserialize_enum(enumeration, variants, visitor),
            other => {
                let names: Vec<String> = variants.iter().map(|name| format!("`{name}`")).collect();
                Err(Error::custom(format!("found {}, expected one of {}", kind_of(&other), names.join(", "))))
            }
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}

/// The names of the fields of a struct, in their order; of anything else none.
pub(super) fn field_names<T: DeserializeOwned>() -> &'static [&'static str] {
    let mut names: &'static [&'static str] = &[];
    // It reads nothing, so it ends in an error; the names are known by then.
    let _read = T::deserialize(FieldNames(&mut names));
    names
}

/// A source of nothing that only looks at which fields are asked of it.
struct FieldNames<'n>(&'n mut &'static [&'static str]);

impl<'de> Deserializer<'de> for FieldNames<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("nothing to read"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        *self.0 = fields;
        self.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// For fields inside a value that may be written in more than one way: an object, and never a list of its fields.
pub(super) fn object<'de, D: Deserializer<'de>, T: DeserializeOwned>(from: D) -> Result<T, D::Error> {
    let value = <Value as serde::Deserialize>::deserialize(from)?;
    T::deserialize(Strict(value)).map_err(D::Error::custom)
}

/// What a value is, in words.
pub(super) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// What serde says of a value of the wrong kind, in the words of JSON: `found the text "400", expected a number`.
pub(super) fn in_words(reason: String) -> String {
    let found = ["invalid type: ", "invalid value: ", "invalid length "].into_iter();
    let Some((start, rest)) = found.clone().find_map(|start| Some((start, reason.strip_prefix(start)?))) else {
        return reason;
    };
    let Some((found, expected)) = rest.rsplit_once(", expected ") else { return reason };
    let found = if start == "invalid length " {
        format!("a list of {found}")
    } else {
        match found.split_once(' ') {
            Some(("string", text)) => format!("the text {text}"),
            Some(("integer", number)) => format!("the number {}", number.trim_matches('`')),
            Some(("floating", number)) => {
                format!("the number {}", number.trim_start_matches("point ").trim_matches('`'))
            }
            Some(("boolean", value)) => value.trim_matches('`').to_owned(),
            _ => match found {
                "sequence" => "a list".to_owned(),
                "map" => "an object".to_owned(),
                other => other.to_owned(),
            },
        }
    };
    let expected = match expected {
        "f32" | "f64" => "a number",
        "u16" => "a whole number of 0 to 65535",
        "u32" => "a whole number of 0 to 4294967295",
        "a boolean" => "true or false",
        "a string" => "a text",
        "a sequence" => "a list",
        "a map" => "an object",
        other => other,
    };
    let expected =
        expected.strip_prefix("an array of length ").map_or(expected.to_owned(), |n| format!("a list of {n}"));
    let expected =
        expected.strip_suffix(" elements in sequence").map_or(expected.clone(), |n| format!("a list of {n}"));
    format!("found {found}, expected {expected}")
}

/// Marks where a pointer begins and ends inside an error text. serde carries only a text out of a nested value; the
/// pointer within that value travels in front of the message and [`split_pointer`] takes it off again.
const MARK: char = '\u{1}';

pub(super) fn at_pointer<T, E: serde::de::Error>(
    result: Result<T, serde_path_to_error::Error<serde_json::Error>>,
) -> Result<T, E> {
    result.map_err(|error| {
        let (inner, message) = split_pointer(&error.inner().to_string());
        E::custom(format!("{MARK}{}{inner}{MARK}{message}", pointer(error.path())))
    })
}

/// An error at a field of a nested value.
pub(super) fn at_field<E: serde::de::Error>(field: &str, message: impl std::fmt::Display) -> E {
    E::custom(format!("{MARK}{}{MARK}{message}", crate::ground::problem::member("", field)))
}

/// Splits the text of an error into the JSON pointer it carries (empty when none) and its message.
#[must_use]
pub(super) fn split_pointer(text: &str) -> (String, String) {
    let mut parts = text.splitn(3, MARK);
    match (parts.next(), parts.next(), parts.next()) {
        (Some(before), Some(pointer), Some(message)) => (pointer.to_owned(), format!("{before}{message}")),
        _ => (String::new(), text.to_owned()),
    }
}

/// A serde path as a JSON pointer (RFC 6901).
#[must_use]
pub(super) fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } | Segment::Enum { variant: key } => {
                pointer.push('/');
                pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
            }
            Segment::Unknown => {}
        }
    }
    pointer
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Default, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Place {
        x: f32,
        lines: u32,
        inner: Option<Box<Place>>,
        more: BTreeMap<String, Place>,
        pair: [f32; 2],
        shown: bool,
        name: String,
    }

    #[test]
    fn a_list_is_no_object_and_kinds_have_plain_names() {
        for (value, words) in [
            (json!([1, 2]), "found a list, expected an object"),
            (json!("x"), "found a text, expected an object"),
            (json!({ "inner": [1] }), "found a list, expected an object"),
            (json!({ "more": { "a": [] } }), "found a list, expected an object"),
            (json!({ "more": [] }), "found a list, expected an object"),
            (json!({ "x": "400" }), "found the text \"400\", expected a number"),
            (json!({ "x": null }), "found null, expected a number"),
            (json!({ "lines": -1 }), "found the number -1, expected a whole number of 0 to 4294967295"),
            (json!({ "lines": 1.5 }), "found the number 1.5, expected a whole number of 0 to 4294967295"),
            (json!({ "pair": [1] }), "found a list of 1, expected a list of 2"),
            (json!({ "pair": [1, 2, 3] }), "found a list of 3, expected a list of 2"),
            (json!({ "pair": {} }), "found an object, expected a list of 2"),
            (json!({ "shown": 1 }), "found the number 1, expected true or false"),
            (json!({ "name": true }), "found true, expected a text"),
        ] {
            let error = Place::deserialize(Strict(value.clone())).expect_err(words);
            assert_eq!(in_words(error.to_string()), words, "{value}");
        }
        let whole = json!({ "x": 1, "inner": { "x": 2.5 }, "more": { "a": { "pair": [1, 2] } }, "shown": true });
        let place = Place::deserialize(Strict(whole)).expect("a place");
        assert_eq!((place.x, place.inner.map(|inner| inner.x), place.more["a"].pair), (1.0, Some(2.5), [1.0, 2.0]));
    }
}

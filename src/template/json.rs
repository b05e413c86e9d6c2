//! From the bytes of a template's file to a JSON value: size, depth, every key once. Its fields are read elsewhere.
//!
//! A quote's file is read by the same rules: a byte order mark is passed over, a key that comes twice is refused.

use serde_json::Value;

use super::files::MAX_FILE_BYTES;
use crate::ground::json::{self, Repeated};
use crate::ground::problem::quoted;

/// Deepest nesting of JSON; serde_json itself stops at 128.
const MAX_DEPTH: usize = 100;

/// A place in a file, as a JSON pointer, and what is wrong there.
pub(super) type Wrong = (String, String);

/// Reads one file.
///
/// # Errors
/// What is wrong with it as a whole, or every key that comes a second time.
pub(super) fn read(bytes: &[u8]) -> Result<Value, Vec<Wrong>> {
    let whole = |reason: String| vec![(String::new(), reason)];
    if bytes.len() > MAX_FILE_BYTES {
        return Err(whole(format!("the file has {} bytes; at most {MAX_FILE_BYTES} are allowed", bytes.len())));
    }
    let document = json::read(bytes).map_err(|error| whole(format!("not valid JSON: {error}")))?;
    if depth(&document.value) > MAX_DEPTH {
        return Err(whole(format!("nested deeper than {MAX_DEPTH} levels")));
    }
    let wrong = |Repeated { pointer, key }: Repeated| {
        (pointer, format!("{} a second time; expected every key once", quoted(&key, 60)))
    };
    if document.repeated.is_empty() {
        Ok(document.value)
    } else {
        Err(document.repeated.into_iter().map(wrong).collect())
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(list) => 1 + list.iter().map(depth).max().unwrap_or(0),
        Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or(0),
        _ => 0,
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

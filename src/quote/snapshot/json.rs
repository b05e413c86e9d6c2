//! From bytes to a JSON value, hostile until proven harmless: size, encoding, depth, count, syntax, duplicate keys.
//!
//! What the value means is not decided here.

use serde_json::Value;

use super::limits;
use crate::ground::json::{self, Repeated};
use crate::ground::problem::{Problem, Problems, quoted};

/// Reads the bytes of one JSON document. A byte order mark at its start is passed over.
///
/// # Errors
/// `too_large`, `not_utf8`, `too_deep`, `too_many_values`, `syntax` (alone), or every `duplicate_key`.
pub(super) fn read(bytes: &[u8]) -> Result<Value, Problems> {
    if bytes.len() > limits::INPUT_BYTES {
        let expected = format!("at most {} bytes", limits::INPUT_BYTES);
        let problem = Problem::error("too_large", "", format!("{} bytes", bytes.len()), expected);
        return Err(problem.with_hint("refer to large pictures by url or key instead of data URIs").into());
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let offset = error.valid_up_to();
        let found = format!("byte 0x{:02X} at offset {offset}", bytes.get(offset).copied().unwrap_or_default());
        Problem::error("not_utf8", "", found, "UTF-8 text")
    })?;
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    measure(text)?;
    let document = json::read(text.as_bytes()).map_err(|error| syntax(&error, text))?;
    if document.repeated.is_empty() {
        Ok(document.value)
    } else {
        Err(document.repeated.into_iter().map(duplicate).collect())
    }
}

/// Refuses documents that would cost too much to hold, before anything is built: one pass over the bytes.
fn measure(text: &str) -> Result<(), Problems> {
    let (mut depth, mut values, mut in_string, mut escaped) = (0usize, 1usize, false, false);
    for byte in text.bytes() {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => {
                depth += 1;
                values += 1;
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' => values += 1,
            _ => {}
        }
        if depth > limits::DEPTH {
            let expected = format!("at most {} levels of objects and arrays", limits::DEPTH);
            return Err(Problem::error("too_deep", "", format!("more than {} levels", limits::DEPTH), expected).into());
        }
        if values > limits::VALUES {
            let expected = format!("at most {} values in all", limits::VALUES);
            return Err(Problem::error("too_many_values", "", format!("more than {}", limits::VALUES), expected).into());
        }
    }
    Ok(())
}

fn syntax(error: &serde_json::Error, text: &str) -> Problem {
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or_default();
    let found = format!("{message} at line {}, column {}", error.line(), error.column());
    let problem = Problem::error("syntax", "", found, "one JSON document (RFC 8259)");
    if text.trim().is_empty() { problem.with_hint("the document is empty") } else { problem }
}

/// `serde_json` alone would keep the last one silently.
fn duplicate(Repeated { pointer, key }: Repeated) -> Problem {
    Problem::error("duplicate_key", pointer, format!("{} a second time", quoted(&key, 60)), "every key once")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(bytes: &[u8]) -> &'static str {
        read(bytes).unwrap_err().iter().next().unwrap().code
    }

    #[test]
    fn refuses_what_would_cost_too_much() {
        assert_eq!(code(&vec![b' '; 10_000_000]), "too_large");
        assert_eq!(code("[".repeat(100_000).as_bytes()), "too_deep");
        assert_eq!(code(format!("{}{}", "[".repeat(33), "]".repeat(33)).as_bytes()), "too_deep");
        assert!(read(format!("{}{}", "[".repeat(32), "]".repeat(32)).as_bytes()).is_ok());
        assert_eq!(code(format!("[{}0]", "0,".repeat(200_000)).as_bytes()), "too_many_values");
    }

    #[test]
    fn brackets_and_quotes_in_strings_do_not_count() {
        let text = format!("[\"{}\\\"{}\"]", "[".repeat(50), "{,".repeat(200_000));
        assert!(read(text.as_bytes()).is_ok());
    }

    #[test]
    fn names_the_place_of_broken_text() {
        let problems = read(b"{\"a\": \"\xff\"}").unwrap_err();
        assert_eq!(
            problems.to_string(),
            "error[not_utf8] the document: found byte 0xFF at offset 7, expected UTF-8 text"
        );
        let problems = read(b"{\n \"a\": 1,\n}").unwrap_err();
        assert!(problems.to_string().contains("trailing comma at line 3, column 1"), "{problems}");
        assert_eq!(code(b""), "syntax");
        assert_eq!(code(b"{} {}"), "syntax");
        assert_eq!(code(b"{\"a\": NaN}"), "syntax");
        assert_eq!(code(b"{\"a\": 1e999}"), "syntax");
    }

    #[test]
    fn finds_every_duplicate_key_and_passes_over_a_byte_order_mark() {
        let problems = read("\u{FEFF}{\"a\":[{\"b\":1,\"b\":2}],\"a\":0}".as_bytes()).unwrap_err();
        let pointers: Vec<&str> = problems.iter().map(|problem| problem.pointer.as_str()).collect();
        assert_eq!(pointers, ["/a/0/b", "/a"]);
        assert_eq!(read("\u{FEFF}[1.5]".as_bytes()).unwrap(), serde_json::json!([1.5]));
    }
}

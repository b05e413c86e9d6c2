//! The style by example, and its promises for any document.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::ground::json::read;

fn formatted(text: &str) -> String {
    format("x", "template.json", text.as_bytes()).unwrap_or_else(|problems| panic!("{problems:?}\n{text}"))
}

fn refused(bytes: &[u8]) -> Vec<(String, String)> {
    let problems = format("x", "strings/en.json", bytes).expect_err("refused");
    assert!(problems.iter().all(|problem| problem.template == "x" && problem.file == "strings/en.json"));
    problems.into_iter().map(|problem| (problem.pointer, problem.reason)).collect()
}

#[test]
fn what_fits_a_line_is_on_one() {
    for (text, style) in [
        ("{}", "{}\n"),
        (" [ ] ", "[]\n"),
        ("{\"b\":1,\n\n\"a\":[1,2,{}]}", "{ \"b\": 1, \"a\": [1, 2, {}] }\n"),
        ("[[],{\"a\":{\"b\":null}}]", "[[], { \"a\": { \"b\": null } }]\n"),
        ("\u{feff}\"a, b: {c}\"", "\"a, b: {c}\"\n"),
        ("true", "true\n"),
    ] {
        assert_eq!(formatted(text), style);
    }
}

#[test]
fn the_longest_line_has_a_hundred_characters() {
    let list = |letters: usize| format!("[\"{}\", 1]", "é".repeat(letters));
    assert_eq!(formatted(&list(93)).chars().count(), 101, "a hundred and the line feed");
    assert_eq!(formatted(&list(94)), format!("[\n  \"{}\",\n  1\n]\n", "é".repeat(94)));

    // The key, the indent and the comma count.
    let inner = |letters: usize| format!("{{\"a\": {}, \"b\": {}}}", list(letters), list(93));
    let lines =
        |letters: usize| formatted(&inner(letters)).lines().map(|line| line.chars().count()).collect::<Vec<_>>();
    assert_eq!(lines(85), [1, 100, 8, 100, 5, 3, 1]);
    assert_eq!(lines(86)[..5], [1, 8, 93, 5, 4]);
}

#[test]
fn a_long_text_stays_whole() {
    let text = "x".repeat(300);
    assert_eq!(
        formatted(&format!("{{\"a\":\"{text}\",\"b\":{{\"c\":\"{text}\"}}}}")),
        format!("{{\n  \"a\": \"{text}\",\n  \"b\": {{\n    \"c\": \"{text}\"\n  }}\n}}\n")
    );
}

#[test]
fn order_numbers_and_escapes_stay_as_they_are_written() {
    let text = r#"{ "z": 1.50, "a": [-0.0, 1E+2, 12345678901234567890], "é\u00e9\/": "\"\\\ud83d\ude00 😀\t" }"#;
    assert_eq!(formatted(text), format!("{text}\n"));
}

#[test]
fn what_cannot_be_read_is_refused_with_its_place() {
    let twice = refused(br#"{"a": [{"b": 1, "b": 2}], "a": 0}"#);
    let places: Vec<&str> = twice.iter().map(|(pointer, _)| pointer.as_str()).collect();
    assert_eq!(places, ["/a/0/b", "/a"]);
    assert_eq!(twice[1].1, "`a` a second time; expected every key once");
    for (bytes, reason) in [
        (b"{\"a\": 1} x".to_vec(), "not valid JSON: trailing characters"),
        (b"{\"a\": \"\xff\"}".to_vec(), "not valid JSON: "),
        (b"[1,]".to_vec(), "not valid JSON: trailing comma"),
        (Vec::new(), "not valid JSON: EOF"),
        ([b"[".repeat(101), b"]".repeat(101)].concat(), "nested deeper than 100 levels"),
        (b"[".repeat(100_000), "not valid JSON: recursion limit"),
        (b" ".repeat(MAX_FILE_BYTES + 1), "the file has 1048577 bytes"),
    ] {
        let problems = refused(&bytes);
        assert!(problems[0].0.is_empty() && problems[0].1.starts_with(reason), "{problems:?}");
    }
}

/// Half a megabyte of numbers 99 levels deep becomes a hundred by its indents.
#[test]
fn a_file_does_not_grow_past_its_limit() {
    let deep = format!("{}{}1{}", "[".repeat(99), "1,".repeat(250_000), "]".repeat(99));
    assert_eq!(refused(deep.as_bytes())[0].1, "formatted, the file would have more than the 1048576 bytes allowed");
}

/// Documents with the signs that a scanner of JSON could take for something else.
fn documents() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e6..1e6f64).prop_map(Value::from),
        "[a\u{e9}\u{1f600}\"\\\\,:\\[\\]{} \n]{0,40}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 120, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::btree_map("[a-z\"\\\\:{\u{e9}]{0,12}", inner, 0..8)
                .prop_map(|fields: BTreeMap<String, Value>| Value::from(serde_json::Map::from_iter(fields))),
        ]
    })
}

/// Whether a line may be longer: it has one text and nothing that could stand on another line.
fn is_unbreakable(line: &str) -> bool {
    let bare = line.trim().trim_end_matches(',');
    let wrapped = format!("{{{bare}}}");
    let member = serde_json::from_str::<serde_json::Map<String, Value>>(&wrapped).ok();
    let key_and_opening = bare
        .strip_suffix(['{', '['])
        .is_some_and(|key| serde_json::from_str::<serde_json::Map<String, Value>>(&format!("{{{key}0}}")).is_ok());
    let plain = |value: &Value| !(value.is_array() || value.is_object());
    let alone =
        |value: Value| plain(&value) || value.as_array().is_some_and(Vec::is_empty) || value == serde_json::json!({});
    key_and_opening
        || member.is_some_and(|member| member.len() == 1 && member.into_iter().all(|(_, value)| alone(value)))
        || serde_json::from_str::<Value>(bare).is_ok_and(alone)
}

proptest! {
    #[test]
    fn any_document_keeps_its_value_and_is_formatted_once(document in documents()) {
        let (compact, spread) = (document.to_string(), format!("{document:#}"));
        let style = formatted(&compact);
        let value = |text: &str| read(text.as_bytes()).expect("JSON").value;
        prop_assert_eq!(value(&style), value(&compact));
        prop_assert_eq!(&formatted(&style), &style, "formatted again");
        prop_assert_eq!(&formatted(&spread), &style, "white space does not count");
        prop_assert!(style.ends_with('\n') && !style.ends_with("\n\n"));
        for line in style.lines() {
            prop_assert!(line.chars().count() <= COLUMNS || is_unbreakable(line), "{}", line);
            prop_assert_eq!(line.trim_end(), line);
        }
    }
}

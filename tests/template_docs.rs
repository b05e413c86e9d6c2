//! The documentation of templates cannot drift: every step of the tutorial is rendered, and the reference is the one
//! that the JSON Schema gives. `QUOTEREEL_ACCEPT=1` writes the reference again.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use quotereel::template::{icon_names, schema};
use quotereel::{Problem, Quote, SIZES, Size};
use serde_json::{Map, Value};

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")
}

/// A block of JSON of the tutorial: what it sets, and the JSON.
struct Block {
    /// `file=PATH` for a whole file, `at=POINTER` for a place in `template.json`.
    target: (String, String),
    json: Value,
}

fn blocks(markdown: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    for part in markdown.split("\n```") {
        let Some(rest) = part.strip_prefix("json ") else { continue };
        let (info, json) = rest.split_once('\n').expect("a block has lines");
        let target = info.split_once('=').unwrap_or_else(|| panic!("`json {info}` says not what it sets"));
        let json = serde_json::from_str(json).unwrap_or_else(|error| panic!("{info}: {error}\n{json}"));
        blocks.push(Block { target: (target.0.to_owned(), target.1.to_owned()), json });
    }
    blocks
}

/// Sets what stands at a pointer; the end of a list grows it.
fn set(document: &mut Value, pointer: &str, value: Value) {
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
    match document.pointer_mut(parent).unwrap_or_else(|| panic!("nothing at {parent}")) {
        Value::Object(fields) => drop(fields.insert(key.to_owned(), value)),
        Value::Array(list) => match key.parse::<usize>().expect("an index") {
            at if at == list.len() => list.push(value),
            at => list[at] = value,
        },
        other => panic!("{other} has no members"),
    }
}

fn quote(folder: &Path, size: Size) -> Quote {
    let quotes = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/quotes");
    let quote = Quote::read(quotes.join("solar-es-cl.json")).expect("a fixture");
    quote.template(folder).size(size).threads(std::num::NonZeroUsize::MIN)
}

/// Every step leaves a template that renders; the last one stands on every canvas and takes its parameter.
#[test]
fn every_step_of_the_tutorial_renders() {
    let markdown = std::fs::read_to_string(docs().join("templates.md")).expect("the tutorial");
    let folder = tempfile::tempdir().expect("a folder");
    let mut document = Value::Null;
    let mut steps = 0;
    for Block { target: (kind, place), json } in blocks(&markdown) {
        match kind.as_str() {
            "file" if place == "template.json" => document = json,
            "file" => {
                let path = folder.path().join(&place);
                std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
                std::fs::write(path, json.to_string()).expect("written");
                continue;
            }
            "at" => set(&mut document, &place, json),
            other => panic!("a block cannot say `{other}`"),
        }
        std::fs::write(folder.path().join("template.json"), document.to_string()).expect("written");
        let quote = quote(folder.path(), Size::PORTRAIT);
        let video = quote.prepare().unwrap_or_else(|error| panic!("after {kind}={place}: {error}"));
        // The quote is Spanish; the tutorial adds Spanish words in a late step.
        let other = |problem: &&Problem| problem.code != "locale_without_words";
        assert_eq!(video.warnings().iter().find(other), None, "after {kind}={place}");
        let frame = video.frame(video.thumbnail_frame());
        assert!(frame.pixels().as_chunks::<4>().0.iter().any(|pixel| *pixel != frame.pixels()[..4]), "an empty frame");
        steps += 1;
    }
    assert!(steps >= 6, "{steps} steps");
    for size in SIZES {
        quote(folder.path(), size).prepare().unwrap_or_else(|error| panic!("{size}: {error}"));
    }
    let quote = quote(folder.path(), Size::PORTRAIT).param("accent", "#12A150");
    quote.prepare().expect("the parameter is there");
}

#[test]
fn the_reference_is_that_of_the_schema() {
    let path = docs().join("template-reference.md");
    let written = reference(&schema());
    if std::env::var_os("QUOTEREEL_ACCEPT").is_some_and(|value| value == "1") {
        std::fs::write(&path, written).expect("writable");
        return;
    }
    let committed = std::fs::read_to_string(&path).expect("the reference");
    assert!(committed == written, "docs/template-reference.md is not that of the schema; QUOTEREEL_ACCEPT=1 writes it");
}

/// Names of fields anywhere in a schema.
fn field_names(of: &Value, names: &mut BTreeSet<String>) {
    if let Some(fields) = of["properties"].as_object() {
        names.extend(fields.keys().cloned());
    }
    match of {
        Value::Object(members) => members.values().for_each(|member| field_names(member, names)),
        Value::Array(members) => members.iter().for_each(|member| field_names(member, names)),
        _ => {}
    }
}

#[test]
fn the_reference_leaves_no_field_out() {
    let page = reference(&schema());
    let mut names = BTreeSet::new();
    field_names(&schema(), &mut names);
    assert!(names.contains("monogramFill"), "a field of a node");
    names.remove("$number");
    let absent: Vec<&String> = names.iter().filter(|name| !page.contains(&format!("`{name}`"))).collect();
    assert!(absent.is_empty(), "{absent:?}");
}

const HEAD: &str = "\
# Reference of template.json

Generated from the JSON Schema (`render schema template`). [templates.md](templates.md) builds a template step by step.

Lengths are in design px: pixels on a canvas whose shorter side is 1080. Wherever a number is wanted,
`{\"$number\": \"NAME\"}` stands for a number of `theme.numbers`. A field without **required** may be left out.
";

/// The schema as a page: the document first, then every type by name.
fn reference(schema: &Value) -> String {
    let mut page = HEAD.to_owned();
    section(&mut page, "Template", schema);
    let types = schema["$defs"].as_object().expect("types");
    for (name, of) in types.iter().filter(|(name, _)| *name != "NumberName" && !is_changes(name)) {
        section(&mut page, name, of);
    }
    let icons: Vec<String> = icon_names().map(|name| format!("`{name}`")).collect();
    write!(page, "\n## Bundled icons\n\n{}\n", icons.join(", ")).expect("a String");
    page
}

fn section(page: &mut String, name: &str, of: &Value) {
    write!(page, "\n## {name}\n").expect("a String");
    if let Some(text) = of["description"].as_str() {
        write!(page, "\n{}\n", one_line(text)).expect("a String");
    }
    if let Some(fields) = of["properties"].as_object() {
        table(page, fields, &of["required"]);
    } else if let Some(cases) = of["oneOf"].as_array().or_else(|| of["anyOf"].as_array()) {
        page.push('\n');
        for case in cases {
            let text = case["description"].as_str().map(|text| format!(": {}", one_line(text))).unwrap_or_default();
            let name = match variant(case) {
                Some(kind) => format!("[`{kind}`](#type-{kind})"),
                None => kind_of(case),
            };
            writeln!(page, "- {name}{text}").expect("a String");
        }
        for (case, kind) in cases.iter().filter_map(|case| variant(case).map(|kind| (case, kind))) {
            write!(page, "\n### Type `{kind}`\n").expect("a String");
            let mut fields = case["properties"].as_object().expect("it has a type").clone();
            fields.remove("type");
            table(page, &fields, &case["required"]);
        }
    } else {
        write!(page, "\n{}\n", kind_of(of)).expect("a String");
    }
}

/// Whether a type only repeats the fields of a kind of node, for an override.
fn is_changes(name: &str) -> bool {
    name.ends_with("Changes")
}

/// The `type` of one of several kinds of object.
fn variant(case: &Value) -> Option<&str> {
    case["properties"]["type"]["const"].as_str()
}

fn table(page: &mut String, fields: &Map<String, Value>, required: &Value) {
    page.push_str("\n| field | value | what it is |\n|---|---|---|\n");
    for (name, of) in fields {
        let needed = required.as_array().is_some_and(|names| names.iter().any(|other| other == name));
        let text = of["description"].as_str().map(one_line).unwrap_or_default();
        let needed = if needed { "**required** " } else { "" };
        writeln!(page, "| `{name}` | {} | {needed}{} |", kind_of(of), text.replace('|', "\\|")).expect("a String");
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What a field takes, in words, with links to other types.
fn kind_of(of: &Value) -> String {
    if let Some(reference) = of["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap_or_default();
        if is_changes(name) {
            return "object of fields".to_owned();
        }
        return format!("[{name}](#{})", name.to_lowercase());
    }
    if let Some(value) = of.get("const") {
        return format!("`{}`", value.to_string().trim_matches('"'));
    }
    if let Some(values) = of["enum"].as_array() {
        let values: Vec<String> =
            values.iter().map(|value| format!("`{}`", value.to_string().trim_matches('"'))).collect();
        return values.join(", ");
    }
    if let Some(cases) = of["anyOf"].as_array().or_else(|| of["oneOf"].as_array()) {
        let told = |case: &&Value| case["type"] != "null" && case["$ref"] != "#/$defs/NumberName";
        let mut kinds: Vec<String> = cases.iter().filter(told).map(kind_of).collect();
        kinds.dedup();
        return kinds.join(" or ");
    }
    let kinds: Vec<&str> = match &of["type"] {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "null").collect(),
        kind => kind.as_str().into_iter().collect(),
    };
    match kinds.as_slice() {
        ["array"] => match of["items"].is_object() {
            true => format!("list of {}", kind_of(&of["items"])),
            false => "list".to_owned(),
        },
        ["object"] if of["additionalProperties"].is_object() => {
            format!("names with {}", kind_of(&of["additionalProperties"]))
        }
        ["object"] if of["properties"].is_object() => {
            let names = of["properties"].as_object().into_iter().flatten();
            let fields: Vec<String> = names.map(|(name, of)| format!("`{name}`: {}", kind_of(of))).collect();
            format!("object with {}", fields.join(", "))
        }
        ["number" | "integer"] => match (of["minimum"].as_f64(), of["maximum"].as_f64()) {
            (Some(least), Some(most)) => format!("number {least} to {most}"),
            (Some(least), None) => format!("number from {least} on"),
            _ => "number".to_owned(),
        },
        ["string"] => "text".to_owned(),
        ["boolean"] => "true or false".to_owned(),
        other => other.join(" or "),
    }
}

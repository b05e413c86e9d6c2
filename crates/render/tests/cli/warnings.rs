//! Every warning: a quote that provokes it and nothing else, and its line in the documentation.
//!
//! The quotes are `fixtures/warnings/CODE.json` and `CODE--VARIANT.json`. A folder of the same name beside one is its
//! template, otherwise it is the default. `127.0.0.1:8765` stands for the server of these tests. `QUOTEREEL_ACCEPT=1`
//! writes the documentation again.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use quotereel::ground::problem::{Warning, WarningPlace};
use rayon::prelude::*;
use serde_json::Value;

use crate::harness::Bench;

/// The address of the server, as the quotes write it.
const SERVER: &str = "127.0.0.1:8765";
/// Longest that the server keeps a connection open.
const PATIENCE: Duration = Duration::from_secs(20);

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn folder() -> PathBuf {
    root().join("fixtures/warnings")
}

/// The names of all quotes.
fn names() -> Vec<String> {
    let paths = std::fs::read_dir(folder()).expect("the fixtures").map(|entry| entry.expect("readable").path());
    let quotes = paths.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    quotes.map(|path| path.file_stem().and_then(|name| name.to_str()).expect("a name").to_owned()).collect()
}

/// The code that a quote provokes.
fn code_of(name: &str) -> &str {
    name.split("--").next().expect("a code")
}

/// A server that answers every path in its own wrong way, for as long as the test runs; its address.
fn serve() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound").to_string();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A client that gives up is what some of them are about.
            thread::spawn(move || drop(answer(stream)));
        }
    });
    address
}

fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let head = match request.split(' ').nth(1) {
        Some("/circle") => "302 Found\r\nlocation: /circle\r\ncontent-length: 0",
        Some("/missing") => "404 Not Found\r\ncontent-length: 0",
        Some("/silent") => {
            thread::sleep(PATIENCE);
            return Ok(());
        }
        Some("/endless") => "200 OK\r\ncontent-length: 100",
        other => panic!("nobody asks for {other:?}"),
    };
    write!(stream, "HTTP/1.1 {head}\r\nconnection: close\r\n\r\n")?;
    if head.starts_with("200") {
        thread::sleep(PATIENCE);
    }
    Ok(())
}

/// Validates a quote and renders it, both with the warning.
fn check(name: &str, server: &str) {
    let about = Warning::ALL.iter().find(|warning| warning.code() == code_of(name));
    let about = *about.unwrap_or_else(|| panic!("{name}: there is no such warning"));
    let bench = Bench::new();
    let path = folder().join(format!("{name}.json"));
    let text = std::fs::read_to_string(&path).expect("a quote");
    let asked = text.contains(SERVER);
    let path = if asked { bench.put("q.json", text.replace(SERVER, server)) } else { path };
    let quote: Value = serde_json::from_str(&text).expect("JSON");
    let template = folder().join(name);
    let own = if template.is_dir() { format!(" -t {}", template.display()) } else { String::new() };
    let arguments = format!("{}{own} --allow-private-network", path.display());

    let report = bench.render(&format!("validate {arguments} --json")).ends_with(0).json();
    let warnings = report["warnings"].as_array().expect("a list");
    // Whoever lacks a font pack lacks characters.
    let companion = (about == Warning::FontPackMissing).then_some(Warning::MissingGlyph.code());
    let (own_ones, others): (Vec<&Value>, Vec<&Value>) =
        warnings.iter().partition(|warning| warning["code"] == about.code());
    // The quotes of the other warnings have dates that pass.
    let expected = |code: Option<&str>| code == companion || code == Some(Warning::QuoteExpired.code());
    assert!(others.iter().all(|warning| expected(warning["code"].as_str())), "{name}: {warnings:#?}");
    assert!(!own_ones.is_empty(), "{name}: no warning");
    for warning in &own_ones {
        expect_place(name, warning, about.place(), &quote);
    }

    let moment = own_ones[0]["atMs"].as_u64().map(|ms| format!(" --at {ms}ms")).unwrap_or_default();
    let said = format!("warning[{}] at ", about.code());
    let still = bench.render(&format!("still {arguments}{moment} -o still.png")).ends_with(0);
    if about == Warning::QuoteExpired {
        assert_eq!(still.stderr, "", "only `validate` looks at the date");
    } else {
        still.says(&[&said]);
    }
    let mut made = vec!["work/still.png".to_owned()];
    // Templates of their own make videos of two seconds.
    if template.is_dir() {
        bench.render(&format!("video {arguments} -o video.mp4")).ends_with(0).says(&[&said]);
        made.extend(["work/video.jpg".to_owned(), "work/video.mp4".to_owned()]);
    }
    let left: Vec<String> = bench.listing().into_iter().filter(|path| path != "work/q.json").collect();
    assert_eq!(left, made, "{name}");
}

/// The warning points to what the list says it does.
fn expect_place(name: &str, warning: &Value, place: WarningPlace, quote: &Value) {
    let text = |key: &str| warning[key].as_str().unwrap_or_default();
    let (pointer, scene, node) = (text("pointer"), text("scene"), text("node"));
    assert!(quote.pointer(pointer).is_some(), "{name}: the quote has no {pointer}");
    let expected = match place {
        WarningPlace::Field => !pointer.is_empty() && scene.is_empty(),
        WarningPlace::Node => !scene.is_empty() && !node.is_empty(),
        WarningPlace::Scene => pointer.is_empty() && !scene.is_empty() && node.is_empty(),
        WarningPlace::Video => pointer.is_empty() && scene.is_empty(),
    };
    assert!(expected, "{name} does not point to a {place:?}: {warning:#}");
    assert_eq!(warning["atMs"].is_u64(), !scene.is_empty(), "{name}: {warning:#}");
    for key in ["found", "expected"] {
        assert!(!text(key).is_empty(), "{name}: {warning:#}");
    }
}

#[test]
fn every_warning_is_told_and_stops_nothing() {
    let server = serve();
    names().par_iter().for_each(|name| check(name, &server));
}

#[test]
fn every_warning_has_a_quote_that_provokes_it() {
    let names = names();
    let provoked: BTreeSet<&str> = names.iter().map(|name| code_of(name)).collect();
    let known: BTreeSet<&str> = Warning::ALL.iter().map(|warning| warning.code()).collect();
    assert_eq!(provoked, known);
}

#[test]
fn the_documentation_has_every_warning() {
    let path = root().join("docs/warnings.md");
    let written = page();
    if std::env::var_os("QUOTEREEL_ACCEPT").is_some_and(|value| value == "1") {
        std::fs::write(&path, written).expect("writable");
        return;
    }
    let committed = std::fs::read_to_string(&path).expect("the documentation");
    assert!(committed == written, "docs/warnings.md is not the list of warnings; QUOTEREEL_ACCEPT=1 writes it");
}

const HEAD: &str = "\
# Warnings

What `render validate`, and every command that renders, reports about a valid quote: what its sender probably did not
mean, and what a customer might miss in the video. A warning stops nothing: the exit status is 0 and the file is
written. Warnings go to stderr, or with `--json` to `warnings` in the report; those of a job go to the worker's log.

Each has a `code`, a `pointer`, what was `found`, what was `expected` and often a `hint`. Warnings about the picture
also have the `scene` (`items/2` is its second page), the `node` of the template and a moment at which it is on view,
`atMs`:

```json
{ \"code\": \"text_cut\", \"pointer\": \"\", \"found\": \"`Comercializadora…` does not fit\", \"expected\": \"a shorter text\",
  \"severity\": \"warning\", \"scene\": \"customer\", \"node\": \"name\", \"atMs\": 4200 }
```

[`fixtures/warnings`](../fixtures/warnings) has a quote that provokes each; this page is written from the list in the
source.

| code | points to | what it means | what to do |
|---|---|---|---|
";

/// The list of warnings as a page.
fn page() -> String {
    let mut page = HEAD.to_owned();
    for warning in Warning::ALL {
        let place = match warning.place() {
            WarningPlace::Field => "field",
            WarningPlace::Node => "node",
            WarningPlace::Scene => "scene",
            WarningPlace::Video => "video",
        };
        let (code, meaning, remedy) = (warning.code(), warning.meaning(), warning.remedy());
        writeln!(page, "| `{code}` | {place} | {meaning} | {remedy} |").expect("a String");
    }
    page
}

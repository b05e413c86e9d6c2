//! The directions of the design that Cargo cannot keep, enforced by reading every path in the sources.
//!
//! Cargo keeps the directions between the crates. Inside the engine a module may name only modules that stand before it
//! in [`LEVELS`]; most of them touch nothing outside the program; and in no crate do files name each other in a circle.

mod reader;
mod sources;

use std::collections::BTreeSet;
use std::fs;

use sources::{Crate, root, rust_files};

/// Modules of the engine, lowest first. Each may name those of earlier lines, not those of its own.
const LEVELS: &[&[&str]] = &[
    &["ground::bidi", "ground::time", "ground::geometry", "ground::color", "ground::lock", "ground::hex"],
    &["ground::problem", "ground::frame", "ground::timeline", "ground::executor"],
    &["ground::json"],
    &["quote::locale", "quote::logo", "quote::asset"],
    &["quote::snapshot"],
    &["template"],
    &["compose::text"],
    &["compose::layout"],
    &["compose::scene"],
    &["draw::raster", "draw::shrink"],
    &["draw::stills"],
    &["video::soundtrack", "video::yuv", "video::h264", "video::sound"],
    &["video::encode", "video::probe"],
    &["video::pipeline"],
    &["engine"],
];

/// Modules that may touch clock, environment, network, disk, threads and logs. No other may.
const IMPURE: &[&str] = &["quote::asset", "video::encode", "video::probe", "video::pipeline", "engine"];

/// Beginnings of paths that a pure module may not name.
const OUTSIDE: &[&str] = &[
    "std::env",
    "std::fs",
    "std::net",
    "std::process",
    "std::thread",
    "std::io::stdin",
    "std::io::stdout",
    "std::io::stderr",
    "std::time::Instant",
    "std::time::SystemTime",
    "ffmpeg_next",
    "rayon",
    "reqwest",
    "tempfile",
    "tokio",
    "tracing",
];

/// Source folders of the crates.
const CRATES: &[&str] = &["src", "crates/jobs/src", "crates/render/src"];

fn level_of(module: &str) -> Option<usize> {
    LEVELS.iter().position(|level| level.contains(&module))
}

/// The entry of [`LEVELS`] that a file's module belongs to; `None` for the crate's root and the files of rooms, which
/// only list their modules.
fn entry_of(module: &[String]) -> Option<String> {
    let room = module.first()?;
    let entry = if level_of(room).is_some() { room.clone() } else { format!("{room}::{}", module.get(1)?) };
    Some(entry)
}

#[test]
fn modules_name_only_what_stands_before_them() {
    let engine = Crate::read("src");
    let (mut wrong, mut seen) = (Vec::new(), BTreeSet::new());
    for (module, file) in engine.files() {
        let Some(importer) = entry_of(module) else { continue };
        seen.insert(importer.clone());
        let Some(level) = level_of(&importer) else {
            wrong.push(format!("{}: `{importer}` has no place in LEVELS", file.path));
            continue;
        };
        for imported in engine.imports(module) {
            let imported = entry_of(&imported).unwrap_or_else(|| "the root of the crate or of a room".to_owned());
            if imported != importer && level_of(&imported).is_none_or(|other| other >= level) {
                wrong.push(format!("{} names `{imported}`, which does not stand before `{importer}`", file.path));
            }
        }
    }
    let gone = LEVELS.iter().copied().flatten().filter(|module| !seen.contains(**module));
    wrong.extend(gone.map(|module| format!("no file belongs to `{module}` in LEVELS")));
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn pure_modules_touch_nothing_outside() {
    let engine = Crate::read("src");
    let mut wrong = Vec::new();
    let pure = |module: &[String]| entry_of(module).is_some_and(|entry| !IMPURE.contains(&entry.as_str()));
    for (_, file) in engine.files().filter(|(module, _)| pure(module)) {
        for path in file.named.iter().map(|named| named.path.join("::")) {
            if OUTSIDE.iter().any(|outside| path == *outside || path.starts_with(&format!("{outside}::"))) {
                wrong.push(format!("{} names {path}", file.path));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn files_form_no_circle() {
    let circles: Vec<BTreeSet<String>> = CRATES.iter().flat_map(|folder| Crate::read(folder).circles()).collect();
    assert!(circles.is_empty(), "these files need each other: {circles:#?}");
}

/// The lines of a manifest's dependencies, without those of its tests.
fn dependencies(manifest: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join(manifest)).expect("a readable manifest");
    let table = text.split("\n[dependencies]\n").nth(1).expect("a table of dependencies");
    let lines = table.split("\n[").next().unwrap_or_default().lines();
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect()
}

/// Whether a line of a manifest is about a crate, or one of a family that begins with its name.
fn is_about(line: &str, name: &str) -> bool {
    line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['.', ' ', '-']))
}

/// Whoever renders a quote from a program of their own compiles none of what the queue and the program need.
#[test]
fn the_engine_depends_on_no_database_server_or_command_line() {
    let engine = dependencies("Cargo.toml");
    assert!(engine.iter().any(|line| is_about(line, "serde")), "{engine:?}");
    let foreign = ["quotereel", "sqlx", "aws", "axum", "hyper", "tower", "clap", "opentelemetry", "prometheus"];
    let found: Vec<&String> = engine.iter().filter(|line| foreign.iter().any(|name| is_about(line, name))).collect();
    assert!(found.is_empty(), "{found:?}");
    // Network and FFmpeg come with features.
    for name in ["reqwest", "tokio", "ffmpeg"] {
        let lines: Vec<&String> = engine.iter().filter(|line| is_about(line, name)).collect();
        assert!(!lines.is_empty() && lines.iter().all(|line| line.contains("optional = true")), "{name}: {lines:?}");
    }
    let jobs = dependencies("crates/jobs/Cargo.toml");
    assert!(jobs.iter().all(|line| !is_about(line, "clap") && !is_about(line, "quotereel-render")), "{jobs:?}");
}

#[test]
fn every_file_opens_by_saying_what_it_is() {
    let folders = ["src", "tests", "benches", "examples", "crates"];
    let files = folders.iter().flat_map(|folder| rust_files(&root().join(folder)));
    let ours = files.filter(|file| !file.components().any(|part| part.as_os_str() == "target"));
    let silent: Vec<_> =
        ours.filter(|file| !fs::read_to_string(file).expect("a readable source").starts_with("//! ")).collect();
    assert!(silent.is_empty(), "these files do not begin with `//! `: {silent:?}");
}

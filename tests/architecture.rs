//! The floors of the design, enforced: reads every path in `src/` and fails on an upward, sideways or circular import.
//!
//! A module may name modules of lower floors, and of its own floor only where [`SIBLINGS`] says so. This is a reader of
//! tokens, not a compiler: it knows `crate::…`, `quotereel::…` and `super::…` wherever they stand, also inside macros.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Modules by floor, lowest first. Floors 0 to 2 are pure.
const FLOORS: &[&[&str]] = &[
    &["problem", "time", "geometry", "color", "frame", "locale", "executor", "json", "palette"],
    &["snapshot", "template", "timeline", "job"],
    &["text", "layout", "scene", "raster", "h264", "convert", "sound"],
    &["encode", "probe", "pipeline"],
    &["asset", "storage", "store", "metrics", "health", "journal"],
    &["studio", "worker"],
    &["config", "telemetry", "cli", "main"],
];

/// Imports allowed between modules of one floor: (importer, imported).
const SIBLINGS: &[(&str, &str)] = &[
    ("frame", "geometry"),
    ("frame", "time"),
    ("json", "problem"),
    ("locale", "problem"),
    ("palette", "color"),
    ("palette", "frame"),
    ("palette", "geometry"),
    ("template", "snapshot"),
    ("template", "timeline"),
    ("layout", "text"),
    ("scene", "text"),
    ("scene", "layout"),
    ("raster", "scene"),
    ("raster", "text"),
    ("pipeline", "encode"),
    ("pipeline", "probe"),
    ("worker", "studio"),
    ("health", "metrics"),
    ("config", "telemetry"),
    ("cli", "config"),
    ("cli", "telemetry"),
    ("main", "cli"),
];

/// Floors that may not touch clock, environment, network, disk, threads or logs.
const PURE_FLOORS: usize = 3;

/// Beginnings of paths a pure module may not name.
const IMPURE: &[&str] = &[
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
    "aws_sdk_s3",
    "rayon",
    "reqwest",
    "sqlx",
    "tempfile",
    "tokio",
    "tracing",
    "ffmpeg_next",
];

fn floor_of(module: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&module))
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    PathSeparator,
    Open,
    Close,
    Comma,
    Other,
}

/// Tokens of Rust source without comments, strings and characters.
fn tokens(source: &str) -> Vec<Token> {
    let bytes = source.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &source[at..];
        let byte = bytes[at];
        if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
        } else if rest.starts_with("/*") {
            at += block_comment_length(rest);
        } else if let Some(length) = string_length(rest) {
            at += length;
            found.push(Token::Other);
        } else if byte == b'_' || byte.is_ascii_alphabetic() {
            let length = rest.bytes().take_while(|&b| b == b'_' || b.is_ascii_alphanumeric()).count();
            found.push(Token::Word(rest[..length].to_owned()));
            at += length;
        } else if rest.starts_with("::") {
            found.push(Token::PathSeparator);
            at += 2;
        } else {
            match byte {
                b'{' => found.push(Token::Open),
                b'}' => found.push(Token::Close),
                b',' => found.push(Token::Comma),
                _ if byte.is_ascii_whitespace() => {}
                _ => found.push(Token::Other),
            }
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    found
}

fn block_comment_length(rest: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < rest.len() {
        match &rest.as_bytes()[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] if depth == 1 => return at + 2,
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
    }
    rest.len()
}

/// Length of the string, byte string, raw string or character literal that `rest` begins with.
fn string_length(rest: &str) -> Option<usize> {
    let prefix = ["br", "cr", "b", "c", "r", ""].into_iter().find(|prefix| {
        let after = rest.strip_prefix(prefix);
        after.is_some_and(|after| after.starts_with('"') || (prefix.ends_with('r') && raw_hashes(after).is_some()))
    });
    if let Some(prefix) = prefix {
        let body = &rest[prefix.len()..];
        if prefix.ends_with('r') {
            let hashes = raw_hashes(body)?;
            let end = format!("\"{}", "#".repeat(hashes));
            let start = prefix.len() + hashes + 1;
            return Some(rest[start..].find(&end).map_or(rest.len(), |length| start + length + end.len()));
        }
        return Some(prefix.len() + quoted_length(body, b'"'));
    }
    let after = rest.strip_prefix('\'')?;
    let mut characters = after.chars();
    match (characters.next()?, characters.next()) {
        ('\\', _) => Some(quoted_length(rest, b'\'')),
        (one, Some('\'')) => Some(2 + one.len_utf8()),
        _ => None, // a lifetime
    }
}

fn raw_hashes(body: &str) -> Option<usize> {
    let hashes = body.bytes().take_while(|&b| b == b'#').count();
    (body.as_bytes().get(hashes) == Some(&b'"')).then_some(hashes)
}

fn quoted_length(rest: &str, quote: u8) -> usize {
    let bytes = rest.as_bytes();
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b if b == quote => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// Every path that a source names, groups in braces spelt out, `crate` and `super` resolved to what they mean in a
/// file whose module is `file_module`. A path that starts at the crate's root begins with the word `crate`.
fn paths(source: &str, file_module: &[String]) -> BTreeSet<Vec<String>> {
    let tokens = tokens(source);
    let mut found = BTreeSet::new();
    // Modules opened inside the file, with the brace depth of their bodies.
    let mut inline_modules: Vec<(String, usize)> = Vec::new();
    let (mut depth, mut at) = (0, 0);
    while at < tokens.len() {
        match &tokens[at..] {
            [Token::Word(word), Token::Word(name), Token::Open, ..] if word == "mod" => {
                depth += 1;
                inline_modules.push((name.clone(), depth));
                at += 3;
            }
            [Token::Word(_), Token::PathSeparator, ..] => {
                let module: Vec<String> =
                    file_module.iter().cloned().chain(inline_modules.iter().map(|(name, _)| name.clone())).collect();
                let mut spelt = Vec::new();
                at = spell(&tokens, at, &mut Vec::new(), &mut spelt);
                found.extend(spelt.into_iter().map(|path| absolute(path, &module)));
            }
            [Token::Open, ..] => (depth, at) = (depth + 1, at + 1),
            [Token::Close, ..] => {
                if inline_modules.last().is_some_and(|(_, body)| *body == depth) {
                    inline_modules.pop();
                }
                depth = depth.saturating_sub(1);
                at += 1;
            }
            _ => at += 1,
        }
    }
    found
}

/// Reads one path at `at` into `spelt`, each leaf of its groups once; returns where it ends.
fn spell(tokens: &[Token], mut at: usize, prefix: &mut Vec<String>, spelt: &mut Vec<Vec<String>>) -> usize {
    let outer = prefix.len();
    while let Some(Token::Word(word)) = tokens.get(at) {
        prefix.push(word.clone());
        at += 1;
        if tokens.get(at) != Some(&Token::PathSeparator) {
            break;
        }
        at += 1;
        if tokens.get(at) == Some(&Token::Open) {
            at += 1;
            while at < tokens.len() && tokens[at] != Token::Close {
                let before = at;
                at = spell(tokens, at, prefix, spelt);
                at += usize::from(at == before || tokens.get(at) == Some(&Token::Comma));
            }
            prefix.truncate(outer);
            return at + 1;
        }
    }
    if prefix.len() > outer {
        spelt.push(prefix.clone());
    }
    prefix.truncate(outer);
    at
}

fn absolute(path: Vec<String>, module: &[String]) -> Vec<String> {
    let ups = path.iter().take_while(|word| *word == "super").count();
    let start = match path[0].as_str() {
        "quotereel" => vec!["crate".to_owned()],
        "self" => ["crate".to_owned()].into_iter().chain(module.iter().cloned()).collect(),
        _ if ups > 0 => {
            let stay = module.len().saturating_sub(ups);
            ["crate".to_owned()].into_iter().chain(module[..stay].iter().cloned()).collect()
        }
        _ => vec![path[0].clone()],
    };
    start.into_iter().chain(path.into_iter().skip(ups.max(1))).collect()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.expect("a readable folder").path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Module path of a file under `src/`: `src/text/mod.rs` is [text], `src/text/block.rs` is [text, block].
fn module_of(file: &Path) -> Vec<String> {
    let relative = file.strip_prefix(root().join("src")).expect("a file below src").with_extension("");
    relative.iter().map(|part| part.to_string_lossy().into_owned()).filter(|part| part != "mod").collect()
}

/// Importer -> imported -> the first file in which that was seen, for every pair of different top modules.
fn imports() -> BTreeMap<String, BTreeMap<String, PathBuf>> {
    let mut imports: BTreeMap<String, BTreeMap<String, PathBuf>> = BTreeMap::new();
    for file in rust_files(&root().join("src")) {
        let module = module_of(&file);
        if module == ["lib"] {
            continue;
        }
        let importer = imports.entry(module[0].clone()).or_default();
        for path in paths(&fs::read_to_string(&file).expect("a readable source"), &module) {
            if path[0] == "crate" && path.get(1) != Some(&module[0]) {
                let imported = path.get(1).map_or("the crate's root", String::as_str);
                importer.entry(imported.to_owned()).or_insert_with(|| file.clone());
            }
        }
    }
    imports
}

#[test]
fn modules_import_only_from_floors_below() {
    let mut wrong = Vec::new();
    for (importer, imported_modules) in imports() {
        let Some(floor) = floor_of(&importer) else {
            wrong.push(format!("module `{importer}` stands on no floor: declare it in FLOORS"));
            continue;
        };
        for (imported, file) in imported_modules {
            let seen = format!("{} names `{imported}`", file.display());
            match floor_of(&imported) {
                None => wrong.push(format!("{seen}, which stands on no floor")),
                Some(other) if other > floor => wrong.push(format!("{seen}, {} floors up", other - floor)),
                Some(other) if other == floor && !SIBLINGS.contains(&(&importer, &imported)) => {
                    wrong.push(format!("{seen}, a sibling that it may not know"));
                }
                Some(_) => {}
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_floors_name_no_module_that_is_gone() {
    let imports = imports();
    let gone: Vec<&&str> = FLOORS.iter().copied().flatten().filter(|module| !imports.contains_key(**module)).collect();
    assert!(gone.is_empty(), "no file in src/ belongs to {gone:?}");
    let unused: Vec<_> =
        SIBLINGS.iter().filter(|(importer, imported)| !imports[*importer].contains_key(*imported)).collect();
    assert!(unused.is_empty(), "no longer needed in SIBLINGS: {unused:?}");
}

#[test]
fn imports_form_no_circle() {
    let imports = imports();
    let mut settled: BTreeSet<&str> = BTreeSet::new();
    loop {
        let ready: Vec<&str> = imports
            .iter()
            .filter(|(module, _)| !settled.contains(module.as_str()))
            .filter(|(_, imported)| {
                imported.keys().all(|name| settled.contains(name.as_str()) || !imports.contains_key(name))
            })
            .map(|(module, _)| module.as_str())
            .collect();
        if ready.is_empty() {
            break;
        }
        settled.extend(ready);
    }
    let circle: Vec<&String> = imports.keys().filter(|module| !settled.contains(module.as_str())).collect();
    assert!(circle.is_empty(), "these modules need each other: {circle:?}");
}

/// The code of a source without its tests, which may read fixtures: they stand at the end of a file or in a file of their
/// own, which has no code.
fn code_without_tests(file: &Path, module: &[String]) -> Option<String> {
    let of_tests = module.last().is_some_and(|name| name == "tests" || name.ends_with("_tests"));
    let source = fs::read_to_string(file).expect("a readable source");
    let code = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    (!of_tests).then(|| code.to_owned())
}

#[test]
fn pure_floors_touch_nothing_outside() {
    let mut wrong = Vec::new();
    for file in rust_files(&root().join("src")) {
        let module = module_of(&file);
        if floor_of(&module[0]).is_none_or(|floor| floor >= PURE_FLOORS) {
            continue;
        }
        let Some(code) = code_without_tests(&file, &module) else { continue };
        for path in paths(&code, &module) {
            let spelt = path.join("::");
            if IMPURE.iter().any(|taboo| spelt == *taboo || spelt.starts_with(&format!("{taboo}::"))) {
                wrong.push(format!("{} names {spelt}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Versions by crate, of the dependencies of a manifest.
fn dependencies(manifest: &str) -> BTreeMap<String, String> {
    let text = fs::read_to_string(root().join(manifest)).expect("a readable manifest");
    let table = text.split("\n[dependencies]\n").nth(1).expect("a table of dependencies");
    let table = table.split("\n[").next().unwrap_or_default();
    let version = |line: &str| line.split('"').nth(1).map(str::to_owned);
    let entry = |line: &str| Some((line.split_once(" = ")?.0.replace('-', "_"), version(line)?));
    table.lines().filter(|line| !line.starts_with('#')).filter_map(entry).collect()
}

/// The fuzz targets are compiled only by who runs them; what would keep them from compiling is seen here.
#[test]
fn the_engine_of_the_fuzz_targets_is_whole() {
    let engine = fs::read_to_string(root().join("tests/fuzz/engine.rs")).expect("a readable source");
    let paths_of_modules = engine.split("#[path = \"../../").skip(1).filter_map(|rest| rest.split('"').next());
    let files: Vec<PathBuf> = paths_of_modules.map(|path| root().join(path)).collect();
    let engine: BTreeSet<String> = files.iter().map(|file| module_of(file)[0].clone()).collect();
    assert!(engine.contains("template"), "the modules of the engine are not found: {engine:?}");
    let (ours, theirs) = (dependencies("Cargo.toml"), dependencies("tests/fuzz/Cargo.toml"));
    let mut wrong = Vec::new();
    for file in files.iter().filter(|file| !file.ends_with("mod.rs") && file.with_extension("").is_dir()) {
        wrong.push(format!("{}: `#[path]` looks for its modules elsewhere: make it a mod.rs", file.display()));
    }
    for (importer, imported) in imports().into_iter().filter(|(importer, _)| engine.contains(importer)) {
        for (name, file) in imported.into_iter().filter(|(name, _)| !engine.contains(name)) {
            wrong.push(format!("{} of `{importer}` names `{name}`, which is not in engine.rs", file.display()));
        }
    }
    for file in rust_files(&root().join("src")) {
        let module = module_of(&file);
        let Some(code) = code_without_tests(&file, &module).filter(|_| engine.contains(&module[0])) else { continue };
        let named: BTreeSet<String> = paths(&code, &module).into_iter().map(|path| path[0].clone()).collect();
        for name in named.into_iter().filter(|name| ours.contains_key(name) && ours.get(name) != theirs.get(name)) {
            let (ours, theirs) = (&ours[&name], theirs.get(&name));
            wrong.push(format!("{}: {name} is {ours} here, {theirs:?} in tests/fuzz/Cargo.toml", file.display()));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_file_opens_by_saying_what_it_is() {
    let silent: Vec<PathBuf> = ["src", "tests", "benches"]
        .iter()
        .flat_map(|folder| rust_files(&root().join(folder)))
        .filter(|file| !fs::read_to_string(file).expect("a readable source").starts_with("//! "))
        .collect();
    assert!(silent.is_empty(), "these files do not begin with `//! `: {silent:?}");
}

#[test]
fn the_reader_of_paths_sees_groups_parents_and_macros_but_no_comments() {
    let source = r##"
        //! crate::not_this
        use crate::{a::{self, B}, c};
        /* crate::nor_this /* nested */ */
        const TEXT: &str = "crate::neither"; const RAW: &str = r#"crate::"still" not"#;
        const QUOTE: char = '"'; fn f<'a>(x: &'a crate::d::E) { println!("{}", quotereel::g::H); }
        mod tests { use super::super::i; use super::own; }
        use super::j::K;
    "##;
    let module = ["top".to_owned(), "file".to_owned()];
    let found: Vec<String> = paths(source, &module).into_iter().map(|path| path.join("::")).collect();
    let expected = [
        "crate::a::B",
        "crate::a::self",
        "crate::c",
        "crate::d::E",
        "crate::g::H",
        "crate::top::file::own",
        "crate::top::i",
        "crate::top::j::K",
    ];
    assert_eq!(found, expected);
}

//! Every make target that a document names, as far as a dry run tells: its commands are sound, and the files, tests and
//! packages in them exist. Nothing is built or installed.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Folders of the repository whose files a command may name.
const FOLDERS: [&str; 9] =
    ["benches/", "crates/", "deploy/", "docs/", "examples/", "fixtures/", "src/", "templates/", "tests/"];

fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What a command prints; it must succeed.
fn output(program: &str, arguments: &[&str]) -> String {
    let run = Command::new(program).args(arguments).current_dir(root()).env_remove("MAKEFLAGS").output();
    let run = run.unwrap_or_else(|error| panic!("{program}: {error}"));
    let errors = String::from_utf8_lossy(&run.stderr).into_owned();
    assert!(run.status.success(), "{program} {arguments:?}\n{errors}");
    String::from_utf8(run.stdout).expect("UTF-8")
}

/// The targets of `make help`, and those that the documents name as `make TARGET`.
fn targets() -> BTreeSet<String> {
    let help = output("make", &["--no-print-directory", "help"]);
    let mut targets: BTreeSet<String> =
        help.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect();
    assert!(targets.contains("demo") && targets.contains("compare"), "{help}");
    let mut documents = vec![root().join("README.md"), root().join("CONTRIBUTING.md")];
    documents
        .extend(fs::read_dir(root().join("docs")).expect("documents").map(|entry| entry.expect("readable").path()));
    for document in documents.iter().filter(|path| path.extension().is_some_and(|extension| extension == "md")) {
        let text = fs::read_to_string(document).expect("a document");
        for after in text.split("`make ").skip(1).chain(text.split("\nmake ").skip(1)) {
            let name: String = after.chars().take_while(|c| c.is_ascii_lowercase() || *c == '-').collect();
            targets.extend(Some(name).filter(|name| !name.is_empty()));
        }
    }
    targets
}

/// Whether a word of a command is the path of a file in the repository that is not there.
fn is_missing(word: &str) -> bool {
    let path = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let named = FOLDERS.iter().any(|folder| path.starts_with(folder)) && !word.contains(['$', '*', '=']);
    named && !root().join(path).exists()
}

#[test]
fn every_documented_target_is_sound() {
    for target in targets() {
        let commands = output("make", &["--no-print-directory", "-n", &target]);
        output("bash", &["-n", "-c", &commands]);
        let words: Vec<&str> = commands.split_whitespace().map(|word| word.trim_end_matches(';')).collect();
        let missing: Vec<&&str> = words.iter().filter(|word| is_missing(word)).collect();
        assert!(missing.is_empty(), "make {target} names {missing:?}");
        for pair in words.windows(2) {
            let folder = root();
            let exists = match pair[0] {
                "--test" => [format!("tests/{}.rs", pair[1]), format!("tests/{}/main.rs", pair[1])]
                    .iter()
                    .any(|path| folder.join(path).exists()),
                "-p" if pair[1].starts_with("quotereel") => {
                    read("Cargo.lock").contains(&format!("name = \"{}\"", pair[1]))
                }
                _ => true,
            };
            assert!(exists, "make {target}: {pair:?}");
        }
    }
}

#[test]
fn a_path_that_is_gone_is_found() {
    assert!(is_missing("benches/gone/run") && is_missing("\"fixtures/quotes/none.json\""));
    assert!(!is_missing("benches/compare/run") && !is_missing("target/release/render"));
}

/// Every script of the repository: Python that parses and explains itself, shell that parses.
#[test]
fn every_script_parses() {
    fn scripts(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("readable") {
            let path = entry.expect("readable").path();
            let skipped = ["node_modules", "target"].iter().any(|name| path.ends_with(name));
            if path.is_dir() && !skipped && !path.is_symlink() {
                scripts(&path, found);
            } else if path.is_file() {
                found.push(path);
            }
        }
    }
    let mut files = Vec::new();
    for folder in ["benches", ".ci", "deploy", "tests/servers"] {
        scripts(&root().join(folder), &mut files);
    }
    let mut parsed = 0;
    for file in files {
        let Ok(text) = fs::read_to_string(&file) else { continue };
        let path = file.to_str().expect("UTF-8");
        let first = text.lines().next().unwrap_or_default();
        if first.contains("python3") || path.ends_with(".py") {
            output("python3", &["-c", "import ast, sys; ast.parse(open(sys.argv[1]).read())", path]);
        } else if first.starts_with("#!") && first.ends_with("sh") {
            output("bash", &["-n", path]);
        } else {
            continue;
        }
        parsed += 1;
    }
    assert!(parsed >= 4, "{parsed} scripts");
}

#[test]
fn the_comparison_starts_and_has_words_for_every_language() {
    assert!(output("python3", &["benches/compare/run", "--help"]).contains("--skip-remotion"));
    let composition = read("benches/compare/remotion/src/Quote.tsx");
    let used: BTreeSet<&str> = composition
        .split("words.")
        .skip(1)
        .filter_map(|after| after.split(|c: char| !c.is_ascii_alphanumeric()).next())
        .filter(|key| *key != "replace")
        .collect();
    assert!(used.len() > 5, "{used:?}");
    for (locale, total) in [("es-CL", "Total"), ("de-CH", "Gesamt"), ("xx-XX", "Total")] {
        let program =
            "import json, runpy, sys; print(json.dumps(runpy.run_path(sys.argv[1])['words_of'](sys.argv[2])))";
        let words = output("python3", &["-c", program, "benches/compare/run", locale]);
        let words: serde_json::Value = serde_json::from_str(&words).expect("JSON");
        let missing: Vec<&&str> = used.iter().filter(|key| words.get(**key).is_none()).collect();
        assert!(missing.is_empty(), "{locale} has no {missing:?}");
        assert_eq!(words["total"], total, "{locale}");
    }
}

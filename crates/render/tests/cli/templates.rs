//! Templates as files: brought into one style, checked for it, and given away to be changed.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::harness::Bench;
use crate::quotes::good;

/// A template's folder with two files that are not formatted, one that is, and one that is none of its files.
fn bench() -> Bench {
    let bench = Bench::new();
    bench.put("mine/template.json", "{\"name\":\"mine\",\n\n\"scenes\" : [ ]}");
    bench.put("mine/strings/en.json", "{ \"quote\": \"Quote\" }\n");
    bench.put("mine/strings/es.json", "{\"quote\":\"Cotizaci\\u00f3n\"}\n");
    bench.put("mine/notes.json", "{\"left\":\"alone\"}");
    bench
}

fn read(bench: &Bench, name: &str) -> String {
    std::fs::read_to_string(bench.work().join(name)).expect("a file")
}

#[test]
fn fmt_formats_the_files_of_a_template_once() {
    let bench = bench();
    let run = bench.render("templates fmt mine").ends_with(0);
    assert_eq!((run.text(), run.stderr.as_str()), ("mine/template.json\nmine/strings/es.json\n", ""));
    assert_eq!(read(&bench, "mine/template.json"), "{ \"name\": \"mine\", \"scenes\": [] }\n");
    assert_eq!(read(&bench, "mine/strings/es.json"), "{ \"quote\": \"Cotizaci\\u00f3n\" }\n");
    assert_eq!(read(&bench, "mine/notes.json"), "{\"left\":\"alone\"}");
    assert_eq!(bench.render("templates fmt ./mine mine/strings").ends_with(0).text(), "");
    let report = bench.render("templates fmt mine mine/notes.json --json").ends_with(0).json();
    assert_eq!(report, json!({ "ok": true, "files": 4, "formatted": ["mine/notes.json"] }));
}

#[test]
fn check_lists_the_files_that_differ_and_writes_none() {
    let bench = bench();
    let before = read(&bench, "mine/template.json");
    let run = bench.render("templates fmt --check mine").ends_with(3);
    assert_eq!(run.text(), "mine/template.json\nmine/strings/es.json\n");
    assert!(run.stderr.contains("2 of 3 files are not formatted; `render templates fmt`"), "{}", run.stderr);
    assert_eq!(read(&bench, "mine/template.json"), before);
    let report = bench.render("templates fmt --check mine --json").ends_with(3).json();
    assert_eq!(
        report,
        json!({ "ok": false, "files": 3, "unformatted": ["mine/template.json", "mine/strings/es.json"] })
    );
    bench.render("templates fmt mine").ends_with(0);
    let run = bench.render("templates fmt --check mine mine/strings/es.json").ends_with(0);
    assert_eq!((run.text(), run.stderr.as_str()), ("", ""));
}

#[test]
fn a_file_that_cannot_be_read_is_named_and_nothing_is_written() {
    let bench = bench();
    bench.put("mine/parts/row.json", "{\"args\": [], \"args\": []}");
    bench.put("mine/parts/cell.json", "{");
    let before = read(&bench, "mine/template.json");
    let named = ["mine/parts/row.json at /args", "`args` a second time", "mine/parts/cell.json\n", "not valid JSON"];
    bench.render("templates fmt mine").ends_with(3).says(&named);
    bench.render("templates fmt --check mine").ends_with(3).says(&named);
    assert_eq!(read(&bench, "mine/template.json"), before);
    let report = bench.render("templates fmt mine --json").ends_with(3).json();
    assert_eq!(report["problems"][1]["file"], "row.json");
}

#[test]
fn paths_that_are_no_template_are_refused() {
    let bench = bench();
    std::fs::create_dir(bench.work().join("empty")).expect("made");
    bench.render("templates fmt").ends_with(2).says(&["<PATH>..."]);
    bench.render("templates fmt nowhere").ends_with(3).says(&["nowhere: there is no such file or folder"]);
    bench.render("templates fmt empty").ends_with(3).says(&["empty: a folder without JSON files"]);
    let elsewhere = bench.put("elsewhere.json", "{\"a\":1}");
    std::os::unix::fs::symlink(&elsewhere, bench.work().join("mine/strings/de.json")).expect("linked");
    bench.render("templates fmt mine").ends_with(3).says(&["mine/strings/de.json: a link to ", "elsewhere.json"]);
    assert_eq!(read(&bench, "elsewhere.json"), "{\"a\":1}");
    // Named by itself, a link leads to its file, and stays a link.
    bench.render("templates fmt mine/strings/de.json").ends_with(0);
    assert_eq!(read(&bench, "elsewhere.json"), "{ \"a\": 1 }\n");
    assert!(bench.work().join("mine/strings/de.json").is_symlink());
}

#[test]
fn a_template_is_still_described_by_its_name() {
    let bench = Bench::new();
    for name in quotereel::template::builtin_names() {
        assert!(!["fmt", "export", "help"].contains(&name), "{name} would be a command");
    }
    assert!(bench.render("templates --json quote-classic").ends_with(0).json()["template"]["name"] == "quote-classic");
    bench.render("templates help").ends_with(3).says(&["template `help`"]);
    bench.render("templates quote-classic fmt x").ends_with(2).says(&["`quote-classic`"]);
    bench.render("templates --quiet fmt nowhere").ends_with(3);
}

/// Every file below a folder, relative to it.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("readable") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            let inner = PathBuf::from(path.file_name().expect("named"));
            found.extend(files(&path).into_iter().map(|name| inner.join(name)));
        } else {
            found.push(PathBuf::from(path.file_name().expect("named")));
        }
    }
    found.sort();
    found
}

#[test]
fn an_exported_template_is_formatted_and_renders_the_same_picture() {
    let bench = Bench::new();
    bench.put("q.json", good().to_string());
    for name in quotereel::template::builtin_names() {
        let run = bench.render(&format!("templates export {name} own/{name}")).ends_with(0);
        assert!(run.text().starts_with(&format!("own/{name}/template.json\nown/{name}/strings/en.json\n")), "{run:?}");
        bench.render(&format!("templates fmt --check own/{name}")).ends_with(0);
        let size = "--size square";
        bench.render(&format!("sheet q.json {size} -t {name} -o built-in.png")).ends_with(0);
        bench.render(&format!("sheet q.json {size} -t ./own/{name} -o own.png")).ends_with(0);
        let picture = |file: &str| std::fs::read(bench.work().join(file)).expect("a picture");
        assert!(picture("built-in.png") == picture("own.png"), "{name}");
    }
}

#[test]
fn a_translated_copy_speaks_a_new_language() {
    let bench = Bench::new();
    let mut quote = good();
    quote["locale"] = json!("da-DK");
    bench.put("q.json", quote.to_string());
    bench.render("validate q.json").ends_with(0).says(&["warning[locale_without_words]", "strings/da.json"]);
    bench.render("templates export quote-summary mine").ends_with(0);
    bench.render("validate q.json -t ./mine").ends_with(0).says(&["warning[locale_without_words]"]);
    std::fs::copy(bench.work().join("mine/strings/en.json"), bench.work().join("mine/strings/da.json"))
        .expect("copied");
    let quiet = bench.render("validate q.json -t ./mine").ends_with(0);
    assert!(!quiet.stderr.contains("warning["), "{}", quiet.stderr);
}

#[test]
fn export_replaces_only_what_is_the_templates_and_only_by_force() {
    let bench = Bench::new();
    bench.put("mine/template.json", "mine");
    bench.put("mine/parts/row.json", "mine");
    bench.put("mine/music.ogg", "mine");
    bench.put("file", "mine");
    let work = bench.work();
    let before = files(&work);
    bench.render("templates export quote-summary mine").ends_with(3).says(&["not empty", "`--force`"]);
    bench.render("templates export quote-summary file --force").ends_with(3).says(&["file: a file"]);
    bench.render("templates export quote-sumary new").ends_with(3).says(&["quote-summary"]);
    assert_eq!(files(&work), before);
    assert_eq!(read(&bench, "mine/template.json"), "mine");

    let report = bench.render("templates export quote-summary mine --force --json").ends_with(0).json();
    let reported: Vec<PathBuf> = report["files"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|name| Path::new(name.as_str().expect("a name")).strip_prefix("mine").expect("in it").to_owned())
        .chain([PathBuf::from("music.ogg")])
        .collect();
    let (mut left, mut reported) = (files(&work.join("mine")), reported);
    left.sort();
    reported.sort();
    assert_eq!(left, reported, "the old part is gone, the music is not");
    assert_eq!(read(&bench, "mine/music.ogg"), "mine");
    assert!(read(&bench, "mine/template.json").contains("\"quote-summary\""));

    std::fs::create_dir(work.join("empty")).expect("made");
    bench.render("templates export quote-classic empty").ends_with(0);
    assert!(read(&bench, "empty/template.json").contains("\"quote-classic\""));
}

//! Commands that succeed: what they print, what they write, and that stdout carries nothing else.

use serde_json::json;

use crate::harness::Bench;
use crate::quotes::{good, with};

fn bench() -> Bench {
    let bench = Bench::new();
    bench.put("q.json", good().to_string());
    bench
}

#[test]
fn video_writes_an_mp4_that_its_own_probe_passes_and_two_thumbnails() {
    let bench = bench();
    let run = bench.render("video q.json --small-thumbnail small.jpg").ends_with(0);
    assert_eq!(run.text(), "q.mp4\nq.jpg\nsmall.jpg\n");
    assert_eq!(run.stderr, "", "no bar without a terminal");
    assert_eq!(bench.listing(), ["work/q.jpg", "work/q.json", "work/q.mp4", "work/small.jpg"]);
    for (name, start) in [("q.jpg", &b"\xff\xd8\xff"[..]), ("small.jpg", b"\xff\xd8\xff")] {
        assert!(std::fs::read(bench.work().join(name)).expect("there").starts_with(start), "{name}");
    }
    bench.render("probe q.mp4").ends_with(0);
    assert_eq!(bench.render("probe q.mp4 --json").ends_with(0).json()["ok"], true);
}

#[test]
fn video_reports_in_json_and_repeats_itself_byte_by_byte() {
    let bench = bench();
    let report = bench.render("video q.json -o one.mp4 --size square --fps 24 --json --threads 1").ends_with(0).json();
    assert_eq!(report["ok"], true);
    assert_eq!(report["video"], "one.mp4");
    assert_eq!(report["thumbnail"], "one.jpg");
    assert_eq!(report["warnings"], json!([]));
    assert!(report["frames"].as_u64().is_some_and(|frames| frames > 0));
    let one = std::fs::read(bench.work().join("one.mp4")).expect("there");
    assert_eq!(report["bytes"].as_u64(), Some(one.len() as u64));

    let quote = std::fs::read(bench.work().join("q.json")).expect("there");
    let two = bench.render_with_stdin("video - -o - --size square --fps 24 --threads 2", &quote).ends_with(0);
    assert!(two.stdout == one, "stdin, stdout and two threads give the same bytes");
}

#[test]
fn still_and_sheet_write_pictures_of_the_size_asked_for() {
    let bench = bench();
    assert_eq!(bench.render("still q.json --at 1500ms --size square").ends_with(0).text(), "q.png\n");
    let still = image::open(bench.work().join("q.png")).expect("a picture");
    assert_eq!((still.width(), still.height()), (1080, 1080));

    let stream = bench.render("still q.json --at 1.5 --size 1080x1080 -o -").ends_with(0);
    assert_eq!(stream.stdout, std::fs::read(bench.work().join("q.png")).expect("there"));

    assert_eq!(bench.render("sheet q.json").ends_with(0).text(), "q-sheet.png\n");
    image::open(bench.work().join("q-sheet.png")).expect("a picture");
}

#[test]
fn a_still_past_the_end_says_how_long_the_video_is() {
    bench().render("still q.json --at 3600").ends_with(2).says(&["--at", " s"]);
}

#[test]
fn validate_is_quiet_about_a_good_quote_and_shows_warnings_of_an_odd_one() {
    let bench = bench();
    let run = bench.render("validate q.json").ends_with(0);
    assert_eq!((run.text(), run.stderr.as_str()), ("q.json is valid\n", ""));
    assert_eq!(bench.render("validate q.json --json").ends_with(0).json(), json!({ "ok": true, "warnings": [] }));

    bench.put("odd.json", with("/company/logo", json!({ "file": "missing.png" })));
    let run = bench.render("validate odd.json").ends_with(0).says(&["warning[", "/company/logo"]);
    assert_eq!(run.text(), "odd.json is valid, with 1 warning\n");
    assert_eq!(bench.render("validate odd.json --quiet").ends_with(0).stderr, "");
    let report = bench.render("validate odd.json --json").ends_with(0).json();
    assert_eq!(report["warnings"][0]["pointer"], "/company/logo");
}

#[test]
fn probe_refuses_what_is_no_mp4() {
    let bench = bench();
    bench.render("probe q.json").ends_with(3);
    assert_eq!(bench.render("probe q.json --json").ends_with(3).json()["ok"], false);
    bench.render("probe nowhere.mp4").ends_with(3).says(&["nowhere.mp4"]);
}

#[test]
fn schemas_are_json_schemas() {
    for document in ["snapshot", "template"] {
        let run = Bench::new().render(&format!("schema {document}")).ends_with(0);
        let schema: serde_json::Value = serde_json::from_str(run.text()).expect("JSON");
        jsonschema::meta::validate(&schema).unwrap_or_else(|error| panic!("{document}: {error}"));
    }
}

#[test]
fn templates_are_listed() {
    let run = Bench::new().render("templates").ends_with(0);
    assert!(run.text().contains("quote-summary"));
    let report = Bench::new().render("templates --json").ends_with(0).json();
    let listed = report["templates"].as_array().expect("a list");
    let names: Vec<&str> = listed.iter().filter_map(|template| template["name"].as_str()).collect();
    assert_eq!(names, ["quote-classic", "quote-compact", "quote-showcase", "quote-summary"]);
    for template in listed {
        assert!(template["description"].as_str().is_some_and(|text| !text.is_empty()));
        assert!(template["fields"].as_array().is_some_and(|fields| !fields.is_empty()));
    }
}

#[test]
fn a_template_is_described() {
    let bench = Bench::new();
    let text = bench.render("templates quote-summary").ends_with(0);
    assert!(text.text().contains("1080x1920, 1080x1350") && text.text().contains("totals.total"), "{}", text.text());
    bench.render("templates quote-sumary").ends_with(3).says(&["quote-summary"]);
    let folder = with_params(&bench);
    let run = bench.render(&format!("templates {folder}")).ends_with(0);
    for words in ["tone", "How it sounds.", "choice: one of calm, bold; default `calm`", "default none"] {
        assert!(run.text().contains(words), "`{words}` is not in:\n{}", run.text());
    }
    let report = bench.render(&format!("templates {folder} --json")).ends_with(0).json();
    let params = &report["template"]["params"];
    assert_eq!(params[1]["name"], "tone");
    assert_eq!(params[1]["choices"], serde_json::json!(["calm", "bold"]));
    assert_eq!(params[1]["default"], "calm");
    assert_eq!(report["template"]["sizes"][0], "1080x1920");
}

/// A copy of the tests' template with two parameters, in the working folder.
fn with_params(bench: &Bench) -> String {
    let source = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join("fixtures/templates/steady");
    let document = std::fs::read_to_string(source.join("template.json")).expect("a template");
    let mut document: serde_json::Value = serde_json::from_str(&document).expect("JSON");
    document["params"] = serde_json::json!({
        "accent": { "type": "color", "description": "Colour of what matters." },
        "tone": { "type": "choice", "description": "How it sounds.", "default": "calm", "choices": ["calm", "bold"] },
    });
    bench.put("mine/template.json", document.to_string());
    "./mine".to_owned()
}

#[test]
fn parameters_are_checked_against_the_template() {
    let bench = Bench::new();
    bench.put("q.json", good().to_string());
    let folder = with_params(&bench);
    let validate = |params: &str| bench.render(&format!("validate q.json -t {folder} {params}"));
    validate("--param tone=bold --param accent=#3366FF").ends_with(0);
    validate("--param tone=loud").ends_with(2).says(&["`tone` cannot be `loud`: it takes one of calm, bold"]);
    validate("--param tune=bold").ends_with(2).says(&["did you mean `tone`?"]);
    validate("--param tone").ends_with(2).says(&["NAME=VALUE"]);
    bench.render("validate q.json --param tone=bold").ends_with(2).says(&["look"]);
}

#[test]
fn doctor_finds_this_machine_fit() {
    let bench = Bench::new();
    let run = bench.render("doctor").ends_with(0);
    for words in ["FFmpeg", "libx264", "fonts", "templates", "temporary files", "threads"] {
        assert!(run.text().contains(words), "`{words}` is not in:\n{}", run.text());
    }
    assert_eq!(bench.render("doctor --json").ends_with(0).json()["ok"], true);
    assert!(bench.listing().is_empty());
}

#[test]
fn doctor_says_what_to_do_about_a_folder_that_is_missing() {
    let run = Bench::new().shell(r#"TMPDIR=/nowhere "$RENDER" doctor"#).ends_with(1);
    assert!(run.text().contains("/nowhere") && run.text().contains("TMPDIR"), "{}", run.text());
}

#[test]
fn quotes_and_videos_with_odd_names() {
    let bench = Bench::new();
    bench.put("-dash and ünï.json", good().to_string());
    let run = bench.shell(r#""$RENDER" still -- "-dash and ünï.json""#).ends_with(0);
    assert_eq!(run.text(), "-dash and ünï.png\n");
}

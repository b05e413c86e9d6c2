//! Everything that can be wrong with what comes in: each ends soon, with the right status and words, and leaves nothing.

use serde_json::{Value, json};

use crate::harness::{Bench, Run};
use crate::quotes::{good, with};

/// Renders a snapshot that must be refused; checks status 3, the code and pointer, in words and in JSON, and the disk.
fn refused(snapshot: impl AsRef<[u8]>, code: &str, pointer: &str, words: &[&str]) {
    let bench = Bench::new();
    bench.put("q.json", snapshot);
    let before = bench.listing();
    let place = if pointer.is_empty() { "the document" } else { pointer };
    let run = bench.render("video q.json").ends_with(3);
    let run = run.says(&[&format!("error[{code}] at {place}"), "  found     ", "  expected  "]).says(words);
    assert!(run.stdout.is_empty(), "{run:?}");
    assert_eq!(bench.listing(), before);

    let report = bench.render("validate q.json --json").ends_with(3).json();
    assert_eq!(report["ok"], false);
    let problems = report["problems"].as_array().expect("a list");
    assert!(
        problems.iter().any(|problem| problem["code"] == code && problem["pointer"] == pointer),
        "no {code} at {pointer}: {report}"
    );
    assert_eq!(bench.listing(), before);
}

#[test]
fn not_json() {
    refused("<quote/>", "syntax", "", &["JSON"]);
    refused("", "syntax", "", &[]);
    refused(br#"{"schemaVersion": 1, "#, "syntax", "", &[]);
    refused(b"\xff\xfe\x00", "not_utf8", "", &["UTF-8"]);
}

#[test]
fn numbers_that_are_none() {
    refused(good().to_string().replace(r#""2000""#, "NaN"), "syntax", "", &[]);
    refused(good().to_string().replace(r#""2000""#, "Infinity"), "syntax", "", &[]);
    for amount in ["NaN", "1e999", "-", "1,5", "٣"] {
        let snapshot = with("/totals/total", json!(amount));
        let bench = Bench::new();
        bench.put("q.json", snapshot);
        bench.render("video q.json").ends_with(3).says(&[" at /totals/total", "expected"]);
    }
}

#[test]
fn wrong_types() {
    refused(with("/items", json!("one panel")), "wrong_type", "/items", &[]);
    refused(with("/quote/number", json!(["COT-1"])), "wrong_type", "/quote/number", &[]);
    refused("[]", "wrong_type", "", &[]);
}

#[test]
fn an_unknown_version() {
    refused(with("/schemaVersion", json!(2)), "schema_version", "/schemaVersion", &["1"]);
}

#[test]
fn an_unknown_field_with_a_guess_at_what_was_meant() {
    refused(with("/quote/validUntill", json!("2026-12-15")), "unknown_field", "/quote/validUntill", &["validUntil"]);
}

#[test]
fn ten_megabytes() {
    refused(with("/quote/notes", json!("n".repeat(10 << 20))), "too_large", "", &["bytes"]);
}

#[test]
fn deep_nesting() {
    refused("[".repeat(100_000), "too_deep", "", &[]);
    refused(format!("{}1{}", r#"{"a":"#.repeat(5_000), "}".repeat(5_000)), "too_deep", "", &[]);
}

#[test]
fn impossible_dates() {
    for date in ["2026-02-30", "20/11/2026", "2026-13-01", "tomorrow"] {
        refused(with("/quote/issuedAt", json!(date)), "invalid_date", "/quote/issuedAt", &["YYYY-MM-DD"]);
    }
}

#[test]
fn unknown_currency_and_locale() {
    refused(with("/currency", json!("XQZ")), "unknown_currency", "/currency", &["XQZ"]);
    refused(with("/locale", json!("klingon!")), "unknown_locale", "/locale", &[]);
}

#[test]
fn invalid_colours() {
    let brand = |color: &str| with("/company/brand", json!({ "primary": color }));
    for color in ["red", "#12345", "#GGGGGG", "rgb(1,2,3)"] {
        refused(brand(color), "invalid_color", "/company/brand/primary", &["#"]);
    }
}

#[test]
fn no_items_and_too_many() {
    refused(with("/items", json!([])), "item_count", "/items", &["1"]);
    let item = good()["items"][0].clone();
    refused(with("/items", Value::Array(vec![item; 501])), "item_count", "/items", &["500"]);
}

#[test]
fn sums_that_do_not_add_up_name_both_amounts() {
    refused(with("/items/0/total", json!("2100")), "line_mismatch", "/items/0/total", &["2100", "2000"]);
}

#[test]
fn credentials_are_refused_and_never_repeated() {
    let bench = Bench::new();
    bench.put("q.json", with("/company/apiKey", json!("sk-live-12345")));
    for arguments in ["video q.json", "validate q.json --json", "video q.json -vv"] {
        let run = bench.render(arguments).ends_with(3);
        assert!(!run.stderr.contains("12345") && !run.text().contains("12345"), "{run:?}");
    }
}

#[test]
fn every_problem_comes_at_once() {
    let mut quote = good();
    quote["currency"] = json!("??");
    quote["company"]["name"] = json!(7);
    quote["items"] = json!([]);
    let bench = Bench::new();
    bench.put("q.json", quote.to_string());
    bench.render("validate q.json").ends_with(3).says(&["/currency", "/company/name", "/items", "3 errors"]);
}

#[test]
fn a_snapshot_that_is_not_there() {
    let bench = Bench::new();
    let words = ["error[file_not_found]", "cannot read the quote nowhere.json: no such file"];
    bench.render("video nowhere.json").ends_with(3).says(&words);
    bench.render("video .").ends_with(3).says(&["it is a folder"]);
    let report = bench.render("video nowhere.json --json").ends_with(3).json();
    assert_eq!((&report["ok"], &report["problems"][0]["code"]), (&json!(false), &json!("file_not_found")));
    assert!(bench.listing().is_empty());
}

#[test]
fn a_file_that_is_not_there_is_never_worth_a_retry() {
    let bench = Bench::new();
    bench.put("q.json", good().to_string());
    for (arguments, file) in [
        ("still nowhere.json", "nowhere.json"),
        ("still q.json/q.json", "q.json/q.json"),
        ("validate nowhere.json", "nowhere.json"),
        ("watch nowhere.json", "nowhere.json"),
        ("bench nowhere.json --runs 1", "nowhere.json"),
        ("probe nowhere.mp4", "nowhere.mp4"),
        ("probe .", "."),
        ("video q.json --audio nowhere.wav", "nowhere.wav"),
        ("enqueue nowhere.json", "nowhere.json"),
        ("webhook https://a.example/x --company c --secret-file nowhere.txt", "nowhere.txt"),
    ] {
        bench.render(arguments).ends_with(3).says(&["error[file_not_found]", file]);
    }
    bench.render("still q.json --fonts nowhere").ends_with(3).says(&["error[font_pack_unusable]"]);
    bench.render("still q.json -t ./nowhere").ends_with(3).says(&["error[template_not_found]"]);
    assert_eq!(bench.listing(), ["work/q.json"]);
}

#[test]
fn terminal_escapes_in_foreign_text_are_shown_escaped() {
    let bench = Bench::new();
    let mut quote = good();
    quote["quote"]["\u{1b}[2Jnumber"] = json!("\u{1b}[31m");
    quote["currency"] = json!("\u{1b}[2J");
    quote["company"]["logo"] = json!({ "file": "\u{1b}[2J.png" });
    bench.put("q.json", quote.to_string());
    let run = bench.render("validate q.json").ends_with(3).says(&["/currency"]);
    assert!(!run.stderr.contains('\u{1b}'), "{:?}", run.stderr);
    bench.put("escape.json", good().to_string());
    let mut command = bench.command(env!("CARGO_BIN_EXE_render"));
    command.args(["still", "\u{1b}[2J.json"]);
    let run = crate::harness::finish(command.spawn().expect("render starts"), b"").ends_with(3);
    assert!(!run.stderr.contains('\u{1b}'), "{:?}", run.stderr);
}

#[test]
fn a_logo_that_is_a_bare_string_gets_a_hint() {
    refused(
        with("/company/logo", json!("logo.png")),
        "wrong_type",
        "/company/logo",
        &[r#"did you mean { "file": "logo.png" }?"#],
    );
}

#[test]
fn a_misspelt_setting_is_a_warning_with_what_was_meant() {
    let bench = Bench::new();
    for arguments in ["config", "jobs list --company c"] {
        let mut command = bench.command(env!("CARGO_BIN_EXE_render"));
        command.args(arguments.split(' ')).env("QUOTEREEL_CONCURENCY", "2");
        let run = crate::harness::finish(command.spawn().expect("render starts"), b"").ends_with(0);
        run.says(&["`QUOTEREEL_CONCURENCY` is not a setting", "did you mean `QUOTEREEL_CONCURRENCY`?"]);
    }
}

/// Runs `video` with a template that must be refused.
fn refused_template(bench: &Bench, template: &str, words: &[&str]) {
    bench.put("q.json", good().to_string());
    let before = bench.listing();
    bench.render(&format!("video q.json -t {template}")).ends_with(3).says(words);
    let report = bench.render(&format!("video q.json -t {template} --json")).ends_with(3).json();
    assert_eq!(report["ok"], false);
    assert_eq!(bench.listing(), before);
}

#[test]
fn a_template_that_is_not_there() {
    refused_template(&Bench::new(), "quote-sumary", &["quote-sumary", "quote-summary"]);
    refused_template(&Bench::new(), "./mine", &["./mine"]);
    let bench = Bench::new();
    bench.put("mine/template.json", "{}");
    refused_template(&bench, "mine", &["for the folder of that name: `./mine`"]);
}

/// The tests' template in a folder of its own, with `from` replaced by `to` in one of its files.
fn spoilt_template(bench: &Bench, from: &str, to: &str) {
    let source = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join("fixtures/templates/steady");
    let mut folders = vec![source.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("readable") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(&source).expect("below").to_string_lossy().into_owned();
            let text = std::fs::read_to_string(&path).expect("text");
            let text = if name == "template.json" {
                assert!(text.contains(from), "the template has no {from}");
                text.replacen(from, to, 1)
            } else {
                text
            };
            bench.put(&format!("mine/{name}"), text);
        }
    }
}

#[test]
fn template_errors_name_file_place_and_reason() {
    let bench = Bench::new();
    spoilt_template(&bench, "{{", "{{ 1 +");
    refused_template(&bench, "./mine", &["template.json", "/scenes/"]);

    let bench = Bench::new();
    bench.put("mine/template.json", "{");
    refused_template(&bench, "./mine", &["template.json"]);
}

/// One still, cheap to make, of a quote with this logo: the logo's failure is a warning and a placeholder.
fn still_with_logo(logo: Value, options: &str) -> Run {
    let bench = Bench::new();
    bench.put("q.json", with("/company/logo", logo));
    let run = bench.render(&format!("still q.json {options}")).ends_with(0).says(&["warning[", "/company/logo"]);
    assert_eq!(bench.listing(), ["work/q.json", "work/q.png"]);
    run
}

fn data_uri(bytes: &[u8]) -> Value {
    use base64::Engine as _;

    json!({ "data": format!("data:image/png;base64,{}", base64::engine::general_purpose::STANDARD.encode(bytes)) })
}

#[test]
fn a_picture_that_is_none() {
    still_with_logo(data_uri(b"this is a letter, not a picture"), "");
}

#[test]
fn a_picture_of_forty_thousand_pixels_a_side() {
    // Signature, header chunk with its checksum, and an end: small in bytes, 6.4 GB as pixels.
    let mut header = b"IHDR".to_vec();
    header.extend(40_000_u32.to_be_bytes());
    header.extend(40_000_u32.to_be_bytes());
    header.extend([8, 6, 0, 0, 0]);
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    png.extend(13_u32.to_be_bytes());
    png.extend(&header);
    png.extend(crc32(&header).to_be_bytes());
    png.extend(b"\0\0\0\0IEND\xae\x42\x60\x82");
    still_with_logo(data_uri(&png), "").says(&["40000"]);
}

/// The checksum of PNG chunks (ISO 3309).
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & 0_u32.wrapping_sub(crc & 1)))
    })
}

#[test]
fn a_host_that_cannot_be_reached() {
    // Bound, then dropped: nobody listens there any more.
    let port =
        std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port();
    let logo = json!({ "url": format!("http://127.0.0.1:{port}/logo.png") });
    still_with_logo(logo.clone(), "--allow-private-network");
    still_with_logo(logo, "");
    still_with_logo(json!({ "url": "https://logo.invalid/logo.png" }), "");
}

#[test]
fn a_host_that_takes_connections_and_says_nothing() {
    // The kernel completes connections that nobody accepts.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = silent.local_addr().expect("bound").port();
    let logo = json!({ "url": format!("http://127.0.0.1:{port}/logo.png") });
    still_with_logo(logo, "--allow-private-network").says(&["no answer within"]);
}

#[test]
fn a_logo_made_to_be_slow() {
    use base64::Engine as _;

    let svg = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'>{}</svg>",
        "<path d='M0 0h9v9H0z' opacity='.5'/>".repeat(6000)
    );
    let data = base64::engine::general_purpose::STANDARD.encode(svg);
    still_with_logo(json!({ "data": format!("data:image/svg+xml;base64,{data}") }), "").says(&["costs more than"]);
}

#[test]
fn a_file_beside_the_snapshot_may_not_be_elsewhere() {
    still_with_logo(json!({ "file": "missing.png" }), "");
    for file in ["../../../../etc/passwd", "/etc/passwd"] {
        let bench = Bench::new();
        bench.put("q.json", with("/company/logo", json!({ "file": file })));
        let run = bench.render("still q.json");
        assert!([0, 3].contains(&run.code()), "{run:?}");
        run.says(&["/company/logo"]);
    }
}

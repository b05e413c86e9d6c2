//! Font packs: what is said without one, what changes with one, and what a broken one does. The pack is Debian's
//! `fonts-noto-cjk`, which `make setup-tests` installs.

use serde_json::{Value, json};

use crate::harness::Bench;
use crate::quotes::{good, with};

const PACK: &str = "/usr/share/fonts/opentype/noto";

/// A quote of a company that has a Japanese name beside its Latin one.
fn japanese() -> Bench {
    let bench = Bench::new();
    bench.put("ja.json", with("/company/name", json!("Aozora 株式会社あおぞら")));
    bench
}

fn codes(report: &Value) -> Vec<&str> {
    report["warnings"].as_array().expect("a list").iter().filter_map(|warning| warning["code"].as_str()).collect()
}

#[test]
fn without_a_pack_each_field_is_named_with_its_characters_and_what_to_do_about_it() {
    let bench = japanese();
    bench.render("validate ja.json").ends_with(0).says(&[
        "warning[missing_glyph] at /company/name\n  found     `株` (U+682A), `式` (U+5F0F),",
        " and 2 more in `Aozora 株式会社あおぞら`",
        "they are left out in scene",
        "warning[font_pack_missing]",
        "8 characters of Chinese, Japanese or Korean without a font",
        "apt-get install fonts-noto-cjk",
        "--fonts /usr/share/fonts/opentype/noto",
    ]);
    let report = bench.render("validate ja.json --json").ends_with(0).json();
    assert_eq!(codes(&report), ["missing_glyph", "font_pack_missing"]);
}

#[test]
fn characters_that_no_font_has_are_told_by_field() {
    let bench = Bench::new();
    let mut quote = good();
    quote["locale"] = json!("ja-JP");
    quote["customer"]["name"] = json!("Oh 御");
    quote["items"][0]["name"] = json!("Visit 御");
    bench.put("ja.json", quote.to_string());
    let report = bench.render("validate ja.json --json").ends_with(0).json();
    let missing = report["warnings"].as_array().expect("a list").iter().filter(|one| one["code"] == "missing_glyph");
    let told: Vec<(&str, &str)> =
        missing.map(|one| (one["pointer"].as_str().unwrap_or("?"), one["found"].as_str().unwrap_or("?"))).collect();
    for pointer in ["/customer/name", "/items/0/name"] {
        let of_field: Vec<&&str> = told.iter().filter(|(at, _)| *at == pointer).map(|(_, found)| found).collect();
        assert!(matches!(of_field[..], [found] if found.starts_with("`御` (U+5FA1) in ")), "{told:?}");
    }
    // The template's own words and the dates are there, in English.
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(codes(&report).contains(&"locale_without_font"), "{report}");
}

#[test]
fn a_name_of_which_no_letter_can_be_shown_is_refused() {
    let bench = Bench::new();
    bench.put("ja.json", with("/customer/name", json!("（株）あおぞら")));
    for command in ["validate ja.json", "still ja.json -o frame.png", "video ja.json -o video.mp4"] {
        bench.render(command).ends_with(3).says(&[
            "error[no_font] at /customer/name\n  found     `（株）あおぞら`, of which no font has a letter",
            "apt-get install fonts-noto-cjk",
        ]);
    }
    bench.render(&format!("still ja.json -o frame.png --fonts {PACK}")).ends_with(0);
    assert_eq!(bench.listing(), ["work/frame.png", "work/ja.json"]);
}

#[test]
fn with_a_pack_nothing_is_missing_whichever_way_it_is_given() {
    let bench = japanese();
    let plain = bench.render("still ja.json -o plain.png").ends_with(0);
    assert!(!plain.stderr.is_empty());
    let run = bench.render(&format!("still ja.json -o flag.png --fonts {PACK}")).ends_with(0);
    assert_eq!(run.stderr, "");
    let run = bench.shell(&format!("QUOTEREEL_FONTS={PACK} \"$RENDER\" still ja.json -o variable.png")).ends_with(0);
    assert_eq!(run.stderr, "");
    let read = |name: &str| std::fs::read(bench.work().join(name)).expect("written");
    assert!(read("flag.png") == read("variable.png") && read("flag.png") != read("plain.png"));
}

#[test]
fn a_quote_that_needs_no_pack_is_the_same_with_one() {
    let bench = Bench::new();
    bench.put("q.json", good().to_string());
    let plain = bench.render("still q.json -o -").ends_with(0).stdout;
    assert!(plain == bench.render(&format!("still q.json -o - --fonts {PACK}")).ends_with(0).stdout);
}

#[test]
fn a_pack_that_cannot_be_used_is_named() {
    let bench = japanese();
    bench.render("validate ja.json --fonts /nowhere/at/all").ends_with(3).says(&[
        "error[font_pack_unusable]",
        "`/nowhere/at/all` does not exist",
        "apt-get install fonts-noto-cjk",
    ]);
    bench.put("pack/broken.otf", b"no font");
    bench.render("video ja.json --fonts pack").ends_with(3).says(&["`broken.otf` cannot be read"]);
    assert_eq!(bench.listing(), ["work/ja.json", "work/pack/broken.otf"]);
}

#[test]
fn doctor_looks_at_the_pack() {
    let bench = Bench::new();
    let run = bench.render("doctor").ends_with(0);
    assert!(run.text().contains("apt-get install fonts-noto-cjk"), "{}", run.text());
    let run = bench.render(&format!("doctor --fonts {PACK}")).ends_with(0);
    for words in [PACK, "Japanese, Korean, simplified Chinese, traditional Chinese", "Noto Sans CJK JP"] {
        assert!(run.text().contains(words), "`{words}` is not in:\n{}", run.text());
    }
    bench.put("pack/broken.ttc", b"ttcf");
    let run = bench.render("doctor --fonts pack").ends_with(1);
    assert!(run.text().contains("`broken.ttc` cannot be read"), "{}", run.text());
}

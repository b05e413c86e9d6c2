//! Help, version and usage errors: the words are part of the contract, so they are kept as snapshots.

use crate::harness::Bench;

#[test]
fn help_reads_well() {
    let bench = Bench::new();
    insta::assert_snapshot!("help", bench.render("--help").ends_with(0).text());
    for command in [
        "video",
        "still",
        "sheet",
        "watch",
        "validate",
        "probe",
        "bench",
        "schema",
        "templates",
        "templates fmt",
        "templates export",
        "worker",
        "enqueue",
        "jobs",
        "credits",
        "webhook",
        "reconcile",
        "migrate",
        "config",
        "health",
        "doctor",
        "completions",
    ] {
        let run = bench.render(&format!("{command} --help")).ends_with(0);
        insta::assert_snapshot!(format!("help_{}", command.replace(' ', "_")), run.text());
    }
}

#[test]
fn the_version_is_the_packages() {
    let expected = format!("render {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(Bench::new().render("--version").ends_with(0).text(), expected);
}

#[test]
fn wrong_usage_ends_with_2_and_says_what_would_be_right() {
    let bench = Bench::new();
    for (arguments, words) in [
        ("", "Usage:"),
        ("film q.json", "unrecognized subcommand 'film'"),
        ("video", "<SNAPSHOT>"),
        ("video q.json --size 100x100", "1080x1920"),
        ("video q.json --fps 29", "24, 25, 30, 50, 60"),
        ("video q.json --threads 0", "1..=256"),
        ("video q.json -o x.mov", "must end in .mp4, .webp, .gif or .y4m"),
        ("video q.json --thumbnail a.jpg --no-thumbnail", "cannot be used with"),
        ("still q.json --at soon", "write seconds such as 1s, 2.5 or 1500ms"),
        ("schema invoice", "snapshot, template"),
        ("probe", "<FILE>"),
        ("validate q.json -q -v", "cannot be used with"),
    ] {
        bench.render(arguments).ends_with(2).says(&[words]);
    }
    assert!(bench.listing().is_empty());
}

#[test]
fn wrong_usage_is_json_where_json_is_asked_for() {
    for arguments in ["video q.json --fps 29 --json", "still q.json --at soon --json", "still q.json --json -o -"] {
        let run = Bench::new().render(arguments).ends_with(2);
        let report = run.json();
        assert_eq!(report["ok"], false);
        assert_eq!(report["problems"][0]["code"], "usage");
        assert!(report["problems"][0]["message"].as_str().is_some_and(|message| !message.is_empty()));
        assert_eq!(run.stderr, "");
    }
}

#[test]
fn completions_name_every_command() {
    for shell in ["bash", "zsh", "fish"] {
        let run = Bench::new().render(&format!("completions {shell}")).ends_with(0);
        for command in ["video", "validate", "doctor"] {
            assert!(run.text().contains(command), "{shell} lacks {command}");
        }
    }
}

#[test]
fn completions_offer_the_built_in_templates_and_folders_can_still_be_given() {
    let bench = Bench::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = bench.render(&format!("completions {shell}")).ends_with(0);
        assert!(script.text().contains("quote-summary"), "{shell}");
    }
    let run = bench.render("templates ./nowhere").ends_with(3);
    run.says(&["template_not_found", "./nowhere"]);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let run = Bench::new().shell(r#""$RENDER" completions bash | head -c 1 >/dev/null; echo "${PIPESTATUS[0]}""#);
    assert_eq!(run.text(), "0\n");
    assert_eq!(run.stderr, "");
}

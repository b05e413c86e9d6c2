//! The files in `deploy/` against the program: alert rules and dashboard name figures that exist, and the rules do
//! what their tests say. Settings are checked beside their code, in `src/config`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use quotereel_jobs::observe::metrics::Metrics;
use serde_json::Value;

/// What a name of ours begins with.
const PREFIXES: [&str; 3] = ["video_render_", "quotereel_", "process_"];

fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Names of the series that a worker can show: those that exist from the start, and the few that come with a first run.
fn series() -> BTreeSet<String> {
    let metrics = Metrics::new(["quote-summary"]);
    metrics.maintenance_tasks(&["reconcile"]);
    metrics.maintenance("reconcile", 0, true);
    let encoded = metrics.encode();
    let samples = encoded.lines().filter(|line| !line.starts_with('#'));
    samples.map(|line| line.split(['{', ' ']).next().unwrap_or_default().to_owned()).collect()
}

/// Every word in a text that looks like one of our series.
fn named(text: &str) -> BTreeSet<String> {
    let words = text.split(|character: char| !character.is_ascii_alphanumeric() && character != '_');
    words.filter(|word| PREFIXES.iter().any(|prefix| word.starts_with(prefix))).map(str::to_owned).collect()
}

fn promtool(arguments: &[&str]) {
    let installed = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("tools").join("promtool");
    let program = if installed.exists() { installed } else { PathBuf::from("promtool") };
    let run = Command::new(&program).args(arguments).current_dir(root().join("deploy/prometheus")).output();
    let run = run.unwrap_or_else(|error| panic!("{} (`make setup-tests` brings it): {error}", program.display()));
    let said = [run.stdout, run.stderr].concat();
    assert!(run.status.success(), "promtool {arguments:?}\n{}", String::from_utf8_lossy(&said));
}

#[test]
fn the_alert_rules_are_sound_and_do_what_their_tests_say() {
    promtool(&["check", "rules", "--lint=all", "--lint-fatal", "alerts.yml"]);
    promtool(&["test", "rules", "alerts_test.yml"]);
}

#[test]
fn alerts_and_dashboard_name_figures_that_exist() {
    let series = series();
    for path in ["deploy/prometheus/alerts.yml", "deploy/prometheus/alerts_test.yml", "deploy/grafana/dashboard.json"] {
        let named = named(&read(path));
        assert!(named.len() > 5, "{path} names {named:?} only");
        let unknown: Vec<&String> = named.difference(&series).collect();
        assert!(unknown.is_empty(), "{path} names {unknown:?}, which no worker shows");
    }
}

#[test]
fn every_alert_has_a_test_and_a_section_in_the_runbook() {
    let (rules, tests, runbook) =
        (read("deploy/prometheus/alerts.yml"), read("deploy/prometheus/alerts_test.yml"), read("docs/operations.md"));
    let alerts: Vec<&str> = rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert!(alerts.len() >= 7, "{alerts:?}");
    for alert in alerts {
        assert!(tests.contains(&format!("alertname: {alert}\n")), "{alert} has no test that fires it");
        let anchor = format!("docs/operations.md#{}\n", alert.to_lowercase());
        assert!(rules.contains(&anchor), "{alert} names no section of the runbook");
        assert!(runbook.lines().any(|line| line == format!("### {alert}")), "{alert} has no section in the runbook");
    }
}

#[test]
fn the_dashboard_is_json_with_a_query_in_every_panel() {
    let dashboard: Value = serde_json::from_str(&read("deploy/grafana/dashboard.json")).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels");
    assert!(panels.len() > 10);
    let mut ids = BTreeSet::new();
    for panel in panels {
        assert!(panel["targets"][0]["expr"].as_str().is_some_and(|query| !query.is_empty()), "{}", panel["title"]);
        assert!(ids.insert(panel["id"].as_u64()), "two panels have the id {}", panel["id"]);
    }
}

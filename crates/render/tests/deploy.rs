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

/// What follows `worker` in the commands that the head of the compose file says to try, a line each.
fn tried_in_compose() -> Vec<String> {
    let compose = read("deploy/compose.yaml");
    let head = compose.lines().map_while(|line| line.strip_prefix('#')).collect::<Vec<_>>().join("\n");
    let joined = head.replace("\\\n", " ");
    let commands = joined.lines().filter(|line| line.contains("docker compose"));
    let commands = commands.filter_map(|line| line.split("  #").next()?.split_once(" worker ")).map(|(_, rest)| rest);
    commands.map(|rest| rest.trim().trim_start_matches("render ").to_owned()).collect()
}

/// Runs such a command here: the embedded database, and the folder of quotes that the container would have.
fn run_like_compose(data: &Path, command: &str, job: &str) -> Value {
    let (command, input) = command.split_once(" < ").unwrap_or((command, "/dev/null"));
    let arguments = command.split_whitespace().map(|word| match word.strip_prefix("/quotes/") {
        Some(name) => root().join("fixtures/quotes").join(name).display().to_string(),
        None => word.replace("JOB", job),
    });
    let input = fs::File::open(root().join(input)).unwrap_or_else(|error| panic!("{input}: {error}"));
    let mut render = Command::new(env!("CARGO_BIN_EXE_render"));
    render.args(arguments).arg("--json").env_clear().env("QUOTEREEL_DATA", data).stdin(input);
    let run = render.output().expect("render starts");
    assert!(run.status.success(), "{command}\n{}", String::from_utf8_lossy(&run.stdout));
    serde_json::from_slice(&run.stdout).expect("JSON")
}

#[test]
fn the_commands_in_the_compose_file_find_the_job_that_they_make() {
    let commands = tried_in_compose();
    let starting = |start: &str| -> Vec<&String> { commands.iter().filter(|line| line.starts_with(start)).collect() };
    let (enqueues, lists, shows) = (starting("enqueue "), starting("jobs list "), starting("jobs show JOB "));
    assert_eq!((enqueues.len(), lists.len(), shows.len(), commands.len()), (2, 1, 1, 4), "{commands:#?}");

    let data = tempfile::tempdir().expect("a folder");
    let enqueued = run_like_compose(data.path(), enqueues[0], "");
    assert_eq!(enqueued["outcome"], "new");
    let job = enqueued["job"]["id"].as_str().expect("an id");
    assert_eq!(run_like_compose(data.path(), lists[0], "")["jobs"][0]["id"], job);
    assert_eq!(run_like_compose(data.path(), shows[0], job)["job"]["id"], job);
    assert_eq!(run_like_compose(data.path(), enqueues[1], "")["outcome"], "new");
}

#[test]
fn images_are_pinned_to_the_versions_of_the_tests() {
    let mut images = BTreeSet::new();
    for path in ["deploy/compose.yaml", "deploy/kubernetes/deployment.yaml", "Dockerfile"] {
        for line in read(path).lines().map(str::trim) {
            let named = line.strip_prefix("image: ").or_else(|| Some(line.split_once("_IMAGE")?.1));
            let Some(named) = named.filter(|_| !line.starts_with('#')) else { continue };
            // A default: `${NAME:-image}` in compose, `NAME=image` in the Dockerfile.
            let image = named.rsplit(":-").next().unwrap_or(named).trim_start_matches('=').trim_end_matches('}');
            if image.contains(':') {
                images.insert(image.rsplit('/').next().unwrap_or(image).to_owned());
            }
        }
    }
    let script = read("tests/servers/seaweed.sh");
    let seaweed = script.lines().find_map(|line| line.strip_prefix("VERSION=")).expect("it names its version");
    assert!(images.remove(&format!("seaweedfs:{seaweed}")), "{images:?} has no SeaweedFS {seaweed}");
    assert!(images.remove("quotereel:local"), "what compose builds");
    assert_eq!(images.len(), 4, "{images:?}");
    for image in images {
        let (_, tag) = image.split_once(':').expect("chosen for its tag");
        assert!(tag.starts_with(|first: char| first.is_ascii_digit()) || tag == "bookworm-slim", "{image}");
    }
}

//! `render watch`: a change on the disk becomes a picture, a mistake leaves the last one, Ctrl-C leaves nothing else.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Bench, finish};
use crate::interrupted::send;
use crate::quotes::{good, with};

/// After this a report is not expected any more; a loaded machine draws slowly.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running `render watch --json`; killed with the test.
struct Watch {
    child: Child,
    reports: Receiver<Value>,
    picture: PathBuf,
}

impl Watch {
    /// Starts it and waits for the first report.
    fn begin(bench: &Bench, arguments: &str, picture: &str) -> (Self, Value) {
        let mut command = bench.command(env!("CARGO_BIN_EXE_render"));
        let mut child = command.args(["watch", "--json"]).args(arguments.split(' ')).spawn().expect("render starts");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let (sender, reports) = channel();
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let report = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
                if sender.send(report).is_err() {
                    return;
                }
            }
        });
        let watch = Self { child, reports, picture: bench.work().join(picture) };
        let first = watch.reports.recv_timeout(PATIENCE).expect("a first report");
        (watch, first)
    }

    /// The next report that `is_meant`: a file written in two steps may be reported twice.
    fn report(&self, is_meant: impl Fn(&Value) -> bool) -> Value {
        loop {
            let report = self.reports.recv_timeout(PATIENCE).expect("a report");
            if is_meant(&report) {
                return report;
            }
        }
    }

    fn bytes(&self) -> Vec<u8> {
        std::fs::read(&self.picture).expect("the picture is there")
    }

    /// Waits for a good report after which the picture is another than `before`.
    fn other_than(&self, before: &[u8]) -> Vec<u8> {
        self.report(|report| {
            assert!(report["ok"] == false || report["changeToPictureMs"].as_f64().is_some_and(|ms| ms > 0.0));
            report["ok"] == true && self.bytes() != before
        });
        self.bytes()
    }

    /// Ends it as Ctrl-C does, and returns the exit status.
    fn interrupt(mut self) -> Option<i32> {
        send("INT", &self.child);
        self.child.wait().expect("reaped").code()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // Where a test has failed before its end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn named(name: &str) -> String {
    with("/company/name", json!(name))
}

fn is_png(path: &Path) -> bool {
    image::open(path).is_ok()
}

#[test]
fn a_change_becomes_a_picture_and_a_mistake_leaves_the_last_one() {
    let bench = Bench::new();
    bench.put("q.json", good().to_string());
    let (watch, first) = Watch::begin(&bench, "q.json --size square", "q.png");
    assert_eq!((&first["ok"], &first["picture"]), (&json!(true), &json!("q.png")));
    assert_eq!(first["changeToPictureMs"], Value::Null);
    assert!(is_png(&watch.picture));
    // Its own picture lies in the folder it watches.
    assert!(watch.reports.recv_timeout(Duration::from_millis(400)).is_err(), "it reacts to itself");

    let before = watch.bytes();
    bench.put("q.json", named("Otra Empresa"));
    let second = watch.other_than(&before);

    bench.put("q.json", named("Otra Empresa").replace("totals", "totels"));
    let broken = watch.report(|report| report["ok"] == false && report["problems"][0]["code"] != "syntax");
    assert!(broken["problems"][0]["pointer"].is_string(), "{broken}");
    assert!(watch.bytes() == second, "the last good picture stays");

    // As editors save: a new file takes the name of the old one.
    bench.put(".q.json.swp", named("Tercera Empresa"));
    std::fs::rename(bench.work().join(".q.json.swp"), bench.work().join("q.json")).expect("renamed");
    watch.other_than(&second);

    assert_eq!(watch.interrupt(), Some(130));
    assert_eq!(bench.listing(), ["work/q.json", "work/q.png"]);
}

#[test]
fn pictures_and_template_are_watched_too() {
    let bench = Bench::new();
    let logo = |color: &str| {
        format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path fill="{color}" d="M0 0h9v9H0z"/></svg>"#
        )
    };
    bench.put("assets/logo.svg", logo("#c00"));
    bench.put("q.json", with("/company/logo", json!({ "file": "assets/logo.svg" })));
    let steady = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join("fixtures/templates/steady");
    bench.put("mine/template.json", std::fs::read(steady.join("template.json")).expect("there"));
    let (watch, first) = Watch::begin(&bench, "q.json --sheet --size landscape -t ./mine -o s.png", "s.png");
    assert_eq!(first["ok"], true, "{first}");
    let before = watch.bytes();
    bench.put("assets/logo.svg", logo("#00c"));
    let after_logo = watch.other_than(&before);
    let template = std::fs::read_to_string(steady.join("template.json")).expect("there");
    bench.put("mine/template.json", template.replace("#FFFFFF", "#EEFFEE"));
    watch.other_than(&after_logo);
    assert_eq!(watch.interrupt(), Some(130));
}

/// A template whose only scene is a part, and the file of that part.
fn of_a_part(bench: &Bench, folder: &str, fill: &str) {
    let document = json!({
        "formatVersion": 1, "name": "mine", "version": "1", "description": "One part.",
        "duration": { "min": 1, "max": 2 },
        "theme": { "fonts": { "body": { "family": "Inter", "weight": 500 } } },
        "scenes": [{ "id": "only", "children": [{ "type": "use", "part": "ground" }] }]
    });
    bench.put(&format!("{folder}/template.json"), document.to_string());
    bench.put(&format!("{folder}/parts/ground.json"), ground(fill));
}

fn ground(fill: &str) -> String {
    json!({ "children": [{ "type": "shape", "layout": { "grow": 1 }, "surface": { "fill": fill } }] }).to_string()
}

#[test]
fn parts_are_watched_too() {
    let bench = Bench::new();
    bench.put("q.json", good().to_string());
    of_a_part(&bench, "mine", "#CC0000");
    let (watch, first) = Watch::begin(&bench, "q.json --size square -t ./mine", "q.png");
    assert_eq!(first["ok"], true, "{first}");
    let red = watch.bytes();
    bench.put("mine/parts/ground.json", ground("#0000CC"));
    let blue = watch.other_than(&red);

    // As editors save: a new file takes the name of the old one.
    bench.put("mine/parts/ground.json.swp", ground("#00CC00"));
    let part = bench.work().join("mine/parts/ground.json");
    std::fs::rename(part.with_extension("json.swp"), part).expect("renamed");
    watch.other_than(&blue);

    bench.put("mine/parts/more.json", r#"{ "children": [] }"#);
    let told = watch.report(|report| report["ok"] == false);
    assert!(told.to_string().contains("parts/more.json"), "{told}");
    assert_eq!(watch.interrupt(), Some(130));
}

#[test]
fn folders_that_come_back_are_watched_again() {
    let bench = Bench::new();
    let place = |name: &str| bench.work().join(name);
    bench.put("quotes/q.json", good().to_string());
    of_a_part(&bench, "mine", "#CC0000");
    let (watch, first) = Watch::begin(&bench, "quotes/q.json --size square -t ./mine -o q.png", "q.png");
    assert_eq!(first["ok"], true, "{first}");
    let red = watch.bytes();

    std::fs::remove_dir_all(place("mine")).expect("removed");
    watch.report(|report| report["ok"] == false);
    of_a_part(&bench, "mine", "#0000CC");
    let blue = watch.other_than(&red);
    bench.put("mine/parts/ground.json", ground("#00CC00"));
    let green = watch.other_than(&blue);

    std::fs::remove_dir_all(place("quotes")).expect("removed");
    watch.report(|report| report["ok"] == false);
    bench.put("quotes/q.json", good().to_string());
    watch.report(|report| report["ok"] == true);
    bench.put("mine/parts/ground.json", ground("#CCCC00"));
    watch.other_than(&green);
    bench.put("quotes/q.json", "{");
    watch.report(|report| report["ok"] == false);
    assert_eq!(watch.interrupt(), Some(130));
}

#[test]
fn a_link_that_leads_elsewhere_is_followed() {
    let bench = Bench::new();
    bench.put("q.json", good().to_string());
    of_a_part(&bench, "one", "#CC0000");
    of_a_part(&bench, "two", "#0000CC");
    let link = |to: &str, name: &str| std::os::unix::fs::symlink(to, bench.work().join(name)).expect("linked");
    link("one", "mine");
    let (watch, first) = Watch::begin(&bench, "q.json --size square -t ./mine", "q.png");
    assert_eq!(first["ok"], true, "{first}");
    let red = watch.bytes();
    link("two", "next");
    std::fs::rename(bench.work().join("next"), bench.work().join("mine")).expect("renamed");
    let blue = watch.other_than(&red);
    bench.put("two/parts/ground.json", ground("#00CC00"));
    watch.other_than(&blue);
    assert_eq!(watch.interrupt(), Some(130));
}

#[test]
fn a_mistake_at_the_start_is_told_in_words_and_mended_later() {
    let bench = Bench::new();
    bench.put("q.json", "{");
    let mut command = bench.command(env!("CARGO_BIN_EXE_render"));
    let mut child = command.args(["watch", "q.json", "--size", "square"]).spawn().expect("render starts");
    let mut problems = BufReader::new(child.stderr.take().expect("piped"));
    let mut line = String::new();
    problems.read_line(&mut line).expect("readable");
    assert!(line.starts_with("error[syntax]"), "{line}");
    assert_eq!(bench.listing(), ["work/q.json"]);
    bench.put("q.json", good().to_string());
    let mut pictures = BufReader::new(child.stdout.take().expect("piped"));
    let mut line = String::new();
    pictures.read_line(&mut line).expect("readable");
    assert_eq!(line, "q.png\n");
    assert!(is_png(&bench.work().join("q.png")));
    send("TERM", &child);
    assert_eq!(finish(child, b"").status.code(), Some(143));
}

#[test]
fn what_cannot_be_watched_is_refused_at_once() {
    let bench = Bench::new();
    bench.put("q.json", good().to_string());
    bench.render("watch nowhere.json").ends_with(3).says(&["nowhere.json"]);
    bench.render("watch q.json -t nowhere").ends_with(3).says(&["template_not_found"]);
    bench.render("watch q.json -t ./nowhere").ends_with(3).says(&["template_not_found"]);
    bench.render("watch - ").ends_with(2).says(&["give a file"]);
    bench.render("watch q.json --sheet --at 2s").ends_with(2).says(&["cannot be used with"]);
    bench.render("watch q.json -o q.json").ends_with(2);
    assert_eq!(bench.listing(), ["work/q.json"]);
}

//! Throughput of one worker and what it costs beyond rendering and uploading: enqueues quotes, lets the real program
//! work, and reads its own figures.
//!
//! ```text
//! cargo bench --bench jobs -- [--jobs 20] [--quote fixtures/quotes/solar-es-cl.json] [--template quote-summary]
//! ```
//! Database and storage are those of the environment (`QUOTEREEL_DATABASE`, `QUOTEREEL_STORAGE`, …), else a new embedded
//! database and a folder under the system's temporary folder. Not a test: nothing here fails for being slow.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use quotereel_jobs::observe::health::probe;
use serde_json::{Value, json};

/// Companies that the jobs are spread over, so that no cap of one company holds the worker up.
const COMPANIES: usize = 5;
/// How long all jobs may take.
const LIMIT: Duration = Duration::from_secs(3600);

struct Options {
    jobs: usize,
    quote: String,
    template: String,
}

impl Options {
    fn from_arguments() -> Self {
        let mut options = Self {
            jobs: 20,
            quote: "fixtures/quotes/solar-es-cl.json".to_owned(),
            template: "quote-summary".to_owned(),
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().unwrap_or_else(|| panic!("{argument} wants a value"));
            match argument.as_str() {
                // cargo bench says so to every bench.
                "--bench" => {}
                "--jobs" => options.jobs = value().parse().expect("--jobs wants a whole number"),
                "--quote" => options.quote = value(),
                "--template" => options.template = value(),
                other => panic!("unknown argument {other}: --jobs, --quote and --template are known"),
            }
        }
        options
    }
}

fn main() {
    let options = Options::from_arguments();
    let data = tempfile::tempdir().expect("a temporary folder");
    let render = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_render"));
        command.args(arguments).env("QUOTEREEL_DATA", data.path());
        command
    };
    assert!(render(&["migrate"]).stdout(Stdio::null()).status().expect("a started program").success());
    enqueue(&options, &render);

    let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
    let address = port.to_string();
    let log = fs::File::create(data.path().join("worker.log")).expect("a log");
    let began = Instant::now();
    let mut worker = render(&["worker", "--metrics", &address, "--poll", "50ms", "--tenant-cap", "64"])
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .expect("a started worker");
    let figures = loop {
        thread::sleep(Duration::from_millis(50));
        if let Some(status) = worker.try_wait().expect("a worker to ask") {
            panic!("the worker ended ({status}): {}", last_words(&data.path().join("worker.log")));
        }
        let Ok(answer) = probe(port, "/metrics", Duration::from_secs(5)) else { continue };
        let figures = parse(&answer.body);
        let ended = sum(&figures, "video_render_jobs_total{");
        if ended >= options.jobs as f64 {
            break figures;
        }
        assert!(began.elapsed() < LIMIT, "after an hour {ended} of {} jobs have ended", options.jobs);
    };
    let wall = began.elapsed();
    let terminate = Command::new("kill").arg(worker.id().to_string()).status();
    assert!(terminate.is_ok_and(|status| status.success()), "the worker takes a signal");
    worker.wait().expect("a worker that ends");
    report(&options, &figures, wall);
}

fn enqueue(options: &Options, render: &impl Fn(&[&str]) -> Command) {
    // Cargo starts a bench in its package's folder; what is named is relative to the repository.
    let root = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let mut quote: Value =
        serde_json::from_slice(&fs::read(root.join(&options.quote)).expect("the quote")).expect("the quote is JSON");
    // Read from stdin a quote may name no files.
    drop_files(&mut quote);
    for number in 0..options.jobs {
        quote["quote"]["id"] = json!(format!("bench-{}-{number}", std::process::id()));
        quote["companyId"] = json!(format!("bench-{}", number % COMPANIES));
        let mut command = render(&["enqueue", "-", "--template", &options.template, "--allow-expired"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("a started program");
        command.stdin.take().expect("a pipe").write_all(quote.to_string().as_bytes()).expect("a reader");
        assert!(command.wait().expect("a program that ends").success(), "job {number} was not enqueued");
    }
}

/// Takes out every picture that is given as a file.
fn drop_files(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, field| field.get("file").is_none());
            fields.values_mut().for_each(drop_files);
        }
        Value::Array(entries) => entries.iter_mut().for_each(drop_files),
        _ => {}
    }
}

fn parse(page: &str) -> BTreeMap<String, f64> {
    let samples = page.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.rsplit_once(' '));
    samples.filter_map(|(name, value)| Some((name.to_owned(), value.parse().ok()?))).collect()
}

fn sum(figures: &BTreeMap<String, f64>, prefix: &str) -> f64 {
    figures.iter().filter(|(name, _)| name.starts_with(prefix)).map(|(_, value)| value).sum()
}

#[expect(clippy::print_stdout, reason = "a bench prints what it found")]
fn report(options: &Options, figures: &BTreeMap<String, f64>, wall: Duration) {
    let jobs = options.jobs as f64;
    let of_stage =
        |stage: &str| sum(figures, &format!("video_render_stage_duration_ms_sum{{stage=\"{stage}\"}}")) / jobs;
    let whole = sum(figures, "video_render_duration_ms_sum{") / jobs;
    let claim = sum(figures, "video_render_claim_duration_ms_sum") / jobs;
    let (render, upload, finalize) = (of_stage("render"), of_stage("upload"), of_stage("finalize"));
    let succeeded = figures
        .iter()
        .filter(|(name, _)| name.starts_with("video_render_jobs_total{") && name.contains("status=\"succeeded\""))
        .map(|(_, value)| value)
        .sum::<f64>();
    println!("jobs               {} ({succeeded} succeeded)", options.jobs);
    println!("jobs an hour       {:.0}", jobs / wall.as_secs_f64() * 3600.0);
    println!("a job              {whole:.0} ms from claim to end");
    println!("  render           {render:.0} ms");
    println!("  upload           {upload:.0} ms");
    println!("  finalize         {finalize:.1} ms");
    println!(
        "beyond both        {:.1} ms a job, asking the queue ({claim:.1} ms) included",
        whole - render - upload + claim
    );
}

fn last_words(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    text.lines().rev().take(5).collect::<Vec<_>>().join(" | ")
}

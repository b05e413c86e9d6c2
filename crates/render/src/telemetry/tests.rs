//! Lines as they come out, and spans as a collector gets them over a real socket.

use std::collections::BTreeMap;
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

use ::time::OffsetDateTime;
use serde_json::{Value, json};

use super::traces::TracesError;
use super::*;
use quotereel_jobs::job::{Failure, FailureCode, Job, JobId, LeaseEpoch, Stage, Status, TenantScope, WorkerId};
use quotereel_jobs::observe::journal;

fn job() -> Job {
    let now = OffsetDateTime::UNIX_EPOCH;
    Job {
        id: "0198c5f0-9d5e-7cc3-a5a6-d3c1f1d5a8b2".parse::<JobId>().expect("an id"),
        scope: TenantScope::new(None, "cmp_1").expect("a scope"),
        entity_type: "QUOTE".to_owned(),
        entity_id: "q_77".to_owned(),
        template: "quote-summary".to_owned(),
        input: None,
        snapshot_hash: String::new(),
        idempotency_key: None,
        created_by_id: None,
        retry_of: None,
        status: Status::Running,
        stage: Stage::Render,
        progress: 0,
        attempts: 2,
        render_attempts: 1,
        upload_attempts: 0,
        rescue_count: 0,
        run_after: now,
        cancel_requested_at: None,
        error_class: None,
        error_code: None,
        error_message: None,
        lease_epoch: LeaseEpoch(5),
        lease_expires_at: None,
        worker_id: None,
        deadline_at: None,
        spool_id: None,
        output: None,
        output_expired_at: None,
        created_at: now,
        started_at: None,
        finished_at: None,
        updated_at: now,
    }
}

fn worker() -> WorkerId {
    WorkerId("host-1".to_owned())
}

fn logging(level: LevelFilter, format: LogFormat) -> Logging {
    Logging { level, directives: None, format, color: false }
}

/// Lines that a test reads back.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("no panic").clone()).expect("text")
    }
}

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What `act` logs.
fn logged(logging: &Logging, act: impl FnOnce()) -> String {
    let lines = Lines::default();
    let writer = lines.clone();
    let (dispatch, _telemetry) = dispatch(logging, None, move || writer.clone()).expect("good settings");
    dispatcher::with_default(&dispatch, act);
    lines.text()
}

fn objects(lines: &str) -> Vec<Value> {
    lines.lines().map(|line| serde_json::from_str(line).expect("one object a line")).collect()
}

#[test]
fn a_job_s_line_has_its_fields_at_the_top() {
    let lines = logged(&logging(LevelFilter::INFO, LogFormat::Json), || {
        journal::created(&job());
        journal::claimed(&job(), &worker(), Duration::from_millis(1_250));
        journal::reconciled(&job(), "lease");
        let failure = Failure::new(FailureCode::DiskFull, "no space left\non \"/spool\"");
        journal::failed(&job(), &failure, Duration::from_millis(40), None);
    });
    let objects = objects(&lines);
    let events: Vec<&str> = objects.iter().filter_map(|object| object["event"].as_str()).collect();
    assert_eq!(events, ["CREATE", "CLAIM", "RECONCILE", "ERROR"]);
    for object in &objects {
        assert_eq!(object["jobId"], "0198c5f0-9d5e-7cc3-a5a6-d3c1f1d5a8b2");
        assert_eq!((&object["quoteId"], &object["companyId"]), (&json!("q_77"), &json!("cmp_1")));
        assert_eq!((&object["attempt"], &object["epoch"]), (&json!(2), &json!(5)));
        assert!(object.get("organizationId").is_none());
        assert!(object["timestamp"].as_str().is_some_and(|time| time.ends_with('Z')), "{object}");
    }
    assert_eq!(objects[1]["waited"], 1_250);
    assert_eq!(objects[2]["reconciled_to"], "running");
    assert_eq!(objects[3]["error"], "no space left\non \"/spool\"");
    assert_eq!((&objects[3]["duration"], &objects[3]["level"]), (&json!(40), &json!("ERROR")));
}

#[test]
fn a_line_inside_a_job_says_whose_it_is_and_inner_fields_win() {
    let lines = logged(&logging(LevelFilter::INFO, LogFormat::Json), || {
        let span = journal::job_span(&job(), &worker());
        let _job = span.enter();
        let stage = journal::stage_span(Stage::Upload);
        let _stage = stage.enter();
        tracing::info!(attempt = 9, level = "forged", "put again");
    });
    let objects = objects(&lines);
    assert_eq!(objects.len(), 1);
    let expected = [("message", json!("put again")), ("companyId", json!("cmp_1")), ("stage", json!("upload"))];
    for (name, value) in expected {
        assert_eq!(objects[0][name], value);
    }
    assert_eq!((&objects[0]["attempt"], &objects[0]["level"]), (&json!(9), &json!("INFO")));
}

#[test]
fn a_customer_s_mistake_and_another_try_are_warnings() {
    let failure = |code| Failure::new(code, "x".repeat(5_000));
    let lines = logged(&logging(LevelFilter::INFO, LogFormat::Json), || {
        journal::failed(&job(), &failure(FailureCode::SnapshotInvalid), Duration::ZERO, None);
        journal::failed(&job(), &failure(FailureCode::RenderFailed), Duration::ZERO, Some(Duration::from_secs(3)));
    });
    for object in objects(&lines) {
        assert_eq!(object["level"], "WARN");
        assert_eq!(object["error"].as_str().map(str::len), Some(journal::MAX_ERROR_CHARS));
    }
}

#[test]
fn text_from_outside_forges_no_line() {
    let failure = Failure::new(FailureCode::Internal, "a\n2026-01-01T00:00:00Z  INFO job succeeded\u{1b}[2J");
    for format in [LogFormat::Text, LogFormat::Json] {
        let lines = logged(&logging(LevelFilter::INFO, format), || {
            journal::failed(&job(), &failure, Duration::ZERO, None);
        });
        assert_eq!(lines.lines().count(), 1, "{lines}");
        assert!(!lines.contains('\u{1b}'), "{lines:?}");
    }
}

#[test]
fn levels_and_directives_decide_what_is_written() {
    let act = || {
        journal::created(&job());
        journal::polled_empty(Duration::from_millis(1));
    };
    let count = |logging: &Logging| logged(logging, act).lines().count();
    assert_eq!(count(&logging(LevelFilter::WARN, LogFormat::Text)), 0);
    assert_eq!(count(&logging(LevelFilter::INFO, LogFormat::Text)), 1);
    assert_eq!(count(&logging(LevelFilter::DEBUG, LogFormat::Text)), 2);
    let directed = |directives: &str| Logging {
        directives: Some(directives.to_owned()),
        ..logging(LevelFilter::INFO, LogFormat::Text)
    };
    assert_eq!(count(&directed("error,quotereel_jobs::observe::journal=debug")), 2);
    assert_eq!(count(&directed("off")), 0);
    let refused = dispatch(&directed("quotereel=loud=x"), None, io::sink).map(|_| ());
    assert!(matches!(refused, Err(TelemetryError::Directives { .. })), "{refused:?}");
    assert!("xml".parse::<LogFormat>().is_err());
}

/// A collector of OTLP: answers every request with `status` and hands the bodies over; `None` never answers.
fn collector(status: Option<&'static str>) -> (Collector, mpsc::Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("bound");
    let (bodies, received) = mpsc::channel();
    thread::spawn(move || {
        let mut held = Vec::new();
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { break };
            let Some(status) = status else {
                held.push(stream);
                continue;
            };
            if let Some(body) = request(&mut stream) {
                drop(bodies.send(body));
                let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                drop(stream.write_all(answer.as_bytes()));
            }
        }
    });
    (at(address), received)
}

fn at(address: SocketAddr) -> Collector {
    Collector::new(&format!("http://{address}/"), "host-1").expect("an address")
}

fn request(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut read = Vec::new();
    let mut part = [0; 4096];
    loop {
        let head_end = read.windows(4).position(|window| window == b"\r\n\r\n");
        if let Some(end) = head_end {
            let head = String::from_utf8_lossy(&read[..end]).to_ascii_lowercase();
            assert!(head.starts_with("post /v1/traces http/1.1"), "{head}");
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "))?.parse::<usize>().ok()?;
            if read.len() >= end + 4 + length {
                return Some(read.split_off(end + 4));
            }
        }
        match stream.read(&mut part) {
            Ok(0) | Err(_) => return None,
            Ok(length) => read.extend_from_slice(&part[..length]),
        }
    }
}

/// Runs the spans of some jobs against a collector; how long the end took.
fn traced(collector: &Collector, jobs: usize) -> Duration {
    let settings = logging(LevelFilter::OFF, LogFormat::Text);
    let (dispatch, telemetry) = dispatch(&settings, Some(collector), io::sink).expect("good settings");
    dispatcher::with_default(&dispatch, || {
        for _ in 0..jobs {
            let span = journal::job_span(&job(), &worker());
            let _job = span.enter();
            let stage = journal::stage_span(Stage::Render);
            let _stage = stage.enter();
            let failure = Failure::new(FailureCode::RenderTimedOut, "too long");
            journal::failed(&job(), &failure, Duration::ZERO, Some(Duration::ZERO));
            let _library = tracing::info_span!(target: "hyper", "not_ours").entered();
        }
    });
    let began = Instant::now();
    telemetry.shutdown(Duration::from_millis(500));
    began.elapsed()
}

fn contains(body: &[u8], text: &str) -> bool {
    body.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn a_collector_gets_our_spans_when_the_program_ends() {
    let (collector, received) = collector(Some("200 OK"));
    let _took = traced(&collector, 1);
    let body = received.recv_timeout(Duration::from_secs(20)).expect("a request");
    let expected = ["quotereel", "service.instance.id", "host-1", "job", "render", "cmp_1", "q_77", "too long"];
    let found: BTreeMap<&str, bool> = expected.iter().map(|text| (*text, contains(&body, text))).collect();
    assert!(found.values().all(|is_there| *is_there), "{found:?}");
    assert!(!contains(&body, "not_ours"));
}

#[test]
fn a_collector_that_hangs_or_refuses_or_is_gone_costs_neither_jobs_nor_the_end() {
    let gone = {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        at(listener.local_addr().expect("bound"))
    };
    // More spans than the queue holds: what does not fit is dropped, and nobody waits.
    let jobs = 5_000;
    let took = traced(&collector(None).0, jobs);
    assert!(took < Duration::from_secs(3), "the end waited for {took:?}");
    let _took = traced(&gone, jobs);
    let (refusing, received) = collector(Some("503 Service Unavailable"));
    let _took = traced(&refusing, jobs);
    assert!(received.recv_timeout(Duration::from_secs(20)).is_ok());
}

#[test]
fn a_collector_has_an_address() {
    for wrong in ["", "127.0.0.1:4318", "ftp://host", "http://", "collector"] {
        assert!(matches!(Collector::new(wrong, "w"), Err(TracesError::Endpoint { .. })), "{wrong}");
    }
}

#[test]
fn the_environment_names_a_collector_or_switches_it_off() {
    let configured = |variables: &[(&str, &str)]| {
        let value =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        Collector::configured(value, "w")
    };
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318");
    assert!(matches!(configured(&[]), Ok(None)));
    assert!(matches!(configured(&[endpoint]), Ok(Some(_))));
    assert!(matches!(configured(&[endpoint, ("OTEL_SDK_DISABLED", "TRUE")]), Ok(None)));
    assert!(configured(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "nowhere")]).is_err());
}

//! What a worker counts, under the names that Prometheus reads. Nothing here serves or stores the figures; `health` does
//! the serving.
//!
//! Counters are of this process. Gauges of the queue are of the whole database, so every worker shows the same ones: an
//! aggregation over workers takes their `max`, never their `sum`. Every series whose labels are known beforehand exists
//! from the start with the value 0, because a rate over a counter misses the step that creates it.

mod labels;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use prometheus_client::encoding::text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Metric, Registry};

use crate::job::{FailureCode, Stage, Status};

pub use labels::{Rerender, Rescue, UploadOutcome, WebhookOutcome};

/// The content type of [`Metrics::encode`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What stands for every template that is not among the known ones.
const OTHER_TEMPLATE: &str = "other";

/// Buckets of a job's and a stage's duration, in ms. The last one is the deadline of a job.
const DURATION_BUCKETS_MS: [f64; 17] =
    [5.0, 25.0, 100.0, 250.0, 500.0, 1e3, 2e3, 3e3, 5e3, 7.5e3, 10e3, 15e3, 30e3, 60e3, 120e3, 300e3, 720e3];

/// Buckets of the time in the queue, in ms: from at once to an hour.
const WAIT_BUCKETS_MS: [f64; 12] = [50.0, 250.0, 1e3, 2.5e3, 5e3, 10e3, 30e3, 60e3, 300e3, 900e3, 1_800e3, 3_600e3];

/// Buckets of a claim, in ms. The goal of its 99th percentile is 10 ms.
const CLAIM_BUCKETS_MS: [f64; 9] = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 500.0, 2_500.0];

type One = [(&'static str, &'static str); 1];
type Two = [(&'static str, String); 2];
type OfTemplate = [(&'static str, String); 1];
type Histograms<Labels> = Family<Labels, Histogram, fn() -> Histogram>;
type Seconds = Gauge<f64, AtomicU64>;

/// Figures of the queue, of the whole database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueFigures {
    /// Jobs that may be claimed now.
    pub queued: u64,
    /// Jobs that wait for a time in the future.
    pub delayed: u64,
    /// Jobs that run.
    pub running: u64,
    /// Running jobs whose lease has passed.
    pub expired: u64,
    /// How long the oldest job that may be claimed has waited; `None` if there is no such job.
    pub oldest: Option<Duration>,
    /// Webhook deliveries that wait.
    pub webhooks_pending: u64,
}

/// All figures of one worker process. Cheap to update from any thread.
pub struct Metrics {
    registry: Registry,
    templates: BTreeSet<String>,
    jobs: Family<Two, Counter>,
    job_duration: Histograms<OfTemplate>,
    queue_wait: Histogram,
    failures: Family<One, Counter>,
    stage_duration: Histograms<One>,
    claims: Family<One, Counter>,
    claim_duration: Histogram,
    heartbeats: Family<One, Counter>,
    lease_losses: Counter,
    rerenders: Family<One, Counter>,
    rescues: Family<One, Counter>,
    uploads: Family<One, Counter>,
    webhooks: Family<One, Counter>,
    store_errors: Counter,
    paused: Gauge,
    spool_free_bytes: Gauge,
    slots: Gauge,
    slots_busy: Gauge,
    finalizing: Gauge,
    queue: Family<One, Gauge>,
    queue_oldest: Seconds,
    queue_seen: Seconds,
    webhooks_pending: Gauge,
    maintenance_runs: Family<Two, Counter>,
    maintenance_corrected: Family<One, Counter>,
    maintenance_last: Family<One, Seconds>,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").field("templates", &self.templates).finish_non_exhaustive()
    }
}

impl Metrics {
    /// Figures that are all 0. Templates other than `templates` are counted together, as `other`.
    #[must_use]
    pub fn new<T: Into<String>>(templates: impl IntoIterator<Item = T>) -> Self {
        let mut names = Names(Registry::default());
        let durations: fn() -> Histogram = || Histogram::new(DURATION_BUCKETS_MS);
        let metrics = Self {
            jobs: names.add("video_render_jobs", "Jobs that ended, by how and by template.", Family::default()),
            job_duration: names.add(
                "video_render_duration_ms",
                "From a job's claim to its end in this worker, in milliseconds.",
                Family::new_with_constructor(durations),
            ),
            queue_wait: names.add(
                "video_render_queue_wait_ms",
                "From the time a job could be claimed to its claim, in milliseconds.",
                Histogram::new(WAIT_BUCKETS_MS),
            ),
            failures: names.add(
                "video_render_failures",
                "Tries that failed, by the code of the verdict; a job that is tried again counts each time.",
                Family::default(),
            ),
            stage_duration: names.add(
                "video_render_stage_duration_ms",
                "One run of a stage, however it ended, in milliseconds.",
                Family::new_with_constructor(durations),
            ),
            claims: names.add("video_render_claims", "Questions to the queue, by the answer.", Family::default()),
            claim_duration: names.add(
                "video_render_claim_duration_ms",
                "One question to the queue, in milliseconds.",
                Histogram::new(CLAIM_BUCKETS_MS),
            ),
            heartbeats: names.add("video_render_heartbeats", "Heartbeats, by how they went.", Family::default()),
            lease_losses: names.add(
                "video_render_lease_losses",
                "Jobs that this worker held and found to be somebody else's.",
                Counter::default(),
            ),
            rerenders: names.add(
                "video_render_rerenders",
                "Renders of a job that had been rendered before, by why.",
                Family::default(),
            ),
            rescues: names.add("video_render_rescues", "Jobs taken up after their worker was gone.", Family::default()),
            uploads: names.add("video_render_upload_attempts", "Attempts at an upload, by outcome.", Family::default()),
            webhooks: names.add(
                "video_render_webhook_attempts",
                "Attempts at a webhook, by outcome.",
                Family::default(),
            ),
            store_errors: names.add(
                "video_render_store_errors",
                "Calls of the database that failed.",
                Counter::default(),
            ),
            paused: names.add(
                "video_render_storage_paused",
                "1 while uploads are paused because storage refuses this worker.",
                Gauge::default(),
            ),
            spool_free_bytes: names.add(
                "video_render_spool_free_bytes",
                "Free space where finished files wait.",
                Gauge::default(),
            ),
            slots: names.add("video_render_worker_slots", "Jobs that this worker may run at once.", Gauge::default()),
            slots_busy: names.add("video_render_worker_slots_busy", "Jobs that this worker runs.", Gauge::default()),
            finalizing: names.add(
                "video_render_worker_finalizing",
                "Jobs of this worker whose rows are being written; they need no slot.",
                Gauge::default(),
            ),
            queue: names.add(
                "video_render_queue_jobs",
                "Jobs in the whole database, by state; the same on every worker.",
                Family::default(),
            ),
            queue_oldest: names.add(
                "video_render_queue_oldest_seconds",
                "How long the oldest job that may be claimed has waited; the same on every worker.",
                Seconds::default(),
            ),
            queue_seen: names.add(
                "video_render_queue_seen_timestamp_seconds",
                "When this worker last read the figures of the queue.",
                Seconds::default(),
            ),
            webhooks_pending: names.add(
                "video_render_webhooks_pending",
                "Webhook deliveries that wait in the whole database; the same on every worker.",
                Gauge::default(),
            ),
            maintenance_runs: names.add(
                "video_render_maintenance_runs",
                "Runs of a duty of maintenance in this worker, by how they went.",
                Family::default(),
            ),
            maintenance_corrected: names.add(
                "video_render_maintenance_corrected",
                "Rows or objects that a duty of maintenance corrected.",
                Family::default(),
            ),
            maintenance_last: names.add(
                "video_render_maintenance_last_success_timestamp_seconds",
                "When this worker last ended a duty of maintenance without errors.",
                Family::default(),
            ),
            templates: templates.into_iter().map(Into::into).collect(),
            registry: names.finish(),
        };
        metrics.begin_at_zero();
        metrics
    }

    fn begin_at_zero(&self) {
        let templates = self.templates.iter().map(String::as_str).chain([OTHER_TEMPLATE]);
        for template in templates {
            for status in Status::ALL.into_iter().filter(|status| status.is_final()) {
                drop(self.jobs.get_or_create(&job_labels(status, template)));
            }
            drop(self.job_duration.get_or_create(&[("template", template.to_owned())]));
        }
        FailureCode::ALL.iter().for_each(|code| drop(self.failures.get_or_create(&[("reason", code.as_str())])));
        Stage::ALL.iter().for_each(|stage| drop(self.stage_duration.get_or_create(&[("stage", stage.as_str())])));
        Rerender::ALL.iter().for_each(|why| drop(self.rerenders.get_or_create(&[("reason", why.as_str())])));
        Rescue::ALL.iter().for_each(|how| drop(self.rescues.get_or_create(&[("how", how.as_str())])));
        UploadOutcome::ALL.iter().for_each(|case| drop(self.uploads.get_or_create(&[("outcome", case.as_str())])));
        WebhookOutcome::ALL.iter().for_each(|case| drop(self.webhooks.get_or_create(&[("outcome", case.as_str())])));
        ["jobs", "empty", "error"].iter().for_each(|case| drop(self.claims.get_or_create(&[("outcome", case)])));
        ["ok", "error"].iter().for_each(|case| drop(self.heartbeats.get_or_create(&[("outcome", case)])));
        self.set_queue(&QueueFigures::default());
        self.queue_seen.set(0.0);
    }

    /// All figures as OpenMetrics text, of [`CONTENT_TYPE`].
    #[must_use]
    pub fn encode(&self) -> String {
        let mut encoded = String::with_capacity(32 * 1024);
        text::encode(&mut encoded, &self.registry).expect("a String takes everything that is written to it");
        encoded
    }

    /// A job ended in this worker, or at the hand of its reconciler, `took` after its claim.
    pub fn job_finished(&self, status: Status, template: &str, took: Duration) {
        let template = self.known(template);
        self.jobs.get_or_create(&job_labels(status, template)).inc();
        self.job_duration.get_or_create(&[("template", template.to_owned())]).observe(ms(took));
    }

    /// A try failed with that verdict.
    pub fn failure(&self, reason: FailureCode) {
        self.failures.get_or_create(&[("reason", reason.as_str())]).inc();
    }

    /// A job was claimed that could have been for that long.
    pub fn queue_wait(&self, waited: Duration) {
        self.queue_wait.observe(ms(waited));
    }

    /// A run of a stage ended, however.
    pub fn stage(&self, stage: Stage, took: Duration) {
        self.stage_duration.get_or_create(&[("stage", stage.as_str())]).observe(ms(took));
    }

    /// The queue was asked for jobs; `jobs` is how many it gave, `None` that the question failed.
    pub fn claim(&self, jobs: Option<usize>, took: Duration) {
        let outcome = match jobs {
            None => "error",
            Some(0) => "empty",
            Some(_) => "jobs",
        };
        self.claims.get_or_create(&[("outcome", outcome)]).inc();
        self.claim_duration.observe(ms(took));
    }

    /// A heartbeat went through, or not.
    pub fn heartbeat(&self, went_through: bool) {
        self.heartbeats.get_or_create(&[("outcome", if went_through { "ok" } else { "error" })]).inc();
    }

    /// A job that this worker held turned out to be somebody else's.
    pub fn lease_lost(&self) {
        self.lease_losses.inc();
    }

    /// A job is rendered that had been rendered before.
    pub fn rerender(&self, reason: Rerender) {
        self.rerenders.get_or_create(&[("reason", reason.as_str())]).inc();
    }

    /// A job was taken up after its worker was gone.
    pub fn rescued(&self, how: Rescue) {
        self.rescues.get_or_create(&[("how", how.as_str())]).inc();
    }

    /// An attempt at an upload ended.
    pub fn upload_attempt(&self, outcome: UploadOutcome) {
        self.uploads.get_or_create(&[("outcome", outcome.as_str())]).inc();
    }

    /// An attempt at a webhook ended.
    pub fn webhook(&self, outcome: WebhookOutcome) {
        self.webhooks.get_or_create(&[("outcome", outcome.as_str())]).inc();
    }

    /// A call of the database failed.
    pub fn store_error(&self) {
        self.store_errors.inc();
    }

    /// Uploads are paused because storage refuses this worker, or no longer.
    pub fn paused(&self, paused: bool) {
        self.paused.set(i64::from(paused));
    }

    /// Free space where finished files wait.
    pub fn spool_free(&self, bytes: u64) {
        self.spool_free_bytes.set(gauge(bytes));
    }

    /// How many jobs this worker runs, of how many it may.
    pub fn worker_slots(&self, busy: usize, total: usize) {
        self.slots_busy.set(gauge(busy as u64));
        self.slots.set(gauge(total as u64));
    }

    /// How many jobs this worker holds of which only the row is left to be written.
    pub fn finalizing(&self, jobs: usize) {
        self.finalizing.set(gauge(jobs as u64));
    }

    /// Figures of the queue, read just now.
    pub fn set_queue(&self, figures: &QueueFigures) {
        for (state, jobs) in [
            ("queued", figures.queued),
            ("delayed", figures.delayed),
            ("running", figures.running),
            ("expired", figures.expired),
        ] {
            self.queue.get_or_create(&[("state", state)]).set(gauge(jobs));
        }
        self.queue_oldest.set(figures.oldest.unwrap_or_default().as_secs_f64());
        self.webhooks_pending.set(gauge(figures.webhooks_pending));
        self.queue_seen.set(seconds_now());
    }

    /// Names the maintenance tasks, so that their counters exist before the first run.
    pub fn maintenance_tasks(&self, tasks: &[&'static str]) {
        for duty in tasks {
            for outcome in ["ok", "error"] {
                drop(self.maintenance_runs.get_or_create(&run_labels(duty, outcome)));
            }
            drop(self.maintenance_corrected.get_or_create(&[("duty", duty)]));
        }
    }

    /// A duty of maintenance ran here: how many rows or objects it corrected, and whether without errors. The name of a
    /// duty is part of the program, so there are few.
    pub fn maintenance(&self, duty: &'static str, corrected: u64, without_errors: bool) {
        let outcome = if without_errors { "ok" } else { "error" };
        self.maintenance_runs.get_or_create(&run_labels(duty, outcome)).inc();
        self.maintenance_corrected.get_or_create(&[("duty", duty)]).inc_by(corrected);
        if without_errors {
            self.maintenance_last.get_or_create(&[("duty", duty)]).set(seconds_now());
        }
    }

    fn known<'a>(&self, template: &'a str) -> &'a str {
        if self.templates.contains(template) { template } else { OTHER_TEMPLATE }
    }
}

/// Registers each figure under its name.
struct Names(Registry);

impl Names {
    fn add<M: Metric + Clone>(&mut self, name: &str, help: &str, metric: M) -> M {
        // The registry ends every help text with a full stop of its own.
        self.0.register(name, help.trim_end_matches('.'), metric.clone());
        metric
    }

    fn finish(mut self) -> Registry {
        let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        self.0.register("quotereel_build", "The program that answers", build);
        let started = Seconds::default();
        started.set(seconds_now());
        self.0.register("process_start_time_seconds", "When this process began to count", started);
        self.0
    }
}

fn job_labels(status: Status, template: &str) -> Two {
    [("status", status.as_str().to_owned()), ("template", template.to_owned())]
}

fn run_labels(duty: &str, outcome: &str) -> Two {
    [("duty", duty.to_owned()), ("outcome", outcome.to_owned())]
}

fn ms(span: Duration) -> f64 {
    span.as_secs_f64() * 1e3
}

fn gauge(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn seconds_now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metrics() -> Metrics {
        Metrics::new(["quote-summary"])
    }

    /// The value of the one sample that begins with `series` and a space.
    fn value(encoded: &str, series: &str) -> Option<f64> {
        let mut found = encoded.lines().filter_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        let sample = found.next()?;
        assert!(found.next().is_none(), "{series} is there twice");
        sample.parse().ok()
    }

    #[test]
    fn series_exist_before_anything_happens() {
        let encoded = metrics().encode();
        for series in [
            r#"video_render_jobs_total{status="failed",template="quote-summary"}"#,
            r#"video_render_jobs_total{status="succeeded",template="other"}"#,
            r#"video_render_failures_total{reason="storage_refused"}"#,
            r#"video_render_duration_ms_count{template="quote-summary"}"#,
            "video_render_queue_wait_ms_count",
            r#"video_render_stage_duration_ms_count{stage="upload"}"#,
            "video_render_lease_losses_total",
            r#"video_render_rerenders_total{reason="worker_lost"}"#,
            r#"video_render_rescues_total{how="lease"}"#,
            r#"video_render_upload_attempts_total{outcome="refused"}"#,
            r#"video_render_queue_jobs{state="queued"}"#,
            "video_render_queue_oldest_seconds",
            "video_render_storage_paused",
        ] {
            assert_eq!(value(&encoded, series), Some(0.0), "{series}\n{encoded}");
        }
        assert!(encoded.ends_with("# EOF\n"));
        assert!(encoded.contains(&format!("quotereel_build_info{{version=\"{}\"}} 1\n", env!("CARGO_PKG_VERSION"))));
    }

    #[test]
    fn an_ended_job_is_counted_and_timed() {
        let metrics = metrics();
        metrics.job_finished(Status::Succeeded, "quote-summary", Duration::from_millis(4_200));
        metrics.job_finished(Status::Failed, "quote-summary", Duration::from_millis(100));
        metrics.failure(FailureCode::DiskFull);
        let encoded = metrics.encode();
        let jobs = |status: &str| format!(r#"video_render_jobs_total{{status="{status}",template="quote-summary"}}"#);
        assert_eq!(value(&encoded, &jobs("succeeded")), Some(1.0));
        assert_eq!(value(&encoded, &jobs("failed")), Some(1.0));
        assert_eq!(value(&encoded, r#"video_render_failures_total{reason="disk_full"}"#), Some(1.0));
        assert_eq!(value(&encoded, r#"video_render_duration_ms_sum{template="quote-summary"}"#), Some(4_300.0));
        let below = |bound: &str| {
            value(&encoded, &format!(r#"video_render_duration_ms_bucket{{le="{bound}",template="quote-summary"}}"#))
        };
        assert_eq!((below("3000.0"), below("5000.0"), below("+Inf")), (Some(1.0), Some(2.0), Some(2.0)));
    }

    #[test]
    fn a_thousand_unknown_templates_make_one_series() {
        let metrics = metrics();
        let before = metrics.encode().lines().count();
        for number in 0..1_000 {
            metrics.job_finished(Status::Failed, &format!("t{number}\"\n"), Duration::ZERO);
        }
        let encoded = metrics.encode();
        assert_eq!(encoded.lines().count(), before);
        assert_eq!(value(&encoded, r#"video_render_jobs_total{status="failed",template="other"}"#), Some(1_000.0));
    }

    #[test]
    fn the_queue_is_shown_as_last_read() {
        let metrics = metrics();
        let oldest = Some(Duration::from_secs(75));
        metrics.set_queue(&QueueFigures { queued: 3, delayed: 2, running: 1, expired: 0, oldest, webhooks_pending: 9 });
        let encoded = metrics.encode();
        assert_eq!(value(&encoded, r#"video_render_queue_jobs{state="queued"}"#), Some(3.0));
        assert_eq!(value(&encoded, r#"video_render_queue_jobs{state="delayed"}"#), Some(2.0));
        assert_eq!(value(&encoded, "video_render_queue_oldest_seconds"), Some(75.0));
        assert_eq!(value(&encoded, "video_render_webhooks_pending"), Some(9.0));
        assert!(value(&encoded, "video_render_queue_seen_timestamp_seconds") > Some(1.7e9));
        metrics.set_queue(&QueueFigures::default());
        assert_eq!(value(&metrics.encode(), "video_render_queue_oldest_seconds"), Some(0.0));
    }

    #[test]
    fn a_run_with_errors_is_no_success() {
        let metrics = metrics();
        metrics.maintenance_tasks(&["reconcile"]);
        metrics.maintenance("reconcile", 4, false);
        let last = r#"video_render_maintenance_last_success_timestamp_seconds{duty="reconcile"}"#;
        let encoded = metrics.encode();
        assert_eq!(value(&encoded, last), None);
        assert_eq!(
            value(&encoded, r#"video_render_maintenance_runs_total{duty="reconcile",outcome="error"}"#),
            Some(1.0)
        );
        assert_eq!(value(&encoded, r#"video_render_maintenance_corrected_total{duty="reconcile"}"#), Some(4.0));
        metrics.maintenance("reconcile", 0, true);
        assert!(value(&metrics.encode(), last) > Some(1.7e9));
    }

    #[test]
    fn the_rest_counts_under_its_own_name() {
        let metrics = metrics();
        metrics.queue_wait(Duration::from_secs(2));
        metrics.stage(Stage::Upload, Duration::from_millis(80));
        metrics.claim(None, Duration::from_millis(1));
        metrics.claim(Some(0), Duration::from_millis(1));
        metrics.claim(Some(3), Duration::from_millis(1));
        metrics.heartbeat(true);
        metrics.lease_lost();
        metrics.rerender(Rerender::SpoolLost);
        metrics.rescued(Rescue::Adopted);
        metrics.upload_attempt(UploadOutcome::Stored);
        metrics.webhook(WebhookOutcome::Delivered);
        metrics.store_error();
        metrics.paused(true);
        metrics.spool_free(5 << 30);
        metrics.worker_slots(1, 2);
        metrics.finalizing(3);
        let encoded = metrics.encode();
        for (series, expected) in [
            ("video_render_queue_wait_ms_sum", 2_000.0),
            (r#"video_render_stage_duration_ms_sum{stage="upload"}"#, 80.0),
            (r#"video_render_claims_total{outcome="error"}"#, 1.0),
            (r#"video_render_claims_total{outcome="empty"}"#, 1.0),
            (r#"video_render_claims_total{outcome="jobs"}"#, 1.0),
            ("video_render_claim_duration_ms_count", 3.0),
            (r#"video_render_heartbeats_total{outcome="ok"}"#, 1.0),
            ("video_render_lease_losses_total", 1.0),
            (r#"video_render_rerenders_total{reason="spool_lost"}"#, 1.0),
            (r#"video_render_rescues_total{how="adopted"}"#, 1.0),
            (r#"video_render_upload_attempts_total{outcome="stored"}"#, 1.0),
            (r#"video_render_webhook_attempts_total{outcome="delivered"}"#, 1.0),
            ("video_render_store_errors_total", 1.0),
            ("video_render_storage_paused", 1.0),
            ("video_render_spool_free_bytes", 5_368_709_120.0),
            ("video_render_worker_slots", 2.0),
            ("video_render_worker_slots_busy", 1.0),
            ("video_render_worker_finalizing", 3.0),
        ] {
            assert_eq!(value(&encoded, series), Some(expected), "{series}");
        }
    }
}

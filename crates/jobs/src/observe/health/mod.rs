//! How a worker is, for those who watch over it: `/healthz`, `/readyz` and `/metrics` over HTTP, and the question a
//! container's health check asks. It measures nothing itself; the worker says what it finds.

mod probe;
mod server;

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::lock::lock;

pub use probe::{Answer, ProbeError, probe};
pub use server::{HealthError, Listening};

/// Where the pages are served unless something else is said: this machine only.
pub const DEFAULT_ADDRESS: &str = "127.0.0.1:9464";

/// The longest detail of a reason, in characters.
const MAX_DETAIL_CHARS: usize = 200;

/// Where to serve, or not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Address {
    /// Nowhere.
    Off,
    /// There; port 0 takes any free one.
    At(SocketAddr),
}

/// Text that is not an address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("metrics address `{0}` must be an IP address and a port such as 127.0.0.1:9464, or `off`")]
pub struct AddressError(String);

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if text == "off" {
            return Ok(Self::Off);
        }
        text.parse().map(Self::At).map_err(|_| AddressError(text.chars().take(64).collect()))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::At(address) => address.fmt(f),
        }
    }
}

/// One reason against a worker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// Which check: `heartbeat`, `store`, `claims`, `storage`, `disk` or `shutdown`.
    pub check: &'static str,
    /// For a person, at most 200 characters.
    pub detail: String,
}

impl Reason {
    fn new(check: &'static str, detail: &str) -> Self {
        Self { check, detail: detail.chars().take(MAX_DETAIL_CHARS).collect() }
    }
}

/// What the worker says of itself, shared between its threads and the pages. Clones are the same worker.
///
/// What is reported here can be read by everybody who reaches the pages: no secret, no customer's data.
#[derive(Clone, Debug)]
pub struct Health {
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    heartbeat_limit: Duration,
    store_limit: Duration,
    last_heartbeat: Option<Instant>,
    heartbeat_missed: Option<String>,
    store: Option<(Instant, Result<(), String>)>,
    claims_refused: Option<String>,
    storage_paused: Option<String>,
    disk_short: Option<String>,
    draining: bool,
}

impl Default for Health {
    /// Limits of 90 s for the heartbeat, which is the longest lease by default, and of 60 s for news from the store.
    fn default() -> Self {
        Self::new(Duration::from_secs(90), Duration::from_secs(60))
    }
}

impl Health {
    /// A worker that has just started. It does not live any more when its heartbeat thread has not ticked for
    /// `heartbeat_limit`, and is not ready when the store has not answered for `store_limit`.
    #[must_use]
    pub fn new(heartbeat_limit: Duration, store_limit: Duration) -> Self {
        let state = State {
            heartbeat_limit,
            store_limit,
            last_heartbeat: None,
            heartbeat_missed: None,
            store: None,
            claims_refused: None,
            storage_paused: None,
            disk_short: None,
            draining: false,
        };
        Self { state: Arc::new(Mutex::new(state)) }
    }

    /// The heartbeat thread went round once, whether or not the store answered. Nothing is expected before the first.
    pub fn heartbeat(&self) {
        self.lock().last_heartbeat = Some(Instant::now());
    }

    /// The last heartbeat of the running jobs did not come through, and why; `None` when it did, or no job runs.
    pub fn heartbeat_missed(&self, why: Option<&str>) {
        self.lock().heartbeat_missed = why.map(str::to_owned);
    }

    /// The heartbeat thread has ended as intended.
    pub fn heartbeat_ended(&self) {
        self.lock().last_heartbeat = None;
    }

    /// The store answered.
    pub fn store_answered(&self) {
        self.lock().store = Some((Instant::now(), Ok(())));
    }

    /// The store did not answer, or wrongly.
    pub fn store_failed(&self, why: &str) {
        self.lock().store = Some((Instant::now(), Err(why.to_owned())));
    }

    /// The database lets this worker claim or write nothing, and why; `None` when it does.
    pub fn claims_refused(&self, why: Option<&str>) {
        self.lock().claims_refused = why.map(str::to_owned);
    }

    /// Uploads are paused, and why; `None` when they go on.
    pub fn storage_paused(&self, why: Option<&str>) {
        self.lock().storage_paused = why.map(str::to_owned);
    }

    /// The disk is too full to take jobs, and how full; `None` when there is room.
    pub fn disk_short(&self, why: Option<&str>) {
        self.lock().disk_short = why.map(str::to_owned);
    }

    /// The worker takes no more jobs: it is being shut down.
    pub fn draining(&self) {
        self.lock().draining = true;
    }

    /// Why the process should be restarted; empty while it lives.
    #[must_use]
    pub fn against_living(&self) -> Vec<Reason> {
        self.lock().against_living(Instant::now())
    }

    /// Why the worker cannot take jobs now; empty while it can.
    #[must_use]
    pub fn against_ready(&self) -> Vec<Reason> {
        self.lock().against_ready(Instant::now())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is plain data and whole after every statement, so a panic elsewhere spoils nothing.
        lock(&self.state)
    }
}

impl State {
    fn against_living(&self, now: Instant) -> Vec<Reason> {
        let silence = self.last_heartbeat.map(|last| now.saturating_duration_since(last)).unwrap_or_default();
        if silence > self.heartbeat_limit {
            vec![Reason::new("heartbeat", &format!("no tick for {} s", silence.as_secs()))]
        } else {
            Vec::new()
        }
    }

    fn against_ready(&self, now: Instant) -> Vec<Reason> {
        let mut reasons = self.against_living(now);
        reasons.extend(self.heartbeat_missed.as_deref().map(|why| Reason::new("heartbeat", why)));
        match &self.store {
            None => reasons.push(Reason::new("store", "has not answered yet")),
            Some((_, Err(why))) => reasons.push(Reason::new("store", why)),
            Some((at, Ok(()))) => {
                let silence = now.saturating_duration_since(*at);
                if silence > self.store_limit {
                    reasons.push(Reason::new("store", &format!("last answered {} s ago", silence.as_secs())));
                }
            }
        }
        reasons.extend(self.claims_refused.as_deref().map(|why| Reason::new("claims", why)));
        reasons.extend(self.storage_paused.as_deref().map(|why| Reason::new("storage", why)));
        reasons.extend(self.disk_short.as_deref().map(|why| Reason::new("disk", why)));
        if self.draining {
            reasons.push(Reason::new("shutdown", "takes no more jobs"));
        }
        reasons
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checks(reasons: &[Reason]) -> Vec<&'static str> {
        reasons.iter().map(|reason| reason.check).collect()
    }

    #[test]
    fn a_worker_that_starts_lives_but_is_not_ready() {
        let health = Health::default();
        assert!(health.against_living().is_empty());
        assert_eq!(checks(&health.against_ready()), ["store"]);
        health.store_answered();
        assert!(health.against_ready().is_empty());
    }

    #[test]
    fn every_trouble_is_named_and_ends_again() {
        let health = Health::default();
        health.heartbeat_missed(Some("the database is full"));
        health.store_failed("connection refused");
        health.claims_refused(Some("the database is read-only"));
        health.storage_paused(Some("the bucket is gone"));
        health.disk_short(Some("12 MB left"));
        health.draining();
        let reasons = health.against_ready();
        assert_eq!(checks(&reasons), ["heartbeat", "store", "claims", "storage", "disk", "shutdown"]);
        assert_eq!(reasons[3].detail, "the bucket is gone");
        assert!(health.against_living().is_empty(), "trouble around a worker is no reason to restart it");
        health.heartbeat_missed(None);
        health.store_answered();
        health.claims_refused(None);
        health.storage_paused(None);
        health.disk_short(None);
        assert_eq!(checks(&health.against_ready()), ["shutdown"]);
    }

    #[test]
    fn silence_counts_from_its_limit_on() {
        let health = Health::new(Duration::from_secs(90), Duration::from_secs(60));
        health.heartbeat();
        health.store_answered();
        let state = health.lock();
        let start = Instant::now();
        assert!(state.against_ready(start + Duration::from_secs(59)).is_empty());
        assert_eq!(checks(&state.against_ready(start + Duration::from_secs(62))), ["store"]);
        assert!(state.against_living(start + Duration::from_secs(89)).is_empty());
        assert_eq!(checks(&state.against_living(start + Duration::from_secs(92))), ["heartbeat"]);
        drop(state);
        health.heartbeat_ended();
        assert!(health.lock().against_living(start + Duration::from_secs(1_000)).is_empty());
    }

    #[test]
    fn details_are_cut() {
        let health = Health::default();
        health.store_failed(&"ñ".repeat(5_000));
        assert_eq!(health.against_ready()[0].detail.chars().count(), MAX_DETAIL_CHARS);
    }

    #[test]
    fn an_address_is_an_ip_and_a_port_or_off() {
        assert_eq!("off".parse(), Ok(Address::Off));
        assert_eq!(DEFAULT_ADDRESS.parse::<Address>().expect("the default").to_string(), DEFAULT_ADDRESS);
        assert!("[::1]:0".parse::<Address>().is_ok());
        for wrong in ["", "9464", "localhost:9464", "127.0.0.1", "127.0.0.1:99999", "OFF"] {
            assert!(wrong.parse::<Address>().is_err(), "{wrong}");
        }
    }
}

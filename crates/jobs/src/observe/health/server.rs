//! The HTTP side: three pages, each connection for one request, with a limit on everything that a caller can make grow.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::{Health, Reason};
use crate::observe::metrics::{self, Metrics};

/// The most connections at once; one more is closed at once. A probe and a scraper need two.
const MAX_CONNECTIONS: usize = 64;

/// How long a caller may take.
#[derive(Clone, Copy, Debug)]
struct Limits {
    /// To send its headers.
    headers: Duration,
    /// In all.
    connection: Duration,
}

const LIMITS: Limits = Limits { headers: Duration::from_secs(5), connection: Duration::from_secs(10) };

/// The most bytes of a request's head. hyper allows no less than 8 KiB.
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// The most header lines.
const MAX_HEADERS: usize = 64;

/// How long answers that are on their way may take when the worker ends.
const CLOSING_LIMIT: Duration = Duration::from_secs(2);

/// The pause after a failure to accept: such failures (too many open files) do not pass at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// The pages cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum HealthError {
    /// The address is taken or not this machine's.
    #[error("cannot listen on metrics address {address}: choose another, or `off`")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// The cause.
        #[source]
        source: io::Error,
    },
}

/// A bound address that does not answer yet.
#[derive(Debug)]
pub struct Listening {
    listener: TcpListener,
    address: SocketAddr,
}

impl Listening {
    /// Binds the address, so that a taken one is known before the worker takes jobs.
    ///
    /// # Errors
    /// [`HealthError::Bind`].
    pub async fn bind(address: SocketAddr) -> Result<Self, HealthError> {
        let bound = async {
            let listener = TcpListener::bind(address).await?;
            let address = listener.local_addr()?;
            Ok(Self { listener, address })
        };
        bound.await.map_err(|source| HealthError::Bind { address, source })
    }

    /// The address with its real port.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `stop` is done; answers that are on their way by then get 2 s.
    pub async fn serve(self, metrics: Arc<Metrics>, health: Health, stop: impl Future<Output = ()>) {
        self.serve_within(LIMITS, metrics, health, stop).await;
    }

    async fn serve_within(self, limits: Limits, metrics: Arc<Metrics>, health: Health, stop: impl Future<Output = ()>) {
        let pages = pages(metrics, health);
        let mut connections = JoinSet::new();
        tokio::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => break,
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) if connections.len() < MAX_CONNECTIONS => {
                        connections.spawn(answer(stream, pages.clone(), limits));
                    }
                    Ok((stream, _)) => drop(stream),
                    Err(error) => {
                        tracing::warn!(error = %error, "cannot accept a connection to the health pages");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                },
                Some(_) = connections.join_next() => {}
            }
        }
        drop(self.listener);
        let closing = async { while connections.join_next().await.is_some() {} };
        // What is left after the limit is cut off when the set is dropped.
        drop(timeout(CLOSING_LIMIT, closing).await);
    }
}

fn pages(metrics: Arc<Metrics>, health: Health) -> Router {
    let living = health.clone();
    Router::new()
        .route("/metrics", get(async move || ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], metrics.encode())))
        .route("/healthz", get(async move || verdict(&living.against_living())))
        .route("/readyz", get(async move || verdict(&health.against_ready())))
}

fn verdict(against: &[Reason]) -> Response {
    let status = if against.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = json!({ "ok": against.is_empty(), "reasons": against }).to_string();
    (status, [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")], body).into_response()
}

async fn answer(stream: TcpStream, pages: Router, limits: Limits) {
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.headers)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEAD_BYTES)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(pages));
    // A caller that is slow, gone or speaks something else is no event for this worker.
    drop(timeout(limits.connection, connection).await);
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::sync::oneshot;

    use super::super::probe;
    use super::*;
    use crate::job::Status;

    struct Served {
        address: SocketAddr,
        health: Health,
        metrics: Arc<Metrics>,
        stop: oneshot::Sender<()>,
        task: tokio::task::JoinHandle<()>,
    }

    async fn served() -> Served {
        served_within(LIMITS).await
    }

    async fn served_within(limits: Limits) -> Served {
        let listening = Listening::bind(([127, 0, 0, 1], 0).into()).await.expect("a free port");
        let address = listening.address();
        let (health, metrics) = (Health::default(), Arc::new(Metrics::new(["quote-summary"])));
        let (stop, stopped) = oneshot::channel();
        let serving =
            listening.serve_within(limits, Arc::clone(&metrics), health.clone(), async { drop(stopped.await) });
        Served { address, health, metrics, stop, task: tokio::spawn(serving) }
    }

    async fn ask(address: SocketAddr, page: &'static str) -> probe::Answer {
        let limit = Duration::from_secs(20);
        let asked = tokio::task::spawn_blocking(move || probe::probe(address, page, limit));
        asked.await.expect("no panic").expect("an answer")
    }

    /// Sends bytes and returns all that comes back until the server closes.
    async fn raw(address: SocketAddr, request: &[u8]) -> String {
        let mut stream = TcpStream::connect(address).await.expect("a listener");
        // The server may close before it has read everything.
        drop(stream.write_all(request).await);
        let mut answer = Vec::new();
        drop(stream.read_to_end(&mut answer).await);
        String::from_utf8_lossy(&answer).into_owned()
    }

    #[tokio::test]
    async fn the_pages_tell_what_the_worker_says() {
        let served = served().await;
        let ready = ask(served.address, "/readyz").await;
        assert_eq!(ready.status, 503);
        assert_eq!(ready.body, r#"{"ok":false,"reasons":[{"check":"store","detail":"has not answered yet"}]}"#);
        let living = ask(served.address, "/healthz").await;
        assert_eq!((living.status, living.body.as_str()), (200, r#"{"ok":true,"reasons":[]}"#));
        served.health.store_answered();
        assert_eq!(ask(served.address, "/readyz").await.status, 200);
        served.health.storage_paused(Some("403 from storage"));
        let paused = ask(served.address, "/readyz").await;
        assert_eq!(paused.status, 503);
        assert!(paused.body.contains(r#"{"check":"storage","detail":"403 from storage"}"#), "{}", paused.body);
    }

    #[tokio::test]
    async fn the_figures_come_with_their_content_type() {
        let served = served().await;
        served.metrics.job_finished(Status::Succeeded, "quote-summary", Duration::from_secs(3));
        let answer = raw(served.address, b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.contains(&format!("content-type: {}\r\n", metrics::CONTENT_TYPE)), "{answer}");
        assert!(answer.contains("video_render_jobs_total{status=\"succeeded\",template=\"quote-summary\"} 1\n"));
        assert!(answer.ends_with("# EOF\n"));
    }

    #[tokio::test]
    async fn other_pages_methods_and_protocols_are_refused() {
        let served = served().await;
        for (request, status) in [
            ("GET /secret HTTP/1.1\r\nHost: x\r\n\r\n", "404"),
            ("POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", "405"),
            ("GET /metrics FTP/9\r\n\r\n", "400"),
        ] {
            let answer = raw(served.address, request.as_bytes()).await;
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request:?}: {answer}");
        }
    }

    #[tokio::test]
    async fn a_head_that_is_too_large_is_refused() {
        let served = served().await;
        let long = format!("GET /healthz HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(2 * MAX_HEAD_BYTES));
        let many = format!("GET /healthz HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(2 * MAX_HEADERS));
        for request in [long, many] {
            let answer = raw(served.address, request.as_bytes()).await;
            assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431 "), "{answer}");
        }
        assert_eq!(ask(served.address, "/healthz").await.status, 200);
    }

    #[tokio::test]
    async fn silent_callers_are_sent_away_and_cannot_take_all_places_for_long() {
        let headers = Duration::from_secs(3);
        let served = served_within(Limits { headers, ..LIMITS }).await;
        let mut silent = Vec::new();
        for _ in 0..MAX_CONNECTIONS {
            silent.push(TcpStream::connect(served.address).await.expect("a listener"));
        }
        // All places are taken: the next caller is closed without an answer.
        assert_eq!(raw(served.address, b"GET /healthz HTTP/1.1\r\n\r\n").await, "");
        // Each silent one is ended by the server, within the limit for headers.
        for stream in &mut silent {
            let mut rest = Vec::new();
            let ended = timeout(LIMITS.connection, stream.read_to_end(&mut rest)).await;
            assert!(ended.is_ok(), "a silent connection is kept open");
        }
        assert_eq!(ask(served.address, "/healthz").await.status, 200);
    }

    #[tokio::test]
    async fn stopping_frees_the_address_even_with_a_caller_that_stays() {
        let served = served().await;
        let _silent = TcpStream::connect(served.address).await.expect("a listener");
        served.stop.send(()).expect("it serves");
        served.task.await.expect("no panic");
        assert!(TcpStream::connect(served.address).await.is_err());
    }

    #[tokio::test]
    async fn a_taken_address_is_an_error_that_names_it() {
        let served = served().await;
        let error = Listening::bind(served.address).await.expect_err("taken");
        assert!(error.to_string().contains(&served.address.to_string()), "{error}");
    }
}

//! Serves the page and its video to one browser, ranges included, and takes what the page reports.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Longest body that the page sends.
const MAX_BODY_BYTES: usize = 16 << 20;

/// What the page tells. Facts are JSON.
pub(crate) enum Report {
    /// It has played the video to its end.
    Played(String),
    /// It has sought a frame; pixels follow the facts.
    Sought(String, Vec<u8>),
    /// Something went wrong, which ends it.
    Failed(String),
    /// Everything has been told.
    Done,
}

/// The server. All its threads and connections end with it.
pub(crate) struct Server {
    address: SocketAddr,
    reports: Receiver<Report>,
    shared: Arc<Shared>,
    listening: Option<JoinHandle<()>>,
}

struct Shared {
    page: String,
    video: Vec<u8>,
    open: Mutex<Open>,
}

/// Connections, and whether new ones are welcome.
#[derive(Default)]
struct Open {
    closed: bool,
    connections: Vec<(TcpStream, JoinHandle<()>)>,
}

impl Shared {
    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Server {
    pub(crate) fn start(page: String, video: Vec<u8>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("bound");
        let (sender, reports) = channel();
        let shared = Arc::new(Shared { page, video, open: Mutex::default() });
        let listening = std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || listen(&listener, &shared, &sender)
        });
        Self { address, reports, shared, listening: Some(listening) }
    }

    /// Where the page is.
    pub(crate) fn address(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// The next report, unless none comes in that time.
    pub(crate) fn next_report(&self, patience: Duration) -> Option<Report> {
        self.reports.recv_timeout(patience).ok()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.open().closed = true;
        // Wakes the listener, which then sees that it is closed.
        drop(TcpStream::connect(self.address));
        if let Some(listening) = self.listening.take() {
            listening.join().ok();
        }
        let connections = std::mem::take(&mut self.shared.open().connections);
        for (stream, thread) in connections {
            stream.shutdown(Shutdown::Both).ok();
            thread.join().ok();
        }
    }
}

fn listen(listener: &TcpListener, shared: &Arc<Shared>, reports: &Sender<Report>) {
    for stream in listener.incoming() {
        let mut open = shared.open();
        if open.closed {
            return;
        }
        let Ok(stream) = stream else { continue };
        let Ok(handle) = stream.try_clone() else { continue };
        let (shared, reports) = (Arc::clone(shared), reports.clone());
        // A connection that breaks off is the browser's choice: it does so when it has read enough.
        let thread = std::thread::spawn(move || drop(answer(&stream, &shared, &reports)));
        open.connections.push((handle, thread));
    }
}

/// Answers one request; the connection ends with it.
fn answer(stream: &TcpStream, shared: &Shared, reports: &Sender<Report>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let (mut length, mut range) = (0, None);
    loop {
        let mut header = String::new();
        if reader.read_line(&mut header)? == 0 || header.trim().is_empty() {
            break;
        }
        let Some((name, value)) = header.split_once(':') else { continue };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().unwrap_or(0).min(MAX_BODY_BYTES),
            "range" => range = Some(value.trim().to_owned()),
            _ => {}
        }
    }
    let respond = |status: &str, headers: &str, body: &[u8]| {
        let mut out = stream;
        let length = body.len();
        write!(out, "HTTP/1.1 {status}\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n")?;
        out.write_all(body)?;
        stream.shutdown(Shutdown::Write)
    };
    match (method, path) {
        ("GET", "/") => respond("200 OK", "content-type: text/html; charset=utf-8\r\n", shared.page.as_bytes()),
        ("GET", "/video.mp4") => {
            let video = &shared.video;
            let kind = "content-type: video/mp4\r\naccept-ranges: bytes\r\n";
            match range.and_then(|range| bytes_of(&range, video.len())) {
                None => respond("200 OK", kind, video),
                Some((first, last)) if first <= last => {
                    let headers = format!("{kind}content-range: bytes {first}-{last}/{}\r\n", video.len());
                    respond("206 Partial Content", &headers, &video[first..=last])
                }
                Some(_) => {
                    let headers = format!("content-range: bytes */{}\r\n", video.len());
                    respond("416 Range Not Satisfiable", &headers, b"")
                }
            }
        }
        ("POST", _) => {
            let mut facts = vec![0; length];
            reader.read_exact(&mut facts)?;
            let pixels = facts.split_off(query.parse().unwrap_or(length).min(length));
            let facts = String::from_utf8_lossy(&facts).into_owned();
            let report = match path {
                "/played" => Report::Played(facts),
                "/sought" => Report::Sought(facts, pixels),
                "/done" => Report::Done,
                _ => Report::Failed(facts),
            };
            // Nobody takes it when the test has failed already.
            reports.send(report).ok();
            respond("204 No Content", "", b"")
        }
        _ => respond("404 Not Found", "", b""),
    }
}

/// First and last byte of a range like `bytes=5-` or `bytes=5-9`; `None` for kinds that players do not ask for.
fn bytes_of(range: &str, length: usize) -> Option<(usize, usize)> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    let end = length.checked_sub(1)?;
    Some((first.parse().ok()?, if last.is_empty() { end } else { last.parse::<usize>().ok()?.min(end) }))
}

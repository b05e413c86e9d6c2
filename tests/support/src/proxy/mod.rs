//! A TCP proxy that misbehaves on command, for the tests of faults: it goes between the program and a real server.
//!
//! It knows no protocol, except that one started with [`Proxy::http`] reads HTTP/1.1 requests far enough to count them,
//! to remember their heads and to answer some itself. What comes back from the server is never looked at. Its threads
//! only ever wait for sockets; the clock is used by [`Mode::Throttle`] alone. It ends with its value.

mod http;

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

pub use http::{Answer, SeenRequest};

/// What happens to bytes. A change is felt by connections that stand already, with the next bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// They pass.
    Forward,
    /// New connections are closed at once; those that stand are cut.
    Refuse,
    /// Both ways, bytes are taken and vanish, and no end is ever passed on: a half-open connection. One that has lost
    /// bytes stays so, whatever comes later.
    BlackHole,
    /// At most so many bytes a second pass, each way.
    Throttle(u64),
    /// Each connection is cut once so many bytes have come from the client on it.
    CutAfter(u64),
}

/// The proxy.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

/// What its threads have in common.
#[derive(Debug)]
struct Shared {
    upstream: SocketAddr,
    speaks_http: bool,
    mode: Mutex<Mode>,
    mode_changed: Condvar,
    stopped: AtomicBool,
    /// Both ends of each connection that stands, by its number.
    open: Mutex<HashMap<u64, [TcpStream; 2]>>,
    answers: Mutex<Vec<Answer>>,
    seen: Mutex<Vec<SeenRequest>>,
    connections: AtomicU64,
    answered: AtomicU64,
    bytes_up: AtomicU64,
    bytes_down: AtomicU64,
}

impl Proxy {
    /// A proxy on a port of its own before `upstream`, such as `127.0.0.1:5432`.
    pub fn tcp(upstream: &str) -> Self {
        Self::start(upstream, false)
    }

    /// A proxy before a server of HTTP/1.1 without TLS.
    pub fn http(upstream: &str) -> Self {
        Self::start(upstream.trim_start_matches("http://").trim_end_matches('/'), true)
    }

    fn start(upstream: &str, speaks_http: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("a bound address");
        let shared = Arc::new(Shared {
            upstream: upstream.parse().unwrap_or_else(|_| panic!("`{upstream}` is no address such as 127.0.0.1:5432")),
            speaks_http,
            mode: Mutex::new(Mode::Forward),
            mode_changed: Condvar::new(),
            stopped: AtomicBool::new(false),
            open: Mutex::default(),
            answers: Mutex::default(),
            seen: Mutex::default(),
            connections: AtomicU64::new(0),
            answered: AtomicU64::new(0),
            bytes_up: AtomicU64::new(0),
            bytes_down: AtomicU64::new(0),
        });
        let of_thread = Arc::clone(&shared);
        thread::spawn(move || accept(&listener, &of_thread));
        Self { address, shared }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The same for an HTTP client, such as `http://127.0.0.1:40000`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Changes what happens to bytes.
    pub fn set(&self, mode: Mode) {
        *lock(&self.shared.mode) = mode;
        self.shared.mode_changed.notify_all();
        if mode == Mode::Refuse {
            self.cut();
        }
    }

    /// Cuts every connection that stands.
    pub fn cut(&self) {
        for (_, ends) in lock(&self.shared.open).drain() {
            ends.iter().for_each(|end| drop(end.shutdown(Shutdown::Both)));
        }
    }

    /// Lets the proxy itself answer requests to come; of several answers that fit, the one that was given first.
    pub fn answer(&self, answer: Answer) {
        assert!(self.shared.speaks_http, "only a proxy of HTTP answers");
        lock(&self.shared.answers).push(answer);
    }

    /// The heads of the requests so far, those that the proxy answered included.
    pub fn seen(&self) -> Vec<SeenRequest> {
        lock(&self.shared.seen).clone()
    }

    /// Connections accepted so far.
    pub fn connections(&self) -> u64 {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// Requests so far of that method, or of any.
    pub fn requests(&self, method: Option<&str>) -> usize {
        lock(&self.shared.seen).iter().filter(|seen| method.is_none_or(|method| seen.method == method)).count()
    }

    /// Requests that the proxy answered itself.
    pub fn answered(&self) -> u64 {
        self.shared.answered.load(Ordering::SeqCst)
    }

    /// Bytes that came from clients.
    pub fn bytes_up(&self) -> u64 {
        self.shared.bytes_up.load(Ordering::SeqCst)
    }

    /// Bytes that came from the server.
    pub fn bytes_down(&self) -> u64 {
        self.shared.bytes_down.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        self.shared.mode_changed.notify_all();
        self.cut();
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(self.address);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for client in listener.incoming() {
        if shared.stopped.load(Ordering::SeqCst) {
            return;
        }
        let Ok(client) = client else { continue };
        let number = shared.connections.fetch_add(1, Ordering::SeqCst);
        if *lock(&shared.mode) == Mode::Refuse {
            continue; // dropped, so closed
        }
        let shared = Arc::clone(shared);
        thread::spawn(move || serve(client, number, &shared));
    }
}

/// One connection, until it ends on both sides. A half-open one is kept open until it is cut.
fn serve(client: TcpStream, number: u64, shared: &Arc<Shared>) {
    let Ok(server) = TcpStream::connect(shared.upstream) else { return };
    for stream in [&client, &server] {
        let _ = stream.set_nodelay(true);
    }
    let again = |stream: &TcpStream| stream.try_clone().expect("fewer sockets than the limit of open files");
    lock(&shared.open).insert(number, [again(&client), again(&server)]);
    let swallowed = Arc::new(AtomicBool::new(false));
    let mut down = Pump::new(again(&server), again(&client), shared, &swallowed, false);
    let downwards = thread::spawn(move || down.run());
    let mut up = Pump::new(client, server, shared, &swallowed, true);
    if shared.speaks_http {
        http::run(&mut up)
    } else {
        up.run()
    }
    let _ = downwards.join();
    if !swallowed.load(Ordering::SeqCst) {
        lock(&shared.open).remove(&number);
    }
}

/// One direction of one connection.
struct Pump {
    from: TcpStream,
    to: TcpStream,
    shared: Arc<Shared>,
    /// Whether the connection has lost bytes.
    swallowed: Arc<AtomicBool>,
    is_up: bool,
    passed: u64,
}

impl Pump {
    fn new(from: TcpStream, to: TcpStream, shared: &Arc<Shared>, swallowed: &Arc<AtomicBool>, is_up: bool) -> Self {
        Self { from, to, shared: Arc::clone(shared), swallowed: Arc::clone(swallowed), is_up, passed: 0 }
    }

    fn run(&mut self) {
        let mut buffer = vec![0; 16 * 1024];
        while let Some(length) = self.read(&mut buffer) {
            if !self.pass(&buffer[..length]) {
                break;
            }
        }
        self.end();
    }

    /// The next bytes; `None` at the end.
    fn read(&mut self, buffer: &mut [u8]) -> Option<usize> {
        let length = self.from.read(buffer).ok().filter(|&length| length > 0)?;
        let counter = if self.is_up { &self.shared.bytes_up } else { &self.shared.bytes_down };
        counter.fetch_add(length as u64, Ordering::SeqCst);
        Some(length)
    }

    /// Does with the bytes what the mode says; `false` when the connection is over.
    fn pass(&mut self, mut bytes: &[u8]) -> bool {
        while !bytes.is_empty() {
            if self.shared.stopped.load(Ordering::SeqCst) {
                return false;
            }
            let mode = *lock(&self.shared.mode);
            if mode == Mode::BlackHole || self.swallowed.load(Ordering::SeqCst) {
                self.swallowed.store(true, Ordering::SeqCst);
                return true;
            }
            let length = match mode {
                Mode::Refuse => return false,
                Mode::Forward | Mode::BlackHole => bytes.len(),
                Mode::Throttle(rate) => self.wait_for_a_share(rate, bytes.len()),
                Mode::CutAfter(limit) if self.is_up => {
                    let left = usize::try_from(limit.saturating_sub(self.passed)).unwrap_or(usize::MAX);
                    if left == 0 {
                        return false;
                    }
                    left.min(bytes.len())
                }
                Mode::CutAfter(_) => bytes.len(),
            };
            if self.to.write_all(&bytes[..length]).is_err() {
                return false;
            }
            self.passed += length as u64;
            bytes = &bytes[length..];
        }
        true
    }

    /// How many bytes may go now: a twentieth of a second's share, after that long; sooner where the mode changes.
    fn wait_for_a_share(&self, rate: u64, wanted: usize) -> usize {
        let share = (rate / 20).max(1);
        let pause = Duration::from_secs_f64(share as f64 / rate.max(1) as f64);
        let mode = lock(&self.shared.mode);
        let unchanged = |mode: &mut Mode| *mode == Mode::Throttle(rate) && !self.shared.stopped.load(Ordering::SeqCst);
        drop(self.shared.mode_changed.wait_timeout_while(mode, pause, unchanged));
        wanted.min(usize::try_from(share).unwrap_or(usize::MAX))
    }

    /// Passes an end on, unless the connection is half-open: then nobody hears of it.
    fn end(&mut self) {
        if self.swallowed.load(Ordering::SeqCst) && !self.shared.stopped.load(Ordering::SeqCst) {
            return;
        }
        let cut = match *lock(&self.shared.mode) {
            Mode::Refuse => true,
            Mode::CutAfter(limit) => self.is_up && self.passed >= limit,
            Mode::Forward | Mode::BlackHole | Mode::Throttle(_) => false,
        };
        if cut || self.shared.stopped.load(Ordering::SeqCst) {
            // The client first: it must not hear what the server thinks of half a request.
            let ends = if self.is_up { [&self.from, &self.to] } else { [&self.to, &self.from] };
            ends.iter().for_each(|end| drop(end.shutdown(Shutdown::Both)));
        } else {
            let _ = self.to.shutdown(Shutdown::Write);
        }
    }
}

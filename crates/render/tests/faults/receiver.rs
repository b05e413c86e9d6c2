//! A receiver of webhooks, and a canary: a server that writes down what it is asked, and answers or not.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) head: String,
    pub(crate) body: String,
}

/// The server; it lives as long as the test's process.
#[derive(Clone)]
pub(crate) struct Receiver {
    pub(crate) port: u16,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    connections: usize,
    requests: Vec<Request>,
    answers: bool,
    /// Kept open where no answer is given.
    hanging: Vec<TcpStream>,
}

impl Request {
    /// Value of a header, by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> String {
        let value = self.head.lines().filter_map(|line| line.split_once(": "));
        let value = value.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned()).next();
        value.unwrap_or_else(|| panic!("no header {name} in {}", self.head))
    }
}

impl Receiver {
    /// On all addresses of this machine, so that no way in is missed.
    pub(crate) fn start(answers: bool) -> Self {
        let listener = TcpListener::bind("[::]:0").expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let state = Arc::new(Mutex::new(State { answers, ..State::default() }));
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                lock(&shared).connections += 1;
                let shared = Arc::clone(&shared);
                thread::spawn(move || serve(stream, &shared));
            }
        });
        Self { port, state }
    }

    /// From now on it answers.
    pub(crate) fn answer(&self) {
        let mut state = lock(&self.state);
        state.answers = true;
        state.hanging.clear();
    }

    /// Whole requests so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        lock(&self.state).requests.clone()
    }

    /// Connections so far, whether or not a request came.
    pub(crate) fn connections(&self) -> usize {
        lock(&self.state).connections
    }
}

fn lock(state: &Mutex<State>) -> std::sync::MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn serve(mut stream: TcpStream, state: &Mutex<State>) {
    let mut bytes = Vec::new();
    let mut block = [0; 4096];
    let (head, body) = loop {
        let Ok(read @ 1..) = stream.read(&mut block) else { return };
        bytes.extend_from_slice(&block[..read]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let mut length =
            head.lines().filter_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if body.len() >= length.next_back().unwrap_or(0) {
            break (head.to_owned(), body.to_owned());
        }
    };
    let mut state = lock(state);
    state.requests.push(Request { head, body });
    if state.answers {
        drop(stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n"));
    } else {
        state.hanging.push(stream);
    }
}

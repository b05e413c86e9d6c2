//! The proxy's knowledge of HTTP/1.1: where requests begin and end on a connection, and answers of its own.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::sync::atomic::Ordering;

use super::{Pump, lock};

/// Longest head of a request.
const MAX_HEAD_BYTES: usize = 64 * 1024;

/// An answer that the proxy gives instead of the server.
#[derive(Clone, Debug)]
pub struct Answer {
    method: Option<String>,
    path_contains: String,
    header_begins: String,
    times: u64,
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
    announced_bytes: Option<usize>,
}

impl Answer {
    /// This status, without a body, to the next request of any kind.
    pub fn status(status: u16) -> Self {
        Self {
            method: None,
            path_contains: String::new(),
            header_begins: String::new(),
            times: 1,
            status,
            headers: Vec::new(),
            body: String::new(),
            announced_bytes: None,
        }
    }

    /// As S3 tells of an error.
    pub fn s3_error(status: u16, code: &str) -> Self {
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{code} on \
             purpose</Message><RequestId>1</RequestId></Error>"
        );
        Self { body, ..Self::status(status) }.with_header("content-type", "application/xml")
    }

    /// Only to requests of that method.
    pub fn to(mut self, method: &str) -> Self {
        self.method = Some(method.to_owned());
        self
    }

    /// Only where path and query contain that.
    pub fn where_path_contains(mut self, part: &str) -> Self {
        part.clone_into(&mut self.path_contains);
        self
    }

    /// Only where a header's name begins with that, in lower case.
    pub fn where_a_header_begins(mut self, name: &str) -> Self {
        name.clone_into(&mut self.header_begins);
        self
    }

    /// With another Content-Length than the body has: an answer that breaks off, or one to HEAD.
    pub fn announcing(mut self, bytes: usize) -> Self {
        self.announced_bytes = Some(bytes);
        self
    }

    /// To so many requests.
    pub fn times(mut self, times: u64) -> Self {
        self.times = times;
        self
    }

    /// With that body.
    pub fn with_body(mut self, body: &str) -> Self {
        body.clone_into(&mut self.body);
        self
    }

    /// With one more header.
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    fn fits(&self, request: &SeenRequest) -> bool {
        self.times > 0
            && self.method.as_ref().is_none_or(|method| *method == request.method)
            && request.path.contains(&self.path_contains)
            && (self.header_begins.is_empty()
                || request.headers.iter().any(|(name, _)| name.starts_with(&self.header_begins)))
    }

    /// The connection ends with it, since the request's body may not have been read.
    fn to_bytes(&self, to_head: bool) -> Vec<u8> {
        let mut text = format!("HTTP/1.1 {} On purpose\r\nconnection: close\r\n", self.status);
        for (name, value) in &self.headers {
            text += &format!("{name}: {value}\r\n");
        }
        text += &format!("content-length: {}\r\n\r\n", self.announced_bytes.unwrap_or(self.body.len()));
        if !to_head {
            text += &self.body;
        }
        text.into_bytes()
    }
}

/// The head of a request.
#[derive(Clone, Debug)]
pub struct SeenRequest {
    /// `GET` and so on.
    pub method: String,
    /// Path and query as sent.
    pub path: String,
    /// Names in lower case, values as sent.
    pub headers: Vec<(String, String)>,
}

impl SeenRequest {
    /// Value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn parse(head: &[u8]) -> Option<Self> {
        let head = String::from_utf8_lossy(head);
        let mut lines = head.split("\r\n");
        let mut first = lines.next()?.split(' ');
        let (method, path) = (first.next()?.to_owned(), first.next()?.to_owned());
        let headers = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        Some(Self { method, path, headers })
    }

    fn is_chunked(&self) -> bool {
        self.header("transfer-encoding").is_some_and(|coding| coding.to_ascii_lowercase().contains("chunked"))
    }

    fn body_bytes(&self) -> u64 {
        self.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0)
    }
}

/// The direction from client to server, request by request.
pub(super) fn run(up: &mut Pump) {
    let mut buffer = vec![0; 16 * 1024];
    let mut pending = Vec::new();
    'requests: loop {
        let head_end = loop {
            if let Some(at) = pending.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            assert!(pending.len() < MAX_HEAD_BYTES, "the head of a request has an end");
            let Some(length) = up.read(&mut buffer) else { break 'requests };
            pending.extend_from_slice(&buffer[..length]);
        };
        let Some(request) = SeenRequest::parse(&pending[..head_end]) else { break };
        lock(&up.shared.seen).push(request.clone());
        if let Some(answer) = take_answer(up, &request) {
            up.shared.answered.fetch_add(1, Ordering::SeqCst);
            let _ = up.from.write_all(&answer.to_bytes(request.method == "HEAD"));
            let _ = up.from.shutdown(Shutdown::Write);
            // Unread bytes at the close would reset the connection, and the client could lose the answer.
            while matches!(up.from.read(&mut buffer), Ok(1..)) {}
            let _ = up.to.shutdown(Shutdown::Both);
            return;
        }
        if request.is_chunked() {
            // The end of such a body is not looked for: nothing more is counted on this connection.
            if up.pass(&pending) {
                return up.run();
            }
            break;
        }
        let mut left = head_end as u64 + request.body_bytes();
        loop {
            let length = pending.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            if !up.pass(&pending[..length]) {
                break 'requests;
            }
            pending.drain(..length);
            left -= length as u64;
            if left == 0 {
                break;
            }
            let Some(length) = up.read(&mut buffer) else { break 'requests };
            pending.extend_from_slice(&buffer[..length]);
        }
    }
    up.end();
}

fn take_answer(up: &Pump, request: &SeenRequest) -> Option<Answer> {
    let mut answers = lock(&up.shared.answers);
    let answer = answers.iter_mut().find(|answer| answer.fits(request))?;
    answer.times -= 1;
    Some(answer.clone())
}

//! Asks a worker on this machine how it is: the few lines of HTTP that a container's health check needs. No client for
//! anything else.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// The most bytes of an answer that are read.
const MAX_ANSWER_BYTES: usize = 1 << 20;

/// What a page said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The page.
    pub body: String,
}

/// No answer.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// Nobody there, or too slow.
    #[error("the worker at {address} does not answer")]
    Silent {
        /// The address.
        address: SocketAddr,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// Something else lives there.
    #[error("what answers at {0} is no worker")]
    Foreign(SocketAddr),
}

/// Asks for `page` and waits at most `limit`. The address may be the one that the worker binds: for `0.0.0.0` and `[::]`
/// the loopback address is asked.
///
/// # Errors
/// [`ProbeError`].
pub fn probe(address: SocketAddr, page: &str, limit: Duration) -> Result<Answer, ProbeError> {
    let address = reachable(address);
    let answer = ask(address, page, limit).map_err(|source| ProbeError::Silent { address, source })?;
    parsed(&answer).ok_or(ProbeError::Foreign(address))
}

fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(if address.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() });
    }
    address
}

fn ask(address: SocketAddr, page: &str, limit: Duration) -> io::Result<Vec<u8>> {
    let deadline = Instant::now() + limit;
    let mut stream = TcpStream::connect_timeout(&address, limit)?;
    stream.set_write_timeout(Some(limit))?;
    stream.write_all(format!("GET {page} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").as_bytes())?;
    let mut answer = Vec::new();
    let mut part = [0; 4096];
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(left))?;
        match stream.read(&mut part)? {
            0 => return Ok(answer),
            read if answer.len() + read > MAX_ANSWER_BYTES => return Err(io::ErrorKind::FileTooLarge.into()),
            read => answer.extend_from_slice(&part[..read]),
        }
    }
}

fn parsed(answer: &[u8]) -> Option<Answer> {
    let text = std::str::from_utf8(answer).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
    Some(Answer { status, body: body.to_owned() })
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// Answers one caller with `answer`, then closes; `None` keeps the connection open until the caller is gone.
    fn listener(answer: Option<&'static [u8]>) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("bound");
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a caller");
            let mut request = [0; 4096];
            drop(stream.read(&mut request));
            match answer {
                Some(answer) => drop(stream.write_all(answer)),
                None => drop(stream.read(&mut request)),
            }
        });
        address
    }

    #[test]
    fn an_answer_is_taken_apart() {
        let address = listener(Some(b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 2\r\n\r\n{}"));
        let answer = probe(address, "/readyz", Duration::from_secs(20)).expect("an answer");
        assert_eq!((answer.status, answer.body.as_str()), (503, "{}"));
    }

    #[test]
    fn nobody_and_silence_are_errors_and_so_is_another_protocol() {
        let closed = {
            let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
            listener.local_addr().expect("bound")
        };
        let limit = Duration::from_millis(200);
        assert!(matches!(probe(closed, "/healthz", limit), Err(ProbeError::Silent { .. })));
        assert!(matches!(probe(listener(None), "/healthz", limit), Err(ProbeError::Silent { .. })));
        let foreign = listener(Some(b"220 mail ready\r\n"));
        assert!(matches!(probe(foreign, "/healthz", Duration::from_secs(20)), Err(ProbeError::Foreign(_))));
    }

    #[test]
    fn an_address_for_every_interface_is_asked_on_loopback() {
        let v4: SocketAddr = "0.0.0.0:9464".parse().expect("an address");
        let v6: SocketAddr = "[::]:9464".parse().expect("an address");
        assert_eq!(reachable(v4).to_string(), "127.0.0.1:9464");
        assert_eq!(reachable(v6).to_string(), "[::1]:9464");
    }
}

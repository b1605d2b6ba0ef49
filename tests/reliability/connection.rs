//! HTTP over a blocking socket, byte by byte.

use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long a test waits before it fails: longer than a busy machine needs.
pub const TEST_TIMEOUT: Duration = Duration::from_mins(1);

/// Repeats a call that a signal has interrupted, such as that of a child that ended.
pub fn retry_interrupted<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// A response.
#[derive(Debug, Clone)]
pub struct Response {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Response {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }

    /// Asserts that the response is a problem and returns its code.
    #[track_caller]
    pub fn problem(&self) -> String {
        assert_eq!(self.headers["content-type"], "application/problem+json", "{self:?}");
        let problem = self.json();
        assert_eq!(problem["status"], self.status);
        assert_eq!(problem["request_id"], self.headers["x-request-id"].as_str());
        problem["code"].as_str().unwrap().to_owned()
    }
}

/// A client connection.
pub struct Connection {
    pub stream: TcpStream,
    rest: Vec<u8>,
}

impl Connection {
    /// Connects.
    pub fn to(address: SocketAddr) -> Self {
        Self::try_to(address).unwrap()
    }

    /// Connects, or fails if nothing listens.
    pub fn try_to(address: SocketAddr) -> io::Result<Self> {
        let stream = retry_interrupted(|| TcpStream::connect_timeout(&address, TEST_TIMEOUT))?;
        stream.set_read_timeout(Some(TEST_TIMEOUT))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, rest: Vec::new() })
    }

    /// Sends bytes.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).unwrap();
    }

    /// Sends byte by byte with a pause after each, until the server has closed the connection.
    pub fn trickle(&mut self, bytes: &[u8], pause: Duration) {
        for byte in bytes {
            if self.stream.write_all(&[*byte]).is_err() {
                return;
            }
            std::thread::sleep(pause);
        }
    }

    /// Reads the next response; fails if the connection ends before it does.
    pub fn response(&mut self) -> io::Result<Response> {
        let end = loop {
            match self.rest.windows(4).position(|four| four == b"\r\n\r\n") {
                Some(at) => break at + 4,
                None => self.read_more()?,
            }
        };
        let head = String::from_utf8_lossy(&self.rest[..end]).into_owned();
        let status: u16 = head.split(' ').nth(1).unwrap().parse().unwrap();
        let headers: BTreeMap<String, String> = head
            .lines()
            .skip(1)
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect();
        let bare = status == 204 || status == 304;
        let length = headers.get("content-length").map(|length| length.parse::<usize>().unwrap());
        let length = if bare { 0 } else { length.unwrap() };
        while self.rest.len() < end + length {
            self.read_more()?;
        }
        let body = self.rest[end..end + length].to_vec();
        self.rest.drain(..end + length);
        Ok(Response { status, headers, body })
    }

    fn read_more(&mut self) -> io::Result<()> {
        let mut bytes = vec![0; 65_536];
        match retry_interrupted(|| self.stream.read(&mut bytes))? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            n => {
                self.rest.extend_from_slice(&bytes[..n]);
                Ok(())
            }
        }
    }

    /// Waits until the server closes the connection and returns what it sent before.
    #[track_caller]
    pub fn until_closed(&mut self) -> String {
        loop {
            match self.read_more() {
                Ok(()) => {}
                Err(error) => {
                    let timed_out =
                        matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
                    assert!(!timed_out, "the connection stays open");
                    return String::from_utf8_lossy(&self.rest).into_owned();
                }
            }
        }
    }
}

/// Formats a request with keep-alive.
pub fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> String {
    let mut text = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\n");
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    if !body.is_empty() || method == "POST" {
        text += &format!("content-length: {}\r\n", body.len());
    }
    text + "\r\n" + body
}

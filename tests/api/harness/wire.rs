//! The service on a real port, asked byte by byte: what a test in process cannot see.

use super::TestApp;
use roundup::serve::Bound;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// An answer as it came over the wire.
#[derive(Debug)]
pub struct Raw {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

/// Serves the application on a free port for as long as the test process lives.
pub fn serve(app: &TestApp) -> SocketAddr {
    let bound = Bound::to(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let address = bound.address().unwrap();
    let state = app.state.clone();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(bound.serve(state)).unwrap();
    });
    address
}

/// Sends one request, its target as bytes, and reads the answer to its end.
pub async fn ask(address: SocketAddr, method: &str, target: &[u8]) -> Raw {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let end = b" HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    let request = [method.as_bytes(), b" ", target, end].concat();
    // A server that has heard enough answers and hangs up while we still write.
    let _ = stream.write_all(&request).await;
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    let split = bytes.windows(4).position(|four| four == b"\r\n\r\n");
    let split = split.unwrap_or_else(|| panic!("no head: {}", String::from_utf8_lossy(&bytes)));
    let head = String::from_utf8_lossy(&bytes[..split]).into_owned();
    let (line, headers) = head.split_once("\r\n").unwrap_or((&head, ""));
    let status = line.split(' ').nth(1).unwrap().parse().unwrap();
    let headers = headers
        .lines()
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    Raw { status, headers, body: bytes[split + 4..].to_vec() }
}

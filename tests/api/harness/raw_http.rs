//! The service on a TCP port, for requests that need exact bytes.

use super::TestApp;
use roundup::server::HttpListener;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A response as it was received.
#[derive(Debug)]
pub struct RawResponse {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

/// Serves the application on a free port until the test process ends.
pub fn serve(app: &TestApp) -> SocketAddr {
    let listener = HttpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let address = listener.local_addr().unwrap();
    let application = app.application.clone();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(listener.serve(application)).unwrap();
    });
    address
}

/// Sends a request whose target is given as bytes and reads the whole response.
pub async fn ask(address: SocketAddr, method: &str, target: &[u8]) -> RawResponse {
    send(address, method, target, &[], "").await
}

/// Does the same with headers and a body.
pub async fn send(
    address: SocketAddr,
    method: &str,
    target: &[u8],
    headers: &[(String, String)],
    body: &str,
) -> RawResponse {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut head = " HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n".to_owned();
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    if !body.is_empty() || method == "POST" {
        head += &format!("content-length: {}\r\n", body.len());
    }
    let request = [method.as_bytes(), b" ", target, head.as_bytes(), b"\r\n", body.as_bytes()];
    // A server may respond and close the connection before it has read everything.
    let _ = stream.write_all(&request.concat()).await;
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    RawResponse::read(&bytes)
}

impl RawResponse {
    /// Parses a response; headers with one name become a list.
    fn read(bytes: &[u8]) -> Self {
        let split = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        let split = split.unwrap_or_else(|| panic!("no head: {}", String::from_utf8_lossy(bytes)));
        let head = String::from_utf8_lossy(&bytes[..split]).into_owned();
        let (line, lines) = head.split_once("\r\n").unwrap_or((&head, ""));
        let status = line.split(' ').nth(1).unwrap().parse().unwrap();
        let mut headers: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in lines.lines().map(|line| line.split_once(": ").unwrap()) {
            let list = headers.entry(name.to_lowercase()).or_default();
            *list = if list.is_empty() { value.to_owned() } else { format!("{list}, {value}") };
        }
        Self { status, headers, body: bytes[split + 4..].to_vec() }
    }
}

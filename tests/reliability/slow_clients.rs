//! Slow clients: they time out unless they keep to the minimum rate.

use crate::connection::{Connection, TEST_TIMEOUT, request, retry_interrupted};
use crate::service::Service;
use std::io::{ErrorKind, Read as _, Write as _};
use std::time::{Duration, Instant};

const TIMEOUT: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(100);

fn service() -> Service {
    Service::start(&[
        ("ROUNDUP_HEAD_TIMEOUT_MS", "1000"),
        ("ROUNDUP_BODY_TIMEOUT_MS", "1000"),
        ("ROUNDUP_WRITE_TIMEOUT_MS", "1000"),
        ("ROUNDUP_KEEP_ALIVE_MS", "1500"),
        ("ROUNDUP_WORKERS", "1"),
    ])
}

/// Asserts that the request times out with this status, and that the connection is closed.
#[track_caller]
fn cut_off(connection: &mut Connection) {
    let response = connection.response().unwrap();
    assert_eq!((response.status, response.problem().as_str()), (408, "request_timeout"));
    assert_eq!(connection.until_closed(), "");
}

#[test]
fn a_slow_request_head_times_out() {
    let service = service();
    let began = Instant::now();
    let mut connection = service.connect();
    connection.trickle(b"GET /livez HTTP/1.1\r\nhost: loc", PAUSE);
    cut_off(&mut connection);
    assert!(began.elapsed() >= TIMEOUT);
}

#[test]
fn a_slow_request_head_on_a_kept_alive_connection_times_out() {
    let service = service();
    let mut connection = service.connect();
    for _ in 0..3 {
        connection.send(request("GET", "/livez", &[], ""));
        assert_eq!(connection.response().unwrap().status, 200);
    }
    connection.trickle(b"GET /livez HTTP/1.1\r\nhost: loc", PAUSE);
    cut_off(&mut connection);
}

#[test]
fn an_incomplete_pipelined_request_times_out() {
    let service = service();
    let mut connection = service.connect();
    connection.send(request("GET", "/livez", &[], "") + "GET /livez HT");
    assert_eq!(connection.response().unwrap().status, 200);
    cut_off(&mut connection);
}

#[test]
fn an_idle_connection_is_closed_without_a_response() {
    let service = service();
    assert_eq!(service.connect().until_closed(), "");
    let mut connection = service.connect();
    connection.send(request("GET", "/livez", &[], ""));
    assert_eq!(connection.response().unwrap().status, 200);
    let began = Instant::now();
    assert_eq!(connection.until_closed(), "");
    assert!(began.elapsed() >= TIMEOUT, "it is kept for a while");
}

#[test]
fn a_slow_request_body_times_out() {
    let service = service();
    let head = service.request("POST", "/api/v1/admin/articles", &" ".repeat(1000));
    let mut connection = service.connect();
    connection.send(head.trim_end_matches(' '));
    connection.trickle(&[b' '; 30], PAUSE);
    cut_off(&mut connection);
}

#[test]
fn a_missing_request_body_times_out() {
    let service = service();
    let head = service.request("POST", "/api/v1/admin/articles", "");
    for framing in ["content-length: 1000", "transfer-encoding: chunked"] {
        let mut connection = service.connect();
        connection.send(head.replace("content-length: 0", framing));
        cut_off(&mut connection);
    }
}

#[test]
fn a_body_that_no_handler_reads_times_out() {
    let service = service();
    for framing in ["content-length: 1000", "transfer-encoding: chunked"] {
        let mut connection = service.connect();
        connection.send(request("POST", "/nowhere", &[], "").replace("content-length: 0", framing));
        let response = connection.response().unwrap();
        assert_eq!((response.status, response.problem().as_str()), (404, "not_found"));
        connection.trickle(b"5\r\nhello\r\n5\r\nhello\r\n", PAUSE);
        assert_eq!(connection.until_closed(), "");
    }
}

#[test]
fn a_slow_upload_above_the_minimum_rate_succeeds() {
    let service = service();
    let body = format!("{{\"headline\": \"slow\", \"dek\": \"{}\"}}", "x".repeat(200));
    let body = format!("{body}{}", " ".repeat(6000 - body.len()));
    let whole = service.request("POST", "/api/v1/admin/articles", &body);
    let mut connection = service.connect();
    let began = Instant::now();
    // 2,000 bytes a second; 500 would do.
    for piece in whole.as_bytes().chunks(200) {
        connection.send(piece);
        std::thread::sleep(PAUSE);
    }
    assert!(began.elapsed() > 2 * TIMEOUT);
    assert_eq!(connection.response().unwrap().status, 201);
}

/// Opens a connection with more pipelined requests than the buffers hold responses.
fn flooded(service: &Service) -> Connection {
    let mut connection = service.connect();
    connection.stream.set_write_timeout(Some(PAUSE)).unwrap();
    let one = request("GET", "/openapi.json", &[("accept-encoding", "identity")], "");
    let many = one.repeat(200);
    // The service stops reading at some point; what it has read by then is enough.
    let _ = connection.stream.write(many.as_bytes());
    connection
}

#[test]
fn a_client_that_reads_no_response_times_out() {
    let service = service();
    let mut connection = flooded(&service);
    let began = Instant::now();
    loop {
        match connection.stream.write(b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n") {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => break,
        }
        assert!(began.elapsed() < TEST_TIMEOUT, "the connection stays open");
        std::thread::sleep(PAUSE);
    }
}

#[test]
fn a_client_that_reads_above_the_minimum_rate_is_served() {
    let service = service();
    let mut connection = flooded(&service);
    let (began, mut taken) = (Instant::now(), 0);
    while began.elapsed() < 4 * TIMEOUT {
        let mut bytes = vec![0; 200_000];
        let read = retry_interrupted(|| connection.stream.read(&mut bytes));
        taken += read.expect("the connection is kept");
        std::thread::sleep(PAUSE / 2);
    }
    assert!(taken > 4_000_000, "{taken}");
}

#[test]
fn a_malformed_request_gets_a_problem() {
    let service = service();
    let long = format!("GET /livez HTTP/1.1\r\nx: {}\r\n\r\n", "x".repeat(300_000));
    let many = format!("GET /livez HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(200));
    let table = [
        ("hello\r\n\r\n", 400, "malformed_request"),
        ("GET /livez HTTP/1.1\r\ncontent-length: x\r\n\r\n", 400, "malformed_request"),
        (
            "GET /livez HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
            400,
            "malformed_request",
        ),
        ("GET /livez HTTP/1.1\r\nno colon\r\n\r\n", 400, "malformed_request"),
        (&long, 431, "headers_too_large"),
        (&many, 431, "headers_too_large"),
    ];
    for (text, status, code) in table {
        let mut connection = service.connect();
        // A server may close the connection before it has read everything.
        let _ = connection.stream.write_all(text.as_bytes());
        let response = connection.response().unwrap();
        let start: String = text.chars().take(60).collect();
        assert_eq!((response.status, response.problem().as_str()), (status, code), "{start}");
        assert_eq!(response.headers["x-content-type-options"], "nosniff", "{start}");
        assert!(response.headers["content-security-policy"].contains("frame-ancestors 'none'"));
    }
    let mut connection = service.connect();
    connection.send(request("GET", "/livez", &[], ""));
    assert_eq!(connection.response().unwrap().status, 200);
    connection.send("hello\r\n\r\n");
    let response = connection.response().unwrap();
    assert_eq!((response.status, response.problem().as_str()), (400, "malformed_request"));
    // None of this is an error of the service.
    let logged = service.log();
    assert!(!logged.contains(" ERROR ") && !logged.contains(" WARN "), "{logged}");
}

#[test]
fn at_the_connection_limit_the_next_client_waits_for_slow_ones() {
    let service = Service::start(&[
        ("ROUNDUP_HEAD_TIMEOUT_MS", "1000"),
        ("ROUNDUP_MAX_CONNECTIONS", "16"),
        ("ROUNDUP_WORKERS", "1"),
    ]);
    let mut slow: Vec<Connection> = (0..16).map(|_| service.connect()).collect();
    for connection in &mut slow {
        connection.send("GET /livez");
    }
    let began = Instant::now();
    assert_eq!(service.ask("GET", "/livez", "").status, 200);
    assert!(began.elapsed() > TIMEOUT / 2, "it had to wait");
    slow.iter_mut().for_each(cut_off);
}

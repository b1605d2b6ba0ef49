//! Changes as Server-Sent Events.

use crate::harness::raw_http::{ask, serve};
use crate::harness::{TestApp, db, patient};
use actix_web::http::StatusCode;
use roundup::config::Config;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// A service that follows its database.
async fn service(config: Config) -> (TestApp, SocketAddr) {
    let target = db::fresh().await;
    let state = TestApp::state(&target, config);
    let app = TestApp::of(state, target.clone(), Some(target)).await;
    app.append_events().await;
    let address = serve(&app);
    (app, address)
}

/// An open stream.
struct EventSource {
    lines: Lines<BufReader<TcpStream>>,
    head: String,
    /// The last `id`.
    id: String,
}

impl EventSource {
    async fn open(address: SocketAddr, target: &str, headers: &str) -> Self {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!(
            "GET {target} HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\n{headers}\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut lines = BufReader::new(stream).lines();
        let mut head = String::new();
        while let Some(line) = lines.next_line().await.unwrap() {
            if line.is_empty() {
                break;
            }
            head += &(line.to_lowercase() + "\n");
        }
        let mut source = Self { lines, head, id: String::new() };
        if source.head.starts_with("http/1.1 200") {
            assert_eq!(source.field().await.as_deref(), Some("retry: 2000"));
            assert!(source.field().await.unwrap().starts_with("id: "));
        }
        source
    }

    /// Returns the next line of the stream; `None` at its end.
    async fn field(&mut self) -> Option<String> {
        let next = async {
            loop {
                let line = self.lines.next_line().await.ok()??;
                // The last chunk.
                if line == "0" {
                    return None;
                }
                // The others belong to the chunked coding.
                if line.starts_with(':') || line.contains(": ") {
                    return Some(line);
                }
            }
        };
        let line = timeout(Duration::from_secs(30), next).await.unwrap()?;
        if let Some(id) = line.strip_prefix("id: ") {
            id.clone_into(&mut self.id);
        }
        Some(line)
    }

    /// Returns the next change; `None` at the end of the stream.
    async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(data) = self.field().await?.strip_prefix("data: ") {
                let change: Value = serde_json::from_str(data).unwrap();
                assert_eq!(change["cursor"], self.id.as_str());
                return Some(change);
            }
        }
    }
}

const INSERT: &str =
    "insert into articles (slug, status, headline, published_at, created_at, updated_at)
    values ($1, $2, $1, '2026-01-01Z', '2026-01-01Z', '2026-01-01Z')";

#[tokio::test]
async fn a_stream_resumes_without_a_gap_or_a_duplicate() {
    let (app, address) = service(patient()).await;
    let sql = app.sql().await;
    let mut stream = EventSource::open(address, "/api/v1/changes/stream", "").await;
    for header in [
        "content-type: text/event-stream",
        "x-accel-buffering: no",
        "cache-control: no-store",
        "access-control-allow-origin: *",
    ] {
        assert!(stream.head.contains(header), "{header}: {}", stream.head);
    }
    assert!(!stream.head.contains("content-encoding"), "{}", stream.head);
    let started_at = Instant::now();
    sql.execute(INSERT, &[&"first", &"published"]).await.unwrap();
    let first = stream.next().await.unwrap();
    println!("a change took {:?}", started_at.elapsed());
    assert_eq!(
        (&first["type"], &first["object"]["type"]),
        (&json!("article.published"), &json!("article"))
    );
    // What is missed while the client is away comes first.
    let id = stream.id.clone();
    drop(stream);
    for n in 0..150 {
        sql.execute(INSERT, &[&format!("missed-{n}"), &"published"]).await.unwrap();
    }
    let mut stream = EventSource::open(
        address,
        "/api/v1/changes/stream?since=now",
        &format!("last-event-id: {id}\r\n"),
    )
    .await;
    let mut ids = Vec::new();
    while ids.len() < 150 {
        ids.push(stream.next().await.unwrap()["object"]["id"].as_i64().unwrap());
    }
    sql.execute(INSERT, &[&"last", &"published"]).await.unwrap();
    ids.push(stream.next().await.unwrap()["object"]["id"].as_i64().unwrap());
    let first = first["object"]["id"].as_i64().unwrap();
    assert_eq!(ids, (first + 1..=first + 151).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_stream_of_editors_has_more_and_types_are_filtered() {
    let (app, address) = service(patient()).await;
    let sql = app.sql().await;
    let insert = "insert into keys (name, prefix, secret_hash, scopes, created_at)
                  values ('k', 'rk_test', sha256('rk_stream'), '{changes:read}', '2026-03-01Z')";
    sql.execute(insert, &[]).await.unwrap();
    let key = "authorization: Bearer rk_stream\r\n";
    let mut public = EventSource::open(address, "/api/v1/changes/stream", "").await;
    let mut admin = EventSource::open(address, "/api/v1/admin/changes/stream", key).await;
    let drafts = "/api/v1/admin/changes/stream?types=article.created";
    let mut drafts = EventSource::open(address, drafts, key).await;
    for (slug, status) in [("a", "published"), ("b", "draft"), ("c", "published")] {
        sql.execute(INSERT, &[&slug, &status]).await.unwrap();
    }
    let mut seen = [const { Vec::new() }; 3];
    for (n, stream, count) in [(0, &mut public, 2), (1, &mut admin, 3), (2, &mut drafts, 1)] {
        for _ in 0..count {
            seen[n].push(stream.next().await.unwrap()["type"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(seen[0], ["article.published", "article.published"]);
    assert_eq!(seen[1].iter().filter(|kind| *kind == "article.created").count(), 1);
    assert_eq!(seen[2], ["article.created"]);
    let refused = EventSource::open(address, "/api/v1/admin/changes/stream", "").await;
    assert!(refused.head.starts_with("http/1.1 401"), "{}", refused.head);
}

#[tokio::test]
async fn streams_are_limited_and_end_when_the_service_stops() {
    let (app, address) = service(Config { max_streams: 2, ..patient() }).await;
    let path = "/api/v1/changes/stream";
    let mut open = vec![
        EventSource::open(address, path, "").await,
        EventSource::open(address, path, "").await,
    ];
    let full = ask(address, "GET", path.as_bytes()).await;
    assert_eq!((full.status, full.headers["retry-after"].as_str()), (503, "30"));
    // A stream that its client leaves is free again.
    drop(open.pop());
    let began = Instant::now();
    loop {
        let stream = EventSource::open(address, path, "").await;
        if stream.head.starts_with("http/1.1 200") {
            open.push(stream);
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "{}", stream.head);
    }
    app.state.begin_shutdown();
    for stream in &mut open {
        assert_eq!(stream.next().await, None);
    }
}

#[tokio::test]
async fn a_bad_position_is_a_problem() {
    let (app, address) = service(patient()).await;
    app.get("/api/v1/changes/stream?since=x").await.problem(400, "bad_cursor");
    app.get("/api/v1/changes/stream?since=01234567-8").await.problem(410, "cursor_expired");
    app.get("/api/v1/changes/stream?types=x").await.problem(400, "bad_parameter");
    app.call("POST", "/api/v1/changes/stream").await.expect(StatusCode::METHOD_NOT_ALLOWED);
    let head = ask(address, "HEAD", b"/api/v1/changes/stream").await;
    assert_eq!((head.status, head.headers["content-type"].as_str()), (200, "text/event-stream"));
}

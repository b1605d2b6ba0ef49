//! Exports over HTTP.

use super::*;
use crate::harness::raw_http;
use roundup::permalink::Permalinks;
use roundup::transfer::export::{self, Format};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

async fn written(app: &TestApp, format: Format) -> Vec<u8> {
    let mut bytes = Vec::new();
    let permalinks = Permalinks::from_config(app.state.config());
    export::write(&app.target, format, &permalinks, &mut bytes).await.unwrap();
    bytes
}

#[tokio::test]
async fn an_export_over_http_equals_that_of_the_command_line() {
    let app = TestApp::new().await;
    import(&app.key("imports:write").await, "", &blog(700, 3)).await;
    let client = app.key("exports:read").await;
    for (query, format, kind, name) in [
        ("", Format::Ndjson, "application/x-ndjson", "roundup-2026-03-01.ndjson"),
        ("?format=ndjson", Format::Ndjson, "application/x-ndjson", "roundup-2026-03-01.ndjson"),
        (
            "?format=atom",
            Format::Atom,
            "application/atom+xml; charset=utf-8",
            "roundup-2026-03-01.atom",
        ),
    ] {
        let response =
            client.clone().header("accept", kind).get(&format!("{EXPORTS}{query}")).await;
        assert_eq!(response.header("content-type"), kind);
        assert_eq!(
            response.header("content-disposition"),
            format!("attachment; filename=\"{name}\"")
        );
        assert_eq!(response.header("cache-control"), "private, no-store");
        let (is, should) = (&response.bytes, &written(&app, format).await);
        assert!(is.len() > 100_000 && is == should, "{query}: {} {}", is.len(), should.len());
    }
    client.get(&format!("{EXPORTS}?format=csv")).await.problem(400, "bad_parameter");
    let read =
        "select count(*) from audit where action = 'export.read' and key_name = 'exports:read'";
    assert_eq!(count(&app, read).await, 3);
}

#[tokio::test]
async fn importing_an_export_into_an_empty_site_gives_the_same_export() {
    let (app, other) = (TestApp::new().await, TestApp::new().await);
    import(&app.key("imports:write").await, "", &blog(50, 9)).await;
    let first = app.key("exports:read").await.get(EXPORTS).await.text();
    let job = import(&other.key("imports:write").await, "?filename=site.ndjson", &first).await;
    assert_eq!((&job["state"], &job["report"]["format"]), (&"done".into(), &"ndjson".into()));
    let second = other.key("exports:read").await.get(EXPORTS).await.text();
    assert_eq!(first.len(), second.len());
    assert!(first == second);
}

/// Counts the running statements of an export.
const READING: &str = "select count(*) from pg_stat_activity where datname = current_database()
                       and query ~ 'from export' and state <> 'idle' and pid <> pg_backend_pid()";

/// Reads what has arrived; an export waits for its client.
fn take(stream: &TcpStream, into: &mut Vec<u8>) {
    let mut bytes = vec![0; 1 << 16];
    while let Ok(n @ 1..) = stream.try_read(&mut bytes) {
        into.extend_from_slice(&bytes[..n]);
    }
}

#[tokio::test]
async fn a_failed_export_is_truncated_and_an_unread_one_ends() {
    let app = TestApp::new().await;
    import(&app.key("imports:write").await, "", &blog(700, 3)).await;
    let (address, secret) = (raw_http::serve(&app), secret(&app).await);
    let (sql, other) = (app.sql().await, app.sql().await);
    let line = format!("GET {EXPORTS}");
    // A complete export ends with an empty chunk.
    let mut whole = Vec::new();
    let mut stream = write(address, &line, &secret, "connection: close\r\n", "").await;
    stream.read_to_end(&mut whole).await.unwrap();
    assert!(whole.ends_with(b"\r\n0\r\n\r\n"));

    // The export loses its database connection at the comments.
    sql.batch_execute("begin; lock table comments").await.unwrap();
    let mut stream = write(address, &line, &secret, "connection: close\r\n", "").await;
    let kill = "select count(pg_terminate_backend(pid)) from pg_stat_activity
                where datname = current_database() and wait_event_type = 'Lock' and query like 'declare export%'";
    let mut part = Vec::new();
    let killed = async || {
        take(&stream, &mut part);
        other.query_one(kill, &[]).await.unwrap().get::<_, i64>(0) > 0
    };
    until("the export that loses its connection waits", killed).await;
    let _ = stream.read_to_end(&mut part).await;
    assert!(part.starts_with(b"HTTP/1.1 200") && part.len() < whole.len());
    assert!(!part.ends_with(b"0\r\n\r\n"), "it looks whole");

    // The client disconnects in the middle.
    let mut stream = write(address, &line, &secret, "", "").await;
    stream.read_exact(&mut [0; 100]).await.unwrap();
    let waiting = "select count(*) from pg_stat_activity where datname = current_database()
                   and wait_event_type = 'Lock' and query like 'declare export%'";
    let waits = async || {
        take(&stream, &mut Vec::new());
        count(&app, waiting).await > 0
    };
    until("the export whose client hangs up waits", waits).await;
    // Here the client has read everything, so the service sees only the end of the connection.
    stream.shutdown().await.unwrap();
    let ended = async || {
        take(&stream, &mut Vec::new());
        count(&app, waiting).await == 0
    };
    until("the query is ended", ended).await;
    sql.batch_execute("rollback").await.unwrap();

    // No statement waits for a lock, and no client reads.
    let mut stream = write(address, &line, &secret, "", "").await;
    stream.read_exact(&mut [0; 100]).await.unwrap();
    drop(stream);
    until("the export is ended", async || count(&app, READING).await == 0).await;
}

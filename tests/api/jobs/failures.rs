//! Jobs whose client disconnects, whose file is too large or whose process dies.

use super::*;
use crate::harness::{db, patient, raw_http};
use roundup::config::Config;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;
use tokio::io::AsyncReadExt as _;

/// An application with its own folder for uploads.
async fn with_folder(import_bytes: u64) -> (TestApp, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let upload_dir = Some(folder.path().to_owned());
    let app = TestApp::with(Config { import_bytes, upload_dir, ..patient() }).await;
    (app, folder)
}

/// Asserts that no upload is left.
async fn nothing_left(app: &TestApp, folder: &TempDir) {
    until("the file is gone", async || open_files(folder.path()) == 0).await;
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    assert_eq!(count(app, "select count(*) from jobs").await, 0);
}

#[tokio::test]
async fn an_upload_that_is_too_large_is_rejected_and_leaves_no_file() {
    let (app, folder) = with_folder(100_000).await;
    let client = app.key("imports:write").await;
    let long = "x".repeat(100_001);
    let response = client.send_as("POST", IMPORTS, "text/plain", &long).await;
    response.problem(413, "too_large");
    nothing_left(&app, &folder).await;
    // A file of exactly the limit is accepted.
    let job = import(&client, "?filename=a.txt&dry_run=true", &"x".repeat(100_000)).await;
    assert_eq!(job["state"], "done", "{job}");
    assert_eq!(open_files(folder.path()), 0);
    app.sql().await.batch_execute("delete from jobs").await.unwrap();

    let (address, secret) = (raw_http::serve(&app), secret(&app).await);
    let line = format!("POST {IMPORTS}");
    // With a Content-Length that is too large, nothing is read.
    let length = "content-length: 5000000000\r\n";
    let mut stream = write(address, &line, &secret, length, "A").await;
    let mut head = [0; 12];
    stream.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 413");
    // Without one, the body is read up to the limit.
    let chunk = format!("{:x}\r\n{long}\r\n", long.len());
    let mut stream = write(address, &line, &secret, "transfer-encoding: chunked\r\n", &chunk).await;
    stream.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 413");
    drop(stream);
    nothing_left(&app, &folder).await;
}

#[tokio::test]
async fn a_broken_upload_leaves_no_job_and_no_file() {
    let (app, folder) = with_folder(1 << 30).await;
    let (address, secret) = (raw_http::serve(&app), secret(&app).await);
    let line = format!("POST {IMPORTS}");
    for headers in ["content-length: 1000000\r\n", "transfer-encoding: chunked\r\n"] {
        let stream = write(address, &line, &secret, headers, "1000\r\nA -- Reuters\n").await;
        until("the file is open", async || open_files(folder.path()) == 1).await;
        // The file is unlinked while it is open.
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        drop(stream);
        nothing_left(&app, &folder).await;
    }
}

#[tokio::test]
async fn uploads_beyond_the_queue_limit_are_rejected() {
    let (app, folder) = with_folder(1 << 30).await;
    let sql = app.sql().await;
    sql.batch_execute("select pg_advisory_lock(hashtext('roundup import'))").await.unwrap();
    let client = app.key("imports:write").await;
    let mut jobs = Vec::new();
    for _ in 0..16 {
        jobs.push(send(&client, "", "A -- Reuters").await);
    }
    let refused = client.send_as("POST", IMPORTS, "text/plain", "A -- Reuters").await;
    assert_eq!(refused.header("retry-after"), "30");
    refused.problem(503, "unavailable");
    assert_eq!(open_files(folder.path()), 16);
    sql.batch_execute("select pg_advisory_unlock(hashtext('roundup import'))").await.unwrap();
    for job in &jobs {
        assert_eq!(ended(&client, job).await["state"], "done");
    }
    assert_eq!(open_files(folder.path()), 0);
    assert_eq!(import(&client, "", "A -- Reuters").await["state"], "done");
}

/// Starts the built program on an existing database and returns its address.
fn serve(app: &TestApp, folder: &TempDir) -> (Child, SocketAddr) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_roundup"))
        .env("DATABASE_URL", db::url(app.target.database().unwrap()))
        .env("ROUNDUP_LISTEN", "127.0.0.1:0")
        .env("ROUNDUP_UPLOAD_DIR", folder.path())
        .env("ROUNDUP_LOG", "off")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.split("http://").nth(1).and_then(|rest| rest.split('/').next());
    let address = address.unwrap_or_else(|| panic!("no address in {line}"));
    (child, address.parse().unwrap())
}

async fn post(address: SocketAddr, secret: &str, file: &str) {
    let headers = format!("content-length: {}\r\nconnection: close\r\n", file.len());
    let mut stream = write(address, &format!("POST {IMPORTS}"), secret, &headers, file).await;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
}

#[tokio::test]
async fn jobs_of_a_killed_process_are_interrupted_and_can_be_retried() {
    let (app, folder) = with_folder(1 << 30).await;
    let secret = secret(&app).await;
    let (mut child, address) = serve(&app, &folder);
    let file = blog(1500, 10);
    post(address, &secret, &file).await;
    post(address, &secret, "B -- Reuters").await;
    let articles = "select count(*) from articles";
    until("something is stored", async || count(&app, articles).await > 0).await;
    let client = app.with_key(&secret);
    let states = async || {
        let page = client.get("/api/v1/admin/jobs").await.ok();
        [page["items"][1]["state"].clone(), page["items"][0]["state"].clone()]
    };
    assert_eq!(states().await, ["running", "queued"]);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    // PostgreSQL may need a moment to notice that the process has ended.
    until("they are interrupted", async || states().await == ["interrupted", "interrupted"]).await;
    let page = client.get("/api/v1/admin/jobs").await.ok();
    assert!(page["items"][1]["message"].as_str().unwrap().contains("send the file again"));
    assert!(count(&app, articles).await < 1500, "it was done before it was killed");
    let job = import(&client, "", &file).await;
    assert_eq!((&job["state"], &job["report"]["failed"]), (&"done".into(), &0.into()));
    assert_eq!(count(&app, articles).await, 1500);
    assert_eq!(count(&app, "select count(*) from comments").await, 15_000);
}

#[tokio::test]
async fn a_job_that_loses_the_database_is_not_completed() {
    let app = TestApp::new().await;
    let client = app.key("imports:write").await;
    let sql = app.sql().await;
    sql.batch_execute("alter table links add constraint broken_check check (title <> 'Two')")
        .await
        .unwrap();
    let job = import(&client, "", &blog(3, 1)).await;
    assert_eq!(job["state"], "failed", "{job}");
    assert!(job["message"].as_str().unwrap().contains("failed, the first"), "{job}");
}

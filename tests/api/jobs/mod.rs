//! Import and export jobs over HTTP.

mod exports;
mod failures;
mod imports;

use crate::harness::TestApp;
use crate::harness::client::Client;
use actix_web::http::StatusCode;
use serde_json::Value;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

const IMPORTS: &str = "/api/v1/admin/imports";
const EXPORTS: &str = "/api/v1/admin/exports";

/// How long a test waits before it fails.
const LONG: Duration = Duration::from_mins(1);

/// A WordPress export.
fn blog(posts: u32, comments: u32) -> String {
    let mut wxr = "<rss><channel><link>http://a.example</link>\n".to_owned();
    for post in 1..=posts {
        wxr += &format!(
            "<item><wp:post_id>{post}</wp:post_id><title>Post {post}</title>\
             <link>http://a.example/{post}/</link><wp:status>publish</wp:status>\
             <wp:post_date_gmt>2014-12-04 08:15:00</wp:post_date_gmt><content:encoded><![CDATA[\
             <a href=\"https://www.reuters.com/{post}\">One</a> -- Reuters\n\n\
             <a href=\"https://g.example/{post}\">Two</a> -- Gazette]]></content:encoded>\n"
        );
        for comment in 1..=comments {
            wxr += &format!(
                "<wp:comment><wp:comment_id>{comment}</wp:comment_id><wp:comment_author>R\
                 </wp:comment_author><wp:comment_date_gmt>2014-12-05 08:15:00\
                 </wp:comment_date_gmt><wp:comment_content>said {comment} of {post}\
                 </wp:comment_content><wp:comment_approved>1</wp:comment_approved>\
                 <wp:comment_parent>{}</wp:comment_parent></wp:comment>\n",
                comment / 2
            );
        }
        wxr += "</item>\n";
    }
    wxr + "</channel></rss>"
}

/// Uploads a file and returns the path of its job.
async fn send(client: &Client<'_>, query: &str, file: &str) -> String {
    let uri = format!("{IMPORTS}{query}");
    let response = client.send_as("POST", &uri, "application/octet-stream", file).await;
    let location = response.header("location").to_owned();
    let job = response.expect(StatusCode::ACCEPTED);
    assert_eq!(job["state"], "queued", "{job}");
    assert_eq!(location, format!("/api/v1/admin/jobs/{}", job["id"]));
    location
}

/// Waits until a job has ended and returns it.
async fn ended(client: &Client<'_>, location: &str) -> Value {
    let begin = Instant::now();
    loop {
        let job = client.get(location).await.ok();
        if job["state"] != "queued" && job["state"] != "running" {
            return job;
        }
        assert!(begin.elapsed() < LONG, "{job}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Uploads a file and waits for its job.
async fn import(client: &Client<'_>, query: &str, file: &str) -> Value {
    let location = send(client, query, file).await;
    ended(client, &location).await
}

/// Returns one number from the database.
async fn count(app: &TestApp, query: &str) -> i64 {
    app.sql().await.query_one(query, &[]).await.unwrap().get(0)
}

/// Creates a key and returns its secret.
async fn secret(app: &TestApp) -> String {
    let secret = format!("rk_test_{}", getrandom::u64().unwrap());
    let insert = "insert into keys (name, prefix, secret_hash, scopes, created_at) values
                  ('by hand', 'rk_test', sha256($1::text::bytea), '{admin}', '2026-03-01Z')";
    app.sql().await.execute(insert, &[&secret]).await.unwrap();
    secret
}

/// Sends a request, or the beginning of one.
async fn write(
    address: SocketAddr,
    line: &str,
    secret: &str,
    headers: &str,
    body: &str,
) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "{line} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {secret}\r\n\
         content-type: application/octet-stream\r\n{headers}\r\n{body}"
    );
    // A server may respond and close the connection before it has read everything.
    let _ = stream.write_all(request.as_bytes()).await;
    stream
}

/// Counts the files of a folder that this process has open, named or unlinked.
fn open_files(folder: &Path) -> usize {
    let entries = std::fs::read_dir("/proc/self/fd").unwrap();
    entries
        .flatten()
        .filter_map(|fd| std::fs::read_link(fd.path()).ok())
        .filter(|path| path.starts_with(folder))
        .count()
}

/// Waits until a condition holds.
async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let begin = Instant::now();
    while !holds().await {
        assert!(begin.elapsed() < LONG, "never: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

//! The HTTP behaviour of the service as a table, `table.md`. Each row is one request over TCP, to an
//! instance with a cache and to one without.
//!
//! In the table `-` stands for nothing. The column "With" has the request's headers and, last, its
//! body. A response header has its whole value, `*` for any, or `~` and a part of it; `.code` is a
//! member of the body.

use crate::harness::raw_http::{RawResponse, ask, send, serve};
use crate::harness::site::site;
use crate::harness::{TestApp, db, patient};
use roundup::comments::Policy;
use roundup::config::Config;
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::SocketAddr;

const ARTICLE: &str = "/api/v1/articles/1";

const TABLE: &str = include_str!("table.md");

/// The parts of the table with the minimum number of their rows.
const PARTS: [(&str, usize); 6] = [
    ("Conditional requests", 40),
    ("Methods", 30),
    ("Media types", 20),
    ("Limits", 20),
    ("Other origins", 20),
    ("Caches", 20),
];

/// A row: a request and its expected response.
struct Row {
    name: String,
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: String,
    status: u16,
    has: Vec<(String, String)>,
    lacks: Vec<String>,
}

/// Returns the code spans of a cell.
fn items(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn pair(item: &str) -> (String, String) {
    let (name, value) = item.split_once(':').unwrap_or_else(|| panic!("no header: {item}"));
    (name.trim().to_owned(), value.trim().to_owned())
}

impl Row {
    fn read(line: &str) -> Self {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [name, request, with, status, has, lacks] = cells[..] else { panic!("{line}") };
        let request = items(request).remove(0);
        let (method, target) = request.split_once(' ').unwrap();
        let is_body = |item: &String| item.starts_with('{') || !item.contains(':');
        let (body, headers): (Vec<String>, Vec<String>) =
            items(with).into_iter().partition(is_body);
        Self {
            name: name.to_owned(),
            method: method.to_owned(),
            target: target.to_owned(),
            headers: headers.iter().map(|item| pair(item)).collect(),
            body: body.concat(),
            status: status.parse().unwrap_or_else(|_| panic!("{line}")),
            has: items(has).iter().map(|item| pair(item)).collect(),
            lacks: items(lacks),
        }
    }

    /// Whether the row is about the cache.
    fn needs_memory(&self) -> bool {
        self.has.iter().any(|(name, _)| name == "cache-status" || name == "age")
    }

    /// Replaces the words in braces.
    fn filled(&self, words: &BTreeMap<&str, String>) -> Self {
        let fill = |text: &String| {
            let put = |text: String, (word, value): (&&str, &String)| text.replace(word, value);
            words.iter().fold(text.clone(), put)
        };
        let pairs = |pairs: &[(String, String)]| -> Vec<(String, String)> {
            pairs.iter().map(|(name, value)| (name.clone(), fill(value))).collect()
        };
        let mut headers = pairs(&self.headers);
        let target = fill(&self.target);
        let says = |name: &str| headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name));
        let (key, kind) = (says("authorization"), says("content-type"));
        if target.contains("/api/v1/admin") && !key {
            headers.push(("Authorization".to_owned(), words["{key}"].clone()));
        }
        if !self.body.is_empty() && !kind {
            headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
        }
        // A header without a value is not sent.
        headers.retain(|(_, value)| value != "-");
        Self {
            name: self.name.clone(),
            method: self.method.clone(),
            target,
            headers,
            body: fill(&self.body),
            status: self.status,
            has: pairs(&self.has),
            lacks: self.lacks.clone(),
        }
    }

    async fn ask(&self, at: SocketAddr) -> RawResponse {
        send(at, &self.method, self.target.as_bytes(), &self.headers, &self.body).await
    }

    /// Returns the differences from the expected response.
    fn wrong(&self, answer: &RawResponse) -> Vec<String> {
        let mut wrong = Vec::new();
        if answer.status != self.status {
            let body = String::from_utf8_lossy(&answer.body);
            let body: String = body.chars().take(300).collect();
            wrong.push(format!("{} instead of {}: {body}", answer.status, self.status));
        }
        if (self.method == "HEAD" || [204, 304].contains(&answer.status)) && !answer.body.is_empty()
        {
            wrong.push(format!("a body of {} bytes", answer.body.len()));
        }
        for (name, expected) in &self.has {
            let given = value(answer, name);
            let right = match (&given, expected.strip_prefix('~')) {
                (None, _) => false,
                (Some(_), None) if expected == "*" => true,
                (Some(given), None) => given == expected,
                (Some(given), Some(part)) => given.contains(part),
            };
            if !right {
                wrong.push(format!("{name} is {given:?} instead of {expected}"));
            }
        }
        for name in &self.lacks {
            if let Some(given) = value(answer, name) {
                wrong.push(format!("{name} is there: {given}"));
            }
        }
        wrong
    }
}

/// Returns a header of a response or a member of its body.
fn value(answer: &RawResponse, name: &str) -> Option<String> {
    let Some(member) = name.strip_prefix('.') else {
        return answer.headers.get(&name.to_lowercase()).cloned();
    };
    let body: Value = serde_json::from_slice(&answer.body).ok()?;
    match &body[member] {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// Returns the rows of a part in their order.
fn rows(part: &str) -> Vec<Row> {
    let text = TABLE.split("\n## ").find(|text| text.starts_with(part)).unwrap();
    let lines = text.lines().filter(|line| line.starts_with("| ")).skip(2);
    lines.map(Row::read).collect()
}

/// A service on a port, with the sample site and a key.
struct Asked {
    app: TestApp,
    at: SocketAddr,
    words: BTreeMap<&'static str, String>,
}

impl Asked {
    async fn with(cache_bytes: usize) -> Self {
        let config = Config {
            cache_bytes,
            comment_policy: Policy::Open,
            comment_rate: 0,
            admin_origins: "https://editor.example".parse().unwrap(),
            metrics_from: Some("127.0.0.1".parse().unwrap()),
            ..patient()
        };
        let target = db::fresh().await;
        let state = TestApp::state(&target, config);
        let app = TestApp::of(state, target.clone(), Some(target)).await;
        let site = site(&app).await;
        let purged = "insert into purged_articles values (77777, 'purged', now());
                      insert into article_slugs values ('former', 1)";
        site.sql.batch_execute(purged).await.unwrap();
        let secret = "rk_of_the_table";
        let key = "insert into keys (name, prefix, secret_hash, scopes, created_at)
                   values ('t', 'rk', sha256($1::text::bytea), '{admin}', '2026-03-01T12:00:00Z')";
        site.sql.execute(key, &[&secret]).await.unwrap();
        let at = serve(&app);
        let words = BTreeMap::from([
            ("{article}", ARTICLE.to_owned()),
            ("{comments}", format!("{ARTICLE}/comments")),
            ("{comment}", format!("/api/v1/comments/{}", site.comment)),
            ("{key}", format!("Bearer {secret}")),
            ("{40 kB}", "a".repeat(40_000)),
            ("{70 kB}", "a".repeat(70_000)),
            ("{4 MiB and 1}", "a".repeat((4 << 20) + 1)),
            ("{20000 letters}", "b".repeat(20_000)),
            ("{128 deep}", "[".repeat(128) + &"]".repeat(128)),
            ("{default}", patient().cache_control.to_str().unwrap().to_owned()),
        ]);
        Self { app, at, words }
    }

    /// Sends the request of a row, twice if the second may be a hit, and returns the differences.
    async fn hold(&mut self, row: &Row) -> Vec<String> {
        if row.target.contains("{draft}") {
            self.draft().await;
        }
        self.tags().await;
        let row = row.filled(&self.words);
        let mut answer = row.ask(self.at).await;
        if ["GET", "HEAD"].contains(&row.method.as_str()) && self.keeps() {
            answer = row.ask(self.at).await;
        }
        row.wrong(&answer).iter().map(|what| format!("{}: {what}", row.name)).collect()
    }

    fn keeps(&self) -> bool {
        self.app.state.cache().is_enabled()
    }

    /// Returns the current `ETag`s of the article, which a new comment changes.
    async fn tags(&mut self) {
        let plain = ask(self.at, "GET", ARTICLE.as_bytes()).await.headers["etag"].clone();
        let coded = plain.trim_matches('"').to_owned();
        self.words.insert("{gzip tag}", format!("\"{coded}-gzip\""));
        self.words.insert("{digest}", coded);
        self.words.insert("{tag}", plain);
    }

    /// Creates an article with two versions.
    async fn draft(&mut self) {
        let key = ("Authorization".to_owned(), self.words["{key}"].clone());
        let kind = ("Content-Type".to_owned(), "application/json".to_owned());
        let any = ("If-Match".to_owned(), "*".to_owned());
        let path = b"/api/v1/admin/articles";
        let new = r#"{"headline": "A draft"}"#;
        let made = send(self.at, "POST", path, &[key.clone(), kind.clone()], new).await;
        let draft = made.headers["location"].clone();
        let change = r#"{"dek": "Its second version"}"#;
        let changed = send(self.at, "PATCH", draft.as_bytes(), &[key, kind, any], change).await;
        assert_eq!(changed.headers["etag"], "\"v2\"", "{changed:?}");
        self.words.insert("{draft}", draft);
    }
}

#[test]
fn the_table_has_enough_rows_and_no_duplicates() {
    let mut names = std::collections::BTreeSet::new();
    for (part, least) in PARTS {
        let rows = rows(part);
        assert!(rows.len() >= least, "{part}: {} rows of {least}", rows.len());
        for row in rows {
            assert!(names.insert(row.name.clone()), "two rows are called {}", row.name);
        }
    }
    let parts = TABLE.matches("\n## ").count();
    assert_eq!(parts, PARTS.len(), "a part that no test asks for");
}

#[tokio::test]
async fn each_request_of_the_http_table_gets_the_documented_response() {
    let mut wrong = Vec::new();
    for (cache_bytes, which) in [(0, "without memory"), (1 << 24, "from memory")] {
        let mut asked = Asked::with(cache_bytes).await;
        for (part, _) in PARTS {
            for row in rows(part) {
                if !asked.keeps() && row.needs_memory() {
                    continue;
                }
                let found = asked.hold(&row).await;
                wrong.extend(found.into_iter().map(|what| format!("{part}, {which}: {what}")));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

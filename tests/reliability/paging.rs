//! Paging through a long list during writes.

use crate::connection::{Connection, Response, request};
use crate::measurements::{Durations, count_from_env, timed};
use crate::service::{Service, sql};
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::scope;

const WRITERS: usize = 4;

/// Each writer may delete one of this many initial articles.
const SHARE: usize = 20;

/// A client that publishes articles with dates in the past, and deletes others.
struct Editor<'a> {
    connection: Connection,
    bearer: String,
    /// Which of the initial articles this client may delete.
    place: usize,
    rows: usize,
    written: &'a AtomicUsize,
    deleted: &'a AtomicUsize,
}

impl Editor<'_> {
    fn ask(&mut self, method: &str, path: &str, body: &str) -> Response {
        let headers = [
            ("authorization", self.bearer.as_str()),
            ("content-type", "application/json"),
            ("if-match", "*"),
        ];
        self.connection.send(request(method, path, &headers, body));
        self.connection.response().unwrap()
    }

    /// Deletes every other article that it has published.
    fn work(&mut self, stop: &AtomicBool) {
        for n in 0.. {
            if stop.load(Ordering::SeqCst) {
                break;
            }
            let (year, day) = (2015 + getrandom::u32().unwrap() % 10, 10 + n % 19);
            let body = format!(
                r#"{{"headline": "New {} {n}", "status": "published",
                "published_at": "{year}-03-{day}T00:00:00Z"}}"#,
                self.place
            );
            let made = self.ask("POST", "/api/v1/admin/articles", &body);
            assert_eq!(made.status, 201, "{made:?}");
            self.written.fetch_add(1, Ordering::Relaxed);
            if n % 2 == 0 {
                self.delete(&made.json()["id"].to_string(), "");
            }
            // In an order that is unrelated to the pages.
            let own = self.rows / SHARE;
            if n < own {
                let id = 1 + self.place + SHARE * (n * 7919 % own);
                self.delete(&id.to_string(), ["", "?purge=true"][n % 2]);
            }
        }
    }

    fn delete(&mut self, id: &str, how: &str) {
        let response = self.ask("DELETE", &format!("/api/v1/admin/articles/{id}{how}"), "");
        let expected = if how.is_empty() { 200 } else { 204 };
        // The same number may come twice.
        assert!([expected, 404, 410].contains(&response.status), "{id}: {response:?}");
        self.deleted.fetch_add(1, Ordering::Relaxed);
    }
}

/// Inserts this many articles, dated as in a real archive.
fn fill(url: &str, rows: usize) {
    // Derived columns, which triggers would fill, are not read here.
    sql(
        url,
        &format!(
            "begin; set local session_replication_role = replica;
             insert into articles (slug, status, headline, published_at, created_at, updated_at)
             select 'part-' || n, 'published', 'Part ' || n, at, at, at
             from (select n, timestamptz '2015-01-01' + n * interval '10 years' / {rows} as at
                   from generate_series(1, {rows}) n) a;
             commit"
        ),
    );
    sql(url, "vacuum (analyze) articles");
}

/// The URLs of all pages, and how often each row was returned.
fn walk(address: SocketAddr) -> (Vec<String>, BTreeMap<i64, u32>) {
    let (mut connection, mut seen) = (Connection::to(address), BTreeMap::new());
    let mut pages = vec!["/api/v1/articles?limit=100".to_owned()];
    loop {
        connection.send(request("GET", pages.last().unwrap(), &[], ""));
        let response = connection.response().unwrap();
        assert_eq!(response.status, 200, "{response:?}");
        let page = response.json();
        for item in page["items"].as_array().unwrap() {
            *seen.entry(item["id"].as_i64().unwrap()).or_default() += 1;
        }
        match &page["page"]["next"] {
            Value::String(next) => pages.push(format!("/api/v1/articles?limit=100&after={next}")),
            _ => return (pages, seen),
        }
    }
}

/// `ROWS=100000` is the number of docs/reliability.md.
#[test]
fn paging_during_writes_returns_each_kept_row_once_at_a_constant_cost() {
    let service = Service::start(&[("ROUNDUP_CACHE_BYTES", "0")]);
    let rows = count_from_env("ROWS", 4000);
    fill(&service.url, rows);
    let (written, deleted) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let stop = AtomicBool::new(false);
    let editor = |place| Editor {
        connection: service.connect(),
        bearer: format!("Bearer {}", service.key),
        place,
        rows,
        written: &written,
        deleted: &deleted,
    };
    let (pages, seen) = scope(|threads| {
        for place in 0..WRITERS {
            let mut editor = editor(place);
            let stop = &stop;
            threads.spawn(move || editor.work(stop));
        }
        while deleted.load(Ordering::Relaxed) < WRITERS {
            std::thread::yield_now();
        }
        let walked = std::panic::catch_unwind(|| walk(service.address));
        stop.store(true, Ordering::SeqCst);
        walked.unwrap()
    });
    println!("{} pages, meanwhile {written:?} written and {deleted:?} deleted", pages.len());
    assert!(pages.len() >= rows / 100 * (SHARE - WRITERS) / SHARE);
    let stood = (1..=rows).filter(|id| (id - 1) % SHARE >= WRITERS);
    for id in stood {
        assert_eq!(seen.get(&i64::try_from(id).unwrap()), Some(&1), "{id}");
    }
    assert!(seen.values().all(|times| *times == 1), "something was read twice");
    first_and_last(&service, &pages);
}

/// Compares the duration of the first page with that of one near the end, alternating.
fn first_and_last(service: &Service, pages: &[String]) {
    let mut connection = service.connect();
    let mut read = |path: &str| {
        let (response, took) = timed(|| {
            connection.send(request("GET", path, &[], ""));
            connection.response().unwrap()
        });
        assert_eq!(response.json()["items"].as_array().unwrap().len(), 100, "{path}");
        took
    };
    let (mut first, mut last) = (Durations::default(), Durations::default());
    for _ in 0..300 {
        first.push(read(&pages[0]));
        // The last page may be shorter.
        last.push(read(&pages[pages.len() - 3]));
    }
    first.print("the first page");
    last.print(&format!("page {}", pages.len() - 2));
    let ratio = last.percentile(95).as_secs_f64() / first.percentile(95).as_secs_f64();
    println!("p95 {ratio:.2} times that of the first");
}

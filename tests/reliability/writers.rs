//! Eight clients that create articles, and a comparison of what was acknowledged with what is stored.

use crate::connection::{Connection, TEST_TIMEOUT, request};
use crate::service::{Service, sql};
use std::collections::BTreeSet;
use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::{JoinHandle, spawn};
use std::time::{Duration, Instant};

static NAMES: AtomicU32 = AtomicU32::new(0);

/// The body of an article with three links.
pub fn article(headline: &str) -> String {
    format!(
        r#"{{"headline": "{headline}", "links": [{{"title": "a", "credit": "AP"}},
        {{"title": "b", "credit": "Reuters"}}, {{"title": "c", "credit": "The Guardian"}}]}}"#
    )
}

/// The running clients.
pub struct Writers {
    stop: Arc<AtomicBool>,
    written: Arc<AtomicU32>,
    threads: Vec<JoinHandle<Vec<String>>>,
}

impl Writers {
    /// Starts the clients.
    pub fn begin(service: &Service) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let written = Arc::new(AtomicU32::new(0));
        let threads = (0..8).map(|_| {
            let (address, key) = (service.address, service.key.clone());
            let (stop, written) = (Arc::clone(&stop), Arc::clone(&written));
            spawn(move || write(address, &key, &stop, &written))
        });
        let threads = threads.collect();
        Self { stop, written, threads }
    }

    /// Returns how many articles have been acknowledged.
    pub fn written(&self) -> u32 {
        self.written.load(Ordering::SeqCst)
    }

    /// Waits until this many more have been acknowledged.
    pub fn wait_for(&self, more: u32) {
        let (enough, began) = (self.written() + more, Instant::now());
        while self.written() < enough {
            assert!(began.elapsed() < TEST_TIMEOUT, "no write succeeds");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Stops the clients and returns the acknowledged headlines.
    pub fn end(self) -> BTreeSet<String> {
        self.stop.store(true, Ordering::SeqCst);
        self.threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    }
}

fn write(address: SocketAddr, key: &str, stop: &AtomicBool, written: &AtomicU32) -> Vec<String> {
    let bearer = format!("Bearer {key}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let mut acknowledged = Vec::new();
    let mut connection: Option<Connection> = None;
    while !stop.load(Ordering::SeqCst) {
        let headline = format!("headline {}", NAMES.fetch_add(1, Ordering::SeqCst));
        let text = request("POST", "/api/v1/admin/articles", &headers, &article(&headline));
        let response =
            connection.take().map_or_else(|| Connection::try_to(address), Ok).and_then(|mut w| {
                w.stream.write_all(text.as_bytes())?;
                let response = w.response()?;
                connection = Some(w);
                Ok(response)
            });
        match response.map(|response| response.status) {
            Ok(201) => {
                acknowledged.push(headline);
                written.fetch_add(1, Ordering::SeqCst);
            }
            Ok(503 | 504) | Err(_) => std::thread::sleep(Duration::from_millis(5)),
            Ok(status) => panic!("a write was answered with {status}"),
        }
    }
    acknowledged
}

/// Asserts that every acknowledged article is stored once and completely.
#[track_caller]
pub fn assert_stored(url: &str, acknowledged: &BTreeSet<String>) {
    let rows = sql(
        url,
        "select headline || '|' || (select count(*) from links where article_id = articles.id)
            || '|' || (select count(*) from article_revisions where article_id = articles.id)
         from articles where headline like 'headline %'",
    );
    let mut stored = BTreeSet::new();
    for row in &rows {
        let fields: Vec<&str> = row.split('|').collect();
        assert_eq!((fields[1], fields[2]), ("3", "1"), "half an article: {row}");
        assert!(stored.insert(fields[0].to_owned()), "stored twice: {row}");
    }
    let lost: Vec<_> = acknowledged.difference(&stored).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    println!("{} acknowledged, {} stored", acknowledged.len(), stored.len());
}

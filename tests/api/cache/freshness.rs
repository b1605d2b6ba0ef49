//! Ten thousand rounds of write and read on two instances, compared with a model of what may be
//! served. Other clients read at the same time, so fills overlap writes, and the second instance's
//! notification connection is cut, frozen and restored.

use super::{instance, settle, wait_until};
use crate::harness::fault_proxy::{Mode, Proxy};
use crate::harness::{TestApp, db};
use roundup::cache::Change;
use roundup::config::Config;
use std::cell::RefCell;
use std::collections::HashSet;
use std::time::{Duration, Instant};

const ROUNDS: usize = 10_000;

/// When each version was acknowledged.
type Written = RefCell<Vec<Instant>>;

/// One client of one instance.
struct Client<'a> {
    app: &'a TestApp,
    uri: &'a str,
    written: &'a Written,
    /// Whether writes go through this instance.
    own: bool,
    shown: usize,
    stale: usize,
    etags: HashSet<String>,
    last: String,
}

impl<'a> Client<'a> {
    fn new(app: &'a TestApp, uri: &'a str, written: &'a Written, own: bool) -> Self {
        Self {
            app,
            uri,
            written,
            own,
            shown: 0,
            stale: 0,
            etags: HashSet::new(),
            last: String::new(),
        }
    }

    /// Reads and asserts that the version is recent enough.
    async fn read(&mut self) {
        let (asked, acknowledged) = (Instant::now(), self.written.borrow().len() - 1);
        let response = self.app.get(self.uri).await;
        if response.header("cache-status") == super::outage::STALE {
            // It promises nothing: on a busy machine the database took longer than 500 ms.
            self.stale += 1;
            assert!(self.stale < 50, "too many stale responses");
            return;
        }
        let (text, etag) = (response.text(), response.header("etag").to_owned());
        let version = text.split("Version ").nth(1).unwrap();
        let version = version.split(|c: char| !c.is_ascii_digit()).next().unwrap();
        let version: usize = version.parse().unwrap();
        assert!(version >= self.shown, "back from {} to {version}", self.shown);
        if self.own {
            assert!(version >= acknowledged, "{version} though {acknowledged} was acknowledged");
        }
        // Other instances may serve what was current one second before.
        let limit = asked.checked_sub(Duration::from_secs(1)).unwrap();
        let oldest = self.written.borrow().partition_point(|written| *written < limit);
        assert!(version + 1 >= oldest, "{version}, a second after {oldest} came");
        if self.last != etag {
            assert!(self.etags.insert(etag.clone()), "an earlier ETag again");
            self.last = etag;
        }
        self.shown = version;
    }

    async fn read_for_ever(mut self) {
        loop {
            self.read().await;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

/// A minimal article, to keep ten thousand rounds fast.
async fn small_article(app: &TestApp) -> i64 {
    let add = "insert into articles (slug, status, headline, published_at, created_at, updated_at)
        values ('small', 'published', 'Version 0', now(), now(), now()) returning id";
    app.sql().await.query_one(add, &[]).await.unwrap().get(0)
}

async fn write(app: &TestApp, id: i64, proxy: &Proxy, mut clients: [Client<'_>; 2]) {
    let sql = app.sql().await;
    let update = sql.prepare("update articles set headline = $1 where id = $2").await.unwrap();
    let (uri, mut delays) = (clients[1].uri.to_owned(), Vec::new());
    for round in 1..=ROUNDS {
        match round % 1000 {
            300 => proxy.set(Mode::Cut),
            600 => proxy.set(Mode::Frozen),
            800 => proxy.set(Mode::Open),
            _ => {}
        }
        sql.execute(&update, &[&format!("Version {round}"), &id]).await.unwrap();
        app.state.invalidate(Change::Articles(&[id]));
        clients[0].written.borrow_mut().push(Instant::now());
        for client in &mut clients {
            client.read().await;
        }
        if round % 1000 == 100 {
            let freshness = clients[1].app.state.cache().invalidation().freshness();
            wait_until("it listens", || freshness.is_connected(freshness.now())).await;
            let sent = Instant::now();
            // The same version with another text, unknown to the reading instance.
            sql.execute(&update, &[&format!("Version {round} again"), &id]).await.unwrap();
            while !clients[1].app.get(&uri).await.text().contains("again") {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            delays.push(sent.elapsed());
        }
    }
    delays.sort();
    assert!(delays[delays.len() / 2] < Duration::from_secs(1), "{delays:?}");
}

#[tokio::test]
async fn no_response_is_older_than_permitted() {
    let target = db::fresh().await;
    let proxy = Proxy::for_target(&target).await;
    let config = Config::defaults().unwrap();
    let first = instance(&target, config.clone()).await;
    let state = TestApp::state(&target, config);
    let second = TestApp::of(state, target.clone(), Some(proxy.target())).await;
    let id = small_article(&first).await;
    let uri = format!("/api/v1/articles/{id}");
    settle(&first).await;
    settle(&second).await;
    let written = RefCell::new(vec![Instant::now()]);
    let client = |app, own| Client::new(app, &uri, &written, own);
    let clients = [client(&first, true), client(&second, false)];
    let others = [client(&first, true), client(&second, false), client(&first, true)];
    tokio::select! {
        () = write(&first, id, &proxy, clients) => {}
        _ = futures_util::future::join_all(others.map(Client::read_for_ever)) => {}
    }
}

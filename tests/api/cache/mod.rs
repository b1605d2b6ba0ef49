//! The cache of public responses.

mod freshness;
mod hits;
mod invalidation;
mod memory_limit;
mod outage;
mod replica;

use crate::harness::{Response, TestApp, db};
use diesel_async::SimpleAsyncConnection as _;
use roundup::config::Config;
use roundup::state::State;
use std::path::Path;
use std::time::{Duration, Instant};

/// An instance that caches and receives notifications, with its own database, and the id of an article.
async fn app() -> (TestApp, i64) {
    app_with(Config::defaults().unwrap()).await
}

async fn app_with(config: Config) -> (TestApp, i64) {
    let target = db::fresh().await;
    let app = instance(&target, config).await;
    let id = example(&app).await;
    settle(&app).await;
    (app, id)
}

/// An instance on this database that caches and receives notifications.
async fn instance(target: &roundup::db::Target, config: Config) -> TestApp {
    let state = TestApp::state(target, config);
    TestApp::of(state, target.clone(), Some(target.clone())).await
}

/// Imports the example and returns the id of its article.
async fn example(app: &TestApp) -> i64 {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/harbour-bridge.txt");
    let report = app.import_file(&file).await;
    assert_eq!(report.created.articles, 1, "{report:?}");
    let row = app.sql().await.query_one("select id from articles", &[]).await.unwrap();
    row.get(0)
}

/// Waits until the instance has received every notification so far.
async fn settle(app: &TestApp) {
    let freshness = app.state.cache().invalidation().freshness();
    let start = freshness.now();
    let connected = || freshness.is_connected(freshness.now());
    wait_until("it listens", || connected() && freshness.last_confirmed() > start).await;
}

async fn wait_until(what: &str, done: impl Fn() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < Duration::from_secs(10), "waited for long until {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

fn is_hit(response: &Response) -> bool {
    response.header("cache-status") == "roundup; hit"
}

/// Reads until the response comes from memory. That is the second read, unless the machine is so busy
/// that the first one took longer than the second for which an unconfirmed response is current.
async fn warm(app: &TestApp, uri: &str) -> Response {
    let mut statuses = Vec::new();
    for _ in 0..5 {
        app.get(uri).await;
        let response = app.get(uri).await;
        if is_hit(&response) {
            return response;
        }
        statuses.push(response.header("cache-status").to_owned());
    }
    panic!("{uri}: {statuses:?}");
}

/// Writes through the state, as a handler does.
async fn write(app: &TestApp, sql: String) {
    let done = State::write(&app.state, move |conn| {
        Box::pin(async move { Ok(conn.batch_execute(&sql).await?) })
    });
    done.await.unwrap();
}

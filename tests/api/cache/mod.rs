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
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/harbour-bridge.txt");
    let report = app.import_file(&file).await;
    assert_eq!(report.created.articles, 1, "{report:?}");
    let row = app.sql().await.query_one("select id from articles", &[]).await.unwrap();
    row.get(0)
}

/// Waits until the instance has received every notification so far.
async fn settle(app: &TestApp) {
    let coherence = app.state.cache().coherence();
    let asked = coherence.trust().now();
    let listening = || !coherence.trust().is_cut(coherence.trust().now());
    wait_until("it listens", || listening() && coherence.trust().confirmed() > asked).await;
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

/// Reads twice and returns the second response, which is a hit.
async fn warm(app: &TestApp, uri: &str) -> Response {
    app.get(uri).await;
    let response = app.get(uri).await;
    assert!(is_hit(&response), "{uri}: {}", response.header("cache-status"));
    response
}

/// Writes through the state, as a handler does.
async fn write(app: &TestApp, sql: String) {
    let done = State::write(&app.state, move |conn| {
        Box::pin(async move { Ok(conn.batch_execute(&sql).await?) })
    });
    done.await.unwrap();
}

//! The cache while the database, or only the notification connection, is down or frozen.

use super::{app, example, is_hit, settle, wait_until, warm, write};
use crate::harness::fault_proxy::{Mode, Proxy};
use crate::harness::{Response, TestApp, db};
use futures_util::future::{join, join_all};
use roundup::config::Config;
use std::time::{Duration, Instant};

pub(super) const STALE: &str = "roundup; fwd=stale; fwd-status=503; detail=stale-if-error";

/// An instance whose database connections all go through a proxy.
async fn behind_proxy(config: Config) -> (TestApp, Proxy, i64) {
    let direct = db::fresh().await;
    let proxy = Proxy::for_target(&direct).await;
    let target = proxy.target();
    let app = TestApp::of(TestApp::state(&target, config), direct, Some(target)).await;
    let id = example(&app).await;
    settle(&app).await;
    (app, proxy, id)
}

async fn pause(ms: u64) {
    tokio::time::sleep(Duration::from_millis(ms)).await;
}

async fn survives(mode: Mode) {
    let (app, proxy, id) = behind_proxy(Config::defaults().unwrap()).await;
    let uri = format!("/api/v1/articles/{id}");
    let before = warm(&app, &uri).await;
    warm(&app, "/api/v1/articles").await;
    warm(&app, "/api/v1/articles/no-such").await;
    proxy.set(mode);
    // An entry that was just confirmed is still fresh.
    assert!(is_hit(&app.get(&uri).await));
    pause(1300).await;
    let (mut slow, began) = (0, Instant::now());
    while began.elapsed() < Duration::from_secs(2) {
        for uri in [uri.as_str(), "/api/v1/articles"] {
            let asked = Instant::now();
            let stale = app.get(uri).await;
            assert_eq!(stale.header("cache-status"), STALE, "{}", stale.text());
            assert!(stale.header("age").parse::<u64>().unwrap() >= 1);
            assert!(asked.elapsed() < Duration::from_secs(1));
            slow += u32::from(asked.elapsed() > Duration::from_millis(100));
        }
        pause(2).await;
    }
    assert!(slow <= 4, "only one request a second tries the database, not {slow}");
    let stale = app.get(&uri).await;
    assert_eq!((stale.status, stale.header("etag")), (before.status, before.header("etag")));
    // A page that is not cached, or was 404, is an error.
    for uri in ["/api/v1/tags", "/api/v1/articles/no-such"] {
        let asked = Instant::now();
        let response = app.get(uri).await;
        assert!(asked.elapsed() < Duration::from_secs(2));
        assert_eq!(response.header("retry-after"), "1");
        response.problem(503, "unavailable");
    }
    app.sql().await.execute("update articles set headline = 'After'", &[]).await.unwrap();
    proxy.set(Mode::Open);
    let began = Instant::now();
    loop {
        let response = app.get(&uri).await;
        if response.header("cache-status") != STALE {
            assert_eq!(response.ok()["headline"], "After");
            break;
        }
        assert!(began.elapsed() < Duration::from_millis(2500), "still away");
        pause(10).await;
    }
}

#[tokio::test]
async fn cached_responses_are_served_while_the_database_is_down() {
    survives(Mode::Cut).await;
}

#[tokio::test]
async fn cached_responses_are_served_while_the_database_is_frozen() {
    survives(Mode::Frozen).await;
}

#[tokio::test]
async fn without_stale_if_error_an_outage_is_an_error() {
    let mut config = Config::defaults().unwrap();
    config.cache_control = "public, max-age=0".parse().unwrap();
    let (app, proxy, id) = behind_proxy(config).await;
    let uri = format!("/api/v1/articles/{id}");
    warm(&app, &uri).await;
    proxy.set(Mode::Cut);
    pause(1300).await;
    app.get(&uri).await.problem(503, "unavailable");
}

#[tokio::test]
async fn without_notifications_nothing_older_than_a_second_is_served() {
    let target = db::fresh().await;
    let proxy = Proxy::for_target(&target).await;
    let state = TestApp::state(&target, Config::defaults().unwrap());
    let app = TestApp::of(state, target, Some(proxy.target())).await;
    let id = example(&app).await;
    settle(&app).await;
    let uri = format!("/api/v1/articles/{id}");
    let sql = app.sql().await;
    for (round, mode) in [Mode::Cut, Mode::Frozen, Mode::Cut].into_iter().enumerate() {
        warm(&app, &uri).await;
        proxy.set(mode);
        let headline = format!("Round {round}");
        let write = "update articles set headline = $1";
        sql.execute(write, &[&headline]).await.unwrap();
        let written = Instant::now();
        assert!(is_hit(&app.get(&uri).await), "unheard, and trusted for a moment");
        loop {
            let asked = Instant::now();
            if app.get(&uri).await.ok()["headline"] == headline {
                break;
            }
            assert!(asked - written <= Duration::from_secs(1));
            pause(5).await;
        }
        // Responses are still cached, for one second.
        assert!(is_hit(&app.get(&uri).await));
        proxy.set(Mode::Open);
        let freshness = app.state.cache().invalidation().freshness();
        wait_until("it listens again", || freshness.is_connected(freshness.now())).await;
        pause(50).await;
    }
}

#[tokio::test]
async fn missed_notifications_are_made_up_for_after_reconnecting() {
    let (app, proxy, id) = behind_proxy(Config::defaults().unwrap()).await;
    let uri = format!("/api/v1/articles/{id}");
    warm(&app, &uri).await;
    proxy.set(Mode::Cut);
    pause(20).await;
    app.sql().await.execute("update articles set headline = 'Missed'", &[]).await.unwrap();
    proxy.set(Mode::Open);
    settle(&app).await;
    assert_eq!(app.get(&uri).await.ok()["headline"], "Missed");
}

/// Reads, and returns the response with the time that it took.
async fn timed(app: &TestApp, uri: &str) -> (Response, Duration) {
    let start = Instant::now();
    (app.get(uri).await, start.elapsed())
}

#[tokio::test]
async fn known_responses_are_served_stale_while_tables_are_locked() {
    let (app, id) = app().await;
    let known = [
        format!("/api/v1/articles/{id}"),
        format!("/api/v1/articles/{id}/comments"),
        "/api/v1/articles".to_owned(),
        "/feeds/articles.atom".to_owned(),
    ];
    let mut etags = Vec::new();
    for uri in &known {
        etags.push(warm(&app, uri).await.header("etag").to_owned());
    }
    warm(&app, "/api/v1/articles/no-such").await;
    write(&app, "update articles set headline = 'Changed'".to_owned()).await;
    let locker = app.sql().await;
    locker.batch_execute("begin; lock table articles in access exclusive mode").await.unwrap();
    // The notifications still arrive, so the cache knows that its entries are outdated.
    assert!(
        app.state
            .cache()
            .invalidation()
            .freshness()
            .is_connected(app.state.cache().invalidation().freshness().now())
    );

    // More requests for unknown pages than the pool has connections, and several for each known
    // one.
    let unknown: Vec<_> = (1..=20).map(|n| format!("/api/v1/articles?limit={n}")).collect();
    let unknown = join_all(unknown.iter().map(|uri| timed(&app, uri)));
    let repeated = known.iter().flat_map(|uri| [uri; 3]);
    let (known_responses, unknown_responses) =
        join(join_all(repeated.map(|uri| timed(&app, uri))), unknown).await;
    for (n, (response, took)) in known_responses.iter().enumerate() {
        assert_eq!(response.header("cache-status"), STALE, "{}: {}", known[n / 3], response.text());
        assert_eq!(response.header("etag"), etags[n / 3]);
        assert!(response.header("age").parse::<u64>().is_ok());
        assert!(*took < Duration::from_millis(1500), "{}: {took:?}", known[n / 3]);
    }
    for (response, _) in unknown_responses {
        assert!([503, 504].contains(&response.status.as_u16()), "{}", response.text());
    }
    // What did not exist may exist by now.
    app.get("/api/v1/articles/no-such").await.problem(504, "deadline");

    locker.batch_execute("commit").await.unwrap();
    for uri in &known {
        let response = app.get(uri).await;
        assert_eq!(response.header("cache-status"), "roundup; fwd=stale; stored", "{uri}");
        assert!(uri.ends_with("comments") || response.text().contains("Changed"), "{uri}");
    }
}

//! Reads from a streaming replica, which must never serve less than was served before.

use super::{example, is_hit, settle, wait_until, write};
use crate::harness::TestApp;
use crate::harness::fault_proxy::{Mode, Proxy};
use crate::harness::replicated::Replicated;
use roundup::config::Config;
use roundup::db::{Pool, PoolOptions, Target, migrate};
use std::time::{Duration, Instant};

/// An instance that reads from `replica` when it can, and its pool for the replica.
async fn instance(primary: &Target, replica: &Target) -> (TestApp, Pool) {
    let pool = Pool::new(replica.clone(), PoolOptions { size: 4, ..PoolOptions::default() });
    let state = TestApp::state(primary, Config::defaults().unwrap()).with_replica(pool.clone());
    (TestApp::of(state, primary.clone(), Some(primary.clone())).await, pool)
}

/// A primary with its replica, an instance of the service on both, its pool for the replica and the
/// id of an article.
async fn open() -> (Replicated, TestApp, Pool, i64) {
    let pair = Replicated::start().await;
    let (_, mut conn) = migrate(&pair.primary()).await.unwrap();
    roundup::outlets::seed(&mut conn, crate::harness::start()).await.unwrap();
    drop(conn);
    let (app, follower) = instance(&pair.primary(), &pair.replica()).await;
    let id = example(&app).await;
    settle(&app).await;
    (pair, app, follower, id)
}

/// Waits until the replica has replayed every write that the instance knows of.
async fn caught_up(app: &TestApp, follows: &tokio_postgres::Client) {
    settle(app).await;
    let began = Instant::now();
    let invalidation = app.state.cache().invalidation();
    loop {
        let row = follows.query_one("select pg_last_wal_replay_lsn()::text", &[]).await.unwrap();
        let at = roundup::cache::Lsn::parse(row.get(0)).unwrap();
        if invalidation.minimum_lsn().is_some_and(|minimum| at >= minimum) {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "the replica does not follow");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_replica_is_read_only_when_it_is_recent_enough() {
    let (pair, app, follower, id) = open().await;
    let uri = format!("/api/v1/articles/{id}");
    let follows = crate::harness::db::client(&pair.replica()).await;

    // The replica has caught up, so a cache miss reads from it.
    caught_up(&app, &follows).await;
    let before = (follower.statements(), app.state.pool().statements());
    app.get(&uri).await.ok();
    assert!(follower.statements() > before.0, "the replica was not asked");
    assert_eq!(app.state.pool().statements(), before.1, "the primary was asked as well");
    // Other requests use the primary.
    let before = follower.statements();
    app.get("/readyz").await;
    assert_eq!(follower.statements(), before);

    // The replica lags, so neither own writes nor notified ones may be read from it.
    follows.batch_execute("select pg_wal_replay_pause()").await.unwrap();
    write(&app, "update articles set headline = 'Written here'".into()).await;
    for uri in [uri.as_str(), "/api/v1/articles"] {
        let text = app.get(uri).await.text();
        assert!(text.contains("Written here"), "{uri}: {text}");
    }
    let sql = app.sql().await;
    sql.execute("update articles set headline = 'Heard of'", &[]).await.unwrap();
    settle(&app).await;
    assert_eq!(app.get(&uri).await.ok()["headline"], "Heard of");
    // The same holds for pages that no notification mentions.
    let cold = app.get("/api/v1/articles?limit=7").await.ok();
    assert_eq!(cold["items"][0]["headline"], "Heard of");

    // Another instance, without writes or notifications, starts at the primary's position when it
    // subscribes.
    let (other, _) = instance(&pair.primary(), &pair.replica()).await;
    settle(&other).await;
    assert_eq!(other.get(&uri).await.ok()["headline"], "Heard of");

    // The replica follows again.
    follows.batch_execute("select pg_wal_replay_resume()").await.unwrap();
    caught_up(&app, &follows).await;
    let before = follower.statements();
    let cold = app.get("/api/v1/articles?limit=8").await;
    assert!(!is_hit(&cold));
    assert_eq!(cold.ok()["items"][0]["headline"], "Heard of");
    assert!(follower.statements() > before);

    // Rounds of write and read while the replica lags a little.
    for round in 0..200 {
        let headline = format!("Round {round}");
        write(&app, format!("update articles set headline = '{headline}'")).await;
        assert_eq!(app.get(&uri).await.ok()["headline"], headline);
        let list = app.get("/api/v1/articles").await.ok();
        assert_eq!(list["items"][0]["headline"], headline);
    }
}

#[tokio::test]
async fn without_a_replica_reads_go_to_the_primary() {
    let (direct, id) = super::app().await;
    let nowhere = Target::parse("postgres://nobody@127.0.0.1:1/nothing").unwrap();
    let (app, follower) = instance(&direct.target, &nowhere).await;
    settle(&app).await;
    app.get(&format!("/api/v1/articles/{id}")).await.ok();
    wait_until("its position is known", || {
        app.state.cache().invalidation().minimum_lsn().is_some()
    })
    .await;
    app.get("/api/v1/articles").await.ok();
    assert_eq!(follower.statements(), 0);
}

#[tokio::test]
async fn a_frozen_replica_delays_no_response() {
    let (direct, id) = super::app().await;
    // It is not a replica, but reports a position like one.
    let proxy = Proxy::for_target(&direct.target).await;
    let (app, follower) = instance(&direct.target, &proxy.target()).await;
    wait_until("its position is known", || {
        app.state.cache().invalidation().minimum_lsn().is_some()
    })
    .await;
    app.get(&format!("/api/v1/articles/{id}")).await.ok();
    assert!(follower.statements() > 0, "it was not asked");
    proxy.set(Mode::Frozen);
    for limit in 1..4 {
        let uri = format!("/api/v1/articles?limit={limit}");
        let asked = tokio::time::timeout(Duration::from_secs(20), app.get(&uri)).await;
        asked.expect("an answer").ok();
    }
}

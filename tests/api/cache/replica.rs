//! A streaming replica takes the reads of a cold cache, and never shows less than was shown before.

use super::{example, is_hit, settle, wait_until, write};
use crate::harness::TestApp;
use crate::harness::chaos::{Mode, Proxy};
use crate::harness::pair::Pair;
use roundup::config::Config;
use roundup::db::{Pool, PoolOptions, Target, migrate};
use std::time::{Duration, Instant};

/// An instance that reads from `replica` when it can, and the pool of that.
async fn instance(primary: &Target, replica: &Target) -> (TestApp, Pool) {
    let pool = Pool::new(replica.clone(), PoolOptions { size: 4, ..PoolOptions::default() });
    let state = TestApp::state(primary, Config::defaults().unwrap()).with_replica(pool.clone());
    (TestApp::of(state, primary.clone(), Some(primary.clone())).await, pool)
}

/// A pair with one instance on it; none without the programs.
async fn open() -> Option<(Pair, TestApp, Pool, i64)> {
    let Some(pair) = Pair::start().await else {
        eprintln!("skipped: PostgreSQL's pg_basebackup is not on this machine");
        return None;
    };
    let (_, mut conn) = migrate(&pair.primary()).await.unwrap();
    roundup::outlets::seed(&mut conn, crate::harness::start()).await.unwrap();
    drop(conn);
    let (app, follower) = instance(&pair.primary(), &pair.replica()).await;
    let id = example(&app).await;
    settle(&app).await;
    Some((pair, app, follower, id))
}

/// Waits until the replica has replayed what the instance knows of.
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
async fn a_replica_is_read_when_it_is_new_enough_and_only_then() {
    let Some((pair, app, follower, id)) = open().await else { return };
    let uri = format!("/api/v1/articles/{id}");
    let follows = crate::harness::db::client(&pair.replica()).await;

    // It has caught up: a cold read is its.
    caught_up(&app, &follows).await;
    let before = (follower.statements(), app.state.pool().statements());
    app.get(&uri).await.ok();
    assert!(follower.statements() > before.0, "the replica was not asked");
    assert_eq!(app.state.pool().statements(), before.1, "the primary was asked as well");
    // What is no public read is the primary's.
    let before = follower.statements();
    app.get("/readyz").await;
    assert_eq!(follower.statements(), before);

    // It lags: neither what is written here, nor what is heard of, may be read from it.
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
    // Cold ones too, which nobody has told anything about.
    let cold = app.get("/api/v1/articles?limit=7").await.ok();
    assert_eq!(cold["items"][0]["headline"], "Heard of");

    // Another instance, which has shown and heard nothing of it, is as new as the primary was when
    // it began to listen.
    let (other, _) = instance(&pair.primary(), &pair.replica()).await;
    settle(&other).await;
    assert_eq!(other.get(&uri).await.ok()["headline"], "Heard of");

    // It follows again.
    follows.batch_execute("select pg_wal_replay_resume()").await.unwrap();
    caught_up(&app, &follows).await;
    let before = follower.statements();
    let cold = app.get("/api/v1/articles?limit=8").await;
    assert!(!is_hit(&cold));
    assert_eq!(cold.ok()["items"][0]["headline"], "Heard of");
    assert!(follower.statements() > before);

    // Rounds of write and read, with a replica that lags by a little each time.
    for round in 0..200 {
        let headline = format!("Round {round}");
        write(&app, format!("update articles set headline = '{headline}'")).await;
        assert_eq!(app.get(&uri).await.ok()["headline"], headline);
        let list = app.get("/api/v1/articles").await.ok();
        assert_eq!(list["items"][0]["headline"], headline);
    }
}

#[tokio::test]
async fn without_its_replica_an_instance_reads_from_the_primary() {
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
async fn a_replica_that_does_not_answer_holds_nobody_up() {
    let (direct, id) = super::app().await;
    // It is no replica, but says how far it is like one.
    let proxy = Proxy::before(&direct.target).await;
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

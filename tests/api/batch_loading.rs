//! Concurrent reads of articles, which are loaded in batches.

use crate::harness::fault_proxy::{Mode, Proxy};
use crate::harness::site::{comment, set_status};
use crate::harness::volume::{Volume, fill};
use crate::harness::{Response, TestApp, db, patient};
use actix_web::http::StatusCode;
use futures_util::future::{FutureExt as _, join_all};
use roundup::config::Config;
use std::time::{Duration, Instant};
use tokio_postgres::Client;

/// How many statements it takes to load an article by id with its comments, `begin` and `commit` included.
const STATEMENTS: u64 = 6;

/// Creates 40 articles with links, credits, tags and comments, and returns their ids.
async fn filled(sql: &Client) -> Vec<i64> {
    sql.batch_execute("truncate outlets cascade").await.unwrap();
    let volume = Volume { articles: 40, links_each: 5, outlets: 30, tags: 20, comments: 60 };
    fill(sql, &volume).await;
    let rows = sql
        .query("select id from articles where status = 'published' order by id", &[])
        .await
        .unwrap();
    let ids: Vec<i64> = rows.iter().map(|row| row.get(0)).collect();
    for (n, id) in ids.iter().enumerate().skip(1) {
        for k in 0..n % 4 {
            let status = if k == 2 { "pending" } else { "approved" };
            comment(sql, *id, status, &format!("The {k}th of {id}")).await;
        }
    }
    ids
}

/// An application with such articles and without a cache, which could otherwise serve a response in
/// place of a failure.
async fn app() -> (TestApp, Vec<i64>) {
    let app = TestApp::with(Config { cache_bytes: 0, ..patient() }).await;
    let ids = filled(&app.sql().await).await;
    (app, ids)
}

async fn one_by_one(app: &TestApp, uris: &[String]) -> Vec<Response> {
    let mut replies = Vec::new();
    for uri in uris {
        replies.push(app.get(uri).await);
    }
    replies
}

async fn at_once(app: &TestApp, uris: &[String]) -> Vec<Response> {
    join_all(uris.iter().map(|uri| app.get(uri))).await
}

fn same(one: &Response, other: &Response, uri: &str) {
    assert_eq!(one.status, other.status, "{uri}");
    for name in ["etag", "location", "content-type", "cache-control"] {
        assert_eq!(one.header(name), other.header(name), "{uri}: {name}");
    }
    if one.status.is_success() {
        assert_eq!(one.text(), other.text(), "{uri}");
    }
}

#[tokio::test]
async fn concurrent_reads_share_statements_and_return_the_same() {
    let (app, ids) = app().await;
    few_statements(&app, &ids).await;
    // Each request fills the cache again, with a stale response as fallback.
    let app = TestApp::on(app.target.clone(), patient()).await;
    few_statements(&app, &ids).await;
}

async fn few_statements(app: &TestApp, ids: &[i64]) {
    let uris: Vec<String> =
        ids.iter().map(|id| format!("/api/v1/articles/{id}?include=comments")).collect();
    let counted = || app.state.pool().statements();
    let before = counted();
    let expected = one_by_one(app, &uris).await;
    assert_eq!(counted() - before, STATEMENTS * uris.len() as u64);

    let before = counted();
    let together = at_once(app, &uris).await;
    let taken = counted() - before;
    assert!(taken <= STATEMENTS * uris.len() as u64 / 4, "{taken} statements for {}", uris.len());
    for ((one, other), uri) in expected.iter().zip(&together).zip(&uris) {
        assert_eq!(one.status, StatusCode::OK, "{uri}");
        assert!(!other.header("cache-status").contains("stale-if-error"), "{uri}");
        same(one, other, uri);
    }
    // The first article has more than a page of comments, some have none.
    assert_eq!(together[0].json()["comments"]["items"].as_array().unwrap().len(), 50);
    assert!(together[0].json()["comments"]["page"]["next"].is_string());
    assert_eq!(together[4].json()["comments"]["items"].as_array().unwrap().len(), 0);
}

#[tokio::test]
async fn a_batched_read_returns_what_a_single_read_does() {
    let (app, ids) = app().await;
    let sql = app.sql().await;
    set_status(&sql, ids[3], "trashed").await;
    sql.batch_execute(&format!(
        "insert into article_slugs (slug, article_id) values ('former', {});
         insert into purged_articles (id, slug, purged_at) values (777777, 'deleted', now())",
        ids[5]
    ))
    .await
    .unwrap();
    let slug = |id: i64| format!("/api/v1/articles/article-{id}");
    let uris: Vec<String> = [
        ids[0].to_string(),
        ids[1].to_string(),
        "no-such-article".into(),
        "999999".into(),
        ids[2].to_string(),
        ids[3].to_string(),
        format!("{}?include=comments", ids[2]),
        "former".into(),
        "777777".into(),
        "deleted?include=comments".into(),
        format!("{}/jsonld", ids[4]),
        format!("{}?fields=headline,links.title", ids[4]),
        format!("{}?fields=nothing", ids[4]),
        format!("{}?include=related,comments", ids[4]),
    ]
    .into_iter()
    .map(|rest| format!("/api/v1/articles/{rest}"))
    .chain(ids.iter().map(|id| slug(*id)))
    .chain(ids.iter().map(|id| slug(*id) + "?include=comments"))
    .collect();
    let expected = one_by_one(&app, &uris).await;
    let statuses: Vec<u16> = expected.iter().take(14).map(|one| one.status.as_u16()).collect();
    assert_eq!(statuses, [200, 200, 404, 404, 200, 404, 200, 301, 410, 410, 200, 200, 400, 200]);
    for _ in 0..3 {
        let together = at_once(&app, &uris).await;
        for ((one, other), uri) in expected.iter().zip(&together).zip(&uris) {
            same(one, other, uri);
        }
    }
}

/// An application with such articles whose database connections go through a proxy.
async fn behind_proxy(config: Config) -> (TestApp, Proxy, Vec<i64>) {
    let direct = db::fresh().await;
    let ids = filled(&db::client(&direct).await).await;
    let proxy = Proxy::for_target(&direct).await;
    let app = TestApp::on(proxy.target(), config).await;
    (app, proxy, ids)
}

#[tokio::test]
async fn a_disconnected_client_delays_no_batch() {
    let config = Config { cache_bytes: 0, ..patient() };
    let (app, proxy, ids) = behind_proxy(config).await;
    let uris: Vec<String> = ids.iter().map(|id| format!("/api/v1/articles/{id}")).collect();
    at_once(&app, &uris).await;
    proxy.set(Mode::Frozen);
    let mut asked: Vec<_> = uris.iter().map(|uri| Box::pin(app.get(uri))).collect();
    for _ in 0..3 {
        for one in &mut asked {
            assert!(one.now_or_never().is_none());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // The first request leads a batch, the second leads all others.
    let rest = asked.split_off(2);
    drop(asked);
    proxy.set(Mode::Open);
    for (response, id) in join_all(rest).await.into_iter().zip(&ids[2..]) {
        assert_eq!(response.ok()["id"], *id);
    }
}

#[tokio::test]
async fn batched_reads_time_out_while_the_database_is_frozen_and_recover() {
    let query_deadline_ms = Duration::from_secs(4);
    let config = Config { cache_bytes: 0, query_deadline_ms, ..Config::defaults().unwrap() };
    let (app, proxy, ids) = behind_proxy(config).await;
    let uris: Vec<String> = ids.iter().map(|id| format!("/api/v1/articles/{id}")).collect();
    at_once(&app, &uris).await;
    proxy.set(Mode::Frozen);
    let began = Instant::now();
    for response in at_once(&app, &uris).await {
        match response.status.as_u16() {
            503 => assert_eq!(response.header("retry-after"), "1"),
            504 => {}
            other => panic!("{other}"),
        }
    }
    // One deadline passes, not one for each batch in turn.
    assert!(began.elapsed() < 2 * query_deadline_ms, "{:?}", began.elapsed());
    proxy.set(Mode::Open);
    for response in at_once(&app, &uris).await {
        response.ok();
    }
}

#[tokio::test]
async fn an_exhausted_pool_fails_every_batched_read_in_time() {
    let pool_wait_ms = Duration::from_secs(2);
    let config = Config { cache_bytes: 0, pool_wait_ms, ..patient() };
    let app = TestApp::with(config).await;
    let ids = filled(&app.sql().await).await;
    let uris: Vec<String> = ids.iter().map(|id| format!("/api/v1/articles/{id}")).collect();
    let pool = app.state.pool();
    let mut all = Vec::new();
    for _ in 0..pool.status().max {
        all.push(pool.get().await.unwrap());
    }
    let mut most = 0;
    let look = async {
        loop {
            most = most.max(pool.status().waiting);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let replies = tokio::select! {
        replies = at_once(&app, &uris) => replies,
        () = look => unreachable!("it looks on"),
    };
    for response in replies {
        assert_eq!(response.header("retry-after"), "1");
        response.problem(503, "unavailable");
    }
    // The first request and those that stopped waiting for it, not each of the others.
    assert!((1..=4).contains(&most), "{most} of {} waited", uris.len());
    drop(all);
    for response in at_once(&app, &uris).await {
        response.ok();
    }
}

#[tokio::test]
async fn an_unreadable_article_fails_only_its_own_reads() {
    let (app, ids) = app().await;
    let sql = app.sql().await;
    let broken = ids[7];
    let update = "update articles set last_comment_at = 'infinity' where id = $1";
    sql.execute(update, &[&broken]).await.unwrap();
    let uris: Vec<String> = ids.iter().map(|id| format!("/api/v1/articles/{id}")).collect();
    for (response, id) in at_once(&app, &uris).await.into_iter().zip(&ids) {
        if *id == broken {
            response.problem(500, "internal");
        } else {
            response.ok();
        }
    }
}

#[tokio::test]
async fn a_broken_connection_fails_only_its_own_read() {
    let (app, ids) = app().await;
    let uris: Vec<String> = ids.iter().map(|id| format!("/api/v1/articles/{id}")).collect();
    at_once(&app, &uris).await;
    let sql = app.sql().await;
    // The oldest, because one that is just being opened would be no connection at all.
    let end = "select pg_terminate_backend(pid) from pg_stat_activity
               where datname = current_database() and pid <> pg_backend_pid() and query !~* '^listen'
               order by backend_start limit 1";
    let rounds = 10;
    let mut failed = 0;
    for _ in 0..rounds {
        let (replies, ended) = tokio::join!(at_once(&app, &uris), sql.query_one(end, &[]));
        ended.unwrap();
        failed += replies.iter().filter(|response| !response.status.is_success()).count();
    }
    assert!(failed <= rounds, "{failed} of {} failed", rounds * uris.len());
}

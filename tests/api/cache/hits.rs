//! Which responses are cached, how a hit looks, and how many statements a miss runs.

use super::{app, app_with, is_hit, warm, write};
use crate::harness::TestApp;
use actix_web::http::StatusCode;
use actix_web::test::TestRequest;
use futures_util::future::join_all;
use roundup::cache::Change;
use roundup::config::Config;
use std::time::Duration;

#[tokio::test]
async fn the_second_read_runs_no_statement() {
    let (app, id) = app().await;
    let uri = format!("/api/v1/articles/{id}");
    let miss = app.get(&uri).await;
    assert_eq!(miss.header("cache-status"), "roundup; fwd=uri-miss; stored");
    assert_eq!(miss.header("age"), "");
    let statements = app.state.pool().statements();
    let hit = app.get(&uri).await;
    assert_eq!(app.state.pool().statements(), statements);
    assert_eq!(hit.header("cache-status"), "roundup; hit");
    assert_eq!(hit.header("age"), "0");
    assert_eq!(hit.bytes, miss.bytes);
    let own = ["cache-status", "age", "x-request-id"];
    for (name, value) in &miss.headers {
        if !own.contains(&name.as_str()) {
            assert_eq!(hit.headers.get(name), Some(value), "{name}");
        }
    }
    assert_ne!(hit.header("x-request-id"), miss.header("x-request-id"));
    assert_eq!(hit.headers.len(), miss.headers.len() + 1, "{:?}", hit.headers);
}

#[tokio::test]
async fn all_content_codings_and_methods_share_an_entry() {
    let (app, id) = app().await;
    let uri = format!("/api/v1/articles/{id}");
    let plain = warm(&app, &uri).await;
    let fills = app.state.cache().metrics().fills();
    for coding in ["gzip", "br", "zstd"] {
        for _ in 0..2 {
            let request = TestRequest::get().uri(&uri).insert_header(("accept-encoding", coding));
            let coded = app.send(request).await;
            assert!(is_hit(&coded));
            assert_eq!(coded.header("content-encoding"), coding);
            assert!(coded.bytes.len() < plain.bytes.len());
            assert!(coded.header("etag").ends_with(&format!("-{coding}\"")));
        }
        let request = TestRequest::get()
            .uri(&uri)
            .insert_header(("accept-encoding", coding))
            .insert_header(("if-none-match", plain.header("etag")));
        let known = app.send(request).await;
        assert_eq!((known.status, known.bytes.len()), (StatusCode::NOT_MODIFIED, 0));
        assert_eq!(known.header("cache-control"), plain.header("cache-control"));
        assert_eq!(known.header("vary"), "Accept-Encoding");
    }
    let head = app.call("HEAD", &uri).await;
    assert!(is_hit(&head));
    assert_eq!(head.header("etag"), plain.header("etag"));
    let request = TestRequest::get().uri(&uri).insert_header(("accept", "text/plain"));
    app.send(request).await.problem(406, "not_acceptable");
    let request = TestRequest::get().uri(&uri).insert_header(("accept-encoding", "*;q=0"));
    app.send(request).await.problem(406, "not_acceptable");
    assert_eq!(app.state.cache().metrics().fills(), fills);
}

#[tokio::test]
async fn redirects_and_404_are_cached() {
    let (app, id) = app().await;
    let sql = app.sql().await;
    let add = "insert into article_slugs values ('former', $1)";
    sql.execute(add, &[&id]).await.unwrap();
    let add = "insert into purged_articles values (77777, 'purged', now())";
    sql.execute(add, &[]).await.unwrap();
    super::settle(&app).await;
    let moved = warm(&app, "/api/v1/articles/former?fields=id").await;
    assert_eq!(moved.status, StatusCode::MOVED_PERMANENTLY);
    assert!(moved.header("location").ends_with("?fields=id"));
    for (uri, status, code) in [
        ("/api/v1/articles/purged", 410, "gone"),
        ("/api/v1/articles/77778", 404, "not_found"),
        ("/api/v1/outlets/no-such", 404, "not_found"),
    ] {
        let response = warm(&app, uri).await;
        assert_eq!(response.header("cache-control"), "no-store");
        // `problem` also checks the request id.
        response.problem(status, code);
    }
}

#[tokio::test]
async fn client_errors_and_private_paths_are_not_cached() {
    let (app, _) = app().await;
    for uri in ["/api/v1/articles?limit=0", "/api/v1/nowhere", "/api/v1/%61dmin/keys", "/livez"] {
        for _ in 0..2 {
            let response = app.get(uri).await;
            assert_eq!(response.header("cache-status"), "", "{uri}");
        }
    }
    let private = app.get("/api/v1/%61dmin/keys").await;
    assert_eq!(private.header("cache-control"), "private, no-store");
    assert_eq!(app.state.cache().usage().entries, 0);
}

#[tokio::test]
async fn a_cache_of_zero_bytes_caches_nothing() {
    let config = Config { cache_bytes: 0, ..Config::defaults().unwrap() };
    let (app, id) = app_with(config).await;
    let uri = format!("/api/v1/articles/{id}");
    let first = app.get(&uri).await;
    let second = app.get(&uri).await;
    assert_eq!(first.header("etag"), second.header("etag"));
    assert_eq!(second.header("cache-status"), "");
}

#[tokio::test]
async fn a_hundred_concurrent_requests_cause_one_fill() {
    let (app, id) = app().await;
    let uri = format!("/api/v1/articles/{id}?include=comments");
    let replies = join_all((0..100).map(|_| app.get(&uri))).await;
    let metrics = app.state.cache().metrics();
    assert_eq!(metrics.fills(), 1);
    assert_eq!(metrics.misses(), 1);
    assert_eq!(metrics.collapsed(), 99);
    assert!(replies.iter().all(|response| response.bytes == replies[0].bytes));
    let waited = replies.iter().filter(|r| r.header("cache-status").ends_with("; collapsed"));
    assert_eq!(waited.count(), 99);
}

#[tokio::test]
async fn when_a_client_disconnects_the_next_one_fills_the_entry() {
    let (app, id) = app().await;
    let uri = format!("/api/v1/articles/{id}");
    let other = app.sql().await;
    other.batch_execute("begin; lock table articles in access exclusive mode").await.unwrap();
    let mut first = Box::pin(app.get(&uri));
    let mut second = Box::pin(app.get(&uri));
    let wait = Duration::from_millis(100);
    assert!(tokio::time::timeout(wait, &mut first).await.is_err());
    assert!(tokio::time::timeout(wait, &mut second).await.is_err());
    drop(first);
    other.batch_execute("commit").await.unwrap();
    second.await.ok();
}

#[tokio::test]
async fn a_response_read_before_a_write_is_not_cached_after_it() {
    let (writer, id) = app().await;
    // Without notifications, so that only its own writes count.
    let state = TestApp::state(&writer.target, Config::defaults().unwrap());
    let app = TestApp::of(state, writer.target.clone(), None).await;
    let uri = format!("/api/v1/articles/{id}");
    let other = app.sql().await;
    other.batch_execute("begin; lock table article_tags in access exclusive mode").await.unwrap();
    // By now the headline has been read, and the query for the tags waits.
    let mut early = Box::pin(app.get(&uri));
    assert!(tokio::time::timeout(Duration::from_millis(100), &mut early).await.is_err());
    let sql = writer.sql().await;
    sql.execute("update articles set headline = 'Overtaken'", &[]).await.unwrap();
    app.state.invalidate(Change::Articles(&[id]));
    let late = app.get(&uri);
    let (early, late, _) = tokio::join!(early, late, other.batch_execute("commit"));
    assert_ne!(early.ok()["headline"], "Overtaken", "else the test shows nothing");
    assert_eq!(late.ok()["headline"], "Overtaken");
    assert_eq!(app.get(&uri).await.ok()["headline"], "Overtaken");
}

#[tokio::test]
async fn a_write_invalidates_before_it_returns() {
    let (app, id) = app().await;
    let uri = format!("/api/v1/articles/{id}");
    for round in 0..50 {
        warm(&app, &uri).await;
        warm(&app, "/api/v1/articles").await;
        let headline = format!("Round {round}");
        write(&app, format!("update articles set headline = '{headline}'")).await;
        assert_eq!(app.get(&uri).await.ok()["headline"], headline);
        assert_eq!(app.get("/api/v1/articles").await.ok()["items"][0]["headline"], headline);
    }
}

#[tokio::test]
async fn a_write_keeps_unrelated_entries() {
    let (app, id) = app().await;
    let uri = format!("/api/v1/articles/{id}");
    warm(&app, &uri).await;
    let insert = "insert into keys (name, prefix, secret_hash, scopes, created_at)
        values ('n', 'p', '\\x00', '{}', now())";
    write(&app, insert.to_owned()).await;
    assert!(is_hit(&app.get(&uri).await));
}

#[tokio::test]
async fn the_number_of_statements_does_not_depend_on_the_page() {
    let (small, few) = app().await;
    let (large, many) = app().await;
    let sql = large.sql().await;
    sql.batch_execute(&format!(
        "insert into links (article_id, role, position, title)
             select {many}, 'more', 100 + n, 'Link ' || n from generate_series(1, 300) n;
         insert into link_credits (link_id, position, outlet_id)
             select l.id, p, (select min(id) + p from outlets) from links l, generate_series(10, 12) p;
         insert into comments (id, article_id, root_id, depth, path, status, text, html, listed_at)
             select 100000 + n, {many}, 100000 + n, 0, int8send(100000 + n), 'approved', 'T', 'T', now()
             from generate_series(1, 300) n;
         select refresh_articles(array[{many}])"
    ))
    .await
    .unwrap();
    // With `begin` and `commit`.
    for (uri, most) in [
        ("/api/v1/articles/ID", 6),
        ("/api/v1/articles/ID?include=comments", 7),
        ("/api/v1/articles/ID/links", 5),
        ("/api/v1/articles/ID/comments?limit=100", 4),
        ("/api/v1/articles?limit=100", 6),
        ("/api/v1/articles?limit=100&include=links", 6),
        ("/api/v1/links?limit=100", 4),
        ("/api/v1/comments?limit=100", 3),
        ("/api/v1/outlets?limit=100", 5),
        ("/api/v1/tags?limit=100", 3),
    ] {
        let mut counts = Vec::new();
        for (app, id) in [(&small, few), (&large, many)] {
            let before = app.state.pool().statements();
            app.get(&uri.replace("ID", &id.to_string())).await.ok();
            counts.push(app.state.pool().statements() - before);
        }
        assert_eq!(counts[0], counts[1], "{uri}");
        assert!(counts[0] <= most, "{uri}: {counts:?}");
    }
}

#[tokio::test]
async fn the_metrics_count_every_outcome() {
    let (app, id) = app().await;
    let uri = format!("/api/v1/articles/{id}");
    for _ in 0..5 {
        app.get(&uri).await.ok();
    }
    let etag = app.get(&uri).await.header("etag").to_owned();
    app.send(TestRequest::get().uri(&uri).insert_header(("if-none-match", etag))).await;
    app.call("HEAD", &uri).await;
    let metrics = app.get("/metrics").await.text();
    let labels = |method: &str, status: u16| {
        format!(
            "http_server_request_duration_seconds_count{{http_request_method=\"{method}\",\
             http_route=\"/api/v1/articles/{{ref}}\",http_response_status_code=\"{status}\"}}"
        )
    };
    for (name, value) in [
        ("roundup_cache_hits_total".to_owned(), 7),
        ("roundup_cache_misses_total".to_owned(), 1),
        ("roundup_cache_entries".to_owned(), 1),
        ("roundup_cache_fill_duration_seconds_count".to_owned(), 1),
        (labels("GET", 200), 6),
        (labels("GET", 304), 1),
        (labels("HEAD", 200), 1),
    ] {
        let line = format!("{name} {value}");
        assert!(metrics.lines().any(|l| l == line), "{line}\n{metrics}");
    }
}

#[tokio::test]
async fn the_harness_clears_the_cache_before_each_request() {
    let app = TestApp::new().await;
    app.get("/api/v1/tags").await.ok();
    assert!(!is_hit(&app.get("/api/v1/tags").await));
}

//! Every kind of write invalidates what it changes, also one from psql.

use super::{app, is_hit, settle, warm};
use std::time::{Duration, Instant};

/// Statements with the URLs whose responses they change. `A` stands for the article.
const WRITES: [(&str, &[&str]); 23] = [
    (
        "update articles set headline = 'New' where id = A",
        &["/articles/A", "/articles", "/comments"],
    ),
    ("update articles set status = 'archived' where id = A", &["/articles/A", "/articles"]),
    ("update articles set status = 'published' where id = A", &["/articles/A", "/articles"]),
    (
        "update links set title = 'New' where article_id = A",
        &["/articles/A", "/articles/A/links", "/links"],
    ),
    (
        "insert into links (article_id, role, position, title) values (A, 'more', 90, 'T')",
        &["/articles/A", "/articles/A/links"],
    ),
    ("delete from links where article_id = A and position = 90", &["/articles/A"]),
    (
        "update link_credits set bylines = '{\"N. N.\"}' where link_id =
            (select min(id) from links where article_id = A)",
        &["/articles/A", "/links"],
    ),
    ("insert into tags (slug, name, created_at) values ('t', 'T', now())", &["/tags", "/tags/t"]),
    (
        "insert into article_tags select A, id, 9, now() from tags where slug = 't'",
        &["/articles/A", "/articles?tag=t", "/tags"],
    ),
    ("update tags set name = 'Other' where slug = 't'", &["/articles/A", "/tags/t"]),
    ("delete from article_tags where article_id = A", &["/articles/A", "/articles?tag=t"]),
    (
        "insert into comments (id, article_id, root_id, depth, path, status, text, html, listed_at)
            values (9000, A, 9000, 0, int8send(9000), 'approved', 'C', 'C', now())",
        &["/articles/A", "/articles/A/comments", "/comments", "/comments/9000", "/articles"],
    ),
    (
        "update comments set text = 'Edited' where id = 9000",
        &["/comments/9000", "/articles/A/comments"],
    ),
    (
        "update comments set status = 'spam' where id = 9000",
        &["/comments/9000", "/articles/A/comments"],
    ),
    ("insert into article_slugs values ('once', A)", &["/articles/once"]),
    (
        "insert into purged_articles values (5555, 'gone', now())",
        &["/articles/5555", "/articles/gone"],
    ),
    ("update outlets set name = name || '!'", &["/articles/A", "/outlets", "/links"]),
    (
        "insert into outlet_aliases select 'zz', outlet_id, 'ZZ' from article_outlets limit 1",
        &["/outlets/zz", "/outlets"],
    ),
    (
        "insert into outlet_hosts select 'zz.example', outlet_id from article_outlets limit 1",
        &["/outlets"],
    ),
    (
        "insert into outlet_slugs select 'zzz', outlet_id from article_outlets limit 1",
        &["/outlets/zzz"],
    ),
    (
        "insert into articles (slug, status, headline, published_at, created_at, updated_at)
            values ('another', 'published', 'Another', now(), now(), now())",
        &[
            "/articles/A?include=related",
            "/articles/A/related",
            "/articles/A/adjacent",
            "/articles/A/jsonld",
            "/search?q=another",
            "/archive",
            "/resolve?path=/another",
            "/outlets/stats",
            "/feeds/articles.atom",
            "/feeds/comments.json",
            "/sitemap.xml",
            "/sitemaps/0.xml",
        ],
    ),
    ("insert into site values ('some', 'fact')", &["/articles/A", "/tags"]),
    ("truncate articles cascade", &["/articles/A", "/articles", "/links", "/comments"]),
];

#[tokio::test]
async fn sql_from_elsewhere_invalidates_the_responses_that_show_it() {
    let (app, id) = app().await;
    let other = app.sql().await;
    for (sql, paths) in WRITES {
        settle(&app).await;
        let uri = |path: &str| {
            let top = path.starts_with("/feeds/") || path.starts_with("/sitemap");
            let path = path.replace("/A", &format!("/{id}"));
            if top { path } else { format!("/api/v1{path}") }
        };
        for path in paths {
            warm(&app, &uri(path)).await;
        }
        let sql = sql.replace("(A,", &format!("({id},")).replace(" A", &format!(" {id}"));
        other.batch_execute(&sql).await.unwrap();
        let began = Instant::now();
        for path in paths {
            while is_hit(&app.get(&uri(path)).await) {
                assert!(began.elapsed() < Duration::from_secs(1), "{path} after {sql}");
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    }
}

/// Statements that do not change the response of `/articles/A`.
const QUIET: [&str; 7] = [
    "insert into articles (slug, status, headline, published_at, created_at, updated_at)
        values ('o', 'published', 'Other', now(), now(), now())",
    "update articles set headline = 'Other' where slug = 'o'",
    "update outlets set link_count = link_count + 1 where slug = 'bbc'",
    "insert into outlets (slug, name, created_at, updated_at) values ('nn', 'NN', now(), now())",
    "insert into comments (id, article_id, root_id, depth, path, status, text, html, listed_at)
        values (9000, A, 9000, 0, int8send(9000), 'pending', 'C', 'C', now())",
    "update comments set held_because = '{links}' where id = 9000",
    "update articles set headline = headline where false",
];

#[tokio::test]
async fn a_write_to_another_article_keeps_an_article_cached() {
    let (app, id) = app().await;
    let other = app.sql().await;
    let uri = format!("/api/v1/articles/{id}");
    warm(&app, &uri).await;
    for sql in QUIET {
        other
            .batch_execute(
                &sql.replace("(A,", "(ID,").replace(" A,", " ID,").replace("ID", &id.to_string()),
            )
            .await
            .unwrap();
        settle(&app).await;
        assert!(is_hit(&app.get(&uri).await), "after {sql}");
    }
}

#[tokio::test]
async fn a_pending_comment_invalidates_no_list() {
    let (app, id) = app().await;
    let other = app.sql().await;
    let uris = ["/api/v1/articles", "/api/v1/comments"];
    for uri in uris {
        warm(&app, uri).await;
    }
    let add =
        "insert into comments (id, article_id, root_id, depth, path, status, text, html, listed_at)
        values (9000, $1, 9000, 0, int8send(9000), 'pending', 'C', 'C', now())";
    other.execute(add, &[&id]).await.unwrap();
    settle(&app).await;
    for uri in uris {
        assert!(is_hit(&app.get(uri).await), "{uri}");
    }
}

#[tokio::test]
async fn a_transaction_records_each_object_once() {
    let (app, id) = app().await;
    let other = app.sql().await;
    let recorded = "select kind, object_id, count(*) from changes
        where xid > $1::text::xid8 group by kind, object_id order by kind, object_id";
    let newest = other.query_one("select max(xid)::text from changes", &[]).await.unwrap();
    let newest: String = newest.get(0);
    other
        .batch_execute(
            "begin;
             update links set title = title || '.';
             update links set title = title || '.';
             update outlets set link_count = link_count + 1 where slug = 'bbc';
             insert into tags (slug, name, created_at) values ('t', 'T', now());
             commit",
        )
        .await
        .unwrap();
    let rows = other.query(recorded, &[&newest]).await.unwrap();
    let rows: Vec<(String, i64, i64)> =
        rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
    let id_of = async |table: &str, slug: &str| {
        let query = format!("select id from {table} where slug = '{slug}'");
        other.query_one(&query, &[]).await.unwrap().get::<_, i64>(0)
    };
    let expected = [
        ("links", id),
        ("lists", 0),
        ("outlet", id_of("outlets", "bbc").await),
        ("tag", id_of("tags", "t").await),
    ];
    assert_eq!(rows, expected.map(|(kind, id)| (kind.to_owned(), id, 1)));
}

#[tokio::test]
async fn a_transaction_that_commits_late_is_noticed() {
    let (app, id) = app().await;
    let (early, late) = (app.sql().await, app.sql().await);
    let uri = format!("/api/v1/articles/{id}");
    // Its id is older than that of the next transaction, which commits before it.
    late.batch_execute("begin; update articles set headline = 'Late'").await.unwrap();
    early
        .batch_execute("insert into tags (slug, name, created_at) values ('t', 'T', now())")
        .await
        .unwrap();
    settle(&app).await;
    settle(&app).await;
    warm(&app, &uri).await;
    late.batch_execute("commit").await.unwrap();
    settle(&app).await;
    assert_eq!(app.get(&uri).await.ok()["headline"], "Late");
}

#[tokio::test]
async fn changes_of_an_hour_ago_are_deleted() {
    let (app, _) = app().await;
    let sql = app.sql().await;
    sql.batch_execute("insert into tags (slug, name, created_at) values ('t', 'T', now())")
        .await
        .unwrap();
    let count = async || -> i64 {
        sql.query_one("select count(*) from changes", &[]).await.unwrap().get(0)
    };
    let all = count().await;
    roundup::background::delete_expired_data(&app.state).await.unwrap();
    assert_eq!(count().await, all);
    app.index_changes().await;
    // The indexer's own change, that lists may have changed.
    app.index_changes().await;
    let age = "update changes set at = at - interval '61 minutes'";
    sql.batch_execute(&format!("{age} where xid < (select max(xid) from changes)")).await.unwrap();
    roundup::background::delete_expired_data(&app.state).await.unwrap();
    assert_eq!(count().await, 1);
    sql.batch_execute(age).await.unwrap();
    roundup::background::delete_expired_data(&app.state).await.unwrap();
    assert_eq!(count().await, 0);
}

#[tokio::test]
async fn a_cached_search_finds_a_new_text_soon() {
    let (app, _) = app().await;
    let indexing = tokio::spawn(roundup::search_index::keep_indexing(app.state.clone()));
    let found = async || {
        let page = app.call("GET", "/api/v1/search?q=zebra").await.ok();
        page["items"].as_array().unwrap().len()
    };
    assert_eq!([found().await, found().await], [0, 0]);
    let write =
        "insert into articles (slug, status, headline, published_at, created_at, updated_at)
        values ('zebra', 'published', 'Zebra', now(), now(), now())";
    app.sql().await.batch_execute(write).await.unwrap();
    let written = Instant::now();
    while found().await == 0 {
        assert!(written.elapsed() < Duration::from_secs(5), "it is not found");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    indexing.abort();
}

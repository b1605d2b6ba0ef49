//! No write reads a table whole, not even a trigger: each takes as long on a large site as on a small one.

use crate::harness::TestApp;
use crate::harness::volume::{Volume, fill};
use actix_web::http::StatusCode;
use serde_json::json;
use std::collections::BTreeMap;

/// The tables that grow with the site.
const LARGE: [&str; 12] = [
    "articles",
    "links",
    "link_credits",
    "article_outlets",
    "article_tags",
    "article_revisions",
    "comments",
    "outlets",
    "outlet_aliases",
    "tags",
    "changes",
    "search_documents",
];

/// Returns how many rows of each large table were read by scans of the whole table.
async fn scanned(sql: &tokio_postgres::Client) -> BTreeMap<String, i64> {
    let query =
        "select relname::text, seq_tup_read from pg_stat_user_tables where relname = any ($1)";
    let rows = sql.query(query, &[&LARGE.as_slice()]).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

#[tokio::test]
async fn no_write_reads_a_table_whole() {
    let app = TestApp::new().await;
    let filler = app.sql().await;
    filler.batch_execute("truncate outlets cascade").await.unwrap();
    let volume =
        Volume { articles: 20_000, links_each: 2, outlets: 3000, tags: 2000, comments: 5000 };
    fill(&filler, &volume).await;
    app.index_changes().await;
    let revisions = "insert into article_revisions (article_id, version, at, body)
        select id, 0, now(), '{}' from articles; analyze";
    filler.batch_execute(revisions).await.unwrap();
    let articles: Vec<i64> = filler
        .query("select id from articles where status = 'published' order by id limit 9", &[])
        .await
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect();
    // A session reports its statistics at the latest when it ends.
    drop(filler);
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let sql = app.sql().await;
    let before = scanned(&sql).await;
    assert_eq!(before.len(), LARGE.len(), "{before:?}");

    let editor = app.key("admin").await.header("If-Match", "*");
    for (n, id) in articles.iter().enumerate() {
        let uri = format!("/api/v1/articles/{id}/comments");
        let comment = json!({"author": {"name": "A", "email": "a@example.org"}, "text": format!("Number {n}.")});
        let posted = app.reader().post(&uri, &comment).await;
        assert!(posted.status.is_success(), "{}", posted.text());
        let comment = posted.json()["id"].as_i64().unwrap();
        let batch = json!({"ids": [comment], "action": "approve"});
        editor.post("/api/v1/admin/comments/batch", &batch).await.ok();

        let uri = format!("/api/v1/admin/articles/{id}");
        let patch = json!({"dek": format!("Reading {n}")}).to_string();
        editor.send_as("PATCH", &uri, "application/merge-patch+json", &patch).await.ok();
        let patch = json!({"tags": ["Tag 5", format!("New {n}")]}).to_string();
        editor.send_as("PATCH", &uri, "application/merge-patch+json", &patch).await.ok();
        let article = json!({"headline": format!("Harbour {n}"), "status": "published", "tags": ["Tag 7"],
            "links": [{"role": "lead", "title": "One", "url": format!("https://site-1.example/new/{n}"),
                "credit": format!("Outlet {n} alias / Daily New {n}")}]});
        editor.post("/api/v1/admin/articles", &article).await.expect(StatusCode::CREATED);
        app.index_changes().await;
    }
    app.state.pool().close();
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    for (table, rows) in scanned(&sql).await {
        let read = rows - before[&table];
        // A scan that ends at its first row is none of the whole table.
        assert!(read < 100, "{table}: {read} rows were read by scans of the whole table");
    }
}

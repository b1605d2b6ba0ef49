//! A reader finds a comment again: their own while it is held, and any comment in a long thread.

use crate::comment_posting::{app, comment};
use crate::harness::TestApp;
use crate::harness::site::{self, article, set_status, site};
use actix_web::http::StatusCode;
use chrono::TimeDelta;
use roundup::comments::Policy;
use roundup::config::Config;
use serde_json::{Value, json};

/// Posts a comment that is held; returns its path and its edit token.
async fn held(app: &TestApp, article: i64) -> (String, String) {
    let path = format!("/api/v1/articles/{article}/comments");
    let made = app.reader().post(&path, &comment("Ann", "Held.")).await;
    let made = made.expect(StatusCode::ACCEPTED);
    let token = made["edit_token"].as_str().unwrap().to_owned();
    (format!("/api/v1/comments/{}", made["id"]), token)
}

#[tokio::test]
async fn the_author_reads_a_held_comment_with_its_token() {
    let app = app(Policy::Hold).await;
    let site = site(&app).await;
    let (path, token) = held(&app, site.article).await;
    app.get(&path).await.problem(404, "not_found");
    let author = app.reader().header("Roundup-Edit-Token", &token);
    let response = author.get(&path).await;
    assert_eq!(response.header("cache-control"), "private, no-store");
    assert!(response.headers.get("cache-status").is_none());
    assert!(response.headers.get("cdn-cache-control").is_none());
    assert_eq!(response.header("vary"), "Accept-Encoding, Roundup-Edit-Token");
    let read = response.ok();
    assert_eq!((&read["status"], &read["text"]), (&json!("pending"), &json!("Held.")));
    assert_eq!(read["article"]["id"], site.article);
    assert!(read.get("edit_token").is_none());
    // The public still gets what it got before, from the cache or not.
    for _ in 0..2 {
        let public = app.get(&path).await;
        assert_eq!(public.header("vary"), "Accept-Encoding, Roundup-Edit-Token");
        public.problem(404, "not_found");
    }
    // The token identifies the author even when it can no longer edit.
    app.state.clock().advance(TimeDelta::hours(3));
    assert_eq!(author.get(&path).await.ok()["status"], "pending");
    // What editors decided about a held comment stays with them.
    let editor = app.key("comments:moderate").await;
    let id: i64 = path.rsplit_once('/').unwrap().1.parse().unwrap();
    for (action, status) in [("spam", "pending"), ("approve", "approved")] {
        let batch = json!({"ids": [id], "action": action});
        editor.post("/api/v1/admin/comments/batch", &batch).await.ok();
        assert_eq!(author.get(&path).await.ok()["status"], status);
    }
    set_status(&site.sql, site.article, "draft").await;
    author.get(&path).await.problem(404, "not_found");
}

#[tokio::test]
async fn a_token_reads_nothing_but_its_own_comment() {
    let app = app(Policy::Hold).await;
    let site = site(&app).await;
    let (path, token) = held(&app, site.article).await;
    let (other, _) = held(&app, site.article).await;
    let author = app.reader().header("Roundup-Edit-Token", &token);
    author.get(&other).await.problem(404, "not_found");
    let public = format!("/api/v1/comments/{}", site.comment);
    let before = app.get(&public).await.ok();
    let refused = author.get(&public).await;
    assert_eq!(refused.header("cache-control"), "private, no-store");
    refused.problem(403, "edit_token_refused");
    assert_eq!(app.get(&public).await.ok(), before);
    // Elsewhere the header means nothing.
    let list = format!("/api/v1/articles/{}/comments", site.article);
    let seen = author.get(&list).await;
    assert!(!seen.header("cache-control").contains("private"));
    assert_eq!(seen.ok(), app.get(&list).await.ok());
    // A deleted comment is gone for its author too.
    author.call("DELETE", &path).await.expect(StatusCode::NO_CONTENT);
    author.get(&path).await.problem(404, "not_found");
}

/// Returns the ids on a page.
fn ids(page: &Value) -> Vec<i64> {
    page["items"].as_array().unwrap().iter().map(|item| item["id"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn every_comment_has_its_page_of_the_thread() {
    let app = TestApp::new().await;
    let sql = app.sql().await;
    let article_id = article(&sql, "long", "published", "2026-02-01Z").await;
    for n in 0..4 {
        let root = site::comment(&sql, article_id, "approved", &format!("root {n}")).await;
        for _ in 0..3 {
            let reply = site::reply(&sql, root, "approved", "reply").await;
            site::reply(&sql, reply, "pending", "held").await;
        }
    }
    let path = format!("/api/v1/articles/{article_id}/comments");
    for sort in ["oldest", "newest"] {
        let all = ids(&app.get(&format!("{path}?sort={sort}&limit=100")).await.ok());
        assert_eq!(all.len(), 16);
        for (position, id) in all.iter().enumerate() {
            for limit in [1, 2, 5, 20] {
                let uri = format!("{path}?sort={sort}&limit={limit}&around={id}");
                let page = app.get(&uri).await.ok();
                let start = position.saturating_sub(limit / 2).min(16_usize.saturating_sub(limit));
                let end = (start + limit).min(16);
                assert_eq!(ids(&page), all[start..end], "{sort} {limit} {position}");
                for (name, parameter, rest) in
                    [("prev", "before", &all[..start]), ("next", "after", &all[end..])]
                {
                    let Some(cursor) = page["page"][name].as_str() else {
                        assert!(rest.is_empty(), "{sort} {limit} {position} {name}");
                        continue;
                    };
                    let uri = format!("{path}?sort={sort}&limit=100&{parameter}={cursor}");
                    assert_eq!(ids(&app.get(&uri).await.ok()), rest, "{sort} {limit} {position}");
                }
            }
        }
    }
    let middle = app.get(&format!("{path}?limit=5&around=9&view=tree")).await;
    let links = middle.header("link");
    assert!(links.contains("after=") && !links.contains("around"), "{links}");
    let held: i64 = sql
        .query_one("select min(id) from comments where status = 'pending'", &[])
        .await
        .unwrap()
        .get(0);
    app.get(&format!("{path}?around={held}")).await.problem(404, "not_found");
    app.get(&format!("{path}?around=9999")).await.problem(404, "not_found");
    let elsewhere = article(&sql, "elsewhere", "published", "2026-02-01Z").await;
    let id = site::comment(&sql, elsewhere, "approved", "elsewhere").await;
    app.get(&format!("{path}?around={id}")).await.problem(404, "not_found");
    let cursor = app.get(&format!("{path}?limit=1")).await.ok()["page"]["next"].clone();
    let uri = format!("{path}?around=1&after={}", cursor.as_str().unwrap());
    app.get(&uri).await.problem(400, "bad_parameter");
}

#[tokio::test]
async fn comment_feeds_link_to_the_page_of_the_thread() {
    let app = TestApp::new().await;
    let site = site(&app).await;
    let (article, id) = (site.article, site.comment);
    let page = format!("http://127.0.0.1:8080/api/v1/articles/{article}/comments?around={id}");
    let feed = app.get("/feeds/comments.json").await.ok();
    let item = |feed: &Value| {
        let items = feed["items"].as_array().unwrap().clone();
        items.into_iter().find(|item| item["url"].as_str().unwrap().ends_with(&format!("{id}")))
    };
    assert_eq!(item(&feed).unwrap()["url"], page);
    assert_eq!(ids(&app.get(page.split_once(":8080").unwrap().1).await.ok())[0], id);
    let rss = app.get("/feeds/comments.rss").await.text();
    assert!(rss.contains(&format!("<link>{page}</link>")), "{rss}");
    let config = Config {
        permalink: Some("https://example.org/{slug}".into()),
        ..Config::defaults().unwrap()
    };
    let app = TestApp::with(config).await;
    let site = self::site(&app).await;
    let atom = app.get(&format!("/feeds/articles/{}/comments.atom", site.article)).await.text();
    let alternate = format!("href=\"https://example.org/{}#comment-{id}\"", site::SLUG);
    assert!(atom.contains(&alternate), "{atom}");
    assert!(atom.contains(&format!("href=\"{page}\" rel=\"related\"")), "{atom}");
}

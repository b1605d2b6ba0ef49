//! A service below a path of its host (`ROUNDUP_PUBLIC_URL=https://h.example/news`), and the URLs of articles.

use crate::harness::site::{SLUG, article, site};
use crate::harness::{TestApp, patient};
use roundup::config::{CommentPolicy, Config};
use serde_json::{Value, json};

const ARTICLES: &str = "/api/v1/admin/articles";

async fn below() -> TestApp {
    let public_url = Some("https://h.example/news/".parse().unwrap());
    TestApp::with(Config { public_url, comment_policy: CommentPolicy::Open, ..patient() }).await
}

#[tokio::test]
async fn every_url_carries_the_path() {
    let app = below().await;
    let site = site(&app).await;
    article(&site.sql, "later", "published", "2026-02-01Z").await;
    let former = "insert into article_slugs values ('former', $1)";
    site.sql.execute(former, &[&site.article]).await.unwrap();

    let list = app.get("/api/v1/articles?limit=1").await;
    let next = list.header("link").to_owned();
    assert!(next.starts_with("</news/api/v1/articles?limit=1&after="), "{next}");
    assert_eq!(list.json()["items"][0]["url"], format!("/news/api/v1/articles/{}", site.article));
    let one = app.get(&format!("/api/v1/articles/{SLUG}?include=related")).await.ok();
    assert_eq!(one["url"], format!("/news/api/v1/articles/{}", site.article));
    let moved = app.get("/api/v1/articles/former?fields=id").await;
    assert_eq!(moved.header("location"), format!("/news/api/v1/articles/{SLUG}?fields=id"));
    let posted = app
        .reader()
        .post(
            &format!("/api/v1/articles/{SLUG}/comments"),
            &json!({"author": {"name": "A"}, "text": "B"}),
        )
        .await;
    assert!(posted.header("location").starts_with("/news/api/v1/comments/"), "{posted:?}");

    let docs = app.get("/docs").await;
    assert_eq!((docs.status.as_u16(), docs.header("location")), (308, "/news/docs/"));
    let script = app.get("/docs/swagger-initializer.js").await.text();
    assert!(script.contains("\"../openapi.json\""), "{script}");
    assert_eq!(app.get("/openapi.json").await.ok()["servers"][0]["url"], "/news");
    let index = app.get("/").await;
    let links = index.header("link").to_owned();
    let described =
        "</news/openapi.json>; rel=\"service-desc\", </news/docs/>; rel=\"service-doc\"";
    assert_eq!(links, described);
    assert_eq!(index.json()["lists"][0], "/news/api/v1/articles");
    let archive = app.get("/api/v1/archive").await.ok();
    let month = archive["items"][0]["months"][0]["url"].as_str().unwrap().to_owned();
    assert!(month.starts_with("/news/api/v1/articles?published_after="), "{month}");
    let sitemap = app.get("/sitemap.xml").await.text();
    assert!(sitemap.contains("<loc>https://h.example/news/sitemaps/0.xml</loc>"), "{sitemap}");
    let feed = app.get("/feeds/articles.atom?limit=1").await.text();
    assert!(
        feed.contains("href=\"https://h.example/news/feeds/articles.atom?limit=1&amp;after="),
        "{feed}"
    );
}

#[tokio::test]
async fn editors_see_the_same_urls() {
    let app = below().await;
    let editor = app.key("admin").await;
    let made = editor.post(ARTICLES, &json!({"headline": "A story"})).await;
    assert_eq!(made.header("location"), "/news/api/v1/admin/articles/1");
    assert_eq!(made.json()["url"], "/news/api/v1/articles/1");
    let changed =
        editor.if_match(&made).patch(&format!("{ARTICLES}/1"), &json!({"dek": "B"})).await;
    assert_eq!(changed.json()["url"], "/news/api/v1/articles/1");
    assert_eq!(editor.get(&format!("{ARTICLES}/1")).await.ok()["url"], "/news/api/v1/articles/1");
    let list = editor.get(ARTICLES).await.ok();
    assert_eq!(list["items"][0]["url"], "/news/api/v1/articles/1");
}

#[tokio::test]
async fn an_article_has_the_url_of_its_page_and_an_excerpt() {
    let plain = TestApp::new().await;
    site(&plain).await;
    let one = plain.get("/api/v1/articles/1").await.ok();
    assert_eq!(one["page_url"], Value::Null);
    let excerpt = one["excerpt"].as_str().unwrap();
    assert!(excerpt.starts_with("The harbour bridge opened to cars and cyclists"), "{excerpt}");
    assert!(excerpt.chars().count() <= 280 && excerpt.ends_with('…'), "{excerpt}");

    let permalink = Some("https://example.org/{year}/{slug}".to_owned());
    let app = TestApp::with(Config { permalink, ..patient() }).await;
    let editor = app.key("admin").await;
    let body = json!({"headline": "A story", "status": "published", "published_at": "2014-12-04T00:00:00Z",
        "commentary": {"text": "*Short* & good."}});
    let made = editor.post(ARTICLES, &body).await;
    for article in [
        made.json(),
        app.get("/api/v1/articles/a-story").await.ok(),
        app.get("/api/v1/articles").await.ok()["items"][0].clone(),
        app.get("/api/v1/search?q=story").await.ok()["items"][0]["article"].clone(),
        app.get("/api/v1/resolve?path=/a-story").await.ok()["article"].clone(),
    ] {
        assert_eq!(article["page_url"], "https://example.org/2014/a-story", "{article}");
        assert_eq!(article["excerpt"], "Short & good.", "{article}");
    }
    // It is read only.
    let path = format!("{ARTICLES}/1");
    let refused = editor.if_match(&made).patch(&path, &json!({"excerpt": "Mine"})).await;
    refused.problem(422, "invalid");
    let draft = editor.post(ARTICLES, &json!({"headline": "A draft"})).await.json();
    assert_eq!((&draft["page_url"], &draft["excerpt"]), (&Value::Null, &Value::Null));
}

//! Unpublished, deleted and purged articles.

use crate::harness::TestApp;
use crate::harness::site::{SLUG, set_status, site};
use serde_json::json;

#[tokio::test]
async fn a_purged_article_is_410() {
    let app = TestApp::new().await;
    let site = site(&app).await;
    let purge = "with gone as (delete from articles where id = $1 returning id, slug)
                 insert into purged_articles select id, slug, '2026-03-01Z' from gone";
    site.sql.execute(purge, &[&site.article]).await.unwrap();
    for which in [site.article.to_string(), SLUG.to_owned()] {
        for rest in ["", "/links", "/comments", "?include=comments"] {
            app.get(&format!("/api/v1/articles/{which}{rest}")).await.problem(410, "gone");
        }
    }
    assert_eq!(app.get("/api/v1/articles").await.ok()["items"], json!([]));
}

#[tokio::test]
async fn unpublished_articles_appear_in_no_public_response() {
    let app = TestApp::new().await;
    let site = site(&app).await;
    let public = [
        "/api/v1/articles",
        "/api/v1/articles?tag=bridges",
        "/api/v1/articles?outlet=harbour-gazette",
        "/api/v1/articles?domain=ledger.example.com",
        "/api/v1/articles?sort=-comment_count",
        "/api/v1/links",
        "/api/v1/links?domain=ledger.example.com",
        "/api/v1/links?outlet=harbour-gazette",
        "/api/v1/links?url=https%3A%2F%2Fledger.example.com%2F2024%2Fbridge-costs",
        "/api/v1/outlets",
        "/api/v1/outlets/harbour-gazette/links",
        "/api/v1/outlets/harbour-gazette/articles",
        "/api/v1/tags",
        "/api/v1/comments",
    ];
    let counted = async |uri: &str| {
        let joint = if uri.contains('?') { '&' } else { '?' };
        let response = app.get(&format!("{uri}{joint}count=exact")).await;
        if response.status == 404 {
            // An outlet that only unpublished articles credit.
            return 0;
        }
        let page = response.ok();
        let items = page["items"].as_array().unwrap().len();
        assert_eq!(page["page"]["total"], items, "{uri}: the count tells of more than shows");
        items
    };
    for uri in public {
        assert!(counted(uri).await > 0, "{uri}: nothing to hide");
    }
    for status in ["draft", "scheduled", "archived", "trashed"] {
        set_status(&site.sql, site.article, status).await;
        for uri in public {
            assert_eq!(counted(uri).await, 0, "{uri} shows what is {status}");
        }
        for which in [site.article.to_string(), SLUG.to_owned()] {
            for rest in ["", "/links", "/comments"] {
                let uri = format!("/api/v1/articles/{which}{rest}");
                app.get(&uri).await.problem(404, "not_found");
            }
        }
        let uri = format!("/api/v1/comments/{}", site.comment);
        app.get(&uri).await.problem(404, "not_found");
        // Their names would tell what an unpublished article is about.
        for uri in [
            "/api/v1/outlets/harbour-gazette",
            "/api/v1/tags/bridges",
            "/feeds/outlets/harbour-gazette.atom",
            "/feeds/tags/bridges.atom",
        ] {
            app.get(uri).await.problem(404, "not_found");
        }
    }
    set_status(&site.sql, site.article, "published").await;
    for uri in public {
        assert!(counted(uri).await > 0, "{uri}: it does not come back");
    }
}

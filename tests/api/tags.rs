//! Reading tags.

use crate::harness::TestApp;
use crate::harness::site::{article, site, tag};

#[tokio::test]
async fn only_tags_of_published_articles_are_listed() {
    let app = TestApp::new().await;
    let site = site(&app).await;
    let draft = article(&site.sql, "draft", "draft", "2026-02-01Z").await;
    tag(&site.sql, draft, &["Bridges", "Secret"]).await;
    let other = article(&site.sql, "other", "published", "2026-02-01Z").await;
    tag(&site.sql, other, &["City council"]).await;
    let page = app.get("/api/v1/tags?count=exact").await.ok();
    insta::assert_json_snapshot!(page, @r#"
    {
      "items": [
        {
          "article_count": 1,
          "id": 1,
          "name": "Bridges",
          "slug": "bridges"
        },
        {
          "article_count": 2,
          "id": 2,
          "name": "City council",
          "slug": "city-council"
        }
      ],
      "page": {
        "limit": 20,
        "next": null,
        "prev": null,
        "total": 2
      }
    }
    "#);
    let most = app.get("/api/v1/tags?sort=-article_count&fields=slug").await.ok();
    assert_eq!(most["items"][0]["slug"], "city-council");
    // Only a draft has it.
    app.get("/api/v1/tags/secret").await.problem(404, "not_found");
}

#[tokio::test]
async fn a_tag_is_found_by_slug_id_and_former_slug() {
    let app = TestApp::new().await;
    let site = site(&app).await;
    let tag = app.get("/api/v1/tags/bridges").await.ok();
    assert_eq!(app.get(&format!("/api/v1/tags/{}", tag["id"])).await.ok(), tag);
    for former in ["spans", "t", "tags"] {
        let insert = "insert into tag_slugs select $1, id from tags where slug = 'bridges'";
        site.sql.execute(insert, &[&former]).await.unwrap();
        let response = app.get(&format!("/api/v1/tags/{former}?fields=name")).await;
        assert_eq!(response.status, 301);
        assert_eq!(response.header("location"), "/api/v1/tags/bridges?fields=name");
        let articles = app.get(&format!("/api/v1/articles?tag={former}")).await.ok();
        assert_eq!(articles["items"].as_array().unwrap().len(), 1, "{former}");
    }
    app.get("/api/v1/tags/nothing").await.problem(404, "not_found");
}

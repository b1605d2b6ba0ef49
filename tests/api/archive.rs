//! The archive by year and month.

use crate::harness::TestApp;
use crate::harness::site::article;
use serde_json::{Value, json};

async fn archive(app: &TestApp) -> Value {
    app.get("/api/v1/archive").await.ok()
}

#[tokio::test]
async fn archive_counts_follow_publishing_and_deleting() {
    let app = TestApp::new().await;
    let sql = app.sql().await;
    assert_eq!(archive(&app).await, json!({"article_count": 0, "items": []}));
    for (slug, status, at) in [
        ("a", "published", "2014-12-31T23:59:59Z"),
        ("b", "published", "2014-12-31T23:59:59-01:00"),
        ("c", "published", "2014-03-01T00:00:00Z"),
        ("d", "draft", "2014-03-01T00:00:00Z"),
    ] {
        article(&sql, slug, status, at).await;
    }
    let month = |year: i32, month: u32, next: &str, count: i64| {
        json!({"month": month, "article_count": count,
            "url": format!("/api/v1/articles?published_after={year}-{month:02}-01&published_before={next}")})
    };
    assert_eq!(
        archive(&app).await,
        json!({"article_count": 3, "items": [
            {"year": 2015, "article_count": 1, "months": [month(2015, 1, "2015-02-01", 1)]},
            {"year": 2014, "article_count": 2,
             "months": [month(2014, 12, "2015-01-01", 1), month(2014, 3, "2014-04-01", 1)]},
        ]})
    );
    let url = archive(&app).await["items"][1]["months"][0]["url"].as_str().unwrap().to_owned();
    assert_eq!(app.get(&url).await.ok()["items"][0]["slug"], "a");
    sql.batch_execute(
        "update articles set status = 'published' where slug = 'd';
         update articles set published_at = '2013-05-05Z' where slug = 'c';
         update articles set status = 'trashed' where slug = 'b';
         update articles set headline = 'x';
         delete from articles where slug = 'a'",
    )
    .await
    .unwrap();
    let found = archive(&app).await;
    assert_eq!(found["article_count"], 2);
    assert_eq!(found["items"][0]["year"], 2014);
    assert_eq!(found["items"][0]["months"], json!([month(2014, 3, "2014-04-01", 1)]));
    assert_eq!(found["items"][1]["months"], json!([month(2013, 5, "2013-06-01", 1)]));
}

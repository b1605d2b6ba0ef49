//! Reading outlets by slug, id and alias.

use crate::harness::TestApp;
use crate::harness::site::site;
use serde_json::{Value, json};

fn slugs(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|item| item["slug"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn an_outlet_counts_its_links_and_articles() {
    let app = TestApp::new().await;
    site(&app).await;
    let mut outlet = app.get("/api/v1/outlets/morning-ledger").await.ok();
    outlet["id"] = json!(0);
    insta::assert_json_snapshot!(outlet, @r#"
    {
      "aliases": [],
      "article_count": 1,
      "country": null,
      "first_seen_at": "2026-03-01T12:00:00Z",
      "homepage": null,
      "hosts": [],
      "id": 0,
      "kind": null,
      "lang": null,
      "last_seen_at": "2026-03-01T12:00:00Z",
      "link_count": 2,
      "name": "Morning Ledger",
      "slug": "morning-ledger"
    }
    "#);
    let known = app.get("/api/v1/outlets/wsj").await.ok();
    assert_eq!(known["name"], "The Wall Street Journal");
    assert!(known["aliases"].as_array().unwrap().contains(&json!("WSJ")), "{known}");
    assert!(known["hosts"].as_array().unwrap().contains(&json!("wsj.com")), "{known}");
    assert_eq!(app.get(&format!("/api/v1/outlets/{}", known["id"])).await.ok(), known);
}

#[tokio::test]
async fn the_public_list_has_only_credited_outlets() {
    let app = TestApp::new().await;
    site(&app).await;
    let by_name = app.get("/api/v1/outlets").await.ok();
    assert_eq!(
        slugs(&by_name),
        [
            "bridge-and-tunnel-review",
            "coast-radio",
            "harbour-gazette",
            "morning-ledger",
            "the-islander"
        ]
    );
    let by_count = app.get("/api/v1/outlets?sort=-link_count&fields=slug,link_count").await.ok();
    let counts: Vec<i64> = by_count["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["link_count"].as_i64().unwrap())
        .collect();
    assert_eq!(counts, [2, 2, 2, 1, 1], "{by_count}");
    assert_eq!(slugs(&app.get("/api/v1/outlets?sort=-last_seen_at").await.ok()).len(), 5);
}

#[tokio::test]
async fn an_alias_redirects_to_its_outlet() {
    let app = TestApp::new().await;
    let sql = app.sql().await;
    let outlet: i64 =
        sql.query_one("select id from outlets where slug = 'wsj'", &[]).await.unwrap().get(0);
    // Names that also occur elsewhere in the path.
    for former in ["old-journal", "a", "ap-i", "outlets", "v1"] {
        let insert = "insert into outlet_slugs (slug, outlet_id) values ($1, $2)";
        sql.execute(insert, &[&former, &outlet]).await.unwrap();
    }
    for name in
        ["old-journal", "a", "outlets", "v1", "the-wall-street-journal", "wall-street-journal"]
    {
        for rest in ["", "?fields=slug"] {
            let response = app.get(&format!("/api/v1/outlets/{name}{rest}")).await;
            assert_eq!(response.status, 301, "{name}: {}", response.text());
            assert_eq!(response.header("location"), format!("/api/v1/outlets/wsj{rest}"), "{name}");
        }
        for list in ["links", "articles"] {
            app.get(&format!("/api/v1/outlets/{name}/{list}")).await.ok();
        }
    }
    for rest in ["", "/links", "/articles"] {
        app.get(&format!("/api/v1/outlets/nobody{rest}")).await.problem(404, "not_found");
        app.get(&format!("/api/v1/outlets/999999999{rest}")).await.problem(404, "not_found");
    }
}

#[tokio::test]
async fn a_slug_takes_precedence_over_an_alias() {
    let app = TestApp::new().await;
    let site = site(&app).await;
    let confuse = "insert into outlet_aliases (key, outlet_id, name)
                   select 'islander times', id, 'Islander Times' from outlets where slug = 'coast-radio';
                   insert into outlets (slug, name, lang, created_at, updated_at)
                   values ('islander-times', 'The Other Times', 'en', '2026-03-01Z', '2026-03-01Z')";
    site.sql.batch_execute(confuse).await.unwrap();
    assert_eq!(app.get("/api/v1/outlets/islander-times").await.ok()["name"], "The Other Times");
    for uri in [
        "/api/v1/outlets/islander-times/links",
        "/api/v1/links?outlet=islander-times",
        "/api/v1/articles?outlet=islander-times",
    ] {
        assert_eq!(app.get(uri).await.ok()["items"], json!([]), "{uri}");
    }
    site.sql.execute("delete from outlets where slug = 'islander-times'", &[]).await.unwrap();
    assert_eq!(
        app.get("/api/v1/outlets/islander-times").await.header("location"),
        "/api/v1/outlets/coast-radio"
    );
    assert_eq!(
        app.get("/api/v1/links?outlet=islander-times").await.ok()["items"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[tokio::test]
async fn statistics_can_be_of_some_outlets() {
    let app = TestApp::new().await;
    site(&app).await;
    let names = |stats: &Value| -> Vec<String> {
        let outlets = stats["items"][0]["outlets"].as_array().cloned().unwrap_or_default();
        outlets.iter().map(|one| one["outlet"]["slug"].as_str().unwrap().to_owned()).collect()
    };
    assert!(names(&app.get("/api/v1/outlets/stats").await.ok()).len() > 3);
    let some = app.get("/api/v1/outlets/stats?outlet=coast-radio,the-islander").await.ok();
    assert_eq!(names(&some), ["coast-radio", "the-islander"]);
    assert_eq!(some["items"][0]["outlet_count"], 2);
    let none = app.get("/api/v1/outlets/stats?outlet=nobody").await.ok();
    assert_eq!(names(&none), Vec::<String>::new());
}

//! Reading links and who cites a page.

use crate::harness::TestApp;
use crate::harness::site::{HARBOUR, SLUG, site};
use serde_json::{Value, json};

fn titles(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|item| item["title"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_link_is_listed_with_the_article_that_cites_it() {
    let app = TestApp::new().await;
    site(&app).await;
    let mut link =
        app.get("/api/v1/links?outlet=bridge-and-tunnel-review").await.ok()["items"][0].clone();
    link["credits"][0]["outlet"]["id"] = json!(0);
    insta::assert_json_snapshot!(link, @r#"
    {
      "article": {
        "headline": "Harbour Bridge Reopens After Two-Year Repair",
        "id": 1,
        "published_at": "2026-03-01T12:00:00Z",
        "slug": "harbour-bridge-reopens-after-two-year-repair"
      },
      "credit": "Mara Lindqvist, Bridge & Tunnel Review",
      "credits": [
        {
          "bylines": [
            "Mara Lindqvist"
          ],
          "outlet": {
            "id": 0,
            "name": "Bridge & Tunnel Review",
            "slug": "bridge-and-tunnel-review"
          }
        }
      ],
      "domain": null,
      "id": 5,
      "position": 4,
      "quote": null,
      "role": "more",
      "section": null,
      "title": "What the cracks in the eastern pier taught engineers",
      "uncertain": false,
      "url": null
    }
    "#);
}

#[tokio::test]
async fn the_links_of_an_article_are_listed_in_its_order() {
    let app = TestApp::new().await;
    site(&app).await;
    let page = app
        .get(&format!("/api/v1/articles/{SLUG}/links?fields=position,title&count=exact"))
        .await
        .ok();
    let positions: Vec<i64> = page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["position"].as_i64().unwrap())
        .collect();
    assert_eq!(positions, [0, 1, 2, 3, 4, 5, 6]);
    assert_eq!(page["page"]["total"], 7);
    assert_eq!(titles(&page)[0], "Harbour Bridge Reopens After Two-Year Repair");
    app.get("/api/v1/articles/nowhere/links").await.problem(404, "not_found");
}

#[tokio::test]
async fn links_are_filtered_by_url_outlet_and_domain() {
    let app = TestApp::new().await;
    site(&app).await;
    let costs = "Bridge repair: who pays the missing twelve million?";
    let north = "Shopkeepers on the north bank count their losses";
    for (query, expected) in [
        ("url=https%3A%2F%2Fledger.example.com%2F2024%2Fbridge-costs", vec![costs]),
        (
            "url=http%3A%2F%2Fwww.ledger.example.com%2F2024%2Fbridge-costs%2F%3Futm_source%3Dx%23c",
            vec![costs],
        ),
        ("url=https%3A%2F%2Fledger.example.com%2F2024", vec![]),
        ("domain=ledger.example.com", vec![north, costs]),
        (
            "domain=LEDGER.example.com,radio.example.org",
            vec![north, costs, "Thousands walk the bridge on its first morning"],
        ),
        ("domain=nowhere.example", vec![]),
        ("outlet=the-islander&domain=ledger.example.com", vec![costs]),
        ("outlet=the-islander", vec!["Night ferry is here to stay, say riders on the 1:40", costs]),
        ("outlet=nobody", vec![]),
    ] {
        let page = app.get(&format!("/api/v1/links?count=exact&{query}")).await.ok();
        assert_eq!(titles(&page), expected, "{query}");
        assert_eq!(page["page"]["total"], expected.len(), "{query}");
    }
}

#[tokio::test]
async fn a_url_filter_finds_every_article_that_links_to_it() {
    let app = TestApp::new().await;
    site(&app).await;
    let again = HARBOUR.replacen("Harbour Bridge Reopens", "Bridge Opens Again", 1);
    app.import("again.txt", &again).await;
    let uri = "/api/v1/links?url=https%3A%2F%2Fledger.example.com%2F2024%2Fbridge-costs&fields=article.slug";
    let page = app.get(uri).await.ok();
    insta::assert_json_snapshot!(page["items"], @r#"
    [
      {
        "article": {
          "slug": "bridge-opens-again-after-two-year-repair"
        }
      },
      {
        "article": {
          "slug": "harbour-bridge-reopens-after-two-year-repair"
        }
      }
    ]
    "#);
}

#[tokio::test]
async fn a_link_that_credits_an_outlet_twice_is_listed_once() {
    let app = TestApp::new().await;
    let site = site(&app).await;
    let twice = "insert into link_credits (link_id, position, outlet_id, published_at)
                 select link_id, position + 5, outlet_id, published_at from link_credits";
    site.sql.execute(twice, &[]).await.unwrap();
    for uri in ["/api/v1/links?outlet=coast-radio", "/api/v1/outlets/coast-radio/links"] {
        let page = app
            .get(&format!("{uri}{}limit=1", if uri.contains('?') { '&' } else { '?' }))
            .await
            .ok();
        let next = page["page"]["next"].as_str().unwrap();
        let last = app
            .get(&format!("{uri}{}limit=1&after={next}", if uri.contains('?') { '&' } else { '?' }))
            .await
            .ok();
        assert_ne!(titles(&page), titles(&last));
        assert_eq!(last["page"]["next"], Value::Null);
    }
}

#[tokio::test]
async fn hosts_are_listed_by_how_often_they_are_cited() {
    let app = TestApp::new().await;
    site(&app).await;
    let all = app.get("/api/v1/domains?count=exact").await.ok();
    let items = all["items"].as_array().unwrap().clone();
    assert_eq!(
        items[0],
        json!({"domain": "ledger.example.com", "link_count": 2, "article_count": 1})
    );
    assert_eq!(all["page"]["total"], items.len());
    for sort in ["-link_count", "domain"] {
        let (mut found, mut after) = (Vec::new(), String::new());
        loop {
            let page = app.get(&format!("/api/v1/domains?sort={sort}&limit=1{after}")).await.ok();
            found.extend(page["items"].as_array().unwrap().clone());
            let Some(next) = page["page"]["next"].as_str() else {
                let prev = page["page"]["prev"].as_str().unwrap();
                let back = app
                    .get(&format!("/api/v1/domains?sort={sort}&limit=1&before={prev}"))
                    .await
                    .ok();
                assert_eq!(back["items"][0], found[found.len() - 2], "{sort}");
                break;
            };
            after = format!("&after={next}");
        }
        let mut expected = items.clone();
        if sort == "domain" {
            expected.sort_by_key(|item| item["domain"].as_str().unwrap().to_owned());
        }
        assert_eq!(found, expected, "{sort}");
    }
    let fields = app.get("/api/v1/domains?fields=domain&limit=1").await.ok();
    assert_eq!(fields["items"][0], json!({"domain": "ledger.example.com"}));
    app.get("/api/v1/domains?sort=name").await.problem(400, "bad_parameter");
}

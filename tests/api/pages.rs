//! JSON-LD, oEmbed and sitemaps.

use crate::harness::TestApp;
use crate::harness::site::{article, set_status, site};
use roundup::config::Config;
use serde_json::json;

async fn open() -> TestApp {
    let mut config = Config::defaults().unwrap();
    config.permalink = Some("https://example.org/news/{slug}?x=1&y={id}".into());
    config.public_url = Some("https://api.example.org/roundup/".parse().unwrap());
    config.site_name = "The Site".into();
    TestApp::with(config).await
}

#[tokio::test]
async fn an_article_is_available_as_json_ld() {
    let app = open().await;
    let site = site(&app).await;
    let update = "update articles set dek = '</script><b>';
        update link_credits set bylines = '{Mara Lindqvist}'";
    site.sql.batch_execute(update).await.unwrap();
    let at = format!("/api/v1/articles/{}/jsonld", site.article);
    app.get(&format!("{at}?fields=headline")).await.problem(400, "unknown_parameter");
    let plain = format!("/api/v1/articles/{}?format=jsonld", site.article);
    app.get(&plain).await.problem(400, "unknown_parameter");
    let accepted = app.reader().header("Accept", "application/ld+json").get(&at).await;
    assert_eq!(accepted.status, 200);
    let response = app.get(&at).await;
    assert_eq!(
        (response.status.as_u16(), response.header("content-type")),
        (200, "application/ld+json")
    );
    assert!(!response.text().contains('<'), "{}", response.text());
    let found = response.json();
    assert_eq!(found["@type"], "NewsArticle");
    assert_eq!(found["alternativeHeadline"], "</script><b>");
    assert_eq!(
        found["url"],
        format!(
            "https://example.org/news/harbour-bridge-reopens-after-two-year-repair?x=1&y={}",
            site.article
        )
    );
    assert_eq!(found["datePublished"], "2026-03-01T12:00:00Z");
    assert_eq!(
        found["publisher"],
        json!({"@type": "Organization", "name": "The Site", "url": "https://example.org/"})
    );
    let citations = found["citation"].as_array().unwrap();
    assert_eq!(citations.len(), 7);
    let review = citations.iter().find(|c| c["creditText"] == "The Islander").unwrap();
    assert_eq!(review["author"][0]["name"], "Mara Lindqvist");
    assert_eq!(review["publisher"][0]["name"], "The Islander");
    assert!(review.get("url").is_none(), "what is not there is left out: {review}");
}

#[tokio::test]
async fn oembed_describes_an_article_url() {
    let app = open().await;
    let sql = app.sql().await;
    let id = article(&sql, "a-story", "published", "2014-12-04Z").await;
    sql.batch_execute("update articles set headline = '<b> & \"c\"'").await.unwrap();
    for url in [
        "https://example.org/news/a-story?x=1%26y=1".to_owned(),
        format!("https://api.example.org/roundup/api/v1/articles/{id}"),
        "https://example.org/a-story%23x".to_owned(),
    ] {
        let embed = app.get(&format!("/api/v1/oembed?url={url}&maxwidth=300")).await.ok();
        assert_eq!((&embed["version"], &embed["type"]), (&json!("1.0"), &json!("rich")), "{url}");
        assert_eq!((&embed["width"], &embed["title"]), (&json!(300), &json!("<b> & \"c\"")));
        let html = embed["html"].as_str().unwrap();
        assert!(html.contains("&lt;b&gt; &amp; &quot;c&quot;</a>"), "{html}");
        assert!(html.contains("href=\"https://example.org/news/a-story?x=1&amp;y="), "{html}");
    }
    // What WordPress sends.
    let url = "https%3A%2F%2Fexample.org%2Fnews%2Fa-story";
    let wordpress =
        format!("/api/v1/oembed?maxwidth=500&maxheight=750&url={url}&dnt=1&format=json");
    assert_eq!(app.get(&wordpress).await.ok()["width"], 500);
    app.get(&format!("{wordpress}&url=b")).await.problem(400, "repeated_parameter");
    for url in [
        "http://example.org/news/a-story",
        "https://www.example.org/news/a-story/",
        "HTTPS://Example.ORG/news/a-story%23comment-1",
        "//example.org/news/a-story?fbclid=x",
        "example.org/news/A-Story",
    ] {
        assert_eq!(app.get(&format!("/api/v1/oembed?url={url}")).await.status, 200, "{url}");
    }
    for url in ["https://elsewhere.example/news/a-story", "https://example.org/nothing", "a-story"]
    {
        app.get(&format!("/api/v1/oembed?url={url}")).await.problem(404, "not_found");
    }
    app.get("/api/v1/oembed").await.problem(400, "bad_parameter");
    let xml = "/api/v1/oembed?url=https://example.org/a-story&format=xml";
    app.get(xml).await.problem(400, "bad_parameter");
}

#[tokio::test]
async fn sitemaps_list_every_article() {
    let app = open().await;
    let sql = app.sql().await;
    assert!(!app.get("/sitemap.xml").await.text().contains("<sitemap>"));
    sql.batch_execute(
        "insert into articles (id, slug, status, headline, published_at, created_at, updated_at)
         select n, 's' || n, 'published', 'x', '2014-12-04Z', now(), '2014-12-05T01:02:03.456Z'
         from unnest(array[1, 49999, 50000, 150001]) n;
         update articles set status = 'draft' where id = 49999;
         insert into articles (id, slug, status, headline, published_at, created_at, updated_at)
         values (2, 's2', 'published', 'x', '2014-12-04Z', now(), now())",
    )
    .await
    .unwrap();
    let index = app.get("/sitemap.xml").await;
    assert_eq!(index.header("content-type"), "application/xml; charset=utf-8");
    let parts = |n: usize| {
        format!("<sitemap><loc>https://api.example.org/roundup/sitemaps/{n}.xml</loc></sitemap>\n")
    };
    assert!(index.text().contains(&(parts(0) + &parts(1) + &parts(3))), "{}", index.text());
    let part = app.get("/sitemaps/0.xml").await.text();
    assert_eq!(part.matches("<url>").count(), 2, "{part}");
    let first =
        "<loc>https://example.org/news/s1?x=1&amp;y=1</loc><lastmod>2014-12-05T01:02:03Z</lastmod>";
    assert!(part.contains(first), "{part}");
    for missing in ["2.xml", "4.xml", "x.xml", "-1.xml", "0", "99999999999999999999.xml"] {
        app.get(&format!("/sitemaps/{missing}")).await.problem(404, "not_found");
    }
    set_status(&sql, 150_001, "archived").await;
    assert!(!app.get("/sitemap.xml").await.text().contains("/3.xml"));
}

//! Relative URLs in texts are resolved against the URL of the site.

use crate::harness::{TestApp, patient};
use roundup::config::Config;
use serde_json::json;

const ARTICLES: &str = "/api/v1/admin/articles";

#[tokio::test]
async fn relative_urls_are_resolved_against_the_site() {
    let permalink = Some("https://site.example/blog/{slug}".to_owned());
    let app = TestApp::with(Config { permalink, ..patient() }).await;
    let editor = app.key("admin").await;
    let markdown = "See [earlier](/2019/04/other/), [there](//cdn.example/x) and ![a](pier.png).";
    let html =
        "<p><a href=\"/2019/04/other/\">earlier</a> <img src=\"//i0.example/b.png\" alt=\"b\"></p>";
    let body = json!({
        "headline": "Links",
        "quote": {"text": html, "format": "html"},
        "commentary": {"text": markdown},
        "links": [{"title": "A source", "quote": {"text": "[more](?page=2)"}}],
    });
    let made = editor.post(ARTICLES, &body).await;
    let article = made.json();
    let quote = article["quote"]["html"].as_str().unwrap();
    assert!(quote.contains("href=\"https://site.example/2019/04/other/\""), "{quote}");
    assert!(quote.contains("src=\"https://i0.example/b.png\""), "{quote}");
    let commentary = article["commentary"]["html"].as_str().unwrap();
    assert!(commentary.contains("href=\"https://site.example/2019/04/other/\""), "{commentary}");
    assert!(commentary.contains("href=\"https://cdn.example/x\""), "{commentary}");
    assert!(commentary.contains("src=\"https://site.example/pier.png\""), "{commentary}");
    let link = article["links"][0]["quote"]["html"].as_str().unwrap();
    assert!(link.contains("href=\"https://site.example/?page=2\""), "{link}");
    // The text is kept as it was written, and another edit changes nothing else.
    assert_eq!(article["commentary"]["text"], markdown);
    let changed =
        editor.if_match(&made).patch(&format!("{ARTICLES}/1"), &json!({"dek": "New"})).await.json();
    assert_eq!(changed["quote"], article["quote"]);
    assert_eq!(changed["commentary"], article["commentary"]);
    assert_eq!(changed["links"][0]["quote"], article["links"][0]["quote"]);
}

#[tokio::test]
async fn without_a_site_they_refer_to_the_service() {
    let public_url = Some("https://api.example/news".parse().unwrap());
    let app = TestApp::with(Config { public_url, ..patient() }).await;
    let editor = app.key("admin").await;
    let body = json!({"headline": "Links", "commentary": {"text": "[earlier](/a) [later](b)"}});
    let article = editor.post(ARTICLES, &body).await.json();
    let commentary = article["commentary"]["html"].as_str().unwrap();
    assert!(commentary.contains("href=\"https://api.example/a\""), "{commentary}");
    assert!(commentary.contains("href=\"https://api.example/news/b\""), "{commentary}");
}

//! The picture of an article: written by editors, shown wherever the article is.

use crate::harness::TestApp;
use actix_web::http::StatusCode;
use roundup::config::Config;
use serde_json::{Value, json};

const ARTICLES: &str = "/api/v1/admin/articles";

fn picture() -> Value {
    json!({
        "url": "https://harbour.example/bridge.jpg",
        "alt": "The bridge at night",
        "caption": "Open again",
        "credit": "Photo: Mara Lindqvist",
        "width": 1200,
        "height": 800
    })
}

fn bridge(image: &Value) -> Value {
    json!({"headline": "Harbour Bridge Reopens", "status": "published", "image": image})
}

#[tokio::test]
async fn the_picture_is_in_every_representation_of_an_article() {
    let app = TestApp::new().await;
    let editor = app.key("articles:write").await;
    let made = editor.post(ARTICLES, &bridge(&picture())).await.expect(StatusCode::CREATED);
    assert_eq!(made["image"], picture());
    let article = app.get("/api/v1/articles/harbour-bridge-reopens").await.json();
    assert_eq!(article["image"], picture());
    let list = app.get("/api/v1/articles?fields=image.url").await.json();
    assert_eq!(list["items"][0]["image"]["url"], picture()["url"]);
    let json_ld = app.get(&format!("/api/v1/articles/{}/jsonld", made["id"])).await.ok();
    assert_eq!(json_ld["image"]["url"], picture()["url"]);
    let json_feed = app.get("/feeds/articles.json").await.json();
    assert_eq!(json_feed["items"][0]["image"], picture()["url"]);
    for format in ["atom", "rss"] {
        let feed = app.get(&format!("/feeds/articles.{format}")).await;
        let feed = feed_rs::parser::parse(feed.bytes.as_slice()).unwrap();
        let media = &feed.entries[0].media[0];
        assert_eq!(media.content[0].url.as_ref().unwrap().as_str(), picture()["url"], "{format}");
        assert_eq!(media.content[0].width, Some(1200), "{format}");
        assert_eq!(media.credits[0].entity, "Photo: Mara Lindqvist", "{format}");
        assert_eq!(media.description.as_ref().unwrap().content, "Open again", "{format}");
    }
}

#[tokio::test]
async fn a_card_shows_a_picture_whose_size_is_known_and_allowed() {
    let mut config = Config::defaults().unwrap();
    config.public_url = Some("https://api.example.org/".parse().unwrap());
    let app = TestApp::with(config).await;
    let editor = app.key("articles:write").await;
    let made = editor.post(ARTICLES, &bridge(&picture())).await.expect(StatusCode::CREATED);
    let url = format!("/api/v1/oembed?url=https://api.example.org/api/v1/articles/{}", made["id"]);
    let thumbnail = |card: &Value| {
        ["thumbnail_url", "thumbnail_width", "thumbnail_height"].map(|name| card[name].clone())
    };
    let shown = [picture()["url"].clone(), json!(1200), json!(800)];
    let none = [Value::Null, Value::Null, Value::Null];
    assert_eq!(thumbnail(&app.get(&url).await.json()), shown);
    assert_eq!(thumbnail(&app.get(&format!("{url}&maxwidth=1000")).await.json()), none);
    let path = format!("{ARTICLES}/{}", made["id"]);
    let image = json!({"image": {"width": null}});
    editor.header("If-Match", "*").patch(&path, &image).await.ok();
    assert_eq!(thumbnail(&app.get(&url).await.json()), none);
}

#[tokio::test]
async fn a_patch_changes_and_removes_the_picture_and_revisions_keep_it() {
    let app = TestApp::new().await;
    let editor = app.key("articles:write").await;
    let made = editor.post(ARTICLES, &bridge(&picture())).await.expect(StatusCode::CREATED);
    let path = format!("{ARTICLES}/{}", made["id"]);
    let alt = json!({"image": {"alt": null}});
    let editor = editor.header("If-Match", "*");
    let changed = editor.patch(&path, &alt).await.ok();
    assert_eq!(changed["image"]["alt"], Value::Null);
    assert_eq!(changed["image"]["url"], picture()["url"]);
    let removed = editor.patch(&path, &json!({"image": null})).await.ok();
    assert_eq!(removed["image"], Value::Null);
    let first = editor.get(&format!("{path}/revisions/1")).await.json();
    assert_eq!(first["article"]["image"], picture());
}

#[tokio::test]
async fn a_picture_that_no_page_may_show_is_rejected() {
    let app = TestApp::new().await;
    let editor = app.key("articles:write").await;
    for (image, pointer) in [
        (json!({"url": "javascript:alert(1)"}), "/image/url"),
        (json!({"url": "/bridge.jpg"}), "/image/url"),
        (json!({"alt": "The bridge"}), "/image/url"),
        (json!({"url": "https://a.example/b.jpg", "width": 0}), "/image/width"),
        (json!({"url": "https://a.example/b.jpg", "size": 5}), "/image/size"),
    ] {
        let problem = editor.post(ARTICLES, &bridge(&image)).await;
        assert_eq!(problem.status, 422, "{image}: {}", problem.text());
        assert_eq!(problem.json()["errors"][0]["pointer"], pointer, "{image}");
    }
}

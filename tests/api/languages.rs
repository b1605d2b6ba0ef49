//! Languages and the time zone of the site.

use crate::harness::site::{article, site};
use crate::harness::{TestApp, patient};
use roundup::config::Config;
use serde_json::{Value, json};

fn slugs(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|one| one["slug"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn languages_are_listed_by_range() {
    for (site_lang, unknown) in [(None, false), (Some("fa-AF".to_owned()), true)] {
        let app = TestApp::with(Config { lang: site_lang, ..patient() }).await;
        let sql = app.sql().await;
        for (n, lang) in
            ["'fa'", "'fa-IR'", "'FA-ir'", "'fan'", "'zh-Hant-TW'", "null"].iter().enumerate()
        {
            let slug = format!("story-{n}x");
            let id = article(&sql, &slug, "published", &format!("2014-12-0{}Z", n + 1)).await;
            sql.batch_execute(&format!("update articles set lang = {lang} where id = {id}"))
                .await
                .unwrap();
        }
        let default = if unknown { vec!["story-5x"] } else { vec![] };
        for (range, expected) in [
            ("fa", vec!["story-2x", "story-1x", "story-0x"]),
            ("FA-IR", vec!["story-2x", "story-1x"]),
            ("zh-hant", vec!["story-4x"]),
            ("zh-TW", vec![]),
            ("de,fan", vec!["story-3x"]),
        ] {
            let mut expected = expected;
            if range == "fa" {
                expected.splice(0..0, default.clone());
            }
            let found = app.get(&format!("/api/v1/articles?lang={range}")).await.ok();
            assert_eq!(slugs(&found), expected, "{range}");
            let found = app.get(&format!("/api/v1/articles?lang={range}&q=story*")).await;
            assert_eq!(found.status, 200, "{range}");
        }
        assert_eq!(slugs(&app.get("/api/v1/articles?lang=*").await.ok()).len(), 6);
        for bad in ["en_GB", "f%25", "a-verylongsubtag"] {
            app.get(&format!("/api/v1/articles?lang={bad}")).await.problem(400, "bad_parameter");
            app.get(&format!("/api/v1/search?q=a&lang={bad}")).await.problem(400, "bad_parameter");
        }
    }
}

#[tokio::test]
async fn a_search_takes_ranges_too() {
    let app = TestApp::new().await;
    let site = site(&app).await;
    site.sql.batch_execute("update articles set lang = 'en-GB'").await.unwrap();
    for (range, hits) in [("EN", true), ("en-gb", true), ("en-US", false), ("fr", false)] {
        let found = app.get(&format!("/api/v1/search?q=bridge&lang={range}")).await.ok();
        assert_eq!(!found["items"].as_array().unwrap().is_empty(), hits, "{range}");
        let found =
            app.get(&format!("/api/v1/articles?q=bridge&sort=relevance&lang={range}")).await.ok();
        assert_eq!(!found["items"].as_array().unwrap().is_empty(), hits, "{range}");
    }
}

#[tokio::test]
async fn an_invalid_language_is_refused() {
    let app = TestApp::new().await;
    let editor = app.key("admin").await;
    for lang in ["english", "xx", "en-UK9", "e"] {
        let made =
            editor.post("/api/v1/admin/articles", &json!({"headline": "A", "lang": lang})).await;
        assert_eq!(made.problem(422, "invalid")["errors"][0]["pointer"], "/lang", "{lang}");
    }
    for lang in ["en", "fa-IR", "zh-Hant", "sr-latn-rs"] {
        let made =
            editor.post("/api/v1/admin/articles", &json!({"headline": "A", "lang": lang})).await;
        assert_eq!(made.json()["lang"], lang);
    }
}

#[tokio::test]
async fn archive_and_permalinks_go_by_the_time_zone_of_the_site() {
    for (zone, at, month, page) in [
        (
            "America/Los_Angeles",
            "2015-01-01T04:30:00Z",
            "2014-12",
            "https://e.org/2014/12/31/story-x",
        ),
        ("Asia/Tehran", "2014-12-31T21:00:00Z", "2015-1", "https://e.org/2015/01/01/story-x"),
        ("UTC", "2014-12-31T23:59:59Z", "2014-12", "https://e.org/2014/12/31/story-x"),
    ] {
        let permalink = Some("https://e.org/{year}/{month}/{day}/{slug}".to_owned());
        let config = Config { permalink, time_zone: zone.parse().unwrap(), ..patient() };
        let app = TestApp::with(config).await;
        let sql = app.sql().await;
        article(&sql, "story-x", "published", at).await;
        article(&sql, "other-x", "published", "2014-12-15T12:00:00Z").await;
        article(&sql, "third-x", "published", "2015-01-15T12:00:00Z").await;
        let archive = app.get("/api/v1/archive").await.ok();
        assert_eq!(archive["article_count"], 3, "{zone}");
        let mut listed = 0;
        for year in archive["items"].as_array().unwrap() {
            for one in year["months"].as_array().unwrap() {
                let found = app.get(one["url"].as_str().unwrap()).await.ok();
                let found = slugs(&found);
                assert_eq!(
                    found.len() as u64,
                    one["article_count"].as_u64().unwrap(),
                    "{zone}: {one}"
                );
                let is_month = format!("{}-{}", year["year"], one["month"]) == month;
                assert_eq!(found.contains(&"story-x"), is_month, "{zone}: {one}");
                listed += found.len();
            }
        }
        assert_eq!(listed, 3, "{zone}");
        assert_eq!(app.get("/api/v1/articles/story-x").await.ok()["page_url"], page);
    }
}

#[tokio::test]
async fn lists_take_the_time_of_the_last_edit() {
    let app = TestApp::new().await;
    let sql = app.sql().await;
    for (slug, at) in [("old-x", "2026-01-01T00:00:00Z"), ("new-x", "2026-02-01T10:00:00.750Z")] {
        let id = article(&sql, slug, "published", "2014-12-04Z").await;
        let update = "update articles set updated_at = $2::text::timestamptz where id = $1";
        sql.execute(update, &[&id, &at]).await.unwrap();
    }
    let newest = app.get("/api/v1/articles?sort=-updated_at&limit=1").await.ok();
    let at = newest["items"][0]["updated_at"].as_str().unwrap().to_owned();
    assert_eq!(at, "2026-02-01T10:00:00Z", "times have one form");
    // The first offset is not escaped.
    for bound in [&at, "2026-02-01T11:00:00+01:00", "2026-02-01T11:00:00%2B01:00", "2026-02-01"] {
        let found = app.get(&format!("/api/v1/articles?updated_after={bound}")).await.ok();
        assert_eq!(slugs(&found), ["new-x"], "{bound}");
    }
    let editor = app.key("admin").await;
    let found = editor.get("/api/v1/admin/articles?updated_after=2026-03-01").await.ok();
    assert_eq!(slugs(&found), Vec::<&str>::new());
    app.get("/api/v1/articles?updated_after=yesterday").await.problem(400, "bad_parameter");
}

//! Feeds, parsed by an independent library.

use crate::fixtures::strings::hostile_strings;
use crate::fixtures::xss::payloads;
use crate::harness::TestApp;
use crate::harness::site::{comment, reply, set_status, site};
use actix_web::http::header;
use actix_web::test::TestRequest;
use feed_rs::model::Feed;
use feed_rs::parser;
use roundup::config::Config;

const FORMATS: [&str; 3] = ["atom", "rss", "json"];

/// Returns a parsed feed.
async fn feed(app: &TestApp, uri: &str) -> Feed {
    let response = app.get(uri).await;
    assert_eq!(response.status, 200, "{uri}: {}", response.text());
    match parser::parse(response.bytes.as_slice()) {
        Ok(feed) => feed,
        Err(error) => panic!("{uri}: {error}: {}", response.text()),
    }
}

fn ids(feed: &Feed) -> Vec<String> {
    feed.entries.iter().map(|entry| entry.id.clone()).collect()
}

fn links<'a>(feed: &'a Feed, relation: &str) -> Vec<&'a str> {
    let own = |link: &&feed_rs::model::Link| link.rel.as_deref() == Some(relation);
    feed.links.iter().filter(own).map(|link| link.href.as_str()).collect()
}

fn with_permalink() -> Config {
    let mut config = Config::defaults().unwrap();
    config.permalink = Some("https://example.org/{year}/{slug}.html".into());
    config.public_url = Some("https://api.example.org/".parse().unwrap());
    config
}

#[tokio::test]
async fn atom_rss_and_json_feeds_have_the_same_entries() {
    let app = TestApp::with(with_permalink()).await;
    let site = site(&app).await;
    let headline = "Harbour bridge reopens after two-year repair";
    for format in FORMATS {
        let feed = feed(&app, &format!("/feeds/articles.{format}")).await;
        assert_eq!(feed.entries.len(), 1, "{format}");
        let entry = &feed.entries[0];
        let title = &entry.title.as_ref().unwrap().content;
        assert!(title.eq_ignore_ascii_case(headline), "{format}: {title}");
        assert!(entry.id.starts_with("urn:uuid:"), "{format}: {}", entry.id);
        let page = "https://example.org/2026/harbour-bridge-reopens-after-two-year-repair.html";
        assert!(entry.links.iter().any(|link| link.href == page), "{format}: {:?}", entry.links);
        assert_eq!(entry.published.unwrap().to_rfc3339(), "2026-03-01T12:00:00+00:00", "{format}");
        let tags: Vec<_> =
            entry.categories.iter().map(|c| c.label.as_ref().unwrap_or(&c.term).clone()).collect();
        assert_eq!(tags, ["Bridges", "City council"], "{format}");
        let html = entry.content.as_ref().and_then(|content| content.body.clone()).unwrap();
        assert!(html.contains("<blockquote>") && html.contains("<li>"), "{format}: {html}");
    }
    let all = [feed(&app, "/feeds/articles.atom").await, feed(&app, "/feeds/articles.rss").await];
    assert_eq!(ids(&all[0]), ids(&all[1]));
    assert_eq!(ids(&all[0]), ids(&feed(&app, "/feeds/articles.json").await));
    assert_eq!(links(&all[0], "self"), ["https://api.example.org/feeds/articles.atom"]);
    let slug = "update articles set slug = 'another'";
    site.sql.batch_execute(slug).await.unwrap();
    let renamed = feed(&app, "/feeds/articles.atom").await;
    assert_eq!(ids(&renamed), ids(&all[0]), "the id outlives the slug");
    assert!(renamed.entries[0].links[0].href.ends_with("/another.html"));
}

#[tokio::test]
async fn an_entry_lists_its_sources_and_may_link_to_the_lead() {
    let app = TestApp::new().await;
    let sql = site(&app).await.sql;
    sql.batch_execute(
        "update links set url = 'https://lead.example/a?b=1&c=%22', domain = 'lead.example' where role = 'lead';
         update links set url = 'javascript:alert(1)' where id = (select max(id) from links)",
    )
    .await
    .unwrap();
    let text = app.get("/feeds/articles.atom").await.text();
    let via = "href=\"https://lead.example/a?b=1&amp;c=%22\" rel=\"via\"";
    assert!(text.contains(via), "{text}");
    assert!(!text.contains("href=\"javascript:"), "{text}");
    assert!(
        text.contains("<thr:total>4</thr:total>") && text.contains("rel=\"replies\""),
        "{text}"
    );
    for format in FORMATS {
        let feed = feed(&app, &format!("/feeds/articles.{format}?link=source")).await;
        let first = &feed.entries[0].links[0].href;
        assert_eq!(first, "https://lead.example/a?b=1&c=%22", "{format}");
    }
    app.get("/feeds/articles.atom?link=lead").await.problem(400, "bad_parameter");
    app.get("/feeds/articles.xml").await.problem(404, "not_found");
}

#[tokio::test]
async fn there_are_feeds_of_tags_outlets_and_comments() {
    let app = TestApp::new().await;
    let site = site(&app).await;
    let answer = reply(&site.sql, site.comment, "approved", "An answer").await;
    let hidden = comment(&site.sql, site.article, "pending", "Hidden").await;
    for format in FORMATS {
        for of in ["tags/bridges", "outlets/harbour-gazette"] {
            let feed = feed(&app, &format!("/feeds/{of}.{format}")).await;
            assert_eq!(feed.entries.len(), 1, "{of}.{format}");
        }
        for of in [format!("articles/{}/comments", site.article), "comments".to_owned()] {
            let feed = feed(&app, &format!("/feeds/{of}.{format}")).await;
            assert_eq!(feed.entries.len(), 5, "{of}.{format}: without {hidden}");
        }
    }
    let text = app.get("/feeds/comments.atom").await.text();
    let parent = format!("around={}\" ref=", site.comment);
    assert!(text.contains("<thr:in-reply-to") && text.contains(&parent), "{answer}: {text}");
    app.get("/feeds/tags/nothing.atom").await.problem(404, "not_found");
    app.get("/feeds/articles/0/comments.atom").await.problem(404, "not_found");
    set_status(&site.sql, site.article, "archived").await;
    for uri in ["/feeds/articles.atom", "/feeds/comments.json"] {
        assert!(feed(&app, uri).await.entries.is_empty(), "{uri}");
    }
    set_status(&site.sql, site.article, "published").await;
    let moved =
        "insert into tag_slugs (slug, tag_id) select 'old', id from tags where slug = 'bridges'";
    site.sql.batch_execute(moved).await.unwrap();
    let response = app.get("/feeds/tags/old.atom?limit=1").await;
    assert_eq!(
        (response.status.as_u16(), response.header("location")),
        (301, "/feeds/tags/bridges.atom?limit=1")
    );
}

#[tokio::test]
async fn an_unchanged_feed_is_304() {
    let app = TestApp::new().await;
    let site = site(&app).await;
    for format in FORMATS {
        let uri = format!("/feeds/articles.{format}");
        let etag = app.get(&uri).await.header("etag").to_owned();
        let ask =
            || TestRequest::get().uri(&uri).insert_header((header::IF_NONE_MATCH, etag.clone()));
        assert_eq!(app.send(ask()).await.status, 304, "{format}");
    }
    let etag = app.get("/feeds/articles.atom").await.header("etag").to_owned();
    site.sql.batch_execute("update articles set headline = 'Another'").await.unwrap();
    assert_ne!(app.get("/feeds/articles.atom").await.header("etag"), etag);
}

/// Text that is hostile to XML, HTML or JSON.
const HOSTILE: [&str; 12] = [
    "<script>alert(1)</script>",
    "]]>",
    "<![CDATA[ x ]]> & <b>",
    "&amp;&#0;&bogus;",
    "\u{1}\u{8}\u{1F}\u{FFFE}",
    "\"><img src=x onerror=alert(1)>'",
    "日本語 🗞️ \u{202E}evil",
    "<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY b \"c\">]>",
    "--><!-- ",
    "a\r\nb\tc",
    "\u{FFFD}\u{10FFFF}\u{E000}",
    "</title></entry></feed>",
];

/// Returns these, the shared hostile strings and some payloads of scripts, less than 1,000 in all.
fn hostile() -> Vec<String> {
    let mut texts: Vec<String> = HOSTILE.iter().copied().map(str::to_owned).collect();
    texts.extend(hostile_strings());
    texts.extend(payloads().into_iter().step_by(3));
    assert!((700..1000).contains(&texts.len()), "{} texts", texts.len());
    let cut = |text: String| text.replace('\0', "").chars().take(300).collect();
    texts.into_iter().map(cut).collect()
}

#[tokio::test]
async fn a_thousand_articles_of_hostile_text_are_well_formed_feeds() {
    let app = TestApp::new().await;
    let sql = app.sql().await;
    let insert = "
        with a as (
            insert into articles (slug, status, headline, dek, quote_text, quote_html, author_name,
                links_heading, published_at, created_at, updated_at)
            select 's' || n, 'published', t || n, t, t, t, t, t,
                '2020-01-01Z'::timestamptz + n * interval '1 hour', now(), now()
            from (select n, ($1::text[])[1 + n % cardinality($1)] as t from generate_series(1, 1000) n) x
            returning id, dek as t)
        insert into links (article_id, role, position, title, url, credit)
        select id, 'lead', 0, t, 'https://example.org/?q=' || t, t from a
        union all select id, 'more', 1, t, null, t from a";
    sql.execute(insert, &[&hostile()]).await.unwrap();
    let all = "select refresh_articles(array_agg(id)) from articles";
    sql.batch_execute(all).await.unwrap();
    for format in FORMATS {
        let (mut seen, mut uri) = (Vec::new(), format!("/feeds/articles.{format}?limit=100"));
        loop {
            let response = app.get(&uri).await;
            let text = response.text();
            assert!(format == "json" || well_formed(&text), "{uri}");
            let page = parser::parse(response.bytes.as_slice()).unwrap();
            assert!(page.entries.iter().all(|entry| entry.title.is_some()), "{uri}");
            seen.extend(ids(&page));
            match next(&text, format) {
                Some(next) => uri = next,
                None => break,
            }
        }
        let distinct: std::collections::BTreeSet<_> = seen.iter().collect();
        assert_eq!((seen.len(), distinct.len()), (1000, 1000), "{format}");
    }
}

/// Whether the document is well-formed XML without forbidden characters.
fn well_formed(text: &str) -> bool {
    let mut reader = quick_xml::Reader::from_str(text);
    let allowed = safe_html::xml_chars::find_forbidden_char(text).is_none();
    loop {
        match reader.read_event() {
            Ok(quick_xml::events::Event::Eof) => return allowed,
            Ok(_) => {}
            Err(_) => return false,
        }
    }
}

/// Returns the path of the next page of a feed.
fn next(text: &str, format: &str) -> Option<String> {
    let address = if format == "json" {
        let page: serde_json::Value = serde_json::from_str(text).unwrap();
        page["next_url"].as_str()?.to_owned()
    } else {
        let before = text.split_once("rel=\"next\"")?.0;
        let href = before.rsplit_once("href=\"")?.1;
        href.split_once('"')?.0.replace("&amp;", "&")
    };
    Some(address.strip_prefix("http://127.0.0.1:8080").unwrap().to_owned())
}

#[tokio::test]
async fn a_feed_rejects_the_parameter_count() {
    let app = TestApp::new().await;
    let response = app.get("/feeds/articles.json?count=exact").await;
    response.problem(400, "unknown_parameter");
}

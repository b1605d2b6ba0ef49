//! Feeds, parsed by an independent library.

use crate::fixtures::strings::hostile_strings;
use crate::fixtures::xss::payloads;
use crate::harness::site::{article, comment, reply, set_status, site};
use crate::harness::{TestApp, patient};
use actix_web::http::header;
use actix_web::test::TestRequest;
use chrono::TimeDelta;
use feed_rs::model::Feed;
use feed_rs::parser;
use roundup::config::{CommentPolicy, Config};
use serde_json::json;

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

#[tokio::test]
async fn a_correction_shows_in_every_format_and_moves_updated() {
    let app = TestApp::new().await;
    let site = site(&app).await;
    let editor = app.key("admin").await;
    let feed = "/feeds/articles.json";
    let before = app.get(feed).await.json()["items"][0]["date_modified"].clone();
    app.state.clock().advance(TimeDelta::hours(1));
    let path = format!("/api/v1/admin/articles/{}", site.article);
    let note = "The <pier> is the eastern one.";
    let any = editor.clone().header("If-Match", "*");
    let patched = any.patch(&path, &json!({"corrections": [{"note": note}]})).await;
    assert_eq!(patched.status, 200, "{patched:?}");
    for format in FORMATS {
        let text = app.get(&format!("/feeds/articles.{format}")).await.text();
        let text = text.replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">");
        assert!(text.contains("Correction (2026-03-01):"), "{format}: {text}");
    }
    let item = app.get(feed).await.json()["items"][0].clone();
    assert_eq!(before, "2026-03-01T12:00:00Z");
    assert_eq!(item["date_modified"], "2026-03-01T13:00:00Z");
    assert!(item["content_html"].as_str().unwrap().contains("The &lt;pier&gt; is"), "{item}");
}

/// Returns when a feed was updated, and its entries' times.
fn updated(app_feed: &str) -> String {
    app_feed.split("<updated>").nth(1).unwrap().split('<').next().unwrap().to_owned()
}

#[tokio::test]
async fn updated_never_goes_back() {
    let app = TestApp::with(Config { comment_policy: CommentPolicy::Open, ..patient() }).await;
    let site = site(&app).await;
    let editor = app.key("admin").await.header("If-Match", "*");
    let feeds =
        ["/feeds/articles.atom", "/feeds/tags/bridges.atom", "/feeds/outlets/coast-radio.atom"];
    let times = async || {
        let mut times = Vec::new();
        for feed in feeds {
            times.push(updated(&app.get(feed).await.text()));
        }
        times
    };
    let other = article(&site.sql, "another", "published", "2014-12-04Z").await;
    site.sql
        .execute("update articles set updated_at = '2026-03-01T12:30:00Z' where id = $1", &[&other])
        .await
        .unwrap();
    let mut last = times().await;
    let path = format!("/api/v1/admin/articles/{other}");
    for (method, uri) in [
        ("PATCH", path.clone()),
        ("DELETE", path.clone()),
        ("POST", format!("{path}/restore")),
        ("DELETE", path.clone()),
        ("DELETE", format!("{path}?purge=true")),
    ] {
        app.state.clock().advance(TimeDelta::hours(1));
        let response = match method {
            "PATCH" => editor.patch(&uri, &json!({"dek": "Changed"})).await,
            _ => editor.call(method, &uri).await,
        };
        assert!(response.status.is_success(), "{method} {uri}: {response:?}");
        let now = times().await;
        assert!(
            now.iter().zip(&last).all(|(now, last)| now >= last),
            "{uri}: {last:?}, then {now:?}"
        );
        last = now;
    }
    assert!(last[0].starts_with("2026-03-01T17"), "{last:?}");
    let comments = || async { updated(&app.get("/feeds/comments.atom").await.text()) };
    let newest = site
        .sql
        .query_one("select max(id) from comments where status = 'approved'", &[])
        .await
        .unwrap();
    let newest: i64 = newest.get(0);
    let before = comments().await;
    let spam =
        editor.patch(&format!("/api/v1/admin/comments/{newest}"), &json!({"status": "spam"})).await;
    assert!(spam.status.is_success(), "{spam:?}");
    assert!(comments().await >= before);
}

#[tokio::test]
async fn urls_are_valid_and_readers_without_a_name_are_anonymous() {
    let app = TestApp::new().await;
    let site = site(&app).await;
    let update = "update links set url = 'https://example.com/a b|c' where role = 'lead'";
    site.sql.batch_execute(update).await.unwrap();
    for format in FORMATS {
        let text = app.get(&format!("/feeds/articles.{format}?link=source")).await.text();
        assert!(text.contains("https://example.com/a%20b%7Cc"), "{format}: {text}");
        let text = app.get(&format!("/feeds/comments.{format}")).await.text();
        assert!(text.contains("Anonymous on Harbour Bridge Reopens"), "{format}: {text}");
        assert!(!text.contains("<name>Roundup</name>"), "{format}: {text}");
    }
    // An import may have stored any text as the page of an author; a dek is no HTML.
    let update =
        "update comments set author_url = 'http://'; update articles set dek = 'A <b> & <?x'";
    site.sql.batch_execute(update).await.unwrap();
    let atom = app.get("/feeds/comments.atom").await.text();
    assert!(!atom.contains("<uri>"), "{atom}");
    let rss = app.get("/feeds/articles.rss").await.text();
    assert!(rss.contains("A &lt;b&gt; &amp; &lt;?x") && !rss.contains("A <b>"), "{rss}");
    // The link of the API stays as the editor wrote it.
    let one = app.get("/api/v1/articles/1").await.ok();
    assert_eq!(one["links"][0]["url"], "https://example.com/a b|c");
}

const WORDPRESS: &str = r#"<?xml version="1.0"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"
    xmlns:wp="http://wordpress.org/export/1.2/"><channel><title>Ferry notes</title><link>https://ferry.example</link>
    <wp:wxr_version>1.2</wp:wxr_version><item><title>Night ferry</title><link>https://ferry.example/night-ferry/</link>
    <guid isPermaLink="false">http://ferry.example/?p=71</guid><content:encoded>It sails.</content:encoded>
    <wp:post_id>71</wp:post_id><wp:post_date_gmt>2019-05-01 05:30:00</wp:post_date_gmt><wp:status>publish</wp:status>
    <wp:post_type>post</wp:post_type></item></channel></rss>"#;

const BLOGGER: &str = r#"<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Tolls</title>
    <id>tag:blogger.com,1999:blog-7.archive</id><generator uri="http://www.blogger.com">Blogger</generator>
    <entry><id>tag:blogger.com,1999:blog-7.post-72</id><published>2019-05-02T05:30:00Z</published>
    <category scheme="http://schemas.google.com/g/2005#kind" term="http://schemas.google.com/blogger/2008/kind#post"/>
    <title>Tolls rise</title><content type="html">By ten per cent.</content></entry></feed>"#;

const OLD_FEED: &str = r#"<?xml version="1.0"?><rss version="2.0"><channel><title>Pier</title><link>https://pier.example</link>
    <item><title>The pier</title><link>https://pier.example/a</link><guid>https://pier.example/a?old</guid>
    <description>It stands.</description></item>
    <item><title>Its lamps</title><link>https://pier.example/b</link><guid isPermaLink="false">lamp 5</guid>
    <description>They shine.</description></item></channel></rss>"#;

#[tokio::test]
async fn imported_articles_keep_the_ids_of_their_old_feeds() {
    let app = TestApp::new().await;
    for (name, text) in [("wxr.xml", WORDPRESS), ("blog.xml", BLOGGER), ("feed.xml", OLD_FEED)] {
        app.import(name, text).await;
    }
    let ids = |items: &serde_json::Value| -> Vec<(String, String)> {
        let text = |item: &serde_json::Value, name: &str| item[name].as_str().unwrap().to_owned();
        items.as_array().unwrap().iter().map(|one| (text(one, "title"), text(one, "id"))).collect()
    };
    let items = app.get("/feeds/articles.json").await.json()["items"].clone();
    let kept = [
        ("Night ferry", "http://ferry.example/?p=71"),
        ("Tolls rise", "tag:blogger.com,1999:blog-7.post-72"),
        ("The pier", "https://pier.example/a?old"),
    ];
    for (title, id) in kept {
        assert!(ids(&items).contains(&(title.to_owned(), id.to_owned())), "{title}: {items:#}");
        let atom = app.get("/feeds/articles.atom").await.text();
        assert!(atom.contains(&format!("<id>{id}</id>")), "{title}: {atom}");
        let rss = app.get("/feeds/articles.rss").await.text();
        assert!(
            rss.contains(&format!("<guid isPermaLink=\"false\">{id}</guid>")),
            "{title}: {rss}"
        );
    }
    // An id that is no URI can't be that of an entry.
    let lamps = ids(&items).into_iter().find(|(title, _)| title == "Its lamps").unwrap();
    assert!(lamps.1.starts_with("urn:uuid:"), "{lamps:?}");
}

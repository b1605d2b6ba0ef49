//! Paging through lists while rows come and go.

use crate::harness::TestApp;
use crate::harness::site::{article, comment, refresh};
use crate::harness::volume::{CITED, Volume, fill};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use serde_json::{Value, json};
use tokio_postgres::Client;

/// Every public list, in every order and with each filter that has its own query plan.
const LISTS: [&str; 26] = [
    "/api/v1/articles",
    "/api/v1/articles?sort=published_at",
    "/api/v1/articles?sort=-updated_at",
    "/api/v1/articles?sort=-comment_count",
    "/api/v1/articles?tag=tag-1",
    "/api/v1/articles?tag=tag-1,tag-2,tag-4",
    "/api/v1/articles?outlet=outlet-1",
    "/api/v1/articles?outlet=outlet-1&sort=published_at",
    "/api/v1/articles?domain=site-1.example",
    "/api/v1/articles?lang=en,de&author=Author+1,Author+2",
    "/api/v1/articles?published_before=2026-01-01T00:00:00Z&include=links",
    "/api/v1/articles/article-1/links",
    "/api/v1/articles/article-1/comments",
    "/api/v1/articles/article-1/comments?sort=newest",
    "/api/v1/comments",
    "/api/v1/links",
    "/api/v1/links?domain=site-1.example",
    "/api/v1/links?outlet=outlet-1",
    "/api/v1/links?outlet=outlet-1,outlet-2",
    "/api/v1/outlets",
    "/api/v1/outlets?sort=-link_count",
    "/api/v1/outlets?sort=-last_seen_at",
    "/api/v1/outlets/outlet-1/articles",
    "/api/v1/outlets/outlet-1/links",
    "/api/v1/tags",
    "/api/v1/tags?sort=-article_count",
];

async fn filled() -> (TestApp, Client) {
    let app = TestApp::new().await;
    let sql = app.sql().await;
    sql.batch_execute("truncate outlets cascade").await.unwrap();
    let volume = Volume { articles: 51, links_each: 45, outlets: 46, tags: 46, comments: 45 };
    fill(&sql, &volume).await;
    (app, sql)
}

fn with(uri: &str, more: &str) -> String {
    format!("{uri}{}{more}", if uri.contains('?') { '&' } else { '?' })
}

fn ids(page: &Value) -> Vec<i64> {
    page["items"].as_array().unwrap().iter().map(|item| item["id"].as_i64().unwrap()).collect()
}

/// Returns a page and compares its `Link` header with its cursors.
async fn page(app: &TestApp, uri: &str) -> Value {
    let response = app.get(uri).await;
    let links: Vec<String> =
        response.headers.get_all("link").map(|link| link.to_str().unwrap().to_owned()).collect();
    let page = response.ok();
    let mut expected = 0;
    for (relation, parameter) in [("next", "after"), ("prev", "before")] {
        if let Some(cursor) = page["page"][relation].as_str() {
            expected += 1;
            let mut fitting = links.iter().filter(|link| {
                link.ends_with(&format!(">; rel=\"{relation}\""))
                    && link.contains(&format!("{parameter}={cursor}>"))
            });
            assert!(fitting.next().is_some(), "{uri}: {links:?}");
        }
    }
    assert_eq!(links.len(), expected, "{uri}: {links:?}");
    page
}

/// Follows `next` to the end and returns all pages.
async fn walk(app: &TestApp, uri: &str, limit: usize) -> Vec<Value> {
    let uri = with(uri, &format!("limit={limit}"));
    let mut pages = vec![page(app, &uri).await];
    while let Some(next) = pages.last().unwrap()["page"]["next"].as_str() {
        let next = page(app, &with(&uri, &format!("after={next}"))).await;
        assert!(!ids(&next).is_empty(), "{uri}: `next` leads to an empty page");
        pages.push(next);
        assert!(pages.len() < 1000, "{uri}: no end");
    }
    pages
}

fn all(pages: &[Value]) -> Vec<i64> {
    pages.iter().flat_map(ids).collect()
}

#[track_caller]
fn assert_distinct(ids: &[i64], what: &str) {
    let mut sorted = ids.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(sorted.len(), ids.len(), "{what}: a row came twice: {ids:?}");
}

#[tokio::test]
async fn paging_forwards_and_backwards_returns_each_row_once() {
    let (app, _sql) = filled().await;
    for uri in LISTS {
        let counted = page(&app, &with(uri, "limit=1&count=exact")).await;
        let total = counted["page"]["total"].as_u64().unwrap();
        assert!(total >= 8, "{uri}: only {total} rows");
        let pages = walk(&app, uri, 7).await;
        let forward = all(&pages);
        assert_eq!(forward.len() as u64, total, "{uri}");
        assert_distinct(&forward, uri);
        assert_eq!(pages[0]["page"]["prev"], Value::Null, "{uri}");
        for pair in pages.windows(2) {
            assert_eq!(ids(&pair[0]).len(), 7, "{uri}");
            let before = pair[1]["page"]["prev"].as_str().unwrap();
            let back = page(&app, &with(uri, &format!("limit=7&before={before}"))).await;
            assert_eq!(ids(&back), ids(&pair[0]), "{uri}: `prev` leads elsewhere");
            let after = back["page"]["next"].as_str().unwrap();
            let again = page(&app, &with(uri, &format!("limit=7&after={after}"))).await;
            assert_eq!(ids(&again), ids(&pair[1]), "{uri}: back and forth");
        }
        let whole = all(&walk(&app, uri, 100).await);
        assert_eq!(whole, forward, "{uri}: the size of the pages changes the order");
    }
}

#[tokio::test]
async fn paging_through_citations_works_for_each_variant_of_a_url() {
    let (app, _sql) = filled().await;
    let mut found: Vec<Vec<i64>> = Vec::new();
    for url in [
        CITED,
        "http://site-1.example/cited",
        "https://m.site-1.example/cited?utm_campaign=a&fbclid=b#top",
        "HTTPS://SITE-1.example:443/cited",
    ] {
        let value: String = url::form_urlencoded::byte_serialize(url.as_bytes()).collect();
        let uri = format!("/api/v1/links?url={value}");
        let pages = walk(&app, &uri, 20).await;
        assert!(pages[0]["items"][0]["url"] == CITED, "the address is not as it was written");
        found.push(all(&pages));
    }
    assert!(found[0].len() > 100);
    assert!(found.windows(2).all(|pair| pair[0] == pair[1]), "{found:?}");
    for nobody in ["https%3A%2F%2Fsite-1.example%2Fother", "no+address", "mailto%3Aa%40b.example"] {
        let page = app.get(&format!("/api/v1/links?url={nobody}")).await.ok();
        assert_eq!(page["items"], json!([]), "{nobody}");
    }
}

#[tokio::test]
async fn a_cursor_stays_valid_when_its_row_is_deleted() {
    let (app, sql) = filled().await;
    for uri in
        ["/api/v1/articles", "/api/v1/articles?tag=tag-1", "/api/v1/articles?sort=-updated_at"]
    {
        let before = all(&walk(&app, uri, 100).await);
        let first = page(&app, &with(uri, "limit=5")).await;
        let (shown, gone) = (ids(&first), [before[4], before[5], before[6]]);
        sql.execute("delete from articles where id = any ($1)", &[&gone.as_slice()]).await.unwrap();
        let next = first["page"]["next"].as_str().unwrap().to_owned();
        let second = page(&app, &with(uri, &format!("limit=100&after={next}"))).await;
        assert_eq!(ids(&second), before[7..], "{uri}");
        let prev = second["page"]["prev"].as_str().unwrap();
        let back = page(&app, &with(uri, &format!("limit=100&before={prev}"))).await;
        assert_eq!(ids(&back), shown[..4], "{uri}");
    }
}

#[tokio::test]
async fn an_empty_page_links_to_the_previous_one() {
    let (app, sql) = filled().await;
    let before = all(&walk(&app, "/api/v1/articles", 100).await);
    let first = page(&app, "/api/v1/articles?limit=5").await;
    let next = first["page"]["next"].as_str().unwrap();
    let gone = before[5..].to_vec();
    sql.execute("delete from articles where id = any ($1)", &[&gone]).await.unwrap();
    let empty = page(&app, &format!("/api/v1/articles?limit=5&after={next}")).await;
    assert_eq!((ids(&empty), &empty["page"]["next"]), (vec![], &Value::Null));
    let prev = empty["page"]["prev"].as_str().unwrap();
    let back = page(&app, &format!("/api/v1/articles?limit=5&before={prev}")).await;
    assert_eq!(ids(&back), before[..5]);
    assert_eq!(back["page"]["prev"], Value::Null);
}

#[tokio::test]
async fn rows_inserted_meanwhile_do_not_disturb_paging() {
    let (app, sql) = filled().await;
    let uri = "/api/v1/articles";
    let stood = all(&walk(&app, uri, 100).await);
    let mut pages = vec![page(&app, "/api/v1/articles?limit=4").await];
    let times = ["2027-01-01Z", "2025-12-31 20:00Z", "2020-01-01Z"];
    while let Some(next) = pages.last().unwrap()["page"]["next"].as_str().map(str::to_owned) {
        for (n, time) in times.iter().enumerate() {
            let slug = format!("new-{}-{n}", pages.len());
            let id = article(&sql, &slug, "published", time).await;
            refresh(&sql, id).await;
        }
        if pages.len() > 20 {
            sql.execute("delete from articles where slug like 'new-%-2'", &[]).await.unwrap();
        }
        pages.push(page(&app, &format!("/api/v1/articles?limit=4&after={next}")).await);
        assert!(pages.len() < 60, "no end");
    }
    let seen = all(&pages);
    assert_distinct(&seen, uri);
    let still: Vec<i64> = seen.into_iter().filter(|id| stood.contains(id)).collect();
    assert_eq!(still, stood);
}

#[tokio::test]
async fn comments_posted_meanwhile_do_not_disturb_paging() {
    let (app, sql) = filled().await;
    let thread: i64 = sql.query_one("select min(id) from articles", &[]).await.unwrap().get(0);
    for sort in ["oldest", "newest"] {
        let uri = format!("/api/v1/articles/article-1/comments?sort={sort}");
        let stood = all(&walk(&app, &uri, 100).await);
        let mut pages = vec![page(&app, &format!("{uri}&limit=10")).await];
        for _ in 0..stood.len() / 10 {
            comment(&sql, thread, "approved", "New.").await;
            let parent = ids(&pages[0])[0];
            crate::harness::site::reply(&sql, parent, "approved", "New reply.").await;
            let next = pages.last().unwrap()["page"]["next"].as_str().unwrap().to_owned();
            pages.push(page(&app, &format!("{uri}&limit=10&after={next}")).await);
        }
        let seen = all(&pages);
        assert_distinct(&seen, &uri);
        let still = seen.into_iter().filter(|id| stood.contains(id)).count();
        assert!(still >= stood.len() - 10, "{uri}: {still} of {}", stood.len());
    }
}

#[tokio::test]
async fn a_cursor_of_another_list_is_rejected() {
    let (app, _sql) = filled().await;
    let mut cursors = Vec::new();
    for uri in LISTS {
        let page = page(&app, &with(uri, "limit=1")).await;
        cursors.push((uri, page["page"]["next"].as_str().unwrap().to_owned()));
    }
    // The same list at two URLs.
    let same = |a: &str, b: &str| {
        let plain = |uri: &str| {
            uri.replace("/outlets/outlet-1/articles", "/articles?outlet=outlet-1")
                .replace("/outlets/outlet-1/links", "/links?outlet=outlet-1")
        };
        plain(a) == plain(b)
    };
    for (uri, _) in &cursors {
        for (other, cursor) in &cursors {
            for parameter in ["after", "before"] {
                let response = app.get(&with(uri, &format!("{parameter}={cursor}"))).await;
                if same(uri, other) {
                    response.ok();
                    continue;
                }
                let problem = response.problem(400, "cursor_mismatch");
                assert_eq!(problem["errors"][0]["parameter"], parameter, "{uri} {other}");
            }
        }
    }
}

#[tokio::test]
async fn the_order_of_filters_does_not_invalidate_a_cursor() {
    let (app, _sql) = filled().await;
    for (one, other) in [
        ("/api/v1/articles?tag=tag-1,tag-2", "/api/v1/articles?tag=tag-2,,+tag-1,tag-1"),
        ("/api/v1/articles?outlet=outlet-1,outlet-2", "/api/v1/articles?outlet=outlet-2,outlet-1"),
        ("/api/v1/links?domain=site-1.example", "/api/v1/links?domain=WWW.site-1.example"),
    ] {
        let next = page(&app, &with(one, "limit=3")).await["page"]["next"].clone();
        let after = format!("limit=3&after={}", next.as_str().unwrap());
        assert_eq!(
            page(&app, &with(one, &after)).await["items"],
            page(&app, &with(other, &after)).await["items"]
        );
    }
}

#[tokio::test]
async fn a_forged_cursor_is_rejected() {
    let (app, _sql) = filled().await;
    for uri in LISTS {
        let page = page(&app, &with(uri, "limit=1")).await;
        let cursor = page["page"]["next"].as_str().unwrap();
        let mut real: Value = serde_json::from_slice(&BASE64.decode(cursor).unwrap()).unwrap();
        let mut bad: Vec<String> =
            ["", "x", "%20", "null", "bnVsbA", "W10", "e30", "%F0%9F%A6%80", "-_-_"]
                .map(String::from)
                .into();
        bad.push(cursor.chars().skip(5).collect());
        bad.push(cursor.to_uppercase());
        for key in [
            json!(null),
            json!(1),
            json!([]),
            json!([null, null]),
            json!([{}, 1]),
            json!([1.5, 1]),
            json!(["x"]),
            json!(["2026-01-01T00:00:00Z", 1, 2]),
            json!([-1]),
            json!([0]),
            json!(["2026-01-01T00:00:00Z", "1"]),
            json!(["a\0b", 1]),
            json!([1, 1e30]),
            json!(["+262142-01-01T00:00:00Z", 1]),
            json!(["-262142-01-01T00:00:00Z", 1]),
            json!([[1], 1]),
            json!({"k": 1}),
        ] {
            real["k"] = key;
            bad.push(BASE64.encode(real.to_string()));
        }
        for text in bad {
            for parameter in ["after", "before"] {
                let response = app.get(&with(uri, &format!("{parameter}={text}"))).await;
                // Some of these cursors fit some lists; the others must be rejected.
                if response.status == 200 {
                    assert!(text.len() > 20, "{uri}: {text} was taken");
                    continue;
                }
                let shown = BASE64.decode(&text).map(|b| String::from_utf8_lossy(&b).into_owned());
                assert_eq!(
                    response.status,
                    400,
                    "{uri}: {parameter}={shown:?}: {}",
                    response.text()
                );
                let problem = response.json();
                assert_eq!(problem["code"], "bad_cursor", "{uri}: {shown:?}: {problem}");
                assert_eq!(problem["errors"][0]["parameter"], parameter, "{uri}: {problem}");
            }
        }
        let both = app.get(&with(uri, &format!("after={cursor}&before={cursor}"))).await;
        both.problem(400, "bad_parameter");
    }
}

#[tokio::test]
async fn a_total_is_counted_only_on_request() {
    let (app, sql) = filled().await;
    let published = "select count(*) from articles where status = 'published'";
    let published: i64 = sql.query_one(published, &[]).await.unwrap().get(0);
    let total = async |uri: &str| app.get(uri).await.ok()["page"]["total"].clone();
    assert_eq!(total("/api/v1/articles?limit=1").await, Value::Null);
    assert_eq!(total("/api/v1/articles?limit=1&count=exact").await, published);
    let estimated = total("/api/v1/articles?limit=1&count=estimated").await.as_i64().unwrap();
    assert!((published - 5..=published + 5).contains(&estimated), "{estimated}");
    let replies = app.get("/api/v1/comments/1?count=exact&limit=1").await.ok();
    assert_eq!(replies["replies"]["page"]["total"], 4);
    for uri in LISTS {
        let estimated = total(&with(uri, "count=estimated")).await;
        assert!(estimated.as_i64().is_some_and(|n| n >= 0), "{uri}: {estimated}");
    }
    let wrong = app.get("/api/v1/articles?count=yes").await.problem(400, "bad_parameter");
    assert_eq!(wrong["errors"][0]["parameter"], "count");
}

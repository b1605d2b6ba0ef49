//! Related articles and neighbours.

use crate::harness::TestApp;
use serde_json::Value;

/// Creates five articles on one day, and one a year later.
const SITE: &str = "
    insert into articles (id, slug, status, headline, published_at, created_at, updated_at)
    select n, 's' || n, 'published', h, '2020-01-01Z'::timestamptz + n * interval '1 hour', now(), now()
    from unnest(array['Bridge reopens', 'Ferries stop', 'Council votes', 'Weather', 'Bridge reopens to lorries'])
        with ordinality x (h, n);
    insert into articles (id, slug, status, headline, published_at, created_at, updated_at)
    values (6, 's6', 'published', 'A year later', '2021-01-01Z', now(), now()),
           (7, 's7', 'draft', 'Bridge reopens again', '2020-01-01Z', now(), now());
    insert into outlets (id, slug, name, created_at, updated_at)
    select 1000000 + n, 'o' || n, 'Outlet ' || n, now(), now() from generate_series(1, 3) n;
    insert into links (id, article_id, role, position, title, url, url_hash)
    select n, a, 'more', n, 'Source ' || n, 'https://example.org/' || h, sha256(h::bytea)
    from (values (1, 1, 'x'), (2, 2, 'x'), (3, 1, 'y'), (4, 2, 'y'), (5, 3, 'x'), (6, 6, 'x'), (7, 7, 'x'))
        as l (n, a, h);
    insert into link_credits (link_id, position, outlet_id) values (1, 0, 1000001), (5, 0, 1000001);
    insert into tags (id, slug, name, created_at) values (1, 'port', 'Port', now());
    insert into article_tags (article_id, tag_id, position) values (1, 1, 0), (4, 1, 0);
    select refresh_articles(array[1, 2, 3, 4, 5, 6, 7]);";

async fn site() -> TestApp {
    let app = TestApp::new().await;
    app.sql().await.batch_execute(SITE).await.unwrap();
    app
}

fn ids(page: &Value) -> Vec<i64> {
    let items = page["items"].as_array().unwrap();
    items.iter().map(|item| item["article"]["id"].as_i64().unwrap()).collect()
}

/// Returns the reasons for an article, such as `shared_links 2`.
fn reasons(page: &Value, id: i64) -> Vec<String> {
    let items = page["items"].as_array().unwrap();
    let item = items.iter().find(|item| item["article"]["id"] == id).unwrap();
    let reasons = item["reasons"].as_array().unwrap().iter();
    reasons.map(|r| format!("{} {}", r["kind"].as_str().unwrap(), r["count"])).collect()
}

#[tokio::test]
async fn related_articles_have_reasons() {
    let app = site().await;
    let page = app.get("/api/v1/articles/1/related").await.ok();
    assert_eq!(ids(&page)[0], 2, "{page:#}");
    assert_eq!(reasons(&page, 2), ["shared_links 2"]);
    assert_eq!(reasons(&page, 3), ["shared_links 1", "shared_outlets 1"]);
    assert_eq!(reasons(&page, 4), ["shared_tags 1"]);
    assert_eq!(reasons(&page, 5), ["shared_words 2"]);
    assert_eq!(ids(&page).len(), 4, "neither itself, nor the draft, nor next year's");
    let first = &page["items"][0]["reasons"][0]["links"];
    assert_eq!(first[0]["url"], "https://example.org/x");
    assert_eq!(first[1]["title"], "Source 4");
    let scores: Vec<f64> =
        page["items"].as_array().unwrap().iter().map(|i| i["score"].as_f64().unwrap()).collect();
    assert!(scores.is_sorted_by(|a, b| a >= b), "{scores:?}");
    let wide = app.get("/api/v1/articles/1/related?days=400").await.ok();
    assert!(ids(&wide).contains(&6));
}

#[tokio::test]
async fn related_articles_are_paged_and_can_be_included() {
    let app = site().await;
    let all = ids(&app.get("/api/v1/articles/s1/related").await.ok());
    let first = app.get("/api/v1/articles/1/related?limit=3").await.ok();
    let next = first["page"]["next"].as_str().unwrap();
    let rest = app.get(&format!("/api/v1/articles/1/related?limit=3&after={next}")).await.ok();
    assert_eq!([ids(&first), ids(&rest)].concat(), all);
    let article = app.get("/api/v1/articles/1?include=related").await.ok();
    assert_eq!(ids(&article["related"]), all);
    assert!(app.get("/api/v1/articles/1").await.ok().get("related").is_none());
    let short = app.get("/api/v1/articles/1/related?limit=1&fields=article.id,score").await.ok();
    let item = short["items"][0].as_object().unwrap();
    let names: Vec<_> = item.keys().map(String::as_str).collect();
    assert_eq!((names, item["article"]["id"].as_i64()), (vec!["article", "score"], Some(2)));
    app.get("/api/v1/articles/1/related?days=0").await.problem(400, "bad_parameter");
    app.get("/api/v1/articles/7/related").await.problem(404, "not_found");
}

#[tokio::test]
async fn an_article_links_to_the_previous_and_next() {
    let app = site().await;
    let around = async |id: i64| {
        let found = app.get(&format!("/api/v1/articles/{id}/adjacent")).await.ok();
        (found["previous"]["id"].as_i64(), found["next"]["id"].as_i64())
    };
    assert_eq!(around(1).await, (None, Some(2)));
    assert_eq!(around(3).await, (Some(2), Some(4)));
    assert_eq!(around(6).await, (Some(5), None));
    app.get("/api/v1/articles/7/adjacent").await.problem(404, "not_found");
}

#[tokio::test]
async fn related_articles_scan_no_table() {
    let app = TestApp::new().await;
    let sql = app.sql().await;
    sql.batch_execute(
        "insert into articles (id, slug, status, headline, published_at, created_at, updated_at)
         select n, 's' || n, 'published', 'Word' || n % 700 || ' bridge' || n % 900 || ' end' || n,
             '2015-01-01Z'::timestamptz + n * interval '3 hours', now(), now() from generate_series(1, 10000) n;
         insert into links (article_id, role, position, title, url, url_hash)
         select n, 'more', k, 'Title ' || n * k, 'https://example.org/' || n * k, sha256((n * k % 9000)::text::bytea)
         from generate_series(1, 10000) n, generate_series(1, 3) k;
         insert into link_credits (link_id, position, outlet_id)
         select l.id, 0, (select min(id) from outlets) + l.id % 400 from links l;
         insert into tags (id, slug, name, created_at) select n, 't' || n, 'T' || n, now() from generate_series(1, 100) n;
         insert into article_tags (article_id, tag_id, position) select n, 1 + n % 100, 0 from generate_series(1, 10000) n;
         select refresh_articles(array_agg(id)) from articles",
    )
    .await
    .unwrap();
    app.index_changes().await;
    sql.batch_execute("analyze").await.unwrap();
    let statement = include_str!("../../src/public/related/related.sql")
        .replace("$1", "5000::bigint")
        .replace("$2", "30")
        .replace("$3", "100");
    let rows = sql.query(&format!("explain {statement}"), &[]).await.unwrap();
    let plan: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    for table in ["articles", "links", "article_outlets", "article_tags", "search_documents"] {
        let scan = format!("Seq Scan on {table} ");
        assert!(!plan.iter().any(|line| line.contains(&scan)), "{table}: {}", plan.join("\n"));
    }
    assert!(!ids(&app.get("/api/v1/articles/5000/related").await.ok()).is_empty());
}

//! Search: matches, ranking, highlights and cost.

use crate::harness::TestApp;
use serde_json::Value;

/// An application with a few articles, links and comments.
const SITE: &str = "
    insert into articles (id, slug, status, headline, dek, lang, quote_html, commentary_html,
        published_at, created_at, updated_at)
    values
    (1, 'a', 'published', 'Iran Attacked Islamic State Forces', 'A café society', null,
        '<p>Jets <em>launched</em> strikes &amp; left.</p>', null, '2014-12-01Z', now(), now()),
    (2, 'b', 'published', 'Die Häuser von Köln', null, 'de-AT', null,
        '<p>Über die Städte</p>', '2014-12-02Z', now(), now()),
    (3, 'c', 'draft', 'Iran draft', null, null, null, null, null, now(), now()),
    (4, 'd', 'published', 'Universities <script>alert(1)</script> & co', null, 'en', null, null,
        '2015-01-01Z', now(), now());
    insert into links (id, article_id, role, position, title, credit, url, domain)
    values (1, 1, 'lead', 0, 'Airstrikes in Iraq', 'Ian Black, The Guardian', 'https://example.org/a', 'example.org'),
           (2, 3, 'lead', 0, 'Airstrikes of a draft', null, null, null),
           (3, 4, 'more', 1, 'Tehran and its universities', 'Reuters', null, null);
    insert into link_credits (link_id, position, outlet_id) select 3, 0, id from outlets where slug = 'reuters';
    insert into tags (id, slug, name, created_at) values (1, 'iraq', 'Iraq', now());
    insert into article_tags (article_id, tag_id, position) values (1, 1, 0);
    insert into comments (id, article_id, root_id, depth, path, status, text, html, listed_at)
    values (1, 1, 1, 0, '\\x0000000000000001', 'approved', 'Strikes again', '<p>Strikes again</p>', now()),
           (2, 1, 2, 0, '\\x0000000000000002', 'spam', 'Strikes spam', '<p>Strikes spam</p>', now());
    select refresh_articles(array[1, 2, 3, 4]);";

async fn site() -> TestApp {
    let app = TestApp::new().await;
    app.sql().await.batch_execute(SITE).await.unwrap();
    app
}

/// Returns the results, such as `article 1`.
async fn found(app: &TestApp, query: &str) -> Vec<String> {
    let page = app.get(&format!("/api/v1/search?{query}")).await.ok();
    page["items"].as_array().unwrap().iter().map(name).collect()
}

fn name(item: &Value) -> String {
    let kind = item["type"].as_str().unwrap();
    format!("{kind} {}", item[kind]["id"])
}

#[tokio::test]
async fn results_are_ordered_by_the_weight_of_the_matched_field() {
    let app = site().await;
    assert_eq!(found(&app, "q=iran").await, ["article 1"]);
    assert_eq!(found(&app, "q=airstrike").await, ["link 1"]);
    assert_eq!(found(&app, "q=guardian").await, ["link 1"]);
    assert_eq!(found(&app, "q=strike").await, ["article 1", "comment 1"]);
    assert_eq!(found(&app, "q=launching").await, ["article 1"], "the quote, by its stem");
    assert_eq!(found(&app, "q=iran+or+airstrike").await.len(), 2);
    assert_eq!(found(&app, "q=%22islamic+state%22+-launched").await, [""; 0]);
    assert_eq!(found(&app, "q=%22islamic+state%22").await, ["article 1"]);
}

#[tokio::test]
async fn words_are_stemmed_by_language_and_accents_ignored() {
    let app = site().await;
    for q in ["cafe", "caf%C3%A9", "haus", "H%C3%A4user", "hauser", "koln", "stadt"] {
        assert_eq!(found(&app, &format!("q={q}")).await.len(), 1, "{q}");
    }
    assert_eq!(found(&app, "q=haus&lang=de-AT").await, ["article 2"]);
    assert_eq!(found(&app, "q=haus&lang=en").await, [""; 0]);
}

#[tokio::test]
async fn a_word_prefix_matches() {
    let app = site().await;
    for typed in ["univ", "universi", "universit", "universitie", "universities", "%3C+universit"] {
        let found = found(&app, &format!("q={typed}&prefix=true")).await;
        assert_eq!(found, ["article 4", "link 3"], "{typed}");
    }
    assert_eq!(found(&app, "q=universit").await, [""; 0]);
    assert_eq!(found(&app, "q=iran+att&prefix=true").await, ["article 1"]);
    let page = app.get("/api/v1/search?q=universit&prefix=true&type=link").await.ok();
    let title = &page["items"][0]["highlight"]["title"];
    assert_eq!(title, "Tehran and its <mark>universities</mark>");
}

#[tokio::test]
async fn highlights_are_safe_html() {
    let app = site().await;
    let page = app.get("/api/v1/search?q=universities&type=article").await.ok();
    let highlight = &page["items"][0]["highlight"];
    let safe = "<mark>Universities</mark> &lt;script&gt;alert(1)&lt;/script&gt; &amp; co";
    assert_eq!(highlight["headline"], safe);
    let page = app.get("/api/v1/search?q=cafe+launch").await.ok();
    let highlight = &page["items"][0]["highlight"];
    assert_eq!(highlight["dek"], "A <mark>café</mark> society");
    assert_eq!(highlight["quote"], "Jets <mark>launched</mark> strikes &amp; left.");
    assert_eq!(highlight["headline"], Value::Null);
}

#[tokio::test]
async fn a_query_without_words_is_empty() {
    let app = site().await;
    for q in [
        "",
        "the",
        "the+and+of",
        "%21%21%21",
        "-iran",
        "%22%22",
        "%27",
        "%5C",
        "or",
        "%3A*%26%7C%28",
    ] {
        assert_eq!(found(&app, &format!("q={q}")).await, [""; 0], "{q}");
        let page = app.get(&format!("/api/v1/search?q={q}&prefix=true&count=exact")).await.ok();
        assert!(page["page"]["total"].is_i64(), "{q}: {page}");
    }
}

#[tokio::test]
async fn an_invalid_query_is_rejected_with_its_parameter() {
    let app = site().await;
    let problem = app.get("/api/v1/search").await.problem(400, "bad_parameter");
    assert_eq!(problem["errors"][0]["parameter"], "q");
    for long in [501, 10_000] {
        let uri = format!("/api/v1/search?q={}", "a".repeat(long));
        let problem = app.get(&uri).await.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["parameter"], "q");
        let uri = uri.replace("search", "articles");
        assert_eq!(app.get(&uri).await.problem(422, "invalid")["errors"][0]["parameter"], "q");
    }
    app.get("/api/v1/search?q=a&type=outlet").await.problem(400, "bad_parameter");
    app.get("/api/v1/search?q=a&published_after=x").await.problem(400, "bad_parameter");
    app.get("/api/v1/articles?sort=relevance").await.problem(400, "bad_parameter");
}

#[tokio::test]
async fn results_can_be_filtered() {
    let app = site().await;
    for (query, expected) in [
        ("q=universities&outlet=reuters", vec!["article 4", "link 3"]),
        ("q=airstrikes&outlet=reuters", vec![]),
        ("q=airstrikes&tag=iraq", vec!["link 1"]),
        ("q=universities&tag=iraq", vec![]),
        ("q=strike&type=comment", vec!["comment 1"]),
        ("q=strike&type=comment,link", vec!["comment 1"]),
        ("q=iran&published_after=2014-12-01", vec!["article 1"]),
        ("q=iran&published_before=2014-12-01", vec![]),
    ] {
        assert_eq!(found(&app, query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn paging_by_rank_returns_each_match_once() {
    let app = TestApp::new().await;
    let sql = app.sql().await;
    sql.batch_execute(
        "insert into articles (id, slug, status, headline, dek, published_at, created_at, updated_at)
         select n, 's' || n, 'published', repeat('bridge ', 1 + n % 3) || n,
             case when n % 2 = 0 then 'a bridge' end, '2020-01-01Z'::timestamptz + n / 5 * interval '1 day', now(), now()
         from generate_series(1, 57) n",
    )
    .await
    .unwrap();
    let whole = found(&app, "q=bridge&limit=100").await;
    assert_eq!(whole.len(), 57);
    let (mut walked, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = app.get(&format!("/api/v1/search?q=bridge&limit=10{cursor}")).await.ok();
        let items = page["items"].as_array().unwrap();
        walked.extend(items.iter().map(name));
        if let Some(next) = page["page"]["next"].as_str() {
            cursor = format!("&after={next}");
            continue;
        }
        let before = page["page"]["prev"].as_str().unwrap();
        let page = format!("/api/v1/search?q=bridge&limit=10&before={before}");
        let back = app.get(&page).await.ok();
        let names: Vec<_> = back["items"].as_array().unwrap().iter().map(name).collect();
        assert_eq!(names, whole[40..50]);
        break;
    }
    assert_eq!(walked, whole);
    let page = app.get("/api/v1/search?q=bridge&limit=1&count=exact").await.ok();
    assert_eq!(page["page"]["total"], 57);
    let next = page["page"]["next"].as_str().unwrap().to_owned();
    let other = format!("/api/v1/search?q=bridges&after={next}");
    app.get(&other).await.problem(400, "cursor_mismatch");
}

#[tokio::test]
async fn only_what_is_public_is_found() {
    let app = site().await;
    let sql = app.sql().await;
    assert_eq!(found(&app, "q=draft").await, [""; 0]);
    assert_eq!(found(&app, "q=spam").await, [""; 0]);
    sql.batch_execute(
        "update articles set status = 'published', published_at = now() where id = 3",
    )
    .await
    .unwrap();
    assert_eq!(found(&app, "q=draft").await, ["article 3", "link 2"]);
    sql.batch_execute("update comments set status = 'approved' where id = 2").await.unwrap();
    assert_eq!(found(&app, "q=spam").await, ["comment 2"]);
    sql.batch_execute("update articles set status = 'archived' where id in (1, 3)").await.unwrap();
    for q in ["draft", "spam", "strike", "airstrikes"] {
        assert_eq!(found(&app, &format!("q={q}")).await, [""; 0], "{q}");
    }
    sql.batch_execute("update articles set status = 'published', lang = 'de' where id = 1")
        .await
        .unwrap();
    assert_eq!(found(&app, "q=guardian&lang=de").await, ["link 1"]);
    sql.batch_execute("delete from links where id = 1; delete from articles where id = 1")
        .await
        .unwrap();
    let left = "select count(*) from search_documents where article_id = 1";
    assert_eq!(sql.query_one(left, &[]).await.unwrap().get::<_, i64>(0), 0);
}

#[tokio::test]
async fn the_article_list_can_be_searched() {
    let app = site().await;
    let ids = async |query: &str| -> Vec<i64> {
        let page = app.get(&format!("/api/v1/articles?{query}")).await.ok();
        page["items"].as_array().unwrap().iter().map(|i| i["id"].as_i64().unwrap()).collect()
    };
    assert_eq!(ids("q=airstrikes").await, [1], "by the title of a link");
    assert_eq!(ids("q=iran+or+tehran+or+haus").await, [4, 2, 1]);
    assert_eq!(ids("q=iran+or+tehran+or+haus&sort=published_at").await, [1, 2, 4]);
    assert_eq!(ids("q=universities&sort=relevance&count=exact").await, [4]);
    assert_eq!(ids("q=iran+or+tehran&sort=relevance&tag=iraq").await, [1]);
    assert_eq!(ids("q=iran+or+tehran&sort=relevance&outlet=reuters").await, [4]);
    assert_eq!(ids("q=the").await, [0_i64; 0]);
    let page = app.get("/api/v1/articles?q=iran+or+tehran&sort=relevance&limit=1").await.ok();
    let next = page["page"]["next"].as_str().unwrap();
    let rest = ids(&format!("q=iran+or+tehran&sort=relevance&limit=1&after={next}")).await;
    assert_ne!(page["items"][0]["id"].as_i64(), rest.first().copied());
    assert_eq!(rest.len(), 1);
}

#[tokio::test]
async fn a_search_uses_an_index() {
    let app = TestApp::new().await;
    let sql = app.sql().await;
    sql.batch_execute(
        "insert into articles (id, slug, status, headline, published_at, created_at, updated_at)
         select n, 's' || n, 'published', 'word' || n || ' bridge' || n % 100, '2020-01-01Z', now(), now()
         from generate_series(1, 20000) n",
    )
    .await
    .unwrap();
    app.index_changes().await;
    sql.batch_execute("analyze").await.unwrap();
    for statement in [
        "select m.id from search_match('word77', '') m order by m.rank desc limit 21",
        "select m.id from search_match('', 'word777') m order by m.rank desc limit 21",
        "select a.id from articles a where a.status = 'published' and a.id = any (array
            (select m.article_id from search_match('bridge7', '') m)) order by a.published_at limit 21",
    ] {
        let rows = sql.query(&format!("explain {statement}"), &[]).await.unwrap();
        let plan: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        let plan = plan.join("\n");
        let scans = plan.replace("Seq Scan on search_languages", "");
        assert!(!scans.contains("Seq Scan"), "{statement}: {plan}");
        assert!(plan.contains("search_documents_tsv_idx"), "{statement}: {plan}");
    }
}

#[tokio::test]
async fn a_database_restored_from_a_dump_is_indexed_on() {
    let app = TestApp::new().await;
    let sql = app.sql().await;
    // The transaction ids of the database that was dumped were higher.
    let restored = "update search_progress set done = '99000000000:99000000000:';
        insert into changes (xid, kind, object_id, article_id) values ('98000000000', 'article', 1, 1);
        insert into articles (slug, status, headline, published_at, created_at, updated_at)
        values ('zebra', 'published', 'Zebra', now(), now(), now())";
    sql.batch_execute(restored).await.unwrap();
    let page = app.get("/api/v1/search?q=zebra").await.ok();
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn more_changes_than_a_batch_are_indexed() {
    let app = TestApp::new().await;
    let many = "insert into articles (slug, status, headline, published_at, created_at, updated_at)
        select 'z' || n, 'published', 'Zebra', now(), now(), now() from generate_series(1, 1203) n";
    app.sql().await.batch_execute(many).await.unwrap();
    let page = app.get("/api/v1/search?q=zebra&count=exact").await.ok();
    assert_eq!(page["page"]["total"], 1203);
}

#[tokio::test]
async fn what_was_unpublished_is_not_shown_before_the_index_knows() {
    let app = TestApp::new().await;
    let sql = app.sql().await;
    let write =
        "insert into articles (slug, status, headline, published_at, created_at, updated_at)
        values ('zebra', 'published', 'Zebra', now(), now(), now())";
    sql.batch_execute(write).await.unwrap();
    let uri = "/api/v1/search?q=zebra";
    assert_eq!(app.get(uri).await.ok()["items"].as_array().unwrap().len(), 1);
    sql.batch_execute("update articles set status = 'archived'").await.unwrap();
    // Not by `get`, which would index before.
    assert_eq!(app.call("GET", uri).await.ok()["items"].as_array().unwrap().len(), 0);
}

#[tokio::test]
async fn a_name_that_matched_is_highlighted() {
    let app = TestApp::new().await;
    let sample = crate::harness::site::site(&app).await;
    sample.sql.batch_execute("update articles set author_name = 'Zora Quill'").await.unwrap();
    let found = app.get("/api/v1/search?q=quill&type=article").await.ok();
    assert_eq!(found["items"][0]["highlight"]["author"], "Zora <mark>Quill</mark>");
    let found = app.get("/api/v1/search?q=reader&type=comment").await.ok();
    assert_eq!(found["items"][0]["highlight"]["author"], "<mark>Reader</mark>");
    let found = app.get("/api/v1/search?q=%22more%20news%22&type=article").await.ok();
    assert!(found["items"][0]["highlight"]["links_heading"].is_string(), "{found}");
}

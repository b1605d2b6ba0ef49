//! The query plans of every list on a large site, as `auto_explain` logs them.

use crate::harness::TestApp;
use crate::harness::db::{self, Logged};
use crate::harness::volume::{Volume, fill};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use futures_util::future::join_all;
use roundup::config::Config;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use tokio_postgres::SimpleQueryMessage;

/// Large tables, which no list may scan.
const LARGE: [&str; 6] =
    ["articles", "links", "link_credits", "article_outlets", "article_tags", "comments"];

/// The order of a list, which determines a cursor behind its last row.
#[derive(Clone, Copy)]
enum Order {
    Latest,
    Earliest,
    Most,
    Name,
    Oldest,
    Newest,
}

impl Order {
    fn behind(self) -> Value {
        match self {
            Self::Latest => json!(["1000-01-01T00:00:00Z", 1]),
            Self::Earliest => json!(["3000-01-01T00:00:00Z", 1]),
            Self::Most => json!([-1, 1]),
            Self::Name => json!(["\u{10ffff}", 1]),
            Self::Oldest => json!([1_i64 << 52]),
            Self::Newest => json!([1, 1_i64 << 52]),
        }
    }
}

const LISTS: [(&str, Order); 20] = [
    ("/api/v1/articles", Order::Latest),
    ("/api/v1/articles?sort=published_at", Order::Earliest),
    ("/api/v1/articles?sort=-updated_at", Order::Latest),
    ("/api/v1/articles?sort=-comment_count", Order::Most),
    ("/api/v1/articles?tag=tag-1", Order::Latest),
    ("/api/v1/articles?lang=en", Order::Latest),
    ("/api/v1/articles?author=Author+1", Order::Latest),
    ("/api/v1/articles?outlet=outlet-1", Order::Latest),
    ("/api/v1/outlets/outlet-1/articles", Order::Latest),
    ("/api/v1/links", Order::Latest),
    ("/api/v1/links?url=https%3A%2F%2Fsite-1.example%2Fcited", Order::Latest),
    ("/api/v1/links?domain=site-1.example", Order::Latest),
    ("/api/v1/links?outlet=outlet-1", Order::Latest),
    ("/api/v1/outlets", Order::Name),
    ("/api/v1/outlets?sort=-link_count", Order::Most),
    ("/api/v1/outlets?sort=-last_seen_at", Order::Latest),
    ("/api/v1/tags", Order::Name),
    ("/api/v1/tags?sort=-article_count", Order::Most),
    ("/api/v1/articles/article-1/comments", Order::Oldest),
    ("/api/v1/articles/article-1/comments?sort=newest", Order::Newest),
];

/// A statement with its plan.
struct Plan {
    query: String,
    root: Value,
}

impl Plan {
    fn buffers(&self) -> i64 {
        let of = |name: &str| self.root[name].as_i64().unwrap_or_default();
        of("Shared Hit Blocks") + of("Shared Read Blocks")
    }

    /// Returns its faults: a scan of a large table, or a sort of more rows than a page has.
    fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        visit(&self.root, &mut |node| {
            let kind = node["Node Type"].as_str().unwrap_or_default();
            let table = node["Relation Name"].as_str().unwrap_or_default();
            let rows = node["Actual Rows"].as_f64().unwrap_or_default();
            let removed = node["Rows Removed by Filter"].as_f64().unwrap_or_default();
            if kind == "Seq Scan" && LARGE.contains(&table) {
                faults.push(format!("Seq Scan on {table}"));
            }
            if kind.contains("Sort") && rows > 700.0 {
                faults.push(format!("{kind} of {rows} rows"));
            }
            if removed * node["Actual Loops"].as_f64().unwrap_or(1.0) > 500.0 {
                faults.push(format!("{kind} on {table} throws {removed} rows away"));
            }
        });
        faults
    }
}

fn visit(node: &Value, look: &mut impl FnMut(&Value)) {
    look(node);
    for child in node["Plans"].as_array().into_iter().flatten() {
        visit(child, look);
    }
}

/// The application on a filled database, and the log with the plan of each of its statements.
async fn explained() -> (TestApp, Logged) {
    let database = Logged::new().await;
    let sql = db::client(&database.target).await;
    let volume =
        Volume { articles: 20_000, links_each: 3, outlets: 3000, tags: 2000, comments: 20_000 };
    sql.batch_execute("truncate outlets cascade").await.unwrap();
    fill(&sql, &volume).await;
    let name: String = sql.query_one("select current_database()::text", &[]).await.unwrap().get(0);
    // One of PostgreSQL's contrib modules.
    sql.batch_execute("load 'auto_explain'").await.unwrap();
    for setting in [
        "session_preload_libraries = auto_explain",
        "auto_explain.log_min_duration = 0",
        "auto_explain.log_analyze = on",
        "auto_explain.log_buffers = on",
        "auto_explain.log_timing = off",
        "auto_explain.log_format = json",
        "auto_explain.log_level = log",
    ] {
        sql.batch_execute(&format!("alter database {name} set {setting}")).await.unwrap();
    }
    (TestApp::on(database.target.clone(), Config::defaults().unwrap()).await, database)
}

/// Returns the plans in the log from the offset `from` on.
fn plans(log: &Path, from: u64) -> Vec<Plan> {
    use std::io::{Read as _, Seek as _};
    let mut file = std::fs::File::open(log).unwrap();
    file.seek(std::io::SeekFrom::Start(from)).unwrap();
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    let mut plans = Vec::new();
    for part in text.split("plan:\n").skip(1) {
        let mut values = serde_json::Deserializer::from_str(part).into_iter::<Value>();
        if let Some(Ok(value)) = values.next() {
            let query = value["Query Text"].as_str().unwrap_or_default().to_owned();
            plans.push(Plan { query, root: value["Plan"].clone() });
        }
    }
    plans
}

fn with(uri: &str, more: &str) -> String {
    format!("{uri}{}{more}", if uri.contains('?') { '&' } else { '?' })
}

/// Returns the URL of a list's last page.
async fn last_page(app: &TestApp, uri: &str, order: Order) -> String {
    let cursor = |page: &Value, relation: &str| page["page"][relation].as_str().unwrap().to_owned();
    let first = app.get(uri).await.ok();
    let bytes = BASE64.decode(cursor(&first, "next")).unwrap();
    let mut end: Value = serde_json::from_slice(&bytes).unwrap();
    end["k"] = order.behind();
    let end = BASE64.encode(end.to_string());
    let last = app.get(&with(uri, &format!("before={end}"))).await.ok();
    assert_eq!(last["items"].as_array().unwrap().len(), 20, "{uri}");
    let before = with(uri, &format!("before={}", cursor(&last, "prev")));
    let after = cursor(&app.get(&before).await.ok(), "next");
    with(uri, &format!("after={after}"))
}

/// Returns the plans of the statements of one request.
async fn asked(app: &TestApp, log: &Path, uri: &str) -> Vec<Plan> {
    let from = std::fs::metadata(log).unwrap().len();
    app.get(uri).await.ok();
    let own = plans(log, from);
    assert!(!own.is_empty(), "{uri}: nothing was logged");
    own
}

fn check(uri: &str, plans: &[Plan], faults: &mut BTreeSet<String>) {
    for plan in plans {
        for fault in plan.faults() {
            faults.insert(format!("{uri}: {fault}: {}", plan.query));
        }
    }
}

#[tokio::test]
async fn the_last_page_costs_what_the_first_does() {
    let (app, database) = explained().await;
    let log = &database.log;
    let mut faults = BTreeSet::new();
    for (uri, order) in LISTS {
        let last = last_page(&app, uri, order).await;
        let first = asked(&app, log, uri).await;
        let last = asked(&app, log, &last).await;
        check(uri, &first, &mut faults);
        check(&format!("{uri} (last page)"), &last, &mut faults);
        let cost = |plans: &[Plan]| plans.iter().map(Plan::buffers).sum::<i64>();
        let (first, last) = (cost(&first), cost(&last));
        if last > first * 3 / 2 + 20 {
            faults.insert(format!("{uri}: the first page reads {first} buffers, the last {last}"));
        }
    }
    for uri in [
        "/api/v1/articles?tag=tag-7",
        "/api/v1/articles?outlet=outlet-7",
        "/api/v1/links?outlet=outlet-7",
        "/api/v1/comments",
        "/api/v1/comments/1",
        "/api/v1/articles/article-100",
        "/api/v1/articles/article-1?include=comments",
        "/api/v1/articles/article-100/links",
        "/api/v1/outlets/outlet-1",
        "/api/v1/tags/tag-1",
    ] {
        check(uri, &asked(&app, log, uri).await, &mut faults);
    }
    let uris = (1..16).map(|n| format!("/api/v1/articles/article-{n}?include=comments"));
    let from = std::fs::metadata(log).unwrap().len();
    join_all(uris.map(async |uri| app.get(&uri).await)).await;
    let together = plans(log, from);
    assert!(together.iter().any(|plan| plan.query.contains("wanted.id")));
    check("several articles", &together, &mut faults);
    assert!(faults.is_empty(), "{faults:#?}");
}

#[tokio::test]
async fn the_planner_estimates_links_per_article_well() {
    let app = TestApp::new().await;
    let sql = app.sql().await;
    // A sample of a few hundred of some thousand pages, the ratio of the default on a large site.
    sql.batch_execute(
        "set session_replication_role = replica;
         insert into articles (id, slug, status, headline, created_at, updated_at)
         select n, 'article-' || n, 'draft', 'Article ' || n, '2026-01-01Z', '2026-01-01Z'
         from generate_series(1, 20000) n;
         insert into links (id, article_id, role, position, title, domain)
         select n, (n + 8) / 9, 'more', n, rpad('Link ' || n, 100), 'site.example'
         from generate_series(1, 180000) n;
         set default_statistics_target = 1;
         analyze links;
         set plan_cache_mode = force_generic_plan;
         prepare ten (bigint[]) as select from links where article_id = any ($1)",
    )
    .await
    .unwrap();
    let explain = "explain (format json) execute ten ('{1,2,3,4,5,6,7,8,9,10}')";
    let told = sql.simple_query(explain).await.unwrap();
    let plan = told.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    let plan: Value = serde_json::from_str(plan.unwrap()).unwrap();
    let expected = plan[0]["Plan"]["Plan Rows"].as_i64().unwrap();
    assert!((30..270).contains(&expected), "{expected} rows, not 90");
}

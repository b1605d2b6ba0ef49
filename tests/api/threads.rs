//! Threads of all shapes: mixed, wide, deep and long ones, and ones that change while they are read.

use crate::comment_posting::app;
use crate::harness::TestApp;
use crate::harness::site::{self, article};
use actix_web::http::StatusCode;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use diesel::QueryableByName;
use diesel_async::RunQueryDsl;
use roundup::comments::Policy;
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};
use tokio_postgres::{Client, SimpleQueryMessage};

/// Posts a thread and returns its shape: the id of each comment with those below it.
///
/// A thread is a list of comments, and a comment the list of its replies; one that is to be deleted
/// once they are posted is `{"deleted": [its replies]}`.
async fn post_tree(app: &TestApp, path: &str, nodes: &Value, parent: &Value) -> Vec<Value> {
    let mut shape = Vec::new();
    for (n, node) in nodes.as_array().unwrap().iter().enumerate() {
        let text = format!("Number {n} below {parent}");
        let new = json!({"author": {"name": "Reader"}, "text": text, "parent_id": parent});
        let made = app.reader().post(path, &new).await.expect(StatusCode::CREATED);
        let deleted = node.get("deleted");
        let replies = deleted.unwrap_or(node);
        let below = Box::pin(post_tree(app, path, replies, &made["id"])).await;
        if deleted.is_some() {
            delete(app, made["id"].as_i64().unwrap()).await;
            if below.is_empty() {
                continue;
            }
        }
        shape.push(json!([made["id"], below]));
    }
    shape
}

async fn delete(app: &TestApp, id: i64) {
    let editor = app.key("comments:moderate").await;
    let body = json!({"ids": [id], "action": "delete"});
    editor.post("/api/v1/admin/comments/batch", &body).await.ok();
}

/// Returns the shape of a thread with `view=tree`.
fn shape(nodes: &Value) -> Vec<Value> {
    let nodes = nodes.as_array().unwrap().iter();
    nodes.map(|node| json!([node["id"], shape(&node["replies"])])).collect()
}

fn reading_order(shape: &[Value], ids: &mut Vec<Value>) {
    for node in shape {
        ids.push(node[0].clone());
        reading_order(node[1].as_array().unwrap(), ids);
    }
}

#[tokio::test]
async fn threads_are_listed_as_they_were_written() {
    let whole = json!([[[], [[], []], []], [], [[[[[]]]]], [[[], []], [[], [[], []]]]]);
    let with_deletions = json!([
        [{"deleted": []}, {"deleted": [[], []]}, []],
        {"deleted": []},
        {"deleted": [[{"deleted": []}, []]]},
        {"deleted": [{"deleted": [{"deleted": []}]}]},
        [[{"deleted": [[]]}]]
    ]);
    for tree in [whole, with_deletions] {
        let app = app(Policy::Open).await;
        let id = article(&app.sql().await, "thread", "published", "2026-02-01Z").await;
        let path = format!("/api/v1/articles/{id}/comments");
        let posted = post_tree(&app, &path, &tree, &Value::Null).await;
        let nested = app.get(&format!("{path}?view=tree&limit=100")).await.ok();
        assert_eq!(shape(&nested["items"]), posted, "{tree}");
        let mut ids = Vec::new();
        reading_order(&posted, &mut ids);
        let flat = app.get(&format!("{path}?limit=100")).await.ok();
        let read: Vec<Value> =
            flat["items"].as_array().unwrap().iter().map(|c| c["id"].clone()).collect();
        assert_eq!(read, ids, "{tree}");
    }
}

/// Texts of comments; the default rules hold some of them.
const TEXTS: [&str; 8] = [
    "I do not think so.",
    "<p>As I said, <b>twice</b>: <a href=\"https://example.org/\">read this</a></p>",
    "Новая реклама? 😊",
    "> quoted\n\nand answered",
    "https://example.com/1 https://example.com/2 https://example.com/3",
    "+1",
    "日本語で失礼します。",
    "`code` & <kbd>Ctrl</kbd>\n\n- a list\n- of two",
];

#[tokio::test]
async fn in_a_long_discussion_each_reply_is_below_what_it_replies_to() {
    let app = app(Policy::Open).await;
    let editor = app.key("comments:moderate").await;
    let id = article(&app.sql().await, "thread", "published", "2026-02-01Z").await;
    let path = format!("/api/v1/articles/{id}/comments");
    let mut posted: Vec<Value> = Vec::new();
    for n in 0..60 {
        let parent = if n % 6 == 0 { Value::Null } else { posted[n * 7919 / 6 % n].clone() };
        let text = format!("{n}: {}", TEXTS[n % TEXTS.len()]);
        let author = json!({"name": format!("Reader {}", n % 11), "email": "known@example.org"});
        let new = json!({"author": author, "text": text, "parent_id": parent});
        let response = app.reader().post(&path, &new).await;
        assert!(response.status.is_success(), "{}", response.text());
        let made = response.json();
        if made["status"] == "pending" {
            let body = json!({"ids": [made["id"]], "action": "approve"});
            editor.post("/api/v1/admin/comments/batch", &body).await.ok();
        }
        posted.push(made["id"].clone());
    }
    let read = walk(&app, &format!("{path}?limit=7"), async |_| {}).await;
    assert_eq!(read.len(), posted.len());
    let mut ancestors: Vec<i64> = Vec::new();
    for comment in read {
        let depth = usize::try_from(comment["depth"].as_i64().unwrap()).unwrap();
        ancestors.truncate(depth);
        assert_eq!(ancestors.len(), depth, "{comment}");
        assert_eq!(comment["parent_id"].as_i64(), ancestors.last().copied());
        ancestors.push(comment["id"].as_i64().unwrap());
    }
}

/// Follows `next` to the end, calls `between` after each page and returns all items.
async fn walk(app: &TestApp, uri: &str, between: impl AsyncFn(&[Value])) -> Vec<Value> {
    let (mut read, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = app.get(&format!("{uri}{cursor}")).await.ok();
        let items = page["items"].as_array().unwrap();
        between(items).await;
        read.extend(items.iter().cloned());
        let Some(next) = page["page"]["next"].as_str() else { return read };
        cursor = format!("&after={next}");
    }
}

/// Inserts a thread directly and returns the ids. `parents` has, for each comment, the number of its
/// parent, counted from 1, or 0 for none.
async fn generate(sql: &Client, article: i64, parents: &[usize]) -> Vec<i64> {
    let first: i64 = sql
        .query_one("select nextval(pg_get_serial_sequence('comments', 'id'))", &[])
        .await
        .unwrap()
        .get(0);
    let ids: Vec<i64> = (0..parents.len()).map(|n| first + i64::try_from(n).unwrap()).collect();
    let mut paths: Vec<Vec<u8>> = Vec::new();
    for (n, parent) in parents.iter().enumerate() {
        let above = parent.checked_sub(1).map(|p| paths[p].clone()).unwrap_or_default();
        paths.push([above, ids[n].to_be_bytes().to_vec()].concat());
    }
    let parent_ids: Vec<Option<i64>> =
        parents.iter().map(|parent| parent.checked_sub(1).map(|p| ids[p])).collect();
    let insert = "
        insert into comments (id, article_id, parent_id, root_id, depth, path, status, author_name,
                              text, html, created_at, listed_at)
        select id, $1, parent_id, ('x' || encode(substr(path, 1, 8), 'hex'))::bit(64)::bigint,
               length(path) / 8 - 1, path, 'approved', 'Reader ' || id % 100,
               repeat('Words of comment ' || id || '. ', 8), '<p>' || id || '</p>',
               '2026-03-01Z', '2026-03-01Z'
        from unnest($2::bigint[], $3::bigint[], $4::bytea[]) t (id, parent_id, path)";
    sql.execute(insert, &[&article, &ids, &parent_ids, &paths]).await.unwrap();
    let last = "select setval(pg_get_serial_sequence('comments', 'id'), $1)";
    sql.query_one(last, &[ids.last().unwrap()]).await.unwrap();
    sql.batch_execute("vacuum analyze comments").await.unwrap();
    ids
}

#[tokio::test]
async fn a_thousand_replies_are_each_returned_once() {
    let app = TestApp::new().await;
    let sql = app.sql().await;
    let id = article(&sql, "wide", "published", "2026-02-01Z").await;
    let mut parents = vec![1; 1001];
    parents[0] = 0;
    let ids = generate(&sql, id, &parents).await;
    for sort in ["oldest", "newest"] {
        let uri = format!("/api/v1/articles/{id}/comments?limit=100&sort={sort}");
        let read = walk(&app, &uri, async |_| {}).await;
        let read: Vec<i64> = read.iter().map(|c| c["id"].as_i64().unwrap()).collect();
        assert_eq!(read, ids, "{sort}");
    }
    let root = app.get(&format!("/api/v1/comments/{}", ids[0])).await.ok();
    assert_eq!(root["reply_count"], 1000);
}

#[tokio::test]
async fn replies_deeper_than_64_attach_to_the_deepest_allowed_ancestor() {
    let app = app(Policy::Open).await;
    let id = article(&app.sql().await, "deep", "published", "2026-02-01Z").await;
    let path = format!("/api/v1/articles/{id}/comments");
    let (mut parent, mut made) = (Value::Null, Vec::new());
    for n in 0..70 {
        let new =
            json!({"author": {"name": "A"}, "text": format!("level {n}"), "parent_id": parent});
        let posted = app.reader().post(&path, &new).await.expect(StatusCode::CREATED);
        assert_eq!(posted["depth"], n.min(64));
        parent = posted["id"].clone();
        made.push(posted);
    }
    for deep in &made[64..] {
        assert_eq!(deep["parent_id"], made[63]["id"]);
    }
    // Sixty levels, because serde_json parses at most 128 nested brackets.
    let nested = app.get(&format!("{path}?view=tree&limit=60")).await.ok();
    let mut at = &nested["items"][0];
    for level in &made[..60] {
        assert_eq!(at["id"], level["id"]);
        at = &at["replies"][0];
    }
    let deepest = app.get(&format!("/api/v1/comments/{}", made[69]["id"])).await.ok();
    assert_eq!(deepest["ancestors"].as_array().unwrap().len(), 64);
}

/// During the paging, the comment at the cursor and others are purged and new ones are posted. Those
/// that stay are returned exactly once.
#[tokio::test]
async fn paging_returns_once_each_comment_that_stays() {
    for sort in ["oldest", "newest"] {
        let app = TestApp::new().await;
        let sql = app.sql().await;
        let id = article(&sql, "busy", "published", "2026-02-01Z").await;
        // A mix of roots, replies to roots and replies to replies.
        let parents: Vec<usize> =
            (0..400).map(|n| if n % 5 == 0 { 0 } else { n - n % 3 }).collect();
        let ids = generate(&sql, id, &parents).await;
        let mut stood: BTreeSet<i64> = ids.iter().copied().collect();
        let gone = std::sync::Mutex::new(BTreeSet::new());
        let uri = format!("/api/v1/articles/{id}/comments?limit=9&sort={sort}");
        let read = walk(&app, &uri, async |page| {
            let last = page.last().map(|c| c["id"].as_i64().unwrap()).unwrap();
            let others =
                [page[0]["id"].as_i64().unwrap(), ids[usize::try_from(last * 7 % 400).unwrap()]];
            let purge = json!({"ids": [last, others[0], others[1]], "action": "purge"});
            let editor = app.key("comments:moderate").await;
            editor.post("/api/v1/admin/comments/batch", &purge).await.ok();
            gone.lock().unwrap().extend([last, others[0], others[1]]);
            site::comment(&sql, id, "approved", "new").await;
        })
        .await;
        for id in gone.into_inner().unwrap() {
            stood.remove(&id);
        }
        assert!(stood.len() > 200, "{}", stood.len());
        let mut times: HashMap<i64, u32> = HashMap::new();
        for comment in &read {
            *times.entry(comment["id"].as_i64().unwrap()).or_default() += 1;
        }
        for id in &stood {
            assert_eq!(times.get(id), Some(&1), "{sort}: {id}");
        }
        assert!(times.values().all(|times| *times == 1), "{sort}: something was read twice");
    }
}

#[derive(QueryableByName)]
struct Prepared {
    #[diesel(sql_type = diesel::sql_types::Text)]
    statement: String,
}

/// Counts the buffers that a page of 100 reads: runs the last statement on threads that the service
/// prepared with these parameters.
async fn buffers(app: &TestApp, sql: &Client, values: &[String]) -> i64 {
    let last = "select statement from pg_prepared_statements
                where statement like '%\"comments\".\"path\"%' and statement not like '%pg_prepared%'
                order by prepare_time desc limit 1";
    // Requests come one at a time, so the pool has one connection, which this uses.
    let prepared: Result<Prepared, roundup::error::Error> = app
        .state
        .read(async |conn| Ok(diesel::sql_query(last).get_result(&mut &*conn).await?))
        .await;
    let mut statement = prepared.unwrap().statement;
    for (n, value) in values.iter().enumerate().rev() {
        let place = format!("${}", n + 1);
        assert!(statement.contains(&place), "{statement}");
        statement = statement.replace(&place, value);
    }
    assert!(!statement.contains('$'), "{statement}");
    let explain = format!("explain (analyze, buffers, format json) {statement}");
    let rows = sql.simple_query(&explain).await.unwrap();
    let text = rows.iter().find_map(|row| match row {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    let plan: Value = serde_json::from_str(text.unwrap()).unwrap();
    let plan = &plan[0]["Plan"];
    assert_eq!(plan["Actual Rows"], 101, "{plan:#}");
    plan["Shared Hit Blocks"].as_i64().unwrap() + plan["Shared Read Blocks"].as_i64().unwrap()
}

/// Returns the path in a cursor as SQL.
fn path_of(cursor: &str) -> String {
    let cursor: Value = serde_json::from_slice(&BASE64.decode(cursor).unwrap()).unwrap();
    let ids = cursor["k"].as_array().unwrap().iter().map(|id| id.as_i64().unwrap());
    let hex: Vec<String> = ids.map(|id| format!("{id:016x}")).collect();
    format!("'\\x{}'::bytea", hex.concat())
}

#[tokio::test]
async fn any_page_of_a_long_thread_costs_what_the_first_costs() {
    let app = TestApp::new().await;
    let sql = app.sql().await;
    let id = article(&sql, "long", "published", "2026-02-01Z").await;
    // Up to 64 deep under a few hundred roots, and the same in each run.
    let mut depths: Vec<usize> = Vec::new();
    let mut parents = Vec::new();
    for n in 0..24_000_usize {
        let parent = if n % 80 == 0 { 0 } else { n - n * 7919 % (n % 80).clamp(1, 40) };
        let depth = if parent == 0 { 0 } else { depths[parent - 1] + 1 };
        let (parent, depth) = if depth > 64 { (0, 0) } else { (parent, depth) };
        parents.push(parent);
        depths.push(depth);
    }
    assert!(depths.iter().max() > Some(&20));
    generate(&sql, id, &parents).await;
    let uri = format!("/api/v1/articles/{id}/comments?limit=100");
    let first = app.get(&uri).await.ok();
    let first_cost = buffers(&app, &sql, &[id.to_string(), "101".into()]).await;
    let (mut cursor, mut pages) = (first["page"]["next"].clone(), 1);
    while let Some(after) = cursor.as_str() {
        let page = app.get(&format!("{uri}&after={after}")).await.ok();
        pages += 1;
        if pages == 120 || pages == 239 {
            let cost = buffers(&app, &sql, &[id.to_string(), path_of(after), "101".into()]).await;
            assert!(
                cost * 2 <= first_cost * 3,
                "page {pages}: {cost} buffers, the first {first_cost}"
            );
        }
        cursor = page["page"]["next"].clone();
    }
    assert_eq!(pages, 240);
}

/// Newest first, a page in the middle of one thread must not read it from its beginning.
#[tokio::test]
async fn any_page_of_one_long_thread_newest_first_costs_what_the_first_costs() {
    let app = TestApp::new().await;
    let sql = app.sql().await;
    let id = article(&sql, "great", "published", "2026-02-01Z").await;
    let parents: Vec<usize> = (0..24_000).map(|n| usize::from(n > 0)).collect();
    let ids = generate(&sql, id, &parents).await;
    let uri = format!("/api/v1/articles/{id}/comments?limit=100&sort=newest");
    let first = app.get(&uri).await.ok();
    let first_cost = buffers(&app, &sql, &[id.to_string(), "101".into()]).await;
    let next = first["page"]["next"].as_str().unwrap();
    let cursor: Value = serde_json::from_slice(&BASE64.decode(next).unwrap()).unwrap();
    for at in [12_000, 23_800] {
        let key = json!({"t": cursor["t"], "k": [ids[0], ids[at]]});
        let after = BASE64.encode(key.to_string());
        let page = app.get(&format!("{uri}&after={after}")).await.ok();
        assert_eq!(page["items"][0]["id"], ids[at + 1]);
        let bounds = [ids[0], ids[0] + 1].map(|id| format!("'\\x{id:016x}'::bytea"));
        let root = ids[0].to_string();
        let values = [
            id.to_string(),
            root,
            bounds[0].clone(),
            bounds[1].clone(),
            path_of(&after),
            "101".into(),
        ];
        let cost = buffers(&app, &sql, &values).await;
        assert!(cost * 2 <= first_cost * 3, "at {at}: {cost} buffers, the first {first_cost}");
    }
}

//! Moderation of comments.

use crate::comment_posting::{app, comment};
use crate::harness::TestApp;
use crate::harness::site::{self, Site};
use actix_web::http::StatusCode;
use futures_util::StreamExt as _;
use roundup::comments::Policy;
use serde_json::{Value, json};

const QUEUE: &str = "/api/v1/admin/comments";

async fn status(site: &Site, id: i64) -> Option<String> {
    let query = "select status from comments where id = $1";
    site.sql.query_opt(query, &[&id]).await.unwrap().map(|row| row.get(0))
}

async fn batch(app: &TestApp, ids: &[i64], action: &str) -> Value {
    let editor = app.key("comments:moderate").await;
    let body = json!({"ids": ids, "action": action});
    editor.post(&format!("{QUEUE}/batch"), &body).await.ok()
}

async fn count(app: &TestApp, site: &Site) -> i64 {
    let article = app.get(&format!("/api/v1/articles/{}", site.article)).await.ok();
    article["comment_count"].as_i64().unwrap()
}

#[tokio::test]
async fn the_moderation_queue_filters_by_status_article_and_text() {
    let app = app(Policy::Hold).await;
    let site = site::site(&app).await;
    let path = format!("/api/v1/articles/{}/comments", site.article);
    for n in 0..5 {
        let new = json!({"author": {"name": format!("Reader {n}"), "email": "who@example.org"},
            "text": format!("100% sure, no. {n}")});
        app.reader().post(&path, &new).await.expect(StatusCode::ACCEPTED);
    }
    let editor = app.key("comments:moderate").await;
    let total = async |query: &str| {
        let page = editor.get(&format!("{QUEUE}?count=exact&{query}")).await.ok();
        page["page"]["total"].as_i64().unwrap()
    };
    assert_eq!(total("status=pending").await, 6);
    assert_eq!(total("status=approved").await, 4);
    assert_eq!(total("status=pending,approved").await, 10);
    assert_eq!(total("q=READER%203").await, 1);
    assert_eq!(total("q=who@example").await, 5);
    assert_eq!(total("q=100%25").await, 5);
    assert_eq!(total("q=%25").await, 5);
    assert_eq!(total(&format!("article={}", site.article)).await, 10);
    assert_eq!(total(&format!("article={}", site::SLUG)).await, 10);
    assert_eq!(total("article=other").await, 0);
    editor.get(&format!("{QUEUE}?status=new")).await.problem(400, "bad_parameter");

    let mut seen = Vec::new();
    let mut next = format!("{QUEUE}?status=pending&limit=2");
    loop {
        let page = editor.get(&next).await.ok();
        seen.extend(
            page["items"].as_array().unwrap().iter().map(|item| item["id"].as_i64().unwrap()),
        );
        let Some(cursor) = page["page"]["next"].as_str() else { break };
        next = format!("{QUEUE}?status=pending&limit=2&after={cursor}");
    }
    assert!(seen.len() == 6 && seen.is_sorted_by(|a, b| a > b), "{seen:?}");
    let page = editor.get(&format!("{QUEUE}?status=pending&limit=1")).await.ok();
    let item = &page["items"][0];
    assert_eq!(item["author_email"], "who@example.org");
    assert_eq!(item["held_because"], json!(["every_comment"]));
    assert_eq!(item["article"]["slug"], site::SLUG);
    app.key("articles:write").await.get(QUEUE).await.problem(403, "missing_scope");
}

#[tokio::test]
async fn a_batch_reports_and_audits_each_comment() {
    let app = TestApp::new().await;
    let site = site::site(&app).await;
    let mut ids = Vec::new();
    for n in 0..498 {
        ids.push(site::comment(&site.sql, site.article, "pending", &format!("c{n}")).await);
    }
    let before = count(&app, &site).await;
    let mut all = ids.clone();
    all.extend([999_999, ids[0]]);
    let answer = batch(&app, &all, "approve").await;
    let results = answer["results"].as_array().unwrap();
    assert_eq!(results.len(), 499, "an id given twice stands once");
    assert_eq!(
        results[0],
        json!({"id": ids[0], "status": "approved", "changed": true, "error": null})
    );
    assert_eq!(
        results[498],
        json!({"id": 999_999, "status": null, "changed": false, "error": "not_found"})
    );
    assert_eq!(count(&app, &site).await, before + 498);
    let rows =
        "select count(*), count(distinct object_id) from audit where action = 'comment.approve'";
    let row = site.sql.query_one(rows, &[]).await.unwrap();
    assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (498, 498));
    let again = batch(&app, &ids, "approve").await;
    assert_eq!(again["results"][0]["changed"], false);
    let row = site.sql.query_one(rows, &[]).await.unwrap();
    assert_eq!(row.get::<_, i64>(0), 498);
    let editor = app.key("comments:moderate").await;
    let many: Vec<i64> = (1..=501).collect();
    for ids in [json!(many), json!([]), json!([0]), json!(["x"])] {
        let body = json!({"ids": ids, "action": "approve"});
        editor.post(&format!("{QUEUE}/batch"), &body).await.problem(422, "invalid");
    }
}

#[tokio::test]
async fn a_removed_comment_is_restored_to_its_former_status() {
    let app = TestApp::new().await;
    let site = site::site(&app).await;
    let shown = site::comment(&site.sql, site.article, "approved", "shown").await;
    let held = site::comment(&site.sql, site.article, "pending", "held").await;
    let before = count(&app, &site).await;
    for action in ["reject", "spam", "delete"] {
        batch(&app, &[shown, held], action).await;
        assert_eq!(count(&app, &site).await, before - 1);
        app.get(&format!("/api/v1/comments/{shown}")).await.problem(404, "not_found");
    }
    let restored = batch(&app, &[shown, held], "restore").await;
    assert_eq!(restored["results"][0]["status"], "approved");
    assert_eq!(restored["results"][1]["status"], "pending");
    assert_eq!(count(&app, &site).await, before);
    assert_eq!(app.get(&format!("/api/v1/comments/{shown}")).await.ok()["text"], "shown");
    let nothing = batch(&app, &[shown], "restore").await;
    assert_eq!(nothing["results"][0]["error"], "nothing_to_restore");
    batch(&app, &[shown, held], "purge").await;
    assert_eq!((status(&site, shown).await, status(&site, held).await), (None, None));
}

#[tokio::test]
async fn replies_of_a_removed_comment_stay_below_a_placeholder() {
    for action in ["reject", "spam", "delete", "purge"] {
        let app = TestApp::new().await;
        let site = site::site(&app).await;
        let root = site::comment(&site.sql, site.article, "approved", "root").await;
        let reply = site::reply(&site.sql, root, "approved", "reply").await;
        let below = site::reply(&site.sql, reply, "approved", "below").await;
        batch(&app, &[root, reply], action).await;
        let thread =
            app.get(&format!("/api/v1/articles/{}/comments?limit=100", site.article)).await.ok();
        let find = |id: i64| thread["items"].as_array().unwrap().iter().find(|c| c["id"] == id);
        for (stone, depth) in [(root, 0), (reply, 1)] {
            let stone = find(stone).unwrap();
            assert_eq!(
                (&stone["status"], &stone["text"], &stone["author"], &stone["html"]),
                (&json!("deleted"), &Value::Null, &Value::Null, &Value::Null),
                "{action}"
            );
            assert_eq!(stone["depth"], depth);
        }
        assert_eq!(find(below).unwrap()["text"], "below", "{action}");
        batch(&app, &[below], "purge").await;
        let thread =
            app.get(&format!("/api/v1/articles/{}/comments?limit=100", site.article)).await.text();
        assert!(!thread.contains(&format!("\"id\":{root},")), "{action}: an empty tombstone shows");
        roundup::background::delete_expired_data(&app.state).await.unwrap();
        let left = status(&site, reply).await;
        assert_eq!(left.is_none(), action == "purge", "{action}: {left:?}");
    }
}

#[tokio::test]
async fn a_purged_comment_cannot_be_restored() {
    let app = TestApp::new().await;
    let site = site::site(&app).await;
    let root = site::comment(&site.sql, site.article, "approved", "secret words").await;
    site::reply(&site.sql, root, "approved", "reply").await;
    batch(&app, &[root], "purge").await;
    for action in ["approve", "restore", "spam", "reject"] {
        let answer = batch(&app, &[root], action).await;
        assert_eq!(answer["results"][0]["error"], "erased", "{action}");
    }
    let text = "select text || html || coalesce(author_name, '') from comments where id = $1";
    assert_eq!(site.sql.query_one(text, &[&root]).await.unwrap().get::<_, &str>(0), "");
    let editor = app.key("comments:moderate").await.header("If-Match", "*");
    let patch = json!({"status": "approved", "text": "again"});
    editor.patch(&format!("{QUEUE}/{root}"), &patch).await.problem(409, "conflict");
}

#[tokio::test]
async fn an_editor_updates_a_comment_with_if_match() {
    let app = app(Policy::Hold).await;
    let site = site::site(&app).await;
    let thread = format!("/api/v1/articles/{}/comments", site.article);
    let held = app.reader().post(&thread, &comment("A", "teh bridge")).await.json();
    let editor = app.key("comments:moderate").await;
    let place = format!("{QUEUE}/{}", held["id"]);
    editor
        .patch(&place, &json!({"status": "approved"}))
        .await
        .problem(428, "precondition_required");
    let read = editor.get(&place).await;
    let patch = json!({"status": "approved", "text": "the *bridge*", "author": {"name": "Ann"}});
    let changed = editor.if_match(&read).patch(&place, &patch).await;
    assert_eq!(changed.header("etag"), "\"v2\"");
    assert_eq!(changed.json()["html"], "<p>the <em>bridge</em></p>\n");
    editor.if_match(&read).patch(&place, &patch).await.problem(412, "version_mismatch");
    let shown = app.get(&format!("/api/v1/comments/{}", held["id"])).await.ok();
    assert_eq!((&shown["text"], &shown["author"]["name"]), (&json!("the *bridge*"), &json!("Ann")));
    assert_eq!(shown["edited_at"], Value::Null, "its author did not change it");
    let again = editor.clone().header("If-Match", "*");
    again.patch(&place, &json!({"author": {"is_editor": true}})).await.ok();
    let shown = app.get(&format!("/api/v1/comments/{}", held["id"])).await.ok();
    assert_eq!(shown["author"]["is_editor"], true);
    for wrong in [
        json!({"status": "new"}),
        json!({"author": null}),
        json!({"text": null}),
        json!({"text": " "}),
        json!({"author": {"url": "javascript:x"}}),
        json!({"id": 1}),
    ] {
        again.patch(&place, &wrong).await.problem(422, "invalid");
    }
    editor.get(&format!("{QUEUE}/999999")).await.problem(404, "not_found");
}

#[tokio::test]
async fn an_editors_reply_is_marked() {
    let app = TestApp::new().await;
    let site = site::site(&app).await;
    let editor = app.key("comments:moderate").await;
    let path = format!("{QUEUE}/{}/replies", site.comment);
    let made = editor.post(&path, &json!({"text": "# Thanks", "author_name": "The editor"})).await;
    let made = made.expect(StatusCode::CREATED);
    assert_eq!(made["author"], json!({"name": "The editor", "url": null, "is_editor": true}));
    assert_eq!(
        (&made["parent_id"], &made["html"]),
        (&json!(site.comment), &json!("<h1>Thanks</h1>\n"))
    );
    let named = editor.post(&path, &json!({"text": "x"})).await.json();
    assert_eq!(named["author"]["name"], "comments:moderate", "the key's name");
    editor
        .post(&format!("{QUEUE}/999999/replies"), &json!({"text": "x"}))
        .await
        .problem(404, "not_found");
}

#[tokio::test]
async fn a_readers_comments_are_erased_by_email() {
    let app = app(Policy::Open).await;
    let site = site::site(&app).await;
    let path = format!("/api/v1/articles/{}/comments", site.article);
    let mine = |text: &str| json!({"author": {"name": "Ann Onymous", "email": "Ann@Example.org"}, "text": text});
    let one = app.reader().post(&path, &mine("my first words")).await.json();
    app.reader().post(&path, &mine("my second words")).await.expect(StatusCode::CREATED);
    let reply = json!({"author": {"name": "B"}, "text": "Hello.", "parent_id": one["id"]});
    app.reader().post(&path, &reply).await.expect(StatusCode::CREATED);
    let editor = app.key("comments:moderate").await;
    let erase = json!({"email": "ann@example.ORG"});
    let erased = editor.post(&format!("{QUEUE}/erase"), &erase).await.ok();
    assert_eq!(erased, json!({"removed": 1, "emptied": 1}));
    let dump = "select string_agg(row_to_json(c)::text, '') || (select string_agg(detail::text, '')
                from audit) from comments c";
    let dump: String = site.sql.query_one(dump, &[]).await.unwrap().get(0);
    for secret in ["Onymous", "first words", "second words", "xample.org"] {
        assert!(!dump.to_lowercase().contains(&secret.to_lowercase()), "{secret} is still there");
    }
    assert_eq!(app.get(&format!("/api/v1/comments/{}", one["id"])).await.ok()["status"], "deleted");
    let none = editor.post(&format!("{QUEUE}/erase"), &erase).await.ok();
    assert_eq!(none, json!({"removed": 0, "emptied": 0}));
}

/// Concurrent writes of all kinds end without a deadlock and with exact counts.
#[tokio::test]
async fn comment_counts_are_exact_after_concurrent_writes() {
    let app = app(Policy::Open).await;
    let site = site::site(&app).await;
    let path = format!("/api/v1/articles/{}/comments", site.article);
    let root = app.reader().post(&path, &comment("A", "root")).await.json();
    let editor = app.key("comments:moderate").await;
    let post = async |n: usize| {
        let parent = if n.is_multiple_of(2) { &root["id"] } else { &Value::Null };
        let new = json!({"author": {"name": "A"}, "text": format!("n{n}"), "parent_id": parent});
        let posted = app.reader().post(&path, &new).await.expect(StatusCode::CREATED);
        let action = ["delete", "reject", "purge", "approve"][n % 4];
        let body = json!({"ids": [posted["id"], site.comment], "action": action});
        editor.post(&format!("{QUEUE}/batch"), &body).await.ok();
    };
    futures_util::stream::iter(0..60).for_each_concurrent(4, post).await;
    let exact = "select a.comment_count = (select count(*) from comments c
                        where c.article_id = a.id and c.status = 'approved')
                    and not exists (select from comments p where p.reply_count <>
                        (select count(*) from comments c where c.parent_id = p.id
                         and (c.status = 'approved' or c.reply_count > 0)))
                 from articles a";
    assert!(site.sql.query_one(exact, &[]).await.unwrap().get::<_, bool>(0));
}

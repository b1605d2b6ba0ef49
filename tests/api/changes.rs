//! The change feed.

use crate::harness::client::Client;
use crate::harness::site::site;
use crate::harness::{TestApp, db};
use actix_web::http::StatusCode;
use chrono::TimeDelta;
use roundup::events::delete_old_events;
use serde_json::{Value, json};

const CHANGES: &str = "/api/v1/changes";
const ADMIN_CHANGES: &str = "/api/v1/admin/changes";
const ARTICLES: &str = "/api/v1/admin/articles";

/// An application whose feed has begun.
async fn feed() -> TestApp {
    let app = TestApp::new().await;
    assert_eq!(app.append_events().await, 0, "what was there before makes no events");
    app
}

/// Returns what changed after a cursor as `type id`, and the cursor after it.
async fn changes(client: &Client<'_>, path: &str, since: &str) -> (Vec<String>, String) {
    let page = client.get(&format!("{path}?since={since}")).await.ok();
    assert_eq!(page["has_more"], false);
    let line =
        |change: &Value| format!("{} {}", change["type"].as_str().unwrap(), change["object"]["id"]);
    let lines = page["items"].as_array().unwrap().iter().map(line).collect();
    (lines, page["cursor"].as_str().unwrap().to_owned())
}

/// Appends events, and returns what is new for the public and for editors.
struct Follower<'a> {
    app: &'a TestApp,
    editor: Client<'a>,
    public: String,
    admin: String,
}

impl<'a> Follower<'a> {
    async fn new(app: &'a TestApp) -> Self {
        let editor = app.key("admin").await.header("If-Match", "*");
        let (_, public) = changes(&app.reader(), CHANGES, "now").await;
        let (_, admin) = changes(&editor, ADMIN_CHANGES, "now").await;
        Self { app, editor, public, admin }
    }

    async fn next(&mut self) -> (Vec<String>, Vec<String>) {
        self.app.append_events().await;
        let (public, cursor) = changes(&self.app.reader(), CHANGES, &self.public).await;
        self.public = cursor;
        let (all, cursor) = changes(&self.editor, ADMIN_CHANGES, &self.admin).await;
        self.admin = cursor;
        let only = all.iter().filter(|line| !public.contains(line)).cloned().collect();
        assert_eq!(all.len(), public.len() + Vec::len(&only), "{all:?}");
        (public, only)
    }
}

fn lines(public: &[String], admin: &[String]) -> (Vec<String>, Vec<String>) {
    (public.to_vec(), admin.to_vec())
}

#[tokio::test]
async fn an_article_makes_an_event_for_each_change() {
    let app = feed().await;
    let mut follower = Follower::new(&app).await;
    let editor = follower.editor.clone();
    let body = json!({"headline": "A bridge", "links": [{"title": "a", "credit": "Coast Wire"}], "tags": ["Bridges"]});
    let made = editor.post(ARTICLES, &body).await.expect(StatusCode::CREATED);
    let at = format!("{ARTICLES}/{}", made["id"]);
    let id = made["id"].as_i64().unwrap();
    let outlet = made["links"][0]["credits"][0]["outlet"]["id"].as_i64().unwrap();
    let article = |what: &str| format!("article.{what} {id}");
    assert_eq!(follower.next().await, lines(&[], &[article("created")]));

    editor.patch(&at, &json!({"dek": "x"})).await.ok();
    assert_eq!(follower.next().await, lines(&[], &[article("updated")]));
    let later = json!({"status": "scheduled", "published_at": "2026-03-01T13:00:00Z"});
    editor.patch(&at, &later).await.ok();
    assert_eq!(follower.next().await, lines(&[], &[article("scheduled")]));

    // The scheduler publishes it. Its outlet and its tag appear before it.
    app.state.clock().advance(TimeDelta::hours(1));
    assert_eq!(roundup::editor::publish_due(&app.state).await.unwrap(), 1);
    let tag = app.get("/api/v1/tags/bridges").await.ok()["id"].as_i64().unwrap();
    let appeared = [
        format!("outlet.published {outlet}"),
        format!("tag.published {tag}"),
        article("published"),
    ];
    assert_eq!(follower.next().await, lines(&appeared, &[]));
    assert_eq!(follower.next().await, lines(&[], &[]), "each event is returned once");

    editor.patch(&at, &json!({"headline": "Another bridge"})).await.ok();
    assert_eq!(follower.next().await, lines(&[article("updated")], &[]));
    let slug = format!("/api/v1/admin/tags/{tag}");
    editor.patch(&slug, &json!({"name": "Crossings"})).await.ok();
    assert_eq!(follower.next().await, lines(&[format!("tag.updated {tag}")], &[]));

    editor.patch(&at, &json!({"status": "draft"})).await.ok();
    let gone = [
        article("withdrawn"),
        format!("tag.withdrawn {tag}"),
        format!("outlet.withdrawn {outlet}"),
    ];
    assert_eq!(follower.next().await, lines(&gone, &[article("drafted")]));
    editor.call("DELETE", &at).await;
    editor.call("DELETE", &format!("{at}?purge=true")).await;
    let (public, admin) = follower.next().await;
    assert_eq!((public, admin.last()), (vec![], Some(&article("deleted"))));
}

#[tokio::test]
async fn a_deleted_article_is_a_tombstone_and_takes_its_comments_along() {
    let app = feed().await;
    let site = site(&app).await;
    let mut follower = Follower::new(&app).await;
    let (public, admin) = follower.next().await;
    let count =
        |lines: &[String], what: &str| lines.iter().filter(|line| line.starts_with(what)).count();
    assert_eq!(count(&public, "article.published"), 1, "{public:?}");
    assert_eq!(count(&admin, "comment.held"), 1, "{admin:?}");
    let shown = count(&public, "comment.published");
    assert!(shown > 2, "{public:?}");

    site.sql.execute("update articles set status = 'archived'", &[]).await.unwrap();
    let (public, _) = follower.next().await;
    assert_eq!(count(&public, "comment.withdrawn"), shown, "{public:?}");
    assert_eq!(count(&public, "article.withdrawn"), 1, "{public:?}");
    assert!(public.last().unwrap().starts_with("article.withdrawn"), "{public:?}");
    site.sql.execute("update articles set status = 'published'", &[]).await.unwrap();
    let (public, _) = follower.next().await;
    assert_eq!(
        (count(&public, "article.published"), count(&public, "comment.published")),
        (1, shown)
    );

    site.sql.execute("delete from articles", &[]).await.unwrap();
    let since = follower.public.clone();
    let (public, admin) = follower.next().await;
    assert_eq!(
        (count(&public, "article.deleted"), count(&public, "comment.withdrawn")),
        (1, shown)
    );
    assert_eq!(count(&admin, "comment.rejected"), 1, "{admin:?}");
    let types = "article.deleted,comment.withdrawn";
    let page = app.get(&format!("{CHANGES}?since={since}&include=object&types={types}")).await.ok();
    for change in page["items"].as_array().unwrap() {
        assert_eq!(change["object"]["data"], Value::Null, "{change}");
    }
    let comment = &page["items"][0]["object"];
    assert_eq!(
        (&comment["type"], &comment["article_id"]),
        (&json!("comment"), &json!(site.article))
    );
    let article = page["items"].as_array().unwrap().last().unwrap();
    assert_eq!(article["object"]["url"], format!("/api/v1/articles/{}", site.article));
}

#[tokio::test]
async fn comments_are_held_published_updated_reported_and_withdrawn() {
    let app = feed().await;
    let site = site(&app).await;
    let mut follower = Follower::new(&app).await;
    follower.next().await;
    let editor = follower.editor.clone();
    let post = json!({"author": {"name": "Ada"}, "text": "Well built."});
    let posted =
        app.reader().post(&format!("/api/v1/articles/{}/comments", site.article), &post).await;
    let id = posted.expect(StatusCode::ACCEPTED)["id"].as_i64().unwrap();
    let comment = |what: &str| format!("comment.{what} {id}");
    assert_eq!(follower.next().await, lines(&[], &[comment("held")]));

    let at = format!("/api/v1/admin/comments/{id}");
    editor.patch(&at, &json!({"status": "approved"})).await.ok();
    assert_eq!(follower.next().await, lines(&[comment("published")], &[]));
    let report = json!({"reason": "It praises too much."});
    app.reader().post(&format!("/api/v1/comments/{id}/reports"), &report).await;
    assert_eq!(follower.next().await, lines(&[], &[comment("reported")]));
    let edit = "update comments set text = 'Well mended.' where id = $1";
    site.sql.execute(edit, &[&id]).await.unwrap();
    assert_eq!(follower.next().await, lines(&[comment("updated")], &[]));
    // Nothing that anybody sees: an address that expires.
    let expire = "update comments set client_hash = null, author_email = null where id = $1";
    site.sql.execute(expire, &[&id]).await.unwrap();
    assert_eq!(follower.next().await, lines(&[], &[]));
    editor.patch(&at, &json!({"status": "pending"})).await.ok();
    assert_eq!(follower.next().await, lines(&[comment("withdrawn")], &[comment("held")]));
    editor.patch(&at, &json!({"status": "spam"})).await.ok();
    assert_eq!(follower.next().await, lines(&[], &[comment("rejected")]));
}

#[tokio::test]
async fn a_page_has_the_objects_types_and_limit_that_are_asked_for() {
    let app = feed().await;
    let site = site(&app).await;
    let editor = app.key("admin").await;
    app.append_events().await;
    let page = app
        .get(&format!("{CHANGES}?types=article.published,comment.published&include=object"))
        .await;
    assert_eq!(page.header("cache-control"), "no-store");
    let page = page.ok();
    let first = &page["items"][0];
    assert_eq!(first["type"], "article.published");
    assert_eq!(first["object"]["data"]["id"], site.article);
    assert_eq!(first["version"], first["object"]["data"]["version"].as_i64().unwrap_or(1));
    assert!(first["object"]["data"]["links"].as_array().unwrap().len() > 3);
    assert_eq!(page["items"][1]["object"]["data"]["article"]["id"], site.article);
    // One at a time, nothing is missing.
    let all = app.get(CHANGES).await.ok();
    let mut one_by_one = Vec::new();
    let mut url = format!("{CHANGES}?limit=1");
    loop {
        let page = app.get(&url).await.ok();
        one_by_one.extend(page["items"].as_array().unwrap().clone());
        if page["has_more"] == false {
            break;
        }
        url = format!("{CHANGES}?limit=1&since={}", page["cursor"].as_str().unwrap());
    }
    assert_eq!(json!(one_by_one), all["items"]);
    let held = editor.get(&format!("{ADMIN_CHANGES}?types=comment.held&include=object")).await.ok();
    let held = &held["items"][0]["object"];
    assert_eq!(held["data"]["status"], "pending");
    assert_eq!(held["url"], format!("/api/v1/admin/comments/{}", held["id"]));
}

#[tokio::test]
async fn bad_parameters_are_rejected_by_name() {
    let app = feed().await;
    app.get("/api/v1/changes?since=x").await.problem(400, "bad_cursor");
    app.get("/api/v1/changes?since=").await.problem(400, "bad_parameter");
    app.get("/api/v1/changes?limit=0").await.problem(400, "limit_out_of_range");
    app.get("/api/v1/changes?limit=101").await.problem(400, "limit_out_of_range");
    app.get("/api/v1/changes?include=x").await.problem(400, "bad_parameter");
    app.get("/api/v1/changes?sinse=now").await.problem(400, "unknown_parameter");
    let typo =
        app.get("/api/v1/changes?types=article.publishd").await.problem(400, "bad_parameter");
    assert_eq!(typo["errors"][0]["did_you_mean"], "article.published");
    // What only editors see does not exist for others.
    app.get("/api/v1/changes?types=comment.held").await.problem(400, "bad_parameter");
    app.get(ADMIN_CHANGES).await.problem(401, "unauthenticated");
    app.key("articles:write").await.get(ADMIN_CHANGES).await.problem(403, "missing_scope");
    app.key("changes:read").await.get(&format!("{ADMIN_CHANGES}?types=comment.held")).await.ok();
}

#[tokio::test]
async fn transactions_that_commit_late_are_not_missed() {
    let app = feed().await;
    let mut follower = Follower::new(&app).await;
    let insert = "insert into articles (slug, status, headline, published_at, created_at, updated_at)
                  values ($1, 'published', $1, '2026-01-01Z', '2026-01-01Z', '2026-01-01Z') returning id";
    let (mut early, mut late) = (app.sql().await, app.sql().await);
    let late = late.transaction().await.unwrap();
    let late_id: i64 = late.query_one(insert, &[&"late"]).await.unwrap().get(0);
    let early = early.transaction().await.unwrap();
    let early_id: i64 = early.query_one(insert, &[&"early"]).await.unwrap().get(0);
    early.commit().await.unwrap();
    assert_eq!(follower.next().await.0, [format!("article.published {early_id}")]);
    assert_eq!(follower.next().await.0, Vec::<String>::new());
    late.commit().await.unwrap();
    assert_eq!(follower.next().await.0, [format!("article.published {late_id}")]);
    // A transaction that is rolled back changes nothing.
    let mut other = app.sql().await;
    let undone = other.transaction().await.unwrap();
    undone.query_one(insert, &[&"undone"]).await.unwrap();
    undone.rollback().await.unwrap();
    assert_eq!(follower.next().await.0, Vec::<String>::new());
}

#[tokio::test]
async fn old_events_expire_and_repeated_ones_are_compacted() {
    let app = feed().await;
    let site = site(&app).await;
    let mut follower = Follower::new(&app).await;
    follower.next().await;
    let start = follower.public.clone();
    for n in 0..3 {
        let edit = format!("update articles set dek = '{n}'");
        site.sql.execute(&edit, &[]).await.unwrap();
        assert_eq!(follower.next().await.0.len(), 1);
    }
    let delete = async || {
        let conn = app.state.pool().get().await.unwrap();
        while delete_old_events(&conn, 90).await.unwrap() > 0 {}
    };
    let updates = async || app.get(&format!("{CHANGES}?since={start}")).await.ok();
    delete().await;
    assert_eq!(updates().await["items"].as_array().unwrap().len(), 3, "not within the hour");
    site.sql.execute("update events set at = now() - interval '2 hours'", &[]).await.unwrap();
    delete().await;
    assert_eq!(updates().await["items"].as_array().unwrap().len(), 1, "the last stays");
    site.sql.execute("update events set at = now() - interval '91 days'", &[]).await.unwrap();
    delete().await;
    app.get(&format!("{CHANGES}?since={start}")).await.problem(410, "cursor_expired");
    assert_eq!(changes(&app.reader(), CHANGES, &follower.public).await.0, Vec::<String>::new());
    assert_eq!(app.get(CHANGES).await.ok()["items"], json!([]));
    // What is still known of the objects makes no second `published`.
    site.sql.execute("update articles set dek = 'x'", &[]).await.unwrap();
    assert_eq!(follower.next().await.0, [format!("article.updated {}", site.article)]);
}

#[tokio::test]
async fn a_restored_database_is_recognised() {
    let app = feed().await;
    let site = site(&app).await;
    let mut follower = Follower::new(&app).await;
    follower.next().await;
    let shared = follower.public.clone();
    // What the copy was made before.
    let dump = "create table saved as select * from event_log";
    site.sql.batch_execute(dump).await.unwrap();
    site.sql.execute("update articles set dek = 'lost'", &[]).await.unwrap();
    follower.next().await;
    let lost = follower.public.clone();
    let restore = "delete from events where id > (select last_id from saved);
        update event_log set last_id = (select last_id from saved), server = 'another', done = '900000000:900000000:';
        update articles set status = 'draft', dek = null";
    site.sql.batch_execute(restore).await.unwrap();
    app.append_events().await;
    app.get(&format!("{CHANGES}?since={lost}")).await.problem(410, "cursor_expired");
    let (lines, _) = changes(&app.reader(), CHANGES, &shared).await;
    assert!(lines.contains(&format!("article.withdrawn {}", site.article)), "{lines:?}");
    app.get(&format!("{CHANGES}?since=01234567-1")).await.problem(410, "cursor_expired");
    // A promoted standby has the events until its promotion.
    let (_, present) = changes(&app.reader(), CHANGES, "now").await;
    site.sql.execute("update event_log set timeline = '00000099'", &[]).await.unwrap();
    app.append_events().await;
    let (lines, next) = changes(&app.reader(), CHANGES, &present).await;
    assert_eq!(lines, Vec::<String>::new());
    assert_ne!(present.split('-').next(), next.split('-').next());
}

#[tokio::test]
async fn a_truncated_table_is_compared() {
    let app = feed().await;
    let site = site(&app).await;
    let mut follower = Follower::new(&app).await;
    let (before, _) = follower.next().await;
    let shown = before.iter().filter(|line| line.starts_with("comment.published")).count();
    site.sql.batch_execute("truncate comments cascade").await.unwrap();
    let (public, _) = follower.next().await;
    assert_eq!(public.len(), shown, "{public:?}");
    assert!(public.iter().all(|line| line.starts_with("comment.withdrawn")), "{public:?}");
}

#[tokio::test]
async fn two_sessions_append_each_event_once() {
    let app = feed().await;
    let target = app.target.clone();
    let mut follower = Follower::new(&app).await;
    let sql = db::client(&target).await;
    let appenders = (0..3).map(|_| async {
        let mut sum = 0;
        for _ in 0..60 {
            sum += app.append_events().await;
        }
        sum
    });
    let writes = async {
        for n in 0..40 {
            let insert = format!(
                "insert into articles (slug, status, headline, published_at, created_at, updated_at)
                 values ('a{n}', 'published', 'a', '2026-01-01Z', '2026-01-01Z', '2026-01-01Z')"
            );
            sql.batch_execute(&insert).await.unwrap();
        }
    };
    let (sums, ()) = tokio::join!(futures_util::future::join_all(appenders), writes);
    let rest = app.append_events().await;
    assert_eq!(sums.iter().sum::<u64>() + rest, 40);
    let (public, _) = follower.next().await;
    assert_eq!(public.len(), 40);
    let gaps = "select count(*) from event_log where last_id <> (select count(*) from events)";
    assert_eq!(sql.query_one(gaps, &[]).await.unwrap().get::<_, i64>(0), 0);
}

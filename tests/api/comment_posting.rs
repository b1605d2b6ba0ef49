//! Readers post, edit and delete comments.

use crate::harness::site::{SLUG, article, set_status, site};
use crate::harness::{Response, TestApp};
use actix_web::http::StatusCode;
use chrono::TimeDelta;
use roundup::comments::Policy;
use roundup::config::Config;
use serde_json::{Value, json};

/// An application with this policy and without a rate limit.
pub async fn app(policy: Policy) -> TestApp {
    let config = Config { comment_policy: policy, comment_rate: 0, ..Config::defaults().unwrap() };
    TestApp::with(config).await
}

/// The body of a comment.
pub fn comment(name: &str, text: &str) -> Value {
    json!({"author": {"name": name}, "text": text})
}

fn path(article: i64) -> String {
    format!("/api/v1/articles/{article}/comments")
}

async fn change(app: &TestApp, comment: &Value, token: &str, text: &str) -> Response {
    let client = app.reader().header("Roundup-Edit-Token", token);
    client.patch(&format!("/api/v1/comments/{}", comment["id"]), &json!({"text": text})).await
}

#[tokio::test]
async fn with_the_open_policy_a_comment_is_public_at_once() {
    let app = app(Policy::Open).await;
    let site = site(&app).await;
    let before = app.get(&format!("/api/v1/articles/{}", site.article)).await.ok();
    let new = json!({"author": {"name": " Ann ", "email": "Ann@Example.org",
        "url": "https://ann.example/"}, "text": "I *concur*.", "parent_id": site.comment});
    let response = app.reader().post(&path(site.article), &new).await;
    assert_eq!(response.header("cache-control"), "no-store");
    let place = response.header("location").to_owned();
    let made = response.expect(StatusCode::CREATED);
    assert_eq!(made["status"], "approved");
    assert_eq!(made["parent_id"], site.comment);
    assert_eq!(
        made["author"],
        json!({"name": "Ann", "url": "https://ann.example/", "is_editor": false})
    );
    assert_eq!(made["html"], "<p>I <em>concur</em>.</p>\n");
    assert_eq!(made["held_because"], json!([]));
    assert_eq!(made["edit_token_expires_at"], "2026-03-01T12:15:00Z");
    assert!(made["edit_token"].as_str().unwrap().len() >= 43);
    let shown = app.get(&place).await;
    assert!(!shown.text().to_lowercase().contains("ann@example.org"), "{}", shown.text());
    assert_eq!(shown.ok()["text"], "I *concur*.");
    let after = app.get(&format!("/api/v1/articles/{}", site.article)).await.ok();
    assert_eq!(after["comment_count"].as_i64(), before["comment_count"].as_i64().map(|n| n + 1));
    let slug = app
        .reader()
        .post(&format!("/api/v1/articles/{SLUG}/comments"), &comment("B", "By slug."))
        .await;
    slug.expect(StatusCode::CREATED);
}

#[tokio::test]
async fn with_the_first_policy_a_known_email_or_token_skips_moderation() {
    let app = app(Policy::First).await;
    let site = site(&app).await;
    let path = path(site.article);
    let editor = app.key("comments:moderate").await;
    let mail =
        |text: &str| json!({"author": {"name": "A", "email": "a@example.org"}, "text": text});
    let first = app.reader().post(&path, &mail("One.")).await.expect(StatusCode::ACCEPTED);
    assert_eq!(first["held_because"], json!(["first_comment"]));
    assert_eq!(first["status"], "pending");
    app.get(&format!("/api/v1/comments/{}", first["id"])).await.problem(404, "not_found");
    app.reader().post(&path, &mail("Two.")).await.expect(StatusCode::ACCEPTED);
    let batch = json!({"ids": [first["id"]], "action": "approve"});
    editor.post("/api/v1/admin/comments/batch", &batch).await.ok();
    let same = json!({"author": {"name": "A", "email": " A@EXAMPLE.ORG".trim()}, "text": "Three."});
    app.reader().post(&path, &same).await.expect(StatusCode::CREATED);

    let bare =
        app.reader().post(&path, &comment("B", "No mail.")).await.expect(StatusCode::ACCEPTED);
    let token = &bare["author_token"];
    let with = |text: &str| json!({"author": {"name": "B"}, "text": text, "author_token": token});
    let again = app.reader().post(&path, &with("Again.")).await.expect(StatusCode::ACCEPTED);
    assert_eq!(again["author_token"], Value::Null, "the token is kept");
    let batch = json!({"ids": [bare["id"]], "action": "approve"});
    editor.post("/api/v1/admin/comments/batch", &batch).await.ok();
    app.reader().post(&path, &with("Known.")).await.expect(StatusCode::CREATED);
    app.reader()
        .post(&path, &comment("B", "The name alone is nothing."))
        .await
        .expect(StatusCode::ACCEPTED);
    let forged = json!({"author": {"name": "B"}, "text": "x", "author_token": "at_forged"});
    app.reader().post(&path, &forged).await.expect(StatusCode::ACCEPTED);
    let spam = json!({"ids": [again["id"]], "action": "spam"});
    editor.post("/api/v1/admin/comments/batch", &spam).await.ok();
    app.reader().post(&path, &with("A spammer is not known.")).await.expect(StatusCode::ACCEPTED);
}

#[tokio::test]
async fn with_the_hold_policy_every_comment_is_pending() {
    let app = app(Policy::Hold).await;
    let site = site(&app).await;
    let held = app.reader().post(&path(site.article), &comment("A", "Hm.")).await;
    let held = held.expect(StatusCode::ACCEPTED);
    assert_eq!(held["held_because"], json!(["every_comment"]));
    assert_eq!(held["author_token"], Value::Null);
    let thread = app.get(&path(site.article)).await.text();
    assert!(!thread.contains("Hm."), "{thread}");
}

#[tokio::test]
async fn an_edit_token_can_change_and_delete_a_comment_for_15_minutes() {
    let app = app(Policy::Open).await;
    let site = site(&app).await;
    let one = app.reader().post(&path(site.article), &comment("A", "Teh bridge.")).await;
    let one = one.expect(StatusCode::CREATED);
    let token = one["edit_token"].as_str().unwrap();
    let place = format!("/api/v1/comments/{}", one["id"]);
    change(&app, &one, "et_wrong", "x").await.problem(403, "edit_token_refused");
    app.reader().patch(&place, &json!({"text": "x"})).await.problem(403, "edit_token_refused");
    change(&app, &one, token, "").await.problem(422, "invalid");
    let owner = app.reader().header("Roundup-Edit-Token", token);
    owner.patch(&place, &json!({"status": "approved"})).await.problem(422, "invalid");
    let changed = change(&app, &one, token, "The bridge.").await.ok();
    assert_eq!((&changed["text"], &changed["edit_token"]), (&json!("The bridge."), &Value::Null));
    assert_eq!(app.get(&place).await.ok()["edited_at"], "2026-03-01T12:00:00Z");
    let two = app.reader().post(&path(site.article), &comment("A", "Another.")).await.json();
    owner
        .call("DELETE", &format!("/api/v1/comments/{}", two["id"]))
        .await
        .problem(403, "edit_token_refused");

    app.state.clock().advance(TimeDelta::minutes(15));
    change(&app, &one, token, "Later.").await.problem(403, "edit_token_refused");
    owner.call("DELETE", &place).await.problem(403, "edit_token_refused");
    app.state.clock().advance(TimeDelta::seconds(-1));
    let response = json!({"author": {"name": "C"}, "text": "Yes.", "parent_id": one["id"]});
    let response =
        app.reader().post(&path(site.article), &response).await.expect(StatusCode::CREATED);
    assert_eq!(owner.call("DELETE", &place).await.status, StatusCode::NO_CONTENT);
    let stone = app.get(&place).await.ok();
    assert_eq!(
        (&stone["status"], &stone["text"], &stone["author"]),
        (&json!("deleted"), &Value::Null, &Value::Null)
    );
    let kept = "select author_name, text, html from comments where id = $1";
    let row = site.sql.query_one(kept, &[&one["id"].as_i64()]).await.unwrap();
    assert_eq!((row.get::<_, Option<&str>>(0), row.get::<_, &str>(1)), (None, ""), "it is erased");
    let other = app.reader().header("Roundup-Edit-Token", response["edit_token"].as_str().unwrap());
    other.call("DELETE", &format!("/api/v1/comments/{}", response["id"])).await;
    app.get(&place).await.problem(404, "not_found");
    owner.call("DELETE", &place).await.problem(404, "not_found");
}

#[tokio::test]
async fn an_edited_comment_is_checked_by_the_rules_again() {
    let app = app(Policy::Open).await;
    let site = site(&app).await;
    let one = app.reader().post(&path(site.article), &comment("A", "Fine.")).await.json();
    let token = one["edit_token"].as_str().unwrap();
    let held = change(&app, &one, token, "See https://spam.example/").await;
    let held = held.expect(StatusCode::ACCEPTED);
    assert_eq!(held["held_because"], json!(["max_links"]));
    app.get(&format!("/api/v1/comments/{}", one["id"])).await.problem(404, "not_found");
    let back = change(&app, &one, token, "Fine again.").await.expect(StatusCode::ACCEPTED);
    assert_eq!(back["status"], "pending", "a change makes nothing show");
    change(&app, &one, "et_wrong", "x").await.problem(404, "not_found");
}

#[tokio::test]
async fn a_pending_edit_does_not_make_its_reader_known() {
    let app = app(Policy::First).await;
    let site = site(&app).await;
    let one = app.reader().post(&path(site.article), &comment("A", "Fine.")).await.json();
    let editor = app.key("comments:moderate").await;
    let batch = json!({"ids": [one["id"]], "action": "approve"});
    editor.post("/api/v1/admin/comments/batch", &batch).await.ok();
    app.get(&format!("/api/v1/comments/{}", one["id"])).await.ok();
    let token = one["edit_token"].as_str().unwrap();
    change(&app, &one, token, "Something else.").await.expect(StatusCode::ACCEPTED);
    app.get(&format!("/api/v1/comments/{}", one["id"])).await.problem(404, "not_found");
}

#[tokio::test]
async fn all_errors_of_a_comment_are_reported_together() {
    let app = app(Policy::Open).await;
    let site = site(&app).await;
    let other = article(&site.sql, "another", "published", "2026-02-01Z").await;
    let wrong = [
        (json!({"text": "x"}), "/author"),
        (json!({"author": {"name": ""}, "text": "x"}), "/author/name"),
        (json!({"author": {"name": "   "}, "text": "x"}), "/author/name"),
        (json!({"author": {"name": "A"}, "text": ""}), "/text"),
        (json!({"author": {"name": "A"}, "text": " \n"}), "/text"),
        (json!({"author": {"name": "A"}, "text": "x".repeat(20_001)}), "/text"),
        (json!({"author": {"name": "A", "email": "no"}, "text": "x"}), "/author/email"),
        (
            json!({"author": {"name": "A", "url": "javascript:alert(1)"}, "text": "x"}),
            "/author/url",
        ),
        (json!({"author": {"name": "A", "is_editor": true}, "text": "x"}), "/author/is_editor"),
        (json!({"author": {"name": "A"}, "text": "x", "status": "approved"}), "/status"),
        (json!({"author": {"name": "A"}, "text": "x", "parent_id": 999_999}), "/parent_id"),
        (json!({"author": {"name": "A"}, "text": "a\u{0}b"}), "/text"),
    ];
    for (new, pointer) in wrong {
        let problem = app.reader().post(&path(site.article), &new).await.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
    let elsewhere = json!({"author": {"name": "A"}, "text": "x", "parent_id": site.comment});
    app.reader().post(&path(other), &elsewhere).await.problem(422, "invalid");
    let long = comment("A", &"ä".repeat(20_000));
    app.reader().post(&path(site.article), &long).await.expect(StatusCode::CREATED);
    app.reader().post(&path(999_999), &comment("A", "x")).await.problem(404, "not_found");
    set_status(&site.sql, other, "draft").await;
    app.reader().post(&path(other), &comment("A", "x")).await.problem(404, "not_found");
    let unknown = format!("{}?x=1", path(site.article));
    app.reader().post(&unknown, &comment("A", "x")).await.problem(400, "unknown_parameter");
}

#[tokio::test]
async fn a_closed_article_takes_no_comments() {
    let config =
        Config { comment_policy: Policy::Open, comment_days: 10, ..Config::defaults().unwrap() };
    let app = TestApp::with(config).await;
    let sql = app.sql().await;
    let open = article(&sql, "open", "published", "2026-02-19T12:00:01Z").await;
    let over = article(&sql, "over", "published", "2026-02-19T12:00:00Z").await;
    app.reader().post(&path(open), &comment("A", "x")).await.expect(StatusCode::CREATED);
    app.reader().post(&path(over), &comment("A", "x")).await.problem(409, "comments_closed");
    for (id, is_open) in [(open, true), (over, false)] {
        let article = app.get(&format!("/api/v1/articles/{id}")).await.ok();
        assert_eq!(article["comments_open"], is_open, "{article}");
    }
    let list = app.get("/api/v1/articles?fields=id,comments_open").await.ok();
    assert_eq!(list["items"][1], json!({"id": over, "comments_open": false}));
    sql.execute("update articles set comments_open = false where id = $1", &[&open]).await.unwrap();
    app.reader().post(&path(open), &comment("A", "x")).await.problem(409, "comments_closed");
    let editor = app.key("comments:moderate").await;
    let answer = json!({"text": "It is closed."});
    let admin = format!("/api/v1/admin/articles/{open}/comments");
    editor.post(&admin, &answer).await.expect(StatusCode::CREATED);
}

#[tokio::test]
async fn a_comment_sent_twice_is_posted_once() {
    let app = app(Policy::Open).await;
    let site = site(&app).await;
    let reader = app.reader().header("Idempotency-Key", "8e03978e-40d5");
    let first = reader.post(&path(site.article), &comment("A", "Once.")).await;
    let again = reader.post(&path(site.article), &comment("A", "Once.")).await;
    assert_eq!(again.header("idempotent-replayed"), "true");
    let (mut first, again) = (first.json(), again.json());
    assert!(first["edit_token"].take().is_string());
    first["author_token"].take();
    assert_eq!(first, again, "tokens are returned only once");
    let other = reader.post(&path(site.article), &comment("A", "Twice.")).await;
    other.problem(422, "idempotency_key_reused");
    let count = "select count(*) from comments where text = 'Once.'";
    assert_eq!(site.sql.query_one(count, &[]).await.unwrap().get::<_, i64>(0), 1);
}

#[tokio::test]
async fn ip_addresses_are_erased_after_30_days() {
    let app = app(Policy::Open).await;
    let site = site(&app).await;
    let one = app.reader().post(&path(site.article), &comment("A", "One.")).await.json();
    let report = format!("/api/v1/comments/{}/reports", one["id"]);
    app.reader().post(&report, &json!({"reason": "x"})).await;
    let kept = "select (select count(*) from comments where client_hash is not null),
                       (select count(*) from comment_reports where client_hash is not null)";
    let count = async || {
        let row = site.sql.query_one(kept, &[]).await.unwrap();
        (row.get::<_, i64>(0), row.get::<_, i64>(1))
    };
    app.state.clock().advance(TimeDelta::days(30) - TimeDelta::seconds(1));
    roundup::background::delete_expired_data(&app.state).await.unwrap();
    assert_eq!(count().await, (1, 1));
    app.state.clock().advance(TimeDelta::seconds(1));
    roundup::background::delete_expired_data(&app.state).await.unwrap();
    assert_eq!(count().await, (0, 0));
}

/// 1,000 spam comments from as many addresses, with each policy.
#[tokio::test]
async fn no_policy_publishes_a_flood_of_spam() {
    for policy in [Policy::Open, Policy::First, Policy::Hold] {
        let config = Config {
            comment_policy: policy,
            trusted_proxies: "127.0.0.0/8".parse().unwrap(),
            ..Config::defaults().unwrap()
        };
        let app = TestApp::with(config).await;
        let site = site(&app).await;
        let before = app.get(&path(site.article)).await.ok();
        for n in 0..1000 {
            let text = match n % 4 {
                0 => format!("Buy cheap watches {n} at https://spam{n}.example/ now"),
                1 => format!("Best casino bonus number {n} is waiting for you"),
                2 => format!("[click](http://spam.example/{n}) [here](http://spam.example/{n})"),
                _ => format!("Visit www.spam{n}.example for your prize"),
            };
            let new = json!({"author": {"name": format!("bot {n}"),
                "email": format!("bot{n}@spam.example")}, "text": text});
            let from = format!("198.51.{}.{}", n / 256, n % 256);
            let bot = app.reader().header("X-Forwarded-For", &from).from("127.0.0.1");
            let response = bot.post(&path(site.article), &new).await;
            assert_eq!(
                response.status,
                StatusCode::ACCEPTED,
                "{policy:?} {n}: {}",
                response.text()
            );
        }
        assert_eq!(app.get(&path(site.article)).await.ok(), before, "{policy:?}");
        assert!(!app.get("/api/v1/comments?limit=100").await.text().contains("spam"));
    }
}

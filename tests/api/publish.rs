//! Publishing, scheduling and unpublishing.

use crate::harness::{TestApp, start};
use actix_web::http::StatusCode;
use actix_web::web::Data;
use chrono::TimeDelta;
use roundup::clock::Clock;
use roundup::config::Config;
use roundup::db::{Pool, PoolOptions};
use roundup::editor::{keep_publishing, publish_due};
use roundup::state::State;
use serde_json::{Value, json};

const ARTICLES: &str = "/api/v1/admin/articles";

#[tokio::test]
async fn an_article_is_published_and_unpublished() {
    let app = TestApp::new().await;
    let editor = app.key("articles:write").await.header("If-Match", "*");
    let made = editor.post(ARTICLES, &json!({"headline": "x"})).await.expect(StatusCode::CREATED);
    assert_eq!((&made["status"], &made["published_at"]), (&json!("draft"), &Value::Null));
    let at = format!("{ARTICLES}/{}", made["id"]);
    let public = format!("/api/v1/articles/{}", made["id"]);
    app.get(&public).await.problem(404, "not_found");
    let published = editor.patch(&at, &json!({"status": "published"})).await.ok();
    assert_eq!(published["published_at"], "2026-03-01T12:00:00Z");
    app.get(&public).await.ok();
    app.state.clock().advance(TimeDelta::hours(1));
    let archived = editor.patch(&at, &json!({"status": "archived"})).await.ok();
    assert_eq!(archived["published_at"], published["published_at"]);
    app.get(&public).await.problem(404, "not_found");
    let again = editor.patch(&at, &json!({"status": "published"})).await.ok();
    assert_eq!(again["published_at"], published["published_at"]);
    let old = json!({"published_at": "2014-12-04T00:00:00Z"});
    editor.patch(&at, &old).await.ok();
    assert_eq!(app.get(&public).await.ok()["published_at"], "2014-12-04T00:00:00Z");
    editor.patch(&at, &json!({"status": "trashed"})).await.problem(422, "invalid");
}

#[tokio::test]
async fn a_scheduled_article_is_published_at_its_time() {
    let app = TestApp::new().await;
    let editor = app.key("articles:write").await.header("If-Match", "*");
    let body = json!({"headline": "Later", "status": "published", "published_at": "2026-03-01T13:00:00Z",
        "links": [{"title": "a", "credit": "Reuters"}], "tags": ["Later"]});
    let made = editor.post(ARTICLES, &body).await.expect(StatusCode::CREATED);
    assert_eq!(made["status"], "scheduled");
    let at = format!("{ARTICLES}/{}", made["id"]);
    let public = format!("/api/v1/articles/{}", made["id"]);
    assert_eq!(publish_due(&app.state).await.unwrap(), 0);
    // An edit keeps the schedule; publishing without a time publishes now.
    assert_eq!(editor.patch(&at, &json!({"dek": "x"})).await.ok()["status"], "scheduled");
    app.get(&public).await.problem(404, "not_found");
    app.state.clock().advance(TimeDelta::hours(1));
    assert_eq!(publish_due(&app.state).await.unwrap(), 1);
    assert_eq!(publish_due(&app.state).await.unwrap(), 0);
    assert_eq!(app.get(&public).await.ok()["published_at"], "2026-03-01T13:00:00Z");
    assert_eq!(app.get("/api/v1/outlets/reuters").await.ok()["link_count"], 1);
    assert_eq!(app.get("/api/v1/tags/later").await.ok()["article_count"], 1);
    let now = editor.get(&at).await.ok();
    assert_eq!((&now["status"], &now["version"]), (&json!("published"), &json!(3)));
    let last = editor.get(&format!("{at}/revisions/3")).await.ok();
    assert_eq!((&last["key_id"], &last["article"]["status"]), (&Value::Null, &json!("published")));
    let auditor = app.key("audit:read").await;
    let deeds = auditor.get("/api/v1/admin/audit?action=article.publish").await.ok();
    assert_eq!(
        (&deeds["items"][0]["key_name"], &deeds["items"][0]["key_id"]),
        (&json!("roundup"), &Value::Null)
    );
}

#[tokio::test]
async fn publishing_a_scheduled_article_publishes_it_now() {
    let app = TestApp::new().await;
    let editor = app.key("articles:write").await.header("If-Match", "*");
    let body =
        json!({"headline": "Later", "status": "scheduled", "published_at": "2027-01-01T00:00:00Z"});
    let made = editor.post(ARTICLES, &body).await.expect(StatusCode::CREATED);
    let at = format!("{ARTICLES}/{}", made["id"]);
    let now = editor.patch(&at, &json!({"status": "published"})).await.ok();
    assert_eq!(
        (&now["status"], &now["published_at"]),
        (&json!("published"), &json!("2026-03-01T12:00:00Z"))
    );
    let no_time = json!({"headline": "x", "status": "scheduled"});
    let problem = editor.post(ARTICLES, &no_time).await.problem(422, "invalid");
    assert_eq!(problem["errors"][0]["pointer"], "/published_at");
}

#[tokio::test]
async fn a_scheduled_article_restored_after_its_time_is_a_draft() {
    let app = TestApp::new().await;
    let editor = app.key("articles:write").await.header("If-Match", "*");
    let body =
        json!({"headline": "Later", "status": "scheduled", "published_at": "2026-03-01T13:00:00Z"});
    let made = editor.post(ARTICLES, &body).await.expect(StatusCode::CREATED);
    let at = format!("{ARTICLES}/{}", made["id"]);
    editor.call("DELETE", &at).await.ok();
    app.state.clock().advance(TimeDelta::hours(2));
    assert_eq!(publish_due(&app.state).await.unwrap(), 0);
    assert_eq!(editor.call("POST", &format!("{at}/restore")).await.ok()["status"], "draft");
}

#[tokio::test]
async fn two_instances_publish_each_article_once() {
    let app = TestApp::new().await;
    let editor = app.key("articles:write").await;
    for n in 0..50 {
        let body = json!({"headline": format!("n {n}"), "status": "scheduled",
            "published_at": "2026-03-01T13:00:00Z"});
        editor.post(ARTICLES, &body).await.expect(StatusCode::CREATED);
    }
    // As if no instance had run for an hour.
    let instance = || {
        let options = PoolOptions { size: 2, ..PoolOptions::default() };
        let clock = Clock::fixed(start() + TimeDelta::hours(2));
        let pool = Pool::new(app.target.clone(), options);
        Data::new(State::new(pool, clock, Config::defaults().unwrap()))
    };
    let instances = [instance(), instance(), instance(), instance()];
    let done = futures_util::future::join_all(instances.iter().map(publish_due)).await;
    let done: usize = done.into_iter().map(Result::unwrap).sum();
    assert_eq!(done, 50);
    let auditor = app.key("audit:read").await;
    let deeds = auditor.get("/api/v1/admin/audit?action=article.publish&count=exact").await.ok();
    assert_eq!(deeds["page"]["total"], 50);
    let page = editor.get(&format!("{ARTICLES}?limit=100&status=published")).await.ok();
    let items = page["items"].as_array().unwrap();
    assert!(items.len() == 50 && items.iter().all(|item| item["version"] == 2));
}

#[tokio::test]
async fn the_running_service_publishes_scheduled_articles() {
    let app = TestApp::new().await;
    let options = PoolOptions { size: 2, ..PoolOptions::default() };
    let pool = Pool::new(app.target.clone(), options);
    let state = Data::new(State::new(pool, Clock::System, Config::defaults().unwrap()));
    let due = Clock::System.now() + TimeDelta::seconds(2);
    let editor = app.key("articles:write").await;
    let body = json!({"headline": "Soon", "status": "scheduled", "published_at": due});
    let made = editor.post(ARTICLES, &body).await.expect(StatusCode::CREATED);
    let task = tokio::spawn(keep_publishing(state));
    let public = format!("/api/v1/articles/{}", made["id"]);
    let given_up = due + TimeDelta::seconds(30);
    loop {
        let response = app.get(&public).await;
        let now = Clock::System.now();
        if response.status == StatusCode::OK {
            assert!(now >= due, "published {} early", due - now);
            break;
        }
        assert!(now < given_up, "not published");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    task.abort();
}

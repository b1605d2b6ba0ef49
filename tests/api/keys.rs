//! Keys: made once, shown once, and nothing without one.

use crate::harness::TestApp;
use actix_web::http::StatusCode;
use chrono::TimeDelta;
use serde_json::json;

#[tokio::test]
async fn nothing_answers_without_a_good_key() {
    let app = TestApp::new().await;
    let reply = app.get("/api/v1/admin/keys").await;
    assert_eq!(reply.header("www-authenticate"), "Bearer realm=\"roundup\"");
    assert_eq!(reply.header("cache-control"), "private, no-store");
    reply.problem(401, "unauthenticated");
    app.get("/api/v1/admin/no/such/thing").await.problem(401, "unauthenticated");
    let wrong = app.with_key("rk_wrong");
    wrong.get("/api/v1/admin/keys").await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn a_key_is_made_used_and_revoked() {
    let app = TestApp::new().await;
    let admin = app.key("admin").await;
    let new = json!({"name": "script", "scopes": ["audit:read"]});
    let made = admin.post("/api/v1/admin/keys", &new).await.expect(StatusCode::CREATED);
    let secret = made["secret"].as_str().unwrap();
    assert!(secret.starts_with(made["prefix"].as_str().unwrap()));
    let script = app.with_key(secret);
    let problem = script.get("/api/v1/admin/keys").await.problem(403, "missing_scope");
    assert!(problem["detail"].as_str().unwrap().contains("keys:manage"));
    let listed = admin.get("/api/v1/admin/keys").await.ok();
    assert!(!listed.to_string().contains(secret), "a secret is listed");
    let path = format!("/api/v1/admin/keys/{}", made["id"]);
    admin.call("DELETE", &path).await.ok();
    script.get("/api/v1/admin/keys").await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn an_expired_key_is_no_key() {
    let app = TestApp::new().await;
    let admin = app.key("admin").await;
    let new = json!({"name": "x", "scopes": ["admin"], "expires_at": "2026-03-01T13:00:00Z"});
    let made = admin.post("/api/v1/admin/keys", &new).await.expect(StatusCode::CREATED);
    let guest = app.with_key(made["secret"].as_str().unwrap());
    guest.get("/api/v1/admin/keys").await.ok();
    app.state.clock().advance(TimeDelta::hours(1));
    guest.get("/api/v1/admin/keys").await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn a_post_with_one_key_is_done_once() {
    let app = TestApp::new().await;
    let admin = app.key("admin").await.header("Idempotency-Key", "\"a-1\"");
    let new = json!({"name": "twice", "scopes": ["admin"]});
    let first = admin.post("/api/v1/admin/keys", &new).await;
    let again = admin.post("/api/v1/admin/keys", &new).await;
    assert_eq!((first.status, again.status), (StatusCode::CREATED, StatusCode::CREATED));
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(first.header("location"), again.header("location"));
    assert_eq!(first.json(), again.json());
    let other = json!({"name": "other", "scopes": ["admin"]});
    admin.post("/api/v1/admin/keys", &other).await.problem(422, "idempotency_key_reused");
    app.state.clock().advance(TimeDelta::hours(25));
    let later = admin.post("/api/v1/admin/keys", &other).await;
    assert_eq!((later.status, later.header("idempotent-replayed")), (StatusCode::CREATED, ""));
}

#[tokio::test]
async fn every_mistake_in_a_body_is_reported_at_once() {
    let app = TestApp::new().await;
    let admin = app.key("admin").await;
    let bad = json!({"name": "", "scopes": ["articles:wirte"], "expire_at": null});
    let problem = admin.post("/api/v1/admin/keys", &bad).await.problem(422, "invalid");
    let errors = problem["errors"].as_array().unwrap();
    let mut found: Vec<(&str, &str)> = errors
        .iter()
        .map(|e| (e["pointer"].as_str().unwrap(), e["code"].as_str().unwrap()))
        .collect();
    found.sort_unstable();
    let expected =
        [("/expire_at", "unknown_field"), ("/name", "too_short"), ("/scopes/0", "not_allowed")];
    assert_eq!(found, expected, "{problem}");
}

//! API keys and idempotency keys.

use crate::harness::{TestApp, patient};
use actix_web::http::StatusCode;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use serde_json::json;
use std::collections::BTreeSet;

#[tokio::test]
async fn admin_paths_require_a_valid_key() {
    let app = TestApp::new().await;
    let response = app.get("/api/v1/admin/keys").await;
    assert_eq!(response.header("www-authenticate"), "Bearer realm=\"roundup\"");
    assert_eq!(response.header("cache-control"), "private, no-store");
    response.problem(401, "unauthenticated");
    app.get("/api/v1/admin/no/such/thing").await.problem(401, "unauthenticated");
    let wrong = app.with_key("rk_wrong");
    wrong.get("/api/v1/admin/keys").await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn a_key_is_created_used_and_revoked() {
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
async fn an_expired_key_is_rejected() {
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
async fn a_post_with_an_idempotency_key_is_executed_once() {
    let app = TestApp::new().await;
    let admin = app.key("admin").await.header("Idempotency-Key", "\"a-1\"");
    let new = json!({"name": "twice", "scopes": ["admin"]});
    let first = admin.post("/api/v1/admin/keys", &new).await;
    let again = admin.post("/api/v1/admin/keys", &new).await;
    assert_eq!((first.status, again.status), (StatusCode::CREATED, StatusCode::CREATED));
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(first.header("location"), again.header("location"));
    let (mut first, again) = (first.json(), again.json());
    assert!(first["secret"].take().is_string());
    assert_eq!(first, again, "the secret is returned only once");
    let other = json!({"name": "other", "scopes": ["admin"]});
    admin.post("/api/v1/admin/keys", &other).await.problem(422, "idempotency_key_reused");
    app.state.clock().advance(TimeDelta::hours(25));
    let later = admin.post("/api/v1/admin/keys", &other).await;
    assert_eq!((later.status, later.header("idempotent-replayed")), (StatusCode::CREATED, ""));
}

#[tokio::test]
async fn all_errors_in_a_body_are_reported_together() {
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
        [("/expire_at", "unknown_field"), ("/name", "blank"), ("/scopes/0", "not_allowed")];
    assert_eq!(found, expected, "{problem}");
}

#[tokio::test]
async fn every_invalid_key_gets_the_same_error() {
    let app = TestApp::new().await;
    let admin = app.key("admin").await;
    let make = async |name: &str, expires_at: Option<&str>| {
        let new = json!({"name": name, "scopes": ["admin"], "expires_at": expires_at});
        admin.post("/api/v1/admin/keys", &new).await.expect(StatusCode::CREATED)
    };
    let revoked = make("revoked", None).await;
    admin.call("DELETE", &format!("/api/v1/admin/keys/{}", revoked["id"])).await.ok();
    let expired = make("expired", Some("2026-03-01T12:00:01Z")).await;
    app.state.clock().advance(TimeDelta::hours(1));
    let good = make("good", None).await["secret"].as_str().unwrap().to_owned();
    let mut almost = good.clone();
    let last = almost.pop();
    almost.push(if last == Some('A') { 'B' } else { 'A' });
    let mut told = Vec::new();
    for secret in [
        "rk_nobody's",
        &almost,
        revoked["secret"].as_str().unwrap(),
        expired["secret"].as_str().unwrap(),
    ] {
        let response =
            app.with_key(secret).header("X-Request-Id", "same").get("/api/v1/admin/keys").await;
        let headers: Vec<String> =
            response.headers.iter().map(|pair| format!("{pair:?}")).collect();
        told.push((headers, response.problem(401, "unauthenticated")));
    }
    assert!(told.iter().all(|one| *one == told[0]), "{told:#?}");
    app.with_key(&good).get("/api/v1/admin/keys").await.ok();
}

#[tokio::test]
async fn only_the_hash_of_a_key_of_256_random_bits_is_stored() {
    let app = TestApp::new().await;
    let admin = app.key("admin").await;
    let sql = app.sql().await;
    let mut secrets = BTreeSet::new();
    for n in 0..20 {
        let new = json!({"name": format!("n{n}"), "scopes": ["admin"]});
        let made = admin.post("/api/v1/admin/keys", &new).await.expect(StatusCode::CREATED);
        let secret = made["secret"].as_str().unwrap().to_owned();
        let random = BASE64_URL_SAFE_NO_PAD.decode(secret.strip_prefix("rk_").unwrap()).unwrap();
        assert_eq!(random.len(), 32);
        let row = "select to_jsonb(k)::text, secret_hash = sha256($2::text::bytea) from keys k
                   where id = $1";
        let row = sql.query_one(row, &[&made["id"].as_i64(), &secret]).await.unwrap();
        let (text, hashed): (String, bool) = (row.get(0), row.get(1));
        assert!(hashed, "{text}");
        // The stored prefix reveals 42 bits; 214 are stored nowhere.
        let shown = |letters: usize| text.contains(secret.get(..letters).unwrap());
        assert!(shown(10) && !shown(11), "{text}");
        secrets.insert(random);
    }
    assert_eq!(secrets.len(), 20);
    // Bits that never change would not be random.
    for byte in 0..32 {
        let values = |secret: &Vec<u8>| secret[byte];
        assert!(secrets.iter().map(values).collect::<BTreeSet<_>>().len() > 10, "byte {byte}");
    }
}

#[tokio::test]
async fn a_change_of_scopes_applies_at_once_on_every_instance() {
    let app = TestApp::new().await;
    let other = TestApp::on(app.target.clone(), patient()).await;
    let admin = app.key("admin").await;
    let new = json!({"name": "script", "scopes": ["audit:read"]});
    let made = admin.post("/api/v1/admin/keys", &new).await.expect(StatusCode::CREATED);
    let secret = made["secret"].as_str().unwrap();
    let both = [app.with_key(secret), other.with_key(secret)];
    for instance in &both {
        instance.get("/api/v1/admin/audit").await.ok();
    }
    let sql = app.sql().await;
    let change = "update keys set scopes = '{keys:manage}' where id = $1";
    sql.execute(change, &[&made["id"].as_i64()]).await.unwrap();
    for instance in &both {
        instance.get("/api/v1/admin/audit").await.problem(403, "missing_scope");
        instance.get("/api/v1/admin/keys").await.ok();
    }
    admin.call("DELETE", &format!("/api/v1/admin/keys/{}", made["id"])).await.ok();
    for instance in &both {
        instance.get("/api/v1/admin/keys").await.problem(401, "unauthenticated");
    }
}

//! The audit log.

use crate::harness::{TestApp, patient};
use actix_web::http::StatusCode;
use chrono::TimeDelta;
use roundup::config::Config;
use serde_json::{Value, json};

const AUDIT: &str = "/api/v1/admin/audit";
const ARTICLES: &str = "/api/v1/admin/articles";

#[tokio::test]
async fn every_write_is_recorded_in_the_audit_log() {
    let app = TestApp::new().await;
    let editor = app.key("articles:write,outlets:write").await;
    let any = editor.clone().header("If-Match", "*");
    let made = editor.post(ARTICLES, &json!({"headline": "One", "tags": ["x"]})).await.json();
    let at = format!("{ARTICLES}/{}", made["id"]);
    app.state.clock().advance(TimeDelta::minutes(1));
    any.patch(&at, &json!({"headline": "Two", "dek": "d"})).await.ok();
    any.post(&format!("{at}/links"), &json!({"title": "a"})).await;
    any.call("DELETE", &at).await.ok();
    app.state.clock().advance(TimeDelta::minutes(1));
    editor.call("POST", &format!("{at}/restore")).await.ok();
    any.call("POST", &format!("{at}/revisions/1/restore")).await.ok();
    any.call("DELETE", &format!("{at}?purge=true")).await;
    editor.post("/api/v1/admin/outlets", &json!({"name": "Harbour Gazette"})).await;
    any.patch("/api/v1/admin/tags/1", &json!({"name": "y"})).await.ok();
    // A rejected request is not recorded.
    any.patch(&at, &json!({})).await.problem(404, "not_found");

    let auditor = app.key("audit:read").await;
    let list = async |query: &str| -> Vec<Value> {
        let page = auditor.get(&format!("{AUDIT}?{query}")).await.ok();
        page["items"].as_array().unwrap().clone()
    };
    let actions = |deeds: &[Value]| -> Vec<String> {
        deeds.iter().map(|deed| deed["action"].as_str().unwrap().to_owned()).collect()
    };
    let all = list("").await;
    assert_eq!(
        actions(&all),
        [
            "tag.update",
            "outlet.create",
            "article.purge",
            "article.revert",
            "article.restore",
            "article.trash",
            "article.add_link",
            "article.update",
            "article.create"
        ]
    );
    let update = &all[7];
    assert_eq!(update["key_name"], "articles:write,outlets:write");
    assert_eq!((&update["object_kind"], &update["object_id"]), (&json!("article"), &made["id"]));
    assert_eq!(update["detail"], json!({"version": 2, "fields": ["dek", "headline"]}));
    assert_eq!(update["at"], "2026-03-01T12:01:00Z");
    assert_eq!(list("object_kind=article&object_id=1").await.len(), 7);
    for id in ["0", "-1", "x", "9007199254740992"] {
        let at = format!("{AUDIT}?object_id={id}");
        auditor.get(&at).await.problem(400, "bad_parameter");
    }
    assert_eq!(actions(&list("action=tag.update,outlet.create").await).len(), 2);
    let hour = "at_after=2026-03-01T12:01:00Z&at_before=2026-03-01T12:02:00Z";
    assert_eq!(list(hour).await.len(), 3);
    assert_eq!(list(&format!("key_id={}", update["key_id"])).await.len(), 9);
    assert_eq!(list("key_id=999").await.len(), 0);
    let first = auditor.get(&format!("{AUDIT}?limit=4&count=exact")).await.ok();
    assert_eq!(first["page"]["total"], 9);
    let next = first["page"]["next"].as_str().unwrap();
    assert_eq!(list(&format!("limit=4&after={next}")).await[0], all[4]);
    assert_eq!(list("fields=action&limit=1").await, [json!({"action": "tag.update"})]);
    auditor.get(&format!("{AUDIT}?actoin=x")).await.problem(400, "unknown_parameter");
}

#[tokio::test]
async fn the_audit_log_has_the_address_from_a_trusted_proxy() {
    let trusted_proxies = "10.0.0.0/8".parse().unwrap();
    let app = TestApp::with(Config { trusted_proxies, ..patient() }).await;
    let editor = app.key("admin").await;
    for (n, (peer, told, noted)) in [
        ("10.1.2.3", "198.51.100.1", "198.51.100.1"),
        ("192.0.2.1", "198.51.100.2", "192.0.2.1"),
        ("10.1.2.3", "6.6.6.6, 198.51.100.3, 10.9.9.9", "198.51.100.3"),
    ]
    .into_iter()
    .enumerate()
    {
        let editor = editor.clone().from(peer).header("X-Forwarded-For", told);
        let new = json!({"headline": format!("x{n}")});
        editor.post(ARTICLES, &new).await.expect(StatusCode::CREATED);
        let audit = editor.get(&format!("{AUDIT}?limit=1")).await.ok();
        assert_eq!(audit["items"][0]["address"], noted, "{peer}, {told}");
    }
}

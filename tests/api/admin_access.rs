//! Access to the admin operations: a row for each, compared with the OpenAPI document both ways.

use crate::harness::TestApp;
use crate::harness::document::operations;
use actix_web::http::StatusCode;
use chrono::TimeDelta;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Every admin operation with the scope that it requires.
const OPERATIONS: &[(&str, &str)] = &[
    ("GET /api/v1/admin/articles", "articles:read"),
    ("POST /api/v1/admin/articles", "articles:write"),
    ("POST /api/v1/admin/articles/batch", "articles:write"),
    ("POST /api/v1/admin/articles/parse", "articles:write"),
    ("GET /api/v1/admin/articles/{id}", "articles:read"),
    ("PUT /api/v1/admin/articles/{id}", "articles:write"),
    ("PATCH /api/v1/admin/articles/{id}", "articles:write"),
    ("DELETE /api/v1/admin/articles/{id}", "articles:write"),
    ("POST /api/v1/admin/articles/{id}/restore", "articles:write"),
    ("GET /api/v1/admin/articles/{id}/revisions", "articles:read"),
    ("GET /api/v1/admin/articles/{id}/revisions/{n}", "articles:read"),
    ("POST /api/v1/admin/articles/{id}/revisions/{n}/restore", "articles:write"),
    ("POST /api/v1/admin/articles/{id}/links", "articles:write"),
    ("POST /api/v1/admin/articles/{id}/links/addresses", "articles:write"),
    ("GET /api/v1/admin/articles/{id}/links/{link_id}", "articles:read"),
    ("PATCH /api/v1/admin/articles/{id}/links/{link_id}", "articles:write"),
    ("DELETE /api/v1/admin/articles/{id}/links/{link_id}", "articles:write"),
    ("POST /api/v1/admin/articles/{id}/links/{link_id}/move", "articles:write"),
    ("GET /api/v1/admin/outlets", "outlets:write"),
    ("POST /api/v1/admin/outlets", "outlets:write"),
    ("GET /api/v1/admin/outlets/{id}", "outlets:write"),
    ("PATCH /api/v1/admin/outlets/{id}", "outlets:write"),
    ("DELETE /api/v1/admin/outlets/{id}", "outlets:write"),
    ("POST /api/v1/admin/outlets/batch", "outlets:write"),
    ("POST /api/v1/admin/outlets/{id}/merge", "outlets:write"),
    ("GET /api/v1/admin/tags", "outlets:write"),
    ("POST /api/v1/admin/tags", "outlets:write"),
    ("GET /api/v1/admin/tags/{id}", "outlets:write"),
    ("PATCH /api/v1/admin/tags/{id}", "outlets:write"),
    ("DELETE /api/v1/admin/tags/{id}", "outlets:write"),
    ("POST /api/v1/admin/tags/{id}/merge", "outlets:write"),
    ("POST /api/v1/admin/articles/{id}/comments", "comments:moderate"),
    ("GET /api/v1/admin/comments", "comments:moderate"),
    ("POST /api/v1/admin/comments/batch", "comments:moderate"),
    ("POST /api/v1/admin/comments/erase", "comments:moderate"),
    ("GET /api/v1/admin/comments/{id}", "comments:moderate"),
    ("PATCH /api/v1/admin/comments/{id}", "comments:moderate"),
    ("POST /api/v1/admin/comments/{id}/replies", "comments:moderate"),
    ("GET /api/v1/admin/rules", "comments:moderate"),
    ("POST /api/v1/admin/rules", "comments:moderate"),
    ("POST /api/v1/admin/rules/test", "comments:moderate"),
    ("GET /api/v1/admin/rules/{id}", "comments:moderate"),
    ("PUT /api/v1/admin/rules/{id}", "comments:moderate"),
    ("PATCH /api/v1/admin/rules/{id}", "comments:moderate"),
    ("DELETE /api/v1/admin/rules/{id}", "comments:moderate"),
    ("POST /api/v1/admin/imports", "imports:write"),
    ("GET /api/v1/admin/jobs", "imports:write"),
    ("GET /api/v1/admin/jobs/{id}", "imports:write"),
    ("GET /api/v1/admin/exports", "exports:read"),
    ("GET /api/v1/admin/keys", "keys:manage"),
    ("POST /api/v1/admin/keys", "keys:manage"),
    ("DELETE /api/v1/admin/keys/{id}", "keys:manage"),
    ("GET /api/v1/admin/audit", "audit:read"),
    ("GET /api/v1/admin/changes", "changes:read"),
    ("GET /api/v1/admin/changes/stream", "changes:read"),
    ("GET /api/v1/admin/webhooks", "webhooks:manage"),
    ("POST /api/v1/admin/webhooks", "webhooks:manage"),
    ("GET /api/v1/admin/webhooks/{id}", "webhooks:manage"),
    ("PATCH /api/v1/admin/webhooks/{id}", "webhooks:manage"),
    ("DELETE /api/v1/admin/webhooks/{id}", "webhooks:manage"),
    ("POST /api/v1/admin/webhooks/{id}/secret", "webhooks:manage"),
    ("POST /api/v1/admin/webhooks/{id}/test", "webhooks:manage"),
    ("GET /api/v1/admin/webhooks/{id}/deliveries", "webhooks:manage"),
    ("GET /api/v1/admin/webhooks/{id}/deliveries/{n}", "webhooks:manage"),
    ("POST /api/v1/admin/webhooks/{id}/deliveries/{n}/retry", "webhooks:manage"),
];

/// All scopes except `admin`, which includes them.
const SCOPES: [&str; 10] = [
    "articles:read",
    "articles:write",
    "outlets:write",
    "comments:moderate",
    "imports:write",
    "exports:read",
    "keys:manage",
    "changes:read",
    "webhooks:manage",
    "audit:read",
];

#[test]
fn every_admin_operation_is_tested_and_documents_its_scope() {
    let mut documented = BTreeSet::new();
    for operation in operations() {
        if operation.name().contains(" /api/v1/admin/") {
            let scope = &operation.value["security"][0]["key"][0];
            documented.insert((operation.name(), scope.as_str().unwrap_or_default().to_owned()));
        }
    }
    let rows: BTreeSet<(String, String)> =
        OPERATIONS.iter().map(|(name, scope)| ((*name).to_owned(), (*scope).to_owned())).collect();
    let missing: Vec<_> = documented.difference(&rows).collect();
    assert!(missing.is_empty(), "operations without a row: {missing:#?}");
    let dead: Vec<_> = rows.difference(&documented).collect();
    assert!(dead.is_empty(), "rows without an operation: {dead:#?}");
}

#[tokio::test]
async fn admin_operations_reject_missing_invalid_and_insufficient_keys() {
    let app = TestApp::new().await;
    let admin = app.key("admin").await;
    let brief = json!({"name": "brief", "scopes": ["admin"], "expires_at": "2026-03-01T12:30:00Z"});
    let made = admin.post("/api/v1/admin/keys", &brief).await.expect(StatusCode::CREATED);
    let expired = app.with_key(made["secret"].as_str().unwrap());
    app.state.clock().advance(TimeDelta::hours(1));
    let (none, wrong) = (app.reader(), app.with_key("rk_wrong"));
    for (name, scope) in OPERATIONS {
        let (method, path) = name.split_once(' ').unwrap();
        let path = path.replace("{id}", "1").replace("{n}", "1").replace("{link_id}", "1");
        for client in [&none, &wrong, &expired] {
            let problem = client.call(method, &path).await.problem(401, "unauthenticated");
            assert_eq!(problem["title"], "Unauthenticated", "{name}");
        }
        let holds =
            |held: &str| held == *scope || (held == "articles:write" && *scope == "articles:read");
        let others: Vec<&str> = SCOPES.into_iter().filter(|held| !holds(held)).collect();
        let other = app.key(&others.join(",")).await;
        let problem: Value = other.call(method, &path).await.problem(403, "missing_scope");
        assert!(problem["detail"].as_str().unwrap().contains(scope), "{name}: {problem}");
    }
}

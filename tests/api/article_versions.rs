//! What makes a version of an article and what does not, and tags of many articles at once.

use crate::admin_articles::{ARTICLES, bridge, path};
use crate::harness::TestApp;
use crate::harness::client::Client;
use actix_web::http::StatusCode;
use chrono::TimeDelta;
use serde_json::{Value, json};

/// Returns the number of revisions of an article.
async fn revisions(editor: &Client<'_>, at: &str) -> Value {
    let page = editor.get(&format!("{at}/revisions?count=exact")).await.ok();
    page["page"]["total"].clone()
}

#[tokio::test]
async fn a_change_that_changes_nothing_makes_no_version() {
    let app = TestApp::new().await;
    let editor = app.key("articles:write,audit:read").await;
    let mut new = bridge();
    new["corrections"] = json!([{"note": "The bridge was closed for two years."}]);
    let made = editor.post(ARTICLES, &new).await;
    let at = path(&made.json());
    let before = editor.get(&at).await;
    app.state.clock().advance(TimeDelta::minutes(1));
    let current = editor.if_match(&before);
    let link = format!("{at}/links/{}", before.json()["links"][0]["id"]);
    for response in [
        current.patch(&at, &json!({})).await,
        current.patch(&at, &json!({"headline": "Harbour Bridge Reopens", "dek": new["dek"]})).await,
        current.put(&at, &new).await,
        current.call("POST", &format!("{at}/revisions/1/restore")).await,
        current.patch(&link, &json!({"title": before.json()["links"][0]["title"]})).await,
        current.post(&format!("{link}/move"), &json!({"position": 0})).await,
    ] {
        assert_eq!(response.header("etag"), before.header("etag"), "{}", response.text());
        response.ok();
    }
    assert_eq!(editor.get(&at).await.json(), before.json());
    assert_eq!(revisions(&editor, &at).await, 1);
    let events = editor.get("/api/v1/admin/audit").await.ok();
    assert_eq!(events["items"].as_array().unwrap().len(), 1, "{events}");
    // Each of these is a change.
    let mut version = 1;
    for patch in [
        json!({"dek": "Another"}),
        json!({"lang": "de"}),
        json!({"quote": {"text": "The bridge is open."}}),
        json!({"commentary": {"label": "Note", "text": "At last."}}),
        json!({"commentary": {"label": "Note", "text": "At last.", "format": "html"}}),
        json!({"links_heading": "Elsewhere"}),
        json!({"tags": ["Harbour", "Bridges"]}),
        json!({"tags": ["Bridges", "Harbour"]}),
        json!({"author": {"name": "Bo"}}),
        json!({"published_at": "2026-02-02T00:00:00Z"}),
        json!({"comments_open": false}),
        json!({"slug": "another"}),
        json!({"status": "archived"}),
        json!({"corrections": []}),
        json!({"links": []}),
    ] {
        let current = editor.clone().header("If-Match", &format!("\"v{version}\""));
        version += 1;
        let changed = current.patch(&at, &patch).await;
        assert_eq!(changed.header("etag"), format!("\"v{version}\""), "{patch}");
    }
    assert_eq!(revisions(&editor, &at).await, version);
}

#[tokio::test]
async fn restoring_a_revision_needs_its_version_and_keeps_corrections() {
    let app = TestApp::new().await;
    let editor = app.key("articles:write").await;
    let made = editor.post(ARTICLES, &bridge()).await;
    let at = path(&made.json());
    let patch = json!({"headline": "Bridge Open",
        "corrections": [{"at": "2026-03-01T00:00:00Z", "note": "It was closed for two years."}]});
    let changed = editor.if_match(&made).patch(&at, &patch).await;
    let restore = format!("{at}/revisions/1/restore");
    let refused = editor.call("POST", &restore).await;
    refused.problem(428, "precondition_required");
    editor.if_match(&made).call("POST", &restore).await.problem(412, "version_mismatch");
    let restored = editor.if_match(&changed).call("POST", &restore).await;
    assert_eq!(restored.header("etag"), "\"v3\"");
    let restored = restored.ok();
    assert_eq!(restored["headline"], "Harbour Bridge Reopens");
    assert_eq!(restored["corrections"], patch["corrections"]);
}

/// Returns the slugs of the tags of an article.
async fn tags(editor: &Client<'_>, id: &Value) -> Vec<String> {
    let article = editor.get(&format!("{ARTICLES}/{id}")).await.ok();
    let tags = article["tags"].as_array().unwrap().clone();
    tags.iter().map(|tag| tag["slug"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn many_articles_are_tagged_in_one_request() {
    let app = TestApp::new().await;
    let editor = app.key("articles:write,tags:write,audit:read").await;
    let mut ids = Vec::new();
    for (headline, tags) in [
        ("One", json!(["Bridges", "Ferries"])),
        ("Two", json!([])),
        ("Three", json!(["Harbour"])),
        ("Full", json!((0..50).map(|n| format!("Tag {n}")).collect::<Vec<_>>())),
        ("Trashed", json!([])),
    ] {
        let new = json!({"headline": headline, "status": "published", "tags": tags});
        let made = editor.post(ARTICLES, &new).await;
        if headline == "Trashed" {
            editor.if_match(&made).call("DELETE", &path(&made.json())).await.ok();
        }
        ids.push(made.json()["id"].clone());
    }
    let batch = json!({"ids": [ids[0], ids[1], 999, ids[2], ids[3], ids[4], ids[0]],
        "add_tags": ["Harbour", {"slug": "bridges"}], "remove_tags": ["FERRIES", "Nothing"]});
    let uri = format!("{ARTICLES}/batch");
    let done = editor.post(&uri, &batch).await.ok();
    let outcome = |id: &Value, version: Value, changed: bool, error: Value| json!({"id": id, "version": version, "changed": changed, "error": error});
    let expected = |changed: bool| {
        json!([
            outcome(&ids[0], json!(2), changed, Value::Null),
            outcome(&ids[1], json!(2), changed, Value::Null),
            outcome(&json!(999), Value::Null, false, json!("not_found")),
            outcome(&ids[2], json!(2), changed, Value::Null),
            outcome(&ids[3], json!(1), false, json!("too_many")),
            outcome(&ids[4], Value::Null, false, json!("in_trash")),
        ])
    };
    assert_eq!(done["results"], expected(true));
    assert_eq!(tags(&editor, &ids[0]).await, ["bridges", "harbour"]);
    assert_eq!(tags(&editor, &ids[1]).await, ["harbour", "bridges"]);
    assert_eq!(tags(&editor, &ids[2]).await, ["harbour", "bridges"]);
    let public = app.get("/api/v1/articles?tag=bridges&fields=id").await.ok();
    assert_eq!(public["items"].as_array().unwrap().len(), 3);
    assert_eq!(app.get("/api/v1/tags/bridges").await.ok()["article_count"], 3);
    // Once more: nothing changes.
    assert_eq!(editor.post(&uri, &batch).await.ok()["results"], expected(false));
    assert_eq!(revisions(&editor, &format!("{ARTICLES}/{}", ids[0])).await, 2);
    let events = editor.get("/api/v1/admin/audit?action=article.update").await.ok();
    let events = events["items"].as_array().unwrap().clone();
    assert_eq!(events.len(), 3);
    assert!(events.iter().all(|event| event["detail"]["fields"] == json!(["tags"])), "{events:?}");
}

#[tokio::test]
async fn an_invalid_batch_changes_nothing() {
    let app = TestApp::new().await;
    let editor = app.key("articles:write").await;
    let made = editor.post(ARTICLES, &json!({"headline": "One", "tags": ["Harbour"]})).await.json();
    let id = &made["id"];
    let uri = format!("{ARTICLES}/batch");
    let many: Vec<i64> = (1..=101).collect();
    for (batch, pointer) in [
        (json!({"ids": [id]}), ""),
        (json!({"ids": [], "add_tags": ["A"]}), "/ids"),
        (json!({"ids": many, "add_tags": ["A"]}), "/ids"),
        (json!({"ids": [0], "add_tags": ["A"]}), "/ids/0"),
        (json!({"ids": [id], "add_tags": ["A", {"slug": "harbor"}]}), "/add_tags/1/slug"),
        (json!({"ids": [id], "add_tags": ["!"]}), "/add_tags/0"),
        (json!({"ids": [id], "remove_tags": [{}]}), "/remove_tags/0"),
        (json!({"ids": [id], "status": "archived"}), "/status"),
    ] {
        let problem = editor.post(&uri, &batch).await.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
    assert_eq!(tags(&editor, id).await, ["harbour"]);
    assert_eq!(app.get("/api/v1/tags/a").await.status, StatusCode::NOT_FOUND);
    let reader = app.key("articles:read").await;
    let batch = json!({"ids": [id], "add_tags": ["A"]});
    reader.post(&uri, &batch).await.problem(403, "missing_scope");
}

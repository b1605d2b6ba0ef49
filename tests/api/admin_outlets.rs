//! Outlets and tags as editors see them.

use crate::harness::TestApp;
use actix_web::http::StatusCode;
use serde_json::{Value, json};

const OUTLETS: &str = "/api/v1/admin/outlets";
const TAGS: &str = "/api/v1/admin/tags";
const ARTICLES: &str = "/api/v1/admin/articles";

fn article(headline: &str, credits: &[&str], tags: &[&str]) -> Value {
    let links: Vec<Value> =
        credits.iter().map(|credit| json!({"title": credit, "credit": credit})).collect();
    json!({"headline": headline, "status": "published", "links": links, "tags": tags})
}

#[tokio::test]
async fn an_outlet_is_created_and_updated() {
    let app = TestApp::new().await;
    let editor = app.key("outlets:write,articles:write").await;
    let new = json!({"name": "Harbour Gazette", "aliases": ["HG"], "hosts": ["www.Gazette.example"],
        "homepage": "https://gazette.example/", "country": "GB", "lang": "en", "kind": "newspaper"});
    let made = editor.post(OUTLETS, &new).await;
    let at = made.header("location").to_owned();
    let outlet = made.json();
    assert_eq!((made.status, &outlet["slug"]), (StatusCode::CREATED, &json!("harbour-gazette")));
    assert_eq!(
        (&outlet["aliases"], &outlet["hosts"]),
        (&json!(["HG"]), &json!(["gazette.example"]))
    );
    let body = json!({"headline": "x", "status": "published", "links": [
        {"title": "by alias", "credit": "hg"}, {"title": "by host", "url": "https://news.gazette.example/1"}]});
    let cited = editor.post(ARTICLES, &body).await.expect(StatusCode::CREATED);
    for link in cited["links"].as_array().unwrap() {
        assert_eq!(link["credits"][0]["outlet"]["id"], outlet["id"]);
    }
    editor.patch(&at, &json!({"name": "x"})).await.problem(428, "precondition_required");
    // Null only removes an alias; for a name that no outlet has it is an error.
    let misspelt = json!({"contry": null});
    let problem = editor.if_match(&made).patch(&at, &misspelt).await.problem(422, "invalid");
    assert_eq!(problem["errors"][0]["pointer"], "/contry");
    let patch = json!({"name": "The Harbour Times", "slug": "harbour-times", "country": null});
    let after = editor.if_match(&made).patch(&at, &patch).await;
    editor.if_match(&made).patch(&at, &patch).await.problem(412, "version_mismatch");
    let after = after.ok();
    assert_eq!((&after["version"], &after["country"]), (&json!(2), &Value::Null));
    assert_eq!(after["aliases"], json!(["Harbour Gazette", "HG"]));
    assert_eq!(after["link_count"], 2);
    let moved = app.get("/api/v1/outlets/harbour-gazette").await;
    assert_eq!(moved.header("location"), "/api/v1/outlets/harbour-times");
    let public = app.get("/api/v1/outlets/harbour-times/links").await.ok();
    assert_eq!(public["items"][0]["credits"][0]["outlet"]["name"], "The Harbour Times");
    assert_eq!(editor.get(&at).await.ok(), after);
}

#[tokio::test]
async fn names_hosts_and_slugs_of_outlets_are_unique() {
    let app = TestApp::new().await;
    let editor = app.key("outlets:write").await;
    let taken = json!({"name": "Another", "aliases": ["wsj", "AP"]});
    let problem = editor.post(OUTLETS, &taken).await.problem(409, "name_taken");
    assert_eq!(problem["errors"].as_array().unwrap().len(), 2, "{problem}");
    let taken = json!({"name": "Another", "hosts": ["reuters.com"]});
    let problem = editor.post(OUTLETS, &taken).await.problem(409, "name_taken");
    assert_eq!(problem["errors"][0]["pointer"], "/hosts/0");
    let taken = json!({"name": "Another", "slug": "reuters"});
    editor.post(OUTLETS, &taken).await.problem(409, "slug_taken");
    let bad = json!({"name": "?!", "hosts": ["a b", "https://x.example/"], "homepage": "x", "kind": "paper",
        "country": "gb"});
    editor.post(OUTLETS, &bad).await.problem(422, "invalid");
    let bad = json!({"name": "?!", "hosts": ["a b", "https://x.example/"], "homepage": "x"});
    let problem = editor.post(OUTLETS, &bad).await.problem(422, "invalid");
    assert_eq!(problem["errors"].as_array().unwrap().len(), 4, "{problem}");
}

#[tokio::test]
async fn merging_an_outlet_moves_its_links_names_hosts_and_slugs() {
    let app = TestApp::new().await;
    let editor = app.key("articles:write,outlets:write").await;
    let one = editor
        .post(OUTLETS, &json!({"name": "Old Gazette", "aliases": ["OG"], "hosts": ["og.example"]}))
        .await;
    let two = editor.post(OUTLETS, &json!({"name": "New Gazette"})).await;
    let both = json!({"headline": "Both", "status": "published", "links": [
        {"title": "a", "credits": [{"outlet": {"name": "Old Gazette"}, "bylines": ["Ann Bee"]},
                                   {"outlet": {"name": "New Gazette"}, "bylines": ["Cy Dee"]}]},
        {"title": "b", "credit": "OG"}]});
    let cited = editor.post(ARTICLES, &both).await.expect(StatusCode::CREATED);
    let merge = format!("{}/merge", one.header("location"));
    let (one, two) = (one.json(), two.json());
    editor.post(&merge, &json!({"into": one["id"]})).await.problem(422, "invalid");
    editor.post(&merge, &json!({"into": 999_999})).await.problem(422, "invalid");
    let merged = editor.post(&merge, &json!({"into": two["id"]})).await.ok();
    assert_eq!(merged["id"], two["id"]);
    assert_eq!(merged["aliases"], json!(["OG", "Old Gazette"]));
    assert_eq!(merged["hosts"], json!(["og.example"]));
    assert_eq!((&merged["link_count"], &merged["article_count"]), (&json!(2), &json!(1)));
    let moved = app.get("/api/v1/outlets/old-gazette").await;
    assert_eq!(moved.header("location"), "/api/v1/outlets/new-gazette");
    let article = app.get(&format!("/api/v1/articles/{}", cited["id"])).await.ok();
    let credits = article["links"][0]["credits"].as_array().unwrap().clone();
    assert_eq!(credits.len(), 1);
    assert_eq!(credits[0]["bylines"], json!(["Cy Dee", "Ann Bee"]));
    assert_eq!(
        (&article["outlet_count"], &article["links"][1]["credits"][0]["outlet"]["id"]),
        (&json!(1), &two["id"])
    );
    // A revision that credits the deleted outlet can still be restored.
    let at = format!("{ARTICLES}/{}", cited["id"]);
    let current = editor.if_match(&editor.get(&at).await);
    let back = current.call("POST", &format!("{at}/revisions/1/restore")).await.ok();
    assert_eq!(back["links"][1]["credits"][0]["outlet"]["id"], two["id"]);
    editor.post(&merge, &json!({"into": two["id"]})).await.problem(404, "not_found");
}

#[tokio::test]
async fn an_outlet_that_is_credited_cannot_be_deleted() {
    let app = TestApp::new().await;
    let editor = app.key("articles:write,outlets:write").await;
    let mut draft = article("x", &["Harbour Gazette"], &[]);
    draft["status"] = json!("draft");
    let made = editor.post(ARTICLES, &draft).await;
    let id = made.json()["links"][0]["credits"][0]["outlet"]["id"].clone();
    let at = format!("{OUTLETS}/{id}");
    let read = editor.get(&at).await;
    editor.call("DELETE", &at).await.problem(428, "precondition_required");
    editor.if_match(&read).call("DELETE", &at).await.problem(409, "in_use");
    let draft_at = made.header("location").to_owned();
    editor.if_match(&made).patch(&draft_at, &json!({"links": []})).await.ok();
    assert_eq!(editor.if_match(&read).call("DELETE", &at).await.status, StatusCode::NO_CONTENT);
    editor.get(&at).await.problem(404, "not_found");
}

#[tokio::test]
async fn the_admin_list_has_all_outlets() {
    let app = TestApp::new().await;
    let editor = app.key("outlets:write").await;
    let page = editor.get(&format!("{OUTLETS}?limit=100&count=exact")).await.ok();
    assert!(page["page"]["total"].as_i64().unwrap() > 400);
    assert_eq!(page["items"].as_array().unwrap().len(), 100);
    editor.get(&format!("{OUTLETS}?sort=-link_count")).await.ok();
    // Outlets without links come last, each on one page only.
    let made = editor.post(OUTLETS, &json!({"name": "Never Seen"})).await.json();
    let (mut at, mut ids) = (format!("{OUTLETS}?sort=-last_seen_at&limit=100"), Vec::new());
    loop {
        let page = editor.get(&at).await.ok();
        ids.extend(page["items"].as_array().unwrap().iter().map(|outlet| outlet["id"].clone()));
        let Some(next) = page["page"]["next"].as_str() else { break };
        at = format!("{OUTLETS}?sort=-last_seen_at&limit=100&after={next}");
    }
    let all = i64::try_from(ids.len()).unwrap();
    assert_eq!(
        json!(all),
        editor.get(&format!("{OUTLETS}?count=exact")).await.ok()["page"]["total"]
    );
    assert_eq!(ids.iter().filter(|id| **id == made["id"]).count(), 1);
}

#[tokio::test]
async fn a_tag_is_created_renamed_merged_and_deleted() {
    let app = TestApp::new().await;
    let editor = app.key("articles:write,outlets:write").await;
    let made = editor.post(TAGS, &json!({"name": "Bridges"})).await;
    let at = made.header("location").to_owned();
    assert_eq!((made.status, &made.json()["slug"]), (StatusCode::CREATED, &json!("bridges")));
    editor.post(TAGS, &json!({"name": "Bridges"})).await.problem(409, "name_taken");
    editor.post(TAGS, &json!({"name": "…"})).await.problem(422, "invalid");
    editor
        .post(ARTICLES, &article("one", &[], &["Bridges", "Spans"]))
        .await
        .expect(StatusCode::CREATED);
    editor.post(ARTICLES, &article("two", &[], &["Spans"])).await.expect(StatusCode::CREATED);
    let renamed =
        editor.if_match(&made).patch(&at, &json!({"name": "Crossings", "slug": "crossings"})).await;
    assert_eq!(renamed.json()["article_count"], 1);
    editor.if_match(&made).patch(&at, &json!({})).await.problem(412, "version_mismatch");
    assert_eq!(app.get("/api/v1/tags/bridges").await.header("location"), "/api/v1/tags/crossings");
    // The former name still refers to the tag.
    let made = editor.post(ARTICLES, &article("three", &[], &["Bridges"])).await.json();
    assert_eq!(made["tags"], json!([{"slug": "crossings", "name": "Crossings"}]));
    editor.if_match(&renamed).call("DELETE", &at).await.problem(409, "in_use");
    let spans = app.get("/api/v1/tags/spans").await.ok();
    let merged = editor
        .post(&format!("{TAGS}/{}/merge", spans["id"]), &json!({"into": renamed.json()["id"]}))
        .await
        .ok();
    assert_eq!((&merged["slug"], &merged["article_count"]), (&json!("crossings"), &json!(3)));
    assert_eq!(app.get("/api/v1/tags/spans").await.header("location"), "/api/v1/tags/crossings");
    assert_eq!(
        app.get("/api/v1/articles?tag=spans").await.ok()["items"].as_array().unwrap().len(),
        3
    );
    let empty = editor.post(TAGS, &json!({"name": "Unused"})).await;
    let at = empty.header("location").to_owned();
    assert_eq!(editor.if_match(&empty).call("DELETE", &at).await.status, StatusCode::NO_CONTENT);
    assert_eq!(editor.get(TAGS).await.ok()["items"].as_array().unwrap().len(), 1);
    let unknown = json!({"headline": "x", "tags": [{"slug": "crosings"}]});
    let problem = editor.post(ARTICLES, &unknown).await.problem(422, "invalid");
    assert_eq!(problem["errors"][0]["did_you_mean"], "crossings");
}

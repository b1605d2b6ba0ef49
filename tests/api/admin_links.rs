//! The links of an article, one by one, and the outlets that they credit.

use crate::harness::client::Client;
use crate::harness::{Response, TestApp};
use actix_web::http::StatusCode;
use serde_json::{Value, json};

const ARTICLES: &str = "/api/v1/admin/articles";

/// Creates an article with three links.
async fn abc(editor: &Client<'_>) -> Response {
    let body = json!({"headline": "Three", "status": "published", "links": [
        {"role": "lead", "title": "a", "url": "https://www.reuters.com/a"},
        {"title": "b", "url": "https://www.theguardian.com/b"},
        {"title": "c", "credit": "Ian Black, The Guardian"}]});
    let made = editor.post(ARTICLES, &body).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    made
}

fn path(article: &Value) -> String {
    format!("{ARTICLES}/{}", article["id"])
}

/// Returns the titles of the links and asserts that their positions have no gap.
async fn titles(editor: &Client<'_>, at: &str) -> String {
    let article = editor.get(at).await.ok();
    let links = article["links"].as_array().unwrap();
    for (n, link) in links.iter().enumerate() {
        assert_eq!(link["position"], n);
    }
    links.iter().map(|link| link["title"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_link_is_added_changed_moved_and_removed() {
    let app = TestApp::new().await;
    let editor = app.key("articles:write").await;
    let made = abc(&editor).await;
    let article = made.json();
    let at = path(&article);
    let links = format!("{at}/links");
    let new = json!({"title": "d", "url": "https://apnews.com/d"});
    editor.post(&links, &new).await.problem(428, "precondition_required");
    let added = editor.if_match(&made).post(&links, &new).await;
    assert_eq!(added.header("etag"), "\"v2\"");
    let location = added.header("location").to_owned();
    let link = added.json();
    assert_eq!((&link["position"], &link["role"]), (&json!(3), &json!("more")));
    assert_eq!(editor.get(&location).await.ok(), link);
    editor.if_match(&made).post(&links, &new).await.problem(412, "version_mismatch");

    let moved =
        editor.if_match(&added).post(&format!("{location}/move"), &json!({"position": 0})).await;
    assert_eq!(moved.json()["id"], link["id"]);
    assert_eq!(titles(&editor, &at).await, "dabc");
    let far = json!({"position": 4});
    editor.if_match(&moved).post(&format!("{location}/move"), &far).await.problem(422, "invalid");

    let second = format!("{links}/{}", article["links"][2]["id"]);
    let patch = json!({"credit": "AFP", "title": "C"});
    let changed = editor.if_match(&moved).patch(&second, &patch).await;
    assert_eq!(changed.json()["credits"][0]["outlet"]["slug"], "afp");
    assert_eq!(changed.json()["id"], article["links"][2]["id"]);
    let bad = json!({"title": ""});
    let problem = editor.if_match(&changed).patch(&second, &bad).await.problem(422, "invalid");
    assert_eq!(problem["errors"][0]["pointer"], "/title");
    let bad = json!({"url": "ftp://example.org/x"});
    let problem = editor.if_match(&changed).patch(&second, &bad).await.problem(422, "invalid");
    assert_eq!(problem["errors"][0]["pointer"], "/url");

    let gone = editor.if_match(&changed).call("DELETE", &location).await;
    assert_eq!((gone.status, gone.header("etag")), (StatusCode::NO_CONTENT, "\"v5\""));
    assert_eq!(titles(&editor, &at).await, "abC");
    editor.if_match(&gone).call("DELETE", &location).await.problem(404, "not_found");
    let page = editor.get(&format!("{at}/revisions?count=exact")).await.ok();
    assert_eq!(page["page"]["total"], 5);
    assert_eq!(app.get("/api/v1/outlets/afp").await.ok()["link_count"], 1);
}

#[tokio::test]
async fn a_duplicate_url_is_rejected_unless_allowed() {
    let app = TestApp::new().await;
    let editor = app.key("articles:write").await;
    let made = abc(&editor).await;
    let at = path(&made.json());
    let twin = json!({"title": "again", "url": "http://reuters.com/a/?utm_source=x#top"});
    let links = format!("{at}/links");
    let problem = editor.if_match(&made).post(&links, &twin).await.problem(409, "duplicate_link");
    assert_eq!(problem["errors"][0]["pointer"], "/url");
    let added = editor.if_match(&made).post(&format!("{links}?allow_duplicates=true"), &twin).await;
    assert_eq!(added.status, StatusCode::CREATED);
    // A permitted duplicate does not block other edits.
    editor.if_match(&added).patch(&at, &json!({"dek": "x"})).await.ok();
    let body = json!({"headline": "x", "links": [twin, {"title": "b", "url": "https://www.reuters.com/a"}]});
    let problem = editor.post(ARTICLES, &body).await.problem(409, "duplicate_link");
    assert_eq!(problem["errors"][0]["pointer"], "/links/1/url");
    editor
        .post(&format!("{ARTICLES}?allow_duplicates=true"), &body)
        .await
        .expect(StatusCode::CREATED);
}

#[tokio::test]
async fn an_outlet_is_given_by_id_slug_or_name() {
    let app = TestApp::new().await;
    let editor = app.key("articles:write").await;
    let guardian = app.get("/api/v1/outlets/the-guardian").await.ok();
    let links = json!([
        {"title": "id", "credits": [{"outlet": {"id": guardian["id"]}}]},
        {"title": "slug", "credits": [{"outlet": {"slug": "the-guardian"}}]},
        {"title": "name", "credits": [{"outlet": {"name": "THE GUARDIAN"}}]},
        {"title": "as read", "credits": [{"outlet": {"id": guardian["id"], "slug": "the-guardian", "name": "The Guardian"}}]},
        {"title": "host", "url": "https://m.theguardian.com/x", "credits": [{"bylines": ["Ian Black"]}]},
        {"title": "line", "credit": "Ian Black, The Guardian"},
        {"title": "host before an unknown line", "url": "https://www.theguardian.com/y", "credit": "Some Desk Nobody Knows"}]);
    let body = json!({"headline": "x", "links": links});
    let made = editor.post(ARTICLES, &body).await.expect(StatusCode::CREATED);
    for link in made["links"].as_array().unwrap() {
        assert_eq!(link["credits"][0]["outlet"]["id"], guardian["id"], "{link}");
    }
    let body = json!({"headline": "x", "links": [
        {"title": "nobody", "credits": [], "credit": "The Guardian", "url": "https://www.theguardian.com/x"},
        {"title": "only a writer", "credit": "by Ann Bee"}]});
    let made = editor.post(ARTICLES, &body).await.expect(StatusCode::CREATED);
    assert_eq!(made["links"][0]["credits"], json!([]));
    assert_eq!(made["links"][1]["credits"], json!([{"outlet": null, "bylines": ["Ann Bee"]}]));
}

#[tokio::test]
async fn an_unknown_outlet_is_created_with_the_scope_for_it_and_else_rejected_with_suggestions() {
    let app = TestApp::new().await;
    let body = json!({"headline": "x", "links": [
        {"title": "a", "credits": [{"outlet": {"name": "The Gardian"}}]},
        {"title": "b", "credit": "Harbour Gazette"},
        {"title": "c", "credits": [{"outlet": {"slug": "no-such-outlet"}}]}]});
    let writer = app.key("articles:write").await;
    let problem = writer.post(ARTICLES, &body).await.problem(422, "invalid");
    let found: Vec<(&str, &str, Option<&str>)> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| {
            (
                e["pointer"].as_str().unwrap(),
                e["code"].as_str().unwrap(),
                e["did_you_mean"].as_str(),
            )
        })
        .collect();
    assert_eq!(found[0], ("/links/0/credits/0/outlet", "unknown_outlet", Some("The Guardian")));
    assert_eq!((found[1].0, found[2].0), ("/links/1/credit", "/links/2/credits/0/outlet"));
    let owner = app.key("articles:write,outlets:write").await;
    let problem = owner.post(ARTICLES, &body).await.problem(422, "invalid");
    assert_eq!(problem["errors"].as_array().unwrap().len(), 1, "a slug makes no outlet");
    let body = json!({"headline": "x", "status": "published", "links": [
        {"title": "b", "credit": "Harbour Gazette"}, {"title": "c", "credits": [{"outlet": {"name": "harbour  gazette"}}]}]});
    let made = owner.post(ARTICLES, &body).await.expect(StatusCode::CREATED);
    let outlet = |n: usize| made["links"][n]["credits"][0]["outlet"].clone();
    assert_eq!((&outlet(0)["name"], outlet(0)), (&json!("Harbour Gazette"), outlet(1)));
    // Once the outlet exists, no scope is needed to credit it.
    writer.post(ARTICLES, &body).await.expect(StatusCode::CREATED);
    let nameless = json!({"headline": "x", "links": [{"title": "b", "credits": [{"outlet": {"name": "!!!"}}]}]});
    owner.post(ARTICLES, &nameless).await.problem(422, "invalid");
}

#[tokio::test]
async fn a_link_of_another_article_is_not_found() {
    let app = TestApp::new().await;
    let editor = app.key("articles:write").await;
    let (one, two) = (abc(&editor).await, abc(&editor).await);
    let foreign = one.json()["links"][0]["id"].clone();
    let body = json!({"headline": "x", "links": [{"id": foreign, "title": "a"}]});
    let problem =
        editor.if_match(&two).put(&path(&two.json()), &body).await.problem(422, "invalid");
    assert_eq!(problem["errors"][0]["pointer"], "/links/0/id");
    let at = format!("{}/links/{foreign}", path(&two.json()));
    editor.if_match(&two).patch(&at, &json!({"title": "x"})).await.problem(404, "not_found");
    editor.get(&at).await.problem(404, "not_found");
}

#[tokio::test]
async fn lists_in_a_body_have_a_maximum_length() {
    let app = TestApp::new().await;
    let editor = app.key("articles:write").await;
    let links: Vec<Value> =
        (0..500).map(|n| json!({"title": format!("link {n}"), "credit": "Reuters"})).collect();
    let made = editor.post(ARTICLES, &json!({"headline": "x", "links": links})).await;
    let at = path(&made.json());
    assert_eq!(made.json()["links"].as_array().unwrap().len(), 500);
    let one = json!({"title": "one more"});
    editor.if_match(&made).post(&format!("{at}/links"), &one).await.problem(422, "invalid");
    let mut reversed = made.json()["links"].clone();
    reversed.as_array_mut().unwrap().reverse();
    let own: Vec<Value> = reversed
        .as_array()
        .unwrap()
        .iter()
        .map(|l| json!({"id": l["id"], "title": l["title"], "credit": l["credit"]}))
        .collect();
    let after = editor.if_match(&made).patch(&at, &json!({"links": own})).await.ok();
    assert_eq!(after["links"][0]["id"], made.json()["links"][499]["id"]);
    let tags: Vec<String> = (0..51).map(|n| format!("tag {n}")).collect();
    editor.post(ARTICLES, &json!({"headline": "x", "tags": tags})).await.problem(422, "invalid");
}

//! Articles as editors see them: create, update, revisions, delete, restore and paste.

use crate::harness::TestApp;
use actix_web::http::StatusCode;
use serde_json::{Value, json};

/// The path of the articles.
pub const ARTICLES: &str = "/api/v1/admin/articles";

/// The body of an article with every member.
pub fn bridge() -> Value {
    json!({
        "headline": "Harbour Bridge Reopens",
        "dek": "Night Ferry To Keep Running",
        "lang": "en",
        "status": "published",
        "quote": {"text": "It *opened* on Monday."},
        "commentary": {"label": "My Comment", "text": "About time."},
        "links_heading": "More News On The Bridge",
        "author": {"name": "The editor", "url": "https://example.org/about"},
        "tags": ["Bridges", {"name": "Harbour"}],
        "links": [
            {"role": "lead", "title": "Bridge opens", "url": "https://www.reuters.com/bridge", "credit": "Reuters"},
            {"title": "Who pays?", "credits": [{"outlet": {"name": "WSJ"}, "bylines": ["Ann Bee"]}]},
            {"title": "By its host", "url": "https://www.theguardian.com/bridge"},
            {"title": "Two papers", "credit": "National Post/The Telegraph"}
        ]
    })
}

fn outlets(article: &Value) -> Vec<Vec<String>> {
    let names = |link: &Value| {
        let credits = link["credits"].as_array().unwrap();
        credits.iter().map(|c| c["outlet"]["name"].as_str().unwrap_or("-").to_owned()).collect()
    };
    article["links"].as_array().unwrap().iter().map(names).collect()
}

/// Returns the path of an article.
pub fn path(article: &Value) -> String {
    format!("{ARTICLES}/{}", article["id"])
}

#[tokio::test]
async fn creating_an_article_stores_its_links_credits_and_tags() {
    let app = TestApp::new().await;
    let editor = app.key("articles:write").await;
    let response = editor.post(ARTICLES, &bridge()).await;
    assert_eq!(response.header("etag"), "\"v1\"");
    let location = response.header("location").to_owned();
    let made = response.expect(StatusCode::CREATED);
    assert_eq!(location, path(&made));
    assert_eq!((&made["status"], &made["version"]), (&json!("published"), &json!(1)));
    assert_eq!(made["slug"], "harbour-bridge-reopens");
    assert_eq!(made["quote"]["html"], "<p>It <em>opened</em> on Monday.</p>\n");
    let names = outlets(&made);
    assert_eq!(names[0], ["Reuters"]);
    assert_eq!(names[1], ["The Wall Street Journal"]);
    assert_eq!(names[2], ["The Guardian"]);
    assert_eq!(names[3].len(), 2, "{made}");
    assert_eq!(made["links"][1]["credits"][0]["bylines"], json!(["Ann Bee"]));
    assert_eq!(made["tags"][1], json!({"slug": "harbour", "name": "Harbour"}));
    let response = editor.get(&location).await;
    assert_eq!(
        (response.header("etag"), response.header("cache-control")),
        ("\"v1\"", "private, no-store")
    );
    assert_eq!(response.ok(), made);
    let public = app.get(&format!("/api/v1/articles/{}", made["id"])).await.ok();
    for (name, value) in public.as_object().unwrap() {
        assert_eq!(*value, made[name], "{name}");
    }
    let reuters = app.get("/api/v1/outlets/reuters").await.ok();
    assert_eq!((&reuters["link_count"], &reuters["article_count"]), (&json!(1), &json!(1)));
}

#[tokio::test]
async fn put_replaces_an_article_and_keeps_the_ids_of_unchanged_links() {
    let app = TestApp::new().await;
    let editor = app.key("articles:write").await;
    let made = editor.post(ARTICLES, &bridge()).await;
    let before = made.json();
    let mut body = bridge();
    body.as_object_mut().unwrap().remove("dek");
    body["links"].as_array_mut().unwrap().swap(0, 2);
    body["links"].as_array_mut().unwrap().remove(3);
    let after = editor.if_match(&made).put(&path(&before), &body).await.ok();
    assert_eq!(after["version"], 2);
    assert_eq!((&after["dek"], &after["slug"]), (&Value::Null, &before["slug"]));
    assert_eq!(after["published_at"], before["published_at"]);
    let ids = |article: &Value| -> Vec<Value> {
        article["links"].as_array().unwrap().iter().map(|link| link["id"].clone()).collect()
    };
    let (old, new) = (ids(&before), ids(&after));
    assert_eq!(new, [old[2].clone(), old[1].clone(), old[0].clone()]);
    let places: Vec<&Value> =
        after["links"].as_array().unwrap().iter().map(|link| &link["position"]).collect();
    assert_eq!(places, [0, 1, 2]);
    let post = app.get("/api/v1/outlets/national-post").await.ok();
    assert_eq!(post["link_count"], 0);
}

#[tokio::test]
async fn patch_changes_sets_and_clears_fields() {
    let app = TestApp::new().await;
    let editor = app.key("articles:write").await;
    let made = editor.post(ARTICLES, &bridge()).await;
    let before = made.json();
    let patch = json!({"headline": "Bridge Open", "dek": null, "commentary": {"label": null}});
    let after = editor.if_match(&made).patch(&path(&before), &patch).await.ok();
    assert_eq!((&after["headline"], &after["dek"]), (&json!("Bridge Open"), &Value::Null));
    assert_eq!(after["commentary"]["label"], Value::Null);
    assert_eq!(after["commentary"]["text"], "About time.");
    assert_eq!((&after["links"], &after["tags"]), (&before["links"], &before["tags"]));
    let bad = json!({"headline": null, "dek": "x".repeat(501), "hedline": "?", "links": [
        {"title": "", "url": "javascript:alert(1)", "quote": {"text": 7}}]});
    let any = editor.clone().header("If-Match", "*");
    let problem = any.patch(&path(&before), &bad).await.problem(422, "invalid");
    let mut found: Vec<(&str, &str)> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| (e["pointer"].as_str().unwrap(), e["code"].as_str().unwrap()))
        .collect();
    found.sort_unstable();
    let expected = [
        ("/dek", "too_long"),
        ("/headline", "required"),
        ("/hedline", "unknown_field"),
        ("/links/0/quote/text", "type"),
        ("/links/0/title", "blank"),
    ];
    assert_eq!(found, expected, "{problem}");
    let bad = json!({"headline": " ", "author": {"url": "x:y"}, "links": [{"title": "a", "url": "javascript:alert(1)"}]});
    let problem = any.patch(&path(&before), &bad).await.problem(422, "invalid");
    assert_eq!(problem["errors"].as_array().unwrap().len(), 3, "{problem}");
}

#[tokio::test]
async fn a_change_requires_the_current_version() {
    let app = TestApp::new().await;
    let editor = app.key("articles:write").await;
    let made = editor.post(ARTICLES, &bridge()).await;
    let at = path(&made.json());
    editor.patch(&at, &json!({})).await.problem(428, "precondition_required");
    editor.put(&at, &bridge()).await.problem(428, "precondition_required");
    editor.call("DELETE", &at).await.problem(428, "precondition_required");
    let mine = editor.if_match(&made);
    mine.patch(&at, &json!({"dek": "first", "lang": null})).await.ok();
    let problem = mine.patch(&at, &json!({"dek": "second"})).await.problem(412, "version_mismatch");
    assert_eq!(problem["current_version"], 2);
    let mut changed: Vec<&str> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["pointer"].as_str().unwrap())
        .collect();
    changed.sort_unstable();
    assert_eq!(changed, ["/dek", "/lang"]);
    assert_eq!(editor.get(&at).await.ok()["dek"], "first");
    mine.call("DELETE", &at).await.problem(412, "version_mismatch");
}

#[tokio::test]
async fn a_slug_is_unique_can_change_and_still_redirects_afterwards() {
    let app = TestApp::new().await;
    let editor = app.key("articles:write").await;
    let one = editor.post(ARTICLES, &bridge()).await.expect(StatusCode::CREATED);
    let two = editor.post(ARTICLES, &bridge()).await.expect(StatusCode::CREATED);
    assert_eq!(two["slug"], "harbour-bridge-reopens-2");
    let any = editor.clone().header("If-Match", "*");
    let taken = json!({"slug": "harbour-bridge-reopens"});
    any.patch(&path(&two), &taken).await.problem(409, "slug_taken");
    any.patch(&path(&one), &json!({"slug": "bridge"})).await.ok();
    let moved = app.get("/api/v1/articles/harbour-bridge-reopens").await;
    assert_eq!(moved.status, StatusCode::MOVED_PERMANENTLY);
    assert_eq!(moved.header("location"), "/api/v1/articles/bridge");
    // A former slug is reserved for its article, which may use it again.
    any.patch(&path(&two), &taken).await.problem(409, "slug_taken");
    any.patch(&path(&one), &taken).await.ok();
    app.get("/api/v1/articles/harbour-bridge-reopens").await.ok();
    let moved = app.get("/api/v1/articles/bridge").await;
    assert_eq!(moved.header("location"), "/api/v1/articles/harbour-bridge-reopens");
    let mut own = bridge();
    own["slug"] = json!("2014");
    editor.post(ARTICLES, &own).await.problem(422, "invalid");
    own["slug"] = json!("bridge");
    editor.post(ARTICLES, &own).await.problem(409, "slug_taken");
    own["slug"] = Value::Null;
    own["headline"] = json!("Мост открыт");
    let made = editor.post(ARTICLES, &own).await.expect(StatusCode::CREATED);
    assert_eq!(made["slug"], "most-otkryt");
}

#[tokio::test]
async fn an_article_can_be_deleted_restored_and_purged() {
    let app = TestApp::new().await;
    let editor = app.key("articles:write").await;
    let made = editor.post(ARTICLES, &bridge()).await;
    let article = made.json();
    let (at, public) = (path(&article), format!("/api/v1/articles/{}", article["id"]));
    let trashed = editor.if_match(&made).call("DELETE", &at).await;
    assert_eq!(trashed.json()["status"], "trashed");
    app.get(&public).await.problem(404, "not_found");
    assert_eq!(app.get("/api/v1/outlets/reuters").await.ok()["link_count"], 0);
    editor.if_match(&trashed).patch(&at, &json!({})).await.problem(409, "in_trash");
    let back = editor.call("POST", &format!("{at}/restore")).await;
    assert_eq!(back.json()["status"], "published");
    assert_eq!(app.get(&public).await.ok()["published_at"], article["published_at"]);
    let gone = editor.if_match(&back).call("DELETE", &format!("{at}?purge=true")).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT, "{}", gone.text());
    app.get(&public).await.problem(410, "gone");
    app.get("/api/v1/articles/harbour-bridge-reopens").await.problem(410, "gone");
    editor.get(&at).await.problem(410, "gone");
    let any = editor.clone().header("If-Match", "*");
    any.patch(&at, &json!({})).await.problem(410, "gone");
    any.patch(&format!("{ARTICLES}/999"), &json!({})).await.problem(404, "not_found");
}

#[tokio::test]
async fn every_revision_is_kept_and_can_be_restored() {
    let app = TestApp::new().await;
    let editor = app.key("articles:write").await;
    let made = editor.post(ARTICLES, &bridge()).await;
    let at = path(&made.json());
    let patch =
        json!({"headline": "Changed", "links": [], "tags": [], "slug": "other", "status": "draft"});
    let after = editor.if_match(&made).patch(&at, &patch).await;
    let page = editor.get(&format!("{at}/revisions?count=exact")).await.ok();
    assert_eq!(page["page"]["total"], 2);
    let versions: Vec<&Value> =
        page["items"].as_array().unwrap().iter().map(|r| &r["version"]).collect();
    assert_eq!(versions, [2, 1]);
    assert_eq!(page["items"][0]["key_name"], "articles:write");
    let first = editor.get(&format!("{at}/revisions/1")).await.ok();
    assert_eq!(first["article"]["headline"], "Harbour Bridge Reopens");
    assert_eq!(first["article"]["links"][3]["credit"], "National Post/The Telegraph");
    editor.get(&format!("{at}/revisions/3")).await.problem(404, "not_found");
    let restored = editor.if_match(&after).call("POST", &format!("{at}/revisions/1/restore")).await;
    assert_eq!(restored.header("etag"), "\"v3\"");
    let restored = restored.ok();
    assert_eq!(restored["headline"], "Harbour Bridge Reopens");
    assert_eq!(restored["links"].as_array().unwrap().len(), 4);
    assert_eq!((&restored["slug"], &restored["status"]), (&json!("other"), &json!("draft")));
    let stale = editor.if_match(&after);
    stale.call("POST", &format!("{at}/revisions/1/restore")).await.problem(412, "version_mismatch");
}

#[tokio::test]
async fn the_first_edit_of_an_imported_article_keeps_the_imported_revision() {
    let app = TestApp::new().await;
    app.import("one.txt", "Bridge Opens -- Reuters\n\nMore News\n\nWho pays? -- AFP\n").await;
    let editor = app.key("articles:write").await;
    let listed = editor.get(ARTICLES).await.ok();
    assert_eq!(listed["items"][0]["source"], "roundup");
    let at = path(&listed["items"][0]);
    let any = editor.clone().header("If-Match", "\"v1\"");
    let after = any.patch(&at, &json!({"headline": "Bridge Open"})).await.ok();
    assert_eq!(
        (&after["source"], &after["published_at_uncertain"]),
        (&json!("roundup"), &json!(true))
    );
    let first = editor.get(&format!("{at}/revisions/1")).await.ok();
    assert_eq!(
        (&first["article"]["headline"], &first["key_id"]),
        (&json!("Bridge Opens"), &Value::Null)
    );
    let problem = any.patch(&at, &json!({})).await.problem(412, "version_mismatch");
    assert_eq!(problem["errors"][0]["pointer"], "/headline");
    // Importing the file again keeps what the editor wrote.
    app.import("one.txt", "Bridge Opens -- Reuters\n\nMore News\n\nWho pays? -- AFP\n").await;
    assert_eq!(editor.get(&at).await.ok()["headline"], "Bridge Open");
}

#[tokio::test]
async fn the_admin_list_has_every_status_and_the_public_filters() {
    let app = TestApp::new().await;
    let editor = app.key("articles:write").await;
    for (n, status) in ["draft", "published", "archived", "scheduled"].iter().enumerate() {
        let mut body = bridge();
        body["headline"] = json!(format!("Number {n}"));
        body["status"] = json!(status);
        body["published_at"] =
            json!(["2005", "2010", "2015", "2050"].map(|y| format!("{y}-01-01T00:00:00Z"))[n]);
        if n == 0 {
            body["tags"] = json!(["Other"]);
        }
        editor.post(ARTICLES, &body).await.expect(StatusCode::CREATED);
    }
    let headlines = |page: Value| -> Vec<String> {
        let items = page["items"].as_array().unwrap().clone();
        items.iter().map(|i| i["headline"].as_str().unwrap().to_owned()).collect()
    };
    let list = async |query: &str| headlines(editor.get(&format!("{ARTICLES}?{query}")).await.ok());
    assert_eq!(list("").await, ["Number 3", "Number 2", "Number 1", "Number 0"]);
    assert_eq!(list("status=draft,archived").await, ["Number 2", "Number 0"]);
    assert_eq!(list("tag=bridges&sort=published_at").await, ["Number 1", "Number 2", "Number 3"]);
    assert_eq!(list("outlet=reuters&limit=1").await, ["Number 3"]);
    assert_eq!(list("sort=-updated_at").await.len(), 4);
    let problem =
        editor.get(&format!("{ARTICLES}?status=drafts")).await.problem(400, "bad_parameter");
    assert_eq!(problem["errors"][0]["parameter"], "status");
    let mut walked = Vec::new();
    let mut next = format!("{ARTICLES}?limit=1");
    loop {
        let page = editor.get(&next).await.ok();
        let cursor = page["page"]["next"].as_str().map(str::to_owned);
        walked.extend(headlines(page));
        let Some(cursor) = cursor else { break };
        next = format!("{ARTICLES}?limit=1&after={cursor}");
    }
    assert_eq!(walked, ["Number 3", "Number 2", "Number 1", "Number 0"]);
    assert_eq!(app.get("/api/v1/articles").await.ok()["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_correction_is_shown_with_its_time() {
    let app = TestApp::new().await;
    let editor = app.key("articles:write").await;
    let made = editor.post(ARTICLES, &bridge()).await;
    let at = path(&made.json());
    let patch = json!({"corrections": [{"note": "It was Tuesday."},
        {"at": "2026-02-01T00:00:00Z", "note": "The name was wrong."}]});
    let after = editor.if_match(&made).patch(&at, &patch).await.ok();
    assert_eq!(
        after["corrections"][0],
        json!({"at": "2026-03-01T12:00:00Z", "note": "It was Tuesday."})
    );
    let public = app.get(&format!("/api/v1/articles/{}", after["id"])).await.ok();
    assert_eq!(public["corrections"], after["corrections"]);
}

#[tokio::test]
async fn parsing_a_pasted_roundup_stores_nothing() {
    let app = TestApp::new().await;
    let editor = app.key("articles:write,outlets:write").await;
    let parse = format!("{ARTICLES}/parse");
    for (kind, file) in [("text/plain", "txt"), ("text/markdown; charset=utf-8", "md")] {
        let text = std::fs::read_to_string(format!("examples/harbour-bridge.{file}")).unwrap();
        let parsed = editor.send_as("POST", &parse, kind, &text).await.ok();
        let article = &parsed["article"];
        assert_eq!(article["headline"], "Harbour Bridge Reopens After Two-Year Repair", "{kind}");
        assert_eq!(article["links"].as_array().unwrap().len(), 7);
        let credits = parsed["report"]["credits"].as_array().unwrap();
        assert_eq!(credits.len(), 7);
        assert!(credits.iter().all(|c| c["raw"] != "" && c["confidence"].is_string()));
        assert_eq!(parsed["comments"].as_array().unwrap().len(), 2);
        assert_eq!(editor.get(ARTICLES).await.ok()["items"], json!([]));
    }
    let text = std::fs::read_to_string("examples/harbour-bridge.md").unwrap();
    let parsed = editor.send_as("POST", &parse, "text/markdown", &text).await.ok();
    // The parsed article can be posted unchanged.
    let made = editor.post(ARTICLES, &parsed["article"]).await.expect(StatusCode::CREATED);
    assert_eq!(made["status"], "draft");
    editor
        .send_as("POST", &parse, "application/xml", "<a/>")
        .await
        .problem(415, "unsupported_media_type");
}

#[tokio::test]
async fn a_paste_that_is_too_long_is_rejected_with_the_place() {
    let app = TestApp::new().await;
    let editor = app.key("articles:write").await;
    let parse = format!("{ARTICLES}/parse");
    let line = "Who pays for it? -- Harbour Gazette\n\n";
    let text = format!("Bridge opens -- BBC\n\n{}", line.repeat(501));
    for at in [&parse, ARTICLES] {
        let problem = editor.send_as("POST", at, "text/plain", &text).await.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], "/links", "{problem}");
    }
    // A first paragraph is not taken as the headline; the editor adds one.
    let text = "word ".repeat(100);
    let parsed = editor.send_as("POST", &parse, "text/plain", &text).await.ok();
    assert_eq!(parsed["article"]["headline"], "");
    assert_eq!(parsed["article"]["commentary"]["text"], text.trim());
    let problem =
        editor.send_as("POST", ARTICLES, "text/plain", &text).await.problem(422, "invalid");
    assert_eq!(problem["errors"][0]["pointer"], "/headline");
}

#[tokio::test]
async fn pasted_html_parses_like_its_visible_text() {
    let app = TestApp::new().await;
    let editor = app.key("articles:write").await;
    let html = "<p><b><a href=\"https://www.reuters.com/a\">Bridge Opens</a></b> -- Reuters</p>\
        <p><i>Night Ferry Stays</i></p><blockquote>It opened on Monday, two years late.</blockquote>\
        <p>Read more ....</p><h3>More News On The Bridge</h3>\
        <p><a href=\"https://www.theguardian.com/b\">Who pays?</a> -- Ian Black, The Guardian</p>";
    let parsed = editor.send_as("POST", &format!("{ARTICLES}/parse"), "text/html", html).await.ok();
    let links = &parsed["article"]["links"];
    assert_eq!(links[0]["credits"][0]["outlet"]["name"], "Reuters", "{parsed}");
    assert_eq!(links[1]["url"], "https://www.theguardian.com/b");
    assert_eq!(links[1]["credits"][0]["bylines"], json!(["Ian Black"]));
}

#[tokio::test]
async fn a_pasted_roundup_becomes_a_draft_with_its_comments() {
    let app = TestApp::new().await;
    let editor = app.key("articles:write,outlets:write").await.header("Idempotency-Key", "paste-1");
    let text = std::fs::read_to_string("examples/harbour-bridge.txt").unwrap();
    let made = editor.send_as("POST", ARTICLES, "text/plain", &text).await;
    let again = editor.send_as("POST", ARTICLES, "text/plain", &text).await;
    assert_eq!(again.header("idempotent-replayed"), "true");
    let article = made.expect(StatusCode::CREATED);
    assert_eq!((&article["status"], &article["comment_count"]), (&json!("draft"), &json!(2)));
    assert_eq!(article["links"].as_array().unwrap().len(), 7);
    let fresh = app.key("articles:write").await;
    fresh.send_as("POST", ARTICLES, "text/plain", " \n").await.problem(422, "invalid");
    let unheard_of = "Tram line opens -- Some Unheard Of Gazette\n\n\
        More News On The Tram\n\n\
        Riders wait an hour in the rain -- Some Unheard Of Gazette\n\
        Who pays for the second line? -- Another Unheard Of Gazette\n\
        The depot moves across the river -- Some Unheard Of Gazette\n";
    fresh.send_as("POST", ARTICLES, "text/plain", unheard_of).await.problem(422, "invalid");
}

#[tokio::test]
async fn html_source_keeps_its_format() {
    let app = TestApp::new().await;
    let editor = app.key("articles:write").await;
    let html = "<p>One<br>two</p><script>x()</script>";
    let mut body = bridge();
    body["quote"] = json!({"text": html, "format": "html"});
    let made = editor.post(ARTICLES, &body).await;
    let article = made.json();
    assert_eq!(article["quote"], json!({"text": html, "html": "<p>One<br>two</p>"}));
    let after = editor.if_match(&made).patch(&path(&article), &json!({"dek": "x"})).await.ok();
    assert_eq!(after["quote"], article["quote"]);
}

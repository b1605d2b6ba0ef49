//! Security properties of all responses and all writes, from OWASP ASVS.

use crate::comment_posting::{app as posting, comment};
use crate::harness::client::Client;
use crate::harness::document::{Operation, document, operations};
use crate::harness::public_operations::{get_with, open, reads, uri};
use crate::harness::raw_http::{ask, serve};
use crate::harness::site::{Site, fill, site};
use crate::harness::{Response, TestApp, patient};
use actix_web::http::header;
use roundup::comments::Policy;
use roundup::config::Config;
use serde_json::{Value, json};

/// One year, including subdomains.
const YEAR: &str = "max-age=31536000; includeSubDomains";

/// Returns the URL of an admin operation on the sample site.
fn admin(operation: &Operation, site: &Site) -> String {
    let path = operation.path.replace("/outlets/{id}", "/outlets/1").replace("{n}", "1");
    fill(&path.replace("/tags/{id}", "/tags/1").replace("{id}", "1"), site)
}

fn is_admin(operation: &Operation) -> bool {
    operation.path.starts_with("/api/v1/admin")
}

/// Returns responses of every kind: each operation without and with a key, with a wrong method and
/// with `If-None-Match`, and a path that does not exist.
async fn every_kind(app: &TestApp, site: &Site, editor: &Client<'_>) -> Vec<(String, Response)> {
    let mut all = Vec::new();
    for operation in operations() {
        let uri =
            if is_admin(&operation) { admin(&operation, site) } else { uri(&operation, site) };
        for method in [operation.method.as_str(), "OPTIONS", "TRACE"] {
            all.push((format!("{method} {uri}"), app.call(method, &uri).await));
        }
        if is_admin(&operation) {
            let name = format!("{} as an editor", operation.name());
            all.push((name, editor.call(&operation.method, &uri).await));
        }
    }
    all.push(("a 400".to_owned(), app.get("/api/v1/tags?limit=0").await));
    let long = format!("/api/v1/search?q={}", "a".repeat(20_000));
    all.push(("a 422".to_owned(), app.get(&long).await));
    let known = get_with(app, "/api/v1/tags", &[(header::IF_NONE_MATCH, "*")]).await;
    all.push(("a 304".to_owned(), known));
    for uri in ["/nowhere", "/api/v1/admin/nowhere", "/docs", "/docs/", "/docs/swagger-ui.css"] {
        all.push((uri.to_owned(), app.get(uri).await));
    }
    all
}

#[tokio::test]
async fn every_response_has_the_security_headers() {
    let hsts = Some(header::HeaderValue::from_static(YEAR));
    let app = TestApp::with(Config { hsts, ..patient() }).await;
    let site = site(&app).await;
    let editor = app.key("admin").await;
    let mut seen = std::collections::BTreeSet::new();
    for (name, response) in every_kind(&app, &site, &editor).await {
        seen.insert(response.status.as_u16());
        for (header, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("strict-transport-security", YEAR),
        ] {
            let given: Vec<_> = response.headers.get_all(header).collect();
            assert_eq!(given, [value], "{name}: {header}");
        }
        // `object-src` falls back to `default-src`.
        let policy = response.header("content-security-policy");
        for directive in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"] {
            assert!(policy.contains(directive), "{name}: {policy}");
        }
    }
    for status in [200, 204, 304, 308, 400, 401, 404, 405, 415, 422, 428] {
        assert!(seen.contains(&status), "no {status} was looked at: {seen:?}");
    }
    let raw = ask(serve(&app), "GET", b"/ HTTP/1.1\r\nbroken\r\n").await;
    assert_eq!(raw.status, 400);
    for guard in ["x-content-type-options", "content-security-policy", "referrer-policy"] {
        assert!(raw.headers.contains_key(guard), "{raw:?}");
    }
    assert_eq!(raw.headers["strict-transport-security"], YEAR);
}

#[tokio::test]
async fn strict_transport_security_is_sent_when_configured() {
    let app = TestApp::new().await;
    assert!(!app.get("/").await.headers.contains_key("strict-transport-security"));
    assert!(!app.get("/nowhere").await.headers.contains_key("strict-transport-security"));
}

#[tokio::test]
async fn no_cookie_is_set_and_cors_permits_public_reads_only() {
    let (app, site) = open().await;
    let editor = app.key("admin").await;
    let (mut public, mut private) = (0, 0);
    for (name, response) in every_kind(&app, &site, &editor).await {
        for never in ["set-cookie", "access-control-allow-credentials"] {
            assert!(!response.headers.contains_key(never), "{name}: {never}");
        }
        let origins: Vec<_> = response.headers.get_all("access-control-allow-origin").collect();
        if name.contains("/api/v1/admin") {
            private += 1;
            let told = response.headers.keys().find(|name| name.as_str().starts_with("access-"));
            assert_eq!(told, None, "{name}");
            assert_eq!(response.header("cross-origin-resource-policy"), "", "{name}");
        } else {
            public += 1;
            assert_eq!(origins, ["*"], "{name}");
        }
    }
    assert!(public > 50 && private > 100, "{public} public answers, {private} for editors");
}

#[tokio::test]
async fn simple_cross_origin_writes_are_rejected() {
    let app = posting(Policy::Open).await;
    let site = site(&app).await;
    let rows = "select (select count(*) from comments) + (select count(*) from articles)
                     + (select count(*) from comment_reports) + (select count(*) from audit)";
    let before: i64 = site.sql.query_one(rows, &[]).await.unwrap().get(0);
    let body = comment("A", "Unasked.").to_string();
    let mut posts = 0;
    for operation in operations().iter().filter(|one| one.method == "POST") {
        let uri = if is_admin(operation) { admin(operation, &site) } else { uri(operation, &site) };
        // A browser sends these across origins without a preflight request.
        for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""] {
            let page = app.reader().header("Origin", "https://elsewhere.example");
            let response = page.send_as("POST", &uri, kind, &body).await;
            let (status, code) = if is_admin(operation) {
                (401, "unauthenticated")
            } else {
                (415, "unsupported_media_type")
            };
            response.problem(status, code);
            posts += 1;
        }
    }
    assert!(posts > 80, "only {posts} requests");
    assert_eq!(site.sql.query_one(rows, &[]).await.unwrap().get::<_, i64>(0), before);
}

#[tokio::test]
async fn every_body_has_a_content_type_and_every_text_a_charset() {
    let (app, site) = open().await;
    let editor = app.key("admin").await;
    let mut all = every_kind(&app, &site, &editor).await;
    for part in ["swagger-ui-bundle.js", "swagger-initializer.js", "index.css", "favicon-32x32.png"]
    {
        all.push((part.to_owned(), app.get(&format!("/docs/{part}")).await));
    }
    for format in ["ndjson", "atom"] {
        let uri = format!("/api/v1/admin/exports?format={format}");
        all.push((uri.clone(), editor.get(&uri).await));
    }
    let browser = [(header::ACCEPT, "text/html")];
    all.push(("the front page".to_owned(), get_with(&app, "/", &browser).await));
    for format in ["atom", "rss", "json"] {
        let uri = format!("/feeds/articles.{format}");
        all.push((uri.clone(), app.get(&uri).await));
    }
    let mut kinds = std::collections::BTreeSet::new();
    for (name, response) in all.iter().filter(|(_, response)| !response.bytes.is_empty()) {
        let kind = response.header("content-type");
        let plain = kind.split(';').next().unwrap();
        assert!(!plain.is_empty(), "{name}: {} bytes of no kind", response.bytes.len());
        let text = plain.starts_with("text/") || plain.ends_with("+xml") || plain.ends_with("/xml");
        assert_eq!(kind.ends_with("; charset=utf-8"), text, "{name}: {kind}");
        if plain.ends_with("/json") || plain.ends_with("+json") {
            response.json();
        } else if plain != "image/png" {
            assert!(std::str::from_utf8(&response.bytes).is_ok(), "{name}: {kind}");
        }
        kinds.insert(plain.to_owned());
    }
    assert!(kinds.len() >= 10, "{kinds:?}");
}

/// Makes a schema reject unknown members.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if members.get("properties").is_some_and(Value::is_object) {
                members.entry("additionalProperties").or_insert(json!(false));
            }
            members.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

#[tokio::test]
async fn no_response_has_an_undocumented_member() {
    let (app, site) = open().await;
    let editor = app.key("admin").await;
    let all = operations();
    let editors = all.iter().filter(|one| one.method == "GET" && is_admin(one));
    let mut bodies = 0;
    for operation in reads().iter().chain(editors) {
        let uri = if is_admin(operation) { admin(operation, &site) } else { uri(operation, &site) };
        let response = editor.get(&uri).await;
        let content = &operation.value["responses"]["200"]["content"];
        let schema = &content[response.header("content-type")]["schema"];
        let json = response.header("content-type").ends_with("/json");
        if response.status != 200 || schema.is_null() || !json || operation.path == "/openapi.json"
        {
            continue;
        }
        let mut whole = json!({"components": document()["components"]});
        whole.as_object_mut().unwrap().extend(schema.as_object().unwrap().clone());
        close(&mut whole);
        let strict = jsonschema::validator_for(&whole).unwrap();
        let beyond: Vec<String> = strict
            .iter_errors(&response.json())
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(beyond.is_empty(), "{}: {beyond:#?}", operation.name());
        bodies += 1;
    }
    assert!(bodies > 30, "only {bodies} bodies were looked at");
}

#[tokio::test]
async fn a_failing_check_denies_access() {
    let app = posting(Policy::Open).await;
    let site = site(&app).await;
    let editor = app.key("articles:write").await;
    let rows = "select (select count(*) from comments) + (select count(*) from articles)";
    let before: i64 = site.sql.query_one(rows, &[]).await.unwrap().get(0);
    // Neither the rules nor the scopes of a key can be read.
    let breaks = "alter table comment_rules rename column terms to words;
                  alter table keys rename column scopes to powers";
    site.sql.batch_execute(breaks).await.unwrap();
    let path = format!("/api/v1/articles/{}/comments", site.article);
    app.reader().post(&path, &comment("A", "Hello.")).await.problem(500, "internal");
    let made = editor.post("/api/v1/admin/articles", &json!({"headline": "x"})).await;
    made.problem(500, "internal");
    editor.get("/api/v1/admin/articles").await.problem(500, "internal");
    assert_eq!(site.sql.query_one(rows, &[]).await.unwrap().get::<_, i64>(0), before);
}

#[tokio::test]
async fn trace_is_not_supported() {
    let (app, site) = open().await;
    let editor = app.key("admin").await.header("X-Secret", "s3cret");
    for operation in operations() {
        let uri =
            if is_admin(&operation) { admin(&operation, &site) } else { uri(&operation, &site) };
        let response = editor.call("TRACE", &uri).await;
        assert!(!response.text().contains("s3cret") && !response.header("allow").contains("TRACE"));
        response.problem(405, "method_not_allowed");
    }
}

//! Values that have broken services, in every field of every body, and bodies that are hardly JSON.

use crate::harness::document::{document, operations};
use crate::harness::site::{fill, site};
use crate::harness::{TestApp, patient};
use actix_web::test::TestRequest;
use roundup::config::Config;
use serde_json::Value;
use std::path::Path;

/// Pieces of JSON, or of what is nearly JSON.
fn hostile() -> Vec<String> {
    let mut pieces: Vec<String> = [
        r#""a\u0000b""#,
        r#""\ud800""#,
        r#""\ufffe""#,
        r#""\ufeff""#,
        r#""\u202e""#,
        r#""""#,
        r#"" ""#,
        r#""'; drop table articles; --""#,
        r#""<script>alert(1)</script>""#,
        r#""javascript:alert(1)""#,
        r#""http://[::1""#,
        r#""99999-01-01T00:00:00Z""#,
        r#""294277-01-01T00:00:00Z""#,
        r#""0000-00-00T00:00:00Z""#,
        "2147483648",
        "9007199254740993",
        "9223372036854775808",
        "-9223372036854775809",
        "-1",
        "-0",
        "0",
        "1.5",
        "1e400",
        "NaN",
        "null",
        "true",
        "{}",
        "[]",
        "[[]]",
        r#"[null, 1, "a", {}]"#,
        r#"{"a": 1, "a": 2}"#,
        r#"{"id": 9223372036854775808}"#,
        "\"a\0b\"",
        "\"a\nb\"",
    ]
    .map(str::to_owned)
    .into();
    pieces.push(format!("\"{}\"", "x".repeat(300_000)));
    pieces.push("[".repeat(10_000) + &"]".repeat(10_000));
    pieces.push(format!("[{}1]", "1,".repeat(2000)));
    pieces
}

/// The names of the members that a schema of the document has.
fn members(document: &Value, schema: &Value) -> Vec<String> {
    let mut names = Vec::new();
    if let Some(name) = schema["$ref"].as_str().and_then(|name| name.rsplit('/').next()) {
        return members(document, &document["components"]["schemas"][name]);
    }
    for list in ["allOf", "oneOf", "anyOf"] {
        for part in schema[list].as_array().into_iter().flatten() {
            names.extend(members(document, part));
        }
    }
    names.extend(
        schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.clone()),
    );
    names
}

#[tokio::test]
async fn no_value_in_a_body_breaks_the_service() {
    let app = TestApp::with(Config { comment_rate: 0, report_rate: 0, ..patient() }).await;
    let site = site(&app).await;
    let admin = app.key("admin").await;
    let (document, mut sent) = (document(), 0);
    for operation in operations() {
        let bodies = operation.value["requestBody"]["content"].as_object().cloned();
        for (kind, content) in bodies.into_iter().flatten() {
            if !kind.ends_with("json") {
                continue;
            }
            let uri = fill(&operation.path, &site);
            for name in members(&document, &content["schema"]) {
                for piece in hostile() {
                    let body = format!("{{\"{name}\": {piece}}}");
                    // Whatever version it has by now: the body is what is to be looked at.
                    let current = admin.get(&uri).await;
                    let tag =
                        current.headers.contains_key("etag").then(|| admin.if_match(&current));
                    let editor = tag.unwrap_or_else(|| admin.clone());
                    let reply = editor.send_as(&operation.method, &uri, &kind, &body).await;
                    let status = reply.status.as_u16();
                    let start: String = body.chars().take(100).collect();
                    let line = format!("{} {start}", operation.name());
                    assert!(status < 500, "{line}: {status} {}", reply.text());
                    if status >= 400 {
                        assert_eq!(
                            reply.header("content-type"),
                            "application/problem+json",
                            "{line}"
                        );
                    }
                    sent += 1;
                }
            }
        }
    }
    println!("{sent} bodies");
    assert!(sent > 1000, "{sent}");
}

#[tokio::test]
async fn each_file_of_the_json_test_suite_is_read_or_refused_as_it_should() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/hostile/JSONTestSuite");
    let Ok(files) = std::fs::read_dir(&folder) else {
        println!("skipped: {} is not there", folder.display());
        return;
    };
    let app = TestApp::with(Config { comment_rate: 0, ..patient() }).await;
    let site = site(&app).await;
    let uri = format!("/api/v1/articles/{}/comments", site.article);
    let mut seen = 0;
    for file in files {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let request =
            TestRequest::post().uri(&uri).insert_header(("content-type", "application/json"));
        let reply = app.send(request.set_payload(std::fs::read(&path).unwrap())).await;
        let status = reply.status.as_u16();
        // Two members of one name are refused, as RFC 7493 asks.
        let right: &[u16] = match name.get(..2) {
            Some("n_") => &[400],
            Some("y_") if name.contains("duplicated") => &[400],
            Some("y_") => &[422],
            _ => &[400, 422],
        };
        assert!(right.contains(&status), "{name}: {status} {}", reply.text());
        assert_eq!(reply.header("content-type"), "application/problem+json", "{name}");
        seen += 1;
    }
    assert!(seen > 300, "{seen}");
}

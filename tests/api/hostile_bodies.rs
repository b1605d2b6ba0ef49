//! Hostile values in every member of every body, and bodies that are barely JSON.

use crate::fixtures::json::{DUPLICATE_MEMBERS, EITHER, INVALID, VALID};
use crate::harness::document::{document, operations};
use crate::harness::site::{fill, site};
use crate::harness::{TestApp, patient};
use actix_web::test::TestRequest;
use roundup::config::Config;
use serde_json::{Map, Value, json};

/// Hostile values in JSON, some of which are not quite JSON.
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

/// Returns a value for a schema, with every optional member, from its examples.
fn sample(document: &Value, schema: &Value) -> Value {
    if let Some(name) = schema["$ref"].as_str().and_then(|name| name.rsplit('/').next()) {
        return sample(document, &document["components"]["schemas"][name]);
    }
    if let Some(value) = schema.get("example").or_else(|| schema["enum"].get(0)) {
        return value.clone();
    }
    let mut whole = Map::new();
    for part in schema["allOf"].as_array().into_iter().flatten() {
        whole.extend(sample(document, part).as_object().cloned().into_iter().flatten());
    }
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        whole.insert(name.clone(), sample(document, member));
    }
    if !whole.is_empty() {
        return whole.into();
    }
    let choices = schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array());
    let choices = choices.into_iter().flatten().filter(|choice| choice["type"] != "null");
    if let Some(first) = choices.clone().next() {
        return sample(document, first);
    }
    let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str());
    match (kind, schema["format"].as_str()) {
        (Some("array"), _) => json!([sample(document, &schema["items"])]),
        (Some("integer" | "number"), _) => schema.get("minimum").cloned().unwrap_or(json!(1)),
        (Some("boolean"), _) => json!(true),
        (_, Some("date-time")) => json!("2026-01-01T00:00:00Z"),
        _ => json!("some words"),
    }
}

/// Collects the JSON pointers of all parts of a value.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    let members: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(name, one)| (name.clone(), one)).collect(),
        Value::Array(items) => {
            items.iter().enumerate().map(|(n, one)| (n.to_string(), one)).collect()
        }
        _ => Vec::new(),
    };
    for (name, inner) in members {
        let pointer = format!("{at}/{name}");
        places(inner, &pointer, found);
        found.push(pointer);
    }
}

/// Returns the body with a mark at this pointer; of a patch only the member that has the mark.
fn marked(whole: &Value, place: &str, patch: bool) -> String {
    let mut body = whole.clone();
    *body.pointer_mut(place).unwrap() = json!(MARK);
    if patch && let Some(members) = body.as_object_mut() {
        members.retain(|name, _| place.split('/').nth(1) == Some(name));
    }
    body.to_string()
}

/// The mark, which a hostile value replaces.
const MARK: &str = "here it comes";

#[tokio::test]
async fn no_value_in_a_body_causes_a_server_error() {
    let app = TestApp::with(Config { comment_rate: 0, report_rate: 0, ..patient() }).await;
    let site = site(&app).await;
    let admin = app.key("admin").await;
    let (document, mut forms, mut sent, mut taken) = (document(), 0, 0, 0);
    for operation in operations() {
        let bodies = operation.value["requestBody"]["content"].as_object().cloned();
        for (kind, content) in bodies.into_iter().flatten() {
            if !kind.ends_with("json") || kind.ends_with("ndjson") {
                continue;
            }
            let uri = fill(&operation.path, &site);
            let whole = sample(&document, &content["schema"]);
            let mut all = Vec::new();
            places(&whole, "", &mut all);
            // The body of an import is a file, which has no members.
            forms += usize::from(!all.is_empty());
            for place in all {
                let text = marked(&whole, &place, operation.method == "PATCH");
                for piece in hostile() {
                    let body = text.replace(&json!(MARK).to_string(), &piece);
                    let mut editor = admin.clone();
                    if operation.method != "POST" {
                        // The current version, so that the body is what is checked.
                        let current = admin.get(&uri).await;
                        if current.headers.contains_key("etag") {
                            editor = admin.if_match(&current);
                        }
                    }
                    let response = editor.send_as(&operation.method, &uri, &kind, &body).await;
                    let status = response.status.as_u16();
                    let start: String = piece.chars().take(100).collect();
                    let line = format!("{} {place}: {start}", operation.name());
                    assert!(status < 500, "{line}: {status} {}", response.text());
                    if status >= 400 {
                        assert_eq!(
                            response.header("content-type"),
                            "application/problem+json",
                            "{line}"
                        );
                    } else {
                        taken += 1;
                    }
                    sent += 1;
                }
            }
        }
    }
    println!("{sent} bodies for {forms} forms, {taken} of them taken");
    assert!(forms > 20, "{forms}");
    assert!(sent > 4000, "{sent}");
    assert!(taken > 100, "only {taken} were good but for the value: the samples are none");
}

/// Posts each text as a comment and returns those that did not get one of these statuses.
async fn answered_otherwise(texts: &[&[u8]], expected: &[u16]) -> Vec<String> {
    let app = TestApp::with(Config { comment_rate: 0, ..patient() }).await;
    let site = site(&app).await;
    let uri = format!("/api/v1/articles/{}/comments", site.article);
    let mut wrong = Vec::new();
    for text in texts {
        let request =
            TestRequest::post().uri(&uri).insert_header(("content-type", "application/json"));
        let response = app.send(request.set_payload(text.to_vec())).await;
        let shown: String = String::from_utf8_lossy(text).chars().take(60).collect();
        if !expected.contains(&response.status.as_u16()) {
            wrong.push(format!("{shown:?}: {} {}", response.status, response.text()));
        }
        assert_eq!(response.header("content-type"), "application/problem+json", "{shown:?}");
    }
    wrong
}

/// Each is JSON, and none is a comment.
#[tokio::test]
async fn json_of_another_shape_is_rejected_with_422() {
    assert_eq!(answered_otherwise(VALID, &[422]).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_body_that_is_not_json_is_rejected_with_400() {
    let (arrays, objects) = ("[".repeat(100_000), "[{\"a\":".repeat(50_000));
    let texts = [INVALID, &[arrays.as_bytes(), objects.as_bytes()]].concat();
    assert_eq!(answered_otherwise(&texts, &[400]).await, Vec::<String>::new());
}

/// RFC 7493, section 2.3.
#[tokio::test]
async fn a_body_with_two_members_of_one_name_is_rejected_with_400() {
    assert_eq!(answered_otherwise(DUPLICATE_MEMBERS, &[400]).await, Vec::<String>::new());
}

#[tokio::test]
async fn json_on_which_parsers_differ_is_rejected_with_400_or_422() {
    let nested = "[".repeat(500) + &"]".repeat(500);
    let texts = [EITHER, &[nested.as_bytes()]].concat();
    assert_eq!(answered_otherwise(&texts, &[400, 422]).await, Vec::<String>::new());
}

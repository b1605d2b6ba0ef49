//! The OpenAPI document: up to date, complete and true.

use crate::harness::TestApp;
use crate::harness::document::{Operation, document, errors, operations, validator};
use crate::harness::site::HARBOUR;
use actix_web::introspection::IntrospectionTree;
use actix_web::test::{TestRequest, call_and_read_body, init_service};
use actix_web::web::Data;
use actix_web::{App, HttpResponse, web};
use serde_json::Value;
use std::collections::BTreeSet;

/// The paths that the document leaves out: the page that shows it, and its redirect.
const UNDOCUMENTED: [&str; 3] = ["/docs", "/docs/", "/docs/{_:.*}"];

#[test]
fn the_committed_document_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi/roundup.json");
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    let current = roundup::openapi_document::json().unwrap();
    let differs = committed.lines().zip(current.lines()).position(|(a, b)| a != b);
    let line = differs.unwrap_or(committed.lines().count().min(current.lines().count())) + 1;
    let command = "cargo run -- openapi > openapi/roundup.json";
    assert!(committed == current, "openapi/roundup.json differs at line {line}; run: {command}");
}

#[test]
fn every_operation_has_a_summary_description_and_tag() {
    let tags = document()["tags"].as_array().unwrap().clone();
    let mut ids = BTreeSet::new();
    for operation in operations() {
        let (name, value) = (operation.name(), &operation.value);
        let id = value["operationId"].as_str().unwrap_or_default().to_owned();
        assert!(!id.is_empty() && ids.insert(id.clone()), "{name}: operationId `{id}`");
        let summary = value["summary"].as_str().unwrap_or_default();
        assert!((5..=80).contains(&summary.len()), "{name}: summary `{summary}`");
        let tag = &value["tags"][0];
        assert!(tags.iter().any(|known| known["name"] == *tag), "{name}: tag {tag}");
        for parameter in
            ["path", "query", "header"].map(|place| operation.parameters(place)).concat()
        {
            assert!(parameter["description"].is_string(), "{name}: {parameter}");
            let types = &parameter["schema"]["type"];
            assert!(
                !types.is_array(),
                "{name}: nothing in an address or a header is null: {parameter}"
            );
        }
    }
}

#[test]
fn every_operation_documents_its_errors() {
    for operation in operations() {
        let responses = operation.value["responses"].as_object().unwrap();
        assert!(responses.keys().any(|status| status.starts_with('2')), "{}", operation.name());
        assert!(responses.keys().any(|status| status.starts_with('4')), "{}", operation.name());
        for (status, response) in responses {
            assert!(response["description"].is_string(), "{} {status}", operation.name());
            let schema = &response["content"]["application/problem+json"]["schema"]["$ref"];
            let failed = status.starts_with('4') || status.starts_with('5');
            assert_eq!(
                *schema == "#/components/schemas/Problem",
                failed,
                "{} {status}",
                operation.name()
            );
        }
    }
}

#[test]
fn every_body_in_json_has_an_example_that_its_schema_allows() {
    let mut examples = 0;
    for operation in operations() {
        for (status, response) in operation.value["responses"].as_object().unwrap() {
            let body = &response["content"]["application/json"];
            if body.is_null() {
                continue;
            }
            let example = &body["example"];
            assert!(!example.is_null(), "{} {status} has no example", operation.name());
            let wrong = errors(&validator(&body["schema"]), example);
            assert!(wrong.is_empty(), "{} {status}: {wrong:#?}", operation.name());
            examples += 1;
        }
        for parameter in operation.parameters("query").iter().chain(&operation.parameters("path")) {
            if let Some(example) = parameter.get("example") {
                let wrong = errors(&validator(&parameter["schema"]), example);
                assert!(wrong.is_empty(), "{}: {parameter}: {wrong:?}", operation.name());
            }
        }
    }
    assert!(examples > 10, "only {examples} examples were looked at");
}

/// Calls `visit` with every schema in a value and its path, except those of bodies that are not JSON.
fn walk(at: &str, value: &Value, visit: &mut impl FnMut(&str, &Value)) {
    match value {
        Value::Object(members) => {
            if members.contains_key("type") && !at.ends_with("/properties") {
                visit(at, value);
            }
            for (name, member) in members {
                if !["example", "text/plain", "text/html"].contains(&name.as_str()) {
                    walk(&format!("{at}/{name}"), member, visit);
                }
            }
        }
        Value::Array(items) => {
            for (n, item) in items.iter().enumerate() {
                walk(&format!("{at}/{n}"), item, visit);
            }
        }
        _ => {}
    }
}

#[test]
fn every_schema_has_bounds() {
    let document = document();
    let (mut seen, mut loose) = (0, Vec::new());
    let mut check = |at: &str, schema: &Value| {
        seen += 1;
        let is = |kind: &str| {
            schema["type"] == kind
                || schema["type"].as_array().is_some_and(|kinds| kinds.contains(&kind.into()))
        };
        let has = |keys: &[&str]| keys.iter().all(|key| !schema[key].is_null());
        let closed = has(&["maxLength"]) || has(&["enum"]) || schema["format"] == "date-time";
        let bounded = (!is("string") || closed)
            && (!is("integer") || has(&["minimum", "maximum"]))
            && (!is("array") || has(&["maxItems"]));
        if !bounded {
            loose.push(format!("{at}: {schema}"));
        }
    };
    walk("/components/schemas", &document["components"]["schemas"], &mut check);
    walk("/paths", &document["paths"], &mut check);
    assert!(loose.is_empty(), "{loose:#?}");
    assert!(seen > 100, "only {seen} schemas were looked at");
}

#[test]
fn every_reference_resolves() {
    let document = document();
    let text = document.to_string();
    let mut references = BTreeSet::new();
    for part in text.split("\"$ref\":\"#").skip(1) {
        references.insert(part.split_once('"').unwrap().0.to_owned());
    }
    assert!(references.len() > 10, "{references:?}");
    for reference in references {
        assert!(document.pointer(&reference).is_some(), "{reference}");
    }
}

/// Returns the method and path of every route of the application.
async fn served() -> BTreeSet<String> {
    let application = TestApp::new().await.application;
    let report =
        async |tree: Data<IntrospectionTree>| HttpResponse::Ok().body(tree.report_as_json());
    let app =
        App::new().configure(|cfg| application.configure(cfg)).route("/-", web::get().to(report));
    let request = TestRequest::get().uri("/-").to_request();
    let body = call_and_read_body(&init_service(app).await, request).await;
    let mut served = BTreeSet::new();
    for item in serde_json::from_slice::<Vec<Value>>(&body).unwrap() {
        let path = item["full_path"].as_str().unwrap();
        assert!(item["potentially_unreachable"].is_null(), "{item}");
        if path == "/-" || UNDOCUMENTED.contains(&path) || item["resource_type"] != "resource" {
            continue;
        }
        for method in item["methods"].as_array().unwrap() {
            served.insert(format!("{} {path}", method.as_str().unwrap()));
        }
    }
    served
}

#[tokio::test]
async fn every_route_is_documented_and_every_documented_route_exists() {
    let documented: BTreeSet<String> =
        operations().iter().map(super::harness::document::Operation::name).collect();
    let served = served().await;
    let missing: Vec<_> = served.difference(&documented).collect();
    assert!(missing.is_empty(), "served, but not in the document: {missing:?}");
    let dead: Vec<_> = documented.difference(&served).collect();
    assert!(dead.is_empty(), "in the document, but not served: {dead:?}");
}

#[tokio::test]
async fn openapi_json_serves_the_committed_document() {
    let app = TestApp::new().await;
    let served = app.get("/openapi.json").await;
    assert_eq!(served.header("content-type"), "application/json");
    assert_eq!(served.text(), roundup::openapi_document::json().unwrap());
}

#[tokio::test]
async fn every_documented_value_of_fields_is_accepted() {
    let app = TestApp::new().await;
    let mut taken = 0;
    for operation in operations() {
        let parameters = operation.parameters("query");
        let fields = parameters.iter().find(|parameter| parameter["name"] == "fields");
        let (Some(fields), false) = (fields, operation.path.contains("/admin/")) else { continue };
        if operation.path.contains('{') {
            continue;
        }
        let pattern = fields["schema"]["pattern"].as_str().unwrap();
        let names = pattern.strip_prefix("^(").unwrap().split_once(")(,(").unwrap().0;
        let names: Vec<_> = names.split('|').map(|name| name.replace(r"\.", ".")).collect();
        let q = if operation.path.ends_with("/search") { "&q=bridge" } else { "" };
        for some in names.chunks(20) {
            app.get(&format!("{}?fields={}{q}", operation.path, some.join(","))).await.ok();
            taken += some.len();
        }
    }
    assert!(taken > 100, "only {taken} names were tried");
}

#[tokio::test]
async fn list_parameters_accept_exactly_the_documented_values() {
    let app = TestApp::new().await;
    let editor = app.key("admin").await;
    let mut tried = 0;
    for operation in operations().into_iter().filter(|one| !one.path.contains('{')) {
        for parameter in operation.parameters("query") {
            let pattern = parameter["schema"]["pattern"].as_str().unwrap_or_default();
            let Some(values) = pattern.strip_prefix("^((").and_then(|p| p.split_once(")(,("))
            else {
                continue;
            };
            let q = if operation.path.ends_with("/search") { "q=bridge&" } else { "" };
            let name = parameter["name"].as_str().unwrap();
            let at = format!("{}?{q}{name}=", operation.path);
            editor.get(&format!("{at}{}", values.0.replace('|', ","))).await.ok();
            editor.get(&format!("{at}x")).await.problem(400, "bad_parameter");
            tried += 1;
        }
    }
    assert_eq!(tried, 3, "`type` of the search, `status` of articles and of comments");
}

#[test]
fn merge_patches_require_no_member_and_texts_have_a_pattern() {
    let mut patches = 0;
    for operation in operations() {
        let body = &operation.value["requestBody"]["content"]["application/merge-patch+json"];
        if !body.is_null() {
            let validator = validator(&body["schema"]);
            let name = operation.name();
            assert!(errors(&validator, &serde_json::json!({})).is_empty(), "{name}");
            let unknown = serde_json::json!({"nobody knows": null});
            assert!(!errors(&validator, &unknown).is_empty(), "{name}");
            patches += 1;
        }
    }
    assert!(patches >= 6, "only {patches} patches were looked at");
    let reason = validator(&serde_json::json!({"$ref": "#/components/schemas/CommentReportInput"}));
    assert!(errors(&reason, &serde_json::json!({"reason": "rude\n\ttwice"})).is_empty());
    assert!(!errors(&reason, &serde_json::json!({"reason": "rude\u{8}"})).is_empty());
}

/// Returns the URL of an operation as the documentation page fills it in.
fn prefilled(operation: &Operation) -> String {
    let mut uri = operation.path.clone();
    for parameter in operation.parameters("path") {
        let example = match &parameter["example"] {
            Value::Null => parameter["schema"]["enum"][0].clone(),
            example => example.clone(),
        };
        let text = example.as_str().map_or_else(|| example.to_string(), str::to_owned);
        uri = uri.replace(&format!("{{{}}}", parameter["name"].as_str().unwrap()), &text);
    }
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for parameter in operation.parameters("query") {
        if let Some(example) = parameter["example"].as_str() {
            query.append_pair(parameter["name"].as_str().unwrap(), example);
        }
    }
    let query = query.finish();
    if query.is_empty() { uri } else { format!("{uri}?{query}") }
}

/// What the example does not have: a second article, tags, and what editors did.
const NOT_IN_EXAMPLE: [&str; 8] =
    ["/tags", "/rules", "/jobs", "/revisions", "/related", "/audit", "/changes", "/webhooks"];

#[tokio::test]
async fn every_read_of_the_docs_page_finds_something_in_the_example() {
    let app = TestApp::new().await;
    app.import("harbour-bridge.txt", HARBOUR).await;
    app.index_changes().await;
    let editor = app.key("admin").await;
    let mut wrong = Vec::new();
    for operation in operations().iter().filter(|operation| operation.method == "GET") {
        let uri = prefilled(operation);
        let response = editor.get(&uri).await;
        let body = response.text();
        let expected = !NOT_IN_EXAMPLE.iter().any(|part| operation.path.contains(part));
        if expected && (response.status != 200 || body.starts_with("{\"items\":[]")) {
            wrong.push(format!("{uri}: {} {body:.200}", response.status));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn public_operations_come_before_those_that_need_a_key() {
    let text = roundup::openapi_document::json().unwrap();
    let paths: Vec<&str> =
        text.lines().filter_map(|line| line.strip_prefix("    \"/")?.split('"').next()).collect();
    let first_private = paths.iter().position(|path| path.starts_with("api/v1/admin")).unwrap();
    let public = paths
        .iter()
        .rposition(|path| path.starts_with("api/v1/") && !path.starts_with("api/v1/admin"));
    assert!(public.unwrap() < first_private, "{paths:#?}");
}

#[test]
fn what_may_be_left_out_of_a_request_has_no_default() {
    let document = document();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let inputs =
        schemas.iter().filter(|(name, _)| name.ends_with("Input") || name.ends_with("Patch"));
    let mut seen = 0;
    for (name, schema) in inputs {
        for (property, schema) in schema["properties"].as_object().into_iter().flatten() {
            assert!(schema["default"].is_null(), "{name}.{property}: {schema}");
            seen += 1;
        }
    }
    assert!(seen > 50, "only {seen} properties were looked at");
}

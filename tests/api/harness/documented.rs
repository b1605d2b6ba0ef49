//! Checks each response of [`super::TestApp`] against the OpenAPI document, so that no client meets a
//! status or a header that is not documented.

use super::Response;
use super::document::operations;
use actix_web::http::Method;
use regex::Regex;
use serde_json::Value;
use std::sync::LazyLock;

/// The headers that must be documented. `X-Request-Id` is in every response and is described once.
const HEADERS: [&str; 7] = [
    "ETag",
    "Link",
    "Location",
    "Retry-After",
    "RateLimit",
    "RateLimit-Policy",
    "Idempotent-Replayed",
];

/// The headers that a response must have where they are documented.
const REQUIRED: [&str; 2] = ["ETag", "Location"];

/// The documented responses of an operation.
struct Documented {
    method: String,
    path: Regex,
    responses: Value,
}

/// All operations, those with fewer path parameters first, which is the router's order too.
static OPERATIONS: LazyLock<Vec<Documented>> = LazyLock::new(|| {
    let mut all = operations();
    all.sort_by_key(|operation| operation.path.matches('{').count());
    let braces = Regex::new(r"\\\{[a-z_]+\\\}").unwrap();
    let documented = all.into_iter().map(|mut operation| {
        let pattern = regex::escape(&operation.path);
        let path = Regex::new(&format!("^{}$", braces.replace_all(&pattern, "[^/]+"))).unwrap();
        let responses = operation.value["responses"].take();
        Documented { method: operation.method, path, responses }
    });
    documented.collect()
});

/// Fails unless the document has the status of this response and its headers.
pub fn assert_documented(method: &Method, path: &str, response: &Response) {
    let method = if *method == Method::HEAD { "GET" } else { method.as_str() };
    let is_it =
        |operation: &&Documented| operation.method == method && operation.path.is_match(path);
    let Some(operation) = OPERATIONS.iter().find(is_it) else { return };
    let status = response.status.as_str();
    if status == "304" {
        // Documented by the header `ETag`.
        let etag = &operation.responses["200"]["headers"]["ETag"];
        assert!(!etag.is_null(), "{method} {path}: {status} is not documented");
        return;
    }
    let documented = &operation.responses[status];
    assert!(!documented.is_null(), "{method} {path}: {status} is not documented");
    for name in HEADERS {
        let is_documented = !documented["headers"][name].is_null();
        let is_sent = response.headers.contains_key(name);
        assert!(
            is_documented || !is_sent,
            "{method} {path}: the header {name} of {status} is not documented"
        );
        assert!(
            is_sent || !is_documented || !REQUIRED.contains(&name),
            "{method} {path}: {status} has no header {name}, which is documented"
        );
    }
}

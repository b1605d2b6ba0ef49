//! Whether the document tells of an answer. Each that [`super::TestApp`] gives to a test is held
//! against it, so that no client meets a status or a header that its author could not read of.

use super::Reply;
use super::document::operations;
use actix_web::http::Method;
use regex::Regex;
use serde_json::Value;
use std::sync::LazyLock;

/// The headers that clients build on. `X-Request-Id` is in every answer, and not told of in each.
const HEADERS: [&str; 7] = [
    "ETag",
    "Link",
    "Location",
    "Retry-After",
    "RateLimit",
    "RateLimit-Policy",
    "Idempotent-Replayed",
];

/// Those that are never left out where the document has them.
const ALWAYS: [&str; 2] = ["ETag", "Location"];

/// What an operation answers, with the method and the address it is for; those with fewer
/// parameters in the address first, as the router has it.
struct Told {
    method: String,
    path: Regex,
    responses: Value,
}

static OPERATIONS: LazyLock<Vec<Told>> = LazyLock::new(|| {
    let mut all = operations();
    all.sort_by_key(|one| one.path.matches('{').count());
    let braces = Regex::new(r"\\\{[a-z_]+\\\}").unwrap();
    let told = all.into_iter().map(|mut one| {
        let pattern = regex::escape(&one.path);
        let path = Regex::new(&format!("^{}$", braces.replace_all(&pattern, "[^/]+"))).unwrap();
        Told { method: one.method, path, responses: one.value["responses"].take() }
    });
    told.collect()
});

/// Fails when the document does not tell of this answer: its status, or one of its headers.
pub fn expect(method: &Method, path: &str, reply: &Reply) {
    let method = if *method == Method::HEAD { "GET" } else { method.as_str() };
    let asked = |one: &&Told| one.method == method && one.path.is_match(path);
    let Some(told) = OPERATIONS.iter().find(asked) else { return };
    let status = reply.status.as_str();
    if status == "304" {
        // The header `ETag` tells of it: src/openapi/headers.rs.
        let tag = &told.responses["200"]["headers"]["ETag"];
        assert!(!tag.is_null(), "{method} {path}: the document does not tell of {status}");
        return;
    }
    let response = &told.responses[status];
    assert!(!response.is_null(), "{method} {path}: the document does not tell of {status}");
    for name in HEADERS {
        let (told, sent) = (!response["headers"][name].is_null(), reply.headers.contains_key(name));
        assert!(
            told || !sent,
            "{method} {path}: the document does not tell of {name} in a {status}"
        );
        let left_out = told && !sent && ALWAYS.contains(&name);
        assert!(
            !left_out,
            "{method} {path}: the document tells of {name} in a {status}, which has none"
        );
    }
}

//! Documents the response headers, and removes the 412 and 428 responses of operations without
//! preconditions.

use crate::auth::is_private;
use crate::openapi::walk::{inline, parameter, ref_name, write_operations};
use std::collections::BTreeMap;
use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::openapi::{Components, OpenApi as Document, Ref, RefOr, Required, Response};

/// The path of links, which have no version of their own: their entity tag is that of the article.
const ARTICLE_LINKS: &str = "/api/v1/admin/articles/{id}/links";

/// The schema of a revision. Its `version` is that of the article, and a revision never changes.
const REVISION: &str = "RevisionWithArticle";

/// Adds the headers to each response. Those of a rate limit are added to
/// responses of operations that have one, except to 5xx.
///
/// 304 is not documented as a response, because generated clients would treat it as an error. It is
/// described with `ETag` instead: only clients that send `If-None-Match` receive it.
pub(super) fn add(document: &mut Document) {
    let Some(components) = document.components.as_mut() else { return };
    components.headers = headers();
    for (path, item) in &mut document.paths.paths {
        let has_version_tag = |response: &Response| {
            path.starts_with(ARTICLE_LINKS) || has_version(response, components)
        };
        for write in write_operations(item) {
            add_to_operation(write, path, has_version_tag);
            let if_match = parameter(write, "If-Match").map(|header| header.required.clone());
            let required = matches!(if_match, Some(Required::True));
            keep_possible_conditions(write, if_match.is_some(), required);
        }
        if let Some(get) = &mut item.get {
            let has_tag = |response: &Response| {
                !is_private(path) && !is_stream(response) || has_version_tag(response)
            };
            add_to_operation(get, path, has_tag);
            let response = get.responses.responses.get("200").and_then(inline);
            let tagged = response.is_some_and(|response| response.headers.contains_key("ETag"));
            keep_possible_conditions(get, tagged, false);
        }
    }
}

/// Returns whether the body is a stream of events, which has no entity tag.
fn is_stream(response: &Response) -> bool {
    response.content.contains_key("text/event-stream")
}

/// Removes 412 from an operation that evaluates no precondition, and 428 from one that requires none.
fn keep_possible_conditions(operation: &mut Operation, evaluates: bool, requires: bool) {
    let possible = |status: &str| (evaluates || status != "412") && (requires || status != "428");
    operation.responses.responses.retain(|status, _| possible(status));
}

fn add_to_operation(operation: &mut Operation, path: &str, has_tag: impl Fn(&Response) -> bool) {
    // The index links to this document.
    let has_links = parameter(operation, "after").is_some() || path == "/";
    let is_idempotent = parameter(operation, "Idempotency-Key").is_some();
    let responses = &mut operation.responses.responses;
    let limited = responses.contains_key("429");
    for (status, response) in responses {
        let RefOr::T(response) = response else { continue };
        let success = status.starts_with('2');
        let sent = [
            ("Access-Control-Allow-Origin", !is_private(path)),
            ("ETag", success && has_tag(response)),
            ("Link", success && has_links),
            ("Location", ["201", "202", "301"].contains(&status.as_str())),
            ("Idempotent-Replayed", success && is_idempotent),
            ("RateLimit", limited && !status.starts_with('5')),
            ("RateLimit-Policy", limited && !status.starts_with('5')),
            (
                "Retry-After",
                ["429", "503"].contains(&status.as_str()) || is_idempotent && status == "409",
            ),
        ];
        for (name, _) in sent.into_iter().filter(|(_, is_sent)| *is_sent) {
            let reference = Ref::new(format!("#/components/headers/{name}"));
            response.headers.insert(name.to_owned(), RefOr::Ref(reference));
        }
    }
}

/// Returns whether the body is an object with a `version`, as editors read it.
fn has_version(response: &Response, components: &Components) -> bool {
    let content = response.content.get("application/json").and_then(inline);
    let body = content.and_then(|content| content.schema.as_ref());
    let Some(RefOr::Ref(reference)) = body else { return false };
    match components.schemas.get(ref_name(reference)) {
        Some(RefOr::T(Schema::Object(object))) => {
            ref_name(reference) != REVISION && object.properties.contains_key("version")
        }
        _ => false,
    }
}

fn headers() -> BTreeMap<String, RefOr<Header>> {
    let text = || ObjectBuilder::new().schema_type(Type::String).max_length(Some(300));
    let seconds = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int32)))
        .minimum(Some(0))
        .maximum(Some(86_400));
    let all = [
        ("Access-Control-Allow-Origin", "Pages of any origin may read it: `*`", text()),
        (
            "ETag",
            "The entity tag: of the bytes of a public response, or of the version that an editor reads \
             (`\"v3\"`), for `If-Match`. A read that sends it in `If-None-Match` gets 304 without a body",
            text(),
        ),
        (
            "Idempotent-Replayed",
            "`true`: the response is that of the first request with this `Idempotency-Key`",
            text(),
        ),
        (
            "Link",
            "The URLs of the previous and next page, or of the service's description (RFC 8288): \
             `</api/v1/articles?after=…>; rel=\"next\"`",
            text().max_length(Some(10_000)),
        ),
        (
            "Location",
            "The URL of the created object, or the current URL of one that has moved",
            text().max_length(Some(10_000)),
        ),
        (
            "RateLimit-Policy",
            "The limits and their windows in seconds: `\"client\";q=10;w=60`",
            text(),
        ),
        (
            "RateLimit",
            "The requests that are left, and the seconds until the window ends: `\"client\";r=9;t=60`",
            text(),
        ),
        ("Retry-After", "The number of seconds to wait before the next attempt", seconds),
    ];
    let headers = all.map(|(name, description, schema)| {
        let header = HeaderBuilder::new().schema(Some(schema)).description(Some(description));
        (name.to_owned(), header.build().into())
    });
    headers.into()
}

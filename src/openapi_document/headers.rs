//! What the document says of headers: in answers those that clients build on, and who may read them
//! from a page of another origin; and what the conditions in requests come to.

use crate::auth::is_private;
use crate::openapi::walk::{changes, name, parameter, whole};
use std::collections::BTreeMap;
use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::openapi::{Components, OpenApi as Document, Ref, RefOr, Required, Response};

/// What belongs to an article has its version, and none of its own.
const PARTS_OF_ARTICLES: &str = "/api/v1/admin/articles/{id}/links";

/// What an article was is never changed, whatever it was the version of.
const PAST: &str = "RevisionWithArticle";

/// Names the headers of each answer. Those around a limit are left out while nothing was counted.
///
/// That of a tag tells of 304 too, which is not among the answers: only who sends `If-None-Match`
/// meets it, and in generated clients whatever is no 200 would be a problem or nothing.
pub(super) fn tell(document: &mut Document) {
    let Some(components) = document.components.as_mut() else { return };
    components.headers = headers();
    for (path, item) in &mut document.paths.paths {
        let of_version = |response: &Response| {
            path.starts_with(PARTS_OF_ARTICLES) || has_version(response, components)
        };
        for change in changes(item) {
            of_operation(change, path, of_version);
            let condition = parameter(change, "If-Match").map(|one| one.required.clone());
            let needed = matches!(condition, Some(Required::True));
            keep_conditions(change, condition.is_some(), needed);
        }
        if let Some(get) = &mut item.get {
            of_operation(get, path, |response| !is_private(path) || of_version(response));
            let whole = get.responses.responses.get("200").and_then(whole);
            let tagged = whole.is_some_and(|response| response.headers.contains_key("ETag"));
            keep_conditions(get, tagged, false);
        }
    }
}

/// Leaves the problems of conditions where there can be one: what has no tag and takes no `If-Match`
/// depends on no version, and only a change can need one.
fn keep_conditions(operation: &mut Operation, taken: bool, needed: bool) {
    let possible = |status: &str| (taken || status != "412") && (needed || status != "428");
    operation.responses.responses.retain(|status, _| possible(status));
}

fn of_operation(operation: &mut Operation, path: &str, tagged: impl Fn(&Response) -> bool) {
    // The front door leads to this document.
    let linked = parameter(operation, "after").is_some() || path == "/";
    let repeats = parameter(operation, "Idempotency-Key").is_some();
    let responses = &mut operation.responses.responses;
    let limited = responses.contains_key("429");
    for (status, response) in responses {
        let RefOr::T(response) = response else { continue };
        let done = status.starts_with('2');
        let told = [
            ("Access-Control-Allow-Origin", !is_private(path)),
            ("ETag", done && tagged(response)),
            ("Link", done && linked),
            ("Location", ["201", "202", "301"].contains(&status.as_str())),
            ("Idempotent-Replayed", done && repeats),
            ("RateLimit", limited && !status.starts_with('5')),
            ("RateLimit-Policy", limited && !status.starts_with('5')),
            (
                "Retry-After",
                ["429", "503"].contains(&status.as_str()) || repeats && status == "409",
            ),
        ];
        for (name, _) in told.into_iter().filter(|(_, told)| *told) {
            let reference = Ref::new(format!("#/components/headers/{name}"));
            response.headers.insert(name.to_owned(), RefOr::Ref(reference));
        }
    }
}

/// Whether the body is of something that has versions: a number, as an editor reads it.
fn has_version(response: &Response, components: &Components) -> bool {
    let content = response.content.get("application/json").and_then(whole);
    let body = content.and_then(|content| content.schema.as_ref());
    let Some(RefOr::Ref(reference)) = body else { return false };
    match components.schemas.get(name(reference)) {
        Some(RefOr::T(Schema::Object(object))) => {
            name(reference) != PAST && object.properties.contains_key("version")
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
            "Of the bytes of a public answer, or of the version that an editor reads (`\"v3\"`), for `If-Match`. \
             A read that names it in `If-None-Match` is answered with 304 and no body",
            text(),
        ),
        ("Idempotent-Replayed", "`true`: the first answer to this `Idempotency-Key` again", text()),
        (
            "Link",
            "The addresses of the pages before and after this one, or of what describes it (RFC 8288): \
             `</api/v1/articles?after=…>; rel=\"next\"`",
            text().max_length(Some(10_000)),
        ),
        (
            "Location",
            "The address of what was made, or that something has now",
            text().max_length(Some(10_000)),
        ),
        (
            "RateLimit-Policy",
            "The limits and their windows in seconds: `\"client\";q=10;w=60`",
            text(),
        ),
        ("RateLimit", "What is left, and for how many seconds: `\"client\";r=9;t=60`", text()),
        ("Retry-After", "In how many seconds to try again", seconds),
    ];
    let made = all.map(|(name, description, schema)| {
        let header = HeaderBuilder::new().schema(Some(schema)).description(Some(description));
        (name.to_owned(), header.build().into())
    });
    made.into()
}

//! Cross-origin requests (Fetch standard, CORS protocol): a page of any origin may read what is public
//! and post a comment, without credentials.

use actix_web::http::header::{self, HeaderMap, HeaderValue};

/// The response headers that scripts may read.
const EXPOSED_HEADERS: &str = "ETag, Link, Location, Retry-After, RateLimit, RateLimit-Policy, X-Request-Id, Idempotent-Replayed";
/// The request headers that a preflight allows.
const ALLOWED_HEADERS: &str = "Accept, Content-Type, If-Match, If-None-Match, Idempotency-Key, Roundup-Edit-Token, X-Request-Id";

/// Sets the headers of every public response.
pub(crate) fn allow_any_origin(headers: &mut HeaderMap) {
    let values = [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED_HEADERS),
        (header::CROSS_ORIGIN_RESOURCE_POLICY, "cross-origin"),
    ];
    for (name, value) in values {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// Sets the headers of a response to a preflight request; `allow` lists the methods of the path.
pub(crate) fn allow_preflight(headers: &mut HeaderMap, allow: HeaderValue) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, allow);
    let allowed = HeaderValue::from_static(ALLOWED_HEADERS);
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
}

//! Cross-origin requests: any page may read what is public and post a comment, without credentials.

use actix_web::http::header::{self, HeaderMap, HeaderValue};

const EXPOSED: &str = "ETag, Link, Location, Retry-After, RateLimit, RateLimit-Policy, X-Request-Id, Idempotent-Replayed";
const ACCEPTED: &str = "Accept, Content-Type, If-Match, If-None-Match, Idempotency-Key, Roundup-Edit-Token, X-Request-Id";

/// The headers of every public answer.
pub(crate) fn expose(headers: &mut HeaderMap) {
    let set = [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED),
        (header::CROSS_ORIGIN_RESOURCE_POLICY, "cross-origin"),
    ];
    for (name, value) in set {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// The headers that answer a preflight; `allow` lists the methods of the address.
pub(crate) fn preflight(headers: &mut HeaderMap, allow: HeaderValue) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, allow);
    let accepted = HeaderValue::from_static(ACCEPTED);
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, accepted);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
}

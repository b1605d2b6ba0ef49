//! Cross-origin requests (Fetch standard, CORS protocol): a page of any origin may read what is public
//! and post a comment. A page of an origin in `ROUNDUP_ADMIN_ORIGINS` may also do what its key allows.
//! Neither may send cookies: nothing here sets or reads any.

use crate::config::Config;
use actix_web::http::header::{self, HeaderMap, HeaderValue};

/// The response headers that scripts may read.
const EXPOSED_HEADERS: &str = "ETag, Link, Location, Retry-After, RateLimit, RateLimit-Policy, X-Request-Id, Idempotent-Replayed";
/// Any request header.
const ANY_HEADER: &str = "*";
/// Any request header and `Authorization`, which the wildcard does not include (Fetch standard, section
/// "CORS non-wildcard request-header name").
const ANY_HEADER_AND_AUTHORIZATION: &str = "*, Authorization";

/// Sets the headers of every public response.
pub(crate) fn allow_any_origin(headers: &mut HeaderMap) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    let exposed = HeaderValue::from_static(EXPOSED_HEADERS);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    let cross_origin = HeaderValue::from_static("cross-origin");
    headers.insert(header::CROSS_ORIGIN_RESOURCE_POLICY, cross_origin);
}

/// Sets the headers of a response to an editor's page of this origin.
pub(crate) fn allow_origin(headers: &mut HeaderMap, origin: HeaderValue) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    let exposed = HeaderValue::from_static(EXPOSED_HEADERS);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
}

/// Returns the origin of a request if its pages may use the editors' routes.
pub(crate) fn admin_origin(headers: &HeaderMap, config: &Config) -> Option<HeaderValue> {
    let origin = headers.get(header::ORIGIN)?;
    origin.to_str().is_ok_and(|text| config.admin_origins.contains(text)).then(|| origin.clone())
}

/// Sets the headers of a response to a preflight request; `allow` lists the methods of the path, `asked`
/// the headers that the request will have.
pub(crate) fn allow_preflight(headers: &mut HeaderMap, allow: HeaderValue, asked: Option<&str>) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, allow);
    let is_authorization = |name: &str| name.trim().eq_ignore_ascii_case("authorization");
    let with_key = asked.is_some_and(|names| names.split(',').any(is_authorization));
    let allowed = if with_key { ANY_HEADER_AND_AUTHORIZATION } else { ANY_HEADER };
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(allowed));
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
}

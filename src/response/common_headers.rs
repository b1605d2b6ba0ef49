//! The headers that every response carries.

use super::cors;
use super::security_headers::apply_security_headers;
use crate::config::Config;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// The `Cache-Control` of shared caches alone (RFC 9213). Browsers obey `stale-while-revalidate` too, and
/// would show a reader the comments as they were at the last visit; so it is only here.
pub(crate) const CDN_CACHE_CONTROL: HeaderName = HeaderName::from_static("cdn-cache-control");

/// Sets the headers that every response carries; a response that is not public is never stored.
pub(crate) fn apply_common_headers(headers: &mut HeaderMap, config: &Config, public: bool) {
    if public {
        cors::allow_any_origin(headers);
        if !headers.contains_key(header::CACHE_CONTROL) {
            headers.insert(header::CACHE_CONTROL, config.cache_control.clone());
            headers.insert(CDN_CACHE_CONTROL, config.cdn_cache_control.clone());
        }
    } else {
        let private = HeaderValue::from_static("private, no-store");
        headers.insert(header::CACHE_CONTROL, private);
    }
    apply_security_headers(headers, config);
}

//! Security headers of every response: no content sniffing, no scripts, no framing, no referrer.

use crate::config::Config;
use actix_web::http::header::{
    CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};

/// The names of the security headers.
pub(crate) const SECURITY_HEADERS: [HeaderName; 4] =
    [X_CONTENT_TYPE_OPTIONS, REFERRER_POLICY, CONTENT_SECURITY_POLICY, STRICT_TRANSPORT_SECURITY];

/// Sets the security headers that are not set yet: a page may have a policy of its own.
pub fn apply_security_headers(headers: &mut HeaderMap, config: &Config) {
    let values = [
        Some(HeaderValue::from_static("nosniff")),
        Some(HeaderValue::from_static("no-referrer")),
        Some(HeaderValue::from_static(
            "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
        )),
        config.hsts.clone(),
    ];
    for (name, value) in SECURITY_HEADERS.into_iter().zip(values) {
        if let Some(value) = value.filter(|_| !headers.contains_key(&name)) {
            headers.insert(name, value);
        }
    }
}

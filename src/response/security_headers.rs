//! What every answer tells a browser, whoever made it and whatever it is: take it for what it says it
//! is, run and frame nothing of it, and tell nobody whence you came.

use crate::config::Config;
use actix_web::http::header::{
    CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};

/// The names of these headers.
pub(crate) const GUARDS: [HeaderName; 4] =
    [X_CONTENT_TYPE_OPTIONS, REFERRER_POLICY, CONTENT_SECURITY_POLICY, STRICT_TRANSPORT_SECURITY];

/// Sets them where they are not set: a page may have a policy of its own.
pub fn apply_security_headers(headers: &mut HeaderMap, config: &Config) {
    let values = [
        Some(HeaderValue::from_static("nosniff")),
        Some(HeaderValue::from_static("no-referrer")),
        Some(HeaderValue::from_static(
            "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
        )),
        config.hsts.clone(),
    ];
    for (name, value) in GUARDS.into_iter().zip(values) {
        if let Some(value) = value.filter(|_| !headers.contains_key(&name)) {
            headers.insert(name, value);
        }
    }
}

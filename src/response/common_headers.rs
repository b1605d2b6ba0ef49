//! The headers that every response carries.

use super::cors;
use super::security_headers::apply_security_headers;
use crate::config::Config;
use actix_web::http::header::{self, HeaderMap, HeaderValue};

/// Sets the headers that every response carries; a response that is not public is never stored.
pub(crate) fn apply_common_headers(headers: &mut HeaderMap, config: &Config, public: bool) {
    if public {
        cors::allow_any_origin(headers);
        if !headers.contains_key(header::CACHE_CONTROL) {
            headers.insert(header::CACHE_CONTROL, config.cache_control.clone());
        }
    } else {
        let private = HeaderValue::from_static("private, no-store");
        headers.insert(header::CACHE_CONTROL, private);
    }
    apply_security_headers(headers, config);
}

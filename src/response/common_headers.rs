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
    add_path_prefix(headers, &config.path_prefix());
    apply_security_headers(headers, config);
}

/// Puts the path of the public URL in front of the paths in `Location` and `Link`. The proxy in front
/// removes it from requests.
fn add_path_prefix(headers: &mut HeaderMap, prefix: &str) {
    if prefix.is_empty() {
        return;
    }
    for (name, path, below) in
        [(header::LOCATION, "/", format!("{prefix}/")), (header::LINK, "</", format!("<{prefix}/"))]
    {
        let values: Vec<HeaderValue> = headers.get_all(&name).cloned().collect();
        headers.remove(&name);
        for value in values {
            let text = value.to_str().unwrap_or_default();
            let text = if name == header::LINK {
                text.replace(path, &below)
            } else {
                text.strip_prefix(path).map_or_else(|| text.to_owned(), |rest| below.clone() + rest)
            };
            headers.append(name.clone(), HeaderValue::from_str(&text).unwrap_or(value));
        }
    }
}

//! Reads with `Roundup-Edit-Token`: the author of a comment reads it at its public path, even while it is
//! held. Such a response is private, so no cache may store it or answer it.

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// The request header with the token that came with a comment.
pub(crate) const EDIT_TOKEN: HeaderName = HeaderName::from_static("roundup-edit-token");

/// The route of a comment.
const ROUTE: &str = "/api/v1/comments/{id}";

/// Returns whether a read of this path may return what only the author of a comment may see.
pub(crate) fn is_private_read(path: &str, request_headers: &HeaderMap) -> bool {
    path.starts_with("/api/v1/comments/") && request_headers.contains_key(EDIT_TOKEN)
}

/// Marks the response to such a read.
pub(crate) fn forbid_storing(headers: &mut HeaderMap) {
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
}

/// Makes shared caches pass reads with a token on, though they store the public response of this route.
pub(crate) fn set_vary(route: &str, headers: &mut HeaderMap) {
    if route == ROUTE {
        let names = HeaderValue::from_static("Accept-Encoding, Roundup-Edit-Token");
        headers.insert(header::VARY, names);
    }
}

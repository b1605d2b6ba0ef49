//! Problem details (RFC 9457) for every error response, whether a handler, an extractor or the router
//! made it.

use crate::error::Error;
use crate::response::request_id::RequestId;
use actix_web::dev::ServiceResponse;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use bytes::Bytes;

/// Returns whether the response is a problem already.
pub(crate) fn is_problem(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|t| t.as_bytes().starts_with(b"application/problem"))
}

/// Sets the headers of a problem; no cache may store it.
pub(crate) fn set_problem_headers(headers: &mut HeaderMap) {
    let problem = HeaderValue::from_static("application/problem+json");
    headers.insert(header::CONTENT_TYPE, problem);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
}

/// Replaces the body of an error response by its problem and logs server errors.
pub(crate) fn finalize_error(res: ServiceResponse, id: &RequestId) -> ServiceResponse {
    let status = res.status();
    let (req, response) = res.into_parts();
    let own = response.error().and_then(|error| error.as_error::<Error>());
    let by_status = Error::from_status(status, response.headers());
    let error = own.unwrap_or(&by_status);
    if status.is_server_error() {
        let cause = error.cause().map_or_else(|| "unknown".to_owned(), |c| format!("{c:#}"));
        log::error!("request {}: {}: {}", id.as_str(), error, one_line(&cause));
    }
    let body = serde_json::to_vec(&error.problem(id.as_str())).unwrap_or_default();
    let mut response = response.set_body(body).map_into_boxed_body();
    set_problem_headers(response.headers_mut());
    ServiceResponse::new(req, response)
}

/// Returns the problem as JSON, split where the id of the request goes.
pub(crate) fn split_at_request_id(error: &Error) -> Option<(Bytes, Bytes)> {
    // Quotes inside a string are escaped, so this occurs only where the field begins.
    const FIELD: &str = "\"request_id\":\"";
    let body = serde_json::to_string(&error.problem("")).ok()?;
    let (before, after) = body.split_once(FIELD)?;
    Some((Bytes::from(format!("{before}{FIELD}")), Bytes::from(after.to_owned())))
}

fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

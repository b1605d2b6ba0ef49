//! The body of an answer that tells of a failure, whoever gave it: a handler, an extractor, or the
//! router.

use crate::error::Error;
use crate::response::request_id::RequestId;
use actix_web::dev::ServiceResponse;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use bytes::Bytes;

/// Whether this is a problem already.
pub(crate) fn is_one(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|t| t.as_bytes().starts_with(b"application/problem"))
}

/// Sets the headers of a problem: no cache between us and the client may keep it.
pub(crate) fn mark(headers: &mut HeaderMap) {
    let problem = HeaderValue::from_static("application/problem+json");
    headers.insert(header::CONTENT_TYPE, problem);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
}

/// Gives an answer its problem.
pub(crate) fn describe(res: ServiceResponse, id: &RequestId) -> ServiceResponse {
    let status = res.status();
    let (req, answer) = res.into_parts();
    let given = answer.error().and_then(|error| error.as_error::<Error>());
    let bare = Error::from_status(status, answer.headers());
    let error = given.unwrap_or(&bare);
    if status.is_server_error() {
        let cause = error.cause().map_or_else(|| "unknown".to_owned(), |c| format!("{c:#}"));
        log::error!("request {}: {}: {}", id.as_str(), error, one_line(&cause));
    }
    let body = serde_json::to_vec(&error.problem(id.as_str())).unwrap_or_default();
    let mut answer = answer.set_body(body).map_into_boxed_body();
    mark(answer.headers_mut());
    ServiceResponse::new(req, answer)
}

/// A problem in two parts: between them goes the id of the request.
pub(crate) fn around_id(error: &Error) -> Option<(Bytes, Bytes)> {
    // In a string the quotes would be escaped, so this stands only where the field begins.
    const FIELD: &str = "\"request_id\":\"";
    let body = serde_json::to_string(&error.problem("")).ok()?;
    let (before, after) = body.split_once(FIELD)?;
    Some((Bytes::from(format!("{before}{FIELD}")), Bytes::from(after.to_owned())))
}

fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

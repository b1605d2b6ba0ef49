//! A response, and assertions that show it when they fail.

use actix_web::body::{BoxBody, to_bytes};
use actix_web::dev::ServiceResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderMap};
use serde_json::Value;

/// A response of the service.
#[derive(Debug)]
pub struct Response {
    /// Method and URL of the request.
    request: String,
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl Response {
    /// Reads a response. The body of a stream of events is not read, because it has no end.
    pub async fn of(request: String, response: ServiceResponse<BoxBody>) -> Self {
        let (_, response) = response.into_parts();
        let (head, body) = response.into_parts();
        let is_stream =
            head.headers().get(CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream");
        let bytes =
            if is_stream { Vec::new() } else { to_bytes(body).await.unwrap_or_default().to_vec() };
        Self { request, status: head.status(), headers: head.headers().clone(), bytes }
    }

    /// Returns a header as text, empty if there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Returns the body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// Returns the body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        match serde_json::from_slice(&self.bytes) {
            Ok(value) => value,
            Err(error) => panic!("{}: {} {error}: {}", self.request, self.status, self.text()),
        }
    }

    /// Asserts the status and returns the JSON body.
    #[track_caller]
    pub fn expect(self, status: StatusCode) -> Value {
        assert_eq!(self.status, status, "{}: {}", self.request, self.text());
        if self.bytes.is_empty() { Value::Null } else { self.json() }
    }

    /// Asserts that the response is a problem with this status and code, and returns it.
    #[track_caller]
    pub fn problem(self, status: u16, code: &str) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}: {}", self.request, self.text());
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.request);
        let problem = self.json();
        assert_eq!(problem["code"], code, "{}: {problem}", self.request);
        assert_eq!(problem["status"], status, "{}", self.request);
        assert_eq!(problem["request_id"], self.header("x-request-id"), "{}", self.request);
        problem
    }
}

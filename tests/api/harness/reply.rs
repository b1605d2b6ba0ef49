//! An answer, read whole, with assertions that show it when they fail.

use actix_web::body::{BoxBody, to_bytes};
use actix_web::dev::ServiceResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use serde_json::Value;

/// An answer of the service.
#[derive(Debug)]
pub struct Reply {
    line: String,
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl Reply {
    pub async fn of(line: String, response: ServiceResponse<BoxBody>) -> Self {
        let (_, response) = response.into_parts();
        let (head, body) = response.into_parts();
        let bytes = to_bytes(body).await.unwrap_or_default().to_vec();
        Self { line, status: head.status(), headers: head.headers().clone(), bytes }
    }

    /// A header as text; empty if it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        match serde_json::from_slice(&self.bytes) {
            Ok(value) => value,
            Err(error) => panic!("{}: {} {error}: {}", self.line, self.status, self.text()),
        }
    }

    /// The body of an answer that must have this status.
    #[track_caller]
    pub fn expect(self, status: StatusCode) -> Value {
        assert_eq!(self.status, status, "{}: {}", self.line, self.text());
        if self.bytes.is_empty() { Value::Null } else { self.json() }
    }

    /// The problem of an answer that must have this status and this code.
    #[track_caller]
    pub fn problem(self, status: u16, code: &str) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}: {}", self.line, self.text());
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.line);
        let problem = self.json();
        assert_eq!(problem["code"], code, "{}: {problem}", self.line);
        assert_eq!(problem["status"], status, "{}", self.line);
        assert_eq!(problem["request_id"], self.header("x-request-id"), "{}", self.line);
        problem
    }
}

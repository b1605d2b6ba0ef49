//! The response to a write, in a form that can be stored and replayed (see [`crate::idempotency`]).

use crate::error::{Error, Result};
use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, Responder};
use serde::{Deserialize, Serialize};

/// A response: status, headers and body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredResponse {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
    /// The body to store, if the body holds secrets: they are returned once and never stored.
    replay_body: Option<Vec<u8>>,
}

/// The headers of the response that are replayed with it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Headers(pub(crate) Vec<(String, String)>);

impl StoredResponse {
    fn json(status: u16, value: &impl Serialize) -> Result<Self> {
        let body = serde_json::to_vec(value).map_err(Error::internal)?;
        Ok(Self::new(status, Headers::default(), body))
    }

    /// Creates a response from its parts.
    pub(crate) fn new(status: u16, headers: Headers, body: Vec<u8>) -> Self {
        Self { status, headers, body, replay_body: None }
    }

    /// Sets the value that is stored and replayed instead of the body, which holds secrets.
    ///
    /// # Errors
    /// None in practice: the value is serialised in memory.
    pub fn replayed_as(mut self, value: &impl Serialize) -> Result<Self> {
        self.replay_body = Some(serde_json::to_vec(value).map_err(Error::internal)?);
        Ok(self)
    }

    /// Returns the body to store.
    pub(crate) fn body_to_store(&self) -> &[u8] {
        self.replay_body.as_deref().unwrap_or(&self.body)
    }

    /// Creates a 200 response with a value.
    ///
    /// # Errors
    /// None in practice: the value is serialised in memory.
    pub fn ok(value: &impl Serialize) -> Result<Self> {
        Self::json(200, value)
    }

    /// Creates a 201 response with a new object and its path.
    ///
    /// # Errors
    /// None in practice: the value is serialised in memory.
    pub fn created(value: &impl Serialize, location: &str) -> Result<Self> {
        Ok(Self::json(201, value)?.with_header("location", location))
    }

    /// Creates a 202 response with an object that is not processed yet, and its path.
    ///
    /// # Errors
    /// None in practice: the value is serialised in memory.
    pub fn accepted(value: &impl Serialize, location: &str) -> Result<Self> {
        Ok(Self::json(202, value)?.with_header("location", location))
    }

    /// Creates a 204 response.
    pub fn no_content() -> Self {
        Self::new(204, Headers::default(), Vec::new())
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.0.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds the entity tag of a version.
    #[must_use]
    pub fn with_version(self, version: i32) -> Self {
        self.with_header("etag", &crate::response::version_tag(version))
    }
}

impl Responder for StoredResponse {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        let mut response = HttpResponse::build(status);
        for (name, value) in &self.headers.0 {
            response.insert_header((name.as_str(), value.as_str()));
        }
        if self.body.is_empty() {
            return response.finish();
        }
        response.insert_header((header::CONTENT_TYPE, "application/json")).body(self.body)
    }
}

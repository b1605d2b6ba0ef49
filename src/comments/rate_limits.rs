//! The rate limits of a request, and their header fields in its response.

use crate::error::{Error, Result};
use crate::rate_limit::{RateLimitStatus, header_fields};
use crate::response::StoredResponse;

/// The limits that the request was counted against.
#[derive(Debug, Default)]
pub(super) struct RateLimits(Vec<RateLimitStatus>);

impl RateLimits {
    /// Adds a limit and rejects the request if it is exceeded.
    ///
    /// # Errors
    /// 429.
    pub(super) fn check(&mut self, status: Option<RateLimitStatus>) -> Result<()> {
        self.0.extend(status);
        crate::rate_limit::check(&self.0)
    }

    /// Adds the header fields to the response or error.
    ///
    /// # Errors
    /// Those of `outcome`.
    pub(super) fn apply_headers(&self, outcome: Result<StoredResponse>) -> Result<StoredResponse> {
        let fields = header_fields(&self.0);
        match outcome {
            Ok(answer) => Ok(fields.iter().fold(answer, |answer, (name, value)| {
                answer.with_header(name.as_str(), value.to_str().unwrap_or_default())
            })),
            Err(error) => Err(fields
                .into_iter()
                .fold(error, |error: Error, (name, value)| error.with_header(name, value))),
        }
    }
}

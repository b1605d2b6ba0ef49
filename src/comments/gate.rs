//! The rate limits around one request: how it stands with each, told in every answer.

use crate::error::{Error, Result};
use crate::rate_limit::{RateLimitStatus, check, header_fields};
use crate::response::StoredResponse;

/// What the limits said so far.
#[derive(Debug, Default)]
pub(super) struct Gate(Vec<RateLimitStatus>);

impl Gate {
    /// Adds a limit, and refuses the request if that refuses it.
    ///
    /// # Errors
    /// 429.
    pub(super) fn pass(&mut self, standing: Option<RateLimitStatus>) -> Result<()> {
        self.0.extend(standing);
        check(&self.0)
    }

    /// Adds the fields to an answer, whatever came of it.
    ///
    /// # Errors
    /// Those of `done`.
    pub(super) fn dress(&self, done: Result<StoredResponse>) -> Result<StoredResponse> {
        let fields = header_fields(&self.0);
        match done {
            Ok(answer) => Ok(fields.iter().fold(answer, |answer, (name, value)| {
                answer.with_header(name.as_str(), value.to_str().unwrap_or_default())
            })),
            Err(error) => Err(fields
                .into_iter()
                .fold(error, |error: Error, (name, value)| error.with_header(name, value))),
        }
    }
}

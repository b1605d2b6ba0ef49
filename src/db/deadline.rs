//! A deadline in our own process for what is asked of the database.
//!
//! The server's `statement_timeout` does not help against a frozen server or a dead network: the
//! client would wait for an answer that never comes.

use super::fault::{DbFault, classify};
use super::pool::PoolError;
use std::time::Duration;

/// Why the database did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// No connection could be had.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// No answer in time. Whether a write has taken place is not known.
    #[error("the database did not answer within {0:?}")]
    Deadline(Duration),
    /// The database answered with an error, or the connection broke.
    #[error(transparent)]
    Query(#[from] diesel::result::Error),
}

impl DbError {
    /// What kind of failure this is.
    pub fn fault(&self) -> DbFault {
        match self {
            Self::Pool(_) => DbFault::Unavailable,
            Self::Deadline(_) => DbFault::Timeout,
            Self::Query(error) => classify(error),
        }
    }
}

/// Waits for `work` until `deadline` has passed, then drops it.
///
/// A [`Conn`](super::pool::Conn) that `work` has borrowed or owns notices when it is dropped that a
/// query is still running: it is not used again, and the server is asked to cancel.
pub async fn within<T, E>(
    deadline: Duration,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, DbError>
where
    DbError: From<E>,
{
    match tokio::time::timeout(deadline, work).await {
        Ok(result) => Ok(result?),
        Err(_) => Err(DbError::Deadline(deadline)),
    }
}

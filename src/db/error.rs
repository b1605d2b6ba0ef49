//! What a database error means for the caller.
//!
//! diesel-async keeps no SQLSTATE (diesel's pull request 5232 would add it). It keeps a kind for
//! integrity constraints, serialization failures, read-only transactions and lost connections. All
//! other errors are `Unknown` and are told apart here by their text, so the session's messages have
//! to be in English: see [`Target::establish`](super::Target::establish).

use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind as Kind, Error};
use std::time::Duration;

/// The database took longer than its time limit. Whether a write has taken place is not known.
#[derive(Debug, thiserror::Error)]
#[error("the database did not answer within {0:?}")]
pub struct DeadlineExceeded(pub Duration);

/// What a database error means. A `constraint` is empty when the server does not name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DbErrorKind {
    /// The connection is lost, or the server cannot serve: SQLSTATE 08, 53, 57P01 to 57P03.
    Unavailable,
    /// The server has cancelled the statement: 57014, 55P03.
    Timeout,
    /// A unique or exclusion constraint is violated: 23505, 23P01.
    UniqueViolation {
        /// The name of the constraint.
        constraint: String,
    },
    /// A foreign key is violated, from either side: 23503, 23001.
    ForeignKeyViolation {
        /// The name of the constraint.
        constraint: String,
    },
    /// A check constraint is violated: 23514.
    CheckViolation {
        /// The name of the constraint.
        constraint: String,
    },
    /// Concurrent transactions conflict or deadlock; a retry may succeed: 40001, 40P01.
    SerializationFailure,
    /// The server or the transaction is read-only: 25006.
    ReadOnly,
    /// The database cannot store a value: class 22, 23502, 54000, 54001.
    InvalidData,
    /// Any other error: a defect of this service.
    Other,
}

impl DbErrorKind {
    /// Returns how often to repeat a transaction that failed with this error: a concurrent transaction
    /// locked rows in another order, or changed what this one had read. An error of unknown meaning is
    /// worth one repetition, because it may be a deadlock that the server reports in another language.
    pub fn max_retries(error: &Error) -> u32 {
        if !matches!(error, Error::DatabaseError(..) | Error::RollbackErrorOnCommit { .. }) {
            return 0;
        }
        match Self::of(error) {
            Self::SerializationFailure => 3,
            Self::UniqueViolation { .. } | Self::ForeignKeyViolation { .. } | Self::Other => 1,
            _ => 0,
        }
    }

    /// Returns what an error means.
    pub fn of(error: &Error) -> Self {
        match error {
            Error::DatabaseError(kind, information) => of_database(*kind, information.as_ref()),
            Error::RollbackErrorOnCommit { commit_error, .. } => Self::of(commit_error),
            // A transaction could not be ended, so its connection is not used again.
            Error::BrokenTransactionManager => Self::Unavailable,
            Error::SerializationError(_) | Error::InvalidCString(_) => Self::InvalidData,
            _ => Self::Other,
        }
    }
}

fn of_database(kind: Kind, information: &dyn DatabaseErrorInformation) -> DbErrorKind {
    let constraint = || information.constraint_name().unwrap_or_default().to_owned();
    match kind {
        Kind::UniqueViolation | Kind::ExclusionViolation => {
            DbErrorKind::UniqueViolation { constraint: constraint() }
        }
        Kind::ForeignKeyViolation | Kind::RestrictViolation => {
            DbErrorKind::ForeignKeyViolation { constraint: constraint() }
        }
        Kind::CheckViolation => DbErrorKind::CheckViolation { constraint: constraint() },
        Kind::NotNullViolation => DbErrorKind::InvalidData,
        Kind::SerializationFailure => DbErrorKind::SerializationFailure,
        Kind::ReadOnlyTransaction => DbErrorKind::ReadOnly,
        Kind::ClosedConnection => DbErrorKind::Unavailable,
        Kind::UnableToSendCommand => of_client(information.message()),
        _ => of_message(information.message()),
    }
}

/// Errors of the client itself, nearly always a lost connection.
fn of_client(message: &str) -> DbErrorKind {
    if message.starts_with("error serializing") || message.starts_with("error encoding") {
        return DbErrorKind::InvalidData;
    }
    if message.starts_with("error deserializing") {
        return DbErrorKind::Other;
    }
    DbErrorKind::Unavailable
}

/// Parts of the English messages of PostgreSQL and PgBouncer.
const MESSAGES: [(DbErrorKind, &[&str]); 4] = [
    (DbErrorKind::Timeout, &["canceling statement due to", "could not obtain lock"]),
    (DbErrorKind::SerializationFailure, &["deadlock detected"]),
    (
        DbErrorKind::Unavailable,
        &[
            "terminating connection",
            "the database system is",
            "too many clients already",
            "remaining connection slots",
            "too many connections for",
            "No space left on device",
            "out of memory",
            "out of shared memory",
            "server conn crashed",
            "server login has been failing",
            "query_wait_timeout",
            "no more connections allowed",
            // Another statement of the same transaction failed before.
            "current transaction is aborted",
            "server closed the connection",
        ],
    ),
    (
        DbErrorKind::InvalidData,
        &[
            "invalid byte sequence for encoding",
            "unsupported Unicode escape sequence",
            "invalid input syntax for",
            "out of range",
            "value too long for type",
            "invalid regular expression",
            "must not be negative",
            "exceeds btree version",
            "index row requires",
            "stack depth limit exceeded",
        ],
    ),
];

fn of_message(message: &str) -> DbErrorKind {
    let matches = |parts: &&[&str]| parts.iter().any(|part| message.contains(part));
    let found = MESSAGES.iter().find(|(_, parts)| matches(parts));
    found.map_or(DbErrorKind::Other, |(kind, _)| kind.clone())
}

//! What a database error means for the caller.
//!
//! diesel-async keeps no SQLSTATE: of an error survive a kind for the integrity constraints,
//! serialization failures and read-only transactions, and the server's text. Those kinds, and a lost
//! connection, are certain. Time-outs, deadlocks, a server that stops, and bad input (classes 22 and
//! 54) all come as `Unknown` and are told apart by the English text; a server with another
//! `lc_messages` gives [`DbFault::Other`] for them.

use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind as Kind, Error};

/// What a database error means. A `constraint` is empty when the server did not name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DbFault {
    /// No server, or none that works: 08, 53, 57P01 to 57P03, a lost connection.
    Unavailable,
    /// The statement was ended: 57014 and 55P03 by the server, or our own deadline.
    Timeout,
    /// A unique or exclusion constraint: 23505, 23P01.
    Conflict {
        /// The name of the constraint.
        constraint: String,
    },
    /// A foreign key, from either side: 23503, 23001.
    BadReference {
        /// The name of the constraint.
        constraint: String,
    },
    /// A check constraint: 23514.
    CheckViolation {
        /// The name of the constraint.
        constraint: String,
    },
    /// Two transactions got in each other's way; the same again may work: 40001, 40P01.
    Serialization,
    /// The server or the transaction takes no writes: 25006.
    ReadOnly,
    /// A value that the database cannot take: class 22, 23502, 54000, 54001.
    BadInput,
    /// Anything else: a mistake of ours.
    Other,
}

/// Says what an error means.
pub fn classify(error: &Error) -> DbFault {
    match error {
        Error::DatabaseError(kind, information) => classify_kind(*kind, information.as_ref()),
        Error::RollbackErrorOnCommit { commit_error, .. } => classify(commit_error),
        // A transaction could not be ended; the connection is lost with it.
        Error::BrokenTransactionManager => DbFault::Unavailable,
        Error::SerializationError(_) | Error::InvalidCString(_) => DbFault::BadInput,
        _ => DbFault::Other,
    }
}

fn classify_kind(kind: Kind, information: &dyn DatabaseErrorInformation) -> DbFault {
    let constraint = || information.constraint_name().unwrap_or_default().to_owned();
    match kind {
        Kind::UniqueViolation | Kind::ExclusionViolation => {
            DbFault::Conflict { constraint: constraint() }
        }
        Kind::ForeignKeyViolation | Kind::RestrictViolation => {
            DbFault::BadReference { constraint: constraint() }
        }
        Kind::CheckViolation => DbFault::CheckViolation { constraint: constraint() },
        Kind::NotNullViolation => DbFault::BadInput,
        Kind::SerializationFailure => DbFault::Serialization,
        Kind::ReadOnlyTransaction => DbFault::ReadOnly,
        Kind::ClosedConnection => DbFault::Unavailable,
        Kind::UnableToSendCommand => classify_client(information.message()),
        _ => classify_text(information.message()),
    }
}

/// Errors without a SQLSTATE: the client's own, nearly always a lost connection.
fn classify_client(message: &str) -> DbFault {
    if message.starts_with("error serializing") || message.starts_with("error encoding") {
        return DbFault::BadInput;
    }
    if message.starts_with("error deserializing") {
        return DbFault::Other;
    }
    DbFault::Unavailable
}

/// Texts of Postgres and pgbouncer, as parts of the message.
const TEXTS: [(DbFault, &[&str]); 4] = [
    (DbFault::Timeout, &["canceling statement due to", "could not obtain lock"]),
    (DbFault::Serialization, &["deadlock detected"]),
    (
        DbFault::Unavailable,
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
            "server closed the connection",
        ],
    ),
    (
        DbFault::BadInput,
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

fn classify_text(message: &str) -> DbFault {
    let known = |texts: &&[&str]| texts.iter().any(|text| message.contains(text));
    TEXTS.iter().find(|(_, texts)| known(texts)).map_or(DbFault::Other, |(fault, _)| fault.clone())
}

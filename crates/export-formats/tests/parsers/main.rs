//! Tests of all parsers with small exports of invented blogs, and with files that are damaged or
//! made to do harm.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod archives;
mod blogs;
mod comments;
mod damage;
mod malformed;
mod publishing;
mod summary;
mod texts;

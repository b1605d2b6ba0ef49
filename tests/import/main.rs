//! Moving in and moving out: real exports of other systems, hostile files, runs that are broken
//! off, and the way out and in again.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail by panicking")]

#[path = "../api/harness/mod.rs"]
#[expect(dead_code, reason = "shared with the tests of the API, which need more of it")]
mod harness;

mod blogs;
mod comments;
mod damage;
mod hostile;
mod moving;
mod site;

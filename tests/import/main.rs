//! Moving in and moving out: real exports of other systems, hostile files, runs that are broken
//! off, and the way out and in again.

#[path = "../api/harness/mod.rs"]
#[expect(dead_code, reason = "shared with the tests of the API, which need more of it")]
mod harness;

mod blogs;
mod comments;
mod hostile;
mod moving;
mod site;

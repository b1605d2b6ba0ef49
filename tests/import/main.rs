//! Imports from other systems, hostile files, interrupted imports, and exports.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail by panicking")]

#[path = "../api/harness/mod.rs"]
#[expect(dead_code, reason = "shared with the tests of the API, which need more of it")]
mod harness;

mod blogs;
mod comments;
mod copies;
mod hostile;
mod moving;
mod newer;
mod privacy;
mod site;
mod sites;

//! The API as its clients see it. One binary, for linking is slow; one module for each resource.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail by panicking")]

mod harness;

mod articles;
mod keys;
mod openapi;
mod paging;
mod plans;
mod semantics;

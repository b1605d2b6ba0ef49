//! The API as its clients see it. One binary, for linking is slow; one module for each resource.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail by panicking")]

mod harness;

mod admin_access;
mod admin_articles;
mod admin_links;
mod admin_outlets;
mod articles;
mod audit;
mod concurrency;
mod keys;
mod openapi;
mod paging;
mod plans;
mod publish;
mod semantics;

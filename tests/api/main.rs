//! The API as its clients see it. One binary, for linking is slow; one module for each resource.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail by panicking")]

#[path = "../fixtures/mod.rs"]
mod fixtures;
mod harness;

mod admin_access;
mod admin_articles;
mod admin_links;
mod admin_outlets;
mod answers;
mod archive;
mod articles;
mod audit;
mod cache;
mod comment_posting;
mod comments;
mod concurrency;
mod dashboard;
mod feeds;
mod hidden;
mod hostile;
mod hostile_bodies;
mod http_table;
mod import;
mod jobs;
mod keys;
mod links;
mod lookup;
mod metrics;
mod moderation;
mod openapi;
mod outlets;
mod pages;
mod paging;
mod plans;
mod problems;
mod publish;
mod rate_limits;
mod related;
mod resolve;
mod rules;
mod safety;
mod search;
mod semantics;
mod tags;
mod threads;
mod together;
mod xss;

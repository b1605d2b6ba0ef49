//! A headless news-roundup backend: articles, source links, outlets and comments as data.
//!
//! `docs/architecture.md` says what is where. No top-level module depends on one that depends on
//! it; `tests/modules.rs` checks that.

pub mod articles;
pub mod audit;
pub mod auth;
pub mod background;
mod backlog;
pub mod cache;
pub mod clock;
pub mod comments;
pub mod config;
pub mod costly_reads;
pub mod database;
pub mod db;
mod derived;
pub mod editor;
pub mod error;
pub mod events;
pub mod extract;
pub mod fetch;
pub mod follow;
mod full_text;
pub mod health;
pub mod idempotency;
pub mod ip_ranges;
pub mod jobs;
pub mod keys;
mod language;
pub mod links;
pub mod logging;
pub mod metrics;
pub mod middleware;
pub mod openapi;
pub mod openapi_document;
mod origins;
pub mod outlets;
pub mod page;
pub mod permalink;
pub mod public;
pub mod rate_limit;
pub mod response;
mod retry;
pub mod root;
pub mod router;
mod schema;
pub mod search_index;
pub mod server;
pub mod state;
pub mod tags;
pub mod timestamps;
pub mod transfer;
mod validation;
pub mod webhooks;

//! The API as its clients see it: one module for each resource, in one binary, since linking is slow.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail by panicking")]

#[path = "../fixtures/mod.rs"]
mod fixtures;
mod harness;

mod abuse;
mod admin_access;
mod admin_articles;
mod admin_links;
mod admin_outlets;
mod archive;
mod article_image;
mod article_versions;
mod articles;
mod audit;
mod batch_loading;
mod below_path;
mod cache;
mod change_stream;
mod changes;
mod changes_model;
mod comment_input;
mod comment_posting;
mod comment_reading;
mod comments;
mod concurrency;
mod dashboard;
mod feeds;
mod hostile_bodies;
mod hostile_urls;
mod http_table;
mod import;
mod jobs;
mod keys;
mod languages;
mod links;
mod lookup;
mod metrics;
mod moderation;
mod openapi;
mod outlet_review;
mod outlet_seed;
mod outlets;
mod pages;
mod paging;
mod pasting;
mod plans;
mod problems;
mod publish;
mod rate_limits;
mod related;
mod relative_urls;
mod resolve;
mod responses;
mod rules;
mod search;
mod security;
mod semantics;
mod tag_names;
mod tags;
mod threads;
mod unpublished;
mod webhooks;
mod write_plans;
mod xss;

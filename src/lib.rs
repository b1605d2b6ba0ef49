//! A headless news-roundup backend: articles, source links, outlets and comments as data.
//!
//! Layers, each using only those below it:
//!
//! ```text
//! main          the command line
//! app           state, routes, what lies in front of them
//! features      articles links outlets tags comments search related archive
//!               feeds pages, import, export, jobs, site, health, openapi
//! kernel        http cache extract page permalink fields error clock config db schema text
//! ```

pub mod app;
pub mod archive;
pub mod articles;
pub mod audit;
pub mod cache;
pub mod clock;
pub mod comments;
pub mod config;
pub mod db;
pub mod error;

pub mod extract;
pub mod feeds;
pub mod fields;
pub mod health;
pub mod http;

pub mod jobs;
pub mod keys;
pub mod links;
pub mod logging;
pub mod open;
pub mod openapi;
pub mod outlets;
pub mod page;
pub mod pages;
pub mod permalink;
pub mod related;
pub mod schedule;
mod schema;
pub mod search;
pub mod serve;
pub mod site;
pub mod tags;
pub mod transfer;

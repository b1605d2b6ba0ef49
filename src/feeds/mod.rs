//! Feeds: the latest articles and comments for feed readers, as Atom 1.0, RSS 2.0 and JSON Feed 1.1.
//!
//! All three are written from one model. An entry's id is made from the site's own id and the row's,
//! so that it outlives slugs, addresses and formats; a reader never shows an entry twice.

mod atom;
mod json;
mod model;
mod query;
mod routes;
mod rss;

pub use routes::{Docs, configure};

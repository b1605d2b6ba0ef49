//! Feeds of articles and comments as Atom 1.0, RSS 2.0 and JSON Feed 1.1.
//!
//! All formats are written from one model. An entry's id is made from the site's id and the row's id,
//! so that it never changes and no feed reader shows an entry twice.

mod atom;
mod html;
mod json;
mod model;
mod query;
mod routes;
mod rss;

pub use routes::{Docs, configure};

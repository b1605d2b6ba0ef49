//! Search finds articles, links and comments by their words.
//!
//! The database keeps one document for each that is public (`search_documents`), read by the language
//! of its article, and ranks and pages what matches; see `docs/search.md`.

mod highlight;
mod model;
mod query;
mod routes;

pub use routes::{Docs, configure};

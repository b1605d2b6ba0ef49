//! Full-text search of articles, links and comments.
//!
//! The database has one document for each public object (`search_documents`), analysed in the language
//! of its article; it ranks and pages the matches. See `docs/search.md`.

mod highlight;
mod model;
mod query;
mod routes;

pub use routes::{Docs, configure};

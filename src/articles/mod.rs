//! An article is one post of the roundup: a headline and dek, a credited lead source, an excerpt,
//! further sources, and the editor's commentary. Its sources live in [`crate::links`].

mod filter;
mod model;
mod query;
mod routes;
pub mod store;

pub use model::{Article, ArticleSummary, Author, Commentary, Correction, Status};
pub use query::{none, published, resolve};
pub use routes::{Docs, configure};

//! The page of one article: the article with the first comments on it and related articles.

mod batch_loader;
mod json_ld;
mod latest;
mod model;
mod query;
mod routes;

pub use latest::{ArticleSet, latest};
pub use routes::{Docs, configure};

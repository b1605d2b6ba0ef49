//! Related articles: those that cite the same sources, credit the same outlets, have
//! the same tags or use the same words, near in time; and the articles before and after an article.

mod model;
mod query;
mod routes;

pub use model::{RelatedArticle, RelatedReason};
pub use query::{RelatedRange, related};
pub use routes::{Docs, configure};

//! What else there is on the matter: articles that cite the same sources, credit the same outlets,
//! have the same tags or speak in the same words, near in time; and an article's neighbours.

mod model;
mod query;
mod routes;

pub use model::{Reason, RelatedArticle};
pub use query::{Near, related};
pub use routes::{Docs, configure};

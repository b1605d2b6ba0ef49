//! What editors do with articles: write, paste, revise, publish, trash and restore them. Every
//! route here needs a key.

mod input;
mod model;
mod paste;
mod prepare;
mod publish;
mod query;
mod routes;
mod status;
mod update;

pub use input::ArticleInput;
pub use model::AdminArticle;
pub use publish::{keep_publishing, publish_due};
pub use routes::{AdminDocs, LinkDocs, ParseDocs, RevisionDocs, configure};

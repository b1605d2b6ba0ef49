//! The editing of articles: writing, pasting, revising, publishing, trashing and restoring them. Every
//! route here requires a key.

mod batch;
mod input;
mod link_urls;
mod model;
mod paste;
mod prepare;
mod publish;
mod query;
mod report;
mod routes;
mod status;
mod update;

pub use input::ArticleInput;
pub use model::AdminArticle;
pub use publish::{keep_publishing, publish_due};
pub use query::find;
pub use routes::{AdminDocs, BatchDocs, LinkDocs, ParseDocs, RevisionDocs, configure};

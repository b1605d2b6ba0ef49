//! An article is one post of the roundup: a headline and dek, a credited lead source, an excerpt,
//! further sources, and the editor's commentary. Its sources live in [`crate::links`].

mod admin;
mod admin_links;
mod admin_model;
mod admin_parse;
mod admin_query;
mod admin_revisions;
mod edit;
mod filter;
mod input;
mod model;
mod parse;
mod publish;
mod query;
mod ready;
mod routes;
mod slugs;
mod standing;
pub mod store;

pub(crate) use admin::tagged;
pub use admin::{AdminDocs, VersionHeader, configure_admin};
pub use admin_links::LinkDocs;
pub use admin_model::AdminArticle;
pub use admin_parse::ParseDocs;
pub use admin_revisions::RevisionDocs;
pub use input::ArticleInput;
pub use model::{Article, ArticleSummary, Author, Commentary, Correction, Status};
pub use publish::{keep_publishing, publish_due};
pub use query::{none, published, resolve};
pub use routes::{Docs, configure};

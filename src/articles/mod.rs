//! An article is one post of the roundup: a headline and dek, a credited lead source, an excerpt,
//! further sources, and the editor's commentary. Its sources live in [`crate::links`].

mod admin;
mod admin_model;
mod admin_query;
mod edit;
mod filter;
pub mod html;
mod input;
mod latest;
mod model;
mod parse;
mod publish;
mod query;
mod ready;
mod routes;
mod slugs;
mod standing;
pub mod store;
mod together;

pub use admin::{AdminDocs, LinkDocs, ParseDocs, RevisionDocs, configure_admin};
pub use admin_model::AdminArticle;
pub use filter::time;
pub use input::ArticleInput;
pub use latest::{Of, Texts, headline, latest, texts};
pub use model::{Article, ArticleSummary, Author, Commentary, Correction, Status};
pub use publish::{keep_publishing, publish_due};
pub use query::{none, published, resolve, summaries};
pub use routes::{Docs, configure};

//! An article is one post of the roundup: a headline and dek, a credited lead source, an excerpt,
//! further sources, and the editor's commentary. Its sources are in [`crate::links`]; what editors
//! do with articles is in [`crate::editor`].

mod comment_period;
mod excerpt;
pub(crate) mod filter;
pub mod html;
mod image;
pub(crate) mod model;
pub(crate) mod query;
mod routes;
pub(crate) mod slugs;
pub mod store;
mod view;

pub use comment_period::{CommentPeriod, invalidate_closed};
pub(crate) use excerpt::excerpt;
pub(crate) use filter::included;
pub use filter::time;
pub use image::ArticleImage;
pub use model::{Article, ArticleAuthor, ArticleStatus, ArticleSummary, Commentary, Correction};
pub(crate) use query::by_ids_in_any_status;
pub use query::{
    Texts, by_ids, headline, ids_by_slug, is_gone, none, published, resolve, summaries, texts,
};
pub use routes::{Docs, configure};
pub use view::ArticleView;

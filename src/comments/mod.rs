//! Comments of readers, in threads of any size.
//!
//! A comment's `path` is its parent's path and its own id, so that the order of paths is the
//! reading order of the thread, and a page is a range of one index: the last page of
//! 100,000 comments costs what the first does.

mod erase;
pub mod events;
mod model;
mod moderation;
mod path;
mod policy;
mod posting;
mod query;
mod rate_limits;
mod reports;
mod routes;
mod rules;
mod state;
pub mod store;
mod sweep;
mod tree;

pub use model::{Comment, CommentWithArticle};
pub use moderation::{
    Docs as ModerationDocs, configure as configure_moderation, find as find_in_any_status,
};
pub use path::Path;
pub use policy::Policy;
pub use query::{first_pages, latest, listed};
pub use routes::{Docs, configure};
pub use rules::{Docs as RuleDocs, configure as configure_rules};
pub use state::CommentState;
pub use sweep::sweep;

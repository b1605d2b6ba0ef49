//! A tag is a subject of articles.

mod admin;
mod change;
mod input;
mod model;
mod names;
mod query;
mod routes;
mod store;

pub use admin::{AdminDocs, configure_admin};
pub use input::{TagInput, TagKey, TagName, check_sluggable};
pub use model::{Tag, TagRef};
pub use query::{by_ids, find, ids, of_articles, public_by_ids};
pub use routes::{Docs, configure};
pub use store::{ids_of, insert, named, replace};

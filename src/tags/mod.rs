//! A tag is a subject that articles share.

mod model;
mod query;
mod routes;
mod store;

pub use model::{Tag, TagRef};
pub use query::{ids, of_articles};
pub use routes::{Docs, configure};
pub use store::{delete_of, insert};

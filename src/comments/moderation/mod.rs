//! Moderation: the queue, decisions on single comments and batches, and comments by editors.

mod editor_comment;
mod model;
mod moderate;
mod query;
mod routes;

pub use query::find;
pub use routes::{Docs, configure};

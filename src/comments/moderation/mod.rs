//! Moderation: the queue, decisions on single comments and batches, and comments by editors.

mod answer;
mod decide;
mod model;
mod query;
mod routes;

pub use routes::{Docs, configure};

//! Editors decide on comments: the queue, decisions one by one and in batches, answers of their own.

mod answer;
mod decide;
mod model;
mod query;
mod routes;

pub use routes::{Docs, configure};

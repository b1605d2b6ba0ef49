//! The archive by month, and the resolution of old URLs.

mod model;
mod query;
mod routes;

pub use query::resolve;
pub use routes::{Docs, configure};

//! Finding an article by when it appeared, and by the address it had elsewhere.

mod model;
mod query;
mod routes;

pub use query::resolve;
pub use routes::{Docs, configure};

//! The keys of editors. A secret is returned once and stored as a hash;
//! authentication is in [`crate::auth`].

mod command;
mod model;
mod query;
mod routes;

pub use command::{Command, run};
pub use model::Key;
pub use routes::{Docs, configure};

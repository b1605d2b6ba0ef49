//! Keys to the editors' side: who may do what. A secret is shown once and stored as its hash.

mod auth;
mod command;
mod model;
mod query;
mod routes;

pub use auth::{Allowed, Principal, require_key, scope};
pub use command::{Command, run};
pub use model::{Key, Scope};
pub use routes::{Docs, configure};

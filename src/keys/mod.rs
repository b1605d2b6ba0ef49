//! Managing the keys that open the editors' side. A secret is shown once and stored as its hash;
//! authentication itself is in [`crate::auth`].

mod command;
mod model;
mod query;
mod routes;

pub use command::{Command, run};
pub use model::Key;
pub use routes::{Docs, configure};

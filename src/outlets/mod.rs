//! An outlet publishes sources: a newspaper, a news agency, a blog. Links find it by its aliases (`WSJ`)
//! and hosts (`online.wsj.com`).

mod admin;
mod change;
mod confirmation;
mod directory;
mod input;
mod merge;
mod model;
mod partners;
mod query;
mod review;
mod routes;
pub mod seed;
mod stats;

pub use admin::{AdminDocs, configure_admin};
pub use confirmation::{confirm, delete_unused};
pub use directory::{Asked, Directory, Lookups};
pub use model::{Outlet, OutletRef};
pub use query::{by_ids, find, id_of, ids};
pub use routes::{Docs, configure};
pub use seed::apply::seed;

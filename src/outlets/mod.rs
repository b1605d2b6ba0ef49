//! An outlet is who published a source: a newspaper, a wire, a blog. It has aliases (`WSJ`) and
//! hosts (`online.wsj.com`) by which a link finds it.

mod directory;
pub mod known;
mod model;
mod query;
mod routes;

pub use directory::{Directory, seed};
pub use model::{Outlet, OutletRef};
pub use query::{id_of, ids};
pub use routes::{Docs, configure};

//! Comments are what readers answer, in threads of any size.
//!
//! A comment's `path` is its parent's path and its own id, so that the order of paths is the
//! reading order of the thread, and a page of it is a stretch of one index: the last page of
//! 100,000 comments costs what the first does.

mod model;
mod path;
mod query;
mod routes;
pub mod store;
mod tree;

pub use model::{Comment, ThreadSort};
pub use path::Path;
pub use query::{Thread, thread};
pub use routes::{Docs, configure};

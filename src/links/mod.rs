//! A link is one source of an article: its title, its address if it has one, and who is credited
//! for it. The lead comes first; the order is the editor's.

pub mod address;
mod model;
mod query;
mod routes;
mod store;

pub use model::{CitingArticle, Credit, Link, ListedLink, RichText, Role};
pub use query::of_articles;
pub use routes::{Docs, configure, domains};
pub use store::{NewCredit, NewLink, delete_of, insert};

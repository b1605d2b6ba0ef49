//! A link is a source of an article: its title, its URL if it has one, and the credited outlets and
//! authors. The lead comes first; the order is the editor's.

mod credits;
mod domains;
mod input;
mod lookup;
mod model;
mod query;
mod rekey;
mod routes;
mod store;

pub use credits::{OutletLookup, resolve};
pub use input::{Byline, CreditInput, LinkInput, OutletName, TextFormat, TextInput};
pub use model::{CitingArticle, Credit, Link, LinkRole, LinkWithArticle, RichText};
pub use query::{listed, of_articles};
pub use rekey::{rekey, run as run_rekey};
pub use routes::{Docs, configure, domains};
pub use store::{NewCredit, NewLink, StoredLink};
pub use store::{count_outlets, credited_by_hand, delete_of, insert, replace};

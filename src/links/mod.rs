//! A link is one source of an article: its title, its address if it has one, and who is credited
//! for it. The lead comes first; the order is the editor's.

mod credits;
mod input;
mod lookup;
mod model;
mod query;
mod rekey;
mod routes;
mod store;

pub use credits::{Lookup, resolve};
pub use input::{Byline, CreditInput, LinkInput, OutletName, TextFormat, TextInput};
pub use model::{CitingArticle, Credit, Link, ListedLink, RichText, Role};
pub use query::{listed, of_articles};
pub use rekey::{rekey, run as run_rekey};
pub use routes::{Docs, configure, domains};
pub use store::{Kept, NewCredit, NewLink, delete_of, insert, replace};

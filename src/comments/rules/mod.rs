//! Rules that hold, reject or mark as spam what readers post. They are data: editors change them
//! while the service runs.

mod check;
mod content;
mod model;
mod query;
mod routes;

pub(super) use check::{RuleSet, Sample};
pub(super) use content::Content;
pub(super) use model::{Action, RuleMatch, RuleRow};
pub(super) use query::enabled;
pub use routes::{Docs, configure};

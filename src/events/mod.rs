//! The change feed: what changed, in commit order, as pages and as Server-Sent Events.
//!
//! Every write records its changes in the table `changes`. One instance at a time turns them into numbered
//! events (`sql/events.sql`), which feeds, streams and webhooks read by their ids.

mod append;
mod cursor;
mod hub;
mod include;
mod model;
mod query;
mod retention;
mod routes;
mod stream;

pub use append::{append_events, keep_appending};
pub use hub::{EventHub, keep_reading};
pub(crate) use include::include_objects;
pub use model::{Change, ChangePage, ObjectRef};
pub(crate) use model::{EDITOR_TYPES, PUBLIC_TYPES, StoredEvent};
pub(crate) use query::log;
pub use retention::delete_old_events;
pub use routes::{AdminDocs, Docs, configure, configure_admin};

//! Webhooks: events sent to other servers, as the Standard Webhooks specification describes.
//!
//! When events are appended (`sql/events.sql`), each webhook that wants one gets a row in
//! `webhook_deliveries`, in the same transaction. Every instance takes rows that are due, each with a lock, so
//! that one instance at a time tries a delivery.

mod deliver;
mod message;
mod model;
mod query;
mod record;
mod routes;
mod secret;

pub use deliver::{Deliverer, keep_delivering};
pub use model::{Delivery, Webhook};
pub use query::delete_old_deliveries;
pub use routes::{Docs, configure};

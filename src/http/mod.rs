//! What lies between the wire and the handlers, one thing per file.

mod accept;
mod cors;
mod front;
mod reply;
mod representation;
mod request_id;

pub use accept::prefers_html;
pub use front::front;
pub use reply::{Reply, moved};
pub use request_id::RequestId;

//! What lies between the wire and the handlers, one thing per file.

mod accept;
mod address_range;
mod answer;
mod body;
mod cached;
mod client;
mod cors;
mod entry;
mod front;
pub mod limit;
mod once;
mod precondition;
mod problem;
mod reply;
mod representation;
mod request_id;
mod room;
mod schema;
mod text_body;
mod timing;

pub use accept::prefers_html;
pub use address_range::{AddressRange, AddressRanges};
pub use answer::Answer;
pub(crate) use body::media_type;
pub use body::{Body, MergePatch, checked, unread};
pub use client::Client;
pub use entry::Entry;
pub use front::{Front, Fronted};
pub use once::{Attempt, Once, OnceHeader, forget};
pub use precondition::{IfMatch, VersionHeader, version_tag};
pub use reply::{Reply, moved, public, tagged, with_cursor};
pub use request_id::{RequestId, X_REQUEST_ID};
pub use text_body::{JsonOrText, TextBody, TextKind};
pub use timing::Timing;

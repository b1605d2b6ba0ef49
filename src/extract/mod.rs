//! Extractors: what handlers take from a request. A rejection is always a problem (RFC 9457).

mod body_memory_budget;
mod client;
mod json_body;
mod json_schema;
mod media_type;
mod path;
mod query;
mod text_body;

pub use client::Client;
pub use json_body::{Body, MergePatch, payload_error, validated};
pub(crate) use media_type::{ACCEPT_PATCH, PATCH_TYPES, check_media_type};
pub use path::{Id, Lookup, Ref, deserialize_id};
pub use query::{
    EmptyQuery, FieldsQuery, LenientQuery, Query, QueryPair, QueryTriple, comma_separated,
    comma_separated_refs,
};
pub use text_body::{JsonOrText, PlainText, TextBody, TextKind};

/// The maximum size of a request body in bytes: room for an article with 500 links and two texts
/// of 200 kB.
pub const MAX_BODY: usize = 4 << 20;

//! What handlers return and how it reaches the client: JSON bodies, entity tags, content codings,
//! conditional requests, problems and the headers that every response carries.

pub(crate) mod accept;
mod cached_response;
mod common_headers;
pub(crate) mod content_encoding;
pub(crate) mod cors;
pub(crate) mod edit_token;
mod entity_tag;
mod fields;
mod json_response;
pub(crate) mod precondition;
pub(crate) mod problem;
mod request_id;
mod security_headers;
mod stored_response;

pub use accept::prefers_html;
pub(crate) use cached_response::Cacheability;
pub use cached_response::CachedResponse;
pub(crate) use common_headers::apply_common_headers;
pub(crate) use edit_token::EDIT_TOKEN;
pub use json_response::{
    JsonResponse, moved_permanently, public_response, with_cursor, with_version_tag,
};
pub use precondition::{IfMatch, OptionalVersionHeader, VersionHeader, version_tag};
pub use request_id::{RequestId, X_REQUEST_ID};
pub use security_headers::apply_security_headers;
pub(crate) use stored_response::Headers;
pub use stored_response::StoredResponse;

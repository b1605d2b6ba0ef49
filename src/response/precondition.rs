//! Conditional requests (RFC 9110, section 13; RFC 6585, section 3 for 428): an editor cannot overwrite
//! a version that they did not read, and a client is not sent a body that it has.
//!
//! No resource has a modification date, so `If-Modified-Since` and `If-Unmodified-Since` are ignored,
//! as section 13.1.3 requires.

use crate::error::{Code, Error, Result};
use crate::response::entity_tag::{Tag, header_matches, parse_tags};
use actix_web::dev::Payload;
use actix_web::http::header::{HeaderMap, HeaderValue, IF_MATCH, IF_NONE_MATCH};
use actix_web::{FromRequest, HttpRequest};
use std::future::{Ready, ready};
use utoipa::IntoParams;

/// Returns the entity tag of a version: strong, and the same in every content coding.
pub fn version_tag(version: i32) -> String {
    format!("\"v{version}\"")
}

/// The outcome of the preconditions of a read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Precondition {
    /// The response is sent.
    Passed,
    /// The client has this body: 304.
    NotModified,
    /// `If-Match` names another version: 412.
    Failed,
}

/// Evaluates the preconditions of a read in the order of section 13.2.2. `matches` returns whether an
/// unquoted tag is one of the current representation.
pub(crate) fn evaluate(request: &HeaderMap, matches: impl Fn(&[u8]) -> bool) -> Precondition {
    let matches_strongly = |tag: Tag<'_>| !tag.weak && matches(tag.opaque);
    if header_matches(request, &IF_MATCH, matches_strongly) == Some(false) {
        return Precondition::Failed;
    }
    match header_matches(request, &IF_NONE_MATCH, |tag| matches(tag.opaque)) {
        Some(true) => Precondition::NotModified,
        _ => Precondition::Passed,
    }
}

/// Returns the error of a read whose `If-Match` names another version.
pub(crate) fn failed() -> Error {
    Error::new(Code::VersionMismatch, "the current version is not one that `If-Match` names")
}

/// The versions that a write may replace, from `If-Match` and `If-None-Match`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IfMatch {
    /// The versions of `If-Match`; `None` for `*`.
    versions: Option<Vec<i32>>,
    /// The versions of `If-None-Match`.
    excluded: Excluded,
}

/// The versions that a write must not replace.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Excluded {
    Any,
    Versions(Vec<i32>),
}

impl IfMatch {
    /// Allows any version.
    pub fn any() -> Self {
        Self { versions: None, excluded: Excluded::Versions(Vec::new()) }
    }

    /// Returns whether this version may be replaced.
    pub fn allows(&self, version: i32) -> bool {
        let excluded = match &self.excluded {
            Excluded::Any => true,
            Excluded::Versions(versions) => versions.contains(&version),
        };
        !excluded && self.versions.as_ref().is_none_or(|versions| versions.contains(&version))
    }

    /// Returns the version that the client read, if it named one.
    pub fn base_version(&self) -> Option<i32> {
        self.versions.as_ref()?.first().copied()
    }

    fn from_request_headers(req: &HttpRequest) -> Result<Self> {
        let headers = req.headers();
        let versions = |header, include_weak: bool| -> Vec<i32> {
            let lines = headers.get_all(header).map(HeaderValue::as_bytes);
            lines
                .flat_map(parse_tags)
                .filter(|tag| include_weak || !tag.weak)
                .filter_map(parse_version)
                .collect()
        };
        let Some(any) = header_matches(headers, &IF_MATCH, |_| false) else {
            let detail = "send `If-Match` with the `ETag` of the version that you read";
            return Err(Error::new(Code::PreconditionRequired, detail));
        };
        let excluded = match header_matches(headers, &IF_NONE_MATCH, |_| false) {
            Some(true) => Excluded::Any,
            _ => Excluded::Versions(versions(IF_NONE_MATCH, true)),
        };
        Ok(Self { versions: (!any).then(|| versions(IF_MATCH, false)), excluded })
    }
}

/// Returns the version that a tag stands for.
fn parse_version(tag: Tag<'_>) -> Option<i32> {
    let number = std::str::from_utf8(tag.opaque.strip_prefix(b"v")?).ok()?.parse().ok()?;
    // `v+3` and `v03` parse as 3 but are not its tag.
    let own = version_tag(number);
    (own.as_bytes().get(1..own.len() - 1)? == tag.opaque).then_some(number)
}

/// Documents the `If-Match` header of an update.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct VersionHeader {
    /// The `ETag` of the version to replace, or `*` for any.
    #[param(rename = "If-Match", max_length = 1000, example = "*")]
    pub if_match: String,
}

/// Documents the `If-Match` header where it is optional.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct OptionalVersionHeader {
    /// The `ETag` of the version to replace; any version if left out.
    #[param(rename = "If-Match", nullable = false, max_length = 1000, example = "\"v3\"")]
    pub if_match: Option<String>,
}

impl FromRequest for IfMatch {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::from_request_headers(req))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn if_match_compares_strongly() {
        let read = |value: &str| {
            IfMatch::from_request_headers(
                &TestRequest::default().insert_header((IF_MATCH, value)).to_http_request(),
            )
        };
        assert!(read("\"v3\"").unwrap().allows(3));
        assert!(read("\"x\", \"v3\"").unwrap().allows(3));
        assert!(read("*").unwrap().allows(9));
        assert!(!read("W/\"v3\"").unwrap().allows(3));
        assert!(!read("v3").unwrap().allows(3));
        assert!(!read("\"v2\"").unwrap().allows(3));
        assert!(!read("\"v03\", \"v+3\", \"v3-gzip\"").unwrap().allows(3));
        assert!(!read("\"x,*,y\"").unwrap().allows(3), "the star is inside a tag");
        let missing = IfMatch::from_request_headers(&TestRequest::default().to_http_request());
        assert_eq!(missing.unwrap_err().code(), Code::PreconditionRequired);
    }
}

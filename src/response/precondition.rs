//! Conditional requests (RFC 9110, section 13; RFC 6585 for 428): no editor overwrites what another
//! wrote meanwhile, and nobody is sent what they have.
//!
//! Nothing here has a date of modification, so `If-Modified-Since` and `If-Unmodified-Since` are
//! ignored, as they must be.

use crate::error::{Code, Error, Result};
use crate::response::entity_tag::{Tag, names, tags};
use actix_web::dev::Payload;
use actix_web::http::header::{HeaderMap, HeaderValue, IF_MATCH, IF_NONE_MATCH};
use actix_web::{FromRequest, HttpRequest};
use std::future::{Ready, ready};
use utoipa::IntoParams;

/// The entity tag of a version: strong, and the same in every coding.
pub fn version_tag(version: i32) -> String {
    format!("\"v{version}\"")
}

/// What is to be done about a read that would be a 200.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is answered.
    Send,
    /// The client has it: 304.
    Known,
    /// It is not what the client asks for: 412.
    Other,
}

/// What the preconditions of a read come to, in the order of section 13.2.2; `is_ours` knows the
/// tags of what is there.
pub(crate) fn of_read(asked: &HeaderMap, is_ours: impl Fn(&[u8]) -> bool) -> Verdict {
    let strongly = |tag: Tag<'_>| !tag.weak && is_ours(tag.opaque);
    if names(asked, &IF_MATCH, strongly) == Some(false) {
        return Verdict::Other;
    }
    match names(asked, &IF_NONE_MATCH, |tag| is_ours(tag.opaque)) {
        Some(true) => Verdict::Known,
        _ => Verdict::Send,
    }
}

/// The answer to a read of something else than what `If-Match` names.
pub(crate) fn other() -> Error {
    Error::new(Code::VersionMismatch, "what is there is not what `If-Match` names")
}

/// The versions that a write may replace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IfMatch {
    /// None is any.
    versions: Option<Vec<i32>>,
    /// What `If-None-Match` names, none of which may be there.
    barred: Barred,
}

/// The versions that a write must not find.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Barred {
    Any,
    Versions(Vec<i32>),
}

impl IfMatch {
    /// Any version.
    pub fn any() -> Self {
        Self { versions: None, barred: Barred::Versions(Vec::new()) }
    }

    /// Whether the version that is there may be replaced.
    pub fn admits(&self, version: i32) -> bool {
        let barred = match &self.barred {
            Barred::Any => true,
            Barred::Versions(versions) => versions.contains(&version),
        };
        !barred && self.versions.as_ref().is_none_or(|versions| versions.contains(&version))
    }

    /// The single version that the client knows, if it named one.
    pub fn known(&self) -> Option<i32> {
        self.versions.as_ref()?.first().copied()
    }

    fn read(req: &HttpRequest) -> Result<Self> {
        let headers = req.headers();
        let versions = |header, weak_too: bool| -> Vec<i32> {
            let lines = headers.get_all(header).map(HeaderValue::as_bytes);
            lines.flat_map(tags).filter(|tag| weak_too || !tag.weak).filter_map(version).collect()
        };
        let Some(any) = names(headers, &IF_MATCH, |_| false) else {
            let detail = "give `If-Match` with the `ETag` of the version that you read";
            return Err(Error::new(Code::PreconditionRequired, detail));
        };
        let barred = match names(headers, &IF_NONE_MATCH, |_| false) {
            Some(true) => Barred::Any,
            _ => Barred::Versions(versions(IF_NONE_MATCH, true)),
        };
        Ok(Self { versions: (!any).then(|| versions(IF_MATCH, false)), barred })
    }
}

/// The version of which a tag is, if it was made here.
fn version(tag: Tag<'_>) -> Option<i32> {
    let number = std::str::from_utf8(tag.opaque.strip_prefix(b"v")?).ok()?.parse().ok()?;
    // `v+3` and `v03` are read as 3, and are not its tag.
    let own = version_tag(number);
    (own.as_bytes().get(1..own.len() - 1)? == tag.opaque).then_some(number)
}

/// The header of a change, for the document.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct VersionHeader {
    /// The `ETag` of the version that the change is meant for, or `*` for any.
    #[param(rename = "If-Match", max_length = 1000, example = "\"v3\"")]
    pub if_match: String,
}

/// The header of a change that may leave out what it is meant for, for the document.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct OptionalVersionHeader {
    /// The `ETag` of the version that the change is meant for; without it, it is for any.
    #[param(rename = "If-Match", nullable = false, max_length = 1000, example = "\"v3\"")]
    pub if_match: Option<String>,
}

impl FromRequest for IfMatch {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::read(req))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn only_strong_tags_of_ours_match() {
        let read = |value: &str| {
            IfMatch::read(
                &TestRequest::default().insert_header((IF_MATCH, value)).to_http_request(),
            )
        };
        assert!(read("\"v3\"").unwrap().admits(3));
        assert!(read("\"x\", \"v3\"").unwrap().admits(3));
        assert!(read("*").unwrap().admits(9));
        assert!(!read("W/\"v3\"").unwrap().admits(3));
        assert!(!read("v3").unwrap().admits(3));
        assert!(!read("\"v2\"").unwrap().admits(3));
        assert!(!read("\"v03\", \"v+3\", \"v3-gzip\"").unwrap().admits(3));
        assert!(!read("\"x,*,y\"").unwrap().admits(3), "the star is inside a tag");
        let missing = IfMatch::read(&TestRequest::default().to_http_request());
        assert_eq!(missing.unwrap_err().code(), Code::PreconditionRequired);
    }
}

//! `If-Match`: no editor overwrites what another wrote meanwhile (RFC 9110, section 13.1.1;
//! RFC 6585 for 428).

use crate::error::{Code, Error, Result};
use actix_web::dev::Payload;
use actix_web::http::header::IF_MATCH;
use actix_web::{FromRequest, HttpRequest};
use std::future::{Ready, ready};
use utoipa::IntoParams;

/// The entity tag of a version: strong, and the same in every coding.
pub fn version_tag(version: i32) -> String {
    format!("\"v{version}\"")
}

/// The versions that a write may replace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IfMatch {
    /// `*`: any.
    Any,
    /// Those with these tags.
    Versions(Vec<i32>),
}

impl IfMatch {
    /// Whether the version that is there may be replaced.
    pub fn admits(&self, version: i32) -> bool {
        match self {
            Self::Any => true,
            Self::Versions(versions) => versions.contains(&version),
        }
    }

    /// The single version that the client knows, if it named one.
    pub fn known(&self) -> Option<i32> {
        match self {
            Self::Versions(versions) => versions.first().copied(),
            Self::Any => None,
        }
    }

    fn read(req: &HttpRequest) -> Result<Self> {
        let mut versions = Vec::new();
        let mut given = false;
        for value in req.headers().get_all(IF_MATCH) {
            given = true;
            for tag in value.to_str().unwrap_or_default().split(',').map(str::trim) {
                if tag == "*" {
                    return Ok(Self::Any);
                }
                // A weak tag never matches here, nor does one that was not made by us.
                let inner = tag.strip_prefix("\"v").and_then(|tag| tag.strip_suffix('"'));
                versions.extend(inner.and_then(|number| number.parse::<i32>().ok()));
            }
        }
        if given {
            return Ok(Self::Versions(versions));
        }
        let detail = "give `If-Match` with the `ETag` of the version that you read";
        Err(Error::new(Code::PreconditionRequired, detail))
    }
}

/// The header of a change, for the document.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct VersionHeader {
    /// The `ETag` of the version that the change is meant for, or `*` for any.
    #[param(rename = "If-Match", max_length = 1000, example = "\"v3\"")]
    pub if_match: String,
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
        let missing = IfMatch::read(&TestRequest::default().to_http_request());
        assert_eq!(missing.unwrap_err().code(), Code::PreconditionRequired);
    }
}

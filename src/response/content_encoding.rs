//! Encodes public bodies, gives them strong entity tags and responds with 304 (RFC 9110, sections
//! 8.4, 8.8 and 13).

use crate::error::{Code, Error};
use crate::response::accept::Coding;
use crate::response::precondition;
use crate::response::precondition::Precondition;
use actix_web::body::{BoxBody, MessageBody as _};
use actix_web::dev::ServiceResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use sha2::{Digest, Sha256};
use std::io::{Read as _, Write as _};

/// The minimum size of an encoded body in bytes: below it, the headers outweigh the gain.
const MIN_ENCODED_SIZE: usize = 600;

/// Returns the common part of the entity tags of a body: 96 bits of its SHA-256 in hexadecimal.
pub(crate) fn digest(body: &[u8]) -> String {
    let mut text = String::with_capacity(24);
    for byte in Sha256::digest(body).iter().take(12) {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(digit.into(), 16).unwrap_or('0'));
        }
    }
    text
}

/// Returns the entity tag of a body in one coding. It is strong: it depends on every byte.
pub(crate) fn etag(digest: &str, coding: Coding) -> String {
    match coding {
        Coding::Identity => format!("\"{digest}\""),
        coded => format!("\"{digest}-{}\"", coded.name()),
    }
}

/// Returns whether an unquoted entity tag belongs to the body with this digest, in any coding: the
/// client then has the same body.
pub(crate) fn etag_matches(digest: &str, opaque: &[u8]) -> bool {
    let after = opaque.strip_prefix(digest.as_bytes());
    after.is_some_and(|after| matches!(after, [] | [b'-', ..]))
}

/// Returns the coding to use for a body of this size in bytes.
pub(crate) fn coding_for_size(coding: Coding, size: usize) -> Coding {
    if size < MIN_ENCODED_SIZE { Coding::Identity } else { coding }
}

/// Encodes a body.
///
/// # Errors
/// When the encoder fails, which in memory it does not.
pub(crate) fn encode(body: Bytes, coding: Coding) -> std::io::Result<Bytes> {
    let mut out = Vec::with_capacity(body.len() / 3);
    match coding {
        Coding::Identity => return Ok(body),
        Coding::Gzip => {
            let mut encoder = flate2::write::GzEncoder::new(out, flate2::Compression::new(6));
            encoder.write_all(&body)?;
            out = encoder.finish()?;
        }
        Coding::Brotli => {
            // Level 5 of 11 is near the best size at a small part of its time.
            brotli::CompressorReader::new(&*body, 4096, 5, 20).read_to_end(&mut out)?;
        }
        Coding::Zstd => out = zstd::bulk::compress(&body, 3)?,
    }
    Ok(out.into())
}

/// Encodes and tags a public 200 response that is not cached. Leaves a streamed body as it is.
pub(crate) fn encode_body(res: ServiceResponse) -> ServiceResponse {
    let (req, response) = res.into_parts();
    let (mut response, body) = response.into_parts();
    let body = match body.try_into_bytes() {
        Ok(body) => body,
        Err(streams) => return ServiceResponse::new(req, response.set_body(streams)),
    };
    let Some(coding) = Coding::negotiate(req.headers()) else {
        let error =
            Error::new(Code::NotAcceptable, "`Accept-Encoding` excludes every content coding");
        return ServiceResponse::from_err(error, req);
    };
    let coding = coding_for_size(coding, body.len());
    let digest = digest(&body);
    if let Ok(etag) = HeaderValue::from_str(&etag(&digest, coding)) {
        response.headers_mut().insert(header::ETAG, etag);
    }
    response.headers_mut().append(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    match precondition::evaluate(req.headers(), |tag| etag_matches(&digest, tag)) {
        Precondition::Passed => {}
        Precondition::NotModified => return not_modified(req, response.set_body(BoxBody::new(()))),
        Precondition::Failed => return ServiceResponse::from_err(precondition::failed(), req),
    }
    let (coding, coded) = match encode(body.clone(), coding) {
        Ok(coded) => (coding, coded),
        Err(_) => (Coding::Identity, body),
    };
    if coding != Coding::Identity {
        let name = HeaderValue::from_static(coding.name());
        response.headers_mut().insert(header::CONTENT_ENCODING, name);
    }
    ServiceResponse::new(req, response.set_body(coded).map_into_boxed_body())
}

/// Evaluates the preconditions of a 200 response against the entity tag that its handler set.
pub(crate) fn apply_preconditions(res: ServiceResponse) -> ServiceResponse {
    let Some(tag) = res.headers().get(header::ETAG).cloned() else { return res };
    let matches = |opaque: &[u8]| tag.as_bytes() == [b"\"", opaque, b"\""].concat();
    match precondition::evaluate(res.request().headers(), matches) {
        Precondition::Passed => res,
        Precondition::NotModified => {
            let (req, response) = res.into_parts();
            not_modified(req, response.set_body(BoxBody::new(())))
        }
        Precondition::Failed => {
            let (req, _) = res.into_parts();
            ServiceResponse::from_err(precondition::failed(), req)
        }
    }
}

/// Turns a response into a 304.
fn not_modified(req: HttpRequest, mut response: HttpResponse) -> ServiceResponse {
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    response.headers_mut().remove(header::CONTENT_TYPE);
    ServiceResponse::new(req, response)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::response::precondition::evaluate;
    use actix_web::http::header::HeaderMap;

    #[test]
    fn every_coding_round_trips() {
        let body = Bytes::from("roundup ".repeat(500));
        let gzip = encode(body.clone(), Coding::Gzip).unwrap();
        let mut back = Vec::new();
        flate2::read::GzDecoder::new(&*gzip).read_to_end(&mut back).unwrap();
        assert_eq!(back, body);
        let br = encode(body.clone(), Coding::Brotli).unwrap();
        back.clear();
        brotli::Decompressor::new(&*br, 4096).read_to_end(&mut back).unwrap();
        assert_eq!(back, body);
        let zstd = encode(body.clone(), Coding::Zstd).unwrap();
        assert_eq!(zstd::bulk::decompress(&zstd, 10_000).unwrap(), body);
    }

    #[test]
    fn a_tag_matches_in_every_form_a_client_may_send() {
        let digest = digest(b"body");
        let tag = etag(&digest, Coding::Gzip);
        assert!(tag.ends_with("-gzip\""));
        let outcome = |sent: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_NONE_MATCH, sent.parse().unwrap());
            evaluate(&headers, |opaque| etag_matches(&digest, opaque))
        };
        for sent in [
            tag.as_str(),
            "*",
            &format!("W/{tag}"),
            &format!("\"x\", {tag}"),
            &etag(&digest, Coding::Identity),
        ] {
            assert_eq!(outcome(sent), Precondition::NotModified, "{sent}");
        }
        for sent in ["", "\"\"", "\"x\"", "\"x,*,y\"", &format!("\"{digest}0\""), &digest] {
            assert_eq!(outcome(sent), Precondition::Passed, "{sent}");
        }
    }
}

//! A public body as the client takes it: coded, with a strong entity tag, or not sent at all
//! because the client has it (RFC 9110, sections 8.8 and 13).

use crate::error::{Code, Error};
use crate::response::accept::Coding;
use crate::response::precondition;
use crate::response::precondition::Verdict;
use actix_web::body::{BoxBody, MessageBody as _};
use actix_web::dev::ServiceResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use sha2::{Digest, Sha256};
use std::io::{Read as _, Write as _};

/// Bodies below this are sent as they are: the headers would outweigh the gain.
const WORTH_CODING: usize = 600;

/// What the tags of a body have in common: 96 bits of its SHA-256, in hexadecimal.
pub(crate) fn digest(body: &[u8]) -> String {
    let mut text = String::with_capacity(24);
    for byte in Sha256::digest(body).iter().take(12) {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(digit.into(), 16).unwrap_or('0'));
        }
    }
    text
}

/// The entity tag of a body in one coding: strong, for it is made from the body's bytes.
pub(crate) fn etag(digest: &str, coding: Coding) -> String {
    match coding {
        Coding::Identity => format!("\"{digest}\""),
        coded => format!("\"{digest}-{}\"", coded.name()),
    }
}

/// Whether this is the tag of the body with this digest, without its quotes. That of another coding
/// of the same body will do: what the client has is then no older.
pub(crate) fn is_of(digest: &str, opaque: &[u8]) -> bool {
    let after = opaque.strip_prefix(digest.as_bytes());
    after.is_some_and(|after| matches!(after, [] | [b'-', ..]))
}

/// The coding worth using for a body of this size.
pub(crate) fn worthwhile(coding: Coding, size: usize) -> Coding {
    if size < WORTH_CODING { Coding::Identity } else { coding }
}

/// The body in a coding; as it is should the encoder fail, which in memory it does not.
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
            // Level 5 of 11: near the best size at a small part of its time.
            brotli::CompressorReader::new(&*body, 4096, 5, 20).read_to_end(&mut out)?;
        }
        Coding::Zstd => out = zstd::bulk::compress(&body, 3)?,
    }
    Ok(out.into())
}

/// Codes and tags the 200 of a public read that is not kept. A body that streams is left alone.
pub(crate) fn give(res: ServiceResponse) -> ServiceResponse {
    let (req, answer) = res.into_parts();
    let (mut answer, body) = answer.into_parts();
    let body = match body.try_into_bytes() {
        Ok(body) => body,
        Err(streams) => return ServiceResponse::new(req, answer.set_body(streams)),
    };
    let Some(coding) = Coding::negotiate(req.headers()) else {
        let error = Error::new(Code::NotAcceptable, "no content coding is left that you accept");
        return ServiceResponse::from_err(error, req);
    };
    let coding = worthwhile(coding, body.len());
    let digest = digest(&body);
    if let Ok(etag) = HeaderValue::from_str(&etag(&digest, coding)) {
        answer.headers_mut().insert(header::ETAG, etag);
    }
    answer.headers_mut().append(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    match precondition::of_read(req.headers(), |tag| is_of(&digest, tag)) {
        Verdict::Send => {}
        Verdict::Known => return known(req, answer.set_body(BoxBody::new(()))),
        Verdict::Other => return ServiceResponse::from_err(precondition::other(), req),
    }
    let (coding, coded) = match encode(body.clone(), coding) {
        Ok(coded) => (coding, coded),
        Err(_) => (Coding::Identity, body),
    };
    if coding != Coding::Identity {
        let name = HeaderValue::from_static(coding.name());
        answer.headers_mut().insert(header::CONTENT_ENCODING, name);
    }
    ServiceResponse::new(req, answer.set_body(coded).map_into_boxed_body())
}

/// Holds the preconditions of a 200 against the tag that its handler gave it.
pub(crate) fn compare(res: ServiceResponse) -> ServiceResponse {
    let Some(tag) = res.headers().get(header::ETAG).cloned() else { return res };
    let is_ours = |opaque: &[u8]| tag.as_bytes() == [b"\"", opaque, b"\""].concat();
    match precondition::of_read(res.request().headers(), is_ours) {
        Verdict::Send => res,
        Verdict::Known => {
            let (req, answer) = res.into_parts();
            known(req, answer.set_body(BoxBody::new(())))
        }
        Verdict::Other => {
            let (req, _) = res.into_parts();
            ServiceResponse::from_err(precondition::other(), req)
        }
    }
}

/// The answer to a client that has what is there.
fn known(req: HttpRequest, mut answer: HttpResponse) -> ServiceResponse {
    *answer.status_mut() = StatusCode::NOT_MODIFIED;
    answer.headers_mut().remove(header::CONTENT_TYPE);
    ServiceResponse::new(req, answer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::response::precondition::of_read;
    use actix_web::http::header::HeaderMap;

    #[test]
    fn each_coding_gives_the_body_back() {
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
        let verdict = |sent: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_NONE_MATCH, sent.parse().unwrap());
            of_read(&headers, |opaque| is_of(&digest, opaque))
        };
        for sent in [
            tag.as_str(),
            "*",
            &format!("W/{tag}"),
            &format!("\"x\", {tag}"),
            &etag(&digest, Coding::Identity),
        ] {
            assert_eq!(verdict(sent), Verdict::Known, "{sent}");
        }
        for sent in ["", "\"\"", "\"x\"", "\"x,*,y\"", &format!("\"{digest}0\""), &digest] {
            assert_eq!(verdict(sent), Verdict::Send, "{sent}");
        }
    }
}

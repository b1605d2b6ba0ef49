//! A public body as the client takes it: coded, with a strong entity tag, or not sent at all
//! because the client has it (RFC 9110, sections 8.8 and 13).

use super::accept::Coding;
use actix_web::http::header::{self, HeaderMap};
use bytes::Bytes;
use sha2::{Digest, Sha256};
use std::io::{Read as _, Write as _};

/// Bodies below this are sent as they are: the headers would outweigh the gain.
const WORTH_CODING: usize = 600;

/// What the tags of a body have in common: 96 bits of its SHA-256, in hexadecimal.
pub(super) fn digest(body: &[u8]) -> String {
    let mut text = String::with_capacity(24);
    for byte in Sha256::digest(body).iter().take(12) {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(digit.into(), 16).unwrap_or('0'));
        }
    }
    text
}

/// The entity tag of a body in one coding: strong, for it is made from the body's bytes.
pub(super) fn etag(digest: &str, coding: Coding) -> String {
    match coding {
        Coding::Identity => format!("\"{digest}\""),
        coded => format!("\"{digest}-{}\"", coded.name()),
    }
}

/// Whether the client has the body with this digest.
pub(super) fn is_known(asked: &HeaderMap, digest: &str) -> bool {
    asked.get_all(header::IF_NONE_MATCH).any(|tags| matches(tags.as_bytes(), digest))
}

/// Whether `If-None-Match` names the body with this digest. The tag of another coding of the same
/// body will do: what the client has is then no older.
fn matches(if_none_match: &[u8], digest: &str) -> bool {
    if_none_match.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).any(|tag| {
        let tag = tag.strip_prefix(b"W/").unwrap_or(tag);
        let tag = tag.strip_prefix(b"\"").unwrap_or(tag);
        let after = tag.strip_prefix(digest.as_bytes());
        tag == b"*" || after.is_some_and(|after| matches!(after, [] | [b'"' | b'-', ..]))
    })
}

/// The coding worth using for a body of this size.
pub(super) fn worthwhile(coding: Coding, size: usize) -> Coding {
    if size < WORTH_CODING { Coding::Identity } else { coding }
}

/// The body in a coding; as it is should the encoder fail, which in memory it does not.
pub(super) fn encode(body: Bytes, coding: Coding) -> std::io::Result<Bytes> {
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

#[cfg(test)]
mod tests {
    use super::*;

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
        for sent in [
            tag.as_str(),
            "*",
            &format!("W/{tag}"),
            &format!("\"x\", {tag}"),
            &etag(&digest, Coding::Identity),
        ] {
            assert!(matches(sent.as_bytes(), &digest), "{sent}");
        }
        for sent in ["", "\"\"", "\"x\"", &format!("\"{digest}0\""), &super::digest(b"other")] {
            assert!(!matches(sent.as_bytes(), &digest), "{sent}");
        }
    }
}

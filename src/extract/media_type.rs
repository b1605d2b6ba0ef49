//! The media type of a request body (RFC 9110, section 8.3).

use crate::error::{Code, Error, Result};
use actix_web::http::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue,
};

/// The response header that lists the accepted patch formats (RFC 5789, section 3.1).
pub(crate) const ACCEPT_PATCH: HeaderName = HeaderName::from_static("accept-patch");

/// The accepted patch formats, as the value of `Accept-Patch`.
pub(crate) const PATCH_TYPES: &str = "application/merge-patch+json, application/json";

/// Rejects a body with another media type, charset or a content coding; the error names those
/// accepted.
pub(crate) fn check_media_type(headers: &HeaderMap, accepted: &[&str]) -> Result<()> {
    let refuse = |detail: String| Error::new(Code::UnsupportedMediaType, detail);
    let is = |text: &HeaderValue, word: &str| text.as_bytes().eq_ignore_ascii_case(word.as_bytes());
    if headers.get(CONTENT_ENCODING).is_some_and(|coding| !is(coding, "identity")) {
        let error = refuse("send the body without a content coding".to_owned());
        return Err(error.with_header(ACCEPT_ENCODING, HeaderValue::from_static("identity")));
    }
    let given = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let mut parts = given.split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
    let utf8 = parts.all(|parameter| {
        let parameter = parameter.to_ascii_lowercase();
        let charset = parameter.strip_prefix("charset=");
        charset.is_none_or(|charset| charset.trim_matches('"') == "utf-8")
    });
    if accepted.contains(&kind.as_str()) && utf8 {
        return Ok(());
    }
    let error = refuse(format!("send {} in UTF-8, not `{given}`", accepted.join(" or ")));
    Err(match HeaderValue::from_str(&accepted.join(", ")) {
        Ok(accepted) => error.with_header(ACCEPT, accepted),
        Err(_) => error,
    })
}

/// Rejects a body that is not a patch.
pub(crate) fn check_patch_type(headers: &HeaderMap) -> Result<()> {
    let kinds: Vec<&str> = PATCH_TYPES.split(", ").collect();
    check_media_type(headers, &kinds)
        .map_err(|error| error.with_header(ACCEPT_PATCH, HeaderValue::from_static(PATCH_TYPES)))
}

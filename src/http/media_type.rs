//! Of which type a body is, and what is said about one that is of another (RFC 9110, section 8.3).

use crate::error::{Code, Error, Result};
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue,
};
use actix_web::middleware::Next;

/// RFC 5789.
pub(super) const ACCEPT_PATCH: HeaderName = HeaderName::from_static("accept-patch");

/// The types of a patch, as `Accept-Patch` has them.
pub(super) const PATCHES: &str = "application/merge-patch+json, application/json";

/// Refuses a body of another media type, or one that is coded, and says which would do.
pub(crate) fn media_type(headers: &HeaderMap, accepted: &[&str]) -> Result<()> {
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

/// The same for a patch.
pub(super) fn patch_type(headers: &HeaderMap) -> Result<()> {
    let kinds: Vec<&str> = PATCHES.split(", ").collect();
    media_type(headers, &kinds)
        .map_err(|error| error.with_header(ACCEPT_PATCH, HeaderValue::from_static(PATCHES)))
}

/// Says of the texts behind it that they are UTF-8.
///
/// # Errors
/// Those of the handlers behind it.
pub async fn name_charset<B: MessageBody>(
    req: ServiceRequest,
    next: Next<B>,
) -> std::result::Result<ServiceResponse<B>, actix_web::Error> {
    let mut res = next.call(req).await?;
    let kind = res.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if let Some(kind) = kind.filter(|kind| kind.starts_with("text/") && !kind.contains(';'))
        && let Ok(named) = HeaderValue::from_str(&format!("{kind}; charset=utf-8"))
    {
        res.headers_mut().insert(CONTENT_TYPE, named);
    }
    Ok(res)
}

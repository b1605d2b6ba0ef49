//! Adds the charset to the media type of text bodies that other crates serve.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{CONTENT_TYPE, HeaderValue};
use actix_web::middleware::Next;

/// Adds `charset=utf-8` to text responses that name no charset.
///
/// # Errors
/// Those of the wrapped handlers.
pub async fn name_charset<B: MessageBody>(
    req: ServiceRequest,
    next: Next<B>,
) -> std::result::Result<ServiceResponse<B>, actix_web::Error> {
    let mut res = next.call(req).await?;
    let kind = res.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if let Some(kind) = kind.filter(|kind| kind.starts_with("text/") && !kind.contains(';'))
        && let Ok(with_charset) = HeaderValue::from_str(&format!("{kind}; charset=utf-8"))
    {
        res.headers_mut().insert(CONTENT_TYPE, with_charset);
    }
    Ok(res)
}

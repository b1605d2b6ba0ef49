//! Names the charset of text bodies that other crates serve.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{CONTENT_TYPE, HeaderValue};
use actix_web::middleware::Next;

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

//! Text request bodies: a roundup as an editor pastes it.

use crate::error::{Code, Error, Result};
use crate::extract::json_body::{Body, find_forbidden_characters, read_body};
use crate::extract::media_type::check_media_type;
use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_TYPE, HeaderMap};
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::LocalBoxFuture;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

/// A text body.
#[derive(Debug, Clone)]
pub struct TextBody {
    /// Its markup.
    pub kind: TextKind,
    /// The text.
    pub text: String,
    /// The SHA-256 of its bytes.
    pub digest: Vec<u8>,
}

/// The markup of a text body, by its media type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextKind {
    /// `text/plain`.
    Plain,
    /// `text/markdown` (RFC 7763).
    Markdown,
    /// `text/html`.
    Html,
}

impl TextKind {
    /// All kinds and their media types.
    const ALL: [(Self, &'static str); 3] =
        [(Self::Plain, "text/plain"), (Self::Markdown, "text/markdown"), (Self::Html, "text/html")];

    /// Returns the kind that `Content-Type` names.
    fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let given = headers.get(CONTENT_TYPE)?.to_str().ok()?.to_ascii_lowercase();
        let name = given.split(';').next()?.trim();
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind)
    }
}

impl FromRequest for TextBody {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let type_check = check_media_type(req.headers(), &TextKind::ALL.map(|(_, name)| name));
        let kind = TextKind::from_headers(req.headers()).unwrap_or(TextKind::Plain);
        let payload = payload.take();
        Box::pin(async move {
            type_check?;
            let bytes = read_body(payload).await?;
            let digest = Sha256::digest(&bytes).to_vec();
            let text = std::str::from_utf8(&bytes).map_err(|error| {
                Error::new(Code::MalformedRequest, format!("the body is not UTF-8: {error}"))
            })?;
            let text = text.strip_prefix('\u{FEFF}').unwrap_or(text).to_owned();
            let mut errors = Vec::new();
            find_forbidden_characters(
                &Value::String(text.clone()),
                &mut String::new(),
                &mut errors,
            );
            if errors.is_empty() {
                return Ok(Self { kind, text, digest });
            }
            Err(Error::fields(Code::Invalid, errors))
        })
    }
}

/// A body of `text/plain`.
#[derive(Debug, Clone)]
pub struct PlainText {
    /// The text.
    pub text: String,
}

impl FromRequest for PlainText {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let type_check = check_media_type(req.headers(), &["text/plain"]);
        let body = TextBody::from_request(req, payload);
        Box::pin(async move {
            type_check?;
            Ok(Self { text: body.await?.text })
        })
    }
}

/// A text body when `Content-Type` says so, otherwise a JSON body.
#[derive(Debug, Clone)]
pub enum JsonOrText<T> {
    /// A JSON body.
    Json(Body<T>),
    /// A text body.
    Text(TextBody),
}

impl<T: DeserializeOwned + ToSchema + 'static> FromRequest for JsonOrText<T> {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        if TextKind::from_headers(req.headers()).is_some() {
            let text = TextBody::from_request(req, payload);
            return Box::pin(async move { text.await.map(Self::Text) });
        }
        let json = Body::from_request(req, payload);
        Box::pin(async move { json.await.map(Self::Json) })
    }
}

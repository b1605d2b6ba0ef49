//! Successful responses of handlers: a JSON body with its headers.

use crate::cache::Dependency;
use crate::error::{Error, Result};
use crate::page::Page;
use crate::response::fields::Fields;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, Responder};
use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;
use std::cell::Cell;
use url::form_urlencoded;

/// A JSON response.
#[derive(Debug)]
pub struct JsonResponse {
    body: Bytes,
    next: Option<String>,
    prev: Option<String>,
    dependency: Dependency,
}

impl JsonResponse {
    /// Creates a response with one resource, reduced to `fields` if given. `sample` has every field.
    ///
    /// # Errors
    /// 400 when `fields` names a field that does not exist.
    pub fn resource<T: Serialize>(
        value: &T,
        fields: Option<&str>,
        sample: impl Fn() -> T,
    ) -> Result<Self> {
        let Some(text) = fields else { return Self::new(value) };
        let mut value = to_value(value)?;
        Fields::parse(text, &to_value(&sample())?)?.prune(&mut value);
        Self::new(&value)
    }

    /// Creates a response with a whole value.
    ///
    /// # Errors
    /// None in practice: the value is serialised in memory.
    pub fn new<T: Serialize>(value: &T) -> Result<Self> {
        let body = to_json(value)?;
        Ok(Self { body, next: None, prev: None, dependency: Dependency::AnyChange })
    }

    /// Creates a response with a page of a list and its `Link` headers (RFC 8288).
    ///
    /// # Errors
    /// 400 when `fields` names a field that does not exist.
    pub fn page<T: Serialize>(
        page: Page<T>,
        fields: Option<&str>,
        sample: impl Fn() -> T,
    ) -> Result<Self> {
        let (next, prev) = (page.page.next.clone(), page.page.prev.clone());
        let body = match fields {
            None => to_json(&page)?,
            Some(text) => {
                let fields = Fields::parse(text, &to_value(&sample())?)?;
                let mut items = page.items.iter().map(to_value).collect::<Result<Vec<_>>>()?;
                for item in &mut items {
                    fields.prune(item);
                }
                to_json(&page.with_items(items))?
            }
        };
        Ok(Self { body, next, prev, dependency: Dependency::AnyChange })
    }

    /// Declares that the body depends only on this article with its links, credits, tags and comments,
    /// so that it stays cached until one of these changes. Any change invalidates other responses.
    #[must_use]
    pub fn depending_on_article(mut self, id: i64) -> Self {
        self.dependency = Dependency::Article(id);
        self
    }
}

/// The maximum size of the buffer that a thread keeps for its next body, in bytes.
const MAX_KEPT_BUFFER: usize = 1 << 20;

/// Serialises into a buffer that the thread reuses and copies the result once, so that the body has
/// its exact size and nothing moves while it grows.
fn to_json(value: &impl Serialize) -> Result<Bytes> {
    thread_local! {
        static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    }
    let mut buffer = BUFFER.take();
    buffer.clear();
    serde_json::to_writer(&mut buffer, value).map_err(Error::internal)?;
    let body = Bytes::copy_from_slice(&buffer);
    if buffer.capacity() <= MAX_KEPT_BUFFER {
        BUFFER.set(buffer);
    }
    Ok(body)
}

fn to_value(value: &impl Serialize) -> Result<Value> {
    serde_json::to_value(value).map_err(Error::internal)
}

impl Responder for JsonResponse {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, req: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::Ok();
        response.content_type(mime_json());
        let links = [("after", "next", &self.next), ("before", "prev", &self.prev)];
        for (parameter, relation, cursor) in links {
            if let Some(cursor) = cursor {
                let link = format!("<{}>; rel=\"{relation}\"", with_cursor(req, parameter, cursor));
                response.append_header((header::LINK, link));
            }
        }
        let mut response = response.body(self.body);
        response.extensions_mut().insert(self.dependency);
        response
    }
}

fn mime_json() -> HeaderValue {
    HeaderValue::from_static("application/json")
}

/// Creates a public response that is not JSON, such as a feed. Any change invalidates it.
pub fn public_response(media_type: &'static str, body: impl Into<Vec<u8>>) -> HttpResponse {
    let content_type = (header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    let mut response = HttpResponse::Ok().insert_header(content_type).body(body.into());
    response.extensions_mut().insert(Dependency::AnyChange);
    response
}

/// Returns the path and query of this request with a cursor in place of another start of the page.
pub fn with_cursor(req: &HttpRequest, parameter: &str, cursor: &str) -> String {
    let kept = form_urlencoded::parse(req.query_string().as_bytes())
        .filter(|(name, _)| !matches!(&**name, "after" | "before" | "around"));
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(kept).append_pair(parameter, cursor);
    format!("{}?{}", req.path(), query.finish())
}

/// Creates a response with the entity tag of a version.
pub fn with_version_tag(response: JsonResponse, req: &HttpRequest, version: i32) -> HttpResponse {
    let mut response = response.respond_to(req);
    if let Ok(tag) = HeaderValue::from_str(&crate::response::version_tag(version)) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// Creates a 301 response to the same URL with the current slug in place of a former one.
pub fn moved_permanently(req: &HttpRequest, slug: &str) -> HttpResponse {
    let pattern = req.match_pattern().unwrap_or_default();
    let is_slug = |part: &str| part.starts_with("{ref") || part.starts_with("{slug");
    // By position: a short slug such as `ap` may occur elsewhere in the path too.
    let mut location = pattern
        .split('/')
        .zip(req.path().split('/'))
        .map(|(part, own)| if is_slug(part) { slug } else { own })
        .collect::<Vec<_>>()
        .join("/");
    if !req.query_string().is_empty() {
        location.push('?');
        location.push_str(req.query_string());
    }
    let mut response = HttpResponse::MovedPermanently();
    let mut response = response.insert_header((header::LOCATION, location)).finish();
    response.extensions_mut().insert(Dependency::AnyChange);
    response
}

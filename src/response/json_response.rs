//! The success that a handler returns: a finished JSON body and what goes with it.

use crate::cache::Depends;
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

/// A public_response answer in JSON.
#[derive(Debug)]
pub struct JsonResponse {
    body: Bytes,
    next: Option<String>,
    prev: Option<String>,
    on: Depends,
}

impl JsonResponse {
    /// One resource; `fields` and the sample it is checked against come from `fields=`.
    pub fn one<T: Serialize>(
        value: &T,
        fields: Option<&str>,
        sample: impl Fn() -> T,
    ) -> Result<Self> {
        let Some(text) = fields else { return Self::whole(value) };
        let mut value = to_value(value)?;
        Fields::parse(text, &to_value(&sample())?)?.prune(&mut value);
        Self::whole(&value)
    }

    /// One resource, whole.
    pub fn whole<T: Serialize>(value: &T) -> Result<Self> {
        let body = to_json(value)?;
        Ok(Self { body, next: None, prev: None, on: Depends::AnyChange })
    }

    /// A page of a list, with `Link` headers (RFC 8288) beside its cursors.
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
                to_json(&page.with(items))?
            }
        };
        Ok(Self { body, next, prev, on: Depends::AnyChange })
    }

    /// Says that nothing shows here but this article with its links, credits, tags and comments:
    /// then the answer is kept in memory until one of these changes. All others last until
    /// anything changes.
    #[must_use]
    pub fn of_article(mut self, id: i64) -> Self {
        self.on = Depends::Article(id);
        self
    }
}

/// The largest buffer that a thread keeps for the next body; in bytes.
const KEPT: usize = 1 << 20;

/// Writes into a buffer that the thread has had before, and copies it once: a body has its own size
/// then, and nothing was moved_permanently while it grew.
fn to_json(value: &impl Serialize) -> Result<Bytes> {
    thread_local! {
        static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    }
    let mut buffer = BUFFER.take();
    buffer.clear();
    serde_json::to_writer(&mut buffer, value).map_err(Error::internal)?;
    let body = Bytes::copy_from_slice(&buffer);
    if buffer.capacity() <= KEPT {
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
        response.extensions_mut().insert(self.on);
        response
    }
}

fn mime_json() -> HeaderValue {
    HeaderValue::from_static("application/json")
}

/// A public_response answer that is not JSON, such as a feed. It depends on all that the public_response sees.
pub fn public_response(kind: &'static str, body: impl Into<Vec<u8>>) -> HttpResponse {
    let kind = (header::CONTENT_TYPE, HeaderValue::from_static(kind));
    let mut response = HttpResponse::Ok().insert_header(kind).body(body.into());
    response.extensions_mut().insert(Depends::AnyChange);
    response
}

/// The address of this request with another cursor.
pub fn with_cursor(req: &HttpRequest, parameter: &str, cursor: &str) -> String {
    let kept = form_urlencoded::parse(req.query_string().as_bytes())
        .filter(|(name, _)| name != "after" && name != "before");
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(kept).append_pair(parameter, cursor);
    format!("{}?{}", req.path(), query.finish())
}

/// A read of something that has versions.
pub fn with_version_tag(reply: JsonResponse, req: &HttpRequest, version: i32) -> HttpResponse {
    let mut response = reply.respond_to(req);
    if let Ok(tag) = HeaderValue::from_str(&crate::response::version_tag(version)) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// 301: what has this former slug is now called `slug`; the rest of the address stays.
pub fn moved_permanently(req: &HttpRequest, slug: &str) -> HttpResponse {
    let pattern = req.match_pattern().unwrap_or_default();
    let named = |part: &str| part.starts_with("{ref") || part.starts_with("{slug");
    // By its place: a short slug such as `ap` may stand elsewhere in the path too.
    let mut location = pattern
        .split('/')
        .zip(req.path().split('/'))
        .map(|(part, own)| if named(part) { slug } else { own })
        .collect::<Vec<_>>()
        .join("/");
    if !req.query_string().is_empty() {
        location.push('?');
        location.push_str(req.query_string());
    }
    let mut response = HttpResponse::MovedPermanently();
    let mut response = response.insert_header((header::LOCATION, location)).finish();
    response.extensions_mut().insert(Depends::AnyChange);
    response
}

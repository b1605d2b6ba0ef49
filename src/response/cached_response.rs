//! Complete responses as the cache stores them. Everything that does not depend on the request is
//! made once.

use crate::cache::Dependency;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::metrics::DurationHistogram;
use crate::metrics::Metrics;
use crate::response::accept::Coding;
use crate::response::common_headers::{CDN_CACHE_CONTROL, apply_common_headers};
use crate::response::content_encoding;
use crate::response::edit_token;
use crate::response::precondition;
use crate::response::precondition::Precondition;
use crate::response::problem;
use crate::response::security_headers::SECURITY_HEADERS;
use actix_web::body::{BoxBody, MessageBody as _};
use actix_web::dev::ServiceResponse;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use std::sync::OnceLock;
use std::time::Duration;

/// The estimated size of the headers of a response in memory, in bytes.
const HEADERS_WEIGHT: usize = 1500;

/// The headers of a 304: those that RFC 9110, section 15.4.5, requires, and those that CORS needs.
/// The security headers are added to them, because every response has those.
const NOT_MODIFIED_HEADERS: [HeaderName; 6] = [
    header::CACHE_CONTROL,
    CDN_CACHE_CONTROL,
    header::VARY,
    header::ACCESS_CONTROL_ALLOW_ORIGIN,
    header::ACCESS_CONTROL_EXPOSE_HEADERS,
    header::CROSS_ORIGIN_RESOURCE_POLICY,
];

type Headers = Vec<(HeaderName, HeaderValue)>;

/// A response in the cache.
#[derive(Debug)]
pub struct CachedResponse {
    status: StatusCode,
    headers: Headers,
    not_modified_headers: Headers,
    body: Body,
    route: String,
    /// By method and status: GET, GET with 304, HEAD, HEAD with 304.
    durations: [OnceLock<DurationHistogram>; 4],
}

#[derive(Debug)]
enum Body {
    /// The body of a 200.
    Content(Box<Content>),
    /// The body of a 301.
    Empty,
    /// The body of a 404 or 410, without the id of the request that is inserted in between.
    Problem { before_id: Bytes, after_id: Bytes },
}

#[derive(Debug)]
struct Content {
    digest: String,
    /// The entity tag and the body by coding, in the order of [`Coding::ALL`]. The body is made
    /// when it is first requested.
    encodings: [(HeaderValue, OnceLock<Bytes>); 4],
    identity: Bytes,
}

/// Whether a response can be cached.
pub(crate) enum Cacheability {
    /// It can, and has been taken apart.
    Cacheable { request: HttpRequest, response: Box<CachedResponse>, dependency: Dependency },
    /// It cannot, and is unchanged.
    Uncacheable(ServiceResponse),
}

impl CachedResponse {
    /// Converts a response that can be cached: a 200 or 301 that a handler has marked with its
    /// dependency, or a 404 or 410 that a handler returned.
    pub(crate) fn from_response(res: ServiceResponse, config: &Config) -> Cacheability {
        let route = res.request().match_pattern().unwrap_or_default();
        let dependency = res.response().extensions().get::<Dependency>().copied();
        match (res.status(), dependency) {
            (StatusCode::OK, Some(dependency)) => {
                Self::from_content(res, config, route, dependency)
            }
            (StatusCode::MOVED_PERMANENTLY, Some(dependency)) => {
                let (request, response) = res.into_parts();
                let headers = response.headers().clone();
                let response = Self::new(response.status(), headers, Body::Empty, config, route);
                Cacheability::Cacheable { request, response: response.into(), dependency }
            }
            (StatusCode::NOT_FOUND | StatusCode::GONE, _) => Self::from_problem(res, config, route),
            _ => Cacheability::Uncacheable(res),
        }
    }

    fn from_content(
        res: ServiceResponse,
        config: &Config,
        route: String,
        dependency: Dependency,
    ) -> Cacheability {
        let (request, response) = res.into_parts();
        let (response, body) = response.into_parts();
        let identity = match body.try_into_bytes() {
            Ok(identity) => identity,
            Err(stream) => {
                let res = ServiceResponse::new(request, response.set_body(stream));
                return Cacheability::Uncacheable(res);
            }
        };
        let digest = content_encoding::digest(&identity);
        let tag = |coding| HeaderValue::from_str(&content_encoding::etag(&digest, coding));
        let tag = |coding| tag(coding).unwrap_or_else(|_never| HeaderValue::from_static("\"\""));
        let encodings = Coding::ALL.map(|coding| (tag(coding), OnceLock::new()));
        let mut headers = response.headers().clone();
        headers.append(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        let body = Body::Content(Box::new(Content { digest, encodings, identity }));
        let response = Self::new(StatusCode::OK, headers, body, config, route);
        Cacheability::Cacheable { request, response: response.into(), dependency }
    }

    fn from_problem(res: ServiceResponse, config: &Config, route: String) -> Cacheability {
        // Only errors of handlers: routing finds out without a query that no route matches.
        let error = res.response().error().and_then(|error| error.as_error::<Error>());
        let Some((before_id, after_id)) = error.and_then(problem::split_at_request_id) else {
            return Cacheability::Uncacheable(res);
        };
        let (request, response) = res.into_parts();
        let mut headers = response.headers().clone();
        problem::set_problem_headers(&mut headers);
        let body = Body::Problem { before_id, after_id };
        let response = Self::new(response.status(), headers, body, config, route);
        let dependency = Dependency::AnyChange;
        Cacheability::Cacheable { request, response: response.into(), dependency }
    }

    fn new(
        status: StatusCode,
        mut headers: HeaderMap,
        body: Body,
        config: &Config,
        route: String,
    ) -> Self {
        edit_token::set_vary(&route, &mut headers);
        apply_common_headers(&mut headers, config, true);
        let headers: Headers = headers.into_iter().collect();
        let in_not_modified = |name: &HeaderName| {
            NOT_MODIFIED_HEADERS.contains(name) || SECURITY_HEADERS.contains(name)
        };
        let not_modified_headers =
            headers.iter().filter(|(name, _)| in_not_modified(name)).cloned().collect();
        let durations = Default::default();
        Self { status, headers, not_modified_headers, body, route, durations }
    }

    /// Returns whether it is a 404 or 410.
    pub(crate) fn is_negative(&self) -> bool {
        matches!(self.body, Body::Problem { .. })
    }

    /// Returns the estimated size in memory in bytes, without encoded bodies.
    pub(crate) fn weight(&self) -> usize {
        HEADERS_WEIGHT
            + match &self.body {
                Body::Content(content) => content.identity.len(),
                Body::Empty => 0,
                Body::Problem { before_id, after_id } => before_id.len() + after_id.len(),
            }
    }

    /// Returns the response to a request with these headers. `add_weight` is called with the size
    /// of a body that had to be encoded.
    ///
    /// # Errors
    /// 412 if a precondition fails.
    pub(crate) fn respond(
        &self,
        request_headers: &HeaderMap,
        coding: Coding,
        request_id: &str,
        add_weight: impl FnOnce(usize),
    ) -> Result<HttpResponse> {
        let content = match &self.body {
            Body::Content(content) => content,
            Body::Empty => return Ok(build(self.status, &self.headers, BoxBody::new(()))),
            Body::Problem { before_id, after_id } => {
                let body = [before_id, request_id.as_bytes(), after_id].concat();
                return Ok(build(self.status, &self.headers, BoxBody::new(body)));
            }
        };
        let coding = content_encoding::coding_for_size(coding, content.identity.len());
        match precondition::evaluate(request_headers, |tag| content.has_tag(tag)) {
            Precondition::Failed => Err(precondition::failed()),
            Precondition::NotModified => {
                let headers = &self.not_modified_headers;
                let mut response = build(StatusCode::NOT_MODIFIED, headers, BoxBody::new(()));
                let etag = content.encoding(coding).0.clone();
                response.headers_mut().insert(header::ETAG, etag);
                Ok(response)
            }
            Precondition::Passed => Ok(self.content_response(content, coding, add_weight)),
        }
    }

    fn content_response(
        &self,
        content: &Content,
        coding: Coding,
        add_weight: impl FnOnce(usize),
    ) -> HttpResponse {
        let (coding, body) = content.encode(coding, add_weight);
        let mut response = build(self.status, &self.headers, BoxBody::new(body));
        response.headers_mut().insert(header::ETAG, content.encoding(coding).0.clone());
        if coding != Coding::Identity {
            let name = HeaderValue::from_static(coding.name());
            response.headers_mut().insert(header::CONTENT_ENCODING, name);
        }
        response
    }

    /// Counts a response that was made from this one.
    pub(crate) fn record_metrics(
        &self,
        metrics: &Metrics,
        method: &Method,
        status: StatusCode,
        duration: Duration,
    ) {
        let head = usize::from(*method == Method::HEAD);
        let index = 2 * head + usize::from(status == StatusCode::NOT_MODIFIED);
        let histogram = || metrics.durations(method, self.route.clone(), status);
        if let Some(cell) = self.durations.get(index) {
            cell.get_or_init(histogram).observe(duration);
        }
    }
}

impl Content {
    fn has_tag(&self, opaque: &[u8]) -> bool {
        content_encoding::etag_matches(&self.digest, opaque)
    }

    fn encoding(&self, coding: Coding) -> &(HeaderValue, OnceLock<Bytes>) {
        let [br, zstd, gzip, identity] = &self.encodings;
        match coding {
            Coding::Brotli => br,
            Coding::Zstd => zstd,
            Coding::Gzip => gzip,
            Coding::Identity => identity,
        }
    }

    /// Returns the body in this coding, or without one if the encoder fails.
    fn encode(&self, coding: Coding, add_weight: impl FnOnce(usize)) -> (Coding, Bytes) {
        let encoded = &self.encoding(coding).1;
        if coding == Coding::Identity {
            return (coding, self.identity.clone());
        }
        if let Some(body) = encoded.get() {
            return (coding, body.clone());
        }
        let Ok(body) = content_encoding::encode(self.identity.clone(), coding) else {
            return (Coding::Identity, self.identity.clone());
        };
        // Not `get_or_init`: two requests may encode at the same time, but neither blocks its
        // worker thread to wait for the other.
        if encoded.set(body.clone()).is_ok() {
            add_weight(body.len());
        }
        (coding, body)
    }
}

fn build(status: StatusCode, headers: &Headers, body: BoxBody) -> HttpResponse {
    let mut response = HttpResponse::with_body(status, body);
    for (name, value) in headers {
        // Not `insert`: a header may occur several times.
        response.headers_mut().append(name.clone(), value.clone());
    }
    response
}

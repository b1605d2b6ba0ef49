//! A finished answer as the cache keeps it: everything that does not vary by request is made once.

use crate::cache::Depends;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::metrics::DurationHistogram;
use crate::metrics::Metrics;
use crate::response::accept::Coding;
use crate::response::common_headers::apply_common_headers;
use crate::response::content_encoding;
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

/// What the headers of an entry weigh, about.
const HEADERS: usize = 1500;

/// The headers that a 304 repeats (RFC 9110, section 15.4.5), and those that CORS needs. It has the
/// guards as well, which every answer has.
const BRIEF: [HeaderName; 5] = [
    header::CACHE_CONTROL,
    header::VARY,
    header::ACCESS_CONTROL_ALLOW_ORIGIN,
    header::ACCESS_CONTROL_EXPOSE_HEADERS,
    header::CROSS_ORIGIN_RESOURCE_POLICY,
];

type Headers = Vec<(HeaderName, HeaderValue)>;

/// See the module's text.
#[derive(Debug)]
pub struct CachedResponse {
    status: StatusCode,
    headers: Headers,
    brief: Headers,
    body: Body,
    route: String,
    timings: [OnceLock<DurationHistogram>; 4],
}

#[derive(Debug)]
enum Body {
    /// A 200.
    Page(Box<Page>),
    /// A 301: all of it is in the headers.
    Empty,
    /// A 404 or 410: what stands before the request's id, and after.
    Problem(Bytes, Bytes),
}

#[derive(Debug)]
struct Page {
    digest: String,
    /// By coding, in the order of [`Coding::ALL`].
    coded: [(HeaderValue, OnceLock<Bytes>); 4],
    plain: Bytes,
}

/// What became of an answer of a handler.
pub(crate) enum IntoCached {
    /// Taken apart for the cache.
    Yes(HttpRequest, Box<CachedResponse>, Depends),
    /// As it was: it is not to be kept.
    No(ServiceResponse),
}

impl CachedResponse {
    /// Takes over an answer that may be kept: a success or a move that a handler has marked with
    /// what it depends on, or a problem that says that nothing is there.
    pub(crate) fn of(res: ServiceResponse, config: &Config) -> IntoCached {
        let route = res.request().match_pattern().unwrap_or_default();
        let on = res.response().extensions().get::<Depends>().copied();
        match (res.status(), on) {
            (StatusCode::OK, Some(on)) => Self::page(res, config, route, on),
            (StatusCode::MOVED_PERMANENTLY, Some(on)) => {
                let (req, answer) = res.into_parts();
                let headers = answer.headers().clone();
                let entry = Self::with(answer.status(), headers, Body::Empty, config, route);
                IntoCached::Yes(req, entry.into(), on)
            }
            (StatusCode::NOT_FOUND | StatusCode::GONE, _) => Self::nothing(res, config, route),
            _ => IntoCached::No(res),
        }
    }

    fn page(res: ServiceResponse, config: &Config, route: String, on: Depends) -> IntoCached {
        let (req, answer) = res.into_parts();
        let (answer, body) = answer.into_parts();
        let plain = match body.try_into_bytes() {
            Ok(plain) => plain,
            Err(streams) => {
                return IntoCached::No(ServiceResponse::new(req, answer.set_body(streams)));
            }
        };
        let digest = content_encoding::digest(&plain);
        let tag = |coding| HeaderValue::from_str(&content_encoding::etag(&digest, coding));
        let tag = |coding| tag(coding).unwrap_or_else(|_never| HeaderValue::from_static("\"\""));
        let coded = Coding::ALL.map(|coding| (tag(coding), OnceLock::new()));
        let mut headers = answer.headers().clone();
        headers.append(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        let body = Body::Page(Box::new(Page { digest, coded, plain }));
        let entry = Self::with(StatusCode::OK, headers, body, config, route);
        IntoCached::Yes(req, entry.into(), on)
    }

    fn nothing(res: ServiceResponse, config: &Config, route: String) -> IntoCached {
        // Only what a handler found: that no route leads there is known without memory.
        let found = res.response().error().and_then(|error| error.as_error::<Error>());
        let split = found.and_then(problem::split_at_request_id);
        let Some((before, after)) = split else { return IntoCached::No(res) };
        let (req, answer) = res.into_parts();
        let mut headers = answer.headers().clone();
        problem::set_problem_headers(&mut headers);
        let body = Body::Problem(before, after);
        let entry = Self::with(answer.status(), headers, body, config, route);
        IntoCached::Yes(req, entry.into(), Depends::AnyChange)
    }

    fn with(
        status: StatusCode,
        mut headers: HeaderMap,
        body: Body,
        config: &Config,
        route: String,
    ) -> Self {
        apply_common_headers(&mut headers, config, true);
        let headers: Headers = headers.into_iter().collect();
        let is_brief = |name: &HeaderName| BRIEF.contains(name) || SECURITY_HEADERS.contains(name);
        let brief = headers.iter().filter(|(name, _)| is_brief(name)).cloned().collect();
        Self { status, headers, brief, body, route, timings: Default::default() }
    }

    /// Whether it says that nothing is there.
    pub(crate) fn is_nothing(&self) -> bool {
        matches!(self.body, Body::Problem(..))
    }

    /// What it weighs in memory before any coding is made.
    pub(crate) fn weight(&self) -> usize {
        HEADERS
            + match &self.body {
                Body::Page(page) => page.plain.len(),
                Body::Empty => 0,
                Body::Problem(before, after) => before.len() + after.len(),
            }
    }

    /// The answer to a request with these headers, or why it is refused; `grew` hears of bytes that
    /// had to be made.
    pub(crate) fn answer(
        &self,
        asked: &HeaderMap,
        coding: Coding,
        id: &str,
        grew: impl FnOnce(usize),
    ) -> Result<HttpResponse> {
        let page = match &self.body {
            Body::Page(page) => page,
            Body::Empty => return Ok(dressed(self.status, &self.headers, BoxBody::new(()))),
            Body::Problem(before, after) => {
                let body = [before, id.as_bytes(), after].concat();
                return Ok(dressed(self.status, &self.headers, BoxBody::new(body)));
            }
        };
        let coding = content_encoding::coding_for_size(coding, page.plain.len());
        let mut answer = match precondition::evaluate(asked, |tag| page.has_tag(tag)) {
            Precondition::Failed => return Err(precondition::failed()),
            Precondition::NotModified => {
                dressed(StatusCode::NOT_MODIFIED, &self.brief, BoxBody::new(()))
            }
            Precondition::Passed => return Ok(self.whole(page, coding, grew)),
        };
        answer.headers_mut().insert(header::ETAG, page.slot(coding).0.clone());
        Ok(answer)
    }

    fn whole(&self, page: &Page, coding: Coding, grew: impl FnOnce(usize)) -> HttpResponse {
        let (coding, body) = page.body(coding, grew);
        let mut answer = dressed(self.status, &self.headers, BoxBody::new(body));
        answer.headers_mut().insert(header::ETAG, page.slot(coding).0.clone());
        if coding != Coding::Identity {
            let name = HeaderValue::from_static(coding.name());
            answer.headers_mut().insert(header::CONTENT_ENCODING, name);
        }
        answer
    }

    /// Counts an answer that was made of this entry.
    pub(crate) fn count(
        &self,
        metrics: &Metrics,
        method: &Method,
        status: StatusCode,
        took: Duration,
    ) {
        let head = usize::from(*method == Method::HEAD);
        let index = 2 * head + usize::from(status == StatusCode::NOT_MODIFIED);
        let make = || metrics.durations(method, self.route.clone(), status);
        if let Some(timing) = self.timings.get(index) {
            timing.get_or_init(make).observe(took);
        }
    }
}

impl Page {
    fn has_tag(&self, opaque: &[u8]) -> bool {
        content_encoding::etag_matches(&self.digest, opaque)
    }

    fn slot(&self, coding: Coding) -> &(HeaderValue, OnceLock<Bytes>) {
        let [br, zstd, gzip, identity] = &self.coded;
        match coding {
            Coding::Brotli => br,
            Coding::Zstd => zstd,
            Coding::Gzip => gzip,
            Coding::Identity => identity,
        }
    }

    /// The body in a coding, made at the first ask; plain should the encoder fail.
    fn body(&self, coding: Coding, grew: impl FnOnce(usize)) -> (Coding, Bytes) {
        let made = &self.slot(coding).1;
        if coding == Coding::Identity {
            return (coding, self.plain.clone());
        }
        if let Some(body) = made.get() {
            return (coding, body.clone());
        }
        let Ok(body) = content_encoding::encode(self.plain.clone(), coding) else {
            return (Coding::Identity, self.plain.clone());
        };
        // Two may make it at once: neither waits for the other.
        if made.set(body.clone()).is_ok() {
            grew(body.len());
        }
        (coding, body)
    }
}

fn dressed(status: StatusCode, headers: &Headers, body: BoxBody) -> HttpResponse {
    let mut answer = HttpResponse::with_body(status, body);
    for (name, value) in headers {
        // Appended: a header may stand several times.
        answer.headers_mut().append(name.clone(), value.clone());
    }
    answer
}

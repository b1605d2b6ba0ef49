//! The middleware around all handlers. It does, in this order:
//!
//! 0. Return a public response from memory if the cache has a current one; the rest is skipped.
//! 1. Give the request an id.
//! 2. Turn HEAD into GET: actix then sends the headers, with the length, and no body.
//! 3. Reject URIs that are too long and clients that do not accept JSON.
//! 4. Call the handler. Concurrent public reads of the same URL share one call, and its response is
//!    cached.
//! 5. Encode and tag any other public body, or respond with 304; evaluate the preconditions of an editor's
//!    read.
//! 6. Give an error response that has no problem yet (from the router or an extractor) its problem;
//!    respond to OPTIONS with the methods that the path allows.
//! 7. Set the common headers; count and log the request.

use crate::auth::is_private;
use crate::error::{Code, Error};
use crate::extract::{ACCEPT_PATCH, PATCH_TYPES};
use crate::middleware::response_cache;
use crate::middleware::response_cache::{CacheLookup, Outcome};
use crate::response::accept::{accepts_json, accepts_json_ld};
use crate::response::apply_common_headers;
use crate::response::{RequestId, X_REQUEST_ID};
use crate::response::{content_encoding, cors, edit_token, problem};
use crate::state::State;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::http::header::{self, ACCESS_CONTROL_REQUEST_HEADERS, HeaderMap, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{Error as ActixError, HttpMessage as _, HttpResponse, web};
use futures_util::future::{Either, FutureExt as _, LocalBoxFuture};
use std::future::{Ready, ready};
use std::rc::Rc;
use std::time::Instant;

/// The log target of the access log.
const ACCESS: &str = "roundup::access";

/// The maximum length of a request URI in bytes: every query that the OpenAPI document allows fits,
/// with every character escaped.
const MAX_URI: usize = 32 << 10;

/// The middleware around all handlers; see the module documentation.
#[derive(Debug)]
pub struct RequestPipeline(web::Data<State>);

impl RequestPipeline {
    /// Creates the middleware of one worker.
    pub fn new(state: web::Data<State>) -> Self {
        Self(state)
    }
}

impl<S, B> Transform<S, ServiceRequest> for RequestPipeline
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = ActixError> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<BoxBody>;
    type Error = ActixError;
    type InitError = ();
    type Transform = RequestPipelineService<S>;
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        let logs_access = log::log_enabled!(target: ACCESS, log::Level::Info);
        ready(Ok(RequestPipelineService {
            inner: Rc::new(inner),
            state: self.0.clone(),
            logs_access,
        }))
    }
}

/// The handlers wrapped in [`RequestPipeline`].
#[derive(Debug)]
pub struct RequestPipelineService<S> {
    inner: Rc<S>,
    state: web::Data<State>,
    logs_access: bool,
}

type PipelineResult = Result<ServiceResponse<BoxBody>, ActixError>;

impl<S, B> Service<ServiceRequest> for RequestPipelineService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = ActixError> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<BoxBody>;
    type Error = ActixError;
    type Future = Either<Ready<PipelineResult>, LocalBoxFuture<'static, PipelineResult>>;

    forward_ready!(inner);

    fn call(&self, req: ServiceRequest) -> Self::Future {
        let started_at = Instant::now();
        if let Some(response) = response_cache::from_memory(&self.state, &req, started_at) {
            let res = req.into_response(response);
            if self.logs_access {
                log(&res, res.request().method(), started_at);
            }
            return Either::Left(ready(Ok(res)));
        }
        let (inner, state, logs_access) =
            (Rc::clone(&self.inner), self.state.clone(), self.logs_access);
        Either::Right(
            async move {
                let method = req.method().clone();
                let res = respond(&*inner, &state, req, &method, started_at).await?;
                if logs_access {
                    log(&res, &method, started_at);
                }
                Ok(res)
            }
            .boxed_local(),
        )
    }
}

/// Responds to a request that memory has no current response for.
async fn respond<S, B>(
    inner: &S,
    state: &State,
    mut req: ServiceRequest,
    method: &Method,
    started_at: Instant,
) -> PipelineResult
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = ActixError>,
    B: MessageBody + 'static,
{
    let id = RequestId::from_headers(req.headers());
    req.extensions_mut().insert(id.clone());
    if method == Method::HEAD {
        req.head_mut().method = Method::GET;
    }
    let is_read = req.method() == Method::GET;
    // Decoded as the router sees it: `%61dmin` is `admin`.
    let path = req.match_info().as_str();
    let is_public = !is_private(path);
    let admin_origin =
        if is_public { None } else { cors::admin_origin(req.headers(), state.config()) };
    let may_preflight = is_public || admin_origin.is_some();
    let is_private_read = is_read && edit_token::is_private_read(path, req.headers());
    let uses_cache = is_read
        && is_public
        && !is_private_read
        && is_cacheable(path)
        && state.cache().is_enabled();
    let outcome = if let Some(error) = early_rejection(&req) {
        Outcome::Fresh(req.error_response(error))
    } else if uses_cache {
        CacheLookup { state, method, id: &id, started_at }.fetch(inner, req).await?
    } else {
        Outcome::Fresh(inner.call(req).await?.map_into_boxed_body())
    };
    let mut res = match outcome {
        Outcome::Cached(res) => return Ok(res),
        Outcome::Fresh(res) => res,
    };
    if res.status() == StatusCode::OK && is_read {
        res = if is_public {
            content_encoding::encode_body(res)
        } else {
            content_encoding::apply_preconditions(res)
        };
    }
    if *method == Method::HEAD && res.response().body().size() == BodySize::Stream {
        // actix would read the stream to its end.
        res = res.map_body(|_, _| BoxBody::new(actix_web::body::None::new()));
    }
    if !res.status().is_success() {
        res = finalize_error_or_options(res, method, &id, may_preflight);
    }
    if !is_read && !res.headers().contains_key(header::CACHE_CONTROL) {
        res.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if is_private_read {
        edit_token::forbid_storing(res.headers_mut());
    }
    let route = res.request().match_pattern().unwrap_or_default();
    edit_token::set_vary(&route, res.headers_mut());
    apply_common_headers(res.headers_mut(), state.config(), is_public);
    if let Some(origin) = admin_origin {
        cors::allow_origin(res.headers_mut(), origin);
    }
    res.headers_mut().insert(X_REQUEST_ID, id.to_header_value());
    state.metrics().count(&res, method, started_at.elapsed());
    Ok(res)
}

/// Checks that reject a request before routing.
fn early_rejection(req: &ServiceRequest) -> Option<Error> {
    if req.uri().path_and_query().is_some_and(|uri| uri.as_str().len() > MAX_URI) {
        let detail = format!("a URI may have at most {MAX_URI} bytes");
        return Some(Error::new(Code::UriTooLong, detail));
    }
    let path = req.match_info().as_str();
    if path.ends_with("/jsonld") {
        return (!accepts_json_ld(req.headers())).then(|| {
            Error::new(Code::NotAcceptable, "this path returns application/ld+json only")
        });
    }
    let returns_json = path.starts_with("/api/")
        && !path.ends_with("/admin/exports")
        && !path.ends_with("/changes/stream");
    (returns_json && !accepts_json(req.headers()))
        .then(|| Error::new(Code::NotAcceptable, "this path returns application/json only"))
}

/// Returns whether public responses at this path may be cached. The change feed lags behind the commits that
/// invalidate the cache.
fn is_cacheable(path: &str) -> bool {
    !path.starts_with("/api/v1/changes")
        && ["/api/v1/", "/feeds/", "/sitemap"].iter().any(|start| path.starts_with(start))
}

/// Gives an error response its problem, and responds to OPTIONS; with `may_preflight`, also to a browser's
/// preflight request.
fn finalize_error_or_options(
    mut res: ServiceResponse,
    method: &Method,
    id: &RequestId,
    may_preflight: bool,
) -> ServiceResponse {
    // `OPTIONS *` is about the service as a whole (RFC 9110, section 9.3.7).
    let is_server_wide = method == Method::OPTIONS && res.request().path() == "*";
    if is_server_wide {
        let all = HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE");
        res.headers_mut().insert(header::ALLOW, all);
    }
    if is_server_wide || res.status() == StatusCode::METHOD_NOT_ALLOWED {
        add_implied_methods(res.headers_mut());
        if method == Method::OPTIONS {
            let allow = res.headers().get(header::ALLOW).cloned();
            let mut response = HttpResponse::NoContent().finish();
            if let Some(allow) = allow {
                response.headers_mut().insert(header::ALLOW, allow.clone());
                set_accept_patch(response.headers_mut(), &allow);
                if may_preflight {
                    let asked = res.request().headers().get(ACCESS_CONTROL_REQUEST_HEADERS);
                    let asked = asked.and_then(|names| names.to_str().ok());
                    cors::allow_preflight(response.headers_mut(), allow, asked);
                }
            }
            return res.into_response(response);
        }
    }
    if res.status().is_redirection() || problem::is_problem(res.headers()) {
        return res;
    }
    problem::finalize_error(res, id)
}

/// Sets `Accept-Patch` where PATCH is allowed (RFC 5789, section 3.1).
fn set_accept_patch(headers: &mut HeaderMap, allow: &HeaderValue) {
    if allow.to_str().is_ok_and(|allow| allow.split(", ").any(|method| method == "PATCH")) {
        headers.insert(ACCEPT_PATCH, HeaderValue::from_static(PATCH_TYPES));
    }
}

/// Adds to `Allow` the methods that are always allowed: HEAD beside GET, and OPTIONS.
fn add_implied_methods(headers: &mut HeaderMap) {
    let allow =
        headers.get(header::ALLOW).and_then(|allow| allow.to_str().ok()).unwrap_or_default();
    let mut methods: Vec<&str> =
        allow.split(',').map(str::trim).filter(|m| !m.is_empty()).collect();
    if methods.contains(&"GET") {
        methods.push("HEAD");
    }
    methods.push("OPTIONS");
    if let Ok(value) = HeaderValue::from_str(&methods.join(", ")) {
        headers.insert(header::ALLOW, value);
    }
}

/// Logs a request. The length of a streamed body is not known.
fn log(res: &ServiceResponse, method: &Method, started_at: Instant) {
    let id = res.headers().get(&X_REQUEST_ID).and_then(|id| id.to_str().ok()).unwrap_or_default();
    let bytes = match res.response().body().size() {
        BodySize::Sized(bytes) => bytes,
        BodySize::None | BodySize::Stream => 0,
    };
    log::info!(
        target: ACCESS,
        id,
        method = method.as_str(),
        path = res.request().path(),
        route = res.request().match_pattern().unwrap_or_default().as_str(),
        status = res.status().as_u16(),
        micros = u64::try_from(started_at.elapsed().as_micros()).unwrap_or(u64::MAX),
        bytes;
        "request"
    );
}

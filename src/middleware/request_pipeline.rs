//! Everything that happens to every request, outside in, in one place and in this order.
//!
//! 0. A public read that memory can answer ([`crate::middleware::response_cache`]) passes by all that follows.
//! 1. It gets an id.
//! 2. HEAD becomes GET: actix answers HEAD without the body but with its length.
//! 3. Who asks at too long an address, or takes no JSON, is told so.
//! 4. The handlers do their work; a public read does it for all who ask the same at the time, and
//!    its answer is finished and kept.
//! 5. Another public body is coded and tagged, or left out because the client has it; an editor's read
//!    is held against the version that it asks for.
//! 6. An answer without a body of ours (a wrong path, a wrong method, a failed extractor) gets its
//!    problem; OPTIONS is answered from the methods that the address allows.
//! 7. The headers of every answer are set; the request is counted and logged.

use crate::auth::is_private;
use crate::error::{Code, Error};
use crate::extract::{ACCEPT_PATCH, PATCH_TYPES};
use crate::middleware::response_cache;
use crate::middleware::response_cache::{Asked, Made};
use crate::response::accept::accepts_json;
use crate::response::apply_common_headers;
use crate::response::{RequestId, X_REQUEST_ID};
use crate::response::{content_encoding, cors, problem};
use crate::state::State;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{Error as ActixError, HttpMessage as _, HttpResponse, web};
use futures_util::future::{Either, FutureExt as _, LocalBoxFuture};
use std::future::{Ready, ready};
use std::rc::Rc;
use std::time::Instant;

/// The target of the lines that tell of each request.
const ACCESS: &str = "roundup::access";

/// The longest address that is answered, in bytes: what the document allows in a query fits, also
/// with every character escaped.
const LONGEST: usize = 32 << 10;

/// The middleware around all handlers; see the module's text.
#[derive(Debug)]
pub struct RequestPipeline(web::Data<State>);

impl RequestPipeline {
    /// The middleware of one worker.
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
        let access = log::log_enabled!(target: ACCESS, log::Level::Info);
        ready(Ok(RequestPipelineService { inner: Rc::new(inner), state: self.0.clone(), access }))
    }
}

/// The handlers with [`RequestPipeline`] around them.
#[derive(Debug)]
pub struct RequestPipelineService<S> {
    inner: Rc<S>,
    state: web::Data<State>,
    access: bool,
}

type Answered = Result<ServiceResponse<BoxBody>, ActixError>;

impl<S, B> Service<ServiceRequest> for RequestPipelineService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = ActixError> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<BoxBody>;
    type Error = ActixError;
    type Future = Either<Ready<Answered>, LocalBoxFuture<'static, Answered>>;

    forward_ready!(inner);

    fn call(&self, req: ServiceRequest) -> Self::Future {
        let begun = Instant::now();
        if let Some(answer) = response_cache::from_memory(&self.state, &req, begun) {
            let res = req.into_response(answer);
            if self.access {
                log(&res, res.request().method(), begun);
            }
            return Either::Left(ready(Ok(res)));
        }
        let (inner, state, access) = (Rc::clone(&self.inner), self.state.clone(), self.access);
        Either::Right(
            async move {
                let method = req.method().clone();
                let res = answer(&*inner, &state, req, &method, begun).await?;
                if access {
                    log(&res, &method, begun);
                }
                Ok(res)
            }
            .boxed_local(),
        )
    }
}

/// Everything but what memory could answer at once.
async fn answer<S, B>(
    inner: &S,
    state: &State,
    mut req: ServiceRequest,
    method: &Method,
    begun: Instant,
) -> Answered
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = ActixError>,
    B: MessageBody + 'static,
{
    let id = RequestId::from_headers(req.headers());
    req.extensions_mut().insert(id.clone());
    if method == Method::HEAD {
        req.head_mut().method = Method::GET;
    }
    let reads = req.method() == Method::GET;
    // As the router sees it: `%61dmin` is `admin`.
    let path = req.match_info().as_str();
    let public = !is_private(path);
    let cached = reads && public && is_kept(path) && state.cache().is_enabled();
    let made = if let Some(error) = refusal(&req) {
        Made::Raw(req.error_response(error))
    } else if cached {
        Asked { state, method, id: &id, begun }.fetch(inner, req).await?
    } else {
        Made::Raw(inner.call(req).await?.map_into_boxed_body())
    };
    let mut res = match made {
        Made::Whole(res) => return Ok(res),
        Made::Raw(res) => res,
    };
    if res.status() == StatusCode::OK && reads {
        res = if public {
            content_encoding::encode_body(res)
        } else {
            content_encoding::apply_preconditions(res)
        };
    }
    if !res.status().is_success() {
        res = complete(res, method, &id);
    }
    if !reads && !res.headers().contains_key(header::CACHE_CONTROL) {
        res.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    apply_common_headers(res.headers_mut(), state.config(), public);
    res.headers_mut().insert(X_REQUEST_ID, id.to_header_value());
    state.metrics().count(&res, method, begun.elapsed());
    Ok(res)
}

/// What is refused before anybody looks what it is about.
fn refusal(req: &ServiceRequest) -> Option<Error> {
    if req.uri().path_and_query().is_some_and(|uri| uri.as_str().len() > LONGEST) {
        let detail = format!("an address may have {LONGEST} bytes");
        return Some(Error::new(Code::UriTooLong, detail));
    }
    let path = req.match_info().as_str();
    let json = path.starts_with("/api/") && !path.ends_with("/admin/exports");
    (json && !accepts_json(req.headers()))
        .then(|| Error::new(Code::NotAcceptable, "this address speaks application/json only"))
}

/// Whether public answers at this path may be kept.
fn is_kept(path: &str) -> bool {
    ["/api/v1/", "/feeds/", "/sitemap"].iter().any(|start| path.starts_with(start))
}

/// Gives a problem to an answer that tells of a failure, and an answer to OPTIONS.
fn complete(mut res: ServiceResponse, method: &Method, id: &RequestId) -> ServiceResponse {
    // RFC 9110, section 9.3.7: the service as a whole.
    let whole = method == Method::OPTIONS && res.request().path() == "*";
    if whole {
        let all = HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE");
        res.headers_mut().insert(header::ALLOW, all);
    }
    if whole || res.status() == StatusCode::METHOD_NOT_ALLOWED {
        allow_more(res.headers_mut());
        if method == Method::OPTIONS {
            let allow = res.headers().get(header::ALLOW).cloned();
            let mut answer = HttpResponse::NoContent().finish();
            if let Some(allow) = allow {
                answer.headers_mut().insert(header::ALLOW, allow.clone());
                accept_patch(answer.headers_mut(), &allow);
                cors::allow_preflight(answer.headers_mut(), allow);
            }
            return res.into_response(answer);
        }
    }
    if res.status().is_redirection() || problem::is_problem(res.headers()) {
        return res;
    }
    problem::finalize_error(res, id)
}

/// Says which patches an address takes that takes any (RFC 5789, section 3.1).
fn accept_patch(headers: &mut HeaderMap, allow: &HeaderValue) {
    if allow.to_str().is_ok_and(|allow| allow.split(", ").any(|method| method == "PATCH")) {
        headers.insert(ACCEPT_PATCH, HeaderValue::from_static(PATCH_TYPES));
    }
}

/// HEAD goes where GET goes, and OPTIONS everywhere.
fn allow_more(headers: &mut HeaderMap) {
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

/// One line a request; of a body that streams the length is not known.
fn log(res: &ServiceResponse, method: &Method, begun: Instant) {
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
        micros = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX),
        bytes;
        "request"
    );
}

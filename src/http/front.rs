//! Everything that happens to every request, outside in, in one place and in this order.
//!
//! 0. A public read that memory can answer ([`super::cached`]) passes by all that follows.
//! 1. It gets an id.
//! 2. HEAD becomes GET: actix answers HEAD without the body but with its length.
//! 3. A client that takes no JSON is told so.
//! 4. The handlers do their work; a public read does it for all who ask the same at the time, and
//!    its answer is finished and kept.
//! 5. Another public body is coded and tagged, or left out because the client has it.
//! 6. An answer without a body of ours (a wrong path, a wrong method, a failed extractor) gets its
//!    problem; OPTIONS is answered from the methods that the address allows.
//! 7. The headers of every answer are set; the request is counted and logged.

use super::accept::{Coding, takes_json};
use super::cached::{self, Asked, Made};
use super::request_id::{RequestId, X_REQUEST_ID};
use super::{cors, problem, representation};
use crate::app::State;
use crate::error::{Code, Error};
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

/// The middleware around all handlers; see the module's text.
#[derive(Debug)]
pub struct Front(web::Data<State>);

impl Front {
    /// The middleware of one worker.
    pub fn new(state: web::Data<State>) -> Self {
        Self(state)
    }
}

impl<S, B> Transform<S, ServiceRequest> for Front
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = ActixError> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<BoxBody>;
    type Error = ActixError;
    type InitError = ();
    type Transform = Fronted<S>;
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        let access = log::log_enabled!(target: ACCESS, log::Level::Info);
        ready(Ok(Fronted { inner: Rc::new(inner), state: self.0.clone(), access }))
    }
}

/// The handlers with [`Front`] around them.
#[derive(Debug)]
pub struct Fronted<S> {
    inner: Rc<S>,
    state: web::Data<State>,
    access: bool,
}

type Answered = Result<ServiceResponse<BoxBody>, ActixError>;

impl<S, B> Service<ServiceRequest> for Fronted<S>
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
        if let Some(answer) = cached::from_memory(&self.state, &req, begun) {
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
    let id = RequestId::of(req.headers());
    req.extensions_mut().insert(id.clone());
    if method == Method::HEAD {
        req.head_mut().method = Method::GET;
    }
    let reads = req.method() == Method::GET;
    // As the router sees it: `%61dmin` is `admin`.
    let path = req.match_info().as_str();
    let public = !is_private(path);
    let cached = reads && public && is_kept(path) && state.cache().is_enabled();
    let json = path.starts_with("/api/") && !path.ends_with("/admin/exports");
    let made = if json && !takes_json(req.headers()) {
        let error = Error::new(Code::NotAcceptable, "this address speaks application/json only");
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
    if res.status().is_success() && reads && public {
        res = represent(res);
    }
    if !res.status().is_success() {
        res = complete(res, method, &id);
    }
    dress(res.headers_mut(), state, public);
    res.headers_mut().insert(X_REQUEST_ID, id.header());
    state.metrics().count(&res, method, begun.elapsed());
    Ok(res)
}

/// Whether everything at this path needs a key.
fn is_private(path: &str) -> bool {
    path.strip_prefix("/api/v1/admin").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether public answers at this path may be kept.
fn is_kept(path: &str) -> bool {
    ["/api/v1/", "/feeds/", "/sitemap"].iter().any(|start| path.starts_with(start))
}

/// Gives a problem to an answer that tells of a failure, and an answer to OPTIONS.
fn complete(mut res: ServiceResponse, method: &Method, id: &RequestId) -> ServiceResponse {
    if res.status() == StatusCode::METHOD_NOT_ALLOWED {
        allow_more(res.headers_mut());
        if method == Method::OPTIONS {
            let allow = res.headers().get(header::ALLOW).cloned();
            let mut answer = HttpResponse::NoContent().finish();
            if let Some(allow) = allow {
                answer.headers_mut().insert(header::ALLOW, allow.clone());
                cors::preflight(answer.headers_mut(), allow);
            }
            return res.into_response(answer);
        }
    }
    if res.status().is_redirection() || problem::is_one(res.headers()) {
        return res;
    }
    problem::describe(res, id)
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

/// Codes and tags the body of a public read that is not kept. A body that streams is left alone.
fn represent(res: ServiceResponse) -> ServiceResponse {
    if res.status() != StatusCode::OK || res.headers().contains_key(header::ETAG) {
        return res;
    }
    let (req, answer) = res.into_parts();
    let (mut answer, body) = answer.into_parts();
    let body = match body.try_into_bytes() {
        Ok(body) => body,
        Err(streams) => return ServiceResponse::new(req, answer.set_body(streams)),
    };
    let Some(coding) = Coding::negotiate(req.headers()) else {
        let error = Error::new(Code::NotAcceptable, "no content coding is left that you accept");
        return ServiceResponse::from_err(error, req);
    };
    let coding = representation::worthwhile(coding, body.len());
    let digest = representation::digest(&body);
    if let Ok(etag) = HeaderValue::from_str(&representation::etag(&digest, coding)) {
        answer.headers_mut().insert(header::ETAG, etag);
    }
    answer.headers_mut().append(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    if representation::is_known(req.headers(), &digest) {
        *answer.status_mut() = StatusCode::NOT_MODIFIED;
        answer.headers_mut().remove(header::CONTENT_TYPE);
        return ServiceResponse::new(req, answer.set_body(BoxBody::new(())));
    }
    let (coding, coded) = match representation::encode(body.clone(), coding) {
        Ok(coded) => (coding, coded),
        Err(_) => (Coding::Identity, body),
    };
    if coding != Coding::Identity {
        let name = HeaderValue::from_static(coding.name());
        answer.headers_mut().insert(header::CONTENT_ENCODING, name);
    }
    ServiceResponse::new(req, answer.set_body(coded).map_into_boxed_body())
}

/// The headers that every answer carries.
pub(super) fn dress(headers: &mut HeaderMap, state: &State, public: bool) {
    if public {
        cors::expose(headers);
        if !headers.contains_key(header::CACHE_CONTROL) {
            headers.insert(header::CACHE_CONTROL, state.config().cache_control.clone());
        }
    } else {
        let private = HeaderValue::from_static("private, no-store");
        headers.insert(header::CACHE_CONTROL, private);
    }
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
        ),
    ];
    for (name, value) in fixed {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_needs_a_key_is_told_by_its_path() {
        for path in ["/api/v1/admin", "/api/v1/admin/", "/api/v1/admin/keys"] {
            assert!(is_private(path), "{path}");
        }
        for path in ["/api/v1/administration", "/api/v1/articles", "/", "/feeds/articles.atom"] {
            assert!(!is_private(path), "{path}");
        }
    }
}

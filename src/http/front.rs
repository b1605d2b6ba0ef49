//! Everything that happens to every request, outside in, in one place and in this order.
//!
//! 1. It gets an id.
//! 2. HEAD becomes GET: actix answers HEAD without the body but with its length.
//! 3. A client that takes no JSON is told so.
//! 4. The handlers do their work.
//! 5. A public body is coded and tagged, or left out because the client has it.
//! 6. An answer without a body of ours (a wrong path, a wrong method, a failed extractor) gets its
//!    problem; OPTIONS is answered from the methods that the address allows.
//! 7. The headers of every answer are set; the request is counted and logged.

use super::accept::{Coding, takes_json};
use super::request_id::{RequestId, X_REQUEST_ID};
use super::{cors, representation};
use crate::app::State;
use crate::error::{Code, Error};
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{HttpMessage as _, HttpResponse, web};
use std::time::Instant;

/// The path of everything that needs a key.
const PRIVATE: &str = "/api/v1/admin/";

/// The middleware around all handlers; see the module's text.
pub async fn front(
    mut req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let begun = Instant::now();
    let id = RequestId::of(req.headers());
    req.extensions_mut().insert(id.clone());
    let method = req.method().clone();
    if method == Method::HEAD {
        req.head_mut().method = Method::GET;
    }
    let state = req.app_data::<web::Data<State>>().cloned();
    let public = !req.path().starts_with(PRIVATE);
    let refused = req.path().starts_with("/api/") && !takes_json(req.headers());
    let mut res = if refused {
        let error = Error::new(Code::NotAcceptable, "this address speaks application/json only");
        ServiceResponse::from_err(error, req.request().clone())
    } else {
        match next.call(req).await {
            Ok(res) => res.map_into_boxed_body(),
            Err(error) => return Err(error),
        }
    };
    if res.status().is_success() && (method == Method::GET || method == Method::HEAD) {
        res = represent(res, public);
    }
    if !res.status().is_success() {
        res = complete(res, &method, &id);
    }
    if let Some(state) = state {
        dress(&mut res, &state, &id, public);
        state.metrics().count(&res, &method, begun.elapsed());
    }
    log(&res, &method, &id, begun);
    Ok(res)
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
    if res.status().is_redirection() || is_problem(res.headers()) {
        return res;
    }
    let status = res.status();
    let (req, answer) = res.into_parts();
    let given = answer.error().and_then(|error| error.as_error::<Error>());
    let bare = Error::from_status(status, answer.headers());
    let error = given.unwrap_or(&bare);
    if status.is_server_error() {
        let cause = error.cause().map_or_else(|| "unknown".to_owned(), |c| format!("{c:#}"));
        log::error!("request {}: {}: {}", id.as_str(), error, one_line(&cause));
    }
    let body = serde_json::to_vec(&error.problem(id.as_str())).unwrap_or_default();
    let mut answer = answer.set_body(body).map_into_boxed_body();
    let headers = answer.headers_mut();
    let problem = HeaderValue::from_static("application/problem+json");
    headers.insert(header::CONTENT_TYPE, problem);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    ServiceResponse::new(req, answer)
}

fn is_problem(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|t| t.as_bytes().starts_with(b"application/problem"))
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

/// Codes and tags the body of a public read. A body that streams is left alone.
fn represent(res: ServiceResponse, public: bool) -> ServiceResponse {
    if !public || res.status() != StatusCode::OK || res.headers().contains_key(header::ETAG) {
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
    let etag = representation::etag(&body, coding);
    let mut known = req.headers().get_all(header::IF_NONE_MATCH).filter_map(|v| v.to_str().ok());
    let fresh = known.any(|tags| representation::matches(tags, &etag));
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        answer.headers_mut().insert(header::ETAG, etag);
    }
    answer.headers_mut().append(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    if fresh {
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
fn dress(res: &mut ServiceResponse, state: &State, id: &RequestId, public: bool) {
    let headers = res.headers_mut();
    headers.insert(X_REQUEST_ID, id.header());
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

/// One line a request. The path is as it came: percent-coded, so it cannot break the line.
fn log(res: &ServiceResponse, method: &Method, id: &RequestId, begun: Instant) {
    log::info!(
        target: "roundup::access",
        "{} {method} {} {} {}us",
        id.as_str(),
        res.request().path().escape_debug(),
        res.status().as_u16(),
        begun.elapsed().as_micros(),
    );
}

fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

//! Each request, watched: how long its body takes, when its answer is made, and whether its
//! handler breaks.

use crate::error::Error;
use crate::response::{RequestId, X_REQUEST_ID, apply_security_headers};
use crate::server::connection::Shared;
use crate::server::timeouts::Patience;
use actix_http::{ConnectionType, HttpMessage as _, Request, Response};
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::web::Bytes;
use futures_util::{FutureExt as _, Stream};
use std::any::Any;
use std::cell::Cell;
use std::io;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Instant;

/// A request that has come as far as its head.
pub(super) struct Watched {
    begun: Instant,
    /// What the client calls it.
    given_id: Option<HeaderValue>,
    method: Method,
    working: Option<Working>,
}

impl Watched {
    /// Begins to watch a request; the handler gets it with a body that ends.
    pub(super) fn begin(mut request: Request) -> (Self, Request) {
        let begun = Instant::now();
        let given_id = request.headers().get(X_REQUEST_ID).cloned();
        let body = request.take_payload();
        let rest = if matches!(body, Payload::None) { Rest::None } else { Rest::Some };
        let working = request.conn_data::<Rc<Shared>>().map(|shared| Working::new(shared, rest));
        *request.payload() = match &working {
            Some(working) if rest == Rest::Some => {
                Payload::Stream { payload: Box::pin(working.body(body)) }
            }
            _ => body,
        };
        let method = request.method().clone();
        (Self { begun, given_id, method, working }, request)
    }

    /// Waits for the answer; a handler that panics leaves none, and takes nothing else with it.
    pub(super) async fn answer(
        self,
        answer: impl Future<Output = Result<ServiceResponse<BoxBody>, actix_web::Error>>,
    ) -> Result<Response<Answer>, actix_web::Error> {
        let mut response: Response<BoxBody> = match AssertUnwindSafe(answer).catch_unwind().await {
            Ok(Ok(response)) => response.into(),
            Ok(Err(error)) => error.error_response().into(),
            Err(panic) => self.broken(&*panic),
        };
        let working = self.working;
        if working.as_ref().is_some_and(Working::is_last) {
            response.head_mut().set_connection_type(ConnectionType::Close);
        }
        if let Some(working) = &working
            && response.body().size() == BodySize::Stream
        {
            working.shared.stream();
        }
        Ok(response.map_body(|_, body| Answer { body, _working: working }))
    }

    /// The answer in place of that of a handler that broke.
    fn broken(&self, panic: &(dyn Any + Send)) -> Response<BoxBody> {
        let given: HeaderMap = self.given_id.iter().map(|id| (X_REQUEST_ID, id.clone())).collect();
        let id = RequestId::from_headers(&given);
        log::error!("request {}: a handler panicked: {}", id.as_str(), told(panic));
        let error = Error::internal(anyhow::Error::msg("a handler panicked"));
        let body = serde_json::to_vec(&error.problem(id.as_str())).unwrap_or_default();
        let mut response = Response::new(error.code().status()).set_body(BoxBody::new(body));
        let headers = response.headers_mut();
        let problem = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, problem);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(X_REQUEST_ID, id.to_header_value());
        if let Some(working) = &self.working {
            let state = &working.shared.state;
            apply_security_headers(headers, state.config());
            state.metrics().count_panic(&self.method, self.begun.elapsed());
        }
        response
    }
}

/// What a panic says.
fn told(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("without a word").replace(['\n', '\r'], " ")
}

/// How much of a request's body is still to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rest {
    /// Nothing: it has no body.
    None,
    /// Nothing: all of it was read.
    Read,
    /// Something.
    Some,
    /// Something that came too slowly.
    TooSlow,
}

/// A request from its head to the end of its answer.
struct Working {
    shared: Rc<Shared>,
    rest: Rc<Cell<Rest>>,
}

impl Working {
    fn new(shared: &Rc<Shared>, rest: Rest) -> Self {
        shared.begin(rest == Rest::Some);
        Self { shared: Rc::clone(shared), rest: Rc::new(Cell::new(rest)) }
    }

    /// Whether the connection ends with this answer. A client that is told so while the service is
    /// about to stop does not send its next request into a connection that is being closed.
    fn is_last(&self) -> bool {
        self.rest.get() == Rest::TooSlow || self.shared.state.is_stopping()
    }

    fn body(&self, payload: Payload) -> Body {
        let config = self.shared.state.config();
        let patience = Patience::new(config.body_timeout_ms, config.min_rate);
        Body { payload, patience, shared: Rc::clone(&self.shared), rest: Rc::clone(&self.rest) }
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        let rest = self.rest.get();
        let to_come = matches!(rest, Rest::Some | Rest::TooSlow);
        self.shared.finish(rest != Rest::None, to_come);
    }
}

/// A body that has to come in time.
struct Body {
    payload: Payload,
    patience: Patience,
    shared: Rc<Shared>,
    rest: Rc<Cell<Rest>>,
}

impl Stream for Body {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match Pin::new(&mut self.payload).poll_next(cx) {
            Poll::Ready(Some(Ok(bytes))) => {
                self.patience.moved(bytes.len());
                self.shared.took(false);
                Poll::Ready(Some(Ok(bytes)))
            }
            Poll::Ready(end) => {
                self.shared.took(true);
                self.rest.set(Rest::Read);
                Poll::Ready(end)
            }
            Poll::Pending => {
                std::task::ready!(self.patience.poll_spent(cx));
                self.rest.set(Rest::TooSlow);
                let late = io::Error::from(io::ErrorKind::TimedOut);
                Poll::Ready(Some(Err(PayloadError::Io(late))))
            }
        }
    }
}

/// The body of an answer, which ends the work when it is all written.
pub(super) struct Answer {
    body: BoxBody,
    _working: Option<Working>,
}

impl MessageBody for Answer {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(cx)
    }
}

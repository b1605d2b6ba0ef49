//! Each request from its head to the end of its response: the timeout of its body, and what happens
//! when its handler panics.

use crate::error::Error;
use crate::response::{RequestId, X_REQUEST_ID, apply_security_headers};
use crate::server::connection_state::ConnectionState;
use crate::server::timeouts::TransferTimeout;
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
use std::task::{Context, Poll, ready};
use std::time::Instant;

/// A request whose head has been received.
pub(super) struct TrackedRequest {
    started_at: Instant,
    /// `X-Request-Id` as the client sent it.
    client_id: Option<HeaderValue>,
    method: Method,
    in_flight: Option<InFlight>,
}

impl TrackedRequest {
    /// Starts to track a request. Returns the request for the handler, with a body that times out.
    pub(super) fn start(mut request: Request) -> (Self, Request) {
        let started_at = Instant::now();
        let client_id = request.headers().get(X_REQUEST_ID).cloned();
        let payload = request.take_payload();
        let body = if matches!(payload, Payload::None) { BodyState::None } else { BodyState::Open };
        let in_flight = request
            .conn_data::<Rc<ConnectionState>>()
            .map(|connection| InFlight::start(connection, body));
        *request.payload() = match &in_flight {
            Some(in_flight) if body == BodyState::Open => {
                Payload::Stream { payload: Box::pin(in_flight.limit(payload)) }
            }
            _ => payload,
        };
        let method = request.method().clone();
        (Self { started_at, client_id, method, in_flight }, request)
    }

    /// Waits for the response. If the handler panics, the response is a 500 and the worker keeps
    /// running.
    pub(super) async fn respond(
        self,
        response: impl Future<Output = Result<ServiceResponse<BoxBody>, actix_web::Error>>,
    ) -> Result<Response<TrackedBody>, actix_web::Error> {
        let mut response: Response<BoxBody> = match AssertUnwindSafe(response).catch_unwind().await
        {
            Ok(Ok(response)) => response.into(),
            Ok(Err(error)) => error.error_response().into(),
            Err(panic) => self.panic_response(&*panic),
        };
        let in_flight = self.in_flight;
        if in_flight.as_ref().is_some_and(InFlight::closes_connection) {
            response.head_mut().set_connection_type(ConnectionType::Close);
        }
        if let Some(in_flight) = &in_flight
            && response.body().size() == BodySize::Stream
        {
            in_flight.connection.stream_response();
        }
        Ok(response.map_body(|_, body| TrackedBody { body, _in_flight: in_flight }))
    }

    /// Returns the response for a handler that panicked.
    fn panic_response(&self, panic: &(dyn Any + Send)) -> Response<BoxBody> {
        let headers: HeaderMap =
            self.client_id.iter().map(|id| (X_REQUEST_ID, id.clone())).collect();
        let id = RequestId::from_headers(&headers);
        log::error!("request {}: a handler panicked: {}", id.as_str(), panic_message(panic));
        let error = Error::internal(anyhow::Error::msg("a handler panicked"));
        let body = serde_json::to_vec(&error.problem(id.as_str())).unwrap_or_default();
        let mut response = Response::new(error.code().status()).set_body(BoxBody::new(body));
        let headers = response.headers_mut();
        let content_type = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, content_type);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(X_REQUEST_ID, id.to_header_value());
        if let Some(in_flight) = &self.in_flight {
            let state = in_flight.connection.app();
            apply_security_headers(headers, state.config());
            state.metrics().count_panic(&self.method, self.started_at.elapsed());
        }
        response
    }
}

/// Returns the message of a panic in one line.
fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("no message").replace(['\n', '\r'], " ")
}

/// How much of the body of a request has been received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BodyState {
    /// The request has no body.
    None,
    /// All of it.
    Complete,
    /// Some is still to come.
    Open,
    /// The rest came too slowly.
    TimedOut,
}

/// A request until its response is complete. Dropping it ends the request.
struct InFlight {
    connection: Rc<ConnectionState>,
    body: Rc<Cell<BodyState>>,
}

impl InFlight {
    fn start(connection: &Rc<ConnectionState>, body: BodyState) -> Self {
        connection.start_request(body == BodyState::Open);
        Self { connection: Rc::clone(connection), body: Rc::new(Cell::new(body)) }
    }

    /// Returns whether the connection ends with this response. While the service stops, that keeps
    /// the client from sending its next request into a connection that is being closed.
    fn closes_connection(&self) -> bool {
        self.body.get() == BodyState::TimedOut || self.connection.app().is_stopping()
    }

    fn limit(&self, payload: Payload) -> TimedBody {
        let config = self.connection.app().config();
        TimedBody {
            payload,
            timeout: TransferTimeout::new(config.body_timeout_ms, config.min_rate),
            connection: Rc::clone(&self.connection),
            state: Rc::clone(&self.body),
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let body = self.body.get();
        let body_left = matches!(body, BodyState::Open | BodyState::TimedOut);
        self.connection.finish_request(body != BodyState::None, body_left);
    }
}

/// The body of a request, with a timeout.
struct TimedBody {
    payload: Payload,
    timeout: TransferTimeout,
    connection: Rc<ConnectionState>,
    state: Rc<Cell<BodyState>>,
}

impl Stream for TimedBody {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match Pin::new(&mut self.payload).poll_next(cx) {
            Poll::Ready(Some(Ok(bytes))) => {
                self.timeout.record_bytes(bytes.len());
                self.connection.body_read();
                Poll::Ready(Some(Ok(bytes)))
            }
            Poll::Ready(end) => {
                self.connection.body_ended();
                self.state.set(BodyState::Complete);
                Poll::Ready(end)
            }
            Poll::Pending => {
                ready!(self.timeout.poll_expired(cx));
                self.state.set(BodyState::TimedOut);
                let error = io::Error::from(io::ErrorKind::TimedOut);
                Poll::Ready(Some(Err(PayloadError::Io(error))))
            }
        }
    }
}

/// The body of a response, which ends its request when it is dropped after the last byte.
pub(super) struct TrackedBody {
    body: BoxBody,
    _in_flight: Option<InFlight>,
}

impl MessageBody for TrackedBody {
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

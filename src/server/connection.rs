//! The socket of one connection, with the timeouts that actix lacks.
//!
//! actix-http 3.20 limits the time for the head of a connection's first request and for an idle
//! connection. It has no timeout for later heads, for a body that no handler reads, and for a
//! response that the client does not read. Its own responses to malformed requests have no body.

use crate::error::{Code, Error};
use crate::response::{RequestId, apply_security_headers};
use crate::server::connection_state::{ConnectionState, Phase, READ_AHEAD};
use crate::server::timeouts::{TransferTimeout, poll_deadline};
use crate::state::State;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::web::Data;
use socket2::SockRef;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

/// The number of unsent bytes in the system's buffer above which a connection takes no more. A
/// client has to read that many within `ROUNDUP_WRITE_TIMEOUT_MS`.
const MAX_UNSENT_BYTES: u32 = 16 << 10;

/// A connection that is closed when its client is too slow.
#[derive(Debug)]
pub(super) struct Connection {
    io: TcpStream,
    state: Rc<ConnectionState>,
    read_timer: Option<Pin<Box<Sleep>>>,
    write_timeout: TransferTimeout,
    /// Whether the client does not read what is to be written.
    write_blocked: bool,
    closed: bool,
}

impl Connection {
    /// Wraps an accepted connection.
    pub(super) fn new(io: TcpStream, state: Data<State>) -> Self {
        let config = state.config();
        let write_timeout = TransferTimeout::new(config.write_timeout_ms, config.min_rate);
        if let Err(error) = set_options(&SockRef::from(&io), config.write_timeout_ms) {
            log::debug!("cannot set the options of a connection: {error}");
        }
        Self {
            io,
            state: Rc::new(ConnectionState::new(state)),
            read_timer: None,
            write_timeout,
            write_blocked: false,
            closed: false,
        }
    }

    /// Returns the state that the requests on this connection share with it.
    pub(super) fn state(&self) -> Rc<ConnectionState> {
        Rc::clone(&self.state)
    }

    /// Returns the address of the client.
    pub(super) fn peer_addr(&self) -> Option<SocketAddr> {
        self.io.peer_addr().ok()
    }

    /// Returns ready when the client is too late with what it has to send.
    fn poll_read_timeout(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.state.register_reader(cx.waker());
        if self.write_blocked {
            // The client is still reading an earlier response, which has a timeout of its own.
            self.state.extend_deadline();
        }
        match self.state.phase().deadline() {
            Some(deadline) => poll_deadline(&mut self.read_timer, deadline, cx),
            None => Poll::Pending,
        }
    }

    /// Reads available bytes, up to [`READ_AHEAD`].
    fn poll_read_limited(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let room = READ_AHEAD.saturating_sub(self.state.read_ahead());
        if buf.remaining() <= room {
            return Pin::new(&mut self.io).poll_read(cx, buf);
        }
        // actix enlarges a buffer that was filled, so a full read would make it grow each time.
        let mut part = ReadBuf::new(buf.initialize_unfilled_to(room));
        ready!(Pin::new(&mut self.io).poll_read(cx, &mut part))?;
        let n = part.filled().len();
        buf.advance(n);
        Poll::Ready(Ok(()))
    }

    /// Ends the connection after a timeout, with a 408 if the client may be waiting for a response.
    fn time_out(&mut self) {
        self.closed = true;
        if matches!(self.state.phase(), Phase::Head { .. }) {
            let error =
                Error::new(Code::RequestTimeout, "the head of the request arrived too slowly");
            self.write_error(&error);
        }
    }

    /// Writes the response to bytes that never became a request.
    fn write_error(&self, error: &Error) {
        let state = self.state.app();
        let id = RequestId::from_headers(&HeaderMap::new());
        let code = error.code();
        state.metrics().count_unparsable(code.status());
        let status = code.status().as_u16();
        log::info!(target: "roundup::access", id = id.as_str(), status; "no request");
        let body = serde_json::to_string(&error.problem(id.as_str())).unwrap_or_default();
        let mut headers = HeaderMap::new();
        apply_security_headers(&mut headers, state.config());
        let line = |(name, value): (&HeaderName, &HeaderValue)| {
            format!("{name}: {}\r\n", value.to_str().unwrap_or_default())
        };
        let headers: String = headers.iter().map(line).collect();
        let response = format!(
            "HTTP/1.1 {}\r\ncontent-type: application/problem+json\r\ncontent-length: {}\r\n\
             cache-control: no-store\r\n{headers}x-request-id: {}\r\n\
             connection: close\r\n\r\n{body}",
            code.status(),
            body.len(),
            id.as_str(),
        );
        // It fits into the send buffer, because nothing else was written. A client that has
        // disconnected needs no response.
        if let Err(error) = self.io.try_write(response.as_bytes()) {
            log::debug!("cannot write the last response on a connection: {error}");
        }
    }
}

fn set_options(socket: &SockRef<'_>, write_timeout: Duration) -> io::Result<()> {
    // Closes a connection whose client acknowledges nothing of what is in the send buffer.
    socket.set_tcp_user_timeout(Some(write_timeout))?;
    // Without it megabytes fit into that buffer, and the progress of a slow client is not visible
    // for long.
    socket.set_tcp_notsent_lowat(MAX_UNSENT_BYTES)?;
    socket.set_tcp_nodelay(true)
}

/// Parses the status of a client error that actix responds with by itself, without a body.
fn parse_bare_error(bytes: &[u8]) -> Option<Error> {
    let status = bytes.strip_prefix(b"HTTP/1.1 ")?.get(..3)?;
    let status = StatusCode::from_bytes(status).ok().filter(StatusCode::is_client_error)?;
    Some(Error::from_status(status, &HeaderMap::new()))
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.closed {
            return Poll::Ready(Ok(()));
        }
        if self.state.read_ahead() >= READ_AHEAD {
            if !matches!(self.state.phase(), Phase::Request { reads_body: true, .. }) {
                self.state.clear_read_ahead();
                cx.waker().wake_by_ref();
            }
            // The timeout must also apply while bytes keep coming.
            ready!(self.poll_read_timeout(cx));
            self.time_out();
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        match self.poll_read_limited(cx, buf) {
            Poll::Ready(Ok(())) => {
                let is_streaming =
                    matches!(self.state.phase(), Phase::Request { streams_response: true, .. });
                match buf.filled().get(before..) {
                    Some(bytes) if !bytes.is_empty() => self.state.bytes_received(bytes),
                    // A client may close its side and still read the response. A streamed one ends
                    // all the same: that the client is gone would show only when the next part is
                    // written, which may be much later.
                    _ if is_streaming => {
                        return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
                    }
                    _ => {}
                }
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                ready!(self.poll_read_timeout(cx));
                self.time_out();
                Poll::Ready(Ok(()))
            }
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if !self.state.has_unwritten_response()
            && let Some(error) = parse_bare_error(bytes)
        {
            self.write_error(&error);
            return Poll::Ready(Ok(bytes.len()));
        }
        match Pin::new(&mut self.io).poll_write(cx, bytes) {
            Poll::Ready(Ok(n)) => {
                self.write_blocked = false;
                self.write_timeout.record_bytes(n);
                if n == bytes.len() {
                    self.state.buffer_written();
                }
                Poll::Ready(Ok(n))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                self.write_blocked = true;
                ready!(self.write_timeout.poll_expired(cx));
                // Otherwise the system would keep the unsent bytes for minutes.
                let reset = SockRef::from(&self.io).set_linger(Some(Duration::ZERO));
                Poll::Ready(reset.and(Err(io::ErrorKind::TimedOut.into())))
            }
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

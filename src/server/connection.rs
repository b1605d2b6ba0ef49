//! One connection, watched: what actix leaves without an end gets one here.
//!
//! actix-http 3.20 has a deadline for the head of a connection's first request and for an idle
//! connection, and none for later heads, for a body that nobody reads and for an answer that the
//! client does not take. Its own answers, to what is no request, have no body.

use crate::error::{Code, Error};
use crate::response::{RequestId, apply_security_headers};
use crate::server::timeouts::{Patience, poll_at};
use crate::state::State;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::web::Data;
use socket2::SockRef;
use std::cell::{Cell, RefCell};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};

/// How long the rest of a body is listened to after the answer, so that the client gets to read it.
pub(super) const LINGER: Duration = Duration::from_secs(1);

/// How many bytes wait in the system's buffer to be sent, before a connection takes no more: so many
/// a client has to take within `ROUNDUP_WRITE_TIMEOUT_MS`.
const UNSENT: u32 = 16 << 10;

/// How many bytes are read ahead of what is made of them. Left alone actix fills a buffer of 256 KiB
/// for each client with a large body, whether or not anybody wants it.
const AHEAD: usize = 16 << 10;

/// What the service is waiting for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wait {
    /// Nothing of the client's: a handler works, or the connection may be idle.
    Nothing,
    /// A connection's first byte.
    FirstByte,
    /// The rest of a head.
    Head,
    /// The rest of a body that no handler wanted.
    Rest,
}

/// What the connection and the requests on it tell each other.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) state: Data<State>,
    wait: Cell<Wait>,
    end: Cell<Instant>,
    /// Requests that have begun and whose answers are not yet made.
    working: Cell<u32>,
    /// Some answer of a handler's is not yet written out.
    answering: Cell<bool>,
    /// The answer under way is made piece by piece.
    streaming: Cell<bool>,
    /// A handler has yet to take the rest of its body.
    taking: Cell<bool>,
    /// Bytes that came since it last took some.
    ahead: Cell<usize>,
    /// The last four bytes that came.
    tail: Cell<[u8; 4]>,
    reader: RefCell<Option<Waker>>,
}

impl Shared {
    fn new(state: Data<State>) -> Self {
        let end = Instant::now() + state.config().head_timeout_ms;
        Self {
            state,
            wait: Cell::new(Wait::FirstByte),
            end: Cell::new(end),
            working: Cell::new(0),
            answering: Cell::new(false),
            streaming: Cell::new(false),
            taking: Cell::new(false),
            ahead: Cell::new(0),
            tail: Cell::new([0; 4]),
            reader: RefCell::new(None),
        }
    }

    /// A request is there as far as its head.
    pub(super) fn begin(&self, has_body: bool) {
        self.wait.set(Wait::Nothing);
        self.taking.set(has_body);
        self.working.set(self.working.get() + 1);
        self.answering.set(true);
    }

    /// The handler took some of its body, or the last of it.
    pub(super) fn took(&self, last: bool) {
        self.taking.set(!last);
        if self.ahead.replace(0) >= AHEAD {
            self.wake();
        }
    }

    /// The answer is not made at once: from here to its end it is sent as its pieces come.
    pub(super) fn stream(&self) {
        self.streaming.set(true);
    }

    fn wake(&self) {
        if let Some(waker) = self.reader.borrow().as_ref() {
            waker.wake_by_ref();
        }
    }

    /// The answer is made. Its request may have had a body, of which some may be still to come.
    pub(super) fn finish(&self, had_body: bool, rest_to_come: bool) {
        self.working.set(self.working.get().saturating_sub(1));
        self.streaming.set(false);
        self.took(true);
        if rest_to_come {
            self.expect(Wait::Rest, LINGER);
        } else if !had_body && !ends_a_head(self.tail.get()) {
            self.expect(Wait::Head, self.state.config().head_timeout_ms);
        }
    }

    fn expect(&self, wait: Wait, within: Duration) {
        self.wait.set(wait);
        self.end.set(Instant::now() + within);
        // It may have gone to sleep without a timer.
        self.wake();
    }

    fn arrived(&self, bytes: &[u8]) {
        self.ahead.set(self.ahead.get() + bytes.len());
        let mut tail = self.tail.get();
        for byte in bytes.iter().skip(bytes.len().saturating_sub(tail.len())) {
            tail.rotate_left(1);
            tail[3] = *byte;
        }
        self.tail.set(tail);
        match self.wait.get() {
            Wait::FirstByte => self.wait.set(Wait::Head),
            Wait::Nothing if self.working.get() == 0 => {
                self.expect(Wait::Head, self.state.config().head_timeout_ms);
            }
            _ => {}
        }
    }
}

/// Whether the last bytes are a blank line, also one of line feeds alone, which actix takes.
fn ends_a_head(tail: [u8; 4]) -> bool {
    tail == *b"\r\n\r\n" || tail.ends_with(b"\n\n") || tail.ends_with(b"\n\r\n")
}

/// A connection that ends when its client takes too long.
#[derive(Debug)]
pub(super) struct Connection {
    io: TcpStream,
    shared: Rc<Shared>,
    reading: Option<Pin<Box<Sleep>>>,
    writing: Patience,
    /// Something is to be written that the client does not take at the moment.
    stuck: bool,
    over: bool,
}

impl Connection {
    /// Watches an accepted connection.
    pub(super) fn new(io: TcpStream, state: Data<State>) -> Self {
        let config = state.config();
        let writing = Patience::new(config.write_timeout_ms, config.min_rate);
        if let Err(error) = prepare(&SockRef::from(&io), config.write_timeout_ms) {
            log::debug!("a connection without its options: {error}");
        }
        let shared = Rc::new(Shared::new(state));
        Self { io, shared, reading: None, writing, stuck: false, over: false }
    }

    /// What the requests on it are to know.
    pub(super) fn shared(&self) -> Rc<Shared> {
        Rc::clone(&self.shared)
    }

    /// Who is at the other end.
    pub(super) fn peer(&self) -> Option<SocketAddr> {
        self.io.peer_addr().ok()
    }

    /// Nothing comes: ready when that has lasted too long.
    fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let shared = &self.shared;
        {
            let mut reader = shared.reader.borrow_mut();
            if !reader.as_ref().is_some_and(|known| known.will_wake(cx.waker())) {
                *reader = Some(cx.waker().clone());
            }
        }
        if shared.wait.get() == Wait::Nothing {
            return Poll::Pending;
        }
        if self.stuck {
            // It is busy reading an earlier answer, which has a limit of its own.
            shared.end.set(Instant::now() + shared.state.config().head_timeout_ms);
        }
        poll_at(&mut self.reading, shared.end.get(), cx)
    }

    /// Reads what there is, up to [`AHEAD`].
    fn read_some(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let room = AHEAD.saturating_sub(self.shared.ahead.get());
        if buf.remaining() <= room {
            return Pin::new(&mut self.io).poll_read(cx, buf);
        }
        // actix makes a buffer that is full larger, so that it would grow each time.
        let mut part = ReadBuf::new(buf.initialize_unfilled_to(room));
        std::task::ready!(Pin::new(&mut self.io).poll_read(cx, &mut part))?;
        let n = part.filled().len();
        buf.advance(n);
        Poll::Ready(Ok(()))
    }

    /// Says why the connection ends, if somebody may be listening.
    fn end(&mut self) {
        self.over = true;
        if self.shared.wait.get() == Wait::Head {
            let error = Error::new(Code::RequestTimeout, "the head of the request came too slowly");
            self.say(&error);
        }
    }

    /// Writes an answer to what never became a request.
    fn say(&self, error: &Error) {
        let id = RequestId::from_headers(&HeaderMap::new());
        let code = error.code();
        self.shared.state.metrics().count_unparsable(code.status());
        let status = code.status().as_u16();
        log::info!(target: "roundup::access", id = id.as_str(), status; "no request");
        let body = serde_json::to_string(&error.problem(id.as_str())).unwrap_or_default();
        let mut guards = HeaderMap::new();
        apply_security_headers(&mut guards, self.shared.state.config());
        let line = |(name, value): (&HeaderName, &HeaderValue)| {
            format!("{name}: {}\r\n", value.to_str().unwrap_or_default())
        };
        let guards: String = guards.iter().map(line).collect();
        let answer = format!(
            "HTTP/1.1 {}\r\ncontent-type: application/problem+json\r\ncontent-length: {}\r\n\
             cache-control: no-store\r\n{guards}x-request-id: {}\r\n\
             connection: close\r\n\r\n{body}",
            code.status(),
            body.len(),
            id.as_str(),
        );
        // It fits into the buffer of a connection that has had nothing else to write; a client
        // that has gone needs no answer.
        if let Err(error) = self.io.try_write(answer.as_bytes()) {
            log::debug!("a connection ends without an answer: {error}");
        }
    }
}

/// Sets what makes the system's own buffer part of the watch.
fn prepare(socket: &SockRef<'_>, write_timeout: Duration) -> io::Result<()> {
    // Ends a connection whose client takes nothing of what is in that buffer.
    socket.set_tcp_user_timeout(Some(write_timeout))?;
    // Else megabytes lie there, and that a slow client takes some of them is not seen for long.
    socket.set_tcp_notsent_lowat(UNSENT)?;
    socket.set_tcp_nodelay(true)
}

/// The error that actix tells of in an answer of its own, which has no body.
fn bare_error(bytes: &[u8]) -> Option<Error> {
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
        if self.over {
            return Poll::Ready(Ok(()));
        }
        if self.shared.ahead.get() >= AHEAD {
            if !self.shared.taking.get() {
                self.shared.ahead.set(0);
                cx.waker().wake_by_ref();
            }
            // Its time runs also while something comes all the time.
            std::task::ready!(self.poll_late(cx));
            self.end();
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        match self.read_some(cx, buf) {
            Poll::Ready(Ok(())) => {
                match buf.filled().get(before..) {
                    Some(bytes) if !bytes.is_empty() => self.shared.arrived(bytes),
                    // A client may close its side and still listen; an answer that comes piece by
                    // piece ends with it all the same. Only the next piece would tell whether it
                    // has gone, and that may be long in coming.
                    _ if self.shared.streaming.get() => {
                        return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
                    }
                    _ => {}
                }
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                std::task::ready!(self.poll_late(cx));
                self.end();
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
        if !self.shared.answering.get()
            && let Some(error) = bare_error(bytes)
        {
            self.say(&error);
            return Poll::Ready(Ok(bytes.len()));
        }
        match Pin::new(&mut self.io).poll_write(cx, bytes) {
            Poll::Ready(Ok(n)) => {
                self.stuck = false;
                self.writing.moved(n);
                if n == bytes.len() && self.shared.working.get() == 0 {
                    self.shared.answering.set(false);
                }
                Poll::Ready(Ok(n))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                self.stuck = true;
                std::task::ready!(self.writing.poll_spent(cx));
                // Without this the system would keep what is not taken for minutes more.
                let drop_at_once = SockRef::from(&self.io).set_linger(Some(Duration::ZERO));
                Poll::Ready(drop_at_once.and(Err(io::ErrorKind::TimedOut.into())))
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

//! What a connection is waiting for, shared by the socket and the requests on it.

use crate::state::State;
use actix_web::web::Data;
use std::cell::{Cell, RefCell};
use std::task::Waker;
use std::time::Duration;
use tokio::time::Instant;

/// How long the unread rest of a body is received after the response, so that the client gets to
/// read the response.
pub(super) const LINGER_TIMEOUT: Duration = Duration::from_secs(1);

/// The maximum number of bytes that are read before a handler takes them. Left alone, actix fills a
/// buffer of 256 KiB for each client that sends a large body.
pub(super) const READ_AHEAD: usize = 16 << 10;

/// What a connection is waiting for. Requests on one connection are handled one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// The first byte of the connection.
    FirstByte { deadline: Instant },
    /// The first byte of another request. actix ends a connection that is idle for too long.
    Idle,
    /// The rest of the head of a request.
    Head { deadline: Instant },
    /// The response of a handler. It has no deadline here.
    Request {
        /// Whether the handler may still read from the body.
        reads_body: bool,
        /// Whether the response is sent in parts, as the handler produces them.
        streams_response: bool,
    },
    /// The rest of a body that no handler has read.
    UnreadBody { deadline: Instant },
}

impl Phase {
    /// Returns when the connection is closed unless the client sends something.
    pub(super) fn deadline(self) -> Option<Instant> {
        match self {
            Self::FirstByte { deadline }
            | Self::Head { deadline }
            | Self::UnreadBody { deadline } => Some(deadline),
            Self::Idle | Self::Request { .. } => None,
        }
    }
}

/// The state of one connection.
#[derive(Debug)]
pub(super) struct ConnectionState {
    app: Data<State>,
    phase: Cell<Phase>,
    /// Whether some response of a handler is not completely written. It outlasts
    /// [`Phase::Request`], because actix buffers.
    unwritten_response: Cell<bool>,
    /// The number of bytes received since the handler last took some.
    read_ahead: Cell<usize>,
    /// The last four bytes received.
    last_bytes: Cell<[u8; 4]>,
    reader: RefCell<Option<Waker>>,
}

impl ConnectionState {
    /// Returns the state of a new connection.
    pub(super) fn new(app: Data<State>) -> Self {
        let deadline = Instant::now() + app.config().head_timeout_ms;
        Self {
            app,
            phase: Cell::new(Phase::FirstByte { deadline }),
            unwritten_response: Cell::new(false),
            read_ahead: Cell::new(0),
            last_bytes: Cell::new([0; 4]),
            reader: RefCell::new(None),
        }
    }

    /// Returns the state of the application.
    pub(super) fn app(&self) -> &State {
        &self.app
    }

    /// Returns what the connection is waiting for.
    pub(super) fn phase(&self) -> Phase {
        self.phase.get()
    }

    /// Starts a request when its head is complete.
    pub(super) fn start_request(&self, has_body: bool) {
        self.phase.set(Phase::Request { reads_body: has_body, streams_response: false });
        self.unwritten_response.set(true);
    }

    /// Records that the handler took bytes of the body.
    pub(super) fn body_read(&self) {
        if self.read_ahead.replace(0) >= READ_AHEAD {
            self.wake_reader();
        }
    }

    /// Records that the handler has the last of the body.
    pub(super) fn body_ended(&self) {
        self.update_request(|reads_body, _| *reads_body = false);
        self.body_read();
    }

    /// Records that the response is sent in parts from here to its end.
    pub(super) fn stream_response(&self) {
        self.update_request(|_, streams_response| *streams_response = true);
    }

    fn update_request(&self, update: impl FnOnce(&mut bool, &mut bool)) {
        let mut phase = self.phase.get();
        if let Phase::Request { reads_body, streams_response } = &mut phase {
            update(reads_body, streams_response);
        }
        self.phase.set(phase);
    }

    /// Ends a request when its response is complete. `body_left` says that some of its body has not
    /// been received.
    pub(super) fn finish_request(&self, had_body: bool, body_left: bool) {
        self.phase.set(Phase::Idle);
        self.body_read();
        if body_left {
            let deadline = Instant::now() + LINGER_TIMEOUT;
            self.wait_for(Phase::UnreadBody { deadline });
        } else if !had_body && !ends_head(self.last_bytes.get()) {
            // The client has already sent a part of its next request.
            self.wait_for_head();
        }
    }

    fn wait_for_head(&self) {
        let deadline = Instant::now() + self.app.config().head_timeout_ms;
        self.wait_for(Phase::Head { deadline });
    }

    fn wait_for(&self, phase: Phase) {
        self.phase.set(phase);
        // It may be sleeping without a timer.
        self.wake_reader();
    }

    /// Starts the time for the current phase again.
    pub(super) fn extend_deadline(&self) {
        let deadline = Instant::now() + self.app.config().head_timeout_ms;
        self.phase.set(match self.phase.get() {
            Phase::FirstByte { .. } => Phase::FirstByte { deadline },
            Phase::Head { .. } => Phase::Head { deadline },
            Phase::UnreadBody { .. } => Phase::UnreadBody { deadline },
            phase @ (Phase::Idle | Phase::Request { .. }) => phase,
        });
    }

    /// Records bytes from the socket.
    pub(super) fn bytes_received(&self, bytes: &[u8]) {
        self.read_ahead.set(self.read_ahead.get() + bytes.len());
        let mut last_bytes = self.last_bytes.get();
        for byte in bytes.iter().skip(bytes.len().saturating_sub(last_bytes.len())) {
            last_bytes.rotate_left(1);
            last_bytes[3] = *byte;
        }
        self.last_bytes.set(last_bytes);
        match self.phase.get() {
            Phase::FirstByte { deadline } => self.phase.set(Phase::Head { deadline }),
            Phase::Idle => self.wait_for_head(),
            Phase::Head { .. } | Phase::Request { .. } | Phase::UnreadBody { .. } => {}
        }
    }

    /// Returns the number of bytes received since the handler last took some.
    pub(super) fn read_ahead(&self) -> usize {
        self.read_ahead.get()
    }

    /// Forgets bytes that no handler will take.
    pub(super) fn clear_read_ahead(&self) {
        self.read_ahead.set(0);
    }

    /// Returns whether what is written belongs to the response of a handler.
    pub(super) fn has_unwritten_response(&self) -> bool {
        self.unwritten_response.get()
    }

    /// Records that everything in actix's buffer is written.
    pub(super) fn buffer_written(&self) {
        if !matches!(self.phase.get(), Phase::Request { .. }) {
            self.unwritten_response.set(false);
        }
    }

    /// Sets the task to wake when the phase changes.
    pub(super) fn register_reader(&self, waker: &Waker) {
        let mut reader = self.reader.borrow_mut();
        if !reader.as_ref().is_some_and(|known| known.will_wake(waker)) {
            *reader = Some(waker.clone());
        }
    }

    fn wake_reader(&self) {
        if let Some(waker) = self.reader.borrow().as_ref() {
            waker.wake_by_ref();
        }
    }
}

/// Returns whether these bytes end with a blank line. actix also accepts line feeds alone.
fn ends_head(bytes: [u8; 4]) -> bool {
    bytes == *b"\r\n\r\n" || bytes.ends_with(b"\n\n") || bytes.ends_with(b"\n\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blank_line_ends_a_head() {
        for (bytes, expected) in [
            (b"\r\n\r\n", true),
            (b"a:\n\n", true),
            (b"a\n\r\n", true),
            (b"ab\r\n", false),
            (b"\r\n\r\0", false),
        ] {
            assert_eq!(ends_head(*bytes), expected, "{bytes:?}");
        }
    }
}

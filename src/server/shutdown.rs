//! Graceful shutdown: signals, the drain time, and the end of requests in flight.

use crate::state::State;
use actix_server::Server;
use std::future::pending;
use std::io;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::sleep;

/// The signals that stop the service.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    quit: Signal,
}

impl Signals {
    /// Installs the handlers. From now on none of the signals ends the process by itself.
    pub(super) fn install() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
        })
    }

    /// Waits for the next signal. Returns whether it is SIGTERM, which supervisors send and after
    /// which load balancers need time to notice. A person at a terminal does not want to wait.
    async fn next(&mut self) -> bool {
        tokio::select! {
            Some(()) = self.terminate.recv() => true,
            Some(()) = self.interrupt.recv() => false,
            Some(()) = self.quit.recv() => false,
            else => pending().await,
        }
    }
}

/// Runs the server until a signal has stopped it.
///
/// After the first signal `/readyz` is a 503. After SIGTERM the service accepts requests for
/// `ROUNDUP_DRAIN_MS`. Then it accepts no more, and finishes those in flight. Each further signal
/// ends the current wait.
pub(super) async fn run(server: Server, state: &State, mut signals: Signals) -> io::Result<()> {
    let handle = server.handle();
    let stopped = async {
        let drain = if signals.next().await { state.config().drain_ms } else { Duration::ZERO };
        state.begin_shutdown();
        log::info!("stopping: requests are accepted for {} ms more", drain.as_millis());
        tokio::select! {
            () = sleep(drain) => {}
            _ = signals.next() => {}
        }
        tokio::select! {
            () = handle.stop(true) => {}
            _ = signals.next() => log::warn!("stopping now: requests in flight are aborted"),
        }
    };
    // Dropping the server ends it without waiting.
    tokio::select! {
        result = server => result,
        () = stopped => Ok(()),
    }
}

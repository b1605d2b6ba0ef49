//! When and how to stop: signals, the time in which others notice, and the end.

use crate::state::State;
use actix_server::Server;
use std::future::pending;
use std::io;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::sleep;

/// The signals that end the service.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    quit: Signal,
}

impl Signals {
    /// Begins to listen for them: from now on none of them ends the process by itself.
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
        })
    }

    /// Waits for the next, and says whether it is SIGTERM: the one that supervisors send, where others
    /// have to notice. A person at a terminal does not want to wait.
    async fn next(&mut self) -> bool {
        tokio::select! {
            Some(()) = self.terminate.recv() => true,
            Some(()) = self.interrupt.recv() => false,
            Some(()) = self.quit.recv() => false,
            else => pending().await,
        }
    }
}

/// Runs the server until it is told to stop and has stopped.
///
/// After the first signal `/readyz` says 503, and after SIGTERM requests are taken for the time of
/// `ROUNDUP_DRAIN_MS`; then no more, and those in flight are finished. A further signal ends the time,
/// or does not wait for those in flight.
pub(super) async fn run(server: Server, state: &State, mut signals: Signals) -> io::Result<()> {
    let handle = server.handle();
    let told = async {
        let drain = if signals.next().await { state.config().drain_ms } else { Duration::ZERO };
        state.begin_shutdown();
        log::info!("told to stop: requests are taken for {} ms more", drain.as_millis());
        tokio::select! {
            () = sleep(drain) => {}
            _ = signals.next() => {}
        }
        tokio::select! {
            () = handle.stop(true) => {}
            _ = signals.next() => log::warn!("told again: requests in flight are cut off"),
        }
    };
    // Dropping the server is what ends it without waiting.
    tokio::select! {
        done = server => done,
        () = told => Ok(()),
    }
}

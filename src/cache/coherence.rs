//! What decides whether memory still tells the truth: the counters, how far they may be trusted,
//! and how new a replica must be.

use super::counters::{Change, Counters, Depends, Ticket};
use super::position::{Lsn, Position};
use super::trust::{Moment, Trust};
use prometheus_client::metrics::counter::Counter;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::timeout;

/// How long a write waits to hear of itself.
const CATCH_UP: Duration = Duration::from_millis(100);

/// The start of a reading: the state it sees is at least as new as this.
#[derive(Debug, Clone, Copy)]
pub struct Begun {
    /// The newest change before it.
    pub ticket: Ticket,
    /// When it was.
    pub moment: Moment,
}

/// See the module's text. One an instance.
#[derive(Debug, Default)]
pub struct Coherence {
    counters: Counters,
    trust: Trust,
    position: Position,
    confirmed: Notify,
    pub(super) heard: Counter,
    pub(super) reconnected: Counter,
}

impl Coherence {
    /// Tells of a change that this instance has committed: after the commit, before the answer.
    pub fn changed(&self, change: Change<'_>) {
        self.counters.mark(change);
        self.position.want();
    }

    /// Waits until all is heard that was committed by now, so that a writer can answer: it need
    /// not know what its transaction has changed, for the database tells. Without the connection
    /// that listens, everything may have changed.
    pub async fn catch_up(&self) {
        let now = self.trust.now();
        let heard = async {
            while self.trust.confirmed() < now {
                let confirmed = self.confirmed.notified();
                self.position.ask();
                if self.trust.is_cut(self.trust.now()) {
                    return;
                }
                confirmed.await;
            }
        };
        // In time or not: what counts is looked at below.
        _ = timeout(CATCH_UP, heard).await;
        if self.trust.confirmed() < now {
            self.changed(Change::Everything);
        }
    }

    /// A reading that begins now.
    pub fn begin(&self) -> Begun {
        Begun { ticket: self.counters.now(), moment: self.trust.now() }
    }

    /// Whether what `begun` has read may be shown as current at `now`.
    pub fn is_current(&self, begun: Begun, on: Depends, now: Moment) -> bool {
        self.holds(begun, on) && self.trust.covers(begun.moment, now)
    }

    /// Whether no change is known to what `begun` has read.
    pub fn holds(&self, begun: Begun, on: Depends) -> bool {
        self.counters.hold(on, begun.ticket)
    }

    /// How far memory may be trusted.
    pub fn trust(&self) -> &Trust {
        &self.trust
    }

    /// There is a replica.
    pub fn use_position(&self) {
        self.position.use_it();
    }

    /// The position that a replica must have reached to answer a reading that begins now; none if
    /// only the primary will do.
    pub fn floor(&self) -> Option<Lsn> {
        if self.trust.is_cut(self.trust.now()) {
            return None;
        }
        self.position.floor(self.counters.now())
    }

    /// A reading has come to see the state at `lsn`.
    pub fn shown(&self, lsn: Lsn) {
        self.position.shown(lsn);
    }

    /// A notice came in.
    pub(super) fn heard(&self, change: Change<'_>) {
        self.heard.inc();
        self.changed(change);
    }

    /// The connection listens from now on. What happened before was not heard: all must be read
    /// again.
    pub(super) fn connected(&self, lsn: Lsn) {
        self.reconnected.inc();
        self.position.restart(lsn);
        self.counters.mark(Change::Everything);
        self.trust.set_listening(true);
    }

    /// The connection is lost; says whether there was one.
    pub(super) fn disconnected(&self) -> bool {
        self.trust.set_listening(false)
    }

    /// Before the database is asked to confirm.
    pub(super) fn ask(&self) -> Begun {
        self.begin()
    }

    /// The database has answered what was asked then.
    pub(super) fn confirm(&self, asked: Begun, lsn: Lsn) {
        self.position.learn(asked.ticket, lsn);
        self.trust.confirm(asked.moment);
        self.trust.answered();
        self.confirmed.notify_waiters();
    }

    /// Waits until somebody wants the database to confirm at once.
    pub(super) async fn wanted(&self) {
        self.position.wanted().await;
    }
}

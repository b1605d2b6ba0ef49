//! Decides whether a cached response is current: what has changed since it was read, and whether
//! all changes are known.

use super::freshness::{Freshness, Timestamp};
use super::replication_lsn::{Lsn, MinimumLsn};
use super::versions::{Change, Dependency, Version, Versions};
use prometheus_client::metrics::counter::Counter;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::time::timeout;

/// How long a write waits until its own changes are known.
const CATCH_UP_TIMEOUT: Duration = Duration::from_millis(100);

/// When a read started. It sees a state at least as new.
#[derive(Debug, Clone, Copy)]
pub struct ReadStart {
    /// The current version at the start.
    pub version: Version,
    /// The time of the start.
    pub timestamp: Timestamp,
}

impl ReadStart {
    /// Returns whether this read started after `other` or at the same time.
    pub fn is_not_before(self, other: Self) -> bool {
        self.version >= other.version && self.timestamp >= other.timestamp
    }
}

/// The invalidation state of one instance.
#[derive(Debug, Default)]
pub struct Invalidation {
    versions: Versions,
    freshness: Freshness,
    minimum_lsn: MinimumLsn,
    has_replica: AtomicBool,
    confirmation_wanted: Notify,
    confirmed: Notify,
    changed: watch::Sender<()>,
    last_event: watch::Sender<i64>,
    pub(super) changes: Counter,
    pub(super) connections: Counter,
}

impl Invalidation {
    /// Records a change. An instance that commits calls this after the commit and before its
    /// response.
    pub fn record(&self, change: Change<'_>) {
        self.versions.record(change);
        if self.has_replica.load(Ordering::Relaxed) {
            // No replica is read until the primary's position after this change is known.
            self.confirmation_wanted.notify_one();
        }
    }

    /// Waits until the changes of everything committed by now are known. A writer need not know what
    /// its transaction has changed, because triggers in the database record it. If that takes too long,
    /// everything counts as changed.
    pub async fn catch_up(&self) {
        let now = self.freshness.now();
        let caught_up = async {
            while self.freshness.last_confirmed() < now {
                let confirmed = self.confirmed.notified();
                self.confirmation_wanted.notify_one();
                if !self.freshness.is_connected(self.freshness.now()) {
                    return;
                }
                confirmed.await;
            }
        };
        // A timeout is no error: the check below finds out.
        _ = timeout(CATCH_UP_TIMEOUT, caught_up).await;
        if self.freshness.last_confirmed() < now {
            self.record(Change::Everything);
        }
    }

    /// Returns the start of a read that starts now.
    pub fn start_read(&self) -> ReadStart {
        ReadStart { version: self.versions.current(), timestamp: self.freshness.now() }
    }

    /// Returns whether what a read returned may be served as current at `now`.
    pub fn is_current(&self, start: ReadStart, dependency: Dependency, now: Timestamp) -> bool {
        self.is_unchanged(start, dependency) && self.freshness.is_fresh(start.timestamp, now)
    }

    /// Returns whether no change to what a read returned is known.
    pub fn is_unchanged(&self, start: ReadStart, dependency: Dependency) -> bool {
        self.versions.is_unchanged_since(start.version, dependency)
    }

    /// Returns how long cached responses may be served.
    pub fn freshness(&self) -> &Freshness {
        &self.freshness
    }

    /// Asks the primary for its log position after every change, because there is a replica.
    pub fn track_replica(&self) {
        self.has_replica.store(true, Ordering::Relaxed);
    }

    /// Returns the position that a replica must have replayed to serve a read that starts now, or
    /// `None` if only the primary may serve it.
    pub fn minimum_lsn(&self) -> Option<Lsn> {
        if !self.freshness.is_connected(self.freshness.now()) {
            return None;
        }
        self.minimum_lsn.get(self.versions.current())
    }

    /// Records that a read has seen the state at `lsn`: older states are not served any more.
    pub fn raise_minimum_lsn(&self, lsn: Lsn) {
        self.minimum_lsn.raise(lsn);
    }

    /// Records a change that the database reports.
    pub(super) fn handle_change(&self, change: Change<'_>) {
        self.changes.inc();
        self.record(change);
    }

    /// Records that the changes are followed from now on. Earlier ones are unknown, so everything
    /// counts as changed.
    pub(super) fn connected(&self, lsn: Lsn) {
        self.connections.inc();
        self.minimum_lsn.reset(lsn);
        self.versions.record(Change::Everything);
        self.freshness.set_following(true);
    }

    /// Records that the connection is lost. Returns whether there was one.
    pub(super) fn disconnected(&self) -> bool {
        self.freshness.set_following(false)
    }

    /// Records the response to a query that was sent at `sent`: the changes of every earlier commit are
    /// known, and the primary was at `lsn`.
    pub(super) fn confirm(&self, sent: ReadStart, lsn: Lsn) {
        self.minimum_lsn.record(sent.version, lsn);
        self.freshness.confirm(sent.timestamp);
        self.freshness.record_success();
        self.confirmed.notify_waiters();
    }

    /// Reports whether there are new rows of `changes`, and the last event.
    pub(super) fn report_events(&self, changed: bool, last_event: i64) {
        if changed {
            self.changed.send_replace(());
        }
        self.last_event.send_if_modified(|last| std::mem::replace(last, last_event) != last_event);
    }

    /// Reads the changes now and not at the next regular time.
    pub fn read_now(&self) {
        self.confirmation_wanted.notify_one();
    }

    /// Returns a receiver that is notified when anything has changed.
    pub fn changed(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Returns a receiver of the id of the last event.
    pub fn last_event(&self) -> watch::Receiver<i64> {
        self.last_event.subscribe()
    }

    /// Waits until a confirmation is wanted at once.
    pub(super) async fn confirmation_wanted(&self) {
        self.confirmation_wanted.notified().await;
    }
}

//! How long cached responses may be served: up to which time all changes are known, and whether the
//! database is down.
//!
//! The state is a few atomics, because every request reads it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The maximum age of an entry since it was read or last confirmed.
pub const MAX_UNCONFIRMED_AGE: Duration = Duration::from_secs(1);

/// How long a database that has failed is not queried for responses that are in memory.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// A point in time, in microseconds since the process started to cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Timestamp(u64);

impl Timestamp {
    /// Returns the time since `earlier`, or zero if that is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }

    fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)))
    }
}

/// What is known about the database at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatabaseState {
    /// All changes until at most [`MAX_UNCONFIRMED_AGE`] ago are known.
    Connected,
    /// Changes may be unknown. Queries may still succeed.
    Disconnected,
    /// Changes may be unknown, and the last query failed.
    Down {
        /// When a query is next tried.
        retry_at: Timestamp,
    },
}

/// When the database last confirmed, and whether it answers.
#[derive(Debug)]
pub struct Freshness {
    epoch: Instant,
    confirmed: AtomicU64,
    following: AtomicBool,
    /// Zero after a success.
    retry_at: AtomicU64,
}

impl Default for Freshness {
    fn default() -> Self {
        // The epoch lies in the past, so that a timestamp of zero is never fresh.
        let past = Instant::now().checked_sub(MAX_UNCONFIRMED_AGE * 2);
        Self {
            epoch: past.unwrap_or_else(Instant::now),
            confirmed: AtomicU64::new(0),
            following: AtomicBool::new(false),
            retry_at: AtomicU64::new(0),
        }
    }
}

impl Freshness {
    /// Returns the current time.
    pub fn now(&self) -> Timestamp {
        self.timestamp(Instant::now())
    }

    /// Converts an instant.
    pub fn timestamp(&self, instant: Instant) -> Timestamp {
        Timestamp(0).plus(instant.saturating_duration_since(self.epoch))
    }

    /// Records that every change committed before `timestamp` is known.
    pub fn confirm(&self, timestamp: Timestamp) {
        self.confirmed.fetch_max(timestamp.0, Ordering::SeqCst);
    }

    /// Returns the latest confirmed time.
    pub fn last_confirmed(&self) -> Timestamp {
        Timestamp(self.confirmed.load(Ordering::SeqCst))
    }

    /// Returns whether a response read at `read_at` is at most [`MAX_UNCONFIRMED_AGE`] old since
    /// then or since the last confirmation.
    pub fn is_fresh(&self, read_at: Timestamp, now: Timestamp) -> bool {
        now.since(read_at.max(self.last_confirmed())) <= MAX_UNCONFIRMED_AGE
    }

    /// Records whether the changes are followed. Returns whether they were.
    pub fn set_following(&self, following: bool) -> bool {
        self.following.swap(following, Ordering::SeqCst)
    }

    /// Returns what is known about the database.
    pub fn database_state(&self, now: Timestamp) -> DatabaseState {
        let following = self.following.load(Ordering::SeqCst);
        if following && now.since(self.last_confirmed()) <= MAX_UNCONFIRMED_AGE {
            return DatabaseState::Connected;
        }
        match self.retry_at.load(Ordering::SeqCst) {
            0 => DatabaseState::Disconnected,
            retry_at => DatabaseState::Down { retry_at: Timestamp(retry_at) },
        }
    }

    /// Returns whether the changes are followed and the database has just confirmed it.
    pub fn is_connected(&self, now: Timestamp) -> bool {
        self.database_state(now) == DatabaseState::Connected
    }

    /// Returns whether a request that memory can answer should query the database. While the
    /// database is down, this is true for one request in each `RETRY_INTERVAL`.
    pub fn should_query(&self, now: Timestamp) -> bool {
        let DatabaseState::Down { retry_at } = self.database_state(now) else { return true };
        if now < retry_at {
            return false;
        }
        let next = now.plus(RETRY_INTERVAL).0;
        let order = Ordering::SeqCst;
        self.retry_at.compare_exchange(retry_at.0, next, order, order).is_ok()
    }

    /// Records that a query failed because the database did not answer it.
    pub fn record_failure(&self, now: Timestamp) {
        self.retry_at.store(now.plus(RETRY_INTERVAL).0, Ordering::SeqCst);
    }

    /// Records that the database answered a query.
    pub fn record_success(&self) {
        if self.retry_at.load(Ordering::SeqCst) != 0 {
            self.retry_at.store(0, Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000;

    #[test]
    fn an_unconfirmed_response_is_fresh_for_a_second() {
        let freshness = Freshness::default();
        let read_at = Timestamp(10 * SECOND);
        assert!(freshness.is_fresh(read_at, Timestamp(11 * SECOND)));
        assert!(!freshness.is_fresh(read_at, Timestamp(11 * SECOND + 1)));
        freshness.confirm(Timestamp(12 * SECOND));
        assert!(freshness.is_fresh(read_at, Timestamp(13 * SECOND)));
        assert!(!freshness.is_connected(Timestamp(12 * SECOND)), "not following");
        freshness.set_following(true);
        assert!(freshness.is_connected(Timestamp(13 * SECOND)));
        assert!(!freshness.is_connected(Timestamp(13 * SECOND + 1)));
    }

    #[test]
    fn one_request_a_second_queries_a_database_that_is_down() {
        let freshness = Freshness::default();
        let now = freshness.now();
        assert!(freshness.should_query(now));
        freshness.record_failure(now);
        assert!(!freshness.should_query(now));
        let later = Timestamp(now.0 + SECOND);
        assert_eq!([freshness.should_query(later), freshness.should_query(later)], [true, false]);
        freshness.record_success();
        assert!(freshness.should_query(later));
        assert_eq!(freshness.database_state(later), DatabaseState::Disconnected);
    }

    #[test]
    fn a_connected_database_is_queried_whatever_failed_before() {
        let freshness = Freshness::default();
        let now = freshness.now();
        freshness.record_failure(now);
        freshness.set_following(true);
        freshness.confirm(now);
        assert!(freshness.should_query(now));
    }
}

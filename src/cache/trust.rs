//! How far memory may be trusted: when the database last confirmed that no notice is outstanding,
//! and whether it is away.
//!
//! Times are microseconds since the process began to cache. All of it is a handful of atomics: it
//! is asked at every request.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How old an entry may be that nothing has confirmed.
pub const UNCONFIRMED: Duration = Duration::from_secs(1);

/// How long a database that has failed is left alone by answers that memory can give.
const REST: Duration = Duration::from_secs(1);

/// A moment, in microseconds since the beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Moment(u64);

impl Moment {
    /// How long after `earlier` this is; zero if it is not.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

/// See the module's text.
#[derive(Debug)]
pub struct Trust {
    began: Instant,
    confirmed: AtomicU64,
    listening: AtomicBool,
    resting_until: AtomicU64,
}

impl Default for Trust {
    fn default() -> Self {
        // Began a little earlier, so that a moment of zero is long past from the start.
        let began = Instant::now().checked_sub(UNCONFIRMED * 2).unwrap_or_else(Instant::now);
        let (confirmed, resting_until) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { began, confirmed, listening: AtomicBool::new(false), resting_until }
    }
}

impl Trust {
    /// Now.
    pub fn now(&self) -> Moment {
        self.at(Instant::now())
    }

    /// That moment.
    pub fn at(&self, instant: Instant) -> Moment {
        let passed = instant.saturating_duration_since(self.began);
        Moment(u64::try_from(passed.as_micros()).unwrap_or(u64::MAX))
    }

    /// Every change committed before this moment has been heard of.
    pub fn confirm(&self, moment: Moment) {
        self.confirmed.fetch_max(moment.0, Ordering::SeqCst);
    }

    /// The latest moment that was confirmed.
    pub fn confirmed(&self) -> Moment {
        Moment(self.confirmed.load(Ordering::SeqCst))
    }

    /// Whether what was read at `filled` is at most [`UNCONFIRMED`] behind.
    pub fn covers(&self, filled: Moment, now: Moment) -> bool {
        now.since(filled.max(self.confirmed())) <= UNCONFIRMED
    }

    /// Whether the connection that listens is there; returns whether it was.
    pub fn set_listening(&self, listening: bool) -> bool {
        self.listening.swap(listening, Ordering::SeqCst)
    }

    /// Whether changes may have been missed.
    pub fn is_cut(&self, now: Moment) -> bool {
        !self.listening.load(Ordering::SeqCst) || now.since(self.confirmed()) > UNCONFIRMED
    }

    /// The database did not answer.
    pub fn failed(&self, now: Moment) {
        let until = Moment(now.0 + u64::try_from(REST.as_micros()).unwrap_or_default());
        self.resting_until.store(until.0, Ordering::SeqCst);
    }

    /// The database answered.
    pub fn answered(&self) {
        if self.resting_until.load(Ordering::SeqCst) != 0 {
            self.resting_until.store(0, Ordering::SeqCst);
        }
    }

    /// Whether the database is known to be away. Once in [`REST`] one caller is told that it is
    /// not: that one finds out.
    pub fn is_away(&self, now: Moment) -> bool {
        let until = self.resting_until.load(Ordering::SeqCst);
        if until == 0 || !self.is_cut(now) {
            return false;
        }
        if now.0 < until {
            return true;
        }
        let next = now.0 + u64::try_from(REST.as_micros()).unwrap_or_default();
        let order = Ordering::SeqCst;
        self.resting_until.compare_exchange(until, next, order, order).is_err()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000;

    #[test]
    fn what_is_unconfirmed_is_trusted_for_a_second() {
        let trust = Trust::default();
        let filled = Moment(10 * SECOND);
        assert!(trust.covers(filled, Moment(11 * SECOND)));
        assert!(!trust.covers(filled, Moment(11 * SECOND + 1)));
        trust.confirm(Moment(12 * SECOND));
        assert!(trust.covers(filled, Moment(13 * SECOND)));
        assert!(trust.is_cut(Moment(12 * SECOND)), "nobody listens");
        trust.set_listening(true);
        assert!(!trust.is_cut(Moment(13 * SECOND)));
        assert!(trust.is_cut(Moment(13 * SECOND + 1)));
    }

    #[test]
    fn one_caller_a_second_tries_a_database_that_is_away() {
        let trust = Trust::default();
        let now = trust.now();
        assert!(!trust.is_away(now));
        trust.failed(now);
        assert!(trust.is_away(now));
        let later = Moment(now.0 + SECOND);
        assert_eq!([trust.is_away(later), trust.is_away(later)], [false, true]);
        trust.answered();
        assert!(!trust.is_away(later));
    }
}

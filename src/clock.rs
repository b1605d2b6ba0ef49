//! The current time. Nothing else reads the system clock, so that tests can set the time.

use chrono::{DateTime, Duration, SubsecRound, Utc};
use std::sync::atomic::{AtomicI64, Ordering};

/// The source of every time that is stored or compared.
#[derive(Debug, Default)]
pub enum Clock {
    /// The system's clock.
    #[default]
    System,
    /// A clock that tests set.
    Fixed(AtomicI64),
}

impl Clock {
    /// Returns a clock that stands at `at` until [`Clock::advance`].
    pub fn fixed(at: DateTime<Utc>) -> Self {
        Self::Fixed(AtomicI64::new(at.timestamp_micros()))
    }

    /// Returns the current time in microseconds, the precision of PostgreSQL.
    #[expect(clippy::disallowed_methods, reason = "the only place that may read the system clock")]
    pub fn now(&self) -> DateTime<Utc> {
        match self {
            Self::System => Utc::now().trunc_subsecs(6),
            Self::Fixed(at) => {
                DateTime::from_timestamp_micros(at.load(Ordering::Relaxed)).unwrap_or_default()
            }
        }
    }

    /// Advances a fixed clock. Does nothing to the system's.
    pub fn advance(&self, by: Duration) {
        if let Self::Fixed(at) = self {
            at.fetch_add(by.num_microseconds().unwrap_or(0), Ordering::Relaxed);
        }
    }
}

//! Where in the primary's log this instance has read, so that a replica that lags behind it is not
//! asked.
//!
//! `floor` is a position in the log: no state older than that may be shown any more. `known` says
//! up to which change it is right. A write does not ask for its position; it only draws a ticket,
//! and no replica is asked until the listening connection has asked the primary for its position
//! *after* that ticket was drawn. Such a position includes the commit, whoever made it.

use super::counters::Ticket;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tokio::sync::Notify;

/// A position in PostgreSQL's write-ahead log, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Lsn(pub u64);

impl Lsn {
    /// Reads the two hexadecimal halves that PostgreSQL prints: `16/B374D848`.
    pub fn parse(text: &str) -> Option<Self> {
        let (high, low) = text.split_once('/')?;
        let half = |text| u32::from_str_radix(text, 16).ok().map(u64::from);
        Some(Self(half(high)? << 32 | half(low)?))
    }
}

/// See the module's text.
#[derive(Debug, Default)]
pub struct Position {
    floor: AtomicU64,
    known: AtomicU64,
    used: AtomicBool,
    wanted: Notify,
}

impl Position {
    /// The position a replica must have reached to be asked at `ticket`; none if it is not known.
    pub fn floor(&self, ticket: Ticket) -> Option<Lsn> {
        let known = self.known.load(Ordering::SeqCst) >= ticket.number();
        known.then(|| Lsn(self.floor.load(Ordering::SeqCst)))
    }

    /// Something as new as `lsn` has been shown.
    pub fn shown(&self, lsn: Lsn) {
        self.floor.fetch_max(lsn.0, Ordering::SeqCst);
    }

    /// The primary was at `lsn` after `ticket` was drawn.
    pub fn learn(&self, ticket: Ticket, lsn: Lsn) {
        self.shown(lsn);
        self.known.fetch_max(ticket.number(), Ordering::SeqCst);
    }

    /// The primary may be another one, with another log.
    pub fn restart(&self, lsn: Lsn) {
        self.floor.store(lsn.0, Ordering::SeqCst);
    }

    /// There is a replica, so positions matter.
    pub fn use_it(&self) {
        self.used.store(true, Ordering::Relaxed);
    }

    /// Something has changed: its position is to be asked for, if there is a replica.
    pub fn want(&self) {
        if self.used.load(Ordering::Relaxed) {
            self.ask();
        }
    }

    /// The database is to be asked now.
    pub fn ask(&self) {
        self.wanted.notify_one();
    }

    /// Waits until it is.
    pub async fn wanted(&self) {
        self.wanted.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::{Change, Counters};

    #[test]
    fn a_position_is_read_as_postgres_prints_it() {
        assert_eq!(Lsn::parse("16/B374D848"), Some(Lsn(0x16_b374_d848)));
        assert_eq!(Lsn::parse("0/0"), Some(Lsn(0)));
        for bad in ["", "16", "/", "g/1", "1/100000000"] {
            assert_eq!(Lsn::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn after_a_change_no_replica_is_asked_until_its_position_is_known() {
        let (counters, position) = (Counters::default(), Position::default());
        position.learn(counters.now(), Lsn(10));
        assert_eq!(position.floor(counters.now()), Some(Lsn(10)));
        counters.mark(Change::Lists);
        assert_eq!(position.floor(counters.now()), None);
        position.learn(counters.now(), Lsn(9));
        assert_eq!(position.floor(counters.now()), Some(Lsn(10)), "never back");
    }
}

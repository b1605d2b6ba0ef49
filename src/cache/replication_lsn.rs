//! The position in the primary's write-ahead log that a replica must have replayed before it may
//! serve a read.
//!
//! `minimum` is a log position: nothing older may be served any more. `valid_until` is the version
//! up to which `minimum` is right. A write does not query its log position. It only draws a
//! version, and no replica is used until the connection that follows the changes has asked the primary for its
//! position *after* that version was drawn. Such a position includes the commit, whoever made it.

use super::versions::Version;
use std::sync::atomic::{AtomicU64, Ordering};

/// A position in PostgreSQL's write-ahead log, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Lsn(pub u64);

impl Lsn {
    /// Parses the two hexadecimal halves that PostgreSQL prints: `16/B374D848`.
    pub fn parse(text: &str) -> Option<Self> {
        let (high, low) = text.split_once('/')?;
        let half = |text| u32::from_str_radix(text, 16).ok().map(u64::from);
        Some(Self(half(high)? << 32 | half(low)?))
    }
}

/// The minimum position of a replica that may be read.
#[derive(Debug, Default)]
pub struct MinimumLsn {
    minimum: AtomicU64,
    valid_until: AtomicU64,
}

impl MinimumLsn {
    /// Returns the position that a replica must have replayed to be read at `version`, or `None`
    /// if it is not known yet.
    pub fn get(&self, version: Version) -> Option<Lsn> {
        let known = self.valid_until.load(Ordering::SeqCst) >= version.number();
        known.then(|| Lsn(self.minimum.load(Ordering::SeqCst)))
    }

    /// Records that a state as new as `lsn` has been served.
    pub fn raise(&self, lsn: Lsn) {
        self.minimum.fetch_max(lsn.0, Ordering::SeqCst);
    }

    /// Records that the primary was at `lsn` after `version` was drawn.
    pub fn record(&self, version: Version, lsn: Lsn) {
        self.raise(lsn);
        self.valid_until.fetch_max(version.number(), Ordering::SeqCst);
    }

    /// Resets the minimum to `lsn`, because the primary may be another server with another log.
    pub fn reset(&self, lsn: Lsn) {
        self.minimum.store(lsn.0, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::{Change, Versions};

    #[test]
    fn lsn_is_parsed_as_postgres_prints_it() {
        assert_eq!(Lsn::parse("16/B374D848"), Some(Lsn(0x16_b374_d848)));
        assert_eq!(Lsn::parse("0/0"), Some(Lsn(0)));
        for invalid in ["", "16", "/", "g/1", "1/100000000"] {
            assert_eq!(Lsn::parse(invalid), None, "{invalid}");
        }
    }

    #[test]
    fn after_a_change_no_replica_is_read_until_the_primary_reports_its_position() {
        let (versions, minimum) = (Versions::default(), MinimumLsn::default());
        minimum.record(versions.current(), Lsn(10));
        assert_eq!(minimum.get(versions.current()), Some(Lsn(10)));
        versions.record(Change::Lists);
        assert_eq!(minimum.get(versions.current()), None);
        minimum.record(versions.current(), Lsn(9));
        assert_eq!(minimum.get(versions.current()), Some(Lsn(10)), "never lower");
    }
}

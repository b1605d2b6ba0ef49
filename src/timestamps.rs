//! The one form of a time in responses: RFC 3339 in UTC, in whole seconds, such as `2014-12-04T00:00:00Z`.
//!
//! Times are stored in microseconds, because lists sort by them. The fraction is cut, never rounded, so a
//! time in a response is a bound that includes what it was read from: `updated_after=` with the
//! `updated_at` of an article returns that article again.

use chrono::{DateTime, SubsecRound as _, Utc};
use serde::{Serialize, Serializer};

/// A time, or none.
pub trait Timestamp: Serialize {
    /// Returns the time without its fraction of a second.
    #[must_use]
    fn whole_seconds(&self) -> Self;
}

impl Timestamp for DateTime<Utc> {
    fn whole_seconds(&self) -> Self {
        self.trunc_subsecs(0)
    }
}

impl Timestamp for Option<DateTime<Utc>> {
    fn whole_seconds(&self) -> Self {
        self.map(|at| at.whole_seconds())
    }
}

/// Serialises a time in whole seconds.
///
/// # Errors
/// Those of the serialiser.
pub fn serialize<T: Timestamp, S: Serializer>(at: &T, serializer: S) -> Result<S::Ok, S::Error> {
    at.whole_seconds().serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fraction_is_cut() {
        for (text, whole) in [
            ("2014-12-04T00:00:00Z", "2014-12-04T00:00:00Z"),
            ("2014-12-04T00:00:00.999999Z", "2014-12-04T00:00:00Z"),
            ("1960-01-01T00:00:00.500Z", "1960-01-01T00:00:00Z"),
        ] {
            let at: DateTime<Utc> = text.parse().unwrap();
            let json = serialize(&at, serde_json::value::Serializer).unwrap();
            assert_eq!(json, whole);
            assert_eq!(serialize(&Some(at), serde_json::value::Serializer).unwrap(), whole);
        }
    }
}

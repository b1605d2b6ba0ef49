//! Times as exports write them. What is no time, or stands for none, is none.

use chrono::{DateTime, NaiveDateTime, Utc};

/// RFC 3339, with any offset.
pub(super) fn with_zone(text: &str) -> Option<DateTime<Utc>> {
    let time = DateTime::parse_from_rfc3339(text.trim()).ok()?;
    sensible(time.to_utc())
}

/// "2014-12-04 08:15:00" or "2014-12-04T08:15:00", taken as UTC.
pub(super) fn without_zone(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    let parse = |format| NaiveDateTime::parse_from_str(text, format).ok();
    let time = parse("%Y-%m-%d %H:%M:%S").or_else(|| parse("%Y-%m-%dT%H:%M:%S%.f"))?;
    sensible(time.and_utc())
}

/// "Thu, 04 Dec 2014 08:15:00 +0000", as feeds have it.
pub(super) fn of_feed(text: &str) -> Option<DateTime<Utc>> {
    let time = DateTime::parse_from_rfc2822(text.trim()).ok()?;
    // Drafts are given the first second of 1970.
    sensible(time.to_utc()).filter(|time| time.timestamp() > 86_400)
}

/// Years that PostgreSQL and every client can read; "0000-00-00" is none.
fn sensible(time: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let year = chrono::Datelike::year(&time);
    (1..=9999).contains(&year).then_some(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_their_zone() {
        let utc = |time: Option<DateTime<Utc>>| time.map(|time| time.to_rfc3339());
        assert_eq!(
            utc(with_zone("2011-02-13T22:15:00.000+01:00")).as_deref(),
            Some("2011-02-13T21:15:00+00:00")
        );
        assert_eq!(
            utc(of_feed("Thu, 04 Dec 2014 08:15:00 -0500")).as_deref(),
            Some("2014-12-04T13:15:00+00:00")
        );
        assert_eq!(
            utc(without_zone(" 2014-12-04 08:15:00 ")).as_deref(),
            Some("2014-12-04T08:15:00+00:00")
        );
    }

    #[test]
    fn a_time_that_is_none_is_none() {
        for text in ["", "0000-00-00 00:00:00", "yesterday", "2014-13-04 00:00:00"] {
            assert_eq!(without_zone(text), None, "{text}");
            assert_eq!(with_zone(text), None, "{text}");
        }
        assert_eq!(of_feed("Wed, 30 Nov -0001 00:00:00 +0000"), None);
        assert_eq!(of_feed("Thu, 01 Jan 1970 00:00:00 +0000"), None);
    }
}

//! Parses times as exports write them. A text that is no time, or stands for none, gives none.

use chrono::{DateTime, NaiveDateTime, Utc};

/// Parses a time of RFC 3339, with any offset.
pub(crate) fn parse_rfc3339(text: &str) -> Option<DateTime<Utc>> {
    let time = DateTime::parse_from_rfc3339(text.trim()).ok()?;
    in_range(time.to_utc())
}

/// Parses "2014-12-04 08:15:00" or "2014-12-04T08:15:00" as UTC.
pub(crate) fn parse_as_utc(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    let parse = |format| NaiveDateTime::parse_from_str(text, format).ok();
    let time = parse("%Y-%m-%d %H:%M:%S").or_else(|| parse("%Y-%m-%dT%H:%M:%S%.f"))?;
    in_range(time.and_utc())
}

/// Parses "Thu, 04 Dec 2014 08:15:00 +0000" (RFC 2822), as RSS has it.
pub(crate) fn parse_rfc2822(text: &str) -> Option<DateTime<Utc>> {
    let time = DateTime::parse_from_rfc2822(text.trim()).ok()?;
    // WordPress gives drafts the first second of 1970.
    in_range(time.to_utc()).filter(|time| time.timestamp() > 86_400)
}

/// Returns the time if PostgreSQL and every client can read its year. "0000-00-00" is none.
fn in_range(time: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let year = chrono::Datelike::year(&time);
    (1..=9999).contains(&year).then_some(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_parsed_with_their_zone() {
        let utc = |time: Option<DateTime<Utc>>| time.map(|time| time.to_rfc3339());
        assert_eq!(
            utc(parse_rfc3339("2011-02-13T22:15:00.000+01:00")).as_deref(),
            Some("2011-02-13T21:15:00+00:00")
        );
        assert_eq!(
            utc(parse_rfc2822("Thu, 04 Dec 2014 08:15:00 -0500")).as_deref(),
            Some("2014-12-04T13:15:00+00:00")
        );
        assert_eq!(
            utc(parse_as_utc(" 2014-12-04 08:15:00 ")).as_deref(),
            Some("2014-12-04T08:15:00+00:00")
        );
    }

    #[test]
    fn a_text_that_is_no_time_gives_none() {
        for text in ["", "0000-00-00 00:00:00", "yesterday", "2014-13-04 00:00:00"] {
            assert_eq!(parse_as_utc(text), None, "{text}");
            assert_eq!(parse_rfc3339(text), None, "{text}");
        }
        assert_eq!(parse_rfc2822("Wed, 30 Nov -0001 00:00:00 +0000"), None);
        assert_eq!(parse_rfc2822("Thu, 01 Jan 1970 00:00:00 +0000"), None);
    }
}

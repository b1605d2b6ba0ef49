//! Parses times as exports write them. A text that is no time, or stands for none, gives none.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};

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

/// Parses "12/30/2004 01:14:33 PM", as Movable Type writes it, as UTC.
pub(crate) fn parse_us(text: &str) -> Option<DateTime<Utc>> {
    let formats = ["%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %H:%M:%S"];
    let parse = |format: &&str| NaiveDateTime::parse_from_str(text.trim(), format).ok();
    in_range(formats.iter().find_map(parse)?.and_utc())
}

/// Parses a date or time as people and programs write it in front matter. Returns the time, as UTC
/// if it has no zone, and whether it has none.
pub(crate) fn parse_written(text: &str) -> Option<(DateTime<Utc>, bool)> {
    let text = text.trim();
    if let Some(time) = parse_rfc3339(text).or_else(|| parse_rfc2822(text)) {
        return Some((time, false));
    }
    for format in
        ["%Y-%m-%d %H:%M:%S %z", "%Y-%m-%d %H:%M:%S%z", "%Y-%m-%d %H:%M %z", "%Y-%m-%dT%H:%M%:z"]
    {
        if let Ok(time) = DateTime::parse_from_str(text, format) {
            return in_range(time.to_utc()).map(|time| (time, false));
        }
    }
    let minutes = ["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"];
    let minutes = minutes.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    let days = ["%Y-%m-%d", "%Y/%m/%d", "%B %d, %Y", "%b %d, %Y", "%d %B %Y", "%d %b %Y"];
    let days = || days.iter().find_map(|form| NaiveDate::parse_from_str(text, form).ok());
    let days = || days().map(|date| date.and_time(NaiveTime::MIN));
    let local = || minutes.or_else(days).and_then(|time| in_range(time.and_utc()));
    Some((parse_as_utc(text).or_else(local)?, true))
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
    fn written_times_may_have_no_zone() {
        for (text, time, uncertain) in [
            ("2024-01-02T08:00:00+01:00", "2024-01-02T07:00:00Z", false),
            ("2024-01-02 08:00:00 -0500", "2024-01-02T13:00:00Z", false),
            ("2024-01-02 08:00:00", "2024-01-02T08:00:00Z", true),
            ("2024-01-02", "2024-01-02T00:00:00Z", true),
            ("2024-01-02 08:30", "2024-01-02T08:30:00Z", true),
            ("Jan 2, 2024", "2024-01-02T00:00:00Z", true),
        ] {
            let found = parse_written(text).unwrap();
            assert_eq!(found, (parse_rfc3339(time).unwrap(), uncertain), "{text}");
        }
        assert_eq!(parse_written("soon"), None);
        assert_eq!(parse_written("false"), None);
    }

    #[test]
    fn american_times_are_parsed() {
        let time = |text| parse_us(text).map(|time| time.to_rfc3339());
        assert_eq!(time("12/30/2004 01:14:33 PM").as_deref(), Some("2004-12-30T13:14:33+00:00"));
        assert_eq!(time("12/30/2004 13:14:33").as_deref(), Some("2004-12-30T13:14:33+00:00"));
        assert_eq!(time("30/12/2004"), None);
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

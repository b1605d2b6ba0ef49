//! Parses the dates of comments as blogs write them.

use crate::text;

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// Parses "December 4, 2014 at 7:14 PM" and "4 December 2014 19:14" as `YYYY-MM-DDThh:mm:ss`.
pub(super) fn parse(text: &str) -> Option<String> {
    let words = text::words(text);
    let month = words.iter().find_map(|word| {
        let at = MONTHS.iter().position(|month| word.starts_with(month) && word.len() <= 9)?;
        u32::try_from(at + 1).ok()
    })?;
    let numbers: Vec<u32> = words
        .iter()
        .filter_map(|word| word.trim_end_matches(char::is_alphabetic).parse().ok())
        .collect();
    let year = numbers.iter().copied().find(|number| (1990..2100).contains(number))?;
    let day = numbers.iter().copied().find(|number| (1..=31).contains(number))?;
    let clock = text.split_whitespace().find(|word| crate::labels::is_clock(word))?;
    let (hours, minutes) = clock.split_once(':')?;
    let mut hours: u32 = hours.parse().ok()?;
    let minutes: u32 = minutes.get(..2)?.parse().ok()?;
    let lower = text.to_lowercase();
    if lower.contains("pm") || lower.contains("p.m") {
        hours = if hours < 12 { hours + 12 } else { hours };
    } else if (lower.contains("am") || lower.contains("a.m")) && hours == 12 {
        hours = 0;
    }
    (hours < 24 && minutes < 60)
        .then(|| format!("{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:00"))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn dates_of_blogs_are_read() {
        for (text, date) in [
            ("December 4, 2014 at 7:14 PM", Some("2014-12-04T19:14:00")),
            ("4 December 2014 19:14", Some("2014-12-04T19:14:00")),
            ("March 1, 2020 at 12:05 AM", Some("2020-03-01T00:05:00")),
            ("at 7:14", None),
        ] {
            assert_eq!(parse(text).as_deref(), date, "{text}");
        }
    }
}

//! What one line of a roundup can be, told from the line alone.

use url::Url;

/// The longest line that can be a headline or a heading, in characters.
const LONGEST_HEADLINE: usize = 250;

/// The longest heading over a list, in characters.
const LONGEST_HEADING: usize = 120;

/// The longest dek, in characters.
const LONGEST_DEK: usize = 200;

/// One line of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Line<'a> {
    /// Counted from 1.
    pub(super) no: usize,
    /// The line without the white space around it.
    pub(super) text: &'a str,
}

/// The lines of `input`; LF, CRLF and lone CR end one, and a byte order mark is passed over.
pub(super) fn lines(input: &str) -> Vec<Line<'_>> {
    let input = input.strip_prefix('\u{FEFF}').unwrap_or(input);
    let mut lines = Vec::new();
    for line in input.split('\n') {
        let line = line.strip_suffix('\r').unwrap_or(line);
        lines.extend(line.split('\r'));
    }
    lines.iter().zip(1..).map(|(text, no)| Line { no, text: text.trim() }).collect()
}

/// Takes "- ", "* ", "• " or "3. " off the start.
pub(super) fn without_bullet(text: &str) -> &str {
    let number = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = text.len() - number.len();
    let rest = match digits {
        0 => text.strip_prefix(['-', '*', '•', '·', '–', '►', '»']),
        1..=3 => number.strip_prefix(['.', ')']),
        _ => None,
    };
    match rest {
        Some(rest) if rest.starts_with(char::is_whitespace) => rest.trim_start(),
        _ => text,
    }
}

/// Takes the addresses off the end of a line: bare, in "<…>" or in "(…)".
pub(super) fn take_urls(text: &str) -> (&str, Vec<String>) {
    let mut rest = text.trim();
    let mut urls = Vec::new();
    loop {
        let at = rest.rfind(char::is_whitespace);
        let (before, last) = at.map_or(("", rest), |at| rest.split_at(at));
        let Some(url) = as_url(last.trim()) else { break };
        urls.insert(0, url);
        rest = before.trim_end();
    }
    (rest, urls)
}

/// A word that is an http or https address, as written but for the brackets around it and the
/// punctuation after it.
fn as_url(word: &str) -> Option<String> {
    let mut url = word;
    for (open, close) in [('(', ')'), ('[', ']'), ('<', '>')] {
        let inner = url.strip_prefix(open).map(|url| url.trim_end_matches(['.', ',', ';']));
        url = inner.and_then(|url| url.strip_suffix(close)).unwrap_or(url);
    }
    let url = url.trim_end_matches(['.', ',', ';']);
    is_web(url).then(|| url.to_owned())
}

/// Whether `url` is a whole http or https address.
pub(super) fn is_web(url: &str) -> bool {
    let scheme = url.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    matches!(scheme.as_deref(), Some("http" | "https"))
        && Url::parse(url).is_ok_and(|url| url.has_host())
}

/// A short line without a sentence's end, which can stand over a list.
pub(super) fn may_be_heading(text: &str) -> bool {
    text.chars().count() <= LONGEST_HEADING && !ends_a_sentence(text)
}

/// A heading in capitals: "MIDDLE EAST", "TERRORISM/THE LONG WAR".
pub(super) fn is_section(text: &str) -> bool {
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    letters >= 3
        && text.split_whitespace().count() <= 8
        && text.chars().filter(|c| c.is_alphabetic()).all(char::is_uppercase)
        && may_be_heading(text)
}

/// A line that holds no text at all, only dashes, stars and the like.
pub(super) fn is_decoration(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_whitespace() || "-–—_=*~#.·•…|+".contains(c))
}

/// A line that can be a dek: short, and no sentence.
pub(super) fn may_be_dek(text: &str) -> bool {
    text.chars().count() <= LONGEST_DEK && !ends_a_sentence(text) && !text.ends_with([':', ','])
}

/// Whether most of the longer words begin with a capital.
pub(super) fn is_title_case(text: &str) -> bool {
    let long = |word: &&str| word.chars().filter(|c| c.is_alphabetic()).count() >= 4;
    let first = |word: &str| word.chars().find(|c| c.is_alphabetic());
    let total = text.split_whitespace().filter(long).count();
    let small = text
        .split_whitespace()
        .filter(long)
        .filter(|word| first(word).is_some_and(char::is_lowercase))
        .count();
    small * 3 <= total
}

/// Running text rather than a headline: long, or a sentence of some length.
pub(super) fn is_prose(text: &str) -> bool {
    let words = text.split_whitespace().count();
    is_long(text) || (words >= 6 && ends_a_sentence(text))
}

/// Too long for a headline.
pub(super) fn is_long(text: &str) -> bool {
    text.chars().count() > LONGEST_HEADLINE
}

/// Whether a line ends as a sentence does, quotation marks and brackets aside.
pub(super) fn ends_a_sentence(text: &str) -> bool {
    text.trim_end_matches(['"', '”', '’', '\'', ')', ']']).ends_with(['.', '!', '…', '。'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_in_any_of_the_three_ways() {
        let texts: Vec<_> =
            lines("\u{FEFF}a\r\n b \rc\n\nd").iter().map(|l| (l.no, l.text)).collect();
        assert_eq!(texts, [(1, "a"), (2, "b"), (3, "c"), (4, ""), (5, "d")]);
    }

    #[test]
    fn bullets_are_taken_off() {
        for (text, rest) in [
            ("- a", "a"),
            ("* a", "a"),
            ("•  a", "a"),
            ("12. a", "a"),
            ("3) a", "a"),
            ("-- a", "-- a"),
            ("*a*", "*a*"),
            ("2014. a", "2014. a"),
            ("3.5 a", "3.5 a"),
            ("", ""),
        ] {
            assert_eq!(without_bullet(text), rest);
        }
    }

    #[test]
    fn addresses_are_taken_off_the_end() {
        for (text, rest, urls) in [
            ("A -- B https://example.com/a", "A -- B", vec!["https://example.com/a"]),
            ("A (https://example.com/a_(b))", "A", vec!["https://example.com/a_(b)"]),
            ("A <http://example.com>.", "A", vec!["http://example.com"]),
            (
                "https://example.com/a, https://example.com/b",
                "",
                vec!["https://example.com/a", "https://example.com/b"],
            ),
            ("see https://example.com now", "see https://example.com now", vec![]),
            ("A ftp://example.com", "A ftp://example.com", vec![]),
            ("A https://", "A https://", vec![]),
        ] {
            assert_eq!(take_urls(text), (rest, urls.into_iter().map(str::to_owned).collect()));
        }
    }

    #[test]
    fn deks_are_titles_rather_than_sentences() {
        assert!(may_be_dek("Ferries To Run At Night"));
        assert!(!may_be_dek("Ferries ran at night."));
        assert!(is_title_case("U.S. Not Coordinating With Tehran on Airstrikes"));
        assert!(!is_title_case("Ferry operators were not told about the plan"));
    }
}

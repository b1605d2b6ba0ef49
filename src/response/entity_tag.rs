//! Entity tags in `If-Match` and `If-None-Match` (RFC 9110, sections 8.8.3 and 13.1).

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

/// An entity tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tag<'a> {
    /// Whether the tag is weak.
    pub(crate) weak: bool,
    /// The text between the quotes.
    pub(crate) opaque: &'a [u8],
}

/// Returns whether the header contains `*` or a tag for which `matches` is true; `None` if the header
/// was not sent.
pub(crate) fn header_matches(
    headers: &HeaderMap,
    header: &HeaderName,
    matches: impl Fn(Tag<'_>) -> bool,
) -> Option<bool> {
    let mut lines = headers.get_all(header).map(HeaderValue::as_bytes).peekable();
    lines.peek()?;
    Some(lines.any(|line| line.trim_ascii() == b"*" || parse_tags(line).any(&matches)))
}

/// Parses a list of tags. Stops at a syntax error: what follows may be the inside of a tag.
pub(crate) fn parse_tags(list: &[u8]) -> impl Iterator<Item = Tag<'_>> {
    let mut rest = list;
    std::iter::from_fn(move || {
        while let [b' ' | b'\t' | b',', after @ ..] = rest {
            rest = after;
        }
        let weak = rest.strip_prefix(b"W/");
        let inside = weak.unwrap_or(rest).strip_prefix(b"\"")?;
        let end = inside.iter().position(|byte| *byte == b'"')?;
        let (opaque, after) = inside.split_at_checked(end)?;
        rest = after.strip_prefix(b"\"")?;
        Some(Tag { weak: weak.is_some(), opaque })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_tags_are_parsed() {
        let read = |list: &'static str| -> Vec<(bool, &str)> {
            let texts = parse_tags(list.as_bytes()).map(|tag| (tag.weak, tag.opaque));
            texts.map(|(weak, opaque)| (weak, std::str::from_utf8(opaque).unwrap())).collect()
        };
        assert_eq!(read("\"a\""), [(false, "a")]);
        assert_eq!(read(" , W/\"a\" ,\t\"b\",,"), [(true, "a"), (false, "b")]);
        assert_eq!(read("\"a,*,b\", \"\""), [(false, "a,*,b"), (false, "")]);
        assert_eq!(read("w/\"a\", \"b\""), [], "W is a capital");
        assert_eq!(read("a, \"b\""), []);
        assert_eq!(read("\"a"), []);
        assert_eq!(read("*"), []);
    }
}

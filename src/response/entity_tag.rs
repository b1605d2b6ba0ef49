//! Entity tags as a client sends them back (RFC 9110, sections 8.8.3 and 13.1).

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

/// One tag of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tag<'a> {
    /// Whether it stands for bodies that are only about the same.
    pub(crate) weak: bool,
    /// What is between its quotes.
    pub(crate) opaque: &'a [u8],
}

/// Whether `If-Match` or `If-None-Match` names what is there: by `*`, or by a tag of which `is_ours`
/// says so. None if the header was not sent.
pub(crate) fn names(
    headers: &HeaderMap,
    header: &HeaderName,
    is_ours: impl Fn(Tag<'_>) -> bool,
) -> Option<bool> {
    let mut lines = headers.get_all(header).map(HeaderValue::as_bytes).peekable();
    lines.peek()?;
    Some(lines.any(|line| line.trim_ascii() == b"*" || tags(line).any(&is_ours)))
}

/// The tags of a list; what is no tag ends it, for what stands behind may be the inside of one.
pub(crate) fn tags(list: &[u8]) -> impl Iterator<Item = Tag<'_>> {
    let mut rest = list;
    std::iter::from_fn(move || {
        while let [b' ' | b'\t' | b',', after @ ..] = rest {
            rest = after;
        }
        let strong = rest.strip_prefix(b"W/");
        let inside = strong.unwrap_or(rest).strip_prefix(b"\"")?;
        let end = inside.iter().position(|byte| *byte == b'"')?;
        let (opaque, after) = inside.split_at_checked(end)?;
        rest = after.strip_prefix(b"\"")?;
        Some(Tag { weak: strong.is_some(), opaque })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_tags_is_read_as_http_has_it() {
        let read = |list: &'static str| -> Vec<(bool, &str)> {
            let texts = tags(list.as_bytes()).map(|tag| (tag.weak, tag.opaque));
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

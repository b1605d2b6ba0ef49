//! URLs in attributes and in text.

use std::borrow::Cow;

use url::{ParseError, Url};

use crate::xml_chars::is_xml_char;

/// Returns the absolute `http`, `https` or `mailto` URL of an attribute's value, or nothing.
///
/// An absolute URL stays as it is written. A relative one is resolved against `base`; without a
/// base it has no meaning and gives nothing.
pub(crate) fn resolve(value: &str, base: Option<&Url>) -> Option<String> {
    // A browser ignores tabs and line ends within a URL, and control characters around it.
    let written: String = value
        .trim_matches(|character| character <= ' ')
        .chars()
        .filter(|character| !matches!(character, '\t' | '\n' | '\r') && is_xml_char(*character))
        .collect();
    match Url::parse(&written) {
        Ok(url) if url.scheme() == "mailto" => Some(written),
        Ok(url) if is_web(&url) => {
            let (scheme, rest) = written.split_once(':')?;
            let is_complete = rest.starts_with("//") && scheme.eq_ignore_ascii_case(url.scheme());
            // A browser may read `https:a` as relative to a page with the same scheme.
            Some(if is_complete { written } else { url.into() })
        }
        Err(ParseError::RelativeUrlWithoutBase) if !written.is_empty() => {
            base?.join(&written).ok().filter(is_web).map(Into::into)
        }
        _ => None,
    }
}

fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
}

/// Splits `text` around its first bare URL: what stands before, the URL, and what follows. It begins
/// with `http://`, `https://` or `www.`.
///
/// The URL ends where a reader would say so: at white space, quotes and brackets that were not
/// opened within it, and before punctuation that ends a sentence.
pub(crate) fn split_bare_url(text: &str) -> Option<(&str, &str, &str)> {
    let mut searched = 0;
    while let Some(found) = text.get(searched..)?.find([':', 'w', 'W']) {
        let at = searched + found;
        let (before, rest) = text.split_at(at);
        let start = if rest.starts_with("://") {
            scheme_start(before)
        } else {
            (begins_with_www(rest) && may_precede_www(before)).then_some(at)
        };
        let Some(start) = start else {
            searched = at + 1;
            continue;
        };
        let candidate = text.get(start..)?;
        let run = candidate.find(ends_url).unwrap_or(candidate.len());
        let url = trim_end(candidate.get(..run)?);
        if is_linkable(&bare_url_target(url)) {
            let end = start + url.len();
            return Some((text.get(..start)?, url, text.get(end..)?));
        }
        searched = (start + run).max(at + 1);
    }
    None
}

/// Returns the URL that a bare URL stands for: one that begins with `www.` has no scheme.
pub(crate) fn bare_url_target(url: &str) -> Cow<'_, str> {
    if begins_with_www(url) { format!("http://{url}").into() } else { url.into() }
}

fn begins_with_www(text: &str) -> bool {
    text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("www."))
}

/// Whether a URL that begins with `www.` may follow this text. Scripts that are written without
/// spaces may stand directly before it.
fn may_precede_www(text: &str) -> bool {
    let is_boundary = |c: char| c.is_whitespace() || !c.is_ascii() || "(*_~\"'".contains(c);
    text.chars().next_back().is_none_or(is_boundary)
}

/// Returns where the scheme begins that ends `text`, if it is `http` or `https` and not the end of
/// a longer word. Scripts that are written without spaces may stand directly before it.
fn scheme_start(text: &str) -> Option<usize> {
    let is_scheme = |scheme: &&str| {
        let start = text.len().checked_sub(scheme.len());
        start
            .and_then(|start| text.get(start..))
            .is_some_and(|end| end.eq_ignore_ascii_case(scheme))
    };
    let scheme = ["https", "http"].into_iter().find(is_scheme)?;
    let start = text.len() - scheme.len();
    let is_word = text.get(..start)?.chars().next_back().is_some_and(|c| c.is_ascii_alphanumeric());
    (!is_word).then_some(start)
}

fn ends_url(character: char) -> bool {
    character.is_whitespace()
        || character.is_control()
        || "<>\"`{}|\\^“”‘’„«»‹›、。，；：？！（）「」『』【】《》〈〉…،؛؟".contains(character)
}

/// Cuts off the punctuation of the sentence around a URL.
fn trim_end(url: &str) -> &str {
    let count = |wanted: char| url.chars().filter(|character| *character == wanted).count();
    let mut unopened = count(')').saturating_sub(count('('));
    url.trim_end_matches(|character| match character {
        ')' => {
            let trims = unopened > 0;
            unopened = unopened.saturating_sub(1);
            trims
        }
        ']' => !url.contains('['),
        _ => "?!.,:;*_~'".contains(character),
    })
}

fn is_linkable(url: &str) -> bool {
    let host = Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned));
    host.is_some_and(|host| host.contains(['.', ':']))
}

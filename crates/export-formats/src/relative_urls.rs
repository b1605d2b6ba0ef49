//! Makes relative URLs in the text of a post absolute: they refer to the site that the post comes from.

use crate::record::{Body, Image, Post};
use regex::{Captures, Regex};
use std::borrow::Cow;
use std::sync::LazyLock;
use url::Url;

/// A start tag of HTML.
static TAG: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"<[A-Za-z](?:[^<>"']|"[^"]*"|'[^']*')*>"#).ok());

/// An attribute with a URL in a start tag.
static ATTRIBUTE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?i)(?P<name>\s(?:href|src|poster|cite)\s*=\s*)(?:"(?P<a>[^"]*)"|'(?P<b>[^']*)'|(?P<c>[^\s"'>]+))"#,
    )
    .ok()
});

/// The target of a link or picture in Markdown.
static TARGET: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?P<name>\]\(\s*)(?P<a>[^\s()<>]+)|(?P<code>`[^`]*`)").ok());

/// The definition of a link in Markdown.
static DEFINITION: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^(?P<name> {0,3}\[[^\]]+\]:\s*)(?P<a>[^\s<>]+)").ok());

/// Makes the relative URLs of a post absolute, if the URL of its page or site is known. Removes a
/// picture whose URL cannot be made absolute; returns its URL.
pub fn resolve_post(post: &mut Post) -> Option<String> {
    let base = post.base_url.as_deref().and_then(|url| Url::parse(url).ok());
    if let Some(base) = &base {
        let is_markdown = matches!(post.body, Body::Markdown(_) | Body::MarkdownPost(_));
        let text = post.body.text_mut();
        let resolved = if is_markdown { in_markdown(text, base) } else { in_html(text, base) };
        if let Cow::Owned(resolved) = resolved {
            *text = resolved;
        }
    }
    let url = resolved_image(post.image.as_ref()?, base.as_ref());
    if let (Some(url), Some(image)) = (url, post.image.as_mut()) {
        image.url = url;
        return None;
    }
    post.image.take().map(|image| image.url)
}

/// Returns the absolute URL of a picture.
fn resolved_image(image: &Image, base: Option<&Url>) -> Option<String> {
    let url = match base {
        Some(base) => base.join(image.url.trim()).ok()?,
        None => Url::parse(image.url.trim()).ok()?,
    };
    matches!(url.scheme(), "http" | "https").then(|| url.into())
}

/// Returns the absolute form of a URL; none if it is absolute already or a part of the page.
fn absolute(url: &str, base: &Url) -> Option<String> {
    let url = url.trim();
    let is_relative = !url.is_empty()
        && !url.starts_with(['#', '{', '['])
        && Url::parse(url) == Err(url::ParseError::RelativeUrlWithoutBase);
    if is_relative { base.join(url).ok().map(Into::into) } else { None }
}

/// Returns what a match of one of the patterns becomes.
fn replaced(found: &Captures<'_>, base: &Url, quote: &str) -> String {
    let part = |name: &str| found.name(name).map(|part| part.as_str());
    let url = ["a", "b", "c"].iter().find_map(|name| part(name));
    match (part("name"), url.and_then(|url| absolute(&url.replace("&amp;", "&"), base))) {
        (Some(name), Some(url)) if quote.is_empty() => format!("{name}{url}"),
        (Some(name), Some(url)) => {
            format!("{name}{quote}{}{quote}", url.replace('&', "&amp;").replace('"', "%22"))
        }
        _ => found.get(0).map_or(String::new(), |whole| whole.as_str().to_owned()),
    }
}

fn in_html<'a>(html: &'a str, base: &Url) -> Cow<'a, str> {
    let (Some(tag), Some(attribute)) = (TAG.as_ref(), ATTRIBUTE.as_ref()) else {
        return Cow::Borrowed(html);
    };
    tag.replace_all(html, |tag: &Captures<'_>| {
        let tag = tag.get(0).map_or("", |tag| tag.as_str());
        attribute.replace_all(tag, |found: &Captures<'_>| replaced(found, base, "\"")).into_owned()
    })
}

/// Returns Markdown with absolute URLs; code stays as it is.
fn in_markdown<'a>(text: &'a str, base: &Url) -> Cow<'a, str> {
    let (Some(target), Some(definition)) = (TARGET.as_ref(), DEFINITION.as_ref()) else {
        return Cow::Borrowed(text);
    };
    let mut resolved = String::with_capacity(text.len());
    let mut in_code = false;
    for line in text.split_inclusive('\n') {
        if line.trim_start().starts_with("```") || line.trim_start().starts_with("~~~") {
            in_code = !in_code;
        }
        if in_code || line.starts_with("    ") || line.starts_with('\t') {
            resolved += line;
            continue;
        }
        let line = definition.replace(line, |found: &Captures<'_>| replaced(found, base, ""));
        let line = target.replace_all(&line, |found: &Captures<'_>| replaced(found, base, ""));
        resolved += &in_html(&line, base);
    }
    Cow::Owned(resolved)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_urls_in_html_refer_to_the_page() {
        let base = Url::parse("https://a.example/2012/post/").unwrap();
        for (html, resolved) in [
            ("<a href=\"/b/\">b</a>", "<a href=\"https://a.example/b/\">b</a>"),
            (
                "<a title='x' href='../c'>c</a>",
                "<a title='x' href=\"https://a.example/2012/c\">c</a>",
            ),
            ("<img src=//cdn.example/d.jpg>", "<img src=\"https://cdn.example/d.jpg\">"),
            ("<a href=\"/?a=1&amp;b=2\">", "<a href=\"https://a.example/?a=1&amp;b=2\">"),
            ("<a href=\"#fn1\">1</a>", "<a href=\"#fn1\">1</a>"),
            ("<a href=\"mailto:a@b.example\">", "<a href=\"mailto:a@b.example\">"),
            ("<a href=\"https://b.example/x\">", "<a href=\"https://b.example/x\">"),
            ("&lt;a href=\"/b/\"&gt; href=\"/b/\"", "&lt;a href=\"/b/\"&gt; href=\"/b/\""),
        ] {
            assert_eq!(in_html(html, &base), resolved);
        }
    }

    #[test]
    fn relative_urls_in_markdown_refer_to_the_page() {
        let base = Url::parse("https://a.example/2012/").unwrap();
        for (text, resolved) in [
            ("[b](/b \"B\")", "[b](https://a.example/b \"B\")"),
            ("![p](p.jpg)", "![p](https://a.example/2012/p.jpg)"),
            ("[b]: ../c\n", "[b]: https://a.example/c\n"),
            ("`[b](/b)` [c](#c)", "`[b](/b)` [c](#c)"),
            ("```\n[b](/b)\n```\n", "```\n[b](/b)\n```\n"),
            ("<img src='/x.png'>", "<img src=\"https://a.example/x.png\">"),
            ("[b](https://b.example/)", "[b](https://b.example/)"),
            ("[b]({{< ref \"x\" >}})", "[b]({{< ref \"x\" >}})"),
        ] {
            assert_eq!(in_markdown(text, &base), resolved);
        }
    }
}

//! Rich text: Markdown or HTML as written becomes HTML that is safe to put in a page.
//!
//! Whatever comes in, only known elements, harmless attributes and http, https and mailto
//! addresses come out, and sanitising the output again changes nothing.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::LazyLock;

use ammonia::{Builder, Url, UrlRelative};
use pulldown_cmark::{CowStr, Event, Parser, Tag, TagEnd, html::push_html};

use crate::depth::is_deeper;

/// How a text was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Markup {
    /// `CommonMark`, without extensions. HTML within it is sanitised like any other.
    Markdown,
    /// HTML, as imports bring it.
    Html,
}

/// Who wrote a text, which decides how far its links are trusted and what it may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Voice {
    /// The editor: headings, images and tables; links carry `rel="noopener"`.
    Editor,
    /// A reader: neither images nor headings; links carry `rel="nofollow ugc noopener"`.
    Reader,
}

const SPOKEN: [&str; 25] = [
    "a",
    "abbr",
    "b",
    "blockquote",
    "br",
    "cite",
    "code",
    "del",
    "em",
    "hr",
    "i",
    "ins",
    "kbd",
    "li",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "small",
    "strong",
    "sub",
    "sup",
    "u",
    "ul",
];

const EDITED: [&str; 25] = [
    "caption",
    "dd",
    "details",
    "div",
    "dl",
    "dt",
    "figcaption",
    "figure",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "img",
    "mark",
    "summary",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "time",
    "tr",
];

/// The schemes that a URL may have.
const SCHEMES: [&str; 3] = ["http", "https", "mailto"];

/// How often an output is sanitised again before it is given up and shown as plain text.
const PASSES: usize = 6;

static EDITOR: LazyLock<Builder<'static>> =
    LazyLock::new(|| sanitiser(SPOKEN.into_iter().chain(EDITED).collect(), "noopener"));

static READER: LazyLock<Builder<'static>> =
    LazyLock::new(|| sanitiser(SPOKEN.into(), "nofollow ugc noopener"));

/// Sanitised HTML of `text`. Text nested deeper than anybody means it (256 elements for an
/// editor, 32 for a reader) is shown as it was written, tags and all.
pub fn render(text: &str, markup: Markup, voice: Voice) -> String {
    let (builder, deepest): (&Builder<'_>, usize) = match voice {
        Voice::Editor => (&EDITOR, 256),
        Voice::Reader => (&READER, 32),
    };
    let html = match markup {
        Markup::Html => Cow::Borrowed(text),
        Markup::Markdown => Cow::Owned(markdown(text, voice)),
    };
    if !is_deeper(&html, deepest) {
        let clean = settle(builder, &html);
        // Repairing crossed tags can nest them deeper than they were written.
        if !is_deeper(&clean, deepest) {
            return clean;
        }
    }
    settle(builder, &escape(text))
}

fn sanitiser(tags: HashSet<&'static str>, rel: &'static str) -> Builder<'static> {
    let attributes: [(&str, &[&str]); 8] = [
        ("a", &["href"]),
        ("blockquote", &["cite"]),
        ("img", &["alt", "height", "src", "width"]),
        ("ol", &["start"]),
        ("q", &["cite"]),
        ("td", &["colspan", "rowspan"]),
        ("th", &["colspan", "rowspan"]),
        ("time", &["datetime"]),
    ];
    let attributes = attributes
        .into_iter()
        .filter(|(tag, _)| tags.contains(tag))
        .map(|(tag, names)| (tag, names.iter().copied().collect::<HashSet<_>>()));
    let mut builder = Builder::empty();
    builder
        .tag_attributes(attributes.collect())
        .tags(tags)
        .clean_content_tags(["script", "style"].into())
        .generic_attributes(["dir", "lang", "title"].into())
        .url_schemes(SCHEMES.into())
        .attribute_filter(keep_attribute)
        .url_relative(UrlRelative::Deny)
        .link_rel(Some(rel))
        .strip_comments(true);
    builder
}

/// Drops a `cite` that is not a URL of a permitted scheme, which ammonia checks in `href` and `src` only.
fn keep_attribute<'a>(_: &str, attribute: &str, value: &'a str) -> Option<Cow<'a, str>> {
    let permitted = |url: Url| SCHEMES.contains(&url.scheme());
    (attribute != "cite" || Url::parse(value).is_ok_and(permitted)).then_some(Cow::Borrowed(value))
}

/// Sanitises until nothing changes. Almost always the first output already stands; crossed
/// tags can need another pass, because a parser reads their repaired form differently.
fn settle(builder: &Builder<'_>, html: &str) -> String {
    let mut clean = builder.clean(html).to_string();
    for _ in 0..PASSES {
        let again = builder.clean(&clean).to_string();
        if again == clean {
            return clean;
        }
        clean = again;
    }
    escape(&crate::plain(&clean))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\u{A0}', "&nbsp;")
}

fn markdown(text: &str, voice: Voice) -> String {
    let mut html = String::with_capacity(text.len() + text.len() / 4);
    let events = Parser::new(text);
    match voice {
        Voice::Editor => push_html(&mut html, events),
        Voice::Reader => push_html(&mut html, events.map(as_reader)),
    }
    html
}

/// A reader's heading is a paragraph and a reader's image is its description.
fn as_reader(event: Event<'_>) -> Event<'_> {
    match event {
        Event::Start(Tag::Heading { .. }) => Event::Start(Tag::Paragraph),
        Event::End(TagEnd::Heading(_)) => Event::End(TagEnd::Paragraph),
        Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => {
            Event::Text(CowStr::Borrowed(""))
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn editor(text: &str) -> String {
        render(text, Markup::Markdown, Voice::Editor)
    }

    fn reader(text: &str) -> String {
        render(text, Markup::Markdown, Voice::Reader)
    }

    #[test]
    fn markdown_becomes_html() {
        for (text, html) in [
            (
                "One *two* **three** `four`",
                "<p>One <em>two</em> <strong>three</strong> <code>four</code></p>\n",
            ),
            ("a\n\nb", "<p>a</p>\n<p>b</p>\n"),
            ("> said", "<blockquote>\n<p>said</p>\n</blockquote>\n"),
            ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n"),
            (
                "[x](https://example.com/a?b=1&c=2)",
                "<p><a href=\"https://example.com/a?b=1&amp;c=2\" rel=\"noopener\">x</a></p>\n",
            ),
            ("# Title", "<h1>Title</h1>\n"),
        ] {
            assert_eq!(editor(text), html);
        }
    }

    #[test]
    fn a_readers_links_are_not_endorsed_and_headings_and_images_become_text() {
        assert_eq!(
            reader("[x](https://example.com)"),
            "<p><a href=\"https://example.com\" rel=\"nofollow ugc noopener\">x</a></p>\n"
        );
        assert_eq!(reader("# Loud"), "<p>Loud</p>\n");
        assert_eq!(reader("![a cat](https://example.com/cat.png)"), "<p>a cat</p>\n");
        assert!(editor("![a cat](https://example.com/cat.png)").contains("<img src="));
        let html = render(
            "<h2>A</h2><img src=\"https://example.com/a.png\">",
            Markup::Html,
            Voice::Reader,
        );
        assert_eq!(html, "A");
    }

    #[test]
    fn only_web_and_mail_addresses_survive() {
        for (address, kept) in [
            ("https://example.com", true),
            ("http://example.com", true),
            ("mailto:a@example.com", true),
            ("javascript:alert(1)", false),
            ("JaVaScRiPt:alert(1)", false),
            ("java\tscript:alert(1)", false),
            ("data:text/html,x", false),
            ("vbscript:x", false),
            ("//example.com/x", false),
            ("/relative", false),
            ("ftp://example.com", false),
        ] {
            let html = format!("<a href=\"{address}\">x</a>");
            let out = render(&html, Markup::Html, Voice::Editor);
            assert_eq!(out.contains("href"), kept, "{address} -> {out}");
        }
    }

    #[test]
    fn a_cited_url_has_a_permitted_scheme() {
        for (url, survives) in [
            ("https://a.example/", true),
            ("mailto:a@a.example", true),
            ("javascript:alert(1)", false),
            (" java&NewLine;script:alert(1)", false),
            ("data:text/html,x", false),
            ("/relative", false),
        ] {
            for (open, close) in [("<blockquote", "</blockquote>"), ("<p><q", "</q></p>")] {
                let html = reader(&format!("{open} cite=\"{url}\">x{close}"));
                assert_eq!(html.contains("cite="), survives, "{url}: {html}");
            }
        }
    }

    #[test]
    fn scripts_styles_handlers_and_forms_are_gone() {
        let html = "<script>x()</script><style>p{}</style><p onclick=\"x()\" style=\"top:0\" id=i class=c>a</p>\
                    <iframe src=\"https://example.com\"></iframe><form><input value=v></form><svg onload=x()>";
        for voice in [Voice::Editor, Voice::Reader] {
            assert_eq!(render(html, Markup::Html, voice), "<p>a</p>");
            assert_eq!(render(html, Markup::Markdown, voice), "<p>a</p>");
        }
    }

    #[test]
    fn sanitising_twice_is_sanitising_once() {
        let hostile = [
            "<a href=\"https://a.example\"><table><a href=\"https://b.example\">x</table>",
            "<b><p>one<b><p>two</b></b>",
            "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
            "<p><pre>\n\nx</pre><p></p></p>",
            "<svg></p><style><a id=\"</style><img src=1 onerror=alert(1)>\">",
            "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
            "<table><td><b><tr><i>x<p></table>y",
            "\0<plaintext><b>",
            "<a><i><a><b><a>",
        ];
        for text in hostile {
            for voice in [Voice::Editor, Voice::Reader] {
                for markup in [Markup::Markdown, Markup::Html] {
                    let once = render(text, markup, voice);
                    assert_eq!(render(&once, Markup::Html, voice), once, "{text:?}");
                }
            }
        }
    }

    #[test]
    fn text_nested_too_deep_is_shown_as_written() {
        assert_eq!(render(&"<b>".repeat(33), Markup::Html, Voice::Reader), "&lt;b&gt;".repeat(33));
        let quotes = reader(&format!("{} a", ">".repeat(40)));
        assert!(quotes.starts_with("&gt;&gt;"), "{quotes}");
        assert!(editor(&format!("{} a", ">".repeat(40))).starts_with("<blockquote>"));
    }

    #[test]
    fn deep_nesting_is_survived() {
        for text in [">".repeat(3_000), "- ".repeat(3_000), "<b>".repeat(3_000), "[".repeat(20_000)]
        {
            for voice in [Voice::Editor, Voice::Reader] {
                let html = render(&text, Markup::Markdown, voice);
                assert_eq!(render(&html, Markup::Html, voice), html);
            }
        }
    }
}

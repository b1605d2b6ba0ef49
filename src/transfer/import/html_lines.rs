//! Splits the HTML of a post into the lines that a browser shows, each with its links.

use ammonia::{Builder, UrlRelative};
use std::sync::LazyLock;

/// Elements before and after which a line ends.
const BLOCKS: [&str; 24] = [
    "blockquote",
    "br",
    "caption",
    "dd",
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
    "hr",
    "li",
    "ol",
    "p",
    "pre",
    "table",
    "td",
    "tr",
    "ul",
];

/// Elements that show something from another URL.
const EMBEDS: [&str; 5] = ["audio", "embed", "iframe", "source", "video"];

static SKELETON: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let others = ["a", "img"];
    let mut builder = Builder::empty();
    builder
        .tags(BLOCKS.into_iter().chain(EMBEDS).chain(others).collect())
        .tag_attributes(
            EMBEDS
                .into_iter()
                .map(|tag| (tag, ["src"].into()))
                .chain([("a", ["href"].into()), ("img", ["src", "alt"].into())])
                .collect(),
        )
        .clean_content_tags(["script", "style"].into())
        .url_schemes(["http", "https"].into())
        .url_relative(UrlRelative::Deny)
        .link_rel(None)
        .strip_comments(true);
    builder
});

/// Part of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Text(String),
    /// A link to a page: its text and its URL.
    Link(String, String),
    /// A picture: its URL and its description.
    Image(String, String),
    /// The URL of something that is embedded in the page.
    Embed(String),
}

/// A line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Line(pub(super) Vec<Part>);

impl Line {
    /// Returns the text, with the texts of links.
    pub(super) fn text(&self) -> String {
        let parts = self.0.iter().map(|part| match part {
            Part::Text(text) | Part::Link(text, _) => text.as_str(),
            Part::Image(..) | Part::Embed(_) => "",
        });
        parts.collect::<String>().trim().to_owned()
    }

    /// Returns the links that have a text: text and URL.
    pub(super) fn links(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter_map(|part| match part {
            Part::Link(text, url) if !text.trim().is_empty() => Some((text.trim(), url.as_str())),
            _ => None,
        })
    }

    /// Returns the pictures and embedded content as Markdown.
    pub(super) fn embedded(&self) -> impl Iterator<Item = String> {
        self.0.iter().filter_map(|part| match part {
            Part::Image(src, alt) => Some(format!("![{}]({})", escape(alt), target(src))),
            Part::Embed(src) => Some(format!("<{src}>")),
            Part::Text(_) | Part::Link(..) => None,
        })
    }

    /// Returns the text as Markdown, with its links.
    pub(super) fn markdown(&self) -> String {
        let parts = self.0.iter().map(|part| match part {
            Part::Text(text) => escape(text),
            Part::Link(text, url) if !text.trim().is_empty() => {
                format!("[{}]({})", escape(text), target(url))
            }
            _ => String::new(),
        });
        parts.collect::<String>().trim().to_owned()
    }
}

/// Splits HTML into lines. Blank lines in the HTML have no meaning, as in a browser.
pub(super) fn lines(html: &str) -> Vec<Line> {
    let skeleton = SKELETON.clean(html).to_string();
    let mut reader = Reader::default();
    let mut rest = skeleton.as_str();
    while let Some((text, tail)) = rest.split_once('<') {
        reader.text(text);
        let Some((tag, after)) = split_tag(tail) else { break };
        reader.tag(tag);
        rest = after;
    }
    reader.text(rest);
    reader.end_line();
    reader.lines
}

/// Splits a tag from the text after it. A `>` within quotes does not end a tag.
fn split_tag(text: &str) -> Option<(&str, &str)> {
    let mut quoted = false;
    for (at, character) in text.char_indices() {
        match character {
            '"' => quoted = !quoted,
            '>' if !quoted => {
                let (tag, rest) = text.split_at(at);
                return Some((tag, rest.strip_prefix('>')?));
            }
            _ => {}
        }
    }
    None
}

#[derive(Default)]
struct Reader {
    lines: Vec<Line>,
    line: Line,
    /// The current text, and the URL of the link that it is in.
    run: String,
    href: Option<String>,
}

impl Reader {
    fn tag(&mut self, tag: &str) {
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        match name {
            "a" => {
                self.end_run();
                self.href = attribute(attributes, "href");
            }
            "/a" => {
                self.end_run();
                self.href = None;
            }
            "img" => {
                self.end_run();
                let alt = attribute(attributes, "alt").unwrap_or_default();
                self.line.0.extend(attribute(attributes, "src").map(|src| Part::Image(src, alt)));
            }
            name if EMBEDS.contains(&name) => {
                self.end_run();
                self.line.0.extend(attribute(attributes, "src").map(Part::Embed));
            }
            name if BLOCKS.contains(&name.trim_start_matches('/')) => self.end_line(),
            _ => {}
        }
    }

    fn text(&mut self, escaped: &str) {
        for character in decode(escaped).chars() {
            if !character.is_whitespace() {
                self.run.push(character);
            } else if !self.run.ends_with(' ') {
                self.run.push(' ');
            }
        }
    }

    fn end_run(&mut self) {
        let run = std::mem::take(&mut self.run);
        if run.is_empty() {
            return;
        }
        self.line.0.push(match &self.href {
            Some(href) => Part::Link(run, href.clone()),
            None => Part::Text(run),
        });
    }

    fn end_line(&mut self) {
        self.end_run();
        let line = std::mem::take(&mut self.line);
        let shows = |part: &Part| match part {
            Part::Text(text) | Part::Link(text, _) => !text.trim().is_empty(),
            Part::Image(..) | Part::Embed(_) => true,
        };
        if line.0.iter().any(shows) {
            self.lines.push(line);
        }
    }
}

fn attribute(attributes: &str, name: &str) -> Option<String> {
    let mut rest = attributes;
    loop {
        let (key, after) = rest.split_once("=\"")?;
        let (value, after) = after.split_once('"')?;
        if key.trim() == name {
            return Some(decode(value)).filter(|value| !value.is_empty());
        }
        rest = after;
    }
}

fn decode(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&nbsp;", "\u{A0}")
        .replace("&quot;", "\"")
        .replace("&amp;", "&")
}

/// Escapes text so that Markdown shows it as it is.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '&') {
            out.push('\\');
        }
        out.push(character);
    }
    out
}

/// Returns a URL as the target of a Markdown link.
fn target(url: &str) -> String {
    url.replace('(', "%28").replace(')', "%29").replace(' ', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(html: &str) -> Vec<String> {
        lines(html).iter().map(Line::text).collect()
    }

    #[test]
    fn blocks_and_breaks_separate_lines() {
        assert_eq!(
            texts("a<br />b<p>c <b>d</b></p><ul><li>e</li><li> f</li></ul>g"),
            ["a", "b", "c d", "e", "f", "g"]
        );
        assert_eq!(texts("<br><br/> <p></p>"), Vec::<String>::new());
    }

    #[test]
    fn links_and_pictures_keep_their_urls() {
        let html = "<a href=\"http://a.example/?b=1&amp;c=2\"><b>T</b> x</a> -- WSJ\
                    <img src='http://a.example/i.png' alt='x > y'><iframe src='//e.example/v'></iframe>\
                    <iframe src='https://e.example/v'></iframe><a href='/relative'>r</a>";
        let found = lines(html);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].links().collect::<Vec<_>>(), [("T x", "http://a.example/?b=1&c=2")]);
        assert_eq!(found[0].text(), "T x -- WSJr");
        assert_eq!(
            found[0].embedded().collect::<Vec<_>>(),
            ["![x \\> y](http://a.example/i.png)", "<https://e.example/v>"]
        );
    }

    #[test]
    fn markdown_keeps_the_links_and_no_markup_of_the_text() {
        let found = lines("<p>a_b <a href='http://a.example/x_(y)'>c*d</a></p>");
        assert_eq!(found[0].markdown(), "a\\_b [c\\*d](http://a.example/x_%28y%29)");
    }
}

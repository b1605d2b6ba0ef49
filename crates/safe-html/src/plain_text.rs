//! The plain text of an HTML fragment, for search, for feeds and for whoever cannot show HTML.

use std::sync::LazyLock;

use ammonia::Builder;

use crate::depth::is_deeper;

/// The deepest nesting that is parsed.
const DEEPEST: usize = 256;

/// Elements that stand in a block of their own; between two of them plain text has a blank line.
const BLOCKS: [&str; 15] = [
    "blockquote",
    "div",
    "figure",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "ol",
    "p",
    "pre",
    "table",
    "ul",
    "dl",
];

/// Elements that only begin a new line of plain text.
const LINES: [&str; 7] = ["br", "dd", "dt", "figcaption", "hr", "li", "tr"];

static SKELETON: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::empty();
    builder
        .tags(BLOCKS.into_iter().chain(LINES).collect())
        .clean_content_tags(["script", "style"].into())
        .strip_comments(true);
    builder
});

/// The text of an HTML fragment: paragraphs parted by a blank line, no tags, no entities.
/// Scripts and styles count as no text. It is text, not HTML: escape it before showing it in a
/// page.
pub fn plain(html: &str) -> String {
    // What is too deep to be parsed is read tag by tag.
    let skeleton =
        if is_deeper(html, DEEPEST) { html.to_owned() } else { SKELETON.clean(html).to_string() };
    let mut out = Plain::default();
    let mut rest = skeleton.as_str();
    while let Some((text, tail)) = rest.split_once('<') {
        out.text(text);
        let Some((tag, after)) = tail.split_once('>') else { break };
        out.tag(tag);
        rest = after;
    }
    out.text(rest);
    out.text.trim_end().to_owned()
}

/// Collects the text of a skeleton: tags without attributes, text with four entities.
#[derive(Default)]
struct Plain {
    text: String,
    /// Line feeds due before the next word.
    due: usize,
    space: bool,
    pre: usize,
}

impl Plain {
    fn tag(&mut self, tag: &str) {
        let name = tag.trim_start_matches('/');
        let name = name.split_once([' ', '/', '\n', '\t']).map_or(name, |(name, _)| name);
        if BLOCKS.contains(&name) {
            self.due = self.due.max(2);
        } else if LINES.contains(&name) {
            self.due = self.due.max(1);
        }
        if name == "pre" {
            self.pre = if tag.starts_with('/') { self.pre.saturating_sub(1) } else { self.pre + 1 };
        }
    }

    fn text(&mut self, escaped: &str) {
        let text = escaped
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&nbsp;", "\u{A0}")
            .replace("&quot;", "\"")
            .replace("&amp;", "&");
        for character in text.chars() {
            if character.is_whitespace() && self.pre == 0 {
                self.space = true;
            } else {
                self.push(character);
            }
        }
    }

    fn push(&mut self, character: char) {
        if self.text.is_empty() {
            self.due = 0;
            self.space = false;
        }
        if self.due > 0 {
            self.text.extend(std::iter::repeat_n('\n', self.due));
        } else if self.space {
            self.text.push(' ');
        }
        self.due = 0;
        self.space = false;
        self.text.push(character);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_keeps_paragraphs_and_lines() {
        for (html, text) in [
            ("<p>one <b>two</b></p>\n<p>three</p>", "one two\n\nthree"),
            ("a<br>b<br/>c", "a\nb\nc"),
            ("<ul><li>a</li><li>b</li></ul>", "a\nb"),
            ("5 &lt; 6 &amp;&amp; &quot;x&quot; &amp;lt;", "5 < 6 && \"x\" &lt;"),
            ("<pre>fn a() {\n    b\n}</pre>", "fn a() {\n    b\n}"),
            ("<script>x</script><style>y</style>", ""),
            ("  a \n  b  ", "a b"),
            ("<img alt=\"x\"><a href=\"https://example.com\">link</a>", "link"),
            ("", ""),
        ] {
            assert_eq!(plain(html), text, "{html}");
        }
    }
}

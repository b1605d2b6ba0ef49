//! The plain text of an HTML fragment, for search, for feeds and for clients without HTML.

use crate::tokens::{Attribute, TokenSink, tokenize};

/// Elements that are paragraphs of their own: plain text has a blank line around them.
const PARAGRAPHS: [&str; 15] = [
    "blockquote",
    "div",
    "dl",
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
];

/// Elements that only begin a new line of plain text.
const LINES: [&str; 7] = ["br", "dd", "dt", "figcaption", "hr", "li", "tr"];

/// Returns the text of an HTML fragment: no tags, characters instead of their references, a blank
/// line between paragraphs.
///
/// Scripts, styles and embeds have no text. The result is not HTML: escape it before it is put in
/// a page. The time to make it is linear in the length of `html`.
pub fn plain_text(html: &str) -> String {
    let mut writer = TextWriter::default();
    tokenize(html, &mut writer);
    writer.text.truncate(writer.text.trim_end().len());
    writer.text
}

/// Collects the text between the tags.
#[derive(Default)]
struct TextWriter {
    text: String,
    /// The number of line feeds before the next word.
    due_lines: usize,
    /// Whether white space stands before the next word.
    due_space: bool,
    /// The number of open `pre` elements, in which white space is kept.
    open_pre: usize,
}

impl TextWriter {
    fn boundary(&mut self, name: &str) {
        if PARAGRAPHS.contains(&name) {
            self.due_lines = self.due_lines.max(2);
        } else if LINES.contains(&name) || crate::elements::is_dropped_block(name) {
            self.due_lines = self.due_lines.max(1);
        } else if matches!(name, "td" | "th") {
            self.due_space = true;
        }
    }

    fn push(&mut self, character: char) {
        if !self.text.is_empty() {
            if self.due_lines > 0 {
                self.text.extend(std::iter::repeat_n('\n', self.due_lines));
            } else if self.due_space {
                self.text.push(' ');
            }
        }
        self.due_lines = 0;
        self.due_space = false;
        self.text.push(character);
    }
}

impl TokenSink for TextWriter {
    fn start(&mut self, name: &str, _: &[Attribute]) {
        self.boundary(name);
        self.open_pre += usize::from(name == "pre");
    }

    fn end(&mut self, name: &str) {
        self.boundary(name);
        self.open_pre = self.open_pre.saturating_sub(usize::from(name == "pre"));
    }

    fn text(&mut self, text: &str) {
        for character in text.chars() {
            if character.is_whitespace() && self.open_pre == 0 {
                self.due_space = true;
            } else {
                self.push(character);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_and_lines_are_kept() {
        for (html, text) in [
            ("<p>one <b>two</b></p>\n<p>three</p>", "one two\n\nthree"),
            ("a<br>b<br/>c", "a\nb\nc"),
            ("<ul><li>a</li><li>b</li></ul>", "a\nb"),
            ("<section>a</section>b", "a\nb"),
            ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
            ("5 &lt; 6 &amp;&amp; &quot;x&quot; &amp;lt;", "5 < 6 && \"x\" &lt;"),
            ("caf&eacute; &hellip; &#x2014;", "café … —"),
            ("<pre>fn a() {\n    b\n}</pre>", "fn a() {\n    b\n}"),
            ("<script>x</script><style>y</style>", ""),
            ("<p title=\"a>b\">c<!-- d > e --></p>", "c"),
            ("  a \n  b  ", "a b"),
            ("<img alt=\"x\"><a href=\"https://example.com\">link</a>", "link"),
            ("", ""),
        ] {
            assert_eq!(plain_text(html), text, "{html}");
        }
    }

    #[test]
    fn any_nesting_is_read() {
        assert_eq!(plain_text(&"<div><b>".repeat(20_000)), "");
        assert_eq!(plain_text(&format!("{}x", "<p><b title='</b>'>".repeat(20_000))), "x");
    }
}

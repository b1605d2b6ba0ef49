//! A roundup in HTML, as it is copied out of a page: brought to Markdown, which says the same.

use super::{Outlets, Roundup, parse_markdown};
use safe_html::{Markup, Voice, render};

/// Reads a roundup in HTML. The lines that the report names are those of the Markdown that it
/// comes down to.
pub fn parse_html(html: &str, outlets: &dyn Outlets) -> Roundup {
    parse_markdown(&markdown(html), outlets)
}

/// The Markdown of an HTML fragment: its blocks, its links and what is stressed.
fn markdown(html: &str) -> String {
    let clean = render(html, Markup::Html, Voice::Editor);
    let mut writer = Writer::default();
    let mut rest = clean.as_str();
    while let Some((text, tail)) = rest.split_once('<') {
        writer.text(text);
        let Some((tag, after)) = tail.split_once('>') else { break };
        writer.tag(tag);
        rest = after;
    }
    writer.text(rest);
    writer.out.trim().to_owned() + "\n"
}

/// Writes Markdown from the tags and texts of sanitised HTML.
#[derive(Default)]
struct Writer {
    out: String,
    /// The address of the link that is open.
    href: Option<String>,
    /// How many quotes are open.
    quotes: usize,
    /// Stressed texts that are open: where each begins, and its mark.
    stressed: Vec<(usize, &'static str)>,
}

impl Writer {
    fn text(&mut self, escaped: &str) {
        let text = unescape(escaped);
        for word in text.split_inclusive(char::is_whitespace) {
            let bare = word.trim_end();
            let spaced = bare.len() < word.len();
            if bare.is_empty() {
                self.space();
                continue;
            }
            self.begin();
            // A bracket in a title must not end the link that it stands in.
            let bare = if self.href.is_some() {
                bare.replace('[', "\\[").replace(']', "\\]")
            } else {
                bare.to_owned()
            };
            self.out.push_str(&bare);
            if spaced {
                self.space();
            }
        }
    }

    /// What a line of a quote begins with.
    fn begin(&mut self) {
        if self.quotes > 0 && (self.out.is_empty() || self.out.ends_with('\n')) {
            self.out.push_str("> ");
        }
    }

    fn space(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with(['\n', ' ']) {
            self.out.push(' ');
        }
    }

    fn tag(&mut self, tag: &str) {
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        match name.trim_end_matches('/') {
            "a" => self.open_link(attributes),
            "/a" => self.close_link(),
            "em" | "i" | "cite" => self.open("*"),
            "strong" | "b" => self.open("**"),
            "/em" | "/i" | "/cite" | "/strong" | "/b" => self.close(),
            "br" | "tr" | "/tr" => self.line(),
            "li" => {
                self.line();
                self.begin();
                self.out.push_str("- ");
            }
            "h1" => self.heading("# "),
            "h2" | "h3" | "h4" | "h5" | "h6" => self.heading("## "),
            "blockquote" => {
                self.block();
                self.quotes += 1;
            }
            "/blockquote" => {
                self.block();
                self.quotes = self.quotes.saturating_sub(1);
            }
            "p" | "/p" | "div" | "/div" | "ul" | "/ul" | "ol" | "/ol" | "hr" | "/h1" | "/h2"
            | "/h3" | "/h4" | "/h5" | "/h6" | "table" | "/table" => self.block(),
            _ => {}
        }
    }

    fn line(&mut self) {
        let text = self.out.trim_end_matches(' ').len();
        self.out.truncate(text);
        if !self.out.is_empty() && !self.out.ends_with('\n') {
            self.out.push('\n');
        }
    }

    fn block(&mut self) {
        self.line();
        if !self.out.is_empty() && !self.out.ends_with("\n\n") && !self.out.ends_with("- ") {
            self.out.push('\n');
        }
    }

    fn heading(&mut self, mark: &str) {
        self.block();
        self.begin();
        self.out.push_str(mark);
    }

    fn open_link(&mut self, attributes: &str) {
        let href = attributes.split("href=\"").nth(1).and_then(|rest| rest.split('"').next());
        self.href = href.map(unescape);
        if self.href.is_some() {
            self.begin();
            self.out.push('[');
        }
    }

    fn close_link(&mut self) {
        if let Some(href) = self.href.take() {
            let spaced = self.out.ends_with(' ');
            self.out.truncate(self.out.trim_end().len());
            self.out.push_str(&format!("](<{href}>)"));
            if spaced {
                self.out.push(' ');
            }
        }
    }

    fn open(&mut self, mark: &'static str) {
        self.begin();
        self.stressed.push((self.out.len(), mark));
        self.out.push_str(mark);
    }

    fn close(&mut self) {
        let Some((_, mark)) = self.stressed.pop() else { return };
        let spaced = self.out.ends_with(' ');
        self.out.truncate(self.out.trim_end().len());
        self.out.push_str(mark);
        if spaced {
            self.out.push(' ');
        }
    }
}

/// The text of what the sanitiser escaped.
fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&nbsp;", " ")
        .replace("&quot;", "\"")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::super::credit::tests::Known;
    use super::*;

    #[test]
    fn html_comes_down_to_markdown() {
        for (html, text) in [
            ("<p>one <b>two</b></p><p>three</p>", "one **two**\n\nthree\n"),
            (
                "<a href=\"https://example.com/a?b=1&amp;c=2\">A [b]</a> -- C",
                "[A \\[b\\]](<https://example.com/a?b=1&c=2>) -- C\n",
            ),
            ("<ul><li>a</li><li>b</li></ul>", "- a\n- b\n"),
            ("<blockquote><p>said</p><p>more</p></blockquote>after", "> said\n\n> more\n\nafter\n"),
            (
                "<blockquote><a href=\"https://example.com/\">A</a><br><b>b</b><ul><li>c</li></ul></blockquote>",
                "> [A](<https://example.com/>)\n> **b**\n\n> - c\n",
            ),
            ("<h2>Head</h2>text<br>line", "## Head\n\ntext\nline\n"),
            ("<script>x</script>", "\n"),
        ] {
            assert_eq!(markdown(html), text, "{html}");
        }
    }

    #[test]
    fn a_roundup_in_html_is_read() {
        let html = "<p><a href=\"https://example.com/lead\">Bridge Opens</a> -- Reuters</p>\
                    <blockquote>It opened on Monday, two years after it was closed for repairs.</blockquote>\
                    <p>Read more ....</p><h3>More News On The Bridge</h3>\
                    <ul><li><a href=\"https://example.com/two\">Who pays?</a> -- AFP</li></ul>";
        let roundup = parse_html(html, &Known(&["Reuters", "AFP"]));
        assert_eq!(roundup.headline.as_deref(), Some("Bridge Opens"));
        assert_eq!(roundup.links.len(), 2, "{roundup:#?}");
        assert_eq!(roundup.links[1].url.as_deref(), Some("https://example.com/two"));
        assert_eq!(roundup.links[1].credits[0].outlet.as_deref(), Some("AFP"));
    }
}

//! Marks the paragraphs of a text as WordPress stores it.

use std::cell::Cell;

/// Elements whose content is left as it is.
const VERBATIM: [&str; 24] = [
    "pre", "ul", "ol", "dl", "table", "script", "style", "textarea", "select", "svg", "math",
    "figure", "form", "h1", "h2", "h3", "h4", "h5", "h6", "object", "video", "audio", "iframe",
    "noscript",
];

/// Elements that hold paragraphs.
const CONTAINERS: [&str; 14] = [
    "div",
    "blockquote",
    "section",
    "article",
    "aside",
    "header",
    "footer",
    "main",
    "nav",
    "details",
    "fieldset",
    "center",
    "hgroup",
    "address",
];

/// Elements that stand between paragraphs and have no content.
const VOID: [&str; 1] = ["hr"];

/// Returns the text with `<p>` and `<br>` where WordPress stores blank lines and line ends. Nothing
/// changes in lists, tables, preformatted text and within a tag. A text that the block editor wrote
/// has all its paragraphs and is returned as it is.
pub fn add_paragraphs(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    if text.contains("<!-- wp:") {
        return text;
    }
    let mut writer = Writer {
        html: String::with_capacity(text.len() + 64),
        run: Vec::new(),
        depth: 0,
        lookahead: Lookahead(Cell::new(text.len() * MAX_READINGS)),
    };
    let mut rest = text.as_str();
    while let Some(token) = Token::next(rest, &writer.lookahead) {
        let taken = writer.add(&token, rest);
        rest = rest.get(taken..).unwrap_or_default();
    }
    writer.end_run();
    writer.html
}

/// How often a text may be read in search of ends that are missing. Without a limit a text of start
/// tags only would take the square of its length.
const MAX_READINGS: usize = 8;

/// The number of bytes that may still be read in search of the ends of tags and elements.
struct Lookahead(Cell<usize>);

impl Lookahead {
    /// Returns the part of a text that may be searched.
    fn limit<'a>(&self, text: &'a str) -> &'a str {
        let mut end = self.0.get().min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.get(..end).unwrap_or_default()
    }

    /// Notes that an end was searched for in vain.
    fn use_up(&self, bytes: usize) {
        self.0.set(self.0.get().saturating_sub(bytes));
    }
}

/// A part of the text.
#[derive(Debug, PartialEq, Eq)]
enum Token<'a> {
    /// Text without tags.
    Text(&'a str),
    /// A comment.
    Comment(&'a str),
    /// A tag, with its name in lower case.
    Tag { text: &'a str, name: String, is_end: bool },
}

impl<'a> Token<'a> {
    /// Returns the first token of a text; none at its end.
    fn next(text: &'a str, lookahead: &Lookahead) -> Option<Self> {
        if text.is_empty() {
            return None;
        }
        if let Some(tail) = text.strip_prefix("<!--") {
            let end = tail.find("-->").map_or(text.len(), |at| at + "<!---->".len());
            return text.get(..end).map(Self::Comment);
        }
        if let Some(end) = tag_end(text, lookahead) {
            let (text, _) = text.split_at_checked(end)?;
            let is_end = text.starts_with("</");
            let name = text.trim_start_matches(['<', '/']);
            let name = name.split(|c: char| !c.is_ascii_alphanumeric()).next()?;
            return Some(Self::Tag { text, name: name.to_ascii_lowercase(), is_end });
        }
        // A `<` that begins no tag is text.
        let end =
            text.char_indices().skip(1).find(|(_, c)| *c == '<').map_or(text.len(), |(at, _)| at);
        text.get(..end).map(Self::Text)
    }

    fn len(&self) -> usize {
        let (Self::Text(text) | Self::Comment(text) | Self::Tag { text, .. }) = self;
        text.len()
    }
}

/// Returns the length of the tag that a text begins with. A `>` in quotes does not end it.
fn tag_end(text: &str, lookahead: &Lookahead) -> Option<usize> {
    let text = lookahead.limit(text);
    let inner = text.strip_prefix('<')?;
    if !inner.trim_start_matches('/').starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let mut quote = None;
    let mut before = ' ';
    for (at, c) in text.char_indices().skip(1) {
        match (quote, c) {
            (Some(open), _) if open == c => quote = None,
            (None, '"' | '\'') if before == '=' => quote = Some(c),
            (None, '>') => return Some(at + 1),
            _ => {}
        }
        if !c.is_whitespace() {
            before = c;
        }
    }
    lookahead.use_up(text.len());
    None
}

/// Writes the text with its paragraphs.
struct Writer {
    html: String,
    /// Text and tags within a line, up to the next element that stands between paragraphs.
    run: Vec<Piece>,
    /// How many containers are open.
    depth: usize,
    lookahead: Lookahead,
}

/// A part of a run.
enum Piece {
    Text(String),
    /// A tag: its line ends are not those of the text.
    Tag(String),
}

impl Writer {
    /// Adds a token, and what belongs to it. Returns how many bytes of the text that is.
    fn add(&mut self, token: &Token<'_>, rest: &str) -> usize {
        match token {
            Token::Text(text) => self.run.push(Piece::Text((*text).to_owned())),
            Token::Comment(text) => {
                self.end_run();
                self.html += text;
            }
            Token::Tag { text, name, is_end } => {
                let name = name.as_str();
                if name == "p" {
                    self.end_run();
                    // A `</p>` without its `<p>` would be an empty paragraph.
                    return if *is_end { text.len() } else { self.add_paragraph(rest) };
                }
                if VERBATIM.contains(&name) {
                    self.end_run();
                    let end = if *is_end { None } else { element_end(rest, name, &self.lookahead) };
                    let whole = end.and_then(|end| rest.get(..end)).unwrap_or(text);
                    self.html += whole;
                    self.html.push('\n');
                    return whole.len();
                }
                if name == "code"
                    && !is_end
                    && let Some(block) = self.code_block(rest)
                {
                    self.end_run();
                    self.html += &format!("<pre>{block}</pre>\n");
                    return block.len();
                }
                if CONTAINERS.contains(&name) || VOID.contains(&name) {
                    self.end_run();
                    self.html += text;
                    if CONTAINERS.contains(&name) {
                        let depth =
                            if *is_end { self.depth.checked_sub(1) } else { Some(self.depth + 1) };
                        self.depth = depth.unwrap_or_default();
                    }
                } else {
                    self.run.push(Piece::Tag((*text).to_owned()));
                }
            }
        }
        token.len()
    }

    /// Returns the code that `rest` begins with if it is a block: paragraphs would tear it apart.
    fn code_block<'a>(&self, rest: &'a str) -> Option<&'a str> {
        let code = rest.get(..element_end(rest, "code", &self.lookahead)?)?;
        let is_block = blank_line(code).is_some() || code.starts_with("<code>\n");
        is_block.then_some(code)
    }

    /// Adds the paragraph that `rest` begins with, up to its end tag, a blank line, or an element
    /// that cannot be in a paragraph. Returns its length.
    fn add_paragraph(&mut self, rest: &str) -> usize {
        let mut taken = 0;
        while let Some(tail) = rest.get(taken..)
            && let Some(token) = Token::next(tail, &self.lookahead)
        {
            match &token {
                Token::Tag { text, name, is_end: true } if name == "p" => {
                    self.html += text;
                    self.html.push('\n');
                    return taken + text.len();
                }
                Token::Tag { name, .. }
                    if taken > 0
                        && (name == "p"
                            || VERBATIM.contains(&name.as_str())
                            || CONTAINERS.contains(&name.as_str())
                            || VOID.contains(&name.as_str())) =>
                {
                    break;
                }
                Token::Text(text) => {
                    if let Some(at) = blank_line(text) {
                        self.html += text.get(..at).unwrap_or_default();
                        self.html += "</p>\n";
                        return taken + at;
                    }
                    self.html += text;
                }
                Token::Comment(text) | Token::Tag { text, .. } => self.html += text,
            }
            taken += token.len();
        }
        self.html += "</p>\n";
        taken
    }

    /// Writes the run as paragraphs. In a container a run without a blank line is no paragraph.
    fn end_run(&mut self) {
        let mut paragraphs = vec![String::new()];
        for piece in self.run.drain(..) {
            let mut text = match &piece {
                Piece::Tag(text) => {
                    push(&mut paragraphs, text);
                    continue;
                }
                Piece::Text(text) => text.as_str(),
            };
            while let Some(at) = blank_line(text) {
                let (before, after) = text.split_at_checked(at).unwrap_or((text, ""));
                push(&mut paragraphs, &before.replace('\n', "<br>\n"));
                paragraphs.push(String::new());
                text = after.trim_start();
            }
            push(&mut paragraphs, &text.replace('\n', "<br>\n"));
        }
        let is_inline = self.depth > 0 && paragraphs.len() == 1;
        for paragraph in paragraphs {
            let paragraph = trim_breaks(&paragraph);
            if paragraph.is_empty() {
                continue;
            }
            if is_inline {
                self.html += paragraph;
            } else {
                self.html += &format!("<p>{paragraph}</p>\n");
            }
        }
    }
}

/// Appends to the last paragraph.
fn push(paragraphs: &mut [String], text: &str) {
    if let Some(last) = paragraphs.last_mut() {
        last.push_str(text);
    }
}

/// Returns a text without the line breaks at its start and end.
fn trim_breaks(mut text: &str) -> &str {
    loop {
        let trimmed = text.trim();
        let trimmed = trimmed.strip_prefix("<br>").unwrap_or(trimmed);
        let trimmed = trimmed.strip_suffix("<br>").unwrap_or(trimmed);
        if trimmed.len() == text.len() {
            return text;
        }
        text = trimmed;
    }
}

/// Returns where the first blank line of a text is: at the end of the line before it.
fn blank_line(text: &str) -> Option<usize> {
    text.match_indices('\n').map(|(at, _)| at).find(|at| {
        let after = text.get(at + 1..).unwrap_or_default();
        after.trim_start_matches([' ', '\t', '\u{A0}']).starts_with('\n')
    })
}

/// Returns the length of the element that a text begins with; none if it has no end.
fn element_end(text: &str, name: &str, lookahead: &Lookahead) -> Option<usize> {
    let text = lookahead.limit(text);
    let (mut taken, mut depth) = (0, 0_usize);
    while let Some(token) = Token::next(text.get(taken..)?, lookahead) {
        taken += token.len();
        if let Token::Tag { name: found, is_end, .. } = &token
            && found == name
        {
            depth = if *is_end { depth.saturating_sub(1) } else { depth + 1 };
            if depth == 0 {
                return Some(taken);
            }
        }
    }
    lookahead.use_up(text.len());
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_lines_separate_paragraphs() {
        for (text, html) in [
            ("a\nb\n\nc", "<p>a<br>\nb</p>\n<p>c</p>\n"),
            ("a\r\n \r\nb", "<p>a</p>\n<p>b</p>\n"),
            ("a\n\n<ul><li>b</li></ul>", "<p>a</p>\n<ul><li>b</li></ul>\n"),
            ("<p>a\nb</p>", "<p>a\nb</p>\n"),
            ("a <b>b</b>\n\n<i>c</i>", "<p>a <b>b</b></p>\n<p><i>c</i></p>\n"),
            ("1 < 2\n\n3", "<p>1 < 2</p>\n<p>3</p>\n"),
            ("", ""),
        ] {
            assert_eq!(add_paragraphs(text), html, "{text}");
        }
    }

    #[test]
    fn paragraphs_that_are_marked_do_not_join_the_others() {
        let text = "a\n\nb\n\n<p class=\"x\">c</p>\n\nd\ne";
        assert_eq!(
            add_paragraphs(text),
            "<p>a</p>\n<p>b</p>\n<p class=\"x\">c</p>\n<p>d<br>\ne</p>\n"
        );
        assert_eq!(add_paragraphs("<p>a\n\nb</p>\n\nc"), "<p>a</p>\n<p>b</p>\n<p>c</p>\n");
        assert_eq!(add_paragraphs("<p>a<p>b"), "<p>a</p>\n<p>b</p>\n");
    }

    #[test]
    fn nothing_changes_where_a_blank_line_is_no_paragraph() {
        for text in [
            "<pre>a\n\n  b</pre>\n",
            "<ul>\n<li>a</li>\n\n<li>b\n\nc</li>\n</ul>\n",
            "<ul><li><ul><li>a</li>\n\n</ul></li>\n\n</ul>\n",
            "<table>\n\n<tr><td>a</td></tr></table>\n",
            "<!-- wp:paragraph -->\n\n<p>a</p>\n\nb",
        ] {
            assert_eq!(add_paragraphs(text), text, "{text}");
        }
        let tag = "<a title=\"x\n\ny > z\"\nhref=\"https://a.example/\">a</a>";
        assert_eq!(add_paragraphs(tag), format!("<p>{tag}</p>\n"));
    }

    #[test]
    fn code_of_several_paragraphs_is_a_block() {
        let text = "a\n\n<code>\nb\n\nc\n</code>\n\n<code>d</code> e";
        let html = "<p>a</p>\n<pre><code>\nb\n\nc\n</code></pre>\n<p><code>d</code> e</p>\n";
        assert_eq!(add_paragraphs(text), html);
    }

    #[test]
    fn containers_hold_paragraphs() {
        for (text, html) in [
            ("<div>a</div>", "<div>a</div>"),
            ("<div>\na\nb\n</div>", "<div>a<br>\nb</div>"),
            ("<div>\n\na\n\nb\n\n</div>\n\nc", "<div><p>a</p>\n<p>b</p>\n</div><p>c</p>\n"),
            ("<blockquote>a\n\nb</blockquote>", "<blockquote><p>a</p>\n<p>b</p>\n</blockquote>"),
            ("a\n<hr>\nb", "<p>a</p>\n<hr><p>b</p>\n"),
            ("<div>a\n\n<!--more-->\n\nb", "<div><p>a</p>\n<!--more--><p>b</p>\n"),
        ] {
            assert_eq!(add_paragraphs(text), html, "{text}");
        }
    }
    #[test]
    fn a_text_of_start_tags_takes_time_by_its_length() {
        for part in ["<ul>", "<a b=\"", "<a ", "<p>", "<!--", "\n \n", "<div>\n\n"] {
            let text = part.repeat((1 << 18) / part.len());
            let started = std::time::Instant::now();
            assert!(!add_paragraphs(&text).is_empty() || part.trim().is_empty(), "{part}");
            assert!(started.elapsed().as_secs() < 20, "{part}: {:?}", started.elapsed());
        }
    }
}

//! Parses HTML into a document, token by token. No tree is built, because the tree of hostile HTML
//! can have a size quadratic in the length of the text.

use super::builder::Builder;
use super::{Document, Kind, Style};
use html5gum::{DefaultEmitter, StartTag, Token, Tokenizer};

/// Elements that end a block before and after themselves.
const BLOCKS: [&str; 20] = [
    "p", "div", "section", "article", "main", "header", "table", "tbody", "thead", "figure", "dl",
    "fieldset", "center", "address", "details", "summary", "hgroup", "body", "html", "video",
];

/// Elements whose content is not text.
const HIDDEN: [&str; 11] = [
    "script", "style", "template", "head", "title", "textarea", "select", "svg", "math", "noembed",
    "object",
];

/// Elements that belong to the page around the post.
const PAGE_ELEMENTS: [&str; 5] = ["nav", "footer", "aside", "form", "button"];

/// Reads HTML. In `loose` HTML, as WordPress stores it, blank lines separate paragraphs and line
/// ends break lines.
pub(crate) fn read(html: &str, loose: bool) -> Document {
    let mut builder = Builder::new();
    let mut reader = HtmlReader::new(loose);
    reader.feed(html, &mut builder);
    builder.finish(None)
}

/// Reads HTML, possibly in several parts, and tracks the open elements.
#[derive(Debug, Default)]
pub(super) struct HtmlReader {
    loose: bool,
    /// The outermost open element whose content is skipped, and the nesting depth of its name.
    hidden: Option<(String, usize)>,
    /// The number of open [`PAGE_ELEMENTS`].
    page_elements: usize,
    pre: usize,
    tables: usize,
    lists: usize,
    /// Line breaks since the last text.
    breaks: usize,
}

impl HtmlReader {
    pub(super) fn new(loose: bool) -> Self {
        Self { loose, ..Self::default() }
    }

    /// Reads HTML, or a part of it that ends outside of any tag.
    pub(super) fn feed(&mut self, html: &str, to: &mut Builder) {
        let mut emitter = DefaultEmitter::<usize>::new_with_span();
        emitter.naively_switch_states(true);
        let mut seen = 0;
        let first = to.no;
        let mut line = first;
        let bytes = html.as_bytes();
        for Ok(token) in Tokenizer::new_with_emitter(html, emitter) {
            let start = match &token {
                Token::StartTag(tag) => tag.span.start,
                Token::EndTag(tag) => tag.span.start,
                Token::String(text) => text.span.start,
                _ => continue,
            };
            if let Some(passed) = bytes.get(seen..start) {
                line += passed.split(|byte| *byte == b'\n').count() - 1;
                seen = start;
            }
            to.no = line;
            match token {
                Token::StartTag(tag) => self.open(&tag, to),
                Token::EndTag(tag) => self.close(&String::from_utf8_lossy(&tag.name), to),
                Token::String(text) => self.text(&String::from_utf8_lossy(&text.value), to),
                _ => {}
            }
        }
    }

    /// Adds a text, with line breaks and paragraphs in `loose` HTML and in `pre`.
    fn text(&mut self, text: &str, to: &mut Builder) {
        if self.hidden.is_some() {
            return;
        }
        if self.pre > 0 {
            for (at, line) in text.split('\n').enumerate() {
                if at > 0 {
                    to.end_line();
                    to.no += 1;
                }
                to.text(line, None);
            }
            return;
        }
        if !text.trim().is_empty() {
            self.breaks = 0;
        } else if !text.is_empty() && !to.has_text() && !self.loose {
            return;
        }
        if !self.loose || self.tables > 0 || self.lists > 0 {
            // A text begins on the line of its first letter.
            let blank = text.len() - text.trim_start().len();
            let skipped = text.get(..blank).map_or(0, |head| head.matches('\n').count());
            to.no += if to.has_text() { 0 } else { skipped };
            return to.text(text, None);
        }
        let text = text.replace("\r\n", "\n");
        for (at, line) in text.split('\n').enumerate() {
            if at > 0 {
                to.end_line();
                to.no += 1;
                self.breaks += 1;
                if self.breaks == 2 {
                    to.end_block();
                }
            }
            if !line.trim().is_empty() {
                self.breaks = 0;
            }
            to.text(line, None);
        }
    }

    /// Reads a start tag.
    fn open(&mut self, tag: &StartTag<usize>, to: &mut Builder) {
        let name = String::from_utf8_lossy(&tag.name);
        let name = name.as_ref();
        if let Some((hidden, depth)) = &mut self.hidden {
            if hidden == name {
                *depth += 1;
            }
            return;
        }
        if HIDDEN.contains(&name) && !tag.self_closing {
            self.hidden = Some((name.to_owned(), 1));
            return;
        }
        let attribute = |key: &str| {
            let value = tag.attributes.get(key.as_bytes());
            value.map(|value| String::from_utf8_lossy(&value.value).into_owned())
        };
        match name {
            "a" => match attribute("href") {
                Some(href) => to.open_link(&href),
                None => to.close_link(),
            },
            "b" | "strong" => to.open_style(Style::Strong),
            "i" | "em" | "cite" => to.open_style(Style::Emphasis),
            "code" | "tt" | "kbd" | "samp" => to.open_style(Style::Code),
            "img" => {
                let alt = attribute("alt").unwrap_or_default();
                to.picture(&attribute("src").unwrap_or_default(), &alt);
            }
            "iframe" | "embed" | "audio" | "source" => {
                if let Some(url) = attribute("src").and_then(|src| super::builder::http_url(&src)) {
                    to.end_line();
                    to.text(&url, None);
                    to.end_line();
                }
            }
            "br" => {
                self.breaks += 1;
                to.end_line();
                if self.breaks >= 2 {
                    to.end_block();
                }
            }
            "hr" => to.rule(),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                to.end_block();
                let level = name.bytes().last().unwrap_or(b'1') - b'0';
                to.block = Some(Kind::Heading(level));
            }
            "figcaption" | "caption" => {
                to.end_block();
                to.block = Some(Kind::Caption);
            }
            "blockquote" => to.open_quote(),
            "ul" | "menu" => {
                self.lists += 1;
                to.open_list(None);
            }
            "ol" => {
                self.lists += 1;
                let first = attribute("start").and_then(|start| start.parse().ok());
                to.open_list(Some(first.unwrap_or(1)));
            }
            "li" => to.open_item(),
            "pre" => {
                to.end_block();
                self.pre += 1;
            }
            "table" => {
                self.tables += 1;
                to.end_block();
            }
            "tr" | "dt" | "dd" => to.end_line(),
            "td" | "th" if to.has_text() => {
                to.text(" | ", None);
            }
            name if PAGE_ELEMENTS.contains(&name) => {
                to.end_block();
                self.page_elements += 1;
                to.block = Some(Kind::Boilerplate);
            }
            name if BLOCKS.contains(&name) => {
                to.end_block();
                let class = attribute("class").unwrap_or_default();
                if class.split_whitespace().any(|class| class.contains("caption")) {
                    to.block = Some(Kind::Caption);
                }
            }
            _ => {}
        }
    }

    /// Reads an end tag.
    fn close(&mut self, name: &str, to: &mut Builder) {
        if let Some((hidden, depth)) = &mut self.hidden {
            if hidden == name {
                *depth -= 1;
                if *depth == 0 {
                    self.hidden = None;
                }
            }
            return;
        }
        match name {
            "a" => to.close_link(),
            "b" | "strong" => to.close_style(Style::Strong),
            "i" | "em" | "cite" => to.close_style(Style::Emphasis),
            "code" | "tt" | "kbd" | "samp" => to.close_style(Style::Code),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "figcaption" | "caption" => {
                to.end_block();
                to.block = (self.page_elements > 0).then_some(Kind::Boilerplate);
            }
            "blockquote" => to.close_quote(),
            "ul" | "ol" | "menu" => {
                self.lists = self.lists.saturating_sub(1);
                to.close_list();
            }
            "li" | "tr" | "dt" | "dd" => to.end_line(),
            "pre" => {
                to.end_block();
                self.pre = self.pre.saturating_sub(1);
            }
            "table" => {
                self.tables = self.tables.saturating_sub(1);
                to.end_block();
            }
            name if PAGE_ELEMENTS.contains(&name) => {
                to.end_block();
                self.page_elements = self.page_elements.saturating_sub(1);
                to.block = (self.page_elements > 0).then_some(Kind::Boilerplate);
            }
            name if BLOCKS.contains(&name) => {
                to.end_block();
                if to.block == Some(Kind::Caption) {
                    to.block = (self.page_elements > 0).then_some(Kind::Boilerplate);
                }
            }
            _ => {}
        }
    }
}

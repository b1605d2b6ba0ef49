//! Builds a document from the events of the Markdown and HTML parsers.

use super::plain::{self, bare_urls};
use super::{Document, Kind, Line, Link, Style, unwrap};
use crate::text::part;
use std::ops::Range;
use url::Url;

/// An open style: its nesting depth, and the start of the outermost one.
#[derive(Debug, Default, Clone, Copy)]
struct OpenStyle {
    depth: usize,
    start: usize,
}

/// Collects text, links and styles into lines.
#[derive(Debug)]
pub(super) struct Builder {
    lines: Vec<Line>,
    /// The current line.
    line: Line,
    /// The open link: its start in the line, and its URL.
    link: Option<(usize, String)>,
    strong: OpenStyle,
    emphasis: OpenStyle,
    code: OpenStyle,
    /// Whether the next line begins a block.
    starts_block: bool,
    /// The number of open block quotes.
    quotes: usize,
    /// The open lists, each with the number of its next item.
    lists: Vec<Option<u32>>,
    /// The number of open lists beyond [`MAX_LISTS`].
    deeper: usize,
    /// Whether the next line begins a list item.
    starts_item: bool,
    /// The number of that item.
    number: Option<u32>,
    /// The kind of the current block, if it is not given by quotes and lists.
    pub(super) block: Option<Kind>,
    /// The source bytes of the current line.
    span: Option<Range<usize>>,
    /// The pictures of the current line: URL, text, line.
    pictures: Vec<(String, String, usize)>,
    /// The line in the source, counted from 1.
    pub(super) no: usize,
}

/// The maximum depth of lists; deeper lists are read as part of the list around them.
const MAX_LISTS: usize = 64;

impl Builder {
    pub(super) fn new() -> Self {
        Self {
            lines: Vec::new(),
            line: Line::new(1, Kind::Paragraph),
            link: None,
            strong: OpenStyle::default(),
            emphasis: OpenStyle::default(),
            code: OpenStyle::default(),
            starts_block: false,
            quotes: 0,
            lists: Vec::new(),
            deeper: 0,
            starts_item: false,
            number: None,
            block: None,
            span: None,
            pictures: Vec::new(),
            no: 1,
        }
    }

    /// Adds text, and collapses its white space. `span` is its range in the source.
    pub(super) fn text(&mut self, text: &str, span: Option<Range<usize>>) {
        if self.line.text.is_empty() && !text.trim().is_empty() {
            self.line.no = self.no;
        }
        for character in text.chars() {
            match character {
                '\u{200B}' | '\u{AD}' | '\u{FEFF}' => {}
                c if c.is_whitespace() => {
                    if !self.line.text.is_empty() && !self.line.text.ends_with(' ') {
                        self.line.text.push(' ');
                    }
                }
                c => self.line.text.push(c),
            }
        }
        self.extend_span(span);
    }

    /// Extends the source range of the current line.
    pub(super) fn extend_span(&mut self, span: Option<Range<usize>>) {
        self.span = match (self.span.take(), span) {
            (Some(old), Some(new)) => Some(old.start.min(new.start)..old.end.max(new.end)),
            (old, new) => old.or(new),
        };
    }

    /// Returns whether the current line has text.
    pub(super) fn has_text(&self) -> bool {
        !self.line.text.trim().is_empty()
    }

    /// Opens a link. A target that is no http or https URL is ignored.
    pub(super) fn open_link(&mut self, target: &str) {
        self.close_link();
        self.link = http_url(target).map(|url| (self.line.text.len(), url));
    }

    pub(super) fn close_link(&mut self) {
        if let Some((start, url)) = self.link.take() {
            self.add_link(start, url);
        }
    }

    /// Links the current line from `start`; extends the previous link if it is adjacent and the same.
    fn add_link(&mut self, start: usize, url: String) {
        let range = crate::text::trim(&self.line.text, start..self.line.text.len());
        if range.is_empty() {
            return;
        }
        if let Some(last) = self.line.links.last_mut()
            && last.url == url
            && part(&self.line.text, last.range.end..range.start).trim().is_empty()
        {
            last.range.end = range.end;
            return;
        }
        self.line.links.push(Link { range, url });
    }

    fn style(&mut self, style: Style) -> &mut OpenStyle {
        match style {
            Style::Strong => &mut self.strong,
            Style::Emphasis => &mut self.emphasis,
            Style::Code => &mut self.code,
        }
    }

    pub(super) fn open_style(&mut self, style: Style) {
        let at = self.line.text.len();
        let open = self.style(style);
        if open.depth == 0 {
            open.start = at;
        }
        open.depth += 1;
    }

    pub(super) fn close_style(&mut self, style: Style) {
        let end = self.line.text.len();
        let open = self.style(style);
        if open.depth == 1 {
            let start = open.start;
            self.add_style(style, start..end);
        }
        let open = self.style(style);
        open.depth = open.depth.saturating_sub(1);
    }

    /// Adds a style to a range of the current line, without white space at its ends.
    fn add_style(&mut self, style: Style, range: Range<usize>) {
        let range = crate::text::trim(&self.line.text, range);
        if !range.is_empty() {
            self.line.styles.push((range, style));
        }
    }

    /// Ends the line. Open links and styles continue in the next line.
    pub(super) fn end_line(&mut self) {
        let open = self.link.take();
        if let Some((start, url)) = &open {
            self.add_link(*start, url.clone());
        }
        for style in [Style::Strong, Style::Emphasis, Style::Code] {
            let styled = *self.style(style);
            if styled.depth > 0 {
                self.add_style(style, styled.start..self.line.text.len());
            }
            self.style(style).start = 0;
        }
        self.link = open.map(|(_, url)| (0, url));
        self.push_pictures();
        let span = self.span.take();
        let mut line = std::mem::replace(&mut self.line, Line::new(self.no, Kind::Paragraph));
        let length = line.text.trim_end().len();
        line.text.truncate(length);
        if line.text.is_empty() {
            return;
        }
        self.set_kind_and_position(&mut line);
        if !line.text.chars().any(char::is_alphanumeric) && line.links.is_empty() {
            line.kind = Kind::Rule;
        }
        autolink(&mut line);
        if let Some(span) = span {
            // `finish` replaces the range by the source.
            line.raw = format!("{}:{}", span.start, span.end);
        }
        self.lines.push(line);
    }

    /// Sets the kind of a line and its position in lists and blocks.
    fn set_kind_and_position(&mut self, line: &mut Line) {
        line.depth = self.lists.len();
        line.kind = match self.block {
            Some(kind) => kind,
            None if self.quotes > 0 => Kind::Quote,
            None if line.depth > 0 => Kind::Item,
            None => Kind::Paragraph,
        };
        line.starts_item = std::mem::take(&mut self.starts_item) && line.depth > 0;
        line.number = self.number.take();
        line.preceded_by_blank_line =
            std::mem::take(&mut self.starts_block) && !self.lines.is_empty();
    }

    /// Adds the pictures of the current line as lines.
    fn push_pictures(&mut self) {
        for (url, text, no) in std::mem::take(&mut self.pictures) {
            let mut line = Line::new(no, Kind::Picture);
            (line.text, line.url, line.preceded_by_blank_line) =
                (text, Some(url), self.starts_block && !self.lines.is_empty());
            self.lines.push(line);
        }
    }

    /// Ends the block.
    pub(super) fn end_block(&mut self) {
        self.end_line();
        self.starts_block = true;
    }

    /// Adds a thematic break.
    pub(super) fn rule(&mut self) {
        self.end_block();
        self.lines.push(Line {
            text: "---".into(),
            preceded_by_blank_line: true,
            ..Line::new(self.no, Kind::Rule)
        });
    }

    /// Adds a picture, as a line after the current one.
    pub(super) fn picture(&mut self, target: &str, text: &str) {
        if let Some(url) = http_url(target) {
            self.pictures.push((url, crate::text::squeeze(text), self.no));
        }
    }

    pub(super) fn open_quote(&mut self) {
        self.end_block();
        self.quotes += 1;
    }

    pub(super) fn close_quote(&mut self) {
        self.end_block();
        self.quotes = self.quotes.saturating_sub(1);
    }

    /// Opens a list. `first` is the number of its first item, if it is ordered.
    pub(super) fn open_list(&mut self, first: Option<u32>) {
        if self.lists.is_empty() {
            self.end_block();
        } else {
            self.end_line();
        }
        if self.lists.len() < MAX_LISTS { self.lists.push(first) } else { self.deeper += 1 }
    }

    pub(super) fn close_list(&mut self) {
        if self.deeper > 0 {
            self.deeper -= 1;
            return self.end_line();
        }
        self.end_line();
        self.lists.pop();
        self.starts_item = false;
        self.starts_block |= self.lists.is_empty();
    }

    /// Ends the line, and begins a list item.
    pub(super) fn open_item(&mut self) {
        self.end_line();
        self.starts_item = true;
        self.number = match self.lists.last_mut() {
            Some(Some(next)) => {
                *next = next.saturating_add(1);
                Some(*next - 1)
            }
            _ => None,
        };
        if self.lists.is_empty() {
            // An item outside of any list.
            self.lists.push(None);
        }
    }

    /// Adds a block of code as one line, with its line breaks.
    pub(super) fn code(&mut self, text: &str, span: Option<Range<usize>>) {
        self.end_block();
        if !text.trim().is_empty() {
            let mut line = Line::new(self.no, Kind::Code);
            text.trim_end().clone_into(&mut line.text);
            line.preceded_by_blank_line = true;
            if let Some(span) = span {
                line.raw = format!("{}:{}", span.start, span.end);
            }
            self.lines.push(line);
        }
    }

    /// Returns the document. `source` is the text that the spans refer to.
    pub(super) fn finish(mut self, source: Option<&str>) -> Document {
        self.end_line();
        for line in &mut self.lines {
            let span = line.raw.split_once(':').and_then(|(start, end)| {
                Some(start.parse::<usize>().ok()?..end.parse::<usize>().ok()?)
            });
            line.raw = match (source, span) {
                (Some(source), Some(span)) => part(source, span).trim_end().to_owned(),
                _ => String::new(),
            };
        }
        let mut lines = if source.is_some() { unwrap(self.lines) } else { self.lines };
        paragraphs_to_items(&mut lines);
        let mut document = Document { lines, plain: false };
        for at in 0..document.lines.len() {
            let Some(line) = document.lines.get(at).filter(|line| line.raw.is_empty()) else {
                continue;
            };
            let raw = if line.kind == Kind::Picture {
                document.markdown_line(at)
            } else {
                line.text.clone()
            };
            if let Some(line) = document.lines.get_mut(at) {
                line.raw = raw;
            }
        }
        document
    }
}

/// Turns paragraphs with a bullet or a counted number into list items.
fn paragraphs_to_items(lines: &mut [Line]) {
    let paragraph =
        |line: &Line| if line.kind == Kind::Paragraph { line.text.clone() } else { String::new() };
    let numbered = plain::counted_lines(lines.iter().map(paragraph));
    for (at, line) in lines.iter_mut().enumerate() {
        if line.kind != Kind::Paragraph
            || line.links.first().is_some_and(|link| link.range.start == 0)
        {
            continue;
        }
        let counted = numbered.binary_search(&at).is_ok();
        let Some((number, rest)) = plain::bullet(&line.text, counted) else { continue };
        let cut = line.text.len() - rest.len();
        line.text = rest.to_owned();
        let shifted =
            |range: &Range<usize>| range.start.saturating_sub(cut)..range.end.saturating_sub(cut);
        for link in &mut line.links {
            link.range = shifted(&link.range);
        }
        for (range, _) in &mut line.styles {
            *range = shifted(range);
        }
        (line.kind, line.starts_item, line.depth, line.number) = (Kind::Item, true, 1, number);
    }
}

/// Links the bare URLs in a line. If the line is nothing but a URL, sets [`Line::url`].
fn autolink(line: &mut Line) {
    if !line.text.contains("://") {
        return;
    }
    let found = bare_urls(&line.text);
    if let [only] = found.as_slice()
        && only.range == (0..line.text.len())
    {
        line.url =
            line.links.first().map(|link| link.url.clone()).or_else(|| Some(only.url.clone()));
    }
    let mut all = Vec::with_capacity(found.len() + line.links.len());
    let mut links = std::mem::take(&mut line.links).into_iter().peekable();
    for bare in found {
        while let Some(link) = links.next_if(|link| link.range.start <= bare.range.start) {
            all.push(link);
        }
        let inside = all.last().is_some_and(|link: &Link| link.range.end > bare.range.start);
        let before = links.peek().is_some_and(|link| link.range.start < bare.range.end);
        if !inside && !before {
            all.push(Link { range: bare.range, url: bare.url });
        }
    }
    all.extend(links);
    line.links = all;
}

/// Returns the target of a link if it is an http or https URL; `//host` becomes `https://host`.
pub(super) fn http_url(target: &str) -> Option<String> {
    let target = target.trim();
    let target =
        if target.starts_with("//") { format!("https:{target}") } else { target.to_owned() };
    let head: String = target.chars().take(8).collect::<String>().to_lowercase();
    let web = head.starts_with("http://") || head.starts_with("https://");
    (web && Url::parse(&target).is_ok()).then_some(target)
}

//! Writes sanitised HTML: keeps the stack of open elements and closes them as a browser would.
//!
//! The output is well nested and holds only elements of the table in `elements`. It follows the
//! tree construction rules of the WHATWG standard (section 13.2.6) for these elements, so that a
//! parser makes of the output exactly the tree that was written: no element is closed, moved or
//! opened again by an implied rule. Unlike a browser, the writer does not open formatting
//! elements again in each later paragraph; that rule makes the output of a browser's parser grow
//! with the square of the input.

use crate::elements::{BREAK, Element, Group, TABLE_BODY, TABLE_CELL, TABLE_ROW};
use crate::elements::{find, is_dropped_block};
use crate::escape::push_escaped;
use crate::sanitize::{AuthorRole, RenderOptions};
use crate::tokens::{Attribute, TokenSink};
use crate::urls::{bare_url_target, resolve, split_bare_url};

/// How much a writer may write.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// The number of elements that may be open at once.
    pub(crate) depth: usize,
    /// The length of the output in bytes.
    pub(crate) output: usize,
}

/// An element that is open.
struct OpenElement {
    element: &'static Element,
    /// Whether its end tag came while a block within it was open. It closes with that block.
    has_ended: bool,
}

/// What the current line holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    /// No text since the last block or line break.
    Empty,
    Text,
    /// Text, and behind it a block was left out, so that what follows begins a new line.
    Ended,
}

/// Collects the sanitised HTML of a stream of tokens.
pub(crate) struct TreeWriter<'a> {
    options: &'a RenderOptions<'a>,
    limits: Limits,
    /// Whether bare URLs in the text become links.
    link_urls: bool,
    out: String,
    open: Vec<OpenElement>,
    /// Whether a limit was exceeded, after which nothing more is written.
    exceeded: bool,
    line: Line,
    /// The length of the output just behind a `<pre>`, where a parser drops one line feed.
    pre_start: Option<usize>,
    /// Whether the last token was that `<pre>`.
    is_after_pre: bool,
}

impl<'a> TreeWriter<'a> {
    pub(crate) fn new(options: &'a RenderOptions<'a>, limits: Limits, link_urls: bool) -> Self {
        Self {
            options,
            limits,
            link_urls,
            out: String::new(),
            open: Vec::new(),
            exceeded: false,
            line: Line::Empty,
            pre_start: None,
            is_after_pre: false,
        }
    }

    /// Closes all elements and returns the HTML, or nothing if a limit was exceeded.
    pub(crate) fn finish(mut self) -> Option<String> {
        self.close_from(0);
        (!self.exceeded && self.out.len() <= self.limits.output).then_some(self.out)
    }

    /// Returns the element of this name if the author may use it. Where a block is left out, its
    /// paragraph and its line end.
    fn find_allowed(&mut self, name: &str) -> Option<&'static Element> {
        let known = find(name);
        let allowed = known.filter(|e| e.for_readers || self.options.role == AuthorRole::Editor);
        let is_inline = |e: &Element| matches!(e.group, Group::Inline | Group::Void);
        if allowed.is_none() && known.map_or_else(|| is_dropped_block(name), |e| !is_inline(e)) {
            self.close_paragraph();
            if self.line == Line::Text {
                self.line = Line::Ended;
            }
        }
        allowed
    }

    /// Returns the index of the innermost open element for which `matches` is true, unless one
    /// for which `stops` is true is open within it.
    fn innermost(
        &self,
        matches: impl Fn(&OpenElement) -> bool,
        stops: impl Fn(&Element) -> bool,
    ) -> Option<usize> {
        for (index, open) in self.open.iter().enumerate().rev() {
            if matches(open) {
                return Some(index);
            }
            if stops(open.element) {
                return None;
            }
        }
        None
    }

    fn innermost_group(&self, group: Group) -> Option<usize> {
        self.innermost(|open| open.element.group == group, Element::is_boundary)
    }

    /// Whether all open elements from this index on are text-level.
    fn is_inline_from(&self, index: usize) -> bool {
        self.open.iter().skip(index).all(|open| open.element.group == Group::Inline)
    }

    /// Whether the innermost open element is a table, a section or a row.
    fn is_in_table_structure(&self) -> bool {
        self.open.last().is_some_and(|open| open.element.is_table_structure())
    }

    /// Closes the open elements from this index on, and then those whose end tag came before.
    fn close_from(&mut self, index: usize) {
        while self.open.len() > index || self.open.last().is_some_and(|open| open.has_ended) {
            let Some(open) = self.open.pop() else { return };
            self.out.push_str("</");
            self.out.push_str(open.element.name);
            self.out.push('>');
            if open.element.group != Group::Inline {
                self.line = Line::Empty;
            }
        }
    }

    fn close_paragraph(&mut self) {
        if let Some(index) = self.innermost_group(Group::Paragraph) {
            self.close_from(index);
        }
    }

    /// Closes the list item (or heading) that the next one ends: the innermost of its group that
    /// holds no element for which `stops` is true.
    fn close_sibling(&mut self, group: Group, stops: impl Fn(&Element) -> bool) {
        if let Some(index) = self.innermost(|open| open.element.group == group, stops) {
            self.close_from(index);
        }
    }

    /// Makes room for a link, since links never nest: closes the open one. Returns false if that
    /// cannot be, because a block is open within it.
    fn close_link(&mut self) -> bool {
        let link = self.innermost(|open| open.element.name == "a", |_| false);
        let can_close = link.is_none_or(|index| self.is_inline_from(index));
        if let Some(index) = link.filter(|_| can_close) {
            self.close_from(index);
        }
        can_close
    }

    /// Opens a cell if text or an element stands in a table outside one.
    fn enter_cell(&mut self) {
        if self.is_in_table_structure() {
            self.open_table_part(&TABLE_CELL, &[]);
        }
    }

    /// Opens a part of the innermost table, with the section and the row that it needs around it.
    /// Outside a table the part is ignored.
    fn open_table_part(&mut self, part: &'static Element, attributes: &[Attribute]) {
        let Some(table) = self.innermost(|open| open.element.group == Group::Table, |_| false)
        else {
            return;
        };
        let group_at = |index: usize| self.open.get(index).map(|open| open.element.group);
        let has_section = group_at(table + 1) == Some(Group::Section);
        let has_row = has_section && group_at(table + 2) == Some(Group::Row);
        let (keeps_section, keeps_row) = match part.group {
            Group::Row => (has_section, false),
            Group::Cell => (has_section, has_row),
            _ => (false, false),
        };
        self.close_from(table + 1 + usize::from(keeps_section) + usize::from(keeps_row));
        if !keeps_section && matches!(part.group, Group::Row | Group::Cell) {
            self.write_start(&TABLE_BODY, &[]);
        }
        if !keeps_row && part.group == Group::Cell {
            self.write_start(&TABLE_ROW, &[]);
        }
        self.write_start(part, attributes);
    }

    /// Opens an element that is no part of a table, and closes what it ends.
    fn open_element(&mut self, element: &'static Element, attributes: &[Attribute]) {
        if element.group == Group::Table && self.is_in_table_structure() {
            // A table within a table but outside its cells ends that one.
            self.close_sibling(Group::Table, |_| false);
        }
        self.enter_cell();
        match element.group {
            Group::Inline | Group::Void => {
                self.end_line();
                if element.name == "a" && !self.close_link() {
                    return;
                }
            }
            Group::ListItem | Group::Definition => {
                self.close_sibling(element.group, |element| {
                    element.name != "div"
                        && !matches!(element.group, Group::Inline | Group::Paragraph)
                });
                self.close_paragraph();
            }
            Group::Heading => {
                self.close_paragraph();
                self.close_sibling(Group::Heading, |element| element.group != Group::Inline);
            }
            _ => self.close_paragraph(),
        }
        self.write_start(element, attributes);
    }

    fn write_start(&mut self, element: &'static Element, attributes: &[Attribute]) {
        self.out.push('<');
        self.out.push_str(element.name);
        let mut is_link = false;
        for (name, value) in attributes {
            self.out.push(' ');
            self.out.push_str(name);
            self.out.push_str("=\"");
            push_escaped(&mut self.out, value, true);
            self.out.push('"');
            is_link |= *name == "href";
        }
        if is_link {
            self.out.push_str(match self.options.role {
                AuthorRole::Editor => " rel=\"noopener\"",
                AuthorRole::Reader => " rel=\"nofollow ugc noopener\"",
            });
        }
        self.out.push('>');
        if element.group != Group::Inline {
            self.line = if element.name == "img" { Line::Text } else { Line::Empty };
        }
        if !matches!(element.group, Group::Void | Group::Rule) {
            self.open.push(OpenElement { element, has_ended: false });
            self.exceeded |= self.open.len() > self.limits.depth;
        }
    }

    /// Returns the attributes that the author may use, with their URLs resolved.
    fn usable(&self, attributes: &[Attribute]) -> Vec<Attribute> {
        let usable = attributes.iter().filter_map(|(name, value)| match *name {
            "href" | "src" | "cite" => {
                resolve(value, self.options.base_url).map(|url| (*name, url))
            }
            // A reader's table has no wider cells than Markdown can write.
            "colspan" | "rowspan" if self.options.role == AuthorRole::Reader => None,
            _ => Some((*name, value.clone())),
        });
        usable.collect()
    }

    /// Begins a new line behind a block that was left out.
    fn end_line(&mut self) {
        if self.line == Line::Ended {
            self.write_start(&BREAK, &[]);
        }
    }

    /// Writes text, its bare URLs as links where that is wanted.
    fn write_text(&mut self, text: &str) {
        let is_verbatim =
            |open: &OpenElement| matches!(open.element.name, "a" | "code" | "kbd" | "pre");
        let mut rest = text;
        if self.link_urls && !self.open.iter().any(is_verbatim) {
            while let Some((before, url, after)) = split_bare_url(rest) {
                push_escaped(&mut self.out, before, false);
                self.start("a", &[("href", bare_url_target(url).into_owned())]);
                push_escaped(&mut self.out, url, false);
                self.end("a");
                rest = after;
                if self.exceeded {
                    return;
                }
            }
        }
        push_escaped(&mut self.out, rest, false);
    }

    /// Whether a limit is exceeded, so that nothing more need be written.
    fn is_full(&mut self) -> bool {
        self.exceeded |= self.out.len() > self.limits.output;
        self.exceeded
    }
}

impl TokenSink for TreeWriter<'_> {
    fn start(&mut self, name: &str, attributes: &[Attribute]) {
        self.is_after_pre = false;
        if self.is_full() {
            return;
        }
        let attributes = self.usable(attributes);
        let has = |wanted: &str| attributes.iter().any(|(name, _)| *name == wanted);
        if name == "img" && (self.options.role == AuthorRole::Reader || !has("src")) {
            let alt = attributes.iter().find(|(name, _)| *name == "alt");
            return self.text(alt.map_or("", |(_, alt)| alt));
        }
        let Some(element) = self.find_allowed(name) else { return };
        if name == "a" && !has("href") {
            self.close_link();
        } else if element.is_table_part() {
            self.open_table_part(element, &attributes);
        } else {
            self.open_element(element, &attributes);
            if name == "pre" {
                self.is_after_pre = true;
                self.pre_start = Some(self.out.len());
            }
        }
    }

    fn end(&mut self, name: &str) {
        self.is_after_pre = false;
        if self.is_full() {
            return;
        }
        let Some(element) = self.find_allowed(name) else { return };
        let group = element.group;
        let index = match group {
            // A browser reads `</br>` as `<br>`.
            Group::Void if element.name == "br" => return self.open_element(&BREAK, &[]),
            Group::Void | Group::Rule => None,
            Group::Inline => {
                let matches =
                    |open: &OpenElement| open.element.name == element.name && !open.has_ended;
                self.innermost(matches, Element::is_boundary)
            }
            Group::Paragraph | Group::Heading => self.innermost_group(group),
            Group::Block | Group::Definition => {
                self.innermost(|open| open.element.name == element.name, Element::is_boundary)
            }
            Group::ListItem => self.innermost(
                |open| open.element.group == group,
                |element| element.is_boundary() || matches!(element.name, "ol" | "ul"),
            ),
            Group::Table | Group::Caption | Group::Section | Group::Row | Group::Cell => self
                .innermost(
                    |open| open.element.group == group,
                    |element| element.group == Group::Table,
                ),
        };
        let Some(index) = index else { return };
        if group == Group::Inline && !self.is_inline_from(index) {
            if let Some(open) = self.open.get_mut(index) {
                open.has_ended = true;
            }
        } else {
            self.close_from(index);
        }
    }

    fn text(&mut self, text: &str) {
        let text = text.strip_prefix('\n').filter(|_| self.is_after_pre).unwrap_or(text);
        self.is_after_pre = false;
        if text.is_empty() || self.is_full() {
            return;
        }
        if !text.bytes().all(|byte| matches!(byte, b'\t' | b'\n' | b' ')) {
            self.enter_cell();
            self.end_line();
            self.line = Line::Text;
        }
        if self.pre_start == Some(self.out.len()) && text.starts_with('\n') {
            self.out.push('\n');
        }
        self.write_text(text);
    }
}

//! Markdown as a flat list of blocks, each with its place in the source.
//!
//! The parser's events arrive nested; a roundup needs only top-level headings, paragraphs,
//! quotes and list items, so nesting is counted, never recursed into.

use std::ops::Range;

use pulldown_cmark::{Event, HeadingLevel, LinkType, Parser, Tag, TagEnd};

/// A link: its text and its address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link {
    /// Its text, plain.
    pub(super) title: String,
    /// Its address, as written.
    pub(super) url: String,
    /// Where its text stands in the text around it, in bytes.
    pub(super) at: Range<usize>,
    /// Where it begins in the source, in bytes.
    pub(super) offset: usize,
}

/// A run of text with its links.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Inline {
    /// Plain text; a line break is a line feed.
    pub(super) text: String,
    /// The links in their order.
    pub(super) links: Vec<Link>,
    /// Where the first strong text stands in `text`.
    pub(super) strong: Option<Range<usize>>,
}

/// What a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// A heading of level 1 to 6.
    Heading(u8),
    Paragraph,
    /// A list item: `list` numbers the outermost list, `parent` is the index of the item around.
    Item {
        list: usize,
        parent: Option<usize>,
    },
    Quote,
    /// A line across the page.
    Rule,
    /// Code, HTML and the like.
    Other,
}

/// A block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) shape: Shape,
    /// Where it stands in the source; an item's first paragraph only.
    pub(super) span: Range<usize>,
    /// Its text; an item's first paragraph only.
    pub(super) inline: Inline,
    /// The further blocks of an item, lists aside: where they stand and whether each is a quote.
    pub(super) further: Vec<(Range<usize>, bool)>,
    /// The links in those.
    pub(super) further_links: Vec<Link>,
}

/// The blocks of a Markdown text.
pub(super) fn blocks(source: &str) -> Vec<Block> {
    let mut walk = Walk::default();
    for (event, span) in Parser::new(source).into_offset_iter() {
        walk.event(event, &span);
    }
    walk.blocks
}

#[derive(Default)]
struct Walk {
    blocks: Vec<Block>,
    /// The items around, outermost first, as indexes into `blocks`.
    items: Vec<usize>,
    /// Whether the innermost item's first paragraph is still open.
    head: bool,
    lists: usize,
    /// Blocks open that are neither lists nor items.
    depth: usize,
    inline: Inline,
    link: Option<Link>,
    /// Whether the innermost item's last further block is bare text, as it stands in a tight
    /// list behind code.
    bare: bool,
}

impl Walk {
    fn event(&mut self, event: Event<'_>, span: &Range<usize>) {
        match event {
            Event::Start(Tag::List(_)) if self.depth == 0 => {
                self.close_head();
                self.bare = false;
            }
            Event::Start(Tag::Item) if self.depth == 0 => self.open_item(span),
            Event::End(TagEnd::Item) if self.depth == 0 => self.close_item(),
            Event::End(TagEnd::List(_)) if self.depth == 0 => {
                self.lists += usize::from(self.items.is_empty());
            }
            Event::Start(tag) => self.start(tag, span),
            Event::End(tag) => self.end(tag, span),
            Event::Text(text) | Event::InlineHtml(text) => self.text(&text, span),
            Event::Code(text) => self.text(&text.replace('\n', " "), span),
            Event::SoftBreak | Event::HardBreak => self.text("\n", span),
            Event::Rule => self.rule(span),
            _ => {}
        }
    }

    fn open_item(&mut self, span: &Range<usize>) {
        self.close_head();
        let shape = Shape::Item { list: self.lists, parent: self.items.last().copied() };
        self.items.push(self.blocks.len());
        self.head = true;
        self.bare = false;
        self.inline = Inline::default();
        self.block(shape, span.start..span.start);
    }

    fn close_item(&mut self) {
        self.close_head();
        self.items.pop();
    }

    /// Ends the first paragraph of the innermost item.
    fn close_head(&mut self) {
        if std::mem::take(&mut self.head) {
            let inline = std::mem::take(&mut self.inline);
            if let Some(item) = self.item() {
                item.inline = inline;
            }
        }
    }

    fn item(&mut self) -> Option<&mut Block> {
        let at = self.items.last().copied()?;
        self.blocks.get_mut(at)
    }

    fn start(&mut self, tag: Tag<'_>, span: &Range<usize>) {
        match tag {
            Tag::Link { dest_url, link_type, .. } => {
                let at = self.inline.text.len();
                let mail = link_type == LinkType::Email;
                let url = if mail { format!("mailto:{dest_url}") } else { dest_url.into_string() };
                self.link =
                    Some(Link { title: String::new(), url, at: at..at, offset: span.start });
            }
            Tag::Strong if self.inline.strong.is_none() => {
                let at = self.inline.text.len();
                self.inline.strong = Some(at..at);
            }
            Tag::Strong | Tag::Emphasis | Tag::Image { .. } => {}
            Tag::Paragraph if self.depth == 0 && self.head && self.is_head_empty() => {}
            _ => {
                if self.depth == 0 {
                    self.close_head();
                    self.inline = Inline::default();
                }
                self.depth += 1;
            }
        }
    }

    fn is_head_empty(&self) -> bool {
        self.inline.text.is_empty()
    }

    fn end(&mut self, tag: TagEnd, span: &Range<usize>) {
        match tag {
            TagEnd::Link => {
                if let Some(mut link) = self.link.take() {
                    link.at.end = self.inline.text.len();
                    self.close_link(link);
                }
                self.reach(span);
            }
            TagEnd::Strong => {
                self.reach(span);
                let end = self.inline.text.len();
                if let Some(strong) = self.inline.strong.as_mut().filter(|at| at.start == at.end) {
                    strong.end = end;
                }
            }
            TagEnd::Emphasis | TagEnd::Image => self.reach(span),
            TagEnd::Paragraph if self.depth == 0 && self.head => self.close_head(),
            _ => {
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 {
                    self.close_block(tag, span);
                }
            }
        }
    }

    fn close_link(&mut self, link: Link) {
        let bare = self.depth == 0 && !self.head;
        match self.item().filter(|_| bare) {
            Some(item) => item.further_links.push(link),
            None => self.inline.links.push(link),
        }
    }

    fn close_block(&mut self, tag: TagEnd, span: &Range<usize>) {
        self.bare = false;
        let inline = std::mem::take(&mut self.inline);
        let quote = matches!(tag, TagEnd::BlockQuote(_));
        if let Some(item) = self.item() {
            item.further.push((span.clone(), quote));
            item.further_links.extend(inline.links);
            return;
        }
        let shape = match tag {
            TagEnd::Heading(level) => Shape::Heading(number(level)),
            TagEnd::Paragraph => Shape::Paragraph,
            TagEnd::BlockQuote(_) => Shape::Quote,
            _ => Shape::Other,
        };
        self.block(shape, span.clone());
        if let Some(block) = self.blocks.last_mut() {
            block.inline = inline;
        }
    }

    fn rule(&mut self, span: &Range<usize>) {
        if self.depth == 0 && self.items.is_empty() {
            self.block(Shape::Rule, span.clone());
        }
    }

    fn block(&mut self, shape: Shape, span: Range<usize>) {
        let inline = Inline::default();
        self.blocks.push(Block {
            shape,
            span,
            inline,
            further: Vec::new(),
            further_links: Vec::new(),
        });
    }

    fn text(&mut self, text: &str, span: &Range<usize>) {
        self.inline.text.push_str(text);
        if let Some(link) = &mut self.link {
            link.title.push_str(&text.replace('\n', " "));
        }
        self.reach(span);
    }

    /// Notes how far an item's own text reaches in the source.
    fn reach(&mut self, span: &Range<usize>) {
        if self.depth > 0 {
            return;
        }
        let (head, bare) = (self.head, self.bare);
        let Some(item) = self.item() else { return };
        match item.further.last_mut() {
            _ if head => item.span.end = item.span.end.max(span.end),
            Some((last, _)) if bare => last.end = last.end.max(span.end),
            _ => {
                item.further.push((span.clone(), false));
                self.bare = true;
            }
        }
    }
}

fn number(level: HeadingLevel) -> u8 {
    match level {
        HeadingLevel::H1 => 1,
        HeadingLevel::H2 => 2,
        HeadingLevel::H3 => 3,
        HeadingLevel::H4 => 4,
        HeadingLevel::H5 => 5,
        HeadingLevel::H6 => 6,
    }
}

#[cfg(test)]
mod tests;

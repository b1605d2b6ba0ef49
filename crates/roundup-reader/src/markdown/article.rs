//! Walks the blocks of a Markdown article: lead, quote, sections of sources, comment.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::super::attribution::Attribution;
use super::super::blocks::{Block, Link, Shape};
use super::super::draft::{Draft, source};
use super::super::line::{Line, is_section, is_title_case, is_web, may_be_dek, may_be_heading};
use super::super::phrases::{is_label, is_read_more, is_related, label};
use super::super::split::Split;
use super::super::{Confidence, Outlets, Role};
use super::items::{source_lists, unquoted};
use super::piece::{Piece, pieces};

/// Where in the article the reader is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Zone {
    /// Under the headline and the lead.
    Top,
    /// The sources.
    Links,
    /// The editor's comment.
    Comment,
}

/// The reader of an article.
pub(super) struct Article<'r, 'a> {
    pub(super) draft: Draft<'r>,
    source: &'a str,
    blocks: &'a [Block],
    /// The byte offsets of the line feeds.
    line_feeds: Vec<usize>,
    pub(super) zone: Zone,
    /// Paragraphs under the lead, not placed yet.
    top: Vec<Piece>,
    quotes: Vec<String>,
    /// The lists that hold at least one source.
    pub(super) source_lists: HashSet<usize>,
    /// For each block that became a source, its index among the sources.
    pub(super) placed: HashMap<usize, usize>,
}

impl<'r, 'a> Article<'r, 'a> {
    pub(super) fn new(source: &'a str, blocks: &'a [Block], outlets: &'r dyn Outlets) -> Self {
        Article {
            draft: Draft::new(outlets),
            source,
            blocks,
            line_feeds: source.match_indices('\n').map(|(at, _)| at).collect(),
            zone: Zone::Top,
            top: Vec::new(),
            quotes: Vec::new(),
            source_lists: source_lists(blocks, outlets),
            placed: HashMap::new(),
        }
    }

    pub(super) fn read(mut self) -> Draft<'r> {
        for (at, block) in self.blocks.iter().enumerate() {
            match block.shape {
                Shape::Heading(level) => self.heading(block, level),
                Shape::Paragraph => self.paragraph(block, at),
                Shape::Item { list, parent } => self.item(at, block, list, parent),
                Shape::Quote => self.quote(block),
                Shape::Other => {
                    let line = self.line_of(block.span.start);
                    self.draft.unread(line, self.raw(&block.span), "code, HTML or the like");
                }
                Shape::Rule => {}
            }
        }
        self.settle(false);
        self.draft
    }

    fn heading(&mut self, block: &Block, level: u8) {
        let piece = Piece::whole(block, self.source);
        let text = piece.text();
        let title = level == 1 && self.draft.roundup.headline.is_none() && self.zone == Zone::Top;
        if is_label(&text) {
            self.settle(false);
            self.zone = Zone::Comment;
            if !self.draft.takes_label(&text) {
                self.draft.say(&piece.source);
            }
        } else if title {
            self.headline(&piece, &text);
        } else {
            self.list_heading(&piece, &text);
            self.in_passing(&piece.inline.links);
        }
    }

    fn headline(&mut self, piece: &Piece, text: &str) {
        let line = self.line_of(piece.offset);
        match piece.as_source(false, self.draft.outlets) {
            Some(found) if self.draft.lead().is_none() => {
                self.draft.roundup.headline = Some(found.split.title.clone());
                self.push(Role::Lead, found, Line { no: line, text: &piece.source });
            }
            _ => {
                self.draft.roundup.headline = Some(text.to_owned());
                self.in_passing(&piece.inline.links);
            }
        }
    }

    fn list_heading(&mut self, piece: &Piece, text: &str) {
        let line = Line { no: self.line_of(piece.offset), text: &piece.source };
        self.settle(false);
        self.zone = Zone::Links;
        if is_related(text) {
            self.draft.heading(line, text);
        } else {
            self.draft.begin_section(line, text);
        }
    }

    fn paragraph(&mut self, block: &Block, at: usize) {
        let whole = Piece::whole(block, self.source);
        if let Some((name, rest)) = label(&whole.source) {
            self.settle(false);
            self.zone = Zone::Comment;
            let text = if self.draft.takes_label(name) {
                rest
            } else {
                let line = self.line_of(whole.offset);
                self.draft.uncertain(
                    line,
                    &whole.source,
                    "a second comment, kept behind the first",
                );
                whole.source.as_str()
            };
            self.draft.say(text);
            return self.in_passing(&whole.inline.links);
        }
        let first = self.draft.lead().is_none() && self.zone == Zone::Top && self.top.is_empty();
        let pieces = pieces(block, self.source, first, self.draft.outlets);
        let last = pieces.len() - 1;
        for (nth, piece) in pieces.into_iter().enumerate() {
            let stands_over = nth == last && self.is_item(at + 1);
            self.piece(piece, stands_over);
        }
    }

    /// One paragraph, or one line of it; `stands_over` tells that a list follows.
    fn piece(&mut self, piece: Piece, stands_over: bool) {
        let text = piece.text();
        let lead = self.zone == Zone::Top && self.draft.lead().is_none();
        if is_read_more(&text) {
            return self.read_more(&piece);
        }
        let over_list = stands_over && may_be_heading(text.trim_end_matches(':'));
        let caps = self.zone != Zone::Comment && is_section(&text);
        let linkless = piece.inline.links.is_empty();
        if linkless && !lead && (caps || is_related(&text) || (over_list && self.is_past_dek())) {
            return self.any_heading(&piece, text.trim_end_matches(':'));
        }
        let line = self.line_of(piece.offset);
        let guess = lead && self.top.is_empty();
        match piece.as_source(guess, self.draft.outlets) {
            Some(found) if lead && self.top.is_empty() => {
                let headline = &mut self.draft.roundup.headline;
                headline.get_or_insert_with(|| found.split.title.clone());
                self.push(Role::Lead, found, Line { no: line, text: &piece.source });
            }
            Some(found) if self.zone != Zone::Comment => {
                self.settle(false);
                self.zone = Zone::Links;
                self.push(Role::More, found, Line { no: line, text: &piece.source });
            }
            _ => self.running_text(piece),
        }
    }

    /// The first paragraph under the lead is its dek even if a list follows.
    fn is_past_dek(&self) -> bool {
        self.zone != Zone::Top || !self.top.is_empty() || !self.quotes.is_empty()
    }

    fn any_heading(&mut self, piece: &Piece, text: &str) {
        let line = Line { no: self.line_of(piece.offset), text: &piece.source };
        if is_related(text) || self.zone == Zone::Top {
            self.settle(false);
            self.zone = Zone::Links;
            self.draft.heading(line, text);
        } else {
            self.list_heading(piece, text);
        }
    }

    fn running_text(&mut self, piece: Piece) {
        self.in_passing(&piece.inline.links);
        match self.zone {
            Zone::Top => self.top.push(piece),
            Zone::Links => self.draft.keep(self.line_of(piece.offset), &piece.source),
            Zone::Comment => self.draft.say(&piece.source),
        }
    }

    /// "Read more" ends the quote; its address is the lead's, unless that has one.
    fn read_more(&mut self, piece: &Piece) {
        self.settle(true);
        self.zone = Zone::Links;
        let mut links = piece.inline.links.as_slice();
        if let (Some(lead), Some((first, rest))) = (self.draft.lead(), links.split_first())
            && lead.url.is_none()
            && is_web(&first.url)
        {
            lead.url = Some(first.url.clone());
            links = rest;
        }
        self.in_passing(links);
    }

    fn quote(&mut self, block: &Block) {
        let text = self.raw(&block.span).trim_end();
        match self.zone {
            Zone::Top if self.draft.roundup.headline.is_some() => self.quotes.push(unquoted(text)),
            Zone::Comment => self.draft.say(text),
            _ => self.draft.keep(self.line_of(block.span.start), text),
        }
        self.in_passing(&block.inline.links);
    }

    fn is_item(&self, at: usize) -> bool {
        self.blocks.get(at).is_some_and(|block| matches!(block.shape, Shape::Item { .. }))
    }

    /// Adds a source, and its further links in passing.
    pub(super) fn push(&mut self, role: Role, found: Attribution, line: Line<'_>) {
        let Attribution { mut split, url, others, .. } = found;
        if url.is_none() && split.credit.is_none() {
            split.confidence = Confidence::Low;
        }
        let doubt = split.doubt;
        self.draft.push(source(role, split, url, line), doubt);
        self.in_passing(&others);
    }

    pub(super) fn in_passing(&mut self, links: &[Link]) {
        for link in links.iter().filter(|link| is_web(&link.url)) {
            let no = self.line_of(link.offset);
            let title = if link.title.trim().is_empty() { &link.url } else { &link.title };
            let line = Line { no, text: self.line_text(link.offset) };
            let split = Split::whole(title.trim());
            self.draft.push(source(Role::Inline, split, Some(link.url.clone()), line), None);
        }
    }

    /// Places what stood under the lead: the dek, the quote, and the rest as commentary. Without
    /// a quote set as one, paragraphs before "Read more" are the quote.
    pub(super) fn settle(&mut self, read_more: bool) {
        let mut top = std::mem::take(&mut self.top);
        let quotes = std::mem::take(&mut self.quotes);
        let more = top.len() > 1 || !quotes.is_empty();
        if self.draft.roundup.headline.is_some() && top.first().is_some_and(|p| is_dek(p, more)) {
            self.draft.roundup.dek = Some(top.remove(0).text());
        }
        if !quotes.is_empty() {
            self.draft.roundup.quote = Some(quotes.join("\n\n"));
        } else if read_more && self.draft.lead().is_some() && !top.is_empty() {
            let texts: Vec<String> = top.drain(..).map(|piece| piece.source).collect();
            self.draft.roundup.quote = Some(texts.join("\n\n"));
        }
        for piece in top {
            self.draft.keep(self.line_of(piece.offset), &piece.source);
        }
    }

    pub(super) fn raw(&self, span: &Range<usize>) -> &'a str {
        self.source.get(span.clone()).unwrap_or_default()
    }

    pub(super) fn line_of(&self, offset: usize) -> usize {
        self.line_feeds.partition_point(|at| *at < offset) + 1
    }

    fn line_text(&self, offset: usize) -> &'a str {
        let line = self.line_of(offset);
        let start =
            line.checked_sub(2).and_then(|at| self.line_feeds.get(at)).map_or(0, |at| at + 1);
        let end = self.line_feeds.get(line - 1).copied().unwrap_or(self.source.len());
        self.source.get(start..end).unwrap_or_default().trim()
    }
}

fn is_dek(piece: &Piece, more: bool) -> bool {
    let text = piece.text();
    let emphasised = piece.source.starts_with(['*', '_']);
    piece.inline.links.is_empty()
        && !piece.inline.text.contains('\n')
        && may_be_dek(&text)
        && (more || emphasised || is_title_case(&text))
}

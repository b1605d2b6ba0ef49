//! List items: each is a source, or says more about the source above it.

use std::collections::HashSet;

use super::super::attribution::attribution;
use super::super::blocks::{Block, Shape};
use super::super::line::{Line, is_web};
use super::super::{Outlets, Role};
use super::article::{Article, Zone};

impl Article<'_, '_> {
    pub(super) fn item(&mut self, at: usize, block: &Block, list: usize, parent: Option<usize>) {
        if self.zone == Zone::Comment || !self.source_lists.contains(&list) {
            return self.item_as_text(block);
        }
        self.settle(false);
        self.zone = Zone::Links;
        let found = attribution(&block.inline, self.draft.outlets);
        let bare = found.url.is_none() && found.split.credit.is_none();
        if bare && (parent.is_some() || found.split.title.is_empty()) {
            return self.item_as_excerpt(block, parent);
        }
        let line = Line { no: self.line_of(block.span.start), text: self.raw(&block.span) };
        let excerpt = self.excerpt(found.left_over.clone(), block);
        self.placed.insert(at, self.draft.roundup.links.len());
        self.push(Role::More, found, line);
        self.add_excerpt(at, excerpt);
        self.in_passing(&block.further_links);
    }

    fn item_as_text(&mut self, block: &Block) {
        let mut text = self.raw(&block.span).to_owned();
        for (span, _) in &block.further {
            text.push_str("\n\n  ");
            text.push_str(self.raw(span).trim_end());
        }
        if self.zone == Zone::Comment {
            self.draft.say(&text);
        } else {
            let line = self.line_of(block.span.start);
            self.draft.unread(line, &text, "a list without sources");
        }
        self.in_passing(&block.inline.links);
        self.in_passing(&block.further_links);
    }

    /// An item without a link under one with a link says more about it.
    fn item_as_excerpt(&mut self, block: &Block, parent: Option<usize>) {
        let excerpt = self.excerpt(Some(self.raw(&block.span).to_owned()), block);
        match parent {
            Some(parent) if self.placed.contains_key(&parent) => {
                self.add_excerpt(parent, excerpt);
            }
            _ => {
                let line = self.line_of(block.span.start);
                self.draft.keep(line, &excerpt.unwrap_or_default());
            }
        }
        self.in_passing(&block.further_links);
    }

    fn excerpt(&self, first: Option<String>, block: &Block) -> Option<String> {
        let further = block.further.iter().map(|(span, quote)| {
            let text = self.raw(span).trim_end();
            if *quote { unquoted(text) } else { dedented(text) }
        });
        let parts: Vec<String> =
            first.into_iter().chain(further).filter(|part| !part.trim().is_empty()).collect();
        (!parts.is_empty()).then(|| parts.join("\n\n"))
    }

    fn add_excerpt(&mut self, block: usize, excerpt: Option<String>) {
        let placed = self.placed.get(&block).copied();
        let source = placed.and_then(|to| self.draft.roundup.links.get_mut(to));
        if let (Some(source), Some(excerpt)) = (source, excerpt) {
            source.quote = Some(match source.quote.take() {
                Some(quote) => format!("{quote}\n\n{excerpt}"),
                None => excerpt,
            });
        }
    }
}

/// The lists in which at least one item has an address or a credit.
pub(super) fn source_lists(blocks: &[Block], outlets: &dyn Outlets) -> HashSet<usize> {
    let mut lists = HashSet::new();
    for block in blocks {
        if let Shape::Item { list, .. } = block.shape
            && !lists.contains(&list)
            && (block.inline.links.iter().any(|link| is_web(&link.url))
                || attribution(&block.inline, outlets).split.credit.is_some())
        {
            lists.insert(list);
        }
    }
    lists
}

/// Takes one level of ">" off every line.
pub(super) fn unquoted(text: &str) -> String {
    let line = |line: &str| {
        let inner = line.trim_start();
        let inner = inner.strip_prefix('>').unwrap_or(inner);
        inner.strip_prefix(' ').unwrap_or(inner).trim_end().to_owned()
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n").trim().to_owned()
}

/// Takes an item's indentation off every line.
fn dedented(text: &str) -> String {
    let depth = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let shallowest =
        text.lines().skip(1).filter(|line| !line.trim().is_empty()).map(depth).min().unwrap_or(0);
    let line = |line: &str| line.get(depth(line).min(shallowest)..).unwrap_or_default().to_owned();
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

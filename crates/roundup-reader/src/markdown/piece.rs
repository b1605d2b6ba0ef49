//! A paragraph, or one line of it where its lines mean different things.

use super::super::attribution::{Attribution, attribution};
use super::super::blocks::{Block, Inline, Link};
use super::super::phrases::{is_read_more, is_related};
use super::super::{Confidence, Outlets};

/// A paragraph or a line, both as plain text and as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) inline: Inline,
    /// The Markdown as written.
    pub(super) source: String,
    /// Where it begins in the article, in bytes.
    pub(super) offset: usize,
}

impl Piece {
    /// The whole of a block.
    pub(super) fn whole(block: &Block, article: &str) -> Self {
        let source = article.get(block.span.clone()).unwrap_or_default().trim_end().to_owned();
        Piece { inline: block.inline.clone(), source, offset: block.span.start }
    }

    /// Its text on one line.
    pub(super) fn text(&self) -> String {
        super::super::attribution::one_line(&self.inline.text)
    }

    /// Its reading as a source, if it reads as one: it begins with a linked or strong title, or
    /// ends in a credit that is known (or, where `guess` says so, may be one).
    pub(super) fn as_source(&self, guess: bool, outlets: &dyn Outlets) -> Option<Attribution> {
        if self.inline.text.contains('\n') {
            return None;
        }
        let found = attribution(&self.inline, outlets);
        let credited =
            found.split.credit.is_some() && (guess || found.split.confidence == Confidence::High);
        let linked_inside = found.url.is_some() && !found.leads;
        (found.leads || (credited && !linked_inside)).then_some(found)
    }

    fn is_mark(&self) -> bool {
        let text = self.text();
        is_read_more(&text) || is_related(&text)
    }
}

/// A paragraph as pieces: line by line where a line is a source or a mark, else as a whole.
pub(super) fn pieces(
    block: &Block,
    article: &str,
    guess: bool,
    outlets: &dyn Outlets,
) -> Vec<Piece> {
    let whole = Piece::whole(block, article);
    let lines = by_line(&whole);
    let apart = lines.len() > 1
        && lines.iter().any(|line| line.is_mark() || line.as_source(guess, outlets).is_some());
    if apart { lines } else { vec![whole] }
}

fn by_line(whole: &Piece) -> Vec<Piece> {
    let texts: Vec<&str> = whole.inline.text.split('\n').collect();
    let sources: Vec<&str> = whole.source.split('\n').collect();
    if texts.len() != sources.len() {
        return vec![whole.clone()];
    }
    let mut start = 0;
    let mut offset = whole.offset;
    let mut lines = Vec::new();
    for (text, source) in texts.into_iter().zip(sources) {
        lines.push(Piece {
            inline: cut(&whole.inline, start, text),
            source: source.to_owned(),
            offset,
        });
        start += text.len() + 1;
        offset += source.len() + 1;
    }
    lines
}

/// The part of an inline text that begins at `start`; a link belongs to the line it begins on.
fn cut(inline: &Inline, start: usize, text: &str) -> Inline {
    let end = start + text.len();
    let moved = |at: &std::ops::Range<usize>| at.start - start..at.end.min(end) - start;
    let inside = |at: &std::ops::Range<usize>| at.start >= start && at.start <= end;
    // The links lie in order, so a paragraph of many lines is not searched for each of them.
    let first = inline.links.partition_point(|link| link.at.start < start);
    let links = inline.links.iter().skip(first).take_while(|link| inside(&link.at));
    Inline {
        text: text.to_owned(),
        links: links.map(|link| Link { at: moved(&link.at), ..link.clone() }).collect(),
        strong: inline.strong.as_ref().filter(|at| inside(at)).map(moved),
    }
}

//! Reads a roundup that was written as Markdown.

mod article;
mod items;
mod piece;

use super::blocks::{Block, Shape, blocks};
use super::line::{Line, lines};
use super::pasted::parse_text;
use super::replies::{self, Begin};
use super::rows::{Kind, apart};
use super::{Outlets, Roundup};
use article::Article;

/// Reads Markdown; see the module for the grammar.
///
/// A list item is a source: its first link gives title and address, a quote under it the
/// excerpt. Headings above level 1 are sections. Links within running text become sources in
/// passing, while the text itself is kept in the commentary. Markdown without headings, lists,
/// quotes, links and strong text is read as pasted text.
pub fn parse_markdown(input: &str, outlets: &dyn Outlets) -> Roundup {
    let input = input.strip_prefix('\u{FEFF}').unwrap_or(input);
    let input = input.replace("\r\n", "\n").replace('\r', "\n");
    let lines = lines(&input);
    let (end, first) = first_comment(&lines, outlets);
    let source = before_line(&input, end);
    let blocks = blocks(source);
    if blocks.iter().all(is_plain) {
        return parse_text(&input, outlets);
    }
    let mut draft = Article::new(source, &blocks, outlets).read();
    draft.replies(replies::read(lines.get(first..).unwrap_or_default()));
    draft.finish()
}

fn is_plain(block: &Block) -> bool {
    let text = &block.inline;
    block.shape == Shape::Paragraph && text.links.is_empty() && text.strong.is_none()
}

/// The indexes of the line that ends the article and of the first line of the comments; a
/// heading over the comments belongs to neither.
fn first_comment(lines: &[Line<'_>], outlets: &dyn Outlets) -> (usize, usize) {
    let Some(begin) = replies::begin(lines) else { return (lines.len(), lines.len()) };
    let (rows, comments) = apart(lines, outlets);
    let first = lines.len() - comments.len();
    let labelled = rows.iter().any(|row| matches!(row.kind, Kind::Label(..)));
    let mark = match begin {
        Begin::Heading(at) => return (at, first),
        Begin::BeforeMark(_) if labelled => return (first, first),
        Begin::BeforeMark(mark) => mark,
    };
    // Without a label the comments begin after the last line that is surely Markdown.
    let marked = |text: &str| text.contains("](") || text.starts_with(['>', '#']);
    let last = lines.iter().take(mark).rposition(|line| marked(line.text));
    let first = first.max(last.map_or(0, |at| at + 1));
    (first, first)
}

/// The part of `input` before its line of index `line`.
fn before_line(input: &str, line: usize) -> &str {
    let end = match line.checked_sub(1) {
        None => Some(0),
        Some(last) => input.match_indices('\n').nth(last).map(|(at, _)| at),
    };
    end.and_then(|end| input.get(..end)).unwrap_or(input)
}

#[cfg(test)]
mod tests;

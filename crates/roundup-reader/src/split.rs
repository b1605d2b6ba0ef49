//! Splits a single line into a title and its credit.

use crate::confidence::Confidence;
use crate::document::{Document, Kind, Line};
use crate::outlets::Outlets;
use crate::read;
use crate::roundup::{Credit, Role};

/// A line split into title and credit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// The text before the credit; the whole line if it has none.
    pub title: String,
    /// The credit line as written.
    pub credit: Option<String>,
    /// The outlets and authors in the credit line.
    pub credits: Vec<Credit>,
    /// The confidence of the split.
    pub confidence: Confidence,
}

/// Splits a line into a title and its credit, if it has one.
pub fn split_line(line: &str, outlets: &dyn Outlets) -> Split {
    let text = crate::text::squeeze(line);
    let mut only = Line::new(1, Kind::Paragraph);
    only.raw.clone_from(&text);
    only.text.clone_from(&text);
    let document = Document { lines: vec![only], plain: true };
    let mut roundup = read::read(document, outlets, true);
    let source =
        roundup.links.pop().filter(|source| source.role != Role::Inline && source.credit.is_some());
    match source {
        Some(source) => Split {
            title: source.title,
            credit: source.credit,
            credits: source.credits,
            confidence: source.confidence,
        },
        None => Split {
            title: text,
            credit: None,
            credits: Vec::new(),
            confidence: Confidence::new(0.0),
        },
    }
}

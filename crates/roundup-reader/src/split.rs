//! One line as a title and its credit, without a post around it.

use crate::confidence::Confidence;
use crate::document::{Document, Kind, Line};
use crate::outlets::Outlets;
use crate::read;
use crate::roundup::{Credit, Role};

/// What a line is split into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// What stands before the credit; the whole line where there is none.
    pub title: String,
    /// The credit line as written.
    pub credit: Option<String>,
    /// What the credit line means.
    pub credits: Vec<Credit>,
    /// How far it can be trusted.
    pub confidence: Confidence,
}

/// Splits a line into a title and its credit, if it has one.
pub fn split_line(line: &str, outlets: &dyn Outlets) -> Split {
    let text = crate::text::squeeze(line);
    let mut one = Line::new(1, Kind::Paragraph);
    one.raw.clone_from(&text);
    one.text.clone_from(&text);
    let document = Document { lines: vec![one], plain: true };
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

//! Candidates: the possible readings of lines as a source with its credit.

use crate::credit::Parsed;
use crate::document::Style;
use crate::lexicon::{self, Kind};
use crate::name;
use crate::text;
use std::borrow::Cow;
use std::ops::Range;

/// A range of bytes in a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) line: usize,
    pub(crate) range: Range<usize>,
}

/// The shape of a pattern. `T` is a title, `O` a credit, `X` an excerpt; `/` separates lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Form {
    /// `T (O)`
    Bracket,
    /// `T (O) X`
    BracketMid,
    /// `(O) T`
    BracketBefore,
    /// `T -- O`, split at the last mark.
    Last,
    /// `O - T`, split at the first mark.
    First,
    /// `T - P - O`, split at the first of several marks.
    LastOfFirst,
    /// `P - O - T`, split at the last of several marks.
    FirstOfLast,
    /// `T | O | X`
    Mid,
    /// `O: T`
    Colon,
    /// `T, O`
    Comma,
    /// `T by P`; `P` is a person.
    By,
    /// `T via O`
    Word,
    /// `T O`, a known name at the end.
    NoMark,
    /// `O T`, a known name at the start.
    NoMarkBefore,
    /// `T. Source: O`
    Labelled,
    /// `“T” O`
    QuoteEdge,
    /// `O “T”`
    QuoteEdgeBefore,
    /// `**T** O`
    StyleEdge(EdgeStyle),
    /// `**O** T`
    StyleEdgeBefore(EdgeStyle),
    /// `“T”: a sentence that names O`, or the other way round.
    QuoteProse,
    /// `T` / `(O) X`
    NextBracket,
    /// `T` / `O`
    Below,
    /// `O` / `T`
    Above,
    /// `T` / an unknown short line. Needs the support of other lines.
    BelowShape,
    /// An unknown short line / `T`. Needs the support of other lines.
    AboveShape,
    /// `T` / `X` … / `O`, a block of lines.
    BlockEnd,
    /// `T` / `X` … / an unknown short line. Needs the support of other lines.
    BlockEndShape,
    /// `T` / `X` … / `Source: O`
    SourceBelow,
    /// `T` / `PLACE (O) — X`
    Dateline,
    /// `T` / a sentence that names O
    Prose,
    /// `T` / `O reports: “X”`
    Says,
    /// A heading that names O over several items.
    Head,
    /// A line without a credit that looks like lines that are sources.
    Sibling,
    /// A sentence of a news brief.
    Brief,
}

/// Emphasis that separates a title from its credit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum EdgeStyle {
    Strong,
    Emphasis,
}

impl EdgeStyle {
    /// Returns the edge style of a style; code is none.
    pub(crate) fn of(style: Style) -> Option<Self> {
        match style {
            Style::Strong => Some(Self::Strong),
            Style::Emphasis => Some(Self::Emphasis),
            Style::Code => None,
        }
    }
}

/// A way in which a post writes its credits: a form and the separator used in it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Pattern {
    pub(crate) form: Form,
    pub(crate) mark: Cow<'static, str>,
}

impl Pattern {
    /// Creates a pattern without a separator.
    pub(crate) fn plain(form: Form) -> Self {
        Self { form, mark: Cow::Borrowed("") }
    }

    /// Creates a pattern with a separator.
    pub(crate) fn marked(form: Form, mark: &str) -> Self {
        Self { form, mark: Cow::Owned(mark.to_owned()) }
    }
}

/// A title and its credit. A candidate has one of them or, for `T (O); see also T (O)`, several.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Part {
    pub(crate) title: Span,
    pub(crate) credit: Option<Span>,
    pub(crate) parsed: Option<Parsed>,
    /// The URL, if it is not that of the title's line.
    pub(crate) url: Option<String>,
}

/// A possible reading of one or more lines.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Candidate {
    pub(crate) pattern: Pattern,
    pub(crate) parts: Vec<Part>,
    pub(crate) excerpt: Vec<Span>,
    /// The first line.
    pub(crate) first: usize,
    /// The last line.
    pub(crate) last: usize,
    /// The score from these lines alone, as log-odds.
    pub(crate) own_score: f64,
    /// The score with the support of the rest of the post; set by [`patterns::score`](crate::patterns::score).
    pub(crate) score: f64,
    /// The maximum confidence of the reading.
    pub(crate) cap: f64,
}

impl Candidate {
    /// Creates a candidate that takes the lines of its title and its credit.
    pub(crate) fn new(pattern: Pattern, part: Part, own_score: f64) -> Self {
        let first = part.title.line;
        let last = part.credit.as_ref().map_or(first, |credit| credit.line.max(first));
        let first = part.credit.as_ref().map_or(first, |credit| credit.line.min(first));
        Self {
            pattern,
            parts: vec![part],
            excerpt: Vec::new(),
            first,
            last,
            own_score,
            score: 0.0,
            cap: 1.0,
        }
    }

    /// Returns whether the title is only the first clause of its excerpt.
    pub(crate) fn is_clause(&self) -> bool {
        let title = self.parts.first().map(|part| &part.title);
        title.is_some_and(|title| {
            self.excerpt.iter().any(|excerpt| {
                excerpt.line == title.line
                    && excerpt.range.start <= title.range.start
                    && excerpt.range.end > title.range.end
            })
        })
    }

    /// Returns whether every outlet in it is known.
    pub(crate) fn is_known(&self) -> bool {
        self.parts.iter().all(|part| part.parsed.as_ref().is_some_and(|parsed| parsed.known))
    }
}

/// Returns how much a text looks like a title: 0 for a likely title, less for others.
pub(crate) fn title_score(title: &str) -> f64 {
    crate::work::step();
    let width = text::width(title);
    let words = text::word_count(title);
    let mut score: f64 = 0.0;
    if !text::has_letter(title) {
        return -9.0;
    }
    if width < 6 || (words <= 1 && width < 14) {
        score -= 3.0;
    }
    if width > 260 {
        score -= if width > 420 { 6.0 } else { 2.0 };
    }
    if lexicon::prefix(Kind::By, title).is_some()
        && crate::credit::after_by(title)
            .is_some_and(|rest| crate::credit::persons(rest, name::Person::Shape).is_some())
    {
        score -= 6.0;
    }
    if name::is_dated(title) {
        score -= 3.0;
    }
    if is_in_brackets(title) {
        score -= 3.0;
    }
    if title.ends_with([':', ',', ';', '-', '(', '/']) {
        score -= 1.5;
    }
    if title.starts_with([',', ';', ')', '.', ':']) {
        score -= 3.0;
    }
    if title.chars().next().is_some_and(char::is_lowercase) && words <= 3 {
        score -= 0.7;
    }
    if width <= 420 && !text::is_one_sentence(title) {
        score -= 1.0;
    }
    score
}

/// Returns whether a text is one remark in brackets.
fn is_in_brackets(text: &str) -> bool {
    [('(', ')'), ('[', ']'), ('（', '）')].iter().any(|(open, close)| {
        text.strip_prefix(*open)
            .and_then(|rest| rest.strip_suffix(*close))
            .is_some_and(|inner| !inner.contains(*open))
    })
}

//! The ways in which lines can be read as a source.

use crate::credit::Parsed;
use crate::document::Style;
use crate::lexicon::{self, Kind};
use crate::name;
use crate::text;
use std::borrow::Cow;
use std::ops::Range;

/// A part of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) line: usize,
    pub(crate) range: Range<usize>,
}

/// The shape of a pattern; `T` is a title, `O` a credit, `X` an excerpt.
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
    /// `T by P`
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
    StyleEdge(Style2),
    /// `**O** T`
    StyleEdgeBefore(Style2),
    /// `“T”: a sentence that names O`, or the other way round.
    QuoteProse,
    /// `T` / `(O) X`
    NextBracket,
    /// `T` / `O`
    Below,
    /// `O` / `T`
    Above,
    /// `T` / unknown short line, believed only by its siblings.
    BelowShape,
    /// The other way round.
    AboveShape,
    /// `T` / `X` … / `O`, a block of lines.
    BlockEnd,
    /// The same with an unknown short line, believed only by its siblings.
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
    /// A line of a list beside others that are sources.
    Sibling,
    /// A sentence of a brief.
    Brief,
}

/// Emphasis as part of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Style2 {
    Strong,
    Emphasis,
}

impl Style2 {
    pub(crate) fn of(style: Style) -> Option<Self> {
        match style {
            Style::Strong => Some(Self::Strong),
            Style::Emphasis => Some(Self::Emphasis),
            Style::Code => None,
        }
    }
}

/// A way in which a post writes its credits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Pattern {
    pub(crate) form: Form,
    pub(crate) mark: Cow<'static, str>,
}

impl Pattern {
    pub(crate) fn plain(form: Form) -> Self {
        Self { form, mark: Cow::Borrowed("") }
    }

    pub(crate) fn marked(form: Form, mark: &str) -> Self {
        Self { form, mark: Cow::Owned(mark.to_owned()) }
    }
}

/// A title and its credit.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Part {
    pub(crate) title: Span,
    pub(crate) credit: Option<Span>,
    pub(crate) parsed: Option<Parsed>,
    /// The link that gives the URL, by line and number; otherwise the link over the title.
    pub(crate) url: Option<String>,
}

/// A way to read one or more lines.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Candidate {
    pub(crate) pattern: Pattern,
    pub(crate) parts: Vec<Part>,
    pub(crate) excerpt: Vec<Span>,
    /// The first and the last line that it takes.
    pub(crate) first: usize,
    pub(crate) last: usize,
    /// The evidence of these lines alone.
    pub(crate) own: f64,
    /// The evidence with what the rest of the post adds.
    pub(crate) score: f64,
    /// The confidence that this kind of reading can reach at most.
    pub(crate) cap: f64,
}

impl Candidate {
    pub(crate) fn new(pattern: Pattern, part: Part, own: f64) -> Self {
        let first = part.title.line;
        let last = part.credit.as_ref().map_or(first, |credit| credit.line.max(first));
        let first = part.credit.as_ref().map_or(first, |credit| credit.line.min(first));
        Self {
            pattern,
            parts: vec![part],
            excerpt: Vec::new(),
            first,
            last,
            own,
            score: 0.0,
            cap: 1.0,
        }
    }

    /// Whether the title is only the first clause of its excerpt.
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

    /// Whether every outlet in it is known.
    pub(crate) fn is_known(&self) -> bool {
        self.parts.iter().all(|part| part.parsed.as_ref().is_some_and(|parsed| parsed.known))
    }
}

/// How much a text looks like a title: 0 for one that can be, less for others.
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

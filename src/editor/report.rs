//! The report on what was read from a pasted roundup.

use roundup_reader::{Level, Note, Roundup, Source};
use serde::Serialize;
use utoipa::ToSchema;

/// What was uncertain or not understood in a pasted roundup.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PasteReport {
    /// Every source with the line that it was read from.
    #[schema(max_items = 500)]
    pub credits: Vec<ParsedCredit>,
    /// The lines whose meaning was guessed.
    #[schema(max_items = 100_000)]
    pub uncertain: Vec<Note>,
    /// The lines that were not understood and are kept in the commentary.
    #[schema(max_items = 100_000)]
    pub unread: Vec<Note>,
}

/// How the credit of a source was read.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ParsedCredit {
    /// The position of the link in the article, from 0.
    #[schema(minimum = 0, maximum = 100_000)]
    pub link: usize,
    /// The line number, from 1.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    pub line: usize,
    /// The line as written.
    #[schema(max_length = 200_000)]
    pub raw: String,
    /// The credit in that line.
    #[schema(max_length = 200_000)]
    pub credit: Option<String>,
    /// How certain the reading is.
    pub confidence: Level,
    /// The probability that the reading is right.
    #[schema(minimum = 0, maximum = 1, example = 0.97)]
    pub probability: f64,
    /// The second-best reading of the line, if this one is not certain.
    pub alternative: Option<AlternativeReading>,
}

/// Another reading of a line.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AlternativeReading {
    /// The title.
    #[schema(max_length = 200_000)]
    pub title: String,
    /// The credit.
    #[schema(max_length = 200_000)]
    pub credit: Option<String>,
}

impl PasteReport {
    /// Returns the report on a parsed roundup.
    pub(super) fn of(roundup: &Roundup) -> Self {
        Self {
            credits: roundup.links.iter().enumerate().map(ParsedCredit::of).collect(),
            uncertain: roundup.report.uncertain.clone(),
            unread: roundup.report.unread.clone(),
        }
    }

    /// Returns a report with every field present.
    pub fn sample() -> Self {
        let raw = "Bridge opens -- Harbour Gazette".to_owned();
        let note = |reason: &str| Note { line: 1, raw: raw.clone(), reason: reason.to_owned() };
        let credit = Some("Harbour Gazette".to_owned());
        let alternative = AlternativeReading {
            title: "Harbour Gazette".into(),
            credit: Some("Bridge opens".into()),
        };
        let read = ParsedCredit {
            link: 0,
            line: 1,
            raw: raw.clone(),
            credit,
            confidence: Level::Low,
            probability: 0.97,
            alternative: Some(alternative),
        };
        Self {
            credits: vec![read],
            uncertain: vec![note("neither an outlet nor a URL was found")],
            unread: vec![note("a heading without sources under it")],
        }
    }
}

impl ParsedCredit {
    fn of((link, source): (usize, &Source)) -> Self {
        Self {
            link,
            line: source.line,
            raw: source.raw.clone(),
            credit: source.credit.clone(),
            confidence: source.confidence.level(),
            probability: source.confidence.value(),
            alternative: source.alternative.as_ref().map(|other| AlternativeReading {
                title: other.title.clone(),
                credit: other.credit.clone(),
            }),
        }
    }
}

//! The records that a roundup is parsed into.

use crate::confidence::Confidence;
use serde::Serialize;
#[cfg(feature = "utoipa")]
use utoipa::ToSchema;

/// A roundup as records.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Roundup {
    /// The article's headline, or else the lead's title.
    pub headline: Option<String>,
    /// The line under the headline.
    pub dek: Option<String>,
    /// What is quoted from the lead, as Markdown paragraphs.
    pub quote: Option<String>,
    /// The editor's comment, and the text that belongs nowhere else.
    pub commentary: Option<Commentary>,
    /// The heading over the further sources.
    pub links_heading: Option<String>,
    /// The sources in the order of the text, the lead among them.
    pub links: Vec<Source>,
    /// Readers' comments, oldest first.
    pub comments: Vec<Reply>,
    /// The readings that are uncertain, and the lines that were not understood.
    pub report: Report,
}

impl Roundup {
    /// Returns whether at least one source was found. Inline links do not count.
    pub fn has_sources(&self) -> bool {
        self.links.iter().any(|link| link.role != Role::Inline)
    }
}

/// The editor's comment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Commentary {
    /// Its label as written, without the colon: "My Comment".
    pub label: Option<String>,
    /// Markdown: the labelled text, then the lines that belong nowhere else, in order.
    pub text: String,
}

/// The role of a source in the article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The piece the article is about and quotes from.
    Lead,
    /// One of the further sources.
    More,
    /// A link in running text.
    Inline,
}

/// A source: a piece that the roundup links to or credits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Source {
    /// Its role in the article.
    pub role: Role,
    /// Its title, as plain text.
    pub title: String,
    /// Its URL as written; http or https.
    pub url: Option<String>,
    /// The credit line as written.
    pub credit: Option<String>,
    /// The outlets and authors in the credit line.
    pub credits: Vec<Credit>,
    /// The heading above it, unless that is the heading of the whole list.
    pub section: Option<String>,
    /// Its excerpt, as Markdown.
    pub quote: Option<String>,
    /// The confidence of the reading.
    pub confidence: Confidence,
    /// The second-best reading of the same line, if the reading is not certain.
    pub alternative: Option<Alternative>,
    /// The line of its title, counted from 1.
    pub line: usize,
    /// The lines it was read from, as written.
    pub raw: String,
}

/// Another way to read the line of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alternative {
    /// The title under this reading.
    pub title: String,
    /// The credit line under this reading.
    pub credit: Option<String>,
    /// Its confidence.
    pub confidence: Confidence,
}

/// An outlet that published a piece, and the authors of the piece there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Credit {
    /// The outlet's name as written, without "(blog)" and the like.
    pub outlet: Option<String>,
    /// The authors' names.
    pub bylines: Vec<String>,
}

/// A reader's comment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "utoipa", derive(ToSchema))]
pub struct Reply {
    /// Paragraphs separated by a blank line.
    #[cfg_attr(feature = "utoipa", schema(max_length = 4_194_304))]
    pub text: String,
    /// Whether it may be more or less than one comment; then it is in the report.
    pub uncertain: bool,
    /// The line it begins on, counted from 1.
    #[cfg_attr(feature = "utoipa", schema(minimum = 1, maximum = 9_007_199_254_740_991_i64))]
    pub line: usize,
    /// The author's name, where the page gives it ("James said...").
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "utoipa", schema(max_length = 200))]
    pub author: Option<String>,
    /// When it was written, by the page's own clock: `YYYY-MM-DDThh:mm:ss`, without a zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "utoipa", schema(max_length = 19))]
    pub created_at: Option<String>,
}

/// The notes of a parser for the editor.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "utoipa", derive(ToSchema))]
pub struct Report {
    /// Readings that are uncertain.
    pub uncertain: Vec<Note>,
    /// Lines that were not understood or left out, such as captions and navigation.
    pub unread: Vec<Note>,
}

/// One line of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "utoipa", derive(ToSchema))]
pub struct Note {
    /// The line, counted from 1.
    #[cfg_attr(feature = "utoipa", schema(minimum = 1, maximum = 9_007_199_254_740_991_i64))]
    pub line: usize,
    /// The line as written.
    #[cfg_attr(feature = "utoipa", schema(max_length = 4_194_304))]
    pub raw: String,
    /// Why it is in the report, as a sentence for the editor.
    #[cfg_attr(feature = "utoipa", schema(max_length = 1000))]
    pub reason: String,
}

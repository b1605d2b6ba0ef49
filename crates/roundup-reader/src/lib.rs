//! The grammar of a roundup: text or Markdown as an editor pastes it becomes records.
//!
//! A roundup is a lead ("TITLE -- OUTLET"), a dek, a quote from the lead, "Read more ....",
//! a heading, a list of further sources, the editor's comment, and the readers' comments.
//! Every part may be missing. Nothing is invented: what the text does not say is `None`.
//! Nothing is dropped either: a line with no place in the grammar is kept in the commentary
//! and named in the report. Only decoration (lines of dashes and the like), list markers,
//! "Read more", a heading over comments and the marker that ends one are left out.

mod attribution;
mod blocks;
mod credit;
mod draft;
mod html;
mod line;
mod markdown;
mod names;
mod passage;
mod pasted;
mod phrases;
mod replies;
mod rows;
mod split;

use serde::Serialize;
#[cfg(feature = "utoipa")]
use utoipa::ToSchema;

pub use credit::parse_credit;
pub use html::parse_html;
pub use markdown::parse_markdown;
pub use pasted::parse_text;
pub use split::{Split, split_line};

/// Which outlet names are known. The importer gives the database's table, tests a small one.
pub trait Outlets {
    /// Whether `name` is an outlet's name or alias; compare by [`fold`](safe_html::slug::fold).
    fn knows(&self, name: &str) -> bool;
}

/// A roundup as records.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Roundup {
    /// The article's headline: its own, or else the lead's title.
    pub headline: Option<String>,
    /// The line under the headline.
    pub dek: Option<String>,
    /// What is quoted from the lead, as Markdown paragraphs.
    pub quote: Option<String>,
    /// What the editor says, and whatever else found no place.
    pub commentary: Option<Commentary>,
    /// The heading over the further sources.
    pub links_heading: Option<String>,
    /// The sources in the order of the text, the lead among them.
    pub links: Vec<Source>,
    /// Readers' comments, oldest first.
    pub comments: Vec<Reply>,
    /// What was guessed and what was not understood.
    pub report: Report,
}

/// The editor's comment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Commentary {
    /// Its label as written, without the colon: "My Comment".
    pub label: Option<String>,
    /// Markdown. The labelled text first, then unplaced lines in their order.
    pub text: String,
}

/// What a source is to the article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The piece the article is about and quotes from.
    Lead,
    /// One of the further sources.
    More,
    /// Linked in passing.
    Inline,
}

/// How far a reading can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "utoipa", derive(ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// A guess; it is in the report.
    Low,
    /// The text says so.
    High,
}

/// One source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Source {
    /// What it is to the article.
    pub role: Role,
    /// Its title, as plain text.
    pub title: String,
    /// Its address as written; http or https.
    pub url: Option<String>,
    /// The credit line as written.
    pub credit: Option<String>,
    /// What the credit line means.
    pub credits: Vec<Credit>,
    /// The heading it stands under, where that is not the heading of the whole list.
    pub section: Option<String>,
    /// An excerpt given with it, as Markdown.
    pub quote: Option<String>,
    /// Whether anything about it was guessed.
    pub confidence: Confidence,
    /// The line it stands on, counted from 1.
    pub line: usize,
    /// That line as written.
    pub raw: String,
}

/// Who published a piece, and who wrote it there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Credit {
    /// The outlet's name as written, without "(blog)" and the like.
    pub outlet: Option<String>,
    /// The authors' names.
    pub bylines: Vec<String>,
}

/// A reader's comment; its author and time are not in the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "utoipa", derive(ToSchema))]
pub struct Reply {
    /// Paragraphs parted by a blank line.
    #[cfg_attr(feature = "utoipa", schema(max_length = 4_194_304))]
    pub text: String,
    /// Whether it may be more or less than one comment; then it is in the report.
    pub uncertain: bool,
    /// The line it begins on, counted from 1.
    #[cfg_attr(feature = "utoipa", schema(minimum = 1, maximum = 9_007_199_254_740_991_i64))]
    pub line: usize,
}

/// What a reading was unsure of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "utoipa", derive(ToSchema))]
pub struct Report {
    /// What was placed by a guess.
    pub uncertain: Vec<Note>,
    /// What was not understood, and kept as text in the commentary.
    pub unread: Vec<Note>,
}

/// One line of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "utoipa", derive(ToSchema))]
pub struct Note {
    /// The line, counted from 1.
    #[cfg_attr(feature = "utoipa", schema(minimum = 1, maximum = 9_007_199_254_740_991_i64))]
    pub line: usize,
    /// What stands there.
    #[cfg_attr(feature = "utoipa", schema(max_length = 4_194_304))]
    pub raw: String,
    /// Why it is in the report, as a sentence for the editor.
    #[cfg_attr(feature = "utoipa", schema(max_length = 1000))]
    pub reason: String,
}

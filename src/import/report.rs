//! What an import did: for people on a terminal, for programs as JSON.

use serde::Serialize;
use std::fmt;
use utoipa::ToSchema;

/// The report of one import.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct Report {
    /// What was read.
    #[schema(max_length = 1000, example = "harbour-bridge.txt")]
    pub source: String,
    /// In which format; `mixed` when the files differ.
    #[schema(max_length = 50, example = "text")]
    pub format: String,
    /// Nothing was stored.
    pub dry_run: bool,
    /// How many articles and comments were read.
    #[schema(minimum = 0)]
    pub read: usize,
    /// What is new.
    pub created: Counts,
    /// What was there and reads otherwise now.
    pub updated: Counts,
    /// What was there already.
    pub unchanged: Counts,
    /// What could not be taken in, and why.
    #[schema(max_items = 100_000)]
    pub skipped: Vec<Skipped>,
    /// What was placed by a guess.
    #[schema(max_items = 100_000)]
    pub uncertain: Vec<Remark>,
    /// What was not understood; it is kept as text.
    #[schema(max_items = 100_000)]
    pub unread: Vec<Remark>,
}

/// How many of each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Counts {
    /// Articles.
    #[schema(minimum = 0)]
    pub articles: usize,
    /// Source links.
    #[schema(minimum = 0)]
    pub links: usize,
    /// Outlets that were not known before.
    #[schema(minimum = 0)]
    pub outlets: usize,
    /// Comments.
    #[schema(minimum = 0)]
    pub comments: usize,
}

/// Something that was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Skipped {
    /// The file, and the line or byte in it.
    #[schema(max_length = 1000, example = "roundup.txt:3")]
    pub position: String,
    /// Why.
    #[schema(max_length = 1000)]
    pub reason: String,
}

/// A line that somebody should look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Remark {
    /// The file and the line.
    #[schema(max_length = 1000, example = "roundup.txt:18")]
    pub position: String,
    /// The line as it stands there.
    #[schema(max_length = 200_000)]
    pub raw: String,
    /// What is the matter with it.
    #[schema(max_length = 1000)]
    pub reason: String,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.dry_run { " (dry run: nothing was stored)" } else { "" };
        writeln!(f, "{}: {} read as {}{what}", self.source, self.read, self.format)?;
        for (name, counts) in
            [("created", self.created), ("updated", self.updated), ("unchanged", self.unchanged)]
        {
            let Counts { articles, links, outlets, comments } = counts;
            writeln!(
                f,
                "{name:>9}: {articles} articles, {links} links, {outlets} outlets, {comments} comments"
            )?;
        }
        for Skipped { position, reason } in &self.skipped {
            writeln!(f, "  skipped: {position}: {reason}")?;
        }
        for (name, remarks) in [("uncertain", &self.uncertain), ("unread", &self.unread)] {
            for Remark { position, raw, reason } in remarks {
                writeln!(f, "{name:>9}: {position}: {reason}: {}", shortened(raw))?;
            }
        }
        Ok(())
    }
}

/// Enough of a line to find it by.
fn shortened(raw: &str) -> String {
    let mut text: String = raw.chars().take(70).collect();
    if text.len() < raw.len() {
        text.push('…');
    }
    text.replace('\n', " ")
}

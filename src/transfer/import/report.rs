//! The report of an import: as text for a terminal, as JSON for programs.

use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;
use utoipa::ToSchema;

/// The report of one import.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
#[schema(as = ImportReport)]
pub struct Report {
    /// The name of the file, or the number of files.
    #[schema(max_length = 1000, example = "harbour-bridge.txt")]
    pub source: String,
    /// The format of the files; `mixed` if they differ.
    #[schema(max_length = 50, example = "text")]
    pub format: String,
    /// What each format was recognised by.
    #[schema(max_items = 20)]
    pub recognised: Vec<Recognised>,
    /// Whether this was a dry run, which stores nothing.
    pub dry_run: bool,
    /// How many posts, comments and rows were read.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    pub read: usize,
    /// What was stored for the first time.
    pub created: Counts,
    /// What was stored before and has changed.
    pub updated: Counts,
    /// What was stored before and has not changed.
    pub unchanged: Counts,
    /// How many of the skipped should have been imported. The import succeeded only if this is 0.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    pub failed: usize,
    /// How many records of each kind the files have: `post`, `page`, `comment`, `pingback`,
    /// `attachment` …
    #[schema(value_type = ImportKinds)]
    pub kinds: BTreeMap<String, usize>,
    /// What was not imported, and why.
    #[schema(max_items = 100_000)]
    pub skipped: Vec<Skipped>,
    /// What was placed by a guess.
    #[schema(max_items = 100_000)]
    pub uncertain: Vec<Remark>,
    /// What was not understood; it is kept as text.
    #[schema(max_items = 100_000)]
    pub unread: Vec<Remark>,
    /// How many entries were left out of these lists, which are limited.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    pub omitted: usize,
}

/// Numbers of records, by their kind.
#[derive(ToSchema)]
struct ImportKinds(
    #[expect(dead_code, reason = "only its schema is used")] BTreeMap<String, ImportNumber>,
);

/// A number of records.
#[derive(ToSchema)]
#[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
struct ImportNumber(#[expect(dead_code, reason = "only its schema is used")] i64);

/// Numbers of records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ImportCounts)]
pub struct Counts {
    /// Articles.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    pub articles: usize,
    /// Source links.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    pub links: usize,
    /// New outlets.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    pub outlets: usize,
    /// Comments.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    pub comments: usize,
    /// Pingbacks and trackbacks.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    pub pingbacks: usize,
}

/// A format of the files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ImportRecognised)]
pub struct Recognised {
    /// The format.
    #[schema(max_length = 50, example = "wordpress")]
    pub format: String,
    /// What it was recognised by.
    #[schema(max_length = 200, example = "RSS with elements of WordPress (wp:)")]
    pub by: String,
}

/// A record that was not imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ImportSkipped)]
pub struct Skipped {
    /// `error` if it should have been imported, otherwise what it is, such as `attachment` or `orphan`.
    #[schema(max_length = 100, example = "error")]
    pub kind: String,
    /// The file and the line.
    #[schema(max_length = 1000, example = "roundup.txt:3")]
    pub position: String,
    /// Why.
    #[schema(max_length = 1000)]
    pub reason: String,
}

/// A line that a person should look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ImportRemark)]
pub struct Remark {
    /// The file and the line.
    #[schema(max_length = 1000, example = "roundup.txt:18")]
    pub position: String,
    /// The line as it is in the file.
    #[schema(max_length = 200_000)]
    pub raw: String,
    /// What is unusual about it.
    #[schema(max_length = 1000)]
    pub reason: String,
}

/// The maximum number of entries in a list.
const MAX_ENTRIES: usize = 50_000;

/// The maximum length of a raw line in a list, in characters.
const MAX_RAW_CHARS: usize = 500;

impl Report {
    /// Shortens the lists until the report as JSON has at most `max_bytes`.
    pub(crate) fn shorten(&mut self, max_bytes: usize) {
        while serde_json::to_vec(&self).map_or(0, |json| json.len()) > max_bytes {
            let before = self.skipped.len() + self.uncertain.len() + self.unread.len();
            // Errors are removed last.
            self.skipped.sort_by_key(|skipped| skipped.kind != "error");
            self.skipped.truncate(self.skipped.len() / 2);
            self.uncertain.truncate(self.uncertain.len() / 2);
            self.unread.truncate(self.unread.len() / 2);
            let after = self.skipped.len() + self.uncertain.len() + self.unread.len();
            if after == before {
                return;
            }
            self.omitted += before - after;
        }
    }

    /// Adds something that should have been imported and was not.
    pub(crate) fn fail(&mut self, position: String, reason: String) {
        self.failed += 1;
        self.skip("error", position, reason);
    }

    /// Adds something that is left out as intended.
    pub(super) fn skip(&mut self, kind: &str, position: String, reason: String) {
        if self.skipped.len() < MAX_ENTRIES {
            self.skipped.push(Skipped { kind: kind.to_owned(), position, reason });
        } else {
            self.omitted += 1;
        }
    }

    /// Adds something that was placed by a guess.
    pub(super) fn add_uncertain(&mut self, remark: Remark) {
        Self::add_remark(&mut self.uncertain, &mut self.omitted, remark);
    }

    /// Adds something that was not understood.
    pub(super) fn add_unread(&mut self, remark: Remark) {
        Self::add_remark(&mut self.unread, &mut self.omitted, remark);
    }

    fn add_remark(list: &mut Vec<Remark>, omitted: &mut usize, mut remark: Remark) {
        if list.len() >= MAX_ENTRIES {
            *omitted += 1;
            return;
        }
        if let Some((end, _)) = remark.raw.char_indices().nth(MAX_RAW_CHARS) {
            remark.raw.truncate(end);
            remark.raw.push('…');
            // A line may be a whole post, and the list is long.
            remark.raw.shrink_to_fit();
        }
        list.push(remark);
    }

    /// Counts something of a kind.
    pub(super) fn count_kind(&mut self, kind: &str) {
        match self.kinds.get_mut(kind) {
            Some(count) => *count += 1,
            None => {
                self.kinds.insert(kind.to_owned(), 1);
            }
        }
    }
}

impl Counts {
    /// Adds other counts to these.
    pub(super) fn add(&mut self, other: Self) {
        self.articles += other.articles;
        self.links += other.links;
        self.outlets += other.outlets;
        self.comments += other.comments;
        self.pingbacks += other.pingbacks;
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.dry_run { " (dry run: nothing was stored)" } else { "" };
        writeln!(f, "{}: {} read as {}{what}", self.source, self.read, self.format)?;
        for Recognised { format, by } in &self.recognised {
            writeln!(f, " {format:>8}: {by}")?;
        }
        for (name, counts) in
            [("created", self.created), ("updated", self.updated), ("unchanged", self.unchanged)]
        {
            let Counts { articles, links, outlets, comments, pingbacks } = counts;
            write!(
                f,
                "{name:>9}: {articles} articles, {links} links, {outlets} outlets, {comments} comments"
            )?;
            match pingbacks {
                0 => writeln!(f)?,
                n => writeln!(f, ", {n} pingbacks")?,
            }
        }
        self.write_skipped(f)?;
        for (name, remarks) in [("uncertain", &self.uncertain), ("unread", &self.unread)] {
            for Remark { position, raw, reason } in remarks {
                writeln!(f, "{name:>9}: {position}: {reason}: {}", shortened(raw))?;
            }
        }
        if self.omitted > 0 {
            writeln!(f, "      and {} more entries", self.omitted)?;
        }
        Ok(())
    }
}

/// The number of skipped entries of one kind that are listed on a terminal.
const MAX_LISTED: usize = 10;

impl Report {
    /// Writes every error, and of other kinds the first entries and their number.
    fn write_skipped(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
        for Skipped { kind, position, reason } in &self.skipped {
            let count = kinds.entry(kind).or_default();
            *count += 1;
            if kind == "error" {
                writeln!(f, "   failed: {position}: {reason}")?;
            } else if *count <= MAX_LISTED {
                writeln!(f, "  skipped: {position}: {reason}")?;
            }
        }
        for (kind, count) in
            kinds.into_iter().filter(|(kind, n)| *kind != "error" && *n > MAX_LISTED)
        {
            writeln!(f, "  skipped: {count} of the kind `{kind}` in total")?;
        }
        Ok(())
    }
}

/// Returns the beginning of a line, enough to find it by.
fn shortened(raw: &str) -> String {
    let mut text: String = raw.chars().take(70).collect();
    if text.len() < raw.len() {
        text.push('…');
    }
    text.replace('\n', " ")
}
